"""What an executor is."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from controller.model.result import Attempt
from controller.model.sweep import HostJob

RunHost = Callable[[HostJob], Attempt]


class Executor(Protocol):
    """Turns jobs into attempts and knows nothing else of either.

    The promise, checked by `tests/contract/test_executors.py`: jobs are taken lazily, one attempt comes
    back for each job that was taken, as hosts finish; one slow host holds nobody.
    """

    def run(self, jobs: Iterable[HostJob]) -> Iterator[Attempt]:
        """Yield attempts as they come."""
        ...

    def stop(self, grace: float) -> None:
        """Take no new job; end `run` when the last host is done or `grace` seconds are over, whichever comes first."""
        ...
