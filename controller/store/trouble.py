"""What went wrong with the database, as a sentence with a remedy."""

import errno
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from controller.errors import StoreError
from controller.model.text import shown

_ROOM: Final = 8 * 2**20
"""Bytes that a store needs to go on: more than one result takes."""

_FULL: Final = ("its disk is full", "free space there")
_NO_ROOM: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: ("your account has used up its quota on that disk", "free space there, or have the quota raised"),
    errno.EFBIG: ("it is as large as a file may be there", "raise the limit (ulimit -f), or move it to another disk"),
}

_WORDS: Final = {
    "SQLITE_FULL": _FULL,
    "SQLITE_BUSY": ("another program holds it too long", "wait for the other lamsach, or stop it"),
    "SQLITE_IOERR": ("its disk gives errors", "look at the disk, and into the log of the system"),
    "SQLITE_READONLY": (
        "it may not be written",
        "give your account the right to write it and its folder, or name another file with --store; "
        "the commands report, show and sweeps read it as it is",
    ),
    "SQLITE_CANTOPEN": ("it cannot be opened", "see that it is a file that your account may read and write"),
    "SQLITE_CORRUPT": ("it is damaged", "keep it for repair and put back a copy"),
    "SQLITE_NOTADB": ("it is no database, or damaged", "name another file with --store"),
}
_MAY_MEAN_NO_ROOM: Final = frozenset({"SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN"})
"""What SQLite says where there is no room for a side file, a quota is used up, or a full disk made us open to read."""


def told(path: Path, error: SQLAlchemyError | sqlite3.Error) -> StoreError:
    """Return what to raise for a database error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    # Extended codes begin with the plain one: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT.
    code = "_".join(getattr(cause, "sqlite_errorname", "").split("_")[:2])
    words = _WORDS.get(code, (shown(str(cause)), "keep it and report this with the log"))
    return _sentence(path, *(no_room(path) if code in _MAY_MEAN_NO_ROOM else None) or words)


def not_writable(path: Path) -> StoreError:
    """Return what to raise where a store may only be read, and is to be written."""
    return _sentence(path, *_WORDS["SQLITE_READONLY"])


def no_room(path: Path) -> tuple[str, str] | None:
    """Say why a store that may be written cannot grow, and what to do; None where it can.

    A quota and a limit of our process show only when they are met, so room is asked for, in a file without a name.
    """
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return None
    files = (path, path.with_name(f"{path.name}-wal"))
    try:
        size = max((each.stat().st_size for each in files if each.exists()), default=0)
        with tempfile.TemporaryFile(dir=path.parent) as file:
            os.posix_fallocate(file.fileno(), size, _ROOM)
    except OSError as error:
        return _NO_ROOM.get(error.errno or 0)
    return None


def remedy(error: OSError, otherwise: str) -> str:
    """Return what to do about a file that cannot be made."""
    return _NO_ROOM.get(error.errno or 0, ("", otherwise))[1]


def _sentence(path: Path, what: str, remedy: str) -> StoreError:
    return StoreError(f"store '{shown(str(path))}' cannot be used: {what}; {remedy}")
