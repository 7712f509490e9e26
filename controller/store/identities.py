"""What is known of the machine behind each name, across sweeps, and which name owns which mark."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, or_, select, update

from controller.model import identity as identities
from controller.model.decision import IdentityChange
from controller.model.identity import Recognition, is_mac, marks, owning
from controller.model.result import Identity
from controller.store import decisions
from controller.store.columns import read, written
from controller.store.tables import identity as table
from controller.store.tables import identity_mark

_HOST: Final[BindParameter[str]] = bindparam("of_host")
_MARKS: Final[BindParameter[str]] = bindparam("some", expanding=True)
_FETCH: Final = select(table.c.body).where(table.c.host == _HOST)
_ADD: Final = insert(table)
_CHANGE: Final = update(table).where(table.c.host == _HOST)
_FORGET: Final = delete(table).where(table.c.host == _HOST)
_OWNERS: Final = select(identity_mark.c.host, identity_mark.c.mark).where(identity_mark.c.mark.in_(_MARKS))
_ALL: Final = select(identity_mark.c.host, identity_mark.c.mark)
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
    owned: defaultdict[str, set[str]] = defaultdict(set)
    for owner, mark in connection.execute(_OWNERS, {"some": some}):
        owned[owner].add(mark)
    records = ((name, fetch(connection, name)) for name in sorted(owned) if name in names and name != host)
    others = {name: owning(record, owned[name]) for name, record in records if record}
    found = identities.recognise(known, answer, others, _accepted(connection, host))
    if found.record:
        _keep(connection, host, found.record, when)
        _own(connection, host, found.marks)
    return found


def mac_owners(connection: Connection) -> Mapping[str, str]:
    """Return the name that owns each MAC, by mark; only of names that show UUID and serial number."""
    owners = {mark: host for host, mark in connection.execute(_ALL)}
    with_board = {host for mark, host in owners.items() if not is_mac(mark)}
    return {mark: host for mark, host in owners.items() if is_mac(mark) and host in with_board}


def forget(connection: Connection, host: str) -> None:
    """Let the next answer of `host` begin a new record."""
    _own(connection, host, frozenset())
    connection.execute(_FORGET, {"of_host": host})


def _accepted(connection: Connection, host: str) -> Identity | None:
    """Return what was known of `host` when `lamsach identity accept` was given for it last."""
    newest_first = reversed(decisions.of_host(connection, host))
    return next((each.before for each in newest_first if isinstance(each, IdentityChange)), None)


def _keep(connection: Connection, host: str, record: Identity, when: datetime) -> None:
    body = written(record)
    if not connection.execute(_CHANGE, {"of_host": host, "body": body, "last_seen": when}).rowcount:
        connection.execute(_ADD, {"host": host, "body": body, "first_seen": when, "last_seen": when})


def _own(connection: Connection, host: str, owned: Collection[str]) -> None:
    """Make these the marks of `host`, and take them from whoever had them."""
    connection.execute(_DISOWN, {"of_host": host, "some": list(owned)})
    if owned:
        connection.execute(_OWN, [{"host": host, "mark": mark} for mark in owned])
