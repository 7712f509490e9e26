"""What an executor is."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from controller.model.result import Attempt
from controller.model.sweep import HostJob

RunHost = Callable[[HostJob], Attempt]


class Executor(Protocol):
    """Turns jobs into attempts and knows nothing else of either.

    The promise, checked by `tests/contract/test_executors.py`: jobs are taken lazily, one attempt comes back for each
    job that was taken, as hosts finish; one slow host holds up no other. A consumer that is slow to take attempts
    holds back new jobs, so that the number of attempts that exist at a time is bounded. Every attempt whose host was
    done before the end of `run` is yielded, also after `stop`; only a consumer that gives up `run` itself loses them,
    and then no new job is taken.
    """

    def run(self, jobs: Iterable[HostJob]) -> Iterator[Attempt]:
        """Yield attempts as they come. Call it once."""
        ...

    def stop(self, grace: float) -> None:
        """Take no new job; end `run` when the last host is done or `grace` seconds are over, whichever comes first.

        Attempts that came back by then are still yielded. Any thread and any signal handler may call it, repeatedly.
        """
        ...
