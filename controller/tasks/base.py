"""What a task module is, and what it is handed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from controller.cleaners.base import Cleaner
from controller.model.collector import Collector
from controller.model.fleet import Host
from controller.model.indicator import Match, Observation
from controller.model.intent import OpenStart
from controller.model.playbook import CleanArguments, Effect, Task
from controller.model.result import Greeting, Look, TaskResult, ToolMode, ToolRun
from controller.transports.base import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The IOC lists of one task: their digests, and their matcher."""

    digests: tuple[str, ...]
    match: Callable[[Iterable[Observation]], Iterator[Match]]


class Starts(Protocol):
    """The record of starts on this host: every start has an id that was committed before its first byte."""

    def begin(self, task: int, mode: ToolMode, arguments: CleanArguments) -> ToolRun | str | OpenStart:
        """Return the run of this start when it is over already, else the id to start or settle it under.

        An `OpenStart` is another visit's: it must be settled first, by `finish`, `interrupt` or `void`.

        Raises:
            HostError: `clean.interrupted`; it was torn off before, and only a retry may begin anew.

        """
        ...

    def finish(self, run: ToolRun) -> ToolRun:
        """Commit that a run came to its end; return what is kept of it, with the numbers of its commits."""
        ...

    def interrupt(self, run_id: str) -> None:
        """Commit that a run was torn off midway."""
        ...

    def void(self, run_id: str) -> None:
        """Commit that a start never began and never will."""
        ...


class Line(Session, Protocol):
    """A session that may be opened again after it broke.

    `greeting` is the machine's answer to the first question of the session that is open now.
    """

    @property
    def greeting(self) -> Greeting:
        """The newest answer to the first question."""
        ...

    def reopen(self) -> None:
        """Log on again to the same machine.

        Raises:
            LineError: it cannot be reached, refuses us, or is another machine (`identity.mismatch`).

        """
        ...


@dataclass(slots=True)
class Record:
    """What a task has come to so far; kept even when the task ends in an error."""

    runs: list[ToolRun] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """Everything one task needs of the visit it is part of: nothing global, nothing hidden.

    `collector` finds a collector by name, `judging` the IOC lists by their names (none: all of the play's),
    `cleaner` an adapter by name. `earlier` are the tasks of this visit that are over, with their results.
    `pushed` are the SHA-256 of the files we place on hosts ourselves. `latest_commit` returns the number of the newest
    commit of the store; asked right before a script is sent, it places the look in the order of all sweeps.
    """

    session: Line
    host: Host
    apply: bool
    greeting: Greeting
    collector: Callable[[str], Collector]
    judging: Callable[[tuple[str, ...]], Judging]
    cleaner: Callable[[str], Cleaner]
    starts: Starts
    latest_commit: Callable[[], int]
    record: Record = field(default_factory=Record)
    earlier: Sequence[tuple[Task, TaskResult]] = ()
    pushed: frozenset[str] = frozenset()


class TaskModule(Protocol):
    """One verb. It may raise `HostError`; what it had by then stands in `context.record`."""

    def effect(self, task: Task, *, apply: bool) -> Effect:
        """Say whether `task` would alter the host."""
        ...

    def run(self, index: int, task: Task, context: TaskContext) -> TaskResult:
        """Do `task`, the `index`-th of the playbook, on the host behind `context.session`."""
        ...
