"""The order of everything that decides on a computer: looks, runs, notes and identity changes carry these numbers.

One number for each commit that holds such a thing, without a gap, over all sweeps and processes of the store. A look
or run was made later than another commit when the highest number at its begin is at least that commit's: no clock and
no order of sweeps decides it (campaign rules, section 3).
"""

from typing import Final

from sqlalchemy import Connection, select, update

from controller.store.tables import commit_number as table

_NEXT: Final = update(table).values(latest=table.c.latest + 1).returning(table.c.latest)
_LATEST: Final = select(table.c.latest)


def take_number(connection: Connection) -> int:
    """Return the number of the transaction that `connection` is in; ask at most once in a transaction."""
    return int(connection.execute(_NEXT).scalar_one())


def latest(connection: Connection) -> int:
    """Return the highest number that was committed."""
    return int(connection.execute(_LATEST).scalar_one())
