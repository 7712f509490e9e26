"""One host after another; for tests, and for watching a problem closely."""

from collections.abc import Iterable, Iterator

from controller.engine.executors.base import RunHost
from controller.model.result import Attempt
from controller.model.sweep import HostJob


class SerialExecutor:
    """The simplest thing that keeps the promise."""

    def __init__(self, run_host: RunHost) -> None:
        self._run_host = run_host
        self._stopped = False

    def run(self, jobs: Iterable[HostJob]) -> Iterator[Attempt]:
        """Yield attempts in the order of `jobs`."""
        for job in jobs:
            yield self._run_host(job)
            if self._stopped:
                return

    def stop(self, grace: float) -> None:  # noqa: ARG002 - nothing runs while nobody asks
        """Take no new job."""
        self._stopped = True
