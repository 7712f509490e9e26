"""Judge all hosts of a sweep from what the store holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from controller.errors import Reason
from controller.model.identity import taken_over
from controller.model.playbook import Task
from controller.model.result import Attempt, Fault, TaskResult, TaskState, ToolRun
from controller.model.sweep import OpenAttempt
from controller.model.verdict import Judgement, Verdict, judge
from controller.store.ledger import Ledger

_REPLACED: Final = "lamsach identity accept began a new history; visit it with --retry unknown"


def judged(ledger: Ledger, sweep: str) -> Mapping[str, Judgement]:
    """Return what may be said of each host that has an attempt."""
    return judged_attempts(attempts_of(ledger, sweep), ledger.identity_changes())


def judged_attempts(attempts: Mapping[str, Sequence[Attempt]], changes: Mapping[str, int]) -> Mapping[str, Judgement]:
    """Judge each host by the attempts at its present machine.

    `changes` are the commit numbers of the newest `lamsach identity accept` of each host: attempts at the machine
    before it say nothing about the one after it. A machine that a later visit met under another name is judged there.
    """
    current = {host: _since(changes.get(host, 0), visits) for host, visits in attempts.items()}
    moved = taken_over(current)
    return {host: _judged(attempts[host], visits, moved.get(host)) for host, visits in current.items()}


def attempts_of(ledger: Ledger, sweep: str) -> Mapping[str, tuple[Attempt, ...]]:
    """Return the attempts of every host of a sweep, oldest first, with all that the store holds of each.

    An attempt without end is there with the results that its starts committed, and the fault `visit.open`. A run
    whose end became known after its attempt, or was read by another sweep, stands in the task that began it.
    """
    found = {host: list(attempts) for host, attempts in ledger.attempts(sweep).items()}
    for each in ledger.open_attempts(sweep):
        visits = found.setdefault(each.host, [])
        visits.append(_without_end(each, visits))
    runs = (run.run_id for visits in found.values() for each in visits for task in each.tasks for run in task.runs)
    beside = ledger.runs_beside(sweep, frozenset(runs))
    tasks = ledger.sweep(sweep).playbook.tasks if beside else ()
    for intent, run in beside:
        visits = found[intent.host]
        place = next(place for place, each in enumerate(visits) if each.number == intent.attempt)
        visits[place] = _with_run(visits[place], intent.task, tasks[intent.task], run)
    return {host: tuple(visits) for host, visits in found.items()}


def _without_end(broken_off: OpenAttempt, earlier: Sequence[Attempt]) -> Attempt:
    """The attempt as it was committed; which machine it met was not, so the last one that is known counts."""
    return Attempt(
        host=broken_off.host,
        number=broken_off.number,
        started=broken_off.begun,
        ended=broken_off.begun,
        tasks=broken_off.so_far,
        fault=Fault(Reason.VISIT_OPEN),
        identity=earlier[-1].identity if earlier else None,
        began=broken_off.began,
        committed=earlier[-1].committed if earlier else 0,  # when that machine was met
    )


def _with_run(attempt: Attempt, index: int, task: Task, run: ToolRun) -> Attempt:
    """Add a run to the task that began it, which may have no result yet."""
    tasks = {each.index: each for each in attempt.tasks}
    result = tasks.get(index) or TaskResult(index=index, name=task.name, state=TaskState.FAILED, fault=attempt.fault)
    tasks[index] = replace(result, runs=(*result.runs, run))
    return replace(attempt, tasks=tuple(tasks[each] for each in sorted(tasks)))


def _judged(every: Sequence[Attempt], current: Sequence[Attempt], other: str | None) -> Judgement:
    if other:
        return Judgement(verdict=Verdict.UNKNOWN, reason=Reason.IDENTITY_TWICE, detail=f"it is '{other}' too")
    if every and not current:
        return Judgement(verdict=Verdict.UNKNOWN, reason=Reason.HOST_PENDING, detail=_REPLACED)
    return judge(current)


def _since(change: int, visits: Sequence[Attempt]) -> Sequence[Attempt]:
    return [visit for visit in visits if _began(visit) >= change]


def _began(visit: Attempt) -> int:
    """Return a commit number from before anything of the visit was asked; `Attempt.began` alone may be too late."""
    looks = (look.began for look in visit.looks)
    runs = (run.began for task in visit.tasks for run in task.runs)
    return min((visit.began, *looks, *runs))
