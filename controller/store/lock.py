"""One process at a time runs a sweep; a lock that the system frees when the process dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from controller.errors import StoreError, SweepError
from controller.model.text import shown


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


def _lock_file(store: Path, sweep: str) -> int:
    folder = store.with_name(f"{store.name}.locks")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(folder / f"{sweep}.lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(
            f"no lock can be made in '{shown(str(folder))}' ({error.strerror}); see that your account may write there"
        ) from error


def _take(file: int, sweep: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(file, 20, 0).decode("ascii", "replace").strip()
        raise SweepError(
            f"sweep '{shown(sweep)}' is being run by process {shown(holder) or '(starting)'}; wait for it, or stop it"
        ) from error
    # The lock file stays: removing it would let two processes lock two files of one name.
    with suppress(OSError):  # on a full disk the lock holds all the same, only its holder has no name
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
