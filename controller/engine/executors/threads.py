"""Threads of this process; right for some ten thousand hosts."""

import time
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Final

from controller.engine.executors.base import RunHost
from controller.model.result import Attempt
from controller.model.sweep import HostJob

WAITING: Final = 16
"""Finished attempts that may wait to be taken while every thread makes one more. An attempt can hold megabytes."""

_TICK: Final = 0.2
"""Seconds between two looks at whether we were asked to stop."""


class ThreadExecutor:
    """Visits `forks` hosts at a time.

    Theory of operation: a thread needs a permit to take a job, and the permit is free again when the attempt of that
    job was taken from `run` and dealt with. There are `forks + WAITING` permits, so no more attempts than that exist
    at a time, however slow the consumer is. A thread waits only before it takes a job, never with a finished attempt
    in its hands: `run` can therefore hand out everything that came back without waiting for any thread. `stop` only
    sets flags, so that a signal handler may call it.

    Its threads are daemons: one that hangs in a library's call must not hold the process at its end.
    """

    def __init__(self, run_host: RunHost, *, forks: int) -> None:
        self._run_host, self._forks = run_host, forks
        self._lock = Lock()
        self._permits = Semaphore(forks + WAITING)
        self._results = SimpleQueue[Attempt | None]()
        self._stopped = False
        self._deadline = float("inf")

    def run(self, jobs: Iterable[HostJob]) -> Iterator[Attempt]:
        """Yield each attempt as soon as its host is done."""
        source, working = iter(jobs), self._forks
        for number in range(self._forks):
            Thread(target=self._work, args=(source,), name=f"host-{number}", daemon=True).start()
        try:
            while working:
                left = self._deadline - time.monotonic()
                try:
                    attempt = self._results.get(timeout=max(0.0, min(_TICK, left)))
                except Empty:
                    if left <= 0:
                        return
                    continue
                if attempt is None:
                    working -= 1
                    continue
                yield attempt
                del attempt
                self._permits.release()
        finally:
            self._stopped = True
            self._permits.release(self._forks)  # threads that wait for a permit see that it is over

    def stop(self, grace: float) -> None:
        """Take no new job; wait `grace` seconds for those under way. A later call can only shorten the wait."""
        self._stopped = True
        self._deadline = min(self._deadline, time.monotonic() + grace)

    def _work(self, source: Iterator[HostJob]) -> None:
        try:
            while self._permits.acquire() and (job := self._next(source)) is not None:
                self._results.put(self._run_host(job))
        finally:
            self._results.put(None)

    def _next(self, source: Iterator[HostJob]) -> HostJob | None:
        with self._lock:
            return None if self._stopped else next(source, None)
