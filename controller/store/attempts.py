"""Visits to hosts: begun, and finished once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from controller.errors import StoreError
from controller.model.result import Attempt, TaskResult
from controller.model.sweep import OpenAttempt
from controller.model.text import shown
from controller.store import commits, observations, parts
from controller.store.columns import read, written
from controller.store.observations import Known
from controller.store.tables import attempt as table
from controller.store.tables import intent
from controller.store.tables import sweep as sweeps

_FIND: Final = select(table.c.id, table.c.body).where(
    table.c.sweep == bindparam("sweep"), table.c.host == bindparam("host"), table.c.number == bindparam("number")
)
_ADD: Final = insert(table)
_END: Final = update(table).where(table.c.id == bindparam("row"))
_OF_HOST: Final = (
    select(table.c.body)
    .where(table.c.host == bindparam("host"), table.c.body.is_not(None))
    .order_by(table.c.committed.desc(), table.c.id.desc())
)
_REOPEN: Final = update(sweeps).where(sweeps.c.id == bindparam("sweep"), sweeps.c.ended.is_not(None)).values(ended=None)


def begin(connection: Connection, sweep: str, host: str, number: int, when: datetime) -> int:
    """Write down that a visit begins, and return its row number.

    One that is open may go on; its sweep is not ended then.
    """
    row = _find(connection, sweep, host, number)
    if row is not None and row.body is not None:
        raise StoreError(f"{_called(sweep, host, number)} is finished already; give the new one its own number")
    connection.execute(_REOPEN, {"sweep": sweep})
    return int(row.id) if row else _added(connection, sweep, host, number, when)


def finish(connection: Connection, sweep: str, attempt: Attempt, known: Known) -> None:
    """Keep a result, whole; the same result again is fine, another one is refused."""
    row = _find(connection, sweep, attempt.host, attempt.number)
    if row is not None and row.body is not None:
        _refuse_another(connection, sweep, attempt, row)
        return
    if row is None:
        connection.execute(_REOPEN, {"sweep": sweep})
        row_id = _added(connection, sweep, attempt.host, attempt.number, attempt.started)
    else:
        row_id = int(row.id)
    number = commits.take_number(connection)
    committed = parts.keep(connection, row_id, attempt.tasks, known, number)
    parts.keep_refused(connection, attempt)
    body = written(parts.lightened_attempt(attempt, committed))
    connection.execute(_END, {"row": row_id, "ended": attempt.ended, "body": body, "committed": number})


def finished(connection: Connection, sweep: str) -> Mapping[str, tuple[Attempt, ...]]:
    """Return the finished attempts of every host that has one, oldest first."""
    of_sweep = (
        select(table.c.body, table.c.began, table.c.committed)
        .where(table.c.sweep == sweep, table.c.body.is_not(None))
        .order_by(table.c.host, table.c.number)
    )
    found: dict[str, list[Attempt]] = {}
    for row in connection.execute(of_sweep):
        attempt = of_row(row)
        found.setdefault(attempt.host, []).append(attempt)
    return {host: tuple(attempts) for host, attempts in found.items()}


def of_row(row: Row[*tuple[Any, ...]]) -> Attempt:
    """Return the finished attempt of a row, with the numbers of its commits."""
    attempt = _numbered(read(row.body, Attempt), row.began, row.committed)
    return replace(attempt, began=row.began, committed=row.committed)


def newest_answer(connection: Connection, host: str) -> Attempt | None:
    """Return the newest finished visit of any sweep in which the host answered the first question."""
    visits = (read(body, Attempt) for body in connection.scalars(_OF_HOST, {"host": host}))
    return next((visit for visit in visits if visit.identity), None)


def still_open(connection: Connection, sweep: str) -> tuple[OpenAttempt, ...]:
    """Return the visits that have no result, with what their newest start committed."""
    start = intent.alias()
    newest = select(func.max(start.c.id)).where(start.c.attempt == table.c.id).scalar_subquery()
    rows = connection.execute(
        select(table.c.host, table.c.number, table.c.begun, table.c.began, intent.c.so_far)
        .outerjoin_from(table, intent, intent.c.id == newest)
        .where(table.c.sweep == sweep, table.c.body.is_(None))
        .order_by(table.c.id)
    )
    return tuple(
        OpenAttempt(
            host=row.host,
            number=row.number,
            begun=row.begun,
            began=row.began,
            so_far=read(row.so_far, tuple[TaskResult, ...]) if row.so_far is not None else (),
        )
        for row in rows
    )


def number_of(connection: Connection, sweep: str, host: str, number: int) -> int:
    """Return the row number of an attempt that was begun.

    Raises:
        StoreError: it was not.

    """
    row = _find(connection, sweep, host, number)
    if row is None:
        raise StoreError(f"{_called(sweep, host, number)} was never begun; report it, with the log")
    return int(row.id)


def _find(connection: Connection, sweep: str, host: str, number: int) -> Row[int, bytes | None] | None:
    return connection.execute(_FIND, {"sweep": sweep, "host": host, "number": number}).one_or_none()


def _added(connection: Connection, sweep: str, host: str, number: int, when: datetime) -> int:
    visit = {"sweep": sweep, "host": host, "number": number, "begun": when, "began": commits.latest(connection)}
    added = connection.execute(_ADD, visit)
    return cast("Row[int]", added.inserted_primary_key)[0]


def _refuse_another(connection: Connection, sweep: str, attempt: Attempt, row: Row[int, bytes | None]) -> None:
    committed = observations.committed_looks(connection, int(row.id))
    places = {(task.index, place) for task in attempt.tasks for place, _ in enumerate(task.looks)}
    if not places <= committed.keys() or row.body != written(parts.lightened_attempt(attempt, committed)):
        raise StoreError(f"{_called(sweep, attempt.host, attempt.number)} has another result already; report it")


def _numbered(attempt: Attempt, began: int, committed: int) -> Attempt:
    """Give looks and runs that revision 0001 kept without commit numbers those of their visit."""
    looks = [look.committed for task in attempt.tasks for look in task.looks]
    runs = [run.committed for task in attempt.tasks for run in task.runs]
    if all((*looks, *runs)):
        return attempt
    tasks = tuple(
        replace(
            task,
            looks=tuple(
                look if look.committed else replace(look, began=began, committed=committed) for look in task.looks
            ),
            runs=tuple(run if run.committed else replace(run, began=began, committed=committed) for run in task.runs),
        )
        for task in attempt.tasks
    )
    return replace(attempt, tasks=tasks)


def _called(sweep: str, host: str, number: int) -> str:
    return f"attempt {number} of host '{shown(host)}' in sweep '{shown(sweep)}'"
