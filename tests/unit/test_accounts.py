"""An account is never locked by us (decision 22)."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.app.accounts import Accounts
from controller.errors import LineError, Reason
from controller.model.fleet import Host
from tests.builders import NOON, a_host


class Memory:
    """Refusals in memory; the store's own are tested beside it."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, datetime]] = []
        self.asked = 0

    def note_refusal(self, account: str, when: datetime) -> None:
        self.noted.append((account, when))

    def refusals_since(self, account: str, when: datetime) -> int:
        self.asked += 1
        return sum(each == account and at >= when for each, at in self.noted)


class Domain:
    """Refuses every logon and counts them."""

    def __init__(self) -> None:
        self.asked = 0
        self._lock = threading.Lock()

    def refuse(self) -> None:
        with self._lock:
            self.asked += 1
        raise LineError(Reason.LOGIN_REFUSED, "no")


def log_on(accounts: Accounts, host: Host, domain: Domain) -> Reason:
    try:
        with accounts.logon(host):
            domain.refuse()
    except LineError as error:
        return error.reason
    raise AssertionError("the domain let us in")


def shared(name: str = "pc-01") -> Host:
    return a_host(name, user="DOM\\Clean", secret="env:X")


def test_a_wrong_password_on_200_hosts_is_tried_twice() -> None:
    accounts, domain = Accounts(Memory(), lambda: NOON), Domain()
    with ThreadPoolExecutor(32) as pool:
        reasons = list(pool.map(lambda n: log_on(accounts, shared(f"pc-{n}"), domain), range(200)))

    assert domain.asked == 2
    assert reasons.count(Reason.ACCOUNT_STOPPED) == 198


def test_the_spelling_of_an_account_does_not_double_its_budget() -> None:
    accounts, domain = Accounts(Memory(), lambda: NOON), Domain()
    for user in ("dom\\clean", "DOM\\CLEAN", "Dom\\Clean"):
        log_on(accounts, a_host(user=user, secret="env:X"), domain)

    assert domain.asked == 2


def test_refusals_count_for_half_an_hour() -> None:
    memory, domain, now = Memory(), Domain(), [NOON]
    accounts = Accounts(memory, lambda: now[0])
    for _ in range(3):
        log_on(accounts, shared(), domain)
    now[0] += timedelta(minutes=29)
    assert log_on(accounts, shared(), domain) is Reason.ACCOUNT_STOPPED
    now[0] += timedelta(minutes=2)

    assert log_on(accounts, shared(), domain) is Reason.LOGIN_REFUSED


@pytest.mark.parametrize("but", [{"local_account": True}, {"key_file": "/k"}, {"secret": ""}])
def test_keys_and_a_computers_own_account_are_free(but: dict[str, Any]) -> None:
    accounts, domain = Accounts(Memory(), lambda: NOON), Domain()
    for _ in range(5):
        assert log_on(accounts, a_host(**({"user": "x", "secret": "env:X"} | but)), domain) is Reason.LOGIN_REFUSED

    assert domain.asked == 5


def test_a_logon_that_is_not_answered_holds_its_place() -> None:
    accounts, entered, release = Accounts(Memory(), lambda: NOON), threading.Semaphore(0), threading.Event()

    def hang(number: int) -> None:
        with accounts.logon(shared(f"pc-{number}")):
            entered.release()
            release.wait(10)

    with ThreadPoolExecutor(5) as pool:
        for number in range(5):
            pool.submit(hang, number)
        assert entered.acquire(timeout=5)
        assert entered.acquire(timeout=5)
        assert not entered.acquire(timeout=0.2)
        release.set()
        assert all(entered.acquire(timeout=5) for _ in range(3))


def test_who_waits_does_not_ask_the_store_until_a_place_may_be_free() -> None:
    memory = Memory()
    accounts = Accounts(memory, lambda: NOON)

    def log_on_well(number: int) -> None:
        with accounts.logon(shared(f"pc-{number}")):
            pass

    with ThreadPoolExecutor(5) as pool, accounts.logon(shared()), accounts.logon(shared()):
        waiting = [pool.submit(log_on_well, number) for number in range(5)]
        while len(accounts._turn._waiters) < len(waiting):  # type: ignore[attr-defined]
            wait(waiting, timeout=0.01)
        assert memory.asked == 2
        assert not any(each.done() for each in waiting)
    assert memory.asked == 2 + len(waiting)


def test_a_refusal_in_the_middle_of_a_session_counts_too() -> None:
    memory = Memory()
    accounts = Accounts(memory, lambda: NOON)
    for host in (shared(), a_host(key_file="/k")):
        with accounts.logon(host):
            pass
        with pytest.raises(LineError), accounts.session(host):
            raise LineError(Reason.LOGIN_REFUSED)

    assert memory.noted == [("clean", NOON)]


def test_a_host_that_cannot_be_reached_costs_nothing() -> None:
    memory = Memory()
    accounts = Accounts(memory, lambda: NOON)
    for _ in range(3):
        with pytest.raises(LineError), accounts.logon(shared()):
            raise LineError(Reason.REACH_TIMEOUT)

    assert memory.noted == []
