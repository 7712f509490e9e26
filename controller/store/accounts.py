"""How often each account was refused, across sweeps, so that none is ever locked by us."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from controller.store.tables import refusal


def note_refusal(connection: Connection, account: str, when: datetime) -> None:
    """Write down one refused logon."""
    connection.execute(insert(refusal).values(account=account, at=when))


def refusals_since(connection: Connection, account: str, when: datetime) -> int:
    """Count the refusals of an account at `when` or later."""
    counted = select(func.count()).where(refusal.c.account == account, refusal.c.at >= when)
    return connection.scalar(counted) or 0
