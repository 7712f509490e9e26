"""One process at a time runs a sweep; a lock that the system frees when the process dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from controller.errors import StoreError, SweepError
from controller.model.text import shown
from controller.store.trouble import remedy

_TRIES: Final = 5
_PAUSE: Final = 0.02
"""Seconds between two tries to take a lock."""


@contextmanager
def hold(store: Path, sweep: str) -> Iterator[None]:
    """Hold `sweep` of the store at `store` while the block runs; other sweeps are not kept waiting.

    Raises:
        SweepError: another process runs it.
        StoreError: the lock file, beside the store, cannot be made.

    """
    file = _lock_file(store, sweep)
    try:
        _take(file, sweep)
        yield
    finally:
        os.close(file)


def is_held(store: Path, sweep: str) -> bool:
    """Say whether a living process holds `sweep`; one that this process holds counts, too."""
    try:
        file = os.open(_path(store, sweep), os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _no_lock(store, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _path(store: Path, sweep: str) -> Path:
    real = store.resolve()  # a link to a store is that store
    return real.with_name(f"{real.name}.locks") / f"{sweep}.lock"


def _no_lock(store: Path, error: OSError) -> StoreError:
    folder = _path(store, "").parent
    what = remedy(error, "see that your account may write there")
    return StoreError(f"no lock can be made in '{shown(str(folder))}' ({error.strerror}); {what}")


def _lock_file(store: Path, sweep: str) -> int:
    path = _path(store, sweep)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _no_lock(store, error) from error


def _take(file: int, sweep: str) -> None:
    try:
        _lock(file)
    except BlockingIOError as error:
        holder = os.pread(file, 20, 0).decode("ascii", "replace").strip()
        raise SweepError(
            f"sweep '{shown(sweep)}' is being run by process {shown(holder) or '(starting)'}; wait for it, or stop it"
        ) from error
    # The lock file stays: removing it would let two processes lock two files of one name.
    with suppress(OSError):  # on a full disk the lock holds all the same, only its holder has no name
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)


def _lock(file: int) -> None:
    """Lock the file; another process's `is_held` may have it for a moment, and is no holder."""
    for left in reversed(range(_TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not left:
                raise
            time.sleep(_PAUSE)
        else:
            return
