"""Which looks are of an older reading (see `controller.store.observations.READING`), and which answers they kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from controller.model.result import Attempt, Look, TaskResult
from controller.store.columns import read
from controller.store.observations import IS_OLDER, READING
from controller.store.tables import attempt, intent, look


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLook:
    """A look whose answer is to be read again.

    `number` is that of its row. `made` is None where no record of its visit holds it.
    """

    number: int
    sweep: str
    host: str
    collector: str
    made: Look | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """How many looks are of an older reading, and how many kept answers this reading could not read."""

    older: int
    unreadable: int


_COLUMNS: Final = (look.c.id, look.c.attempt, look.c.task, look.c.position, look.c.collector)
_LOOKS: Final = select(*_COLUMNS, attempt.c.sweep, attempt.c.host).join(attempt, attempt.c.id == look.c.attempt)
_SOME: Final = _LOOKS.where(IS_OLDER).order_by(look.c.id).limit(bindparam("most"))
_FAILED: Final = _LOOKS.where(look.c.reading == -READING).order_by(look.c.id).limit(1)
_COUNT: Final = select(func.count()).select_from(look)
_BODY: Final = select(attempt.c.body).where(attempt.c.id == bindparam("attempt"))
_SO_FAR: Final = (
    select(intent.c.so_far).where(intent.c.attempt == bindparam("attempt")).order_by(intent.c.id.desc()).limit(1)
)


def count(connection: Connection) -> Readings:
    """Count the looks of older readings."""
    older = connection.scalar(_COUNT.where(IS_OLDER)) or 0
    return Readings(older=older, unreadable=connection.scalar(_COUNT.where(look.c.reading == -READING)) or 0)


def older(connection: Connection, most: int) -> Iterator[KeptLook]:
    """Yield at most `most` looks of older readings, oldest first."""
    return _found(connection, _SOME, {"most": most})


def first_unreadable(connection: Connection) -> KeptLook | None:
    """Return the first look whose kept answer this reading could not read."""
    return next(_found(connection, _FAILED, {}), None)


def _found(connection: Connection, which: "Select[tuple[object, ...]]", values: dict[str, int]) -> Iterator[KeptLook]:
    records: dict[int, tuple[TaskResult, ...]] = {}
    for row in connection.execute(which, values).all():
        if row.attempt not in records:
            records = {row.attempt: _record(connection, row.attempt)}
        yield KeptLook(
            number=row.id,
            sweep=row.sweep,
            host=row.host,
            collector=row.collector,
            made=_made(records[row.attempt], row),
        )


def _record(connection: Connection, number: int) -> tuple[TaskResult, ...]:
    """Return what is kept of a visit: its result, or what its newest start committed."""
    body = connection.scalar(_BODY, {"attempt": number})
    if body is not None:
        return read(body, Attempt).tasks
    so_far = connection.scalar(_SO_FAR, {"attempt": number})
    return read(so_far, tuple[TaskResult, ...]) if so_far is not None else ()


def _made(tasks: tuple[TaskResult, ...], row: "Row[tuple[object, ...]]") -> Look | None:
    looks = next((task.looks for task in tasks if task.index == row.task), ())
    return looks[row.position] if row.position < len(looks) else None
