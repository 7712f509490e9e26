"""What went wrong with the database, as a sentence with a remedy."""

import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from controller.errors import StoreError
from controller.model.text import shown

_WORDS: Final = {
    "SQLITE_FULL": ("its disk is full", "free space there, then go on with --resume"),
    "SQLITE_BUSY": ("another program holds it too long", "wait for the other lamsach or stop it, then --resume"),
    "SQLITE_IOERR": ("its disk gives errors", "look at the disk, then go on with --resume"),
    "SQLITE_READONLY": (
        "it may not be written",
        "give your account the right to write it and its folder, or name another file with --store; "
        "lamsach report, show and sweeps read it as it is",
    ),
    "SQLITE_CANTOPEN": ("it cannot be opened", "see that it is a file that your account may read and write"),
    "SQLITE_CORRUPT": ("it is damaged", "keep it for repair and put back a copy"),
    "SQLITE_NOTADB": ("it is no database, or damaged", "name another file with --store"),
}


def told(path: Path, error: SQLAlchemyError | sqlite3.Error) -> StoreError:
    """Return what to raise for a database error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    # Extended codes begin with the plain one: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT.
    code = "_".join(getattr(cause, "sqlite_errorname", "").split("_")[:2])
    return _sentence(path, *_WORDS.get(code, (shown(str(cause)), "keep it and report this with the log")))


def not_writable(path: Path) -> StoreError:
    """Return what to raise where a store may only be read, and is to be written."""
    return _sentence(path, *_WORDS["SQLITE_READONLY"])


def _sentence(path: Path, what: str, remedy: str) -> StoreError:
    return StoreError(f"store '{shown(str(path))}' cannot be used: {what}; {remedy}")
