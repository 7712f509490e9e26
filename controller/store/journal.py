"""Starts of programs on hosts: intent before the first byte, one end for each.

A row stays with the attempt that made the start. An attempt that takes it over gets a row of its own, in state
`taken`, under the key `RUN_ID/ATTEMPT`; a run id has no slash. So both attempts keep the results that they had
committed when the start became theirs, and the end is kept once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import BindParameter, Connection, Row, bindparam, insert, select, update

from controller.errors import StoreError
from controller.model.intent import AttemptStart, Intent, IntentState, OpenStart
from controller.model.playbook import CleanArguments
from controller.model.result import TaskResult, ToolRun
from controller.model.text import shown
from controller.store import attempts, blobs, commits, parts, sweeps
from controller.store.columns import read, written
from controller.store.lock import is_held
from controller.store.observations import Known
from controller.store.tables import attempt as visits
from controller.store.tables import intent as table

_TAKEN: Final = "taken"
_RUN: Final[BindParameter[str]] = bindparam("of_run")
_START: Final = select(table.c.state, table.c.body, table.c.run, table.c.began)
_FIND: Final = _START.where(table.c.run_id == _RUN)
_OF_ATTEMPT: Final = (
    _START.join_from(table, visits)
    .where(
        visits.c.sweep == bindparam("sweep"), visits.c.host == bindparam("host"), visits.c.number == bindparam("number")
    )
    .order_by(table.c.id)
)
_OPEN: Final = (
    select(table.c.run_id, table.c.body, visits.c.body.is_(None).label("visiting"))
    .join_from(table, visits)
    .where(visits.c.host == bindparam("host"), table.c.state == IntentState.BEGUN)
    .order_by(table.c.id)
)
_UNDER_WAY: Final = (
    select(visits.c.host)
    .join_from(table, visits)
    .where(table.c.state == IntentState.BEGUN)
    .distinct()
    .order_by(visits.c.host)
)
_ADD: Final = insert(table)
_END: Final = update(table).where(table.c.run_id == _RUN)

_Found = Row[str, bytes, bytes | None, int | None]


def begin(connection: Connection, intent: Intent, so_far: Sequence[TaskResult], known: Known) -> bool:
    """Write down a start, its visit, and all results so far; the same start again is fine until its end.

    Return False, and write nothing, while another start on this host is open.
    """
    body = written(intent)
    row = _find(connection, intent.run_id)
    if row is not None:
        if row.body != body or row.state != IntentState.BEGUN:
            raise StoreError(
                f"run '{shown(intent.run_id)}' was begun before, and is {row.state}; report it, with the log"
            )
        return True
    if connection.execute(_OPEN, {"host": intent.host}).first() is not None:
        return False
    _add(connection, intent.run_id, IntentState.BEGUN, intent, so_far, known)
    return True


def take_over(connection: Connection, intent: Intent, so_far: Sequence[TaskResult], known: Known) -> None:
    """Write down that the attempt of `intent` takes over the start with its run id, which stays with its own."""
    row = _find(connection, intent.run_id)
    if row is None or read(row.body, Intent).host != intent.host:
        raise StoreError(
            f"run '{shown(intent.run_id)}' was never begun on '{shown(intent.host)}'; report it, with the log"
        )
    number = attempts.begin(connection, intent.sweep, intent.host, intent.attempt, intent.begun)
    key = f"{intent.run_id}/{number}"
    if _find(connection, key) is None:
        _add(connection, key, _TAKEN, intent, so_far, known)


def finish(connection: Connection, run: ToolRun) -> ToolRun:
    """Keep what a run left, and return what is kept: of two who read the same end, the first one counts.

    It comes back with the numbers of the commits of its start and of its end. An end that was read wins over
    `interrupted` and `void`, so that no finished result is lost.
    """
    row = _begun(connection, run.run_id)
    if row.state == IntentState.FINISHED:
        return _run(row)
    numbered = replace(run, began=row.began or 0, committed=commits.take_number(connection))
    blobs.keep(connection, (run.log,) if run.log else ())
    _end(connection, run.run_id, IntentState.FINISHED, written(parts.lightened_run(numbered)))
    return numbered


def close(connection: Connection, run_id: str, state: IntentState) -> None:
    """Write down that a start without an end is `interrupted` or `void`; whatever it has become already stays."""
    if _begun(connection, run_id).state == IntentState.BEGUN:
        _end(connection, run_id, state, None)


def still_open(connection: Connection, store: Path, sweep: str, host: str) -> tuple[OpenStart, ...]:
    """Return the starts of a host that have no end, oldest first, for whoever runs `sweep` of the store at `store`."""
    return tuple(
        OpenStart(
            intent=(intent := read(row.body, Intent)),
            arguments=_arguments(connection, intent),
            held=row.visiting and intent.sweep != sweep and is_held(store, intent.sweep),
        )
        for row in connection.execute(_OPEN, {"host": host}).all()
    )


def hosts_under_way(connection: Connection) -> tuple[str, ...]:
    """Return the hosts that have a start without an end, by name."""
    return tuple(connection.scalars(_UNDER_WAY))


def of_attempt(connection: Connection, sweep: str, host: str, number: int) -> tuple[AttemptStart, ...]:
    """Return the starts that an attempt made or took over, oldest first; logs without their data."""
    rows = connection.execute(_OF_ATTEMPT, {"sweep": sweep, "host": host, "number": number}).all()
    return tuple(_of_attempt(connection, row) for row in rows)


def _add(
    connection: Connection, key: str, state: str, intent: Intent, so_far: Sequence[TaskResult], known: Known
) -> None:
    attempt = attempts.begin(connection, intent.sweep, intent.host, intent.attempt, intent.begun)
    number = commits.take_number(connection)
    committed = parts.keep(connection, attempt, so_far, known, number)
    row: Mapping[str, object] = {
        "run_id": key,
        "attempt": attempt,
        "state": state,
        "body": written(intent),
        "so_far": written(parts.lightened(so_far, committed)),
        "began": number,
    }
    connection.execute(_ADD, row)


def _arguments(connection: Connection, intent: Intent) -> CleanArguments:
    """The arguments of the task that made a start, as its sweep keeps them."""
    tasks = sweeps.fetch(connection, intent.sweep).playbook.tasks
    found = tasks[intent.task].clean if intent.task < len(tasks) else None
    if found is None:
        raise StoreError(
            f"the store holds a start of task {intent.task + 1} of sweep '{shown(intent.sweep)}', which runs no tool; "
            "put back a copy"
        )
    return found


def _of_attempt(connection: Connection, row: _Found) -> AttemptStart:
    intent = read(row.body, Intent)
    made = _begun(connection, intent.run_id) if row.state == _TAKEN else row
    run = _run(made) if made.state == IntentState.FINISHED else None
    return AttemptStart(
        intent=replace(intent, state=IntentState(made.state)),
        run=run,
        taken=row.state == _TAKEN,
        began=made.began or 0,
    )


def _find(connection: Connection, key: str) -> _Found | None:
    return connection.execute(_FIND, {"of_run": key}).one_or_none()


def _begun(connection: Connection, run_id: str) -> _Found:
    row = _find(connection, run_id)
    if row is None:
        raise StoreError(f"run '{shown(run_id)}' was never begun; report it, with the log")
    return row


def _run(row: _Found) -> ToolRun:
    return read(row.run or b"", ToolRun)


def _end(connection: Connection, run_id: str, state: IntentState, body: bytes | None) -> None:
    connection.execute(_END, {"of_run": run_id, "state": state, "run": body})
