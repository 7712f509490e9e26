"""The full look: what the campaign's playbook owes on a computer, and what is still missing (sections 2, 4 and 8)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from controller.campaign.cases import Case, Status
from controller.campaign.facts import HostFacts
from controller.campaign.questions import answers, cover
from controller.campaign.records import FullLookTask, LookRecord, RunRecord, Weight
from controller.errors import Reason
from controller.model.case import CaseKey, FindingKey

Grounds = Iterator[tuple[Reason, str]]
"""Reasons why nothing may be said of a computer, each with its detail."""

_UNREAD: Final = {Weight.UNREADABLE: Reason.LOOK_UNREAD, Weight.SUSPICIOUS: Reason.MATCH_REVIEW}


class FullLook:
    """The tasks of the campaign's playbook on one computer, with the runs of its current machine that answer them."""

    def __init__(self, facts: HostFacts, tasks: Sequence[FullLookTask], cases: Iterable[Case]) -> None:
        self._facts, self._tasks = facts, tasks
        self._open: frozenset[CaseKey] = frozenset(each.key for each in cases if each.status is not Status.CLOSED)
        self._looks = {task.name: self._looks_of(task) for task in tasks}
        self._runs = {task.name: self._runs_of(task) for task in tasks}
        self.missing = tuple(task for task in tasks if not self._has_complete_run(task))

    @property
    def is_done(self) -> bool:
        """Whether every task has a complete run."""
        return not self.missing

    @property
    def unread(self) -> int:
        """How many single items the newest look of each task could not read."""
        newest = [looks[-1] for looks in self._looks.values() if looks]
        return sum(item.weight is Weight.COUNTED for look in newest for item in look.unread)

    def grounds(self) -> Grounds:
        """Yield every reason that the full look gives for saying nothing."""
        yield from self._missing_grounds()
        yield from self._tool_grounds()
        yield from self._unread_grounds()
        yield from self._coverage_grounds()

    def _looks_of(self, task: FullLookTask) -> tuple[LookRecord, ...]:
        return tuple(
            asked.look
            for asked in self._facts.looks
            if asked.history == self._facts.current and task.question and answers(asked.look.question, task.question)
        )

    def _runs_of(self, task: FullLookTask) -> tuple[RunRecord, ...]:
        return tuple(
            started.run
            for started in self._facts.runs
            if started.history == self._facts.current
            and task.tool
            and started.run.tool == task.tool
            and cover(started.run.roots, task.roots)
        )

    def _has_complete_run(self, task: FullLookTask) -> bool:
        """A look without a stop; a run of a tool that is whole and of which every finding is closed."""
        return any(map(self._facts.is_complete, self._looks[task.name])) or any(
            run.whole and self._open.isdisjoint(FindingKey(run.tool, each.threat, each.object) for each in run.findings)
            for run in self._runs[task.name]
        )

    def _missing_grounds(self) -> Grounds:
        for task in self.missing:
            looks, runs = self._looks[task.name], self._runs[task.name]
            if looks and looks[-1].whole:
                yield Reason.LOOK_STOPPED, f"{task.name}: {', '.join(self._facts.stops(looks[-1]))}"
            elif not (runs and _explains_itself(runs[-1])):
                yield Reason.LOOK_MISSING, task.name

    def _tool_grounds(self) -> Grounds:
        """Interrupted and contradictory runs hold until a later whole run of the same tool over the same roots."""
        own = [started.run for started in self._facts.runs if started.history == self._facts.current]
        for run in own:
            is_settled = any(
                other.tool == run.tool
                and other.whole
                and other.order.is_later_than(run.order)
                and cover(other.roots, run.roots)
                for other in own
            )
            if run.torn and not is_settled:
                yield Reason.CLEAN_INTERRUPTED, run.tool
            if run.contradiction and not is_settled:
                yield Reason.CLEANER_CONTRADICTION, run.tool

    def _unread_grounds(self) -> Grounds:
        """Items that a look of the full look could not open, until a later complete one no longer names them."""
        for task in self._tasks:
            roots = task.question.roots if task.question else ()
            looks = self._looks[task.name]
            for look in looks:
                for item in look.unread:
                    reason = _UNREAD.get(item.weight)
                    is_own = not roots or cover(roots, (item.name,))
                    is_settled = self._facts.is_checked(item.name, item.mark) or any(
                        later.order.is_later_than(look.order)
                        and self._facts.is_complete(later)
                        and item.name not in {each.name for each in later.unread}
                        for later in looks
                    )
                    if reason and is_own and not is_settled:
                        yield reason, item.name

    def _coverage_grounds(self) -> Grounds:
        """Whether what is in force could be seen here at all, and by this computer's own runs of each task."""
        kinds = {kind for kind, _ in self._facts.force}
        seen_kinds = {kind for task in self._tasks for kind in task.sees}
        has_cleaned = any(run.whole for runs in self._runs.values() for run in runs)
        if not kinds & seen_kinds and not has_cleaned:
            yield Reason.LIST_UNSEEN, ", ".join(sorted(kinds - seen_kinds)) or "no list is in force"
        for task in self._tasks:
            complete = [look for look in self._looks[task.name] if self._facts.is_complete(look)]
            collected = {kind for look in complete for kind in look.collected}
            if complete and (lacking := sorted((kinds & task.sees) - collected)):
                yield Reason.LOOK_OUTDATED, f"{task.name}: {', '.join(lacking)}"


def _explains_itself(run: RunRecord) -> bool:
    """Say whether an interruption, a contradiction or an open finding already says why the task has no run."""
    return run.torn or run.contradiction or (run.whole and bool(run.findings))
