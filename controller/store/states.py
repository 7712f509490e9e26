"""What follows from the rest of the store and is kept to be quick: the values met, and the state of each computer.

All of it may be deleted; it is made again, with the same result.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from controller.campaign.records import Meeting
from controller.errors import StoreError
from controller.model.indicator import Kind, Observation
from controller.model.result import Identity
from controller.model.verdict import Judgement
from controller.store.columns import read, written
from controller.store.tables import host_state, meeting, observation

_UP_TO: Final = 0
"""The row of `meeting` that says how far the observations were compared, and with what; no observation has it."""

_OBSERVED: Final = (
    select(observation.c.id, observation.c.kind, observation.c.value)
    .where(observation.c.id > bindparam("after"))
    .order_by(observation.c.id)
    .limit(bindparam("most"))
)
_MEETINGS: Final = select(meeting.c.observation, meeting.c.body)
_OF_HOST: Final = delete(host_state).where(host_state.c.host == bindparam("of_host"))

Meetings = dict[int, tuple[Meeting, ...]]
"""What each observation meets, by the number of its value; those that meet nothing are left out."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Which observations were compared: those up to `highest`, with the lists and rules of `digest`.

    `kept` is how many of them meet something: where another number of rows is there, some were deleted.
    """

    digest: str = ""
    highest: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class KeptState:
    """A state, and the digest of everything that it follows from.

    `identity` is what the machine showed in the newest visit that is not in doubt, `answered` the number of that
    commit: by them names of one machine are found.
    """

    stamp: str
    judgement: Judgement
    identity: Identity | None = None
    answered: int = 0


class _Body(msgspec.Struct, array_like=True, frozen=True):
    judgement: Judgement
    identity: Identity | None
    answered: int


def observed(connection: Connection, *, after: int, most: int) -> list[tuple[int, Observation]]:
    """Return up to `most` values that were ever seen with a number above `after`, by their number."""
    rows = connection.execute(_OBSERVED, {"after": after, "most": most})
    return [(row.id, Observation(kind=Kind(row.kind), value=row.value, collector="")) for row in rows]


def meetings(connection: Connection) -> tuple[Compared, Meetings]:
    """Return what was found when the observations were compared last; nothing where rows are gone or damaged."""
    compared, found = Compared(), Meetings()
    try:
        for number, body in connection.execute(_MEETINGS):
            if number == _UP_TO:
                compared = read(body, Compared)
            else:
                found[number] = read(body, tuple[Meeting, ...])
    except StoreError:
        return Compared(), {}
    return (compared, found) if compared.kept == len(found) else (Compared(), {})


def keep_meetings(connection: Connection, compared: Compared, found: Mapping[int, tuple[Meeting, ...]]) -> None:
    """Keep what observations meet in place of what was kept before."""
    connection.execute(delete(meeting))
    rows = [{"observation": number, "body": written(met)} for number, met in found.items()]
    up_to = replace(compared, kept=len(rows))
    connection.execute(insert(meeting), [{"observation": _UP_TO, "body": written(up_to)}, *rows])


def states(connection: Connection) -> Mapping[str, KeptState]:
    """Return the kept states by computer; one that cannot be read is left out, and made again."""
    found: dict[str, KeptState] = {}
    for row in connection.execute(select(host_state)):
        with suppress(StoreError):
            body = read(row.body, _Body)
            found[row.host] = KeptState(row.stamp, body.judgement, identity=body.identity, answered=body.answered)
    return found


def keep_states(connection: Connection, made: Iterable[tuple[str, KeptState]]) -> None:
    """Keep the states of computers in place of those that were kept before."""
    for host, kept in made:
        connection.execute(_OF_HOST, {"of_host": host})
        body = written(_Body(kept.judgement, kept.identity, kept.answered))
        connection.execute(insert(host_state), {"host": host, "stamp": kept.stamp, "body": body})


def forget_states(connection: Connection) -> None:
    """Drop all kept states and meetings."""
    connection.execute(delete(host_state))
    connection.execute(delete(meeting))
