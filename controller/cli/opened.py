"""Open the store for a command that tells states: what an older program read in it is read again first."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from controller.app.rereading import Reread, reread
from controller.cli.printing import counted, note
from controller.model.text import shown
from controller.store.ledger import Ledger

_EVERY: Final = 10.0
"""Seconds between two lines of progress."""


@contextmanager
def opened(store: Path, *, create: bool = False) -> Iterator[Ledger]:
    """Open the store; the answers that an older program kept are read again, which a note says when it takes long."""
    with Ledger.open(store, create=create) as ledger:
        _say(reread(ledger, _Progress()))
        yield ledger


class _Progress:
    """Prints a line now and then; a short reading prints nothing."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _EVERY

    def __call__(self, done: int, every: int) -> None:
        if (now := time.monotonic()) >= self._next:
            self._next = now + _EVERY
            note(
                f"This lamsach sees more in kept answers than the older one did: {done} of {every} are read again."
                " It may be interrupted; the next command goes on."
            )


def _say(result: Reread) -> None:
    if result.left:
        note(
            f"{counted(result.left, 'kept answer')} of an older lamsach cannot be read again, for the store may not be "
            "written: URLs, names and addresses inside texts are not compared. Copy the store into a folder of yours."
        )
    if result.unreadable:
        note(
            f"{counted(result.unreadable, 'kept answer')} cannot be read again: URLs, names and addresses inside texts "
            f"are not compared there ({shown(result.why)})."
        )
