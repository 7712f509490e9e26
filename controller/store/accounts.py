"""How often each account was refused, across sweeps, so that none is ever locked by us."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from controller.store.tables import refusal

_ADD: Final = insert(refusal)
_COUNT: Final = select(func.count()).where(
    refusal.c.account == bindparam("account"), refusal.c.at >= bindparam("since")
)


def note_refusal(connection: Connection, account: str, when: datetime) -> None:
    """Write down one refused logon."""
    connection.execute(_ADD, {"account": account, "at": when})


def refusals_since(connection: Connection, account: str, when: datetime) -> int:
    """Count the refusals of an account at `when` or later."""
    return connection.scalar(_COUNT, {"account": account, "since": when}) or 0
