"""Everything that the store holds of the visits to one computer, over all sweeps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, case, func, select

from controller.errors import Reason
from controller.model.intent import AttemptStart, IntentState
from controller.model.playbook import Task
from controller.model.result import Attempt, Fault, TaskResult, TaskState, ToolRun
from controller.model.sweep import Visit
from controller.store import attempts, journal, sweeps
from controller.store.columns import read
from controller.store.tables import attempt as table
from controller.store.tables import decision, intent

_OF_HOST: Final = select(table).where(table.c.host == bindparam("of_host")).order_by(table.c.id)
_SO_FAR: Final = (
    select(intent.c.so_far).where(intent.c.attempt == bindparam("of_attempt")).order_by(intent.c.id.desc()).limit(1)
)
_VISITS: Final = select(
    table.c.host,
    func.count().label("visits"),
    func.count(table.c.committed).label("ended"),
    func.max(table.c.committed),
).group_by(table.c.host)
_STARTS: Final = (
    select(
        table.c.host,
        func.count(),
        *(func.sum(case((intent.c.state == state, 1), else_=0)) for state in (IntentState.BEGUN, IntentState.FINISHED)),
    )
    .join_from(intent, table)
    .group_by(table.c.host)
)
_DECISIONS: Final = select(decision.c.host, func.max(decision.c.committed)).group_by(decision.c.host)

_Found = Row[*tuple[Any, ...]]


def of_host(connection: Connection, host: str) -> tuple[Visit, ...]:
    """Return the visits of a computer in the order in which they were begun, those without end included.

    A visit without end has the results that its starts committed, the fault `visit.open`, and the machine that its
    newest start was given to. A run whose end was read after its visit had ended is in the task that began it, or in
    that of the visit that took it over.
    """
    found: list[Visit] = []
    rows = connection.execute(_OF_HOST, {"of_host": host}).all()
    starts = {row.id: journal.of_attempt(connection, row.sweep, host, row.number) for row in rows}
    taken = {each.intent.run_id for of_visit in starts.values() for each in of_visit if each.taken}
    for row in rows:
        own = [each for each in starts[row.id] if each.taken or each.intent.run_id not in taken]
        attempt = _with_runs(connection, _attempt(connection, row, starts[row.id]), row, own)
        found.append(Visit(sweep=row.sweep, row=row.id, attempt=attempt, starts=starts[row.id]))
    return tuple(found)


def stamps(connection: Connection) -> Mapping[str, tuple[int, ...]]:
    """Return for each computer numbers that change with its visits, its starts and the decisions about it."""
    decided = dict(iter(connection.execute(_DECISIONS)))
    started = {host: tuple(numbers) for host, *numbers in connection.execute(_STARTS)}
    return {
        host: (*numbers, *started.get(host, ()), decided.get(host, 0)) for host, *numbers in connection.execute(_VISITS)
    }


def newest_end(connection: Connection) -> datetime | None:
    """Return when the newest visit ended."""
    found: datetime | None = connection.scalar(select(func.max(table.c.ended)))
    return found


def _attempt(connection: Connection, row: _Found, starts: Sequence[AttemptStart]) -> Attempt:
    if row.body is not None:
        return attempts.of_row(row)
    so_far = connection.scalar(_SO_FAR, {"of_attempt": row.id})
    machines = [each.intent.machine for each in starts if each.intent.machine]
    return Attempt(
        host=row.host,
        number=row.number,
        started=row.begun,
        ended=row.begun,
        tasks=read(so_far, tuple[TaskResult, ...]) if so_far is not None else (),
        fault=Fault(Reason.VISIT_OPEN),
        identity=machines[-1] if machines else None,
        began=row.began,
        committed=row.began,
    )


def _with_runs(connection: Connection, attempt: Attempt, row: _Found, starts: Sequence[AttemptStart]) -> Attempt:
    known = {run.run_id for task in attempt.tasks for run in task.runs}
    late = [(start.intent.task, start.run) for start in starts if start.run and start.run.run_id not in known]
    if not late:
        return attempt
    names = sweeps.fetch(connection, row.sweep).playbook.tasks
    return replace(attempt, tasks=tuple(_completed(attempt, names, late)))


def _completed(attempt: Attempt, tasks: Sequence[Task], late: Sequence[tuple[int, ToolRun]]) -> Iterator[TaskResult]:
    """Yield the results of the tasks with the runs that ended later; a task may have no result yet."""
    results = {each.index: each for each in attempt.tasks}
    for index, run in late:
        empty = TaskResult(index=index, name=tasks[index].name, state=TaskState.FAILED, fault=attempt.fault)
        result = results.get(index, empty)
        results[index] = replace(result, runs=(*result.runs, run))
    yield from (results[index] for index in sorted(results))
