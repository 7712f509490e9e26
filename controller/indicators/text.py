"""Values inside a text that a host showed: a command line, task arguments, a script, a DNS answer, a hosts line.

Text is evidence: `explorer.exe "http://bad.example/a.hta"` names a URL that no column of its own shows. What is taken
out of a text meets the lists like any other observation, so a shape that is nearly a value must not be taken for one:
the domain of a mail address, a name inside a longer name, a version number, a program's own file name.

What PowerShell is given as `-EncodedCommand` is decoded and read as well, once; the carets with which cmd.exe hides
words are removed.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from controller.model.indicator import Kind

Found = tuple[Kind, str]

MOST_VALUES: Final = 256
"""Values that are taken out of one text; a host must not choose how many there are."""
_REMEMBERED: Final = 20_000
"""Texts whose values are remembered: most computers of a fleet run the same programs."""

_OPENING: Final = r"""(?<![\w@./\\%~-])"""
"""What may not stand before a value: it would be a part of something longer."""
_URL: Final = re.compile(
    r"(?<![\w.+-])(?:https?|ftp|sftp|ws|wss|tcp|udp|ldap|smb)://[^\s\"'<>|^`{}\x00-\x1f]+", re.IGNORECASE
)
_URL_TAIL: Final = ".,;:!?)]}'\""
_IPV4: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}"
_ADDRESS: Final = re.compile(
    rf"(?:{_OPENING}|(?<=\\\\)|(?<==)|(?<=@))({_IPV4})(?::(\d{{1,5}}))?(?![\w-])(?!\.\w)", re.ASCII
)
_VERSION: Final = re.compile(r"(?:\bv|version|ver|build|rv|revision)[\s.:=]*\Z", re.IGNORECASE)
_VERSION_LETTERS: Final = 16
_BRACKETED: Final = re.compile(r"\[([0-9a-f:.]{2,45})\](?::(\d{1,5}))?", re.IGNORECASE)
_DOMAIN: Final = re.compile(
    rf"{_OPENING}(?:[a-z0-9_](?:[a-z0-9_-]{{0,61}}[a-z0-9])?\.)+(?:[a-z]{{2,24}}|xn--[a-z0-9-]{{2,59}})\.?(?![\w@-])(?!\.\w)",
    re.IGNORECASE | re.ASCII,
)
_EXTENSIONS: Final = (
    "exe|dll|com|scr|pif|cpl|ocx|sys|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|wsh|hta|lnk|msi|jar|py|sh|pl|bin|elf|so|dat|tmp|txt|ini|log"
    "|xml|json|zip|rar|7z|gz|iso|img|chm|reg|inf|url|doc|docx|docm|xls|xlsx|xlsm|ppt|pptx|pdf|html?|php|aspx?|jsp|cfg|conf|db|service"
    "|timer|target|socket|desktop|local|lock|pid|d"
)
_RUNNABLE: Final = "exe|dll|com|scr|pif|cpl|sys|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|lnk|msi|jar|py|sh|pl|bin|elf|so"
_IS_FILE: Final = re.compile(rf".+\.(?:{_EXTENSIONS})\.?", re.IGNORECASE)
_SPEAKS: Final = frozenset({"com", "py", "sh", "pl", "so", "zip"})
"""Endings that are both a file's and a top-level domain."""
_NAME: Final = re.compile(
    rf"(?:^|[\s\"'=(,;|&/\\])([^\s\"'=(),;|&/\\:*?<>]+\.(?:{_RUNNABLE}))(?=$|[\s\"'),;|&>])", re.IGNORECASE
)
_WINDOWS: Final = r"(?:[a-z]:[\\/]|%[\w()]+%[\\/]|\\\\[\w.-]+\\[\w$ .-]+\\)"
_QUOTED_PATH: Final = re.compile(rf"[\"']({_WINDOWS}[^\"'<>|?*\r\n\t]+|/[^\"'\r\n\t]+)[\"']", re.IGNORECASE)
_WINDOWS_PATH: Final = re.compile(rf"(?<![\w%])({_WINDOWS}[^\s\"'<>|?*,;]+)", re.IGNORECASE)
_SPACED_PATH: Final = re.compile(
    rf"(?<![\w%])({_WINDOWS}[^\"'<>|?*:,;\r\n\t]{{1,400}}?\.(?:{_RUNNABLE}))(?=$|[\s\"',;])", re.IGNORECASE
)
_POSIX_PATH: Final = re.compile(r"(?:^|(?<=[\s\"'=(,;|&<>:]))(/[^\s\"'<>|&;(),\x00]+)")
_ENCODED: Final = re.compile(
    r"(?:^|\s)[-/\u2013\u2014]e(?:c|n|nc|nco|ncod|ncode|ncoded\w*)?\s+[\"']?([A-Za-z0-9+/]{16,}={0,2})", re.IGNORECASE
)


@lru_cache(maxsize=_REMEMBERED)
def values_in(text: str) -> tuple[Found, ...]:
    """Return the values that `text` names, each once, at most `MOST_VALUES`; they are not normalised yet."""
    texts = [text, *_decoded(text)]
    if "^" in text:
        texts.append(text.replace("^", ""))
    found = dict.fromkeys(each for part in texts for each in _of(part))
    return tuple(found)[:MOST_VALUES]


def _of(text: str) -> Iterator[Found]:
    urls = [match[0].rstrip(_URL_TAIL) for match in _URL.finditer(text)]
    yield from ((Kind.URL, url) for url in urls)
    rest = _URL.sub(" ", text)
    yield from _addresses(rest)
    yield from _domains(rest)
    yield from ((Kind.PATH, path) for path in _paths(rest))
    yield from ((Kind.NAME, match[1]) for match in _NAME.finditer(rest))


def _addresses(text: str) -> Iterator[Found]:
    for match in _ADDRESS.finditer(text):
        if not _VERSION.search(text, max(0, match.start() - _VERSION_LETTERS), match.start()):
            yield from _with_port(match[1], match[2])
    for match in _BRACKETED.finditer(text):
        if match[1].count(":") > 1:
            yield from _with_port(match[1], match[2])


def _with_port(address: str, port: str | None) -> Iterator[Found]:
    yield Kind.ADDRESS, address
    if port:
        yield Kind.ENDPOINT, f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _domains(text: str) -> Iterator[Found]:
    """A name with a file's ending is a file, unless that ending is a top-level domain as well."""
    for match in _DOMAIN.finditer(text):
        ending = match[0].rstrip(".").rpartition(".")[2].lower()
        if ending in _SPEAKS or not _IS_FILE.fullmatch(match[0]):
            yield Kind.DOMAIN, match[0]


def _paths(text: str) -> Iterable[str]:
    for pattern in (_QUOTED_PATH, _WINDOWS_PATH, _SPACED_PATH, _POSIX_PATH):
        for match in pattern.finditer(text):
            yield match[1].rstrip(".,;:)")


def _decoded(text: str) -> Iterator[str]:
    """Yield the scripts that PowerShell is given in base64 of UTF-16."""
    for match in _ENCODED.finditer(text):
        try:
            script = base64.b64decode(match[1] + "=" * (-len(match[1]) % 4), validate=True).decode("utf-16-le")
        except (binascii.Error, UnicodeDecodeError):
            continue
        yield script
