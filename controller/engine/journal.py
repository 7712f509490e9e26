"""What the engine asks of whoever keeps the record of starts; `store` implements it, `app` wires it."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from controller.errors import HostError, Reason
from controller.model.intent import Intent
from controller.model.result import TaskResult, ToolMode, ToolRun
from controller.model.sweep import HostJob


class Journal(Protocol):
    """Intent before the first byte; every method returns only after its commit.

    Raises:
        StoreError: the commit failed; no further host or change may begin.

    """

    def begin(self, intent: Intent, so_far: Sequence[TaskResult]) -> None:
        """Commit that `intent` is about to start, together with every result this attempt has so far."""
        ...

    def adopt(self, run_id: str, attempt: int, so_far: Sequence[TaskResult], when: datetime) -> None:
        """Commit that a start of an earlier attempt is settled in `attempt`: it is one of its own from now on."""
        ...

    def finish(self, run: ToolRun) -> ToolRun:
        """Commit that a run came to its end, and what it left; return it with the numbers of its commits."""
        ...

    def interrupt(self, run_id: str) -> None:
        """Commit that a run was torn off midway; it is never started again under this id."""
        ...

    def open_intents(self, sweep: str, host: str) -> tuple[Intent, ...]:
        """Return the starts of this host in this sweep that are neither finished nor interrupted, oldest first."""
        ...

    def finished_runs(self, sweep: str, host: str, attempt: int) -> tuple[tuple[Intent, ToolRun], ...]:
        """Return the starts of this attempt that came to their end, oldest first."""
        ...

    def interrupted_starts(self, sweep: str, host: str, attempt: int) -> tuple[Intent, ...]:
        """Return the starts of this attempt that were torn off, oldest first."""
        ...


class JournaledStarts:
    """The starts of one visit.

    A start of an earlier visit that nobody saw the end of is settled under its old id before there is a new one.
    One that was torn off stays so in its attempt, however often that is resumed: only a retry begins anew.
    """

    def __init__(
        self, job: HostJob, journal: Journal, results: Callable[[], Sequence[TaskResult]], clock: Callable[[], datetime]
    ) -> None:
        self._job, self._journal, self._results, self._clock = job, journal, results, clock

    def begin(self, task: int, mode: ToolMode, *, tool: str, sha256: str, roots: tuple[str, ...]) -> ToolRun | str:
        """Return the run of this start when it is over already, else the committed id to start or settle it under.

        Raises:
            HostError: `clean.interrupted`; it was torn off in this attempt.

        """
        of_attempt = self._job.sweep, self._job.host.name, self._job.attempt
        ended = self._journal.finished_runs(*of_attempt)
        for intent, run in ended:
            if (intent.task, intent.mode) == (task, mode):
                return run
        for intent in self._journal.interrupted_starts(*of_attempt):
            if (intent.task, intent.mode) == (task, mode):
                raise HostError(Reason.CLEAN_INTERRUPTED, f"run {intent.run_id}")
        settled = self._settled(task, mode, is_first=all(intent.task != task for intent, _ in ended))
        return settled or self._begin(task, mode, tool=tool, sha256=sha256, roots=roots)

    def _settled(self, task: int, mode: ToolMode, *, is_first: bool) -> str | None:
        """The start that is still open and stands for this one; `is_first` when the attempt has none of the task."""
        for intent in self._journal.open_intents(self._job.sweep, self._job.host.name):
            if (intent.task, intent.mode) == (task, mode):
                if intent.attempt == self._job.attempt:
                    return intent.run_id
                if is_first:
                    self._journal.adopt(intent.run_id, self._job.attempt, self._results(), self._clock())
                    return intent.run_id
                # It saw nothing of what this attempt has done since, so it must not stand for a look at that.
                self._journal.interrupt(intent.run_id)
        return None

    def _begin(self, task: int, mode: ToolMode, *, tool: str, sha256: str, roots: tuple[str, ...]) -> str:
        intent = Intent(
            run_id=secrets.token_hex(16),
            sweep=self._job.sweep,
            host=self._job.host.name,
            attempt=self._job.attempt,
            task=task,
            tool=tool,
            sha256=sha256,
            mode=mode,
            roots=roots,
            begun=self._clock(),
        )
        self._journal.begin(intent, self._results())
        return intent.run_id

    def finish(self, run: ToolRun) -> ToolRun:
        """Commit that a run came to its end, and return it with the numbers of its commits."""
        return self._journal.finish(run)

    def interrupt(self, run_id: str) -> None:
        """Commit that a run was torn off midway."""
        self._journal.interrupt(run_id)
