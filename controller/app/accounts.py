"""Keep shared accounts below their lockout: we stop before the domain does."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Condition
from typing import Final, Protocol

from controller.app.account_names import account_of
from controller.errors import LineError, Reason
from controller.model.fleet import Host

WINDOW: Final = timedelta(minutes=30)
"""How long a refusal counts; Windows' own default for resetting its counter."""

BUDGET: Final = 2
"""Refusals of one account within `WINDOW`; keep it below the lockout threshold of the domain."""


class Refusals(Protocol):
    """The record of refused logons, kept across sweeps."""

    def note_refusal(self, account: str, when: datetime) -> None:
        """Commit that a logon was refused."""
        ...

    def refusals_since(self, account: str, when: datetime) -> int:
        """Count the refusals from `when` on."""
        ...


class Accounts:
    """Lets a password logon start only while refusals and unanswered logons of its account are below the budget.

    So the first logon is the canary. Keys, and accounts that are a computer's own, are free.
    """

    def __init__(self, refusals: Refusals, clock: Callable[[], datetime], *, budget: int = BUDGET) -> None:
        self._refusals, self._clock, self._budget = refusals, clock, budget
        self._unanswered: Counter[str] = Counter()
        self._turn = Condition()

    @contextmanager
    def logon(self, host: Host) -> Iterator[None]:
        """Wait for a turn, and count how the logon in the body ends.

        Raises:
            LineError: `account.stopped`; nothing was sent.

        """
        account = account_of(host)
        if not account:
            yield
            return
        self._enter(account)
        try:
            yield
        except LineError as error:
            if error.reason is Reason.LOGIN_REFUSED:
                self._refusals.note_refusal(account, self._clock())
            raise
        finally:
            with self._turn:
                self._unanswered[account] -= 1
                self._turn.notify_all()

    @contextmanager
    def session(self, host: Host) -> Iterator[None]:
        """Count a logon that is refused inside the body, where a session logs on again by itself."""
        try:
            yield
        except LineError as error:
            if error.reason is Reason.LOGIN_REFUSED and (account := account_of(host)):
                self._refusals.note_refusal(account, self._clock())
            raise

    def _enter(self, account: str) -> None:
        with self._turn:
            while not self._took_a_place(account):
                self._turn.wait()

    def _took_a_place(self, account: str) -> bool:
        """Take a place if there is one. While none can be free the store is not asked: many wait, and often."""
        if self._unanswered[account] >= self._budget:
            return False
        refused = self._refusals.refusals_since(account, self._clock() - WINDOW)
        if refused >= self._budget:
            raise LineError(Reason.ACCOUNT_STOPPED, f"'{account}' was refused {refused} times in 30 minutes")
        free = refused + self._unanswered[account] < self._budget
        self._unanswered[account] += free
        return free
