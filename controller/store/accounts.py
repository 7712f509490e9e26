"""Every password logon of an account and its answer, across sweeps, so that none is ever locked by us."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, insert, or_, select, update

from controller.model.logon import Logon, OpenLogon, Refusal, Standing
from controller.store.tables import logon

_MOST: Final = 200
"""Refused or open logons that are read of one account; a budget ends at 100, and 64 are open at once."""

_MOST_ACCEPTED: Final = 64

_AHEAD: Final = timedelta(minutes=1)
"""A row may be so much later than the moment we took for now: we wait 30 s for another program's write."""

_OF_ACCOUNT: Final = logon.c.account == bindparam("account_")
_accepted: Final = logon.alias()


def _was_accepted(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Say of an open logon whether one of its account was accepted that meets `conditions`."""
    return exists().where(_accepted.c.account == logon.c.account, _accepted.c.accepted.is_(True), *conditions)


_SAME_PROOF: Final = _accepted.c.proof == logon.c.proof
_LATER: Final = _accepted.c.answered > logon.c.begun

_REFUSED: Final = (
    select(logon.c.host, logon.c.answered)
    .where(_OF_ACCOUNT, logon.c.accepted.is_(False))
    .order_by(logon.c.answered.desc())
    .limit(_MOST)
)
_OPEN: Final = (
    select(
        logon.c.host,
        logon.c.begun,
        logon.c.answered,
        logon.c.proof,
        _was_accepted(_SAME_PROOF, _accepted.c.answered > bindparam("accepted_since")).label("proven"),
        or_(_was_accepted(_SAME_PROOF, _LATER), and_(_was_accepted(_SAME_PROOF), _was_accepted(_LATER))).label(
            "cleared"
        ),
    )
    .where(_OF_ACCOUNT, logon.c.accepted.is_(None), logon.c.begun >= bindparam("open_since"))
    .order_by(logon.c.begun.desc())
    .limit(_MOST)
)
_own: Final = (
    select(logon.c.answered)
    .where(
        _OF_ACCOUNT,
        logon.c.proof == bindparam("proof_"),
        logon.c.accepted.is_(True),
        logon.c.answered > bindparam("accepted_since"),
    )
    .order_by(logon.c.answered.desc())
    .limit(_MOST_ACCEPTED)
    .subquery()
)
_ACCEPTED: Final = select(func.count(), func.max(_own.c.answered)).select_from(_own)
_BEGIN: Final = insert(logon).returning(logon.c.id)
_END: Final = (
    update(logon)
    .where(logon.c.id == bindparam("number"))
    .values(answered=bindparam("when"), accepted=bindparam("answer"))
)
_DROP: Final = delete(logon).where(logon.c.id == bindparam("number"))


def standing(connection: Connection, asking: Logon, window: timedelta) -> Standing:
    """Return what counts for a logon that would start now: acceptances of one `window`, open logons of two."""
    account = {"account_": asking.account}
    refusals = tuple(Refusal(*row) for row in connection.execute(_REFUSED, account))
    window_began = asking.begun - window
    since = max([window_began, *(each.at for each in refusals[:1])])
    bounds = account | {"accepted_since": since, "open_since": window_began - window}
    accepted, last = connection.execute(_ACCEPTED, bounds | {"proof_": asking.proof}).one()
    still_open = tuple(
        OpenLogon(
            host=row.host,
            begun=row.begun,
            ended=row.answered,
            own=row.proof == asking.proof,
            proven=row.proven,
            cleared=row.cleared,
        )
        for row in connection.execute(_OPEN, bounds)
    )
    return Standing(refusals=refusals, open=still_open, accepted=accepted, last_accepted=last)


def begin(
    connection: Connection, starting: Logon, window: timedelta, may: Callable[[Standing], bool]
) -> int | Standing:
    """Write down that a logon starts, when `may` allows it as its account stands; return its number, or else that."""
    found = standing(connection, starting, window)
    if _newest(found, starting.begun) > starting.begun + _AHEAD:
        _set_back(connection, starting.account, starting.begun)
        found = standing(connection, starting, window)
    if not may(found):
        return found
    values = {
        "account": starting.account,
        "proof": starting.proof,
        "host": starting.host,
        "begun": starting.begun,
    }
    number: int = connection.execute(_BEGIN, values).scalar_one()
    return number


def end(connection: Connection, number: int, when: datetime, *, accepted: bool | None) -> None:
    """Write down how a logon was answered; with None its line broke before it was."""
    connection.execute(_END, {"number": number, "when": when, "answer": accepted})


def drop(connection: Connection, number: int) -> None:
    """Forget a logon whose proof was not looked at."""
    connection.execute(_DROP, {"number": number})


def _newest(found: Standing, otherwise: datetime) -> datetime:
    moments = [*(each.at for each in found.refusals[:1]), *(each.begun for each in found.open[:1])]
    return max([*moments, found.last_accepted or otherwise])


def _set_back(connection: Connection, account: str, now: datetime) -> None:
    """Bring later moments back to `now`: our clock was ahead then, and 30 minutes begin when it was set right."""
    for column in (logon.c.begun, logon.c.answered):
        connection.execute(update(logon).where(logon.c.account == account, column > now).values({column.name: now}))
