"""What was seen: every value once, and for each look which values and where."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import zstandard
from sqlalchemy import BindParameter, Connection, bindparam, insert, select

from controller.model.indicator import Kind, Observation
from controller.model.result import Look, TaskResult
from controller.store.columns import read, written
from controller.store.tables import look, observation

_AT_ONCE: Final = 5000
"""Values in one question: well below what any database takes as parameters."""

_SOME: Final[BindParameter[bytes | int]] = bindparam("some", expanding=True)
_NUMBERS: Final = select(observation.c.digest, observation.c.id).where(observation.c.digest.in_(_SOME))
_VALUES: Final = select(observation.c.id, observation.c.kind, observation.c.value).where(observation.c.id.in_(_SOME))

_Sighting = tuple[int, str]
"""The row number of an observation, and in which row of the answer it stood."""


def keep(connection: Connection, attempt: int, tasks: Iterable[TaskResult]) -> None:
    """Keep the observations of every look that are not kept yet.

    A look is known by its task and its place in it, so what a start committed is not kept again with the result.
    """
    known = select(look.c.task, look.c.position).where(look.c.attempt == attempt)
    kept = {(row.task, row.position) for row in connection.execute(known)}
    for task in tasks:
        for position, made in enumerate(task.looks):
            if made.observations and (task.index, position) not in kept:
                connection.execute(
                    insert(look).values(
                        attempt=attempt,
                        task=task.index,
                        position=position,
                        collector=made.key.collector,
                        seen=zstandard.compress(written(_sightings(connection, made))),
                    )
                )


def fetch(connection: Connection, attempt: int) -> Iterator[Observation]:
    """Yield what an attempt saw, look by look."""
    rows = connection.execute(
        select(look.c.collector, look.c.seen).where(look.c.attempt == attempt).order_by(look.c.task, look.c.position)
    ).all()
    for row in rows:
        sightings = read(zstandard.decompress(row.seen), tuple[_Sighting, ...])
        values = _values(connection, [number for number, _ in sightings])
        for number, where in sightings:
            kind, value = values[number]
            yield Observation(kind=Kind(kind), value=value, collector=row.collector, where=where)


def _sightings(connection: Connection, made: Look) -> list[_Sighting]:
    marked = [(_digest(each), each) for each in made.observations]
    numbers = _numbers(connection, dict(marked))
    return [(numbers[digest], each.where) for digest, each in marked]


def _numbers(connection: Connection, seen: dict[bytes, Observation]) -> dict[bytes, int]:
    """Return the row numbers of `seen`; nobody adds one in between, since our transaction holds the write lock.

    Some at a time: a host decides how many there are, and parameters cost a KB each.
    """
    numbers: dict[bytes, int] = {}
    digests = list(seen)
    for start in range(0, len(digests), _AT_ONCE):
        some = digests[start : start + _AT_ONCE]
        known = _known(connection, some)
        new = [digest for digest in some if digest not in known]
        if new:
            rows = [{"digest": each, "kind": seen[each].kind, "value": seen[each].value} for each in new]
            connection.execute(insert(observation), rows)
            known |= _known(connection, new)
        numbers |= known
    return numbers


def _known(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    rows = connection.execute(_NUMBERS, {"some": digests}).all()
    return {row.digest: row.id for row in rows}


def _values(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        rows = connection.execute(_VALUES, {"some": numbers[start : start + _AT_ONCE]}).all()
        found |= {row.id: (row.kind, row.value) for row in rows}
    return found


def _digest(seen: Observation) -> bytes:
    """128 bits: too many for a host to make two values meet."""
    return hashlib.blake2b(f"{seen.kind}\0{seen.value}".encode(errors="surrogatepass"), digest_size=16).digest()
