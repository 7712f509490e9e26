"""What a collector says between its rows and its end line: where it started, and what it could not read.

    #root {"state": "entered", "asked": "/home", "resolved": "/data/home", "volume": "5d1c…"}
    #unread {"kind": "mount", "path": "/home/nas", "error": 0}

Frame version 3 brought these lines; an answer of version 2, as older stores keep them, has none.
"""

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import msgspec

from controller.errors import HostError, Reason
from controller.model.collector import Root, RootState, StoppedBy, Unread, UnreadKind

MAX_ROOTS: Final = 1000
MAX_NAMED: Final = 200
MAX_PATH: Final = 4096
"""Letters of a path; longer ones are cut by the script."""

_MOST_UNREAD: Final = 200
_FEW_UNREAD: Final = 20
_UNREAD_PERCENT: Final = 1
"""More unread items than these stop a look (campaign rules, section 8, last row)."""

_Path = Annotated[str, msgspec.Meta(max_length=MAX_PATH)]
_Error = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class _RootLine(msgspec.Struct, forbid_unknown_fields=True):
    state: RootState
    asked: _Path
    resolved: _Path
    volume: Annotated[str, msgspec.Meta(max_length=200)]


class _UnreadLine(msgspec.Struct, forbid_unknown_fields=True):
    kind: UnreadKind
    path: _Path
    error: _Error


_Line = TypeVar("_Line", _RootLine, _UnreadLine)

_ROOT: Final = msgspec.json.Decoder(_RootLine)
_UNREAD: Final = msgspec.json.Decoder(_UnreadLine)


def read_roots(collector: str, lines: Sequence[bytes]) -> tuple[Root, ...]:
    """Read the `#root` lines.

    Raises:
        HostError: `answer.garbled`, one of them is none, or there are more than any look starts from.

    """
    if len(lines) > MAX_ROOTS:
        raise HostError(Reason.ANSWER_GARBLED, f"'{collector}' started from {len(lines)} folders")
    found = (_decoded(collector, "#root", _ROOT, line) for line in lines)
    return tuple(
        Root(asked=_clean(each.asked), state=each.state, resolved=_clean(each.resolved), volume=_clean(each.volume))
        for each in found
    )


def read_unread(collector: str, lines: Sequence[bytes], unread: int) -> tuple[Unread, ...]:
    """Read the `#unread` lines of an answer that counts `unread` items; up to MAX_NAMED of these must be named.

    Raises:
        HostError: `answer.garbled`, one of them is none, or there are more or fewer than the answer counts.

    """
    if len(lines) != min(unread, MAX_NAMED):
        raise HostError(Reason.ANSWER_GARBLED, f"'{collector}' names {len(lines)} of {unread} unread items")
    found = (_decoded(collector, "#unread", _UNREAD, line) for line in lines)
    return tuple(Unread(kind=each.kind, path=_clean(each.path), error=each.error) for each in found)


def stopped_by(word: str, *, rows: int, unread: int, roots: Sequence[Root]) -> StoppedBy | None:
    """Return why a look is no whole one: by its own `word`, because no root is there, or by what it left out."""
    if word != "no":
        return StoppedBy(word)
    states = {root.state for root in roots}
    if states == {RootState.MISSING}:
        return StoppedBy.MISSING
    if RootState.REFUSED in states:
        return StoppedBy.DENIED
    too_many = unread > _FEW_UNREAD and unread * 100 > rows * _UNREAD_PERCENT
    return StoppedBy.UNREAD if too_many or unread > _MOST_UNREAD else None


def _decoded(collector: str, word: str, decoder: "msgspec.json.Decoder[_Line]", line: bytes) -> _Line:
    begin = f"{word} ".encode()
    try:
        if line.startswith(begin):
            return decoder.decode(line.removeprefix(begin).decode("utf-8", errors="replace"))
    except msgspec.MsgspecError as error:
        raise HostError(Reason.ANSWER_GARBLED, f"'{collector}' {word} line: {str(error)[:200]}") from error
    raise HostError(Reason.ANSWER_GARBLED, f"'{collector}' has another line where a {word} line is due")


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd")
