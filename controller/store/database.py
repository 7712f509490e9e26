"""Open the database: with file.py and trouble.py the only place that knows it is SQLite."""

import sqlite3
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from controller.errors import OperatorError, StoreError
from controller.model.text import shown
from controller.store.file import BUSY_SECONDS, Access, access_to, connect, make, reading_of, refuse_foreign
from controller.store.revision import is_newest
from controller.store.trouble import no_room, not_writable, told

_READING: Final = "lamsach_reading"


def open(
    path: Path, *, create: bool = True, busy_seconds: float = BUSY_SECONDS, max_pages: int | None = None
) -> Engine:
    """Return an engine on the store at `path`, brought to this program's revision.

    A transaction takes the write lock as it begins (a read lock upgraded later ignores the busy timeout);
    those of `reading(engine)` never do. A commit is on the disk when it returns. A new file is its owner's only.
    `max_pages` bounds the file, as a full disk would.

    With `create=False`, a store that cannot be written is opened for reading: an archive on a disc, a copy that
    another account keeps, or any store on a full disk.

    Raises:
        OperatorError: its folder is missing, or it is no file; or, with `create=False`, the file is missing or empty.
        StoreError: it is not ours, damaged, of a newer program, or cannot be written. With `create=False`: it cannot
            be read, or is of another revision and may not be written.

    """
    path = path.absolute()  # SQLite takes a bare ':memory:' for something else than a file
    _refuse_no_store(path, create=create)
    make(path)
    access = access_to(path)
    if create and access is not Access.WRITE:
        raise not_writable(path)
    try:
        refuse_foreign(path, access)
    except StoreError:
        if create or access is not Access.WRITE or not no_room(path):
            raise
        access = reading_of(path, Access.PRIVATE)
        refuse_foreign(path, access)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=partial(_connect, path, access, busy_seconds=busy_seconds, max_pages=max_pages),
    )
    event.listen(engine, "begin", _begin)
    if access is Access.FROZEN:
        event.listen(engine, "commit", partial(_refuse_change, path, _state(path)))
    try:
        with reading(engine).begin() as connection:
            newest = is_newest(connection)
        if not newest:
            upgrade = import_module("controller.store.upgrade")
            upgrade.bring_up(engine, path) if access is Access.WRITE else upgrade.refuse(reading(engine), path)
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise told(path, error) from error
    return engine


def _refuse_no_store(path: Path, *, create: bool) -> None:
    """Refuse what is no file, and where a store is only read what no sweep has written: it must stay as it is."""
    name = shown(str(path))
    try:
        path.stat()
    except PermissionError as error:
        raise OperatorError(
            f"store '{name}' cannot be reached, for your account may not enter its folder; run this as an account that "
            "may, or name another store with --store"
        ) from error
    except OSError:
        pass  # there is none, or no folder for it: said below
    if path.exists() and not path.is_file():
        raise OperatorError(f"store '{name}' is not a file; name another one with --store")
    if not create and not path.exists():
        raise OperatorError(f"there is no store '{name}'; name the one that the sweep wrote with --store")
    if not create and not path.stat().st_size:
        raise OperatorError(f"the file '{name}' is empty and no store; name the one that the sweep wrote with --store")


def reading(engine: Engine) -> Engine:
    """Return the same engine for transactions that only read: they wait for nobody, and nobody waits for them."""
    return engine.execution_options(**{_READING: True})


def _connect(path: Path, access: Access, *, busy_seconds: float, max_pages: int | None) -> sqlite3.Connection:
    connection = connect(path, access, seconds=busy_seconds)
    if access is Access.WRITE:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if max_pages is not None:
        connection.execute(f"PRAGMA max_page_count = {max_pages:d}")
    return connection


def _begin(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _refuse_change(path: Path, before: tuple[int, int, int], connection: Connection) -> None:  # noqa: ARG001 - the event's shape
    """Throw away what was read while another program wrote: SQLite does not look for changes of a frozen file."""
    if _state(path) != before:
        raise StoreError(f"store '{shown(str(path))}' was changed by another program while it was read; run this again")
