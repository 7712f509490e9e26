"""Undo what authors of warnings do to a value so that nobody clicks on it (`hxxp://bad[.]example`)."""

import re
from typing import Final

# Letters that nobody sees: zero width, soft hyphen, direction marks, byte order mark.
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_WIDE: Final = str.maketrans({"\uff0e": ".", "\u3002": ".", "\uff61": ".", "\uff1a": ":", "\uff0f": "/"})
_STEPS: Final = (
    (re.compile(r"[\[({]\s?://\s?[\])}]"), "://"),
    (re.compile(r"\s?[\[({]\s?(?:\.|dot|chấm)\s?[\])}]\s?", re.IGNORECASE), "."),
    (re.compile(r"\[\.(?=\w)|(?<=\w)\.\]"), "."),
    (re.compile(r"(?<=\w) DOT (?=\w)"), "."),
    (re.compile(r"[\[({]:[\])}]"), ":"),
    (re.compile(r"[\[({]/[\])}]"), "/"),
    (re.compile(r"\s?[\[({](?:@|at)[\])}]\s?", re.IGNORECASE), "@"),
    (re.compile(r"^(?:h(?:xx|tx|xt|\*\*|__)p|meow)(s?)(?=:)", re.IGNORECASE), r"http\1"),
    (re.compile(r"^fxp(?=:)", re.IGNORECASE), "ftp"),
)


def visible(text: str) -> str:
    """Return `text` without the letters that nobody sees and without blanks around it."""
    return _UNSEEN.sub("", text).strip()


def refang(text: str) -> str:
    """Return the value that was meant. Only unmistakable marks are undone: a bare ` . ` never joins two words."""
    for mark, meant in _STEPS:
        text = mark.sub(meant, text)
    return text.translate(_WIDE)
