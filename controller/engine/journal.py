"""What the engine asks of whoever keeps the record of starts; `store` implements it, `app` wires it."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

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

    def finish(self, run: ToolRun) -> None:
        """Commit that a run came to its end, and what it left."""
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


class JournaledStarts:
    """The starts of one visit.

    A start of an earlier visit that nobody saw the end of is settled under its old id before there is a new one.
    """

    def __init__(
        self, job: HostJob, journal: Journal, results: Callable[[], Sequence[TaskResult]], clock: Callable[[], datetime]
    ) -> None:
        self._job, self._journal, self._results, self._clock = job, journal, results, clock

    def begin(self, task: int, mode: ToolMode, *, tool: str, sha256: str, roots: tuple[str, ...]) -> ToolRun | str:
        """Return the run of this start when it is over already, else the committed id to start or settle it under."""
        ended = self._journal.finished_runs(self._job.sweep, self._job.host.name, self._job.attempt)
        for intent, run in ended:
            if (intent.task, intent.mode) == (task, mode):
                return run
        for intent in self._journal.open_intents(self._job.sweep, self._job.host.name):
            if (intent.task, intent.mode) == (task, mode):
                if intent.attempt == self._job.attempt or all(each.task != task for each, _ in ended):
                    return intent.run_id
                # A start of an earlier attempt saw nothing of what this attempt has done since.
                self._journal.interrupt(intent.run_id)
        return self._begin(task, mode, tool=tool, sha256=sha256, roots=roots)

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

    def finish(self, run: ToolRun) -> None:
        """Commit that a run came to its end."""
        self._journal.finish(run)

    def interrupt(self, run_id: str) -> None:
        """Commit that a run was torn off midway."""
        self._journal.interrupt(run_id)
