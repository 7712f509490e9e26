"""What is known of the machine behind each name, across sweeps, and which name owns which mark."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, or_, select, update

from controller.model import identity as identities
from controller.model.identity import Recognition, marks
from controller.model.result import Identity
from controller.store.columns import read, written
from controller.store.tables import identity as table
from controller.store.tables import identity_mark

_HOST: Final[BindParameter[str]] = bindparam("of_host")
_MARKS: Final[BindParameter[str]] = bindparam("some", expanding=True)
_FETCH: Final = select(table.c.body).where(table.c.host == _HOST)
_ADD: Final = insert(table)
_CHANGE: Final = update(table).where(table.c.host == _HOST)
_FORGET: Final = delete(table).where(table.c.host == _HOST)
_OWNERS: Final = select(identity_mark.c.host).where(identity_mark.c.mark.in_(_MARKS)).distinct()
_OWN: Final = insert(identity_mark)
_DISOWN: Final = delete(identity_mark).where(or_(identity_mark.c.host == _HOST, identity_mark.c.mark.in_(_MARKS)))


def fetch(connection: Connection, host: str) -> Identity | None:
    """Return what is known of the machine behind `host`."""
    body = connection.scalar(_FETCH, {"of_host": host})
    return None if body is None else read(body, Identity)


def recognise(
    connection: Connection, host: str, answer: Identity, names: Collection[str], when: datetime
) -> Recognition:
    """Compare an answer with what is known, and keep it unless it is in doubt.

    A name that is not one of `names` has left the inventory: its marks go to whoever shows them now.
    """
    known = fetch(connection, host)
    some = list(marks(answer) | (marks(known) if known else frozenset()))
    owners = sorted(set(connection.scalars(_OWNERS, {"some": some})) - {host})
    records = ((name, fetch(connection, name)) for name in owners if name in names)
    found = identities.recognise(known, answer, {name: record for name, record in records if record})
    if found.record:
        _keep(connection, host, found.record, when)
        _own(connection, host, found.marks)
    return found


def taken_over(connection: Connection) -> Mapping[str, str]:
    """Return each name whose machine was met later under another name, with that other name.

    `recognise` allows that only when the first name had left the inventory: its marks then belong to the other one.
    """
    owners = {row.mark: row.host for row in connection.execute(select(identity_mark))}
    lost: dict[str, str] = {}
    for row in connection.execute(select(table.c.host, table.c.body)):
        names = {owners.get(mark, row.host) for mark in marks(read(row.body, Identity))}
        if names and row.host not in names:
            lost[row.host] = min(names)
    return lost


def forget(connection: Connection, host: str) -> None:
    """Let the next answer of `host` begin a new record."""
    _own(connection, host, frozenset())
    connection.execute(_FORGET, {"of_host": host})


def _keep(connection: Connection, host: str, record: Identity, when: datetime) -> None:
    body = written(record)
    if not connection.execute(_CHANGE, {"of_host": host, "body": body, "last_seen": when}).rowcount:
        connection.execute(_ADD, {"host": host, "body": body, "first_seen": when, "last_seen": when})


def _own(connection: Connection, host: str, owned: Collection[str]) -> None:
    """Make these the marks of `host`, and take them from whoever had them."""
    connection.execute(_DISOWN, {"of_host": host, "some": list(owned)})
    if owned:
        connection.execute(_OWN, [{"host": host, "mark": mark} for mark in owned])
