"""How often each account was refused, across sweeps, so that none is ever locked by us."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from controller.store.tables import logon

_ADD: Final = insert(logon)
_COUNT: Final = select(func.count()).where(
    logon.c.account == bindparam("account"), logon.c.accepted.is_(False), logon.c.answered >= bindparam("since")
)


def note_refusal(connection: Connection, account: str, when: datetime) -> None:
    """Write down one refused logon."""
    connection.execute(_ADD, {"account": account, "host": "", "begun": when, "answered": when, "accepted": False})


def refusals_since(connection: Connection, account: str, when: datetime) -> int:
    """Count the refusals of an account at `when` or later."""
    return connection.scalar(_COUNT, {"account": account, "since": when}) or 0
