"""One visit to one host: the one place where failure becomes data."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from controller.engine.journal import Journal, JournaledStarts
from controller.engine.line import VisitLine
from controller.errors import HostError, LineError, Reason, StoreError
from controller.model.fleet import Host
from controller.model.playbook import Effect, Module, Task
from controller.model.result import Attempt, Fault, Greeting, Identity, TaskResult, TaskState
from controller.model.sweep import HostJob
from controller.tasks.base import Line, Record, Starts, TaskContext, TaskModule
from controller.tasks.look import kept
from controller.transports.base import Session

log = logging.getLogger(__name__)

_OLDEST_POWERSHELL: Final = (5, 1)

_SKEW: Final = 300
"""Seconds that a host's clock may differ before it is noted (Kerberos gives up there)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What a worker keeps between visits.

    `open_session` logs on; `greet` asks the first question; `recognise` returns notes, and raises when
    another machine than that of the name answered, or may have; `context` makes what a task is handed.
    """

    open_session: Callable[[Host], AbstractContextManager[Session]]
    greet: Callable[[Session, Host], Greeting]
    recognise: Callable[[str, Identity], Sequence[str]]
    context: Callable[[HostJob, Line, Greeting, Starts], TaskContext]
    module: Callable[[Module], TaskModule]
    journal: Journal
    clock: Callable[[], datetime]


def run_host(job: HostJob, worker: WorkerContext) -> Attempt:
    """Return exactly one attempt for `job`, whatever happens."""
    started = worker.clock()
    visit = _Visit(job, worker)
    fault, refused = None, None
    try:
        visit.run()
    except HostError as error:
        fault = Fault(error.reason, error.detail)
        refused = kept(error.raw) if error.raw and visit.greeting is None else None
    except StoreError as error:
        fault = Fault(Reason.HOST_PENDING, str(error))
    except Exception as error:  # one host's bug must not end the sweep
        log.exception("%s: the controller failed", job.host.name)
        fault = Fault(Reason.BUG, f"{type(error).__name__}: {error}")
        visit.break_off(fault)
    return Attempt(
        host=job.host.name,
        number=job.attempt,
        started=started,
        ended=worker.clock(),
        tasks=tuple(visit.results),
        fault=fault,
        identity=visit.greeting.identity if visit.greeting else None,
        notes=tuple(visit.notes),
        refused=refused,
    )


class _Visit:
    """What is known so far of a visit that may end at any line."""

    def __init__(self, job: HostJob, worker: WorkerContext) -> None:
        self._job, self._worker = job, worker
        self.results: list[TaskResult] = list(job.so_far)
        self.greeting: Greeting | None = None
        self.notes: list[str] = []
        self._under_way: tuple[int, Task, Record] | None = None

    def run(self) -> None:
        """Go through the tasks that are not over yet."""
        with VisitLine(lambda: self._worker.open_session(self._job.host), self._meet) as line:
            _require_shell(line.greeting)
            self.notes.extend(_clock_note(line.greeting, self._worker.clock()))
            starts = JournaledStarts(
                self._job,
                self._worker.journal,
                lambda: self.results,
                self._worker.clock,
                machine=line.greeting.identity,
            )
            context = self._worker.context(self._job, line, line.greeting, starts)
            for index, task in enumerate(self._job.tasks):
                if index >= len(self.results):
                    self._do(index, task, replace(context, earlier=self._earlier(), record=Record()))

    def _meet(self, session: Session) -> Greeting:
        """Ask who the host is; what it says is kept even when it is not the one the name stands for."""
        self.greeting = self._worker.greet(session, self._job.host)
        notes = self._worker.recognise(self._job.host.name, self.greeting.identity)
        self.notes.extend(note for note in notes if note not in self.notes)
        return self.greeting

    def break_off(self, fault: Fault, raw: bytes = b"") -> None:
        """End the task under way, if there is one, and keep what it has come to."""
        if self._under_way:
            index, task, record = self._under_way
            self.results.append(_failed(index, task, record, fault, raw))
            self._under_way = None

    def _do(self, index: int, task: Task, context: TaskContext) -> None:
        module = self._worker.module(task.module)
        effect = module.effect(task, apply=self._job.apply)
        if effect is Effect.CHANGE and self._a_change_failed():
            self.results.append(_skipped(index, task))
            return
        self._under_way = index, task, context.record
        try:
            self.results.append(module.run(index, task, context))
            self._under_way = None
        except HostError as error:
            self.break_off(Fault(error.reason, error.detail), error.raw)
            if isinstance(error, LineError):
                raise

    def _earlier(self) -> Sequence[tuple[Task, TaskResult]]:
        return tuple(zip(self._job.tasks, self.results, strict=False))

    def _a_change_failed(self) -> bool:
        return any(
            result.fault and self._worker.module(task.module).effect(task, apply=self._job.apply) is Effect.CHANGE
            for task, result in self._earlier()
        )


def _failed(index: int, task: Task, record: Record, fault: Fault, raw: bytes) -> TaskResult:
    return TaskResult(
        index=index,
        name=task.name,
        state=TaskState.FAILED,
        runs=tuple(record.runs),
        looks=tuple(record.looks),
        fault=fault,
        refused=kept(raw) if raw else None,
    )


def _skipped(index: int, task: Task) -> TaskResult:
    return TaskResult(
        index=index, name=task.name, state=TaskState.SKIPPED, notes=("not begun, since an earlier change failed",)
    )


def _require_shell(greeting: Greeting) -> None:
    """Refuse a PowerShell that our scripts cannot run in: half of an answer would be worse than none.

    The spec of `host` has refused already what is no version, or has thousands of digits.
    """
    if not greeting.powershell:
        return
    version = tuple(int(part) for part in greeting.powershell.split(".")[:2] if part.isdecimal())
    if version < _OLDEST_POWERSHELL:
        raise LineError(Reason.POWERSHELL_OLD, f"it is {greeting.powershell}")
    if greeting.language_mode != "FullLanguage":
        raise LineError(Reason.POWERSHELL_CONSTRAINED, greeting.language_mode)


def _clock_note(greeting: Greeting, now: datetime) -> Sequence[str]:
    off = greeting.clock - int(now.timestamp())
    return (f"its clock is {off:+d} s off",) if abs(off) > _SKEW else ()
