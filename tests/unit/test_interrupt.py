"""The first signal asks a sweep to stop, the second does not wait; afterwards signals are as they were."""

import os
import signal
from collections.abc import Iterable, Iterator

import pytest

from controller.cli.interrupt import GRACE, stops_on_signals
from controller.model.result import Attempt
from controller.model.sweep import HostJob

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped:
    """An executor that remembers how it was stopped."""

    def __init__(self) -> None:
        self.graces: list[float] = []

    def run(self, jobs: Iterable[HostJob]) -> Iterator[Attempt]:
        return iter(())

    def stop(self, grace: float) -> None:
        self.graces.append(grace)


@pytest.fixture(autouse=True)
def marked() -> Iterator[list[int]]:
    """Let each signal only be marked while the test runs, whoever else forgets to take it."""
    marks: list[int] = []
    before = {number: signal.signal(number, lambda got, _: marks.append(got)) for number in SIGNALS}
    yield marks
    for number, action in before.items():
        signal.signal(number, action)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_gives_hosts_under_way_their_grace(number: signal.Signals) -> None:
    executor, written = Stopped(), list[str]()

    with stops_on_signals(executor, written.append) as asked:
        assert (executor.graces, asked.times) == ([], 0)
        send(number)

    assert (executor.graces, asked.times, GRACE) == ([30.0], 1, 30.0)
    assert written == ["\nStopping: no new host begins; those under way have 30 s. Again: at once.\n"]


@pytest.mark.parametrize(
    ("first", "second"), [(SIGNALS[0], SIGNALS[0]), (SIGNALS[0], SIGNALS[1]), (SIGNALS[2], SIGNALS[0])]
)
def test_the_second_signal_does_not_wait(first: signal.Signals, second: signal.Signals) -> None:
    executor, written = Stopped(), list[str]()

    with stops_on_signals(executor, written.append) as asked:
        send(first)
        send(second)

    assert (executor.graces, asked.times) == ([30.0, 0.0], 2)
    assert len(written) == 1


def test_signals_are_as_they_were_afterwards(marked: list[int]) -> None:
    executor = Stopped()
    with pytest.raises(KeyError), stops_on_signals(executor, print):
        raise KeyError

    for number in SIGNALS:
        send(number)

    assert (marked, executor.graces) == (list(SIGNALS), [])


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_our_parent_ignores_stays_ignored(number: signal.Signals) -> None:
    executor = Stopped()
    signal.signal(number, signal.SIG_IGN)

    with stops_on_signals(executor, print) as asked:
        send(number)

    assert (executor.graces, asked.times) == ([], 0)
    assert signal.getsignal(number) is signal.SIG_IGN
