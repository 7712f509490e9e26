"""Which machine is behind a name, across sweeps."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from controller.model.identity import marks
from controller.model.result import Identity
from controller.store.columns import read, written
from controller.store.tables import identity as table
from controller.store.tables import identity_mark


def fetch(connection: Connection, host: str) -> Identity | None:
    """Return what the machine behind `host` last said it is."""
    body = connection.scalar(select(table.c.body).where(table.c.host == host))
    return None if body is None else read(body, Identity)


def remember(connection: Connection, host: str, identity: Identity, when: datetime) -> tuple[str, ...]:
    """Put `identity` in the place of what was kept for `host`; return the other names of the same machine."""
    body = written(identity)
    changed = connection.execute(update(table).where(table.c.host == host).values(body=body, last_seen=when))
    if not changed.rowcount:
        connection.execute(insert(table).values(host=host, body=body, first_seen=when, last_seen=when))
    connection.execute(delete(identity_mark).where(identity_mark.c.host == host))
    for mark in sorted(marks(identity)):
        connection.execute(insert(identity_mark).values(host=host, mark=mark))
    return tuple(name for name in hosts_with(connection, identity) if name != host)


def accept(connection: Connection, host: str) -> bool:
    """Forget what is kept for `host`; False when nothing is."""
    connection.execute(delete(identity_mark).where(identity_mark.c.host == host))
    return bool(connection.execute(delete(table).where(table.c.host == host)).rowcount)


def hosts_with(connection: Connection, identity: Identity) -> tuple[str, ...]:
    """Return the names whose kept identity is the same machine, sorted."""
    same = select(identity_mark.c.host).where(identity_mark.c.mark.in_(sorted(marks(identity))))
    return tuple(sorted(set(connection.scalars(same))))
