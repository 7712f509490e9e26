"""Threads of this process; right for some ten thousand hosts."""

import time
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from controller.engine.executors.base import RunHost
from controller.model.result import Attempt
from controller.model.sweep import HostJob

_TICK = 0.2
"""Seconds between two looks at whether we were asked to stop."""


class ThreadExecutor:
    """Visits `forks` hosts at a time.

    Its threads are daemons: one that hangs in a library's call must not hold the process at its end.
    """

    def __init__(self, run_host: RunHost, *, forks: int) -> None:
        self._run_host, self._forks = run_host, forks
        self._lock = Lock()
        self._stopped = False
        self._deadline = float("inf")

    def run(self, jobs: Iterable[HostJob]) -> Iterator[Attempt]:
        """Yield each attempt as soon as its host is done."""
        source, results = iter(jobs), SimpleQueue[Attempt | None]()
        for number in range(self._forks):
            Thread(target=self._work, args=(source, results), name=f"host-{number}", daemon=True).start()
        working = self._forks
        while working and time.monotonic() < self._deadline:
            try:
                result = results.get(timeout=_TICK)
            except Empty:
                continue
            if result is None:
                working -= 1
            else:
                yield result

    def stop(self, grace: float) -> None:
        """Take no new job; wait `grace` seconds for those under way."""
        self._stopped = True
        self._deadline = time.monotonic() + grace

    def _work(self, source: Iterator[HostJob], results: SimpleQueue[Attempt | None]) -> None:
        try:
            while (job := self._next(source)) is not None:
                results.put(self._run_host(job))
        finally:
            results.put(None)

    def _next(self, source: Iterator[HostJob]) -> HostJob | None:
        with self._lock:
            return None if self._stopped else next(source, None)
