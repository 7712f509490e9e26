"""What was seen: every value once, and for each look which values and where."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec
import zstandard
from sqlalchemy import BindParameter, Connection, bindparam, func, insert, or_, select, update

from controller.model.indicator import Kind, Observation
from controller.model.result import TaskResult
from controller.store.columns import read, written
from controller.store.tables import look, observation

READING: Final = 2
"""The version of the rules by which sightings are taken out of an answer; 2 takes values out of texts.

Raise it with a change of `controller.collectors.answer.observations`, of a collector's columns or of
`controller.indicators.text` that finds more: stores are then read again (`controller.app.rereading`).
"""

_KEPT: Final = select(look.c.task, look.c.position, look.c.committed).where(look.c.attempt == bindparam("attempt"))
_SEEN: Final = select(look.c.task, look.c.position, look.c.seen).where(look.c.attempt == bindparam("attempt"))
_ADD_LOOK: Final = insert(look)
IS_OLDER: Final = or_(look.c.reading.is_(None), look.c.reading.between(1 - READING, READING - 1))
"""Of an older reading. Answers that an older reading could not read are among them: this one may take them."""
_OLDER: Final = update(look).where(look.c.id == bindparam("row"), IS_OLDER)
_REPLACE: Final = _OLDER.values(seen=bindparam("again"), reading=READING)
_GIVE_UP: Final = _OLDER.values(reading=-READING)
_ADD_VALUES: Final = insert(observation)
_HIGHEST: Final = select(func.max(observation.c.id))

_AT_ONCE: Final = 5000
"""Values in one question: well below what any database takes as parameters."""

_SOME: Final[BindParameter[bytes | int]] = bindparam("some", expanding=True)
_NUMBERS: Final = select(observation.c.digest, observation.c.id).where(observation.c.digest.in_(_SOME))
_VALUES: Final = select(observation.c.id, observation.c.kind, observation.c.value).where(observation.c.id.in_(_SOME))

Known = dict[str, int]
"""The row numbers of values that this process met in the store; empty at first.

It holds only rows that were there before their transaction added any. So they were committed, and since no row
is ever changed or deleted they stay true whatever becomes of that transaction, and whoever else writes.
"""

_REMEMBERED: Final = 100_000
_SHORT: Final = 200
"""Letters of the longest value that is remembered: 100,000 usual paths take 20 MB, the worst ones 100 MB."""

LookPlace = tuple[int, int]
"""A look of an attempt: the index of its task, and its position among the looks of that task."""


class _Sighting(msgspec.Struct, array_like=True, frozen=True):
    """The number of an observation's value, a few words on its row, and the row's number in the answer.

    Stores of revision 0001 have no numbers of rows.
    """

    value: int
    where: str
    row: int | None = None


class _Seen(msgspec.Struct, array_like=True, frozen=True):
    """A sighting of which only the number of its value is read."""

    value: int


def keep(
    connection: Connection, attempt: int, tasks: Iterable[TaskResult], known: Known, number: int
) -> dict[LookPlace, int]:
    """Keep every look that is not kept yet, under the commit `number`; at most once in a transaction, see `Known`.

    A look is known by its task and its place in it, so what a start committed is not kept again with the result.
    Returns the commit number of each look of the attempt.
    """
    committed = committed_looks(connection, attempt)
    looks = [
        (task.index, position, made, [_text(each) for each in made.observations])
        for task in tasks
        for position, made in enumerate(task.looks)
        if (task.index, position) not in committed
    ]
    numbers = _numbers(connection, dict.fromkeys(text for *_, texts in looks for text in texts), known)
    for task, position, made, texts in looks:
        connection.execute(
            _ADD_LOOK,
            {
                "attempt": attempt,
                "task": task,
                "position": position,
                "collector": made.key.collector,
                "seen": _packed(made.observations, texts, numbers),
                "committed": number,
                "reading": READING,
            },
        )
        committed[task, position] = number
    return committed


def replace_sightings(connection: Connection, again: Mapping[int, Sequence[Observation] | None], known: Known) -> None:
    """Replace the sightings of looks, by their row numbers, with those of this reading; once in a transaction.

    Of a look whose answer could not be read (None) they stay. Either way this reading does not ask for it again.
    """
    read = {row: (made, [_text(each) for each in made]) for row, made in again.items() if made is not None}
    numbers = _numbers(connection, dict.fromkeys(text for _, texts in read.values() for text in texts), known)
    for row, (made, texts) in read.items():
        connection.execute(_REPLACE, {"row": row, "again": _packed(made, texts, numbers)})
    for row in again.keys() - read.keys():
        connection.execute(_GIVE_UP, {"row": row})


def _packed(made: Sequence[Observation], texts: Sequence[str], numbers: Mapping[str, int]) -> bytes:
    pairs = zip(texts, made, strict=True)
    return zstandard.compress(written([_Sighting(numbers[text], each.where, each.row) for text, each in pairs]))


def committed_looks(connection: Connection, attempt: int) -> dict[LookPlace, int]:
    """Return the commit number of each kept look of an attempt; 0 where a store of revision 0001 kept it."""
    rows = connection.execute(_KEPT, {"attempt": attempt})
    return {(row.task, row.position): row.committed or 0 for row in rows}


def values_of(connection: Connection, attempt: int) -> Mapping[LookPlace, tuple[int, ...]]:
    """Return for each look of an attempt the numbers of the values that it saw."""
    rows = connection.execute(_SEEN, {"attempt": attempt})
    return {
        (row.task, row.position): tuple(each.value for each in read(zstandard.decompress(row.seen), tuple[_Seen, ...]))
        for row in rows
    }


def fetch(connection: Connection, attempt: int) -> Iterator[Observation]:
    """Yield what an attempt saw, look by look."""
    for each in by_look(connection, attempt).values():
        yield from each


def by_look(connection: Connection, attempt: int) -> Mapping[int, tuple[Observation, ...]]:
    """Return what each look of an attempt saw, by its place among all looks of the attempt."""
    rows = connection.execute(
        select(look.c.collector, look.c.seen).where(look.c.attempt == attempt).order_by(look.c.task, look.c.position)
    ).all()
    return {place: tuple(_observations(connection, row.collector, row.seen)) for place, row in enumerate(rows)}


def first_seen(connection: Connection, values: Collection[int]) -> Mapping[int, int]:
    """Return the lowest commit number of a look that saw each of `values`, those that none saw left out."""
    wanted, lowest = set(values), dict[int, int]()
    if not wanted:
        return lowest
    for row in connection.execute(select(look.c.committed, look.c.seen).order_by(look.c.committed.desc())):
        seen = read(zstandard.decompress(row.seen), tuple[_Seen, ...])
        lowest |= dict.fromkeys(wanted.intersection(each.value for each in seen), row.committed or 0)
    return lowest


def _observations(connection: Connection, collector: str, seen: bytes) -> Iterator[Observation]:
    sightings = read(zstandard.decompress(seen), tuple[_Sighting, ...])
    values = _values(connection, [each.value for each in sightings])
    for each in sightings:
        kind, value = values[each.value]
        yield Observation(kind=Kind(kind), value=value, collector=collector, where=each.where, row=each.row)


def _numbers(connection: Connection, texts: Iterable[str], known: Known) -> dict[str, int]:
    """Return the row numbers of `texts`; nobody adds one in between, since our transaction holds the write lock.

    Asked for some at a time: a host decides how many there are, and parameters cost a KB each.
    """
    numbers = {text: known[text] for text in texts if text in known}
    new = {_digest(text): text for text in texts if text not in numbers}
    found: dict[str, int] = {}
    digests = list(new)
    for start in range(0, len(digests), _AT_ONCE):
        rows = connection.execute(_NUMBERS, {"some": digests[start : start + _AT_ONCE]})
        found |= {new.pop(digest): number for digest, number in rows}
    _remember(known, found)
    return numbers | found | _added(connection, new)


def _added(connection: Connection, new: Mapping[bytes, str]) -> dict[str, int]:
    """Add rows under numbers of our own: reading back what the database would choose costs as much again.

    Some at a time, as when asking: a row to be added takes a KB, too.
    """
    if not new:
        return {}
    first = 1 + (connection.scalar(_HIGHEST) or 0)
    numbered = enumerate(new.items(), first)
    while some := list(islice(numbered, _AT_ONCE)):
        connection.execute(_ADD_VALUES, [_row(number, *each) for number, each in some])
    return {text: number for number, text in enumerate(new.values(), first)}


def _row(number: int, digest: bytes, text: str) -> dict[str, object]:
    kind, value = text.split("\0", 1)
    return {"id": number, "digest": digest, "kind": kind, "value": value}


def _remember(known: Known, found: Mapping[str, int]) -> None:
    short = {text: number for text, number in found.items() if len(text) <= _SHORT}
    if len(known) + len(short) > _REMEMBERED:
        known.clear()
    known.update(islice(short.items(), _REMEMBERED))


def _values(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        rows = connection.execute(_VALUES, {"some": numbers[start : start + _AT_ONCE]}).all()
        found |= {row.id: (row.kind, row.value) for row in rows}
    return found


def _text(seen: Observation) -> str:
    return f"{seen.kind}\0{seen.value}"


def _digest(text: str) -> bytes:
    """128 bits: too many for a host to make two values meet."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
