"""Starts of programs on hosts: intent before the first byte, one end for each."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, insert, select, update

from controller.errors import StoreError
from controller.model.intent import Intent, IntentState
from controller.model.result import TaskResult, ToolRun
from controller.model.text import shown
from controller.store import attempts, blobs, commits, parts
from controller.store.columns import read, written
from controller.store.observations import Known
from controller.store.tables import attempt as visits
from controller.store.tables import intent as table

_RUN: Final[BindParameter[str]] = bindparam("of_run")
_START: Final = select(table.c.state, table.c.body, table.c.run, table.c.began)
_FIND: Final = _START.where(table.c.run_id == _RUN)
_OF_HOST: Final = (
    _START.join_from(table, visits)
    .where(
        visits.c.sweep == bindparam("sweep"), visits.c.host == bindparam("host"), table.c.state == bindparam("state")
    )
    .order_by(table.c.id)
)
_OF_ATTEMPT: Final = _OF_HOST.where(visits.c.number == bindparam("attempt"))
_ADD: Final = insert(table)
_END: Final = update(table).where(table.c.run_id == _RUN)


def begin(connection: Connection, intent: Intent, so_far: Sequence[TaskResult], known: Known) -> None:
    """Write down a start, its visit, and all results so far; the same start again is fine until its end."""
    body = written(intent)
    row = _find(connection, intent.run_id)
    if row is not None:
        if row.body != body or row.state != IntentState.BEGUN:
            raise StoreError(
                f"run '{shown(intent.run_id)}' was begun before, and is {row.state}; report it, with the log"
            )
        return
    attempt = attempts.begin(connection, intent.sweep, intent.host, intent.attempt, intent.begun)
    number = commits.take_number(connection)
    committed = parts.keep(connection, attempt, so_far, known, number)
    connection.execute(
        _ADD,
        {
            "run_id": intent.run_id,
            "attempt": attempt,
            "state": IntentState.BEGUN,
            "body": body,
            "so_far": written(parts.lightened(so_far, committed)),
            "began": number,
        },
    )


def adopt(
    connection: Connection, run_id: str, attempt: int, so_far: Sequence[TaskResult], when: datetime, known: Known
) -> None:
    """Move a start without an end to another visit of its host, as the newest of its starts."""
    visit = connection.execute(
        select(visits.c.sweep, visits.c.host, table.c.body)
        .join_from(table, visits)
        .where(table.c.run_id == run_id, table.c.state == IntentState.BEGUN)
    ).one_or_none()
    if visit is None:
        raise StoreError(f"run '{shown(run_id)}' is not open, and cannot be settled; report it, with the log")
    connection.execute(delete(table).where(table.c.run_id == run_id))
    begin(connection, replace(read(visit.body, Intent), attempt=attempt, begun=when), so_far, known)


def finish(connection: Connection, run: ToolRun) -> ToolRun:
    """Keep what a run left, and return it with the numbers of its commits; another end than the kept one is refused."""
    row = _begun(connection, run.run_id)
    if row.state != IntentState.BEGUN:
        return _as_kept(run, row)
    numbered = replace(run, began=row.began or 0, committed=commits.take_number(connection))
    blobs.keep(connection, (run.log,) if run.log else ())
    _end(connection, run.run_id, IntentState.FINISHED, written(parts.lightened_run(numbered)))
    return numbered


def interrupt(connection: Connection, run_id: str) -> None:
    """Write down that a run was torn off."""
    row = _begun(connection, run_id)
    if row.state == IntentState.FINISHED:
        raise _ended_otherwise(run_id, row.state, IntentState.INTERRUPTED)
    if row.state == IntentState.BEGUN:
        _end(connection, run_id, IntentState.INTERRUPTED, None)


def still_open(connection: Connection, sweep: str, host: str) -> tuple[Intent, ...]:
    """Return the starts of a host that have no end, oldest first."""
    rows = connection.execute(_OF_HOST, {"sweep": sweep, "host": host, "state": IntentState.BEGUN})
    return tuple(map(_intent, rows))


def hosts_under_way(connection: Connection, sweep: str) -> tuple[str, ...]:
    """Return the hosts of a sweep that have a start without an end, by name."""
    of_sweep = (
        select(visits.c.host)
        .join_from(table, visits)
        .where(visits.c.sweep == sweep, table.c.state == IntentState.BEGUN)
        .distinct()
        .order_by(visits.c.host)
    )
    return tuple(connection.scalars(of_sweep))


def finished(connection: Connection, sweep: str, host: str, attempt: int) -> tuple[tuple[Intent, ToolRun], ...]:
    """Return the starts of an attempt that came to their end, oldest first; logs without their data."""
    rows = _starts(connection, sweep, host, attempt, IntentState.FINISHED)
    return tuple((_intent(row), read(row.run, ToolRun)) for row in rows)


def interrupted(connection: Connection, sweep: str, host: str, attempt: int) -> tuple[Intent, ...]:
    """Return the starts of an attempt that were torn off, oldest first."""
    return tuple(map(_intent, _starts(connection, sweep, host, attempt, IntentState.INTERRUPTED)))


_Found = Row[str, bytes, bytes | None, int | None]


def _find(connection: Connection, run_id: str) -> _Found | None:
    return connection.execute(_FIND, {"of_run": run_id}).one_or_none()


def _starts(connection: Connection, sweep: str, host: str, attempt: int, state: IntentState) -> Sequence[_Found]:
    of_attempt = {"sweep": sweep, "host": host, "attempt": attempt, "state": state}
    return connection.execute(_OF_ATTEMPT, of_attempt).all()


def _intent(row: _Found) -> Intent:
    return replace(read(row.body, Intent), state=IntentState(row.state))


def _begun(connection: Connection, run_id: str) -> _Found:
    """Return a start by its run id; to end one that was never begun is an error of ours."""
    row = _find(connection, run_id)
    if row is None:
        raise StoreError(f"run '{shown(run_id)}' was never begun; report it, with the log")
    return row


def _as_kept(run: ToolRun, row: _Found) -> ToolRun:
    """Return `run` with the numbers it was kept under, if it is the one that was kept."""
    if row.state != IntentState.FINISHED or row.run is None:
        raise _ended_otherwise(run.run_id, row.state, IntentState.FINISHED)
    kept = read(row.run, ToolRun)
    if parts.lightened_run(run) != kept:
        raise _ended_otherwise(run.run_id, row.state, IntentState.FINISHED)
    return replace(run, began=kept.began, committed=kept.committed)


def _ended_otherwise(run_id: str, state: str, now: IntentState) -> StoreError:
    return StoreError(f"run '{shown(run_id)}' is {state} already, and cannot become {now}; report it, with the log")


def _end(connection: Connection, run_id: str, state: IntentState, body: bytes | None) -> None:
    connection.execute(_END, {"of_run": run_id, "state": state, "run": body})
