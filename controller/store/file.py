"""The database file itself: made for its owner only, recognised as ours, copied while in use."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from controller.errors import OperatorError, StoreError
from controller.model.text import shown
from controller.store.tables import lamsach_upgrade
from controller.store.trouble import told

BUSY_SECONDS: Final = 30.0
"""How long we wait for another program's write before we give up."""


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
        raise StoreError(f"store '{shown(str(path))}' cannot be made ({error.strerror}); name another file") from error


def refuse_foreign(path: Path) -> None:
    """Look whose file it is before any setting is written into it; an empty one is fine.

    Raises:
        StoreError: it is no database, damaged, or somebody else's.

    """
    with _told(path), closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and lamsach_upgrade.name not in tables:
        raise StoreError(f"'{shown(str(path))}' is a database, but not a store of lamsach; name another file")


def copy(source: Path, target: Path) -> None:
    """Copy a store that may be in use, whole as of one moment; `target` is there entirely or not at all.

    Raises:
        StoreError: the copy could not be written.

    """
    aside = target.with_name(f"{target.name}.part")
    aside.unlink(missing_ok=True)
    make(aside)
    with (
        _told(aside),
        closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as reader,
        closing(sqlite3.connect(aside)) as writer,
    ):
        reader.backup(writer)
    aside.replace(target)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise told(path, error) from error
