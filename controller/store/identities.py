"""Which machine is behind a name, across sweeps."""

from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from controller.model.identity import marks
from controller.model.result import Identity
from controller.store.columns import read, written
from controller.store.tables import identity as table
from controller.store.tables import identity_mark

_HOST: Final[BindParameter[str]] = bindparam("of_host")
_FETCH: Final = select(table.c.body).where(table.c.host == _HOST)
_ADD: Final = insert(table)
_CHANGE: Final = update(table).where(table.c.host == _HOST)
_FORGET: Final = delete(table).where(table.c.host == _HOST)
_ADD_MARKS: Final = insert(identity_mark)
_FORGET_MARKS: Final = delete(identity_mark).where(identity_mark.c.host == _HOST)
_MARKS: Final[BindParameter[str]] = bindparam("some", expanding=True)
_WITH_MARKS: Final = select(identity_mark.c.host).where(identity_mark.c.mark.in_(_MARKS)).distinct()


def fetch(connection: Connection, host: str) -> Identity | None:
    """Return what the machine behind `host` last said it is."""
    body = connection.scalar(_FETCH, {"of_host": host})
    return None if body is None else read(body, Identity)


def remember(connection: Connection, host: str, identity: Identity, when: datetime) -> tuple[str, ...]:
    """Put `identity` in the place of what was kept for `host`; return the other names of the same machine."""
    body = written(identity)
    if connection.execute(_CHANGE, {"of_host": host, "body": body, "last_seen": when}).rowcount:
        connection.execute(_FORGET_MARKS, {"of_host": host})
    else:
        connection.execute(_ADD, {"host": host, "body": body, "first_seen": when, "last_seen": when})
    if found := marks(identity):
        connection.execute(_ADD_MARKS, [{"host": host, "mark": mark} for mark in found])
    return tuple(name for name in hosts_with(connection, identity) if name != host)


def accept(connection: Connection, host: str) -> bool:
    """Forget what is kept for `host`; False when nothing is."""
    connection.execute(_FORGET_MARKS, {"of_host": host})
    return bool(connection.execute(_FORGET, {"of_host": host}).rowcount)


def hosts_with(connection: Connection, identity: Identity) -> tuple[str, ...]:
    """Return the names whose kept identity is the same machine, sorted."""
    return tuple(sorted(connection.scalars(_WITH_MARKS, {"some": list(marks(identity))})))
