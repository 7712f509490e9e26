"""An account is never locked by us: the rules of `controller.app.accounts`, over a real store."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.app.accounts import LONGEST, MOST_AT_ONCE, WINDOW, Accounts
from controller.errors import LineError, Reason
from controller.model.fleet import Host, Secret
from controller.store.ledger import Ledger
from tests.builders import NOON, a_host

RIGHT, WRONG = Secret("right"), Secret("wrong")
MINUTE = timedelta(minutes=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


class Site:
    """A store, a clock, and as many programs at once as a test wants."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self._opened: list[tuple[object, Ledger]] = []

    def program(self, budget: int = 2) -> Accounts:
        """Start another program on the store: it shares no memory with the others."""
        opening = Ledger.open(self.path)
        self._opened.append((opening, opening.__enter__()))
        return Accounts(self._opened[-1][1], self.clock, budget=budget)

    def close(self) -> None:
        for opening, _ in self._opened:
            opening.__exit__(None, None, None)  # type: ignore[attr-defined]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "store.db")
    yield site
    site.close()


def shared(name: str = "pc-01", user: str = "CUC\\quantri") -> Host:
    return a_host(name, user=user, secret="env:X")


def ended(accounts: Accounts, reason: Reason | None, host: Host | None = None, secret: Secret = WRONG) -> Reason | None:
    """Log on to a host that ends the logon so; return what the visit comes to."""
    try:
        with accounts.logon(host or shared(), secret):
            answer(reason)
    except LineError as error:
        return error.reason
    return None


def answer(reason: Reason | None) -> None:
    if reason:
        raise LineError(reason)


def refused(accounts: Accounts, host: Host | None = None, secret: Secret = WRONG) -> Reason | None:
    return ended(accounts, Reason.LOGIN_REFUSED, host, secret)


def accepted(accounts: Accounts, host: Host | None = None, secret: Secret = RIGHT) -> Reason | None:
    return ended(accounts, None, host, secret)


def unanswered(accounts: Accounts, host: Host | None = None, secret: Secret = WRONG) -> Reason | None:
    return ended(accounts, Reason.LOGIN_UNANSWERED, host, secret)


class Held:
    """Logons that are under way until they are let go."""

    def __init__(self, accounts: Accounts, secret: Secret = RIGHT) -> None:
        self._accounts, self._secret = accounts, secret
        self.pool = ThreadPoolExecutor(100)
        self.entered, self._release = threading.Semaphore(0), threading.Event()
        self.reason: Reason | None = None

    def begin(self, count: int) -> None:
        for number in range(count):
            self.pool.submit(self._one, number)

    def _one(self, number: int) -> None:
        with suppress(LineError), self._accounts.logon(shared(f"pc-{number}"), self._secret):
            self.entered.release()
            self._release.wait(20)
            answer(self.reason)

    def under_way(self, at_least: int) -> int:
        """Wait for so many, and a moment for more; return how many there are."""
        count = sum(self.entered.acquire(timeout=10) for _ in range(at_least))
        while self.entered.acquire(timeout=0.3):
            count += 1
        return count

    def end(self, reason: Reason | None = None) -> None:
        self.reason = reason
        self._release.set()
        self.pool.shutdown()


# refusals


@pytest.mark.parametrize("budget", [1, 2, 5])
def test_a_wrong_password_on_200_hosts_is_tried_as_often_as_the_budget_says(site: Site, budget: int) -> None:
    accounts = site.program(budget)
    with ThreadPoolExecutor(32) as pool:
        reasons = list(pool.map(lambda number: refused(accounts, shared(f"pc-{number}")), range(200)))

    assert reasons.count(Reason.LOGIN_REFUSED) == budget
    assert reasons.count(Reason.ACCOUNT_STOPPED) == 200 - budget


def test_four_programs_at_once_share_one_budget(site: Site) -> None:
    programs = [site.program() for _ in range(4)]
    with ThreadPoolExecutor(32) as pool:
        reasons = list(pool.map(lambda number: refused(programs[number % 4], shared(f"pc-{number}")), range(80)))

    assert reasons.count(Reason.LOGIN_REFUSED) == 2
    assert reasons.count(Reason.ACCOUNT_STOPPED) == 78


def test_all_spellings_of_an_account_share_one_budget(site: Site) -> None:
    accounts = site.program()
    users = ("quantri", "CUC\\quantri", "quantri@cuc.local", "cuc.local\\quantri", "QUANTRI ", ".\\quantri")
    reasons = [refused(accounts, shared(user=user)) for user in users]

    assert reasons.count(Reason.LOGIN_REFUSED) == 2


def test_keys_and_a_computers_own_account_are_free(site: Site) -> None:
    accounts = site.program()
    for host in (
        a_host(user="an", key_file="/k", secret="env:X"),
        a_host(user="an", secret="env:X", local_account=True),
    ):
        assert [refused(accounts, host) for _ in range(4)] == [Reason.LOGIN_REFUSED] * 4


def test_refusals_count_until_half_an_hour_has_passed_without_one(site: Site) -> None:
    """Windows resets its counter only then: 31 minutes after the first of two that are 29 apart, it holds two."""
    accounts = site.program()
    refused(accounts)
    site.clock.now += 29 * MINUTE
    refused(accounts)
    site.clock.now += 29 * MINUTE
    assert refused(accounts) is Reason.ACCOUNT_STOPPED
    site.clock.now += MINUTE

    assert refused(accounts) is Reason.LOGIN_REFUSED


def test_a_proof_that_nobody_looked_at_costs_nothing(site: Site) -> None:
    accounts = site.program()
    for reason in (Reason.ACCESS_DENIED, Reason.CONNECTION_LOST):
        assert [ended(accounts, reason) for _ in range(3)] == [reason] * 3


# logons without an answer


def test_at_first_as_many_as_the_budget_are_under_way_and_a_right_password_widens_it(site: Site) -> None:
    held = Held(site.program())
    held.begin(20)

    assert held.under_way(2) == 2
    held.end()
    assert held.under_way(18) == 18


def test_after_accepted_logons_64_may_be_under_way(site: Site) -> None:
    accounts = site.program()
    for _ in range(MOST_AT_ONCE // 2):
        accepted(accounts)
    held = Held(accounts)
    held.begin(MOST_AT_ONCE + 10)

    assert held.under_way(MOST_AT_ONCE) == MOST_AT_ONCE == 64
    held.end()


def test_one_host_that_lets_everybody_in_widens_it_no_further_than_the_budget(site: Site) -> None:
    accounts = site.program()
    accepted(accounts, secret=WRONG)
    held = Held(accounts, WRONG)
    held.begin(30)

    assert held.under_way(2) == 2
    held.end(Reason.LOGIN_REFUSED)
    assert held.under_way(0) == 0


def test_a_right_password_says_nothing_of_another_one_for_the_same_account(site: Site) -> None:
    accounts = site.program()
    for _ in range(10):
        accepted(accounts)
    held = Held(accounts, WRONG)
    held.begin(30)

    assert held.under_way(2) == 2
    assert accepted(accounts) is None
    held.end(Reason.LOGIN_REFUSED)
    assert held.under_way(0) == 0


def test_a_second_program_gets_its_turn_beside_one_that_is_wide(site: Site) -> None:
    first, second = site.program(), site.program()
    for _ in range(10):
        accepted(first)
    held = Held(first)
    held.begin(20)
    assert held.under_way(20) == 20

    assert accepted(second) is None
    held.end()


def test_nothing_starts_between_a_first_refusal_and_the_answers_under_way(site: Site) -> None:
    accounts = site.program()
    for _ in range(10):
        accepted(accounts)
    held = Held(accounts)
    held.begin(10)
    assert held.under_way(10) == 10
    refused(accounts, secret=RIGHT)
    held.begin(5)

    assert held.under_way(0) == 0
    held.end(Reason.LOGIN_REFUSED)
    assert held.under_way(0) == 0
    assert accepted(accounts) is Reason.ACCOUNT_STOPPED


def test_one_refusal_beside_answers_that_accept_goes_on(site: Site) -> None:
    accounts = site.program()
    accepted(accounts)
    refused(accounts, secret=RIGHT)

    assert [accepted(accounts) for _ in range(3)] == [None] * 3
    refused(accounts, secret=RIGHT)
    assert accepted(accounts) is Reason.ACCOUNT_STOPPED


def test_two_hosts_that_do_not_answer_stop_an_account_that_nobody_has_accepted(site: Site) -> None:
    accounts = site.program()
    unanswered(accounts, shared("pc-01"))
    unanswered(accounts, shared("pc-02"))

    assert accepted(accounts) is Reason.ACCOUNT_STOPPED
    site.clock.now += WINDOW
    assert accepted(accounts) is None


def test_hosts_that_do_not_answer_cost_nothing_once_the_password_was_accepted(site: Site) -> None:
    accounts = site.program()
    unanswered(accounts, secret=RIGHT)
    accepted(accounts)
    for _ in range(10):
        unanswered(accounts, secret=RIGHT)

    assert accepted(accounts) is None
    refused(accounts, secret=RIGHT)
    assert accepted(accounts) is None


def test_a_password_that_no_host_answers_any_more_is_tried_64_times_at_most(site: Site) -> None:
    """Some servers hang up instead of refusing; after a change of the password every answer may be such a one."""
    accounts = site.program()
    accepted(accounts)
    site.clock.now += MINUTE
    reasons = [unanswered(accounts, secret=RIGHT) for _ in range(70)]

    assert reasons == [Reason.LOGIN_UNANSWERED] * 64 + [Reason.ACCOUNT_STOPPED] * 6


KILLED = """
import contextlib, itertools, os, signal, sys
from datetime import datetime, timedelta
from pathlib import Path
from controller.app.accounts import Accounts
from controller.model.fleet import Host, Secret
from controller.store.ledger import Ledger
start = datetime.fromisoformat(sys.argv[2])
ticks = itertools.count(1)
with Ledger.open(Path(sys.argv[1])) as ledger:
    accounts = Accounts(ledger, lambda: start + timedelta(microseconds=next(ticks)))
    for number in range(int(sys.argv[3])):
        with accounts.logon(Host(name="pc", address="pc", user="quantri", secret="env:X"), Secret("x")):
            pass
    stack = contextlib.ExitStack()
    for number in range(int(sys.argv[4])):
        host = Host(name=f"pc-{number}", address="pc", user="quantri", secret="env:X")
        stack.enter_context(accounts.logon(host, Secret("x")))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(site: Site, *, answered: int, under_way: int) -> None:
    """Run a program that is killed while logons are under way."""
    words = [str(site.path), site.clock().isoformat(), str(answered), str(under_way)]
    done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, timeout=60)
    assert done.returncode == -9


def test_logons_under_way_in_a_program_that_was_killed_count_until_the_window_ends(site: Site) -> None:
    killed(site, answered=0, under_way=2)
    accounts = site.program()
    site.clock.now += LONGEST

    assert accepted(accounts) is Reason.ACCOUNT_STOPPED
    site.clock.now += WINDOW - MINUTE
    assert accepted(accounts) is Reason.ACCOUNT_STOPPED
    site.clock.now += MINUTE
    assert accepted(accounts) is None


def test_a_program_that_was_killed_after_it_was_let_in_holds_nobody_up(site: Site) -> None:
    killed(site, answered=4, under_way=8)
    accounts = site.program()
    site.clock.now += MINUTE

    assert accepted(accounts) is None
    refused(accounts, secret=RIGHT)
    assert accepted(accounts) is None


def test_who_waits_for_another_program_asks_again_until_it_has_its_answer(site: Site) -> None:
    first, second = site.program(), site.program()
    held = Held(first)
    held.begin(2)
    assert held.under_way(2) == 2
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(accepted, second)
        with pytest.raises(TimeoutError):
            waiting.result(0.6)
        held.end()
        assert waiting.result(5) is None


def test_who_waits_for_a_program_that_is_gone_waits_no_longer_than_a_logon_takes(site: Site) -> None:
    killed(site, answered=0, under_way=2)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(accepted, site.program())
        with pytest.raises(TimeoutError):
            waiting.result(0.6)
        site.clock.now += LONGEST
        assert waiting.result(5) is Reason.ACCOUNT_STOPPED


# clocks, and what is said


def test_a_clock_that_is_set_back_stops_an_account_for_half_an_hour_and_not_for_a_year(site: Site) -> None:
    accounts = site.program()
    refused(accounts)
    refused(accounts)
    site.clock.now -= timedelta(days=365)

    assert accepted(accounts) is Reason.ACCOUNT_STOPPED
    site.clock.now += WINDOW
    assert accepted(accounts) is None


def test_the_detail_names_hosts_and_the_moment_from_which_the_account_is_free(site: Site) -> None:
    accounts = site.program()
    refused(accounts, shared("pc-07"))
    site.clock.now += 5 * MINUTE
    unanswered(accounts, shared("pc-08"))
    with pytest.raises(LineError) as caught, accounts.logon(shared(), WRONG):
        pass

    assert caught.value.detail == (
        "'quantri': logons 1 refused (pc-07) and 1 unanswered (pc-08) since 12:00 UTC; the next may start at 12:35 UTC"
    )


def test_a_host_of_an_account_that_is_stopped_is_not_even_connected_to(site: Site) -> None:
    accounts = site.program()
    accounts.check(shared(), WRONG)
    for _ in range(3):
        refused(accounts)
    with pytest.raises(LineError) as caught:
        accounts.check(shared(), WRONG)
    assert caught.value.reason is Reason.ACCOUNT_STOPPED
    site.clock.now += WINDOW

    accounts.check(shared(), WRONG)
