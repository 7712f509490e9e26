"""The database file itself: made for its owner only, opened as far as we may, recognised, copied while in use."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from enum import Enum
from pathlib import Path
from typing import Final

from controller.errors import OperatorError, StoreError
from controller.model.text import shown
from controller.store.tables import lamsach_upgrade
from controller.store.trouble import remedy, told

BUSY_SECONDS: Final = 30.0
"""How long we wait for another program's write before we give up."""


class Access(Enum):
    """How a store is opened; the value is what SQLite's URI says."""

    WRITE = ""
    READ = "?mode=ro"
    PRIVATE = "?mode=ro&readonly_shm=1"
    """As READ, but what has to be written to find results in -wal is written into memory: on a full disk."""
    FROZEN = "?mode=ro&immutable=1"
    """As READ, and SQLite is told that the file does not change: it makes no side files then, which it could not."""


def access_to(path: Path) -> Access:
    """Say how the file at `path`, which is there, can be opened by us: to read only where it may not be written.

    Raises:
        StoreError: as `reading_of`.

    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return Access.WRITE
    return reading_of(path, Access.READ)


def reading_of(path: Path, side: Access) -> Access:
    """Say how a store is read where it cannot be written; `side` is the way that reads its side files.

    SQLite makes side files (-wal, -shm) beside a store to read it, so it needs a folder that may be written, and room.
    A store that was closed is whole without them, and is frozen. Results of a sweep that runs, or was killed, are in
    -wal, and -shm is needed to find them there.

    Raises:
        StoreError: results are in -wal, and cannot be read where the store is.

    """
    log, index = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    if not (log.exists() and log.stat().st_size):
        return Access.FROZEN
    if index.exists():
        return side
    raise StoreError(
        f"store '{shown(str(path))}' cannot be used: its newest results are in '{shown(log.name)}', which can be read "
        "only where your account may write; copy both files into a folder of yours, and name the copy with --store"
    )


def connect(path: Path, access: Access, *, seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open the database in autocommit mode, for any thread; wait `seconds` for another program's write."""
    name = f"{path.as_uri()}{access.value}"
    return sqlite3.connect(name, timeout=seconds, isolation_level=None, check_same_thread=False, uri=True)


def make(path: Path) -> None:
    """See that there is a file at `path`; a new one is empty and its owner's only.

    Raises:
        OperatorError: its folder does not exist.
        StoreError: it cannot be made.

    """
    if not path.parent.is_dir():
        raise OperatorError(f"the folder of store '{shown(str(path))}' does not exist; make it, or name another file")
    try:
        # SQLite gives its side files the mode of this one. A file that is there is not opened:
        # closing it would drop the locks that SQLite holds on it for this process.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise _not_made(path, error) from error


def refuse_foreign(path: Path, access: Access) -> None:
    """Look whose file it is before any setting is written into it; an empty one is fine.

    Raises:
        StoreError: it is no database, damaged, or somebody else's.

    """
    with _told(path), closing(connect(path, access)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and lamsach_upgrade.name not in tables:
        raise StoreError(f"'{shown(str(path))}' is a database, but not a store of lamsach; name another file")


def copy(source: Path, target: Path) -> None:
    """Copy a store that may be in use, whole as of one moment; `target` is there entirely or not at all.

    Raises:
        StoreError: the copy could not be written.

    """
    with ExitStack() as on_failure:
        try:
            # A name that nobody can foresee: the folder may be one in which others can make links.
            number, name = tempfile.mkstemp(prefix=f"{target.name}.part.", dir=target.parent)
        except OSError as error:
            raise _not_made(target, error) from error
        os.close(number)
        aside = Path(name)
        on_failure.callback(aside.unlink, missing_ok=True)
        with (
            _told(target),
            closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as reader,
            closing(sqlite3.connect(aside)) as writer,
        ):
            reader.backup(writer)
        aside.replace(target)
        on_failure.pop_all()


def _not_made(path: Path, error: OSError) -> StoreError:
    what = remedy(error, "name another file")
    return StoreError(f"store '{shown(str(path))}' cannot be made ({error.strerror}); {what}")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise told(path, error) from error
