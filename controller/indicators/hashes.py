"""Hashes as people write them: bare, after a label, beside a file name, or with a slip of the finger."""

import re
from typing import Final

from controller.indicators.normalise import DIGITS, normalise
from controller.model.indicator import Kind

HEX_WORD: Final = r"""(?<![^\s,;|*:=(\["'])[0-9A-Fa-f]{30,}(?![^\s,;|:=)\]"'])"""
"""A pattern for what can only be a hash that stands beside something else."""

_NAMES: Final = {Kind.MD5: "MD5", Kind.SHA1: "SHA-1", Kind.SHA256: "SHA-256"}
_BY_LABEL: Final = {"md5": Kind.MD5, "sha1": Kind.SHA1, "sha256": Kind.SHA256}
_HEX: Final = re.compile(r"[0-9A-Fa-f]{24,}")
_LABEL: Final = r"(md5|sha-?1|sha-?256)(?:[ _-]?(?:hash|sum))?(?:\s*[:=]\s*|\s+)"
_LABELLED: Final = re.compile(_LABEL + r"([^\s,;|]+)", re.IGNORECASE)
_OTHER_SORT: Final = re.compile(r"[A-Za-z][\w-]*\s*[:=]\s*[0-9A-Fa-f]{24,}")
_LOOKALIKES: Final = re.compile(r"(?=(?:\D*\d){6})[0-9A-Fa-fOoIl]{30,66}")
_LONG_WORD: Final = re.compile(r"\w{30,66}")
_NO_DIGIT: Final = re.compile(r"[^0-9A-Fa-f]")
_MOST_SLIPS: Final = 2

_SUM: Final = re.compile(
    rf"((?:{_LABEL})?(?:[0-9a-f]{{64}}|[0-9a-f]{{40}}|[0-9a-f]{{32}}))\s+(?:;\s*)?(\S.*)", re.IGNORECASE
)


def part_sum(text: str) -> tuple[str, str] | None:
    """Part a line of `sha256sum` and its like into the hash and the text beside it, or return None."""
    whole = _SUM.fullmatch(text)
    return (whole[1], whole[3]) if whole else None


def read_hash(text: str) -> tuple[Kind, str] | None:
    """Return the hash that `text` is, with or without its label, or None when it is nothing like one.

    Raises:
        ValueError: it is nearly one, or of a sort that is not matched; the message says what is wrong.

    """
    if _HEX.fullmatch(text):
        return _by_length(text)
    if labelled := _LABELLED.fullmatch(text):
        return _by_label(*labelled.groups())
    if _OTHER_SORT.fullmatch(text):
        raise ValueError("this sort of hash is not matched; write the MD5, SHA-1 or SHA-256 of the whole file")
    _refuse_slips(text)
    return None


def _by_length(digest: str) -> tuple[Kind, str]:
    for kind, digits in DIGITS.items():
        if len(digest) == digits:
            return kind, normalise(kind, digest)
    raise ValueError(
        f"this has {len(digest)} hexadecimal digits; MD5 has 32, SHA-1 has 40, SHA-256 has 64: look at the original"
    )


def _by_label(label: str, digest: str) -> tuple[Kind, str]:
    kind = _BY_LABEL[label.lower().replace("-", "")]
    _refuse_slips(digest)
    if _NO_DIGIT.search(digest):
        raise ValueError(f"no hash follows the label {_NAMES[kind]}; write its {DIGITS[kind]} hexadecimal digits")
    if len(digest) != DIGITS[kind]:
        raise ValueError(
            f"the label says {_NAMES[kind]}, which has {DIGITS[kind]} hexadecimal digits, "
            f"but this has {len(digest)}; look at the original"
        )
    return kind, normalise(kind, digest)


def _refuse_slips(word: str) -> None:
    if _LOOKALIKES.fullmatch(word) and _NO_DIGIT.search(word):
        raise ValueError("this is a hash with the letters O, I or l for digits; look at the original")
    slips = _NO_DIGIT.findall(word) if _LONG_WORD.fullmatch(word) else []
    if 0 < len(slips) <= _MOST_SLIPS:
        letters = " and ".join(f"'{each}'" for each in dict.fromkeys(slips))
        raise ValueError(f"this is nearly a hash, but {letters} can stand in none; look at the original")
