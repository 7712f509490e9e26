"""What a collector counts, read to its end line. An answer that was cut must never look like a whole one.

    #begin processes 3 4f1d… -
    {"pid": 812, "path": "/tmp/x", "sha256": "9f86d0…", …}
    #unread {"kind": "program", "path": "/home/an/x", "error": 13}
    #end 1 unread=1 stopped=no roots=0 named=1

`controller.collectors.trailer` describes the lines between rows and end line. Version 2, which older stores keep, had
none of them, and an end line without `roots` and `named`.

Everything here comes from a host that may be hostile: sizes, types and depth are bounded by the spec.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, Final

import msgspec

from controller.collectors import trailer
from controller.errors import HostError, Reason
from controller.model.collector import Answer, CollectorSpec, Column, ColumnType, Row, StoppedBy, Unread, UnreadKind
from controller.model.indicator import Kind, Observation

FRAME_VERSION: Final = 3
MAX_ROWS: Final = 200_000
MAX_ROW_BYTES: Final = 256 * 1024
MAX_TEXT: Final = 32 * 1024
_MAX_TEXTS: Final = 4096

_END_OF_2: Final = rb"#end (?P<rows>\d{1,9}) unread=(?P<unread>\d{1,9}) stopped=(?P<stopped>no|time|count|denied)"
_ENDS: Final = {
    2: re.compile(_END_OF_2),
    FRAME_VERSION: re.compile(_END_OF_2 + rb" roots=(?P<roots>\d{1,9}) named=(?P<named>\d{1,9})"),
}
"""The form of the end line, by frame version."""
_BEGIN: Final = re.compile(rb"#begin (?P<name>\S{1,64}) \d (?P<nonce>\S{1,64}) (?P<sysroot>[^\r\n]{1,4096})\r?\n")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_SEPARATOR: Final = re.compile(r"[/\\]")


def read(spec: CollectorSpec, stdout: bytes, *, nonce: str, sysroot: str) -> Answer:
    """Read a whole answer to the question that was asked with `nonce` and `sysroot` (`-` for the running system).

    Bytes that are not UTF-8 become U+FFFD, and so does NUL. A look that says it saw everything is `stopped` all the
    same when none of its roots exists, one of them was refused, it left out more than single items, or it does not even
    show our own session.

    Raises:
        HostError: `answer.cut` (it does not reach its end line, or lines are gone), `answer.garbled` (not our form,
            another question's answer, more rows than the spec allows, or a line against it), `answer.huge`, or
            `answer.empty` (it saw everything there is, and that was less than any living computer has).

    """
    begins = {f"#begin {spec.name} {each} {nonce} {sysroot}".encode(): each for each in _ENDS}
    lines = _whole_lines(stdout, tuple(begins))
    end = _ENDS[begins[lines[0]]].fullmatch(lines[-1])
    if not end:
        raise HostError(Reason.ANSWER_CUT, f"'{spec.name}' has no end line after {len(lines) - 1} lines")
    counts = {name: int(number) for name, number in end.groupdict(b"0").items() if name != "stopped"}
    rows, roots, named = _parts(spec.name, lines[1:-1], counts["rows"], counts.get("roots", 0), counts.get("named", 0))
    if spec.max_rows and len(rows) > spec.max_rows:
        detail = f"'{spec.name}' has {len(rows)} rows; at most {spec.max_rows} is expected"
        raise HostError(Reason.ANSWER_GARBLED, detail)
    if len(rows) < spec.min_rows and end["stopped"] == b"no":
        raise HostError(Reason.ANSWER_EMPTY, f"'{spec.name}' has {len(rows)} rows, expected at least {spec.min_rows}")
    unread, known_roots = counts["unread"], trailer.read_roots(spec.name, roots)
    answer = Answer(
        collector=spec.name,
        rows=tuple(_row(spec, number, row) for number, row in enumerate(rows, start=1)),
        unread=unread,
        stopped=trailer.stopped_by(end["stopped"].decode(), rows=len(rows), unread=unread, roots=known_roots),
        unread_items=trailer.read_unread(spec.name, named, unread) if "named" in counts else (),
        roots=known_roots,
    )
    return answer if sysroot != "-" or answer.stopped else _with_us(spec, answer)


def _with_us(spec: CollectorSpec, answer: Answer) -> Answer:
    """Stop a look at a running system that does not show our own session: it was shown a part, or another computer."""
    if sum(row.get("own") is True for row in answer.rows) >= spec.min_own:
        return answer
    us = Unread(kind=UnreadKind.PROCESS, path="our own session")
    return replace(answer, stopped=StoppedBy.DENIED, unread=answer.unread + 1, unread_items=(us, *answer.unread_items))


def reread(spec: CollectorSpec, stdout: bytes, *, revision: int) -> Answer:
    """Read a kept answer again, with the columns that scripts of `revision` gave; the nonce is that in its begin line.

    Whether it answered our question was settled when it came.

    Raises:
        HostError: as `read`.

    """
    begin = _BEGIN.match(stdout)
    if not begin or begin["name"] != spec.name.encode():
        raise HostError(Reason.ANSWER_GARBLED, f"this is no answer of '{spec.name}'")
    given = replace(spec, columns=tuple(column for column in spec.columns if column.since <= revision))
    nonce, sysroot = (begin[each].decode(errors="replace") for each in ("nonce", "sysroot"))
    return read(given, stdout, nonce=nonce, sysroot=sysroot)


ValuesIn = Callable[[str], Iterable[tuple[Kind, str]]]
"""Takes values out of a text, as `controller.indicators.text.values_in`."""


def observations(
    spec: CollectorSpec, answer: Answer, values_in: ValuesIn, *, is_ours: Callable[[Row], bool] = lambda _: False
) -> tuple[Observation, ...]:
    """Return what the rows of `answer` can meet indicators with, each once, in the order of the rows.

    A column's kinds say what its value is; the name in a path is what stands behind its last separator. Out of a
    column that holds text come the values that `values_in` finds there. Rows of
    our own session (`own`) say nothing about the host, and a root that is missing (`type`) was not seen. The address
    of a connection that came by itself (`direction`) is a visitor's. Rows for which `is_ours` holds are left out.
    """
    meeting = [column for column in spec.columns if column.kinds or column.text]
    numbered = enumerate(answer.rows, start=1)
    rows = ((number, row) for number, row in numbered if speaks_of_the_host(row) and not is_ours(row))
    seen = (each for number, row in rows for each in _of_row(spec, meeting, values_in, number, row))
    return tuple(dict.fromkeys(seen))


def _whole_lines(stdout: bytes, begins: tuple[bytes, ...]) -> list[bytes]:
    """Split into lines, the begin line checked; at least two come back."""
    if stdout.count(b"\n") > MAX_ROWS + trailer.MAX_ROOTS + trailer.MAX_NAMED + 2:
        raise HostError(Reason.ANSWER_HUGE, f"more than {MAX_ROWS} rows")
    *lines, rest = (line.removesuffix(b"\r") for line in stdout.split(b"\n"))
    first = lines[0] if lines else rest
    if first not in begins and (lines or not any(begin.startswith(first) for begin in begins)):
        expected, got = begins[-1].decode(), first[:200].decode(errors="replace")
        raise HostError(Reason.ANSWER_GARBLED, f"expected '{expected}', got '{got}'")
    if len(lines) < 2 or rest:
        raise HostError(Reason.ANSWER_CUT, f"it ends in the middle of line {len(lines) + 1}")
    return lines


def _parts(
    name: str, lines: list[bytes], rows: int, roots: int, named: int
) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Part the lines between begin and end as the end line counts them."""
    if len(lines) > MAX_ROWS + roots + named:
        raise HostError(Reason.ANSWER_HUGE, f"'{name}' has more than {MAX_ROWS} rows")
    expected = rows + roots + named
    if len(lines) != expected:
        reason = Reason.ANSWER_CUT if len(lines) < expected else Reason.ANSWER_GARBLED
        raise HostError(reason, f"'{name}' counts {expected} lines and has {len(lines)}")
    return lines[:rows], lines[rows : rows + roots], lines[rows + roots :]


def _row(spec: CollectorSpec, number: int, line: bytes) -> Row:
    if len(line) > MAX_ROW_BYTES:
        raise HostError(Reason.ANSWER_HUGE, f"'{spec.name}' row {number} is longer than {MAX_ROW_BYTES} bytes")
    text = line.decode("utf-8", errors="replace")
    try:
        row = msgspec.structs.asdict(_decoder(spec.columns, spec.max_text or MAX_TEXT).decode(text))
    except msgspec.MsgspecError as error:
        raise HostError(Reason.ANSWER_GARBLED, f"'{spec.name}' row {number}: {str(error)[:200]}") from error
    # A row is flat and has every column, so a colon more outside of strings is a column that came twice.
    if _STRING.sub("", text).count(":") != len(spec.columns):
        raise HostError(Reason.ANSWER_GARBLED, f"'{spec.name}' row {number} has a column twice")
    return {name: _without_nul(value) for name, value in row.items()} if "\\u0000" in text else row


@cache
def _decoder(columns: tuple[Column, ...], max_text: int) -> "msgspec.json.Decoder[msgspec.Struct]":
    fields = [(column.name, _type(column, max_text)) for column in columns]
    return msgspec.json.Decoder(msgspec.defstruct("Row", fields, forbid_unknown_fields=True))


def _type(column: Column, max_text: int) -> Any:
    """Return the bounded type of a column, as msgspec takes it: it names the column of a value that breaks a bound."""
    text = Annotated[str, msgspec.Meta(max_length=max_text, pattern=column.pattern or None)]
    return {
        ColumnType.TEXT: text,
        ColumnType.INTEGER: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
        ColumnType.BOOLEAN: bool,
        ColumnType.TEXTS: Annotated[tuple[text, ...], msgspec.Meta(max_length=_MAX_TEXTS)],
    }[column.type]


def _without_nul(value: str | int | tuple[str, ...]) -> str | int | tuple[str, ...]:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, tuple):
        return tuple(each.replace("\0", "\ufffd") for each in value)
    return value


def speaks_of_the_host(row: Row) -> bool:
    """Say whether a row is about the host: not about our own session, and not a root that is missing."""
    return row.get("own") is not True and row.get("type") != "missing"


def _of_row(
    spec: CollectorSpec, meeting: Sequence[Column], values_in: ValuesIn, number: int, row: Row
) -> Iterator[Observation]:
    where = " ".join(_told(name, row[name]) for name in spec.where if name in row)
    for column in meeting:
        for text in _texts(row.get(column.name, "")):
            for kind, value in _values(column, text, row, values_in):
                yield Observation(kind=kind, value=value, collector=spec.name, where=where, row=number)


def _values(column: Column, text: str, row: Row, values_in: ValuesIn) -> Iterator[tuple[Kind, str]]:
    is_visitor = row.get("direction") == "inbound" and Kind.ADDRESS in column.kinds
    for kind in (Kind.VISITOR,) if is_visitor else column.kinds:
        if met := _met(kind, text, row.get(column.port)):
            yield kind, met
    if column.text:
        yield from values_in(text)


def _texts(value: str | int | tuple[str, ...]) -> Iterable[str]:
    return filter(None, value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ())


def _met(kind: Kind, text: str, port: object) -> str:
    """Return what a column's text is as one of its kinds; the port of an IPv6 address stands behind brackets."""
    if kind is Kind.NAME:
        return _SEPARATOR.split(text)[-1]
    if kind is Kind.ENDPOINT:
        return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"
    return text


def _told(name: str, value: str | int | tuple[str, ...]) -> str:
    """A text speaks for itself; a number needs its name."""
    if isinstance(value, tuple):
        return " ".join(value)
    return value if isinstance(value, str) else f"{name} {value}"
