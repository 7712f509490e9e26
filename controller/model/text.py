"""Text from hosts, lists and office files is hostile until it went through here."""

import re
import unicodedata
from typing import Final

_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_RAW_IN_JSON: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What `json.dumps` would leave as it is, and a terminal would obey or UTF-8 cannot hold."""

_MARKED: Final = 4
"""A letter may come apart into itself and its marks; what is read of a longer text leaves room for them."""


def shown(text: str, *, limit: int = 400) -> str:
    """Return `text` fit for a terminal, a log line or a document: one line, no controls, at most `limit` letters.

    Control characters, line and paragraph separators, bidirectional marks and lone surrogates
    become `\\xNN` or `\\uNNNN`; what is left is NFC.
    """
    most = limit * _MARKED
    safe = unicodedata.normalize("NFC", "".join(map(_letter, text[:most])))
    return safe if len(text) <= most and len(safe) <= limit else safe[: limit - 1] + "…"


def shown_json(text: str) -> str:
    r"""Return JSON that `json.dumps` wrote with `ensure_ascii=False`, fit for a terminal: the same, with `\uNNNN`."""
    return _RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _letter(letter: str) -> str:
    if letter in _BIDI or unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}:
        return f"\\x{ord(letter):02x}" if ord(letter) < 0x100 else f"\\u{ord(letter):04x}"
    return letter
