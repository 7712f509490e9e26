"""What was visited to its end is committed, whatever the consumer of progress, the disk or the operator does."""

import gc
import threading

import pytest

from controller.app import sweep as sweeps
from controller.engine.executors.serial import SerialExecutor
from controller.engine.executors.threads import WAITING, ThreadExecutor
from controller.model.result import Attempt
from controller.model.sweep import HostJob
from controller.store.ledger import Ledger
from tests.office import Office
from tests.sweeping import begun, clean, course, is_over
from tests.waiting import wait_until


def many(office: Office, count: int) -> None:
    office.invite(*(f"pc-{number:03}" for number in range(count)))


def test_a_consumer_that_does_not_read_delays_no_commit(office: Office, ledger: Ledger) -> None:
    many(office, 60)
    sweep = begun(office, ledger)
    feed = sweeps.visit(course(office, ledger, sweep), ledger, ThreadExecutor(clean, forks=8))

    first = next(feed)
    wait_until(lambda: is_over(ledger))

    assert len(dict([first, *feed])) == 60


@pytest.mark.parametrize("graces", [(30.0,), (30.0, 0.0), (0.0,)])
def test_what_was_visited_to_its_end_is_committed_after_a_stop(
    office: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, graces: tuple[float, ...]
) -> None:
    many(office, 400)
    planned = course(office, ledger, begun(office, ledger))
    visited: list[str] = []
    disk = threading.Event()
    finish = ledger.finish_attempt

    def says(job: HostJob) -> Attempt:
        visited.append(job.host.name)
        return clean(job)

    def slow(sweep: str, attempt: Attempt) -> None:
        disk.wait(10)
        finish(sweep, attempt)

    monkeypatch.setattr(ledger, "finish_attempt", slow)
    executor = ThreadExecutor(says, forks=8)
    feed = sweeps.visit(planned, ledger, executor)
    reading = threading.Thread(target=lambda: list(feed))
    reading.start()
    wait_until(lambda: len(visited) == 8 + WAITING)

    for grace in graces:
        executor.stop(grace)
    disk.set()
    reading.join()

    assert ledger.attempts(planned.sweep.id).keys() == set(visited)
    assert len(visited) == 8 + WAITING
    assert not is_over(ledger)


def test_a_consumer_that_leaves_loses_nothing_that_came_back(office: Office, ledger: Ledger) -> None:
    many(office, 400)
    sweep = begun(office, ledger)
    ended: list[str] = []

    def says(job: HostJob) -> Attempt:
        ended.append(job.host.name)
        return clean(job)

    def leave() -> None:
        for _ in sweeps.visit(course(office, ledger, sweep), ledger, SerialExecutor(says)):
            raise KeyError

    with pytest.raises(KeyError):
        leave()

    assert ledger.attempts(sweep.id).keys() == set(ended)
    assert len(ended) < 400


def test_a_failure_over_one_result_loses_none_that_came_back_behind_it(
    office: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(office, 40)
    sweep = begun(office, ledger)
    ended: list[str] = []
    gate = threading.Event()
    finish = ledger.finish_attempt

    def says(job: HostJob) -> Attempt:
        ended.append(job.host.name)
        return clean(job)

    def fails_once(sweep: str, attempt: Attempt) -> None:
        if not gate.is_set():
            wait_until(lambda: len(ended) == 1 + WAITING)
            gate.set()
            raise KeyError(attempt.host)
        finish(sweep, attempt)

    monkeypatch.setattr(ledger, "finish_attempt", fails_once)

    with pytest.raises(KeyError) as failed:
        dict(sweeps.visit(course(office, ledger, sweep), ledger, ThreadExecutor(says, forks=1)))

    assert ledger.attempts(sweep.id).keys() == set(ended) - {failed.value.args[0]}
    assert len(ended) == 1 + WAITING


def test_the_number_of_results_in_memory_does_not_grow_with_the_fleet(
    office: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(office, 120)
    planned = course(office, ledger, begun(office, ledger))
    kept: list[str] = []
    alive: list[int] = []
    before = attempts_alive()

    def keep(_: str, attempt: Attempt) -> None:
        kept.append(attempt.host)
        if len(kept) % 10 == 0:
            alive.append(attempts_alive() - before)

    monkeypatch.setattr(ledger, "finish_attempt", keep)
    list(sweeps.visit(planned, ledger, ThreadExecutor(clean, forks=4)))

    assert len(kept) == 120
    assert max(alive) <= 4 + WAITING + 2


def attempts_alive() -> int:
    return sum(isinstance(each, Attempt) for each in gc.get_objects())
