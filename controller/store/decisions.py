"""What people decided, in the order of their commits. None is ever changed or deleted.

A decision about a computer stands under its name, one about the whole campaign under the empty name.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from controller.model.decision import (
    CampaignDecision,
    Decision,
    HostDecision,
    IdentityChange,
    ListAdded,
    Note,
    PlaybookNamed,
    Withdrawal,
)
from controller.store import commits
from controller.store.columns import read, written
from controller.store.tables import decision as table

_OF_HOSTS: Final[Mapping[str, type[HostDecision]]] = {"note": Note, "identity": IdentityChange}
_OF_CAMPAIGN: Final[Mapping[str, type[CampaignDecision]]] = {
    "list": ListAdded,
    "withdrawal": Withdrawal,
    "playbook": PlaybookNamed,
}
_NAMES: Final = {kind: name for name, kind in (*_OF_HOSTS.items(), *_OF_CAMPAIGN.items())}
_ADD: Final = insert(table)
_OF_HOST: Final = select(table).where(table.c.host == bindparam("of_host")).order_by(table.c.id)
_CHANGES: Final = (
    select(table.c.host, func.max(table.c.committed).label("committed"))
    .where(table.c.kind == _NAMES[IdentityChange])
    .group_by(table.c.host)
)


def add(connection: Connection, decision: Decision) -> int:
    """Keep a decision under the number of its commit, and return that."""
    number = commits.take_number(connection)
    kept = replace(decision, committed=number)
    host = decision.host if isinstance(decision, HostDecision) else ""
    row = {"committed": number, "kind": _NAMES[type(decision)], "host": host, "body": written(kept)}
    connection.execute(_ADD, row)
    return number


def of_host(connection: Connection, host: str) -> tuple[HostDecision, ...]:
    """Return the decisions about a computer, oldest first."""
    rows = connection.execute(_OF_HOST, {"of_host": host})
    return tuple(read(row.body, _OF_HOSTS[row.kind]) for row in rows)


def of_campaign(connection: Connection) -> tuple[CampaignDecision, ...]:
    """Return the decisions about the whole campaign, oldest first."""
    rows = connection.execute(_OF_HOST, {"of_host": ""})
    return tuple(read(row.body, _OF_CAMPAIGN[row.kind]) for row in rows)


def identity_changes(connection: Connection) -> Mapping[str, int]:
    """Return the commit number of the newest identity change of each computer that has one."""
    return {row.host: row.committed for row in connection.execute(_CHANGES)}
