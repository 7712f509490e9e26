"""Every executor keeps the promise in `engine/executors/base.py`."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from controller.engine.executors.base import Executor, RunHost
from controller.engine.executors.serial import SerialExecutor
from controller.engine.executors.threads import WAITING, ThreadExecutor
from controller.model.result import Attempt
from controller.model.sweep import HostJob
from tests.builders import a_host, a_job, an_attempt
from tests.waiting import wait_until

Make = Callable[[RunHost], Executor]
FORKS = 4


@pytest.fixture(params=["serial", "threads"])
def make(request: pytest.FixtureRequest) -> Make:
    return SerialExecutor if request.param == "serial" else lambda run_host: ThreadExecutor(run_host, forks=FORKS)


def workers() -> list[threading.Thread]:
    """Return the threads of executors that have not ended."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("host-")]


def ok(job: HostJob) -> Attempt:
    return an_attempt(host=job.host.name)


def jobs(count: int) -> list[HostJob]:
    return [a_job(host=a_host(f"pc-{number:02}")) for number in range(count)]


def test_one_attempt_for_each_job(make: Make) -> None:
    names = [attempt.host for attempt in make(ok).run(jobs(25))]

    assert sorted(names) == [job.host.name for job in jobs(25)]


def test_no_jobs_no_attempts(make: Make) -> None:
    assert list(make(ok).run([])) == []


def test_jobs_are_taken_lazily(make: Make) -> None:
    taken: list[str] = []

    def source() -> Iterator[HostJob]:
        for job in jobs(100):
            taken.append(job.host.name)
            yield job

    gate = threading.Semaphore(3)

    def run_host(job: HostJob) -> Attempt:
        gate.acquire(timeout=10)
        return ok(job)

    executor = make(run_host)
    running = executor.run(source())
    for _ in range(3):
        next(running)

    assert len(taken) < 20
    gate.release(1000)
    assert len(list(running)) == 97


def test_after_stop_no_new_job_is_taken_and_those_under_way_come_back(make: Make) -> None:
    begun: list[str] = []

    def run_host(job: HostJob) -> Attempt:
        begun.append(job.host.name)
        time.sleep(0.05)
        return ok(job)

    executor = make(run_host)
    running = executor.run(jobs(200))
    first = next(running)
    executor.stop(grace=10)
    back = [first, *running]

    assert {attempt.host for attempt in back} == set(begun)
    assert len(begun) < 50


def test_one_slow_host_holds_nobody() -> None:
    release = threading.Event()

    def run_host(job: HostJob) -> Attempt:
        if job.host.name == "pc-00":
            release.wait(10)
        return ok(job)

    running = ThreadExecutor(run_host, forks=2).run(jobs(20))
    early = [next(running).host for _ in range(19)]
    release.set()

    assert "pc-00" not in early
    assert [attempt.host for attempt in running] == ["pc-00"]


def test_a_host_that_never_ends_does_not_outlast_the_grace() -> None:
    forever = threading.Event()

    def run_host(job: HostJob) -> Attempt:
        if job.host.name == "pc-00":
            forever.wait(30)
        return ok(job)

    executor = ThreadExecutor(run_host, forks=2)
    running = executor.run(jobs(2))
    assert next(running).host == "pc-01"
    executor.stop(grace=0.1)
    begun = time.monotonic()

    assert list(running) == []
    assert time.monotonic() - begun < 5
    forever.set()


def test_a_consumer_that_sleeps_holds_back_new_jobs_and_gets_every_attempt(make: Make) -> None:
    taken: list[str] = []
    most = 0

    def source() -> Iterator[HostJob]:
        for job in jobs(90):
            taken.append(job.host.name)
            yield job

    names = []
    for attempt in make(ok).run(source()):
        time.sleep(0.002)
        names.append(attempt.host)
        most = max(most, len(taken) - len(names))

    assert sorted(names) == [job.host.name for job in jobs(90)]
    assert most <= FORKS + WAITING + 2


def stalled(begun: list[str]) -> tuple[Executor, Iterator[Attempt]]:
    """Make an executor whose queue is full and whose threads all wait; the consumer has taken one attempt."""

    def run_host(job: HostJob) -> Attempt:
        begun.append(job.host.name)
        return ok(job)

    executor = ThreadExecutor(run_host, forks=FORKS)
    running = executor.run(jobs(90))
    begun.remove(next(running).host)
    wait_until(lambda: len(begun) == FORKS + WAITING - 1)
    return executor, running


@pytest.mark.parametrize("graces", [(10.0,), (0.0,), (10.0, 0.0), (0.0, 10.0)])
def test_after_stop_every_attempt_that_waits_is_still_handed_over(graces: tuple[float, ...]) -> None:
    begun: list[str] = []
    executor, running = stalled(begun)

    for grace in graces:
        executor.stop(grace)
    time.sleep(0.01)  # the grace of nothing is over
    back = [attempt.host for attempt in running]

    assert sorted(back) == sorted(begun)
    assert len(back) == FORKS + WAITING - 1
    wait_until(lambda: not workers())


def test_a_stop_leaves_no_thread_waiting_for_a_consumer_that_never_comes_back() -> None:
    begun: list[str] = []
    executor, running = stalled(begun)

    executor.stop(0.0)
    with closing(running):  # type: ignore[type-var]  # it is a generator; the promise names an iterator
        pass

    wait_until(lambda: not workers())
    assert len(begun) == FORKS + WAITING - 1


def test_a_consumer_that_raises_ends_the_taking_of_jobs(make: Make) -> None:
    begun: list[str] = []

    def run_host(job: HostJob) -> Attempt:
        begun.append(job.host.name)
        time.sleep(0.001)
        return ok(job)

    def consume() -> None:
        for _ in make(run_host).run(jobs(200)):
            raise KeyError

    with pytest.raises(KeyError):
        consume()

    wait_until(lambda: not workers())
    assert len(begun) <= FORKS + WAITING
