"""Notes and identity changes, in the order of their commits. None is ever changed or deleted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from controller.model.decision import Decision, IdentityChange, Note
from controller.store import commits
from controller.store.columns import read, written
from controller.store.tables import decision as table

_KINDS: Final[Mapping[str, type[Note] | type[IdentityChange]]] = {"note": Note, "identity": IdentityChange}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_ADD: Final = insert(table)
_OF_HOST: Final = select(table).where(table.c.host == bindparam("of_host")).order_by(table.c.id)
_CHANGES: Final = (
    select(table.c.host, func.max(table.c.committed).label("committed"))
    .where(table.c.kind == _NAMES[IdentityChange])
    .group_by(table.c.host)
)


def add(connection: Connection, decision: Decision) -> None:
    """Keep a decision under the number of its commit."""
    number = commits.take_number(connection)
    kept = replace(decision, committed=number)
    kind = _NAMES[type(decision)]
    row = {"committed": number, "kind": kind, "host": decision.host, "body": written(kept)}
    connection.execute(_ADD, row)


def of_host(connection: Connection, host: str) -> tuple[Decision, ...]:
    """Return the decisions about a computer, oldest first."""
    rows = connection.execute(_OF_HOST, {"of_host": host})
    return tuple(read(row.body, _KINDS[row.kind]) for row in rows)


def identity_changes(connection: Connection) -> Mapping[str, int]:
    """Return the commit number of the newest identity change of each computer that has one."""
    return {row.host: row.committed for row in connection.execute(_CHANGES)}
