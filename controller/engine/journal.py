"""What the engine asks of whoever keeps the record of starts; `store` implements it, `app` wires it."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from controller.errors import HostError, Reason
from controller.model.identity import is_another
from controller.model.intent import AttemptStart, Intent, IntentState, OpenStart
from controller.model.playbook import CleanArguments
from controller.model.result import Identity, TaskResult, ToolMode, ToolRun
from controller.model.sweep import HostJob


class Journal(Protocol):
    """Intent before the first byte; every method returns only after its commit.

    Raises:
        StoreError: the commit failed; no further host or change may begin.

    """

    def begin(self, intent: Intent, so_far: Sequence[TaskResult]) -> bool:
        """Commit that `intent` is about to start, together with every result this attempt has so far.

        False, with nothing committed, while another start on this host is open.
        """
        ...

    def take_over(self, intent: Intent, so_far: Sequence[TaskResult]) -> None:
        """Commit that the attempt of `intent` takes over the start with its run id, which another attempt made."""
        ...

    def finish(self, run: ToolRun) -> ToolRun:
        """Commit that a run came to its end, and what it left.

        Return what is kept of it, with the numbers of its commits: of two who read the same end, the first one counts.
        """
        ...

    def interrupt(self, run_id: str) -> None:
        """Commit that a run was torn off midway, unless its end is known; it is never started again."""
        ...

    def void(self, run_id: str) -> None:
        """Commit that a start never began and never will, unless its end is known."""
        ...

    def open_starts(self, sweep: str, host: str) -> tuple[OpenStart, ...]:
        """Return the starts of `host` in every sweep that have no end yet, oldest first, for whoever runs `sweep`."""
        ...

    def starts_of(self, sweep: str, host: str, attempt: int) -> tuple[AttemptStart, ...]:
        """Return the starts that this attempt made or took over, oldest first."""
        ...


class JournaledStarts:
    """The starts of one visit, and the rules by which starts of other visits are settled before.

    A start is an `Intent` in the store and, on the host, a folder named after its run id. Whoever makes that folder
    starts the program; everybody else only reads there how it stands. In one store a computer has at most one open
    start: `Journal.begin` commits none beside it. The states of a start, and what ends each:

    * begun (open): committed, its end not known. A crash before the start leaves a host without the folder, a crash
      after it a tool that runs on by itself, and a crash before `finish` an end that only the host knows. Each is
      settled by the next visit that would start a tool on this computer, in any sweep: `--resume`, `--retry`, a new
      sweep.
    * finished: a visit read its exit code and log. Final.
    * interrupted: its program is gone and left no exit code, or another machine has the computer's name now. Its own
      attempt is `clean.interrupted`, however often it is resumed; `--retry` or a new sweep makes a new start. Final,
      except that an end which a second process had read by then still becomes `finished`.
    * void: the host does not know it, and no visit that may start it asks for it. The host keeps a folder in its
      place, so that a start that is still on its way cannot begin. Its own attempt makes a new start. Final.

    `begin` looks at the open starts, oldest first. One that is this attempt's own is given back, and started again
    under its id: that is harmless, as above. One with the same tool (program, tool.yaml and cleaner), mode and roots is
    taken over: it counts for this attempt, too, while its own attempt keeps it, with the results committed then; both
    may read its end, and the first one is kept. It is not taken over when this attempt has run this task's tool
    already, for then it saw nothing of that. Any other is returned as an `OpenStart`: the caller waits for its end
    on the host, commits that with the start itself, and asks again. Torn, it is interrupted; absent, it is void.

    A start is held while its visit has no end and a living process holds its sweep (`controller.store.lock`). A held
    one is never taken over and never made void. It is waited for: on the host while it runs, and in the store until
    that process has started it. Both processes may read its end, as above. When the process dies, the lock falls free,
    and the rules for starts that are not held apply.
    """

    def __init__(
        self,
        job: HostJob,
        journal: Journal,
        results: Callable[[], Sequence[TaskResult]],
        clock: Callable[[], datetime],
        *,
        machine: Identity,
    ) -> None:
        self._job, self._journal, self._results, self._clock = job, journal, results, clock
        self._machine = machine

    def begin(self, task: int, mode: ToolMode, arguments: CleanArguments) -> ToolRun | str | OpenStart:
        """Return the run of this start when it is over already, else the committed id to start or settle it under.

        An `OpenStart` must be settled first; ask again then.

        Raises:
            HostError: `clean.interrupted`; it was torn off in this attempt.

        """
        while True:
            mine = self._journal.starts_of(self._job.sweep, self._job.host.name, self._job.attempt)
            same = [each for each in mine if (each.intent.task, each.intent.mode) == (task, mode)]
            if run := next((each.run for each in same if each.run), None):
                return run
            _refuse_interrupted(same)
            intent = self._intent(task, mode, arguments)
            is_first = not any(each.run and each.intent.task == task for each in mine)
            found = self._settled(intent, arguments, {each.intent.run_id for each in same}, is_first=is_first)
            if found or self._journal.begin(intent, self._results()):
                return found or intent.run_id

    def _settled(
        self, intent: Intent, arguments: CleanArguments, same: set[str], *, is_first: bool
    ) -> str | OpenStart | None:
        """Return the open start that stands for `intent` or must be settled before it; None when there is none."""
        own: str | None = None
        for start in self._journal.open_starts(self._job.sweep, self._job.host.name):
            run_id, machine = start.intent.run_id, start.intent.machine
            if machine and is_another(machine, self._machine):
                self._journal.interrupt(run_id)
                if run_id in same:
                    raise HostError(Reason.CLEAN_INTERRUPTED, f"run {run_id}; another machine has this name now")
            elif run_id in same:
                own = run_id
            elif own is None and is_first and not start.held and _asks_the_same(start, intent, arguments):
                self._journal.take_over(replace(intent, run_id=run_id), self._results())
                own = run_id
            else:
                return start
        return own

    def _intent(self, task: int, mode: ToolMode, arguments: CleanArguments) -> Intent:
        job, tool = self._job, arguments.tool
        return Intent(
            run_id=secrets.token_hex(16),
            sweep=job.sweep,
            host=job.host.name,
            attempt=job.attempt,
            task=task,
            tool=tool.name,
            sha256=tool.sha256,
            mode=mode,
            roots=tuple(arguments.roots.get(job.host.platform, ())),
            begun=self._clock(),
            machine=self._machine,
        )

    def finish(self, run: ToolRun) -> ToolRun:
        """Commit that a run came to its end; return what is kept of it, with the numbers of its commits."""
        return self._journal.finish(run)

    def interrupt(self, run_id: str) -> None:
        """Commit that a run was torn off midway."""
        self._journal.interrupt(run_id)

    def void(self, run_id: str) -> None:
        """Commit that a start never began and never will."""
        self._journal.void(run_id)


def _refuse_interrupted(starts: Iterable[AttemptStart]) -> None:
    for each in starts:
        if each.intent.state is IntentState.INTERRUPTED and not each.taken:
            raise HostError(Reason.CLEAN_INTERRUPTED, f"run {each.intent.run_id}")


def _asks_the_same(start: OpenStart, intent: Intent, arguments: CleanArguments) -> bool:
    """Whether the end of `start` answers `intent`: the same program, called and read alike, over the same roots."""
    theirs, ours = start.arguments, arguments
    same_tool = (theirs.cleaner, theirs.tool.digest) == (ours.cleaner, ours.tool.digest)
    asked = start.intent
    return same_tool and (asked.sha256, asked.mode, asked.roots) == (intent.sha256, intent.mode, intent.roots)
