"""Sweeps: begun with everything the report needs, listed, found again by name."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, distinct, func, insert, select, update

from controller.errors import StoreError, SweepError
from controller.model.result import Evidence
from controller.model.sweep import KeptFile, ListUse, Sweep, SweepLine
from controller.model.text import shown
from controller.store import blobs, commits
from controller.store.columns import read, written
from controller.store.tables import attempt, kept_file
from controller.store.tables import sweep as table

_LISTS: Final = (
    select(kept_file.c.sweep, kept_file.c.name, kept_file.c.path, kept_file.c.sha256, table.c.committed)
    .join_from(kept_file, table)
    .where(kept_file.c.role == "list")
    .order_by(table.c.committed, table.c.started, kept_file.c.position)
)

LAST: Final = "last"
"""The name of the newest sweep."""


def begin(connection: Connection, sweep: Sweep, files: Sequence[KeptFile]) -> None:
    """Keep a sweep's snapshot and its files whole."""
    if connection.scalar(select(table.c.id).where(table.c.id == sweep.id)) is not None:
        raise StoreError(f"the store holds a sweep '{shown(sweep.id)}' already; begin again")
    connection.execute(
        insert(table).values(
            id=sweep.id,
            started=sweep.started,
            operator=sweep.operator,
            playbook=sweep.playbook.name,
            playbook_path=sweep.playbook.path,
            inventory=sweep.inventory,
            apply=sweep.apply,
            given=sum(entry.given for entry in sweep.roster),
            body=written(sweep),
            committed=commits.take_number(connection),
        )
    )
    blobs.keep(connection, (Evidence(sha256=file.sha256, data=file.data) for file in files))
    for position, file in enumerate(files):
        connection.execute(
            insert(kept_file).values(
                sweep=sweep.id,
                position=position,
                role=file.role,
                name=file.name,
                sha256=file.sha256,
                path=file.path,
            )
        )


def end(connection: Connection, sweep: str, when: datetime) -> None:
    """Write down that every host of a sweep has its result."""
    connection.execute(update(table).where(table.c.id == sweep).values(ended=when))


def fetch(connection: Connection, sweep: str) -> Sweep:
    """Return a sweep as it was begun."""
    row = connection.execute(select(table.c.body, table.c.committed).where(table.c.id == sweep)).one_or_none()
    if row is None:
        raise _unknown(sweep)
    return replace(read(row.body, Sweep), committed=row.committed or 0)


def files(connection: Connection, sweep: str) -> tuple[KeptFile, ...]:
    """Return the files of a sweep, in the order they were given."""
    rows = connection.execute(
        select(kept_file.c.role, kept_file.c.name, kept_file.c.sha256, kept_file.c.path)
        .where(kept_file.c.sweep == sweep)
        .order_by(kept_file.c.position)
    ).all()
    return tuple(
        KeptFile(
            role=row.role,
            name=row.name,
            sha256=row.sha256,
            data=blobs.fetch(connection, row.sha256),
            path=row.path or "",
        )
        for row in rows
    )


def lines(connection: Connection) -> tuple[SweepLine, ...]:
    """Return all sweeps, newest first."""
    finished = (
        select(attempt.c.sweep, func.count(distinct(attempt.c.host)).label("hosts"))
        .where(attempt.c.body.is_not(None))
        .group_by(attempt.c.sweep)
        .subquery()
    )
    rows = connection.execute(
        select(table, func.coalesce(finished.c.hosts, 0).label("finished"))
        .outerjoin_from(table, finished, finished.c.sweep == table.c.id)
        .order_by(table.c.started.desc(), table.c.id.desc())
    )
    return tuple(
        SweepLine(
            id=row.id,
            started=row.started,
            ended=row.ended,
            operator=row.operator,
            playbook=row.playbook,
            apply=row.apply,
            given=row.given,
            finished=row.finished,
        )
        for row in rows
    )


def list_uses(connection: Connection) -> tuple[ListUse, ...]:
    """Return every version of a list that a sweep brought into force, in the order of the sweeps.

    Lists that judged one sweep alone (role `list here`) are left out.
    Of a sweep that revision 0002 kept, the playbook's own spelling of the path identifies a list.
    """
    rows = connection.execute(_LISTS).all()
    written_as = {
        sweep: iter(dict.fromkeys(fetch(connection, sweep).playbook.lists))
        for sweep in dict.fromkeys(row.sweep for row in rows if not row.path)
    }
    return tuple(
        ListUse(
            path=row.path or next(written_as[row.sweep], row.name),
            name=row.name,
            sha256=row.sha256,
            committed=row.committed or 0,
        )
        for row in rows
    )


def unfinished(connection: Connection, playbook_path: str, inventory: str) -> tuple[str, ...]:
    """Return the sweeps of a playbook and an inventory that were not ended, newest first."""
    found = connection.scalars(
        select(table.c.id)
        .where(table.c.playbook_path == playbook_path, table.c.inventory == inventory, table.c.ended.is_(None))
        .order_by(table.c.started.desc(), table.c.id.desc())
    )
    return tuple(found)


def resolve(connection: Connection, text: str) -> str:
    """Return the id of the sweep that `text` names."""
    ids: Sequence[str] = connection.scalars(
        select(table.c.id).order_by(table.c.started.desc(), table.c.id.desc())
    ).all()
    if not ids:
        raise SweepError("the store holds no sweep yet; begin one with lamsach sweep")
    if text == LAST:
        return ids[0]
    meant = [each for each in ids if each == text] or [each for each in ids if text and each.startswith(text)]
    if not meant:
        raise _unknown(text)
    if len(meant) > 1:
        raise SweepError(f"'{shown(text)}' may be sweep '{meant[0]}' or '{meant[1]}'; write more of it")
    return meant[0]


def _unknown(text: str) -> SweepError:
    return SweepError(f"the store holds no sweep '{shown(text)}'; lamsach sweeps lists those it holds")
