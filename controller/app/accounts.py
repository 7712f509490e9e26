"""Keep shared accounts below their lockout: we stop before the domain does.

How it works. Every password logon of a shared account is a row of the store, committed before its proof is sent. A
row is *under way* until it is *accepted* or *refused*; it is *unanswered* once its line broke behind the proof, and
also 30 s after it began (`LONGEST`): then its program was killed, for a logon takes no longer. What is unanswered may
have been refused. A row whose proof was not looked at (the host takes no passwords, or hung up while we waited) is
deleted.

A row belongs to its account, in whatever way the inventory spells it (`account_names.py`), and to its *proof*: one
password of one account in one run of lamsach. A proof is *proven* while a logon with it was accepted within the last
30 minutes and no logon of the account was refused since; a right password here proves nothing of the one that another
unit's file holds. Whether the next logon of an account may start is decided in one transaction with its row, so it
holds for all threads, and for all programs on one store:

1. Refusals at or above the budget stop the account. They count until 30 minutes have passed without another one,
   which is how Windows counts: `lockOutObservationWindow` is the longest time between two failed logons.
2. A proof that is not proven: refusals, and logons of unproven proofs that are under way or unanswered, must be fewer
   than the budget. So at first as many hosts as the budget are asked, and each answer decides about the next.
3. A proven proof: logons without an answer do not count. Under way may be the budget times the logons that were
   accepted with it since the newest refusal, and 64 at most of the account; those that went unanswered since the
   newest acceptance take places too. The width grows with the evidence, because one host that lets everybody in, or
   says so, proves little.

Who may not start waits while a logon is under way whose answer can change that, and is otherwise `account.stopped`.
Within a process one thread a proof asks the store, at each answer and every quarter of a second (another process
cannot call us); the others queue behind it in no order that is promised. A wait ends: what is under way is answered
or 30 s old. Nothing of the host's own time is used up by it.

What a password that changes in the middle of a sweep can cost: all that is under way when the first refusal is
committed may be refused, 64 at most, and `budget - 1` beside them. Until those are answered a new logon starts only
if all of them fit into the budget (rule 2), or one of them was accepted after the refusal. Active Directory does not
count a password that was one of the account's last two.

A clock that is set back makes rows of the future; they count from the moment that is noticed. One that is set forward
by half an hour ends the count early, and nothing can tell. Two stores do not know of each other.
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from threading import Condition, Lock
from typing import Final, Self

from controller.app.account_names import account_of
from controller.errors import LineError, Reason
from controller.model.fleet import Host, Secret
from controller.model.logon import Logon, OpenLogon, Refusal, Standing
from controller.model.text import shown
from controller.store.ledger import Ledger

WINDOW: Final = timedelta(minutes=30)
"""How long a refusal counts; Windows' own default for resetting its counter."""

BUDGET: Final = 2
"""Refusals of one account that stop it; keep it below the lockout threshold of the domain."""

LONGEST: Final = timedelta(seconds=30)
"""How long a logon may take: SSH gives up after two waits of 15 s, WinRM after 25 s without a byte."""

MOST_AT_ONCE: Final = 64
"""Logons of a proven account that may be under way."""

_POLL: Final = 0.25
_NAMED: Final = 3
_NOT_LOOKED_AT: Final = frozenset({Reason.ACCESS_DENIED, Reason.CONNECTION_LOST})


class Turn(Enum):
    """What a logon that wants to start has to do."""

    GO = auto()
    WAIT = auto()
    STOP = auto()


class Accounts:
    """Lets a password logon start when its account allows it, and keeps its answer. All threads share one object."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime], *, budget: int = BUDGET) -> None:
        self._ledger, self._clock, self._budget = ledger, clock, budget
        self._proofs: dict[tuple[str, Secret], str] = {}
        self._queues: defaultdict[str, Lock] = defaultdict(Lock)
        self._stopped: set[str] = set()
        self._answered = Condition()
        self._answers = 0

    def check(self, host: Host, secret: Secret | None) -> None:
        """Spare a host the connection when its account is known to be stopped.

        Raises:
            LineError: `account.stopped`; nothing was sent.

        """
        account = account_of(host)
        if secret and account in self._stopped:
            asking = self._logon(account, host, secret)
            standing = self._ledger.standing(asking, WINDOW)
            if turn_of(standing, asking.begun, self._budget) is Turn.STOP:
                raise _stopped(account, standing, asking.begun)

    @contextmanager
    def logon(self, host: Host, secret: Secret | None) -> Iterator[None]:
        """Wait for a turn, commit that a logon starts, and keep how the one in the body ends.

        The body sends the proof and reads the answer, and nothing else. Without an error it was accepted. A
        `LineError` with `login.refused` says that it was refused, one with `access.denied` or `connection.lost` that
        the proof was not looked at; after anything else it may have been refused.

        Raises:
            LineError: `account.stopped`; nothing was sent.

        """
        account = account_of(host)
        if not account or secret is None:
            yield
            return
        number = self._begin(account, host, secret)
        accepted: bool | None = None
        looked_at = True
        try:
            yield
            accepted = True
        except LineError as error:
            accepted = False if error.reason is Reason.LOGIN_REFUSED else None
            looked_at = error.reason not in _NOT_LOOKED_AT
            raise
        finally:
            self._end(number, accepted=accepted, looked_at=looked_at)

    def _begin(self, account: str, host: Host, secret: Secret) -> int:
        with self._queue(account, host, secret):
            while True:
                seen = self._answers
                asking = self._logon(account, host, secret)
                begun = self._ledger.begin_logon(asking, WINDOW, partial(self._may, asking.begun))
                if isinstance(begun, int):
                    return begun
                if turn_of(begun, asking.begun, self._budget) is Turn.STOP:
                    self._stopped.add(account)
                    raise _stopped(account, begun, asking.begun)
                with self._answered:
                    self._answered.wait_for(partial(self._answered_since, seen), timeout=_POLL)

    def _may(self, now: datetime, standing: Standing) -> bool:
        return turn_of(standing, now, self._budget) is Turn.GO

    def _answered_since(self, seen: int) -> bool:
        return self._answers != seen

    def _queue(self, account: str, host: Host, secret: Secret) -> Lock:
        proof = self._logon(account, host, secret).proof
        with self._answered:
            return self._queues[proof]

    def _end(self, number: int, *, accepted: bool | None, looked_at: bool) -> None:
        try:
            if looked_at:
                self._ledger.end_logon(number, self._clock(), accepted=accepted)
            else:
                self._ledger.drop_logon(number)
        finally:
            with self._answered:
                self._answers += 1
                self._answered.notify_all()

    def _logon(self, account: str, host: Host, secret: Secret) -> Logon:
        with self._answered:
            proof = self._proofs.setdefault((account, secret), secrets.token_hex(8))
        return Logon(account=account, proof=proof, host=host.name, begun=self._clock())


def turn_of(standing: Standing, now: datetime, budget: int) -> Turn:
    """Apply the three rules above."""
    count = _Count.of(standing, now)
    under_way = [each for each in standing.open if _is_under_way(each, now)]
    if len(count.refused) >= budget:
        return Turn.STOP
    if standing.accepted:
        own = sum(each.own for each in under_way)
        lost = sum(_took_a_place(each, standing, now) for each in standing.open)
        free = own < budget * standing.accepted and len(under_way) + lost < MOST_AT_ONCE
        return _go_or(free, waits=bool(under_way))
    doubtful = sum(not each.proven for each in under_way)
    return _go_or(len(count.refused) + len(count.unanswered) + doubtful < budget, waits=bool(doubtful))


def _go_or(free: bool, *, waits: bool) -> Turn:  # noqa: FBT001  # it is what the answer rests on
    if free:
        return Turn.GO
    return Turn.WAIT if waits else Turn.STOP


def _is_under_way(each: OpenLogon, now: datetime) -> bool:
    return each.ended is None and now - each.begun < LONGEST


def _took_a_place(each: OpenLogon, standing: Standing, now: datetime) -> bool:
    """Say whether an own logon went unanswered since the newest acceptance."""
    newest = standing.last_accepted
    return each.own and not _is_under_way(each, now) and newest is not None and each.begun > newest


@dataclass(frozen=True, slots=True)
class _Count:
    """What counts against an account: the newest refusals and unanswered logons, without half an hour between two."""

    refused: tuple[Refusal, ...]
    unanswered: tuple[OpenLogon, ...]

    @classmethod
    def of(cls, standing: Standing, now: datetime) -> Self:
        """Count back from `now`."""
        unanswered = [each for each in standing.open if not (each.proven or each.cleared or _is_under_way(each, now))]
        oldest = now
        for moment in sorted([*(each.at for each in standing.refusals), *map(_ended, unanswered)], reverse=True):
            if oldest - moment >= WINDOW:
                break
            oldest = moment
        return cls(
            refused=tuple(each for each in standing.refusals if each.at >= oldest),
            unanswered=tuple(each for each in unanswered if _ended(each) >= oldest),
        )


def _ended(each: OpenLogon) -> datetime:
    """Return the latest moment at which a logon without an answer can have been refused."""
    return each.ended or each.begun + LONGEST


def _stopped(account: str, standing: Standing, now: datetime) -> LineError:
    """Return what to raise: what counts, since when, and when the next logon may start."""
    count = _Count.of(standing, now)
    unanswered = count.unanswered if len(count.refused) + len(count.unanswered) else standing.open
    moments = [*(each.at for each in count.refused), *map(_ended, unanswered)]
    parts = [
        f"{len(hosts)} {what} ({_names(hosts)})"
        for what, hosts in (
            ("refused", [each.host for each in count.refused]),
            ("unanswered", [each.host for each in unanswered]),
        )
        if hosts
    ]
    free = max(moments) + WINDOW + timedelta(seconds=59)
    return LineError(
        Reason.ACCOUNT_STOPPED,
        f"'{shown(account)}': logons {' and '.join(parts)} since {min(moments):%H:%M} UTC; "
        f"the next may start at {free:%H:%M} UTC",
    )


def _names(hosts: Sequence[str]) -> str:
    """Return some of the hosts by name; logons that an older program noted have none."""
    known = list(dict.fromkeys(shown(host) for host in hosts if host))
    more = ["…"] if len(known) > _NAMED or not known else []
    return ", ".join([*known[:_NAMED], *more])
