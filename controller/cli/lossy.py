"""Standard error while a sweep runs: to write there never waits and never fails."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Final, TextIO

MOST_WAITING: Final = 64
"""Writes that wait for a terminal that does not read; a frame of progress is one write of some kilobytes."""

_PATIENCE: Final = 2.0
"""Seconds that what was written gets to be read, before the results are printed."""


class LossyStream(io.TextIOBase):
    """Passes text on to `out` from a thread of its own, and drops what `out` does not take.

    Theory of operation: `write` puts the text into a queue and returns; no lock is taken, so that a signal handler may
    call it. The thread takes text from the queue and writes it, however long that takes. While `MOST_WAITING` writes
    wait, further ones are dropped whole and counted in `lost`: a frame of progress is there or not, never cut. Once
    `out` fails (its reader left, its disk is full), everything is dropped. After `finish` nothing is begun any more.
    """

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out = out
        self._waiting = SimpleQueue[str | None]()
        self._open = True
        self.lost = 0
        self._thread = Thread(target=self._pass_on, name="standard-error", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute where io documents a property
        """The encoding of `out`."""
        return self._out.encoding or "utf-8"

    def isatty(self) -> bool:
        """Say whether `out` is a terminal."""
        return self._out.isatty()

    def writable(self) -> bool:
        """Say that it takes text."""
        return True

    def write(self, text: object, /) -> int:
        """Queue `text`, or drop it.

        Raises:
            TypeError: it is bytes, by which click asks every stream whether it is a binary one.

        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._waiting.qsize() >= MOST_WAITING:
            self.lost += 1
        elif self._open:
            self._waiting.put(text)
        return len(text)

    def finish(self, seconds: float) -> bool:
        """Give what was written `seconds` to be read, then drop the rest; False when `out` still holds the thread."""
        self._waiting.put(None)
        self._thread.join(seconds)
        self._open = False
        return not self._thread.is_alive()

    def _pass_on(self) -> None:
        with suppress(OSError):
            for text in iter(self._waiting.get, None):
                if self._open:
                    self._out.write(text)
                    self._out.flush()
        self._open = False


@contextmanager
def lossy_stderr() -> Iterator[LossyStream]:
    """Let standard error be lossy for the block, for progress and log alike.

    The stream writes to a duplicate of the descriptor: a thread that is held by a terminal holds no lock of
    `sys.stderr`, which Python needs at its end. A standard error that is no file, as under a test runner, is replaced
    as it is.
    """
    screen = sys.stderr
    duplicate = _duplicate(screen)
    stream = LossyStream(duplicate)
    try:
        with redirect_stderr(stream):
            yield stream
    finally:
        if stream.finish(_PATIENCE) and duplicate is not screen:
            with suppress(OSError):  # what a broken reader left in the buffer
                duplicate.close()


def _duplicate(stream: TextIO) -> TextIO:
    try:
        number = os.dup(stream.fileno())
    except io.UnsupportedOperation:
        return stream
    return os.fdopen(number, "w", encoding=stream.encoding, errors="backslashreplace")
