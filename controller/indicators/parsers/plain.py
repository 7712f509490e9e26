"""The plain list: one value a line, told by its shape; `#` and `;` begin notes."""

import codecs
import re
from collections.abc import Iterator
from typing import Final

from controller.errors import ListError, Where
from controller.indicators.guard import refuse_everywhere
from controller.indicators.refang import visible
from controller.indicators.shape import classify, holds_values, part_file
from controller.model.case import Value
from controller.model.indicator import Indicator, IocList, Kind, Rejected

LINE_LIMIT: Final = 4096
"""Letters in a line; a longer one is rejected."""
LINES_LIMIT: Final = 2_000_000
"""Lines in a list; a longer one is refused as a whole."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_REMARK: Final = re.compile(r"\s#")
_ASIDE: Final = re.compile(r"\s;")
_QUOTES: Final = "\"'\u201c\u201d"


def parse(text: str, *, name: str, sha256: str, path: str = "") -> IocList:
    """Read a plain list; a value that stands in it twice is kept twice, each with its line.

    Raises:
        ListError: it has more than `LINES_LIMIT` lines.

    """
    lines = _lines(text)
    if len(lines) > LINES_LIMIT:
        raise ListError(f"'{name}' has {len(lines)} lines; split it, a list has at most {LINES_LIMIT}")
    read = tuple(_read(lines, name, path, sha256))
    indicators = tuple(each for each in read if isinstance(each, Indicator))
    rejected = tuple(each for each in read if isinstance(each, Rejected))
    return IocList(
        name=name,
        sha256=sha256,
        indicators=indicators,
        rejected=rejected,
        comments=len(lines) - len(read),
    )


def read_value(text: str) -> Value:
    """Return the one spelling of a value that is written as in a line of a list.

    Raises:
        ValueError: it is nothing that a list can name; the message says what to do.

    """
    value, _ = _split(text)
    return classify(value)


def decode(data: bytes, *, path: str) -> str:
    """Return the text of a list: by its byte order mark, else UTF-8. Nothing is guessed.

    Raises:
        ListError: it is neither, or holds a NUL; the place is that of the first wrong byte.

    """
    mark, encoding = next(((mark, each) for mark, each in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    body = data.removeprefix(mark)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        wrong = f"the byte 0x{body[error.start]:02x} is not {encoding[:6].upper()}"
        before = body[: error.start].decode(encoding)
    else:
        if "\0" not in text:
            return text
        wrong, before = "a NUL stands here, so this is no text", text.partition("\0")[0]
    lines = _lines(before + "?")  # one letter for what could not be read
    raise ListError(f"{wrong}; save the list as UTF-8.", where=Where(path, len(lines), len(lines[-1])))


def _lines(text: str) -> list[str]:
    """Return the lines that an editor counts."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n") if text else []


def _read(lines: list[str], name: str, path: str, sha256: str) -> Iterator[Indicator | Rejected]:
    """Yield one result for each line that is neither blank nor a note."""
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_LIMIT:
            why = f"this line has {len(line)} letters; at most {LINE_LIMIT}, write one value a line"
            yield Rejected(list=name, line=number, text=line[:LINE_LIMIT], why=why)
            continue
        value, note = _split(line)
        if not value:
            continue
        try:
            kind, normal = classify(value)
            refuse_everywhere(kind, normal)
        except ValueError as error:
            yield Rejected(list=name, line=number, text=line.strip(), why=str(error))
        else:
            yield Indicator(
                kind=kind,
                value=normal,
                list=name,
                line=number,
                note=note,
                written=value if kind is Kind.PATH else "",
                list_path=path,
                list_sha256=sha256,
            )


def _split(line: str) -> tuple[str, str]:
    """Part a line into its value and its note; the value is empty for a blank line or a note alone."""
    whole = visible(line)
    if whole.startswith(("#", ";")):
        return "", whole[1:].strip()
    value, *notes = _REMARK.split(whole, maxsplit=1)
    head, *tail = _ASIDE.split(value, maxsplit=1)
    # Some part values by ` ; `: none of them may be lost as a note.
    if not any(map(holds_values, tail)):
        value, notes = head, tail + notes
    value, file = part_file(value.strip(" \t" + _QUOTES))
    return value, "; ".join(filter(None, (file, *map(str.strip, notes))))
