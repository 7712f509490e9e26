"""What a shell or a command has to say, waiting until a client asks for it."""

import asyncio
from collections import deque
from typing import Final

from controller.lab.winrm import faults

_HELD: Final = 8 * 1024 * 1024
"""Bytes that wait here before whoever speaks has to wait."""


class Channel:
    """Chunks of one output stream, in order, each given out once. `delivered` counts the bytes given out.

    `told` is the last answer that was made of it, and `told_to` the id of the message that it answers.
    """

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._closed = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.delivered = 0
        self.told_to = ""
        self.told = b""
        self.over = False
        """Its end was told: whoever asks again is told that it does not exist."""

    def put(self, chunk: bytes) -> None:
        """Add a chunk; never waits."""
        if self._closed:
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > _HELD:
            self._room.clear()
        self._changed.set()

    async def room(self) -> None:
        """Wait while too much waits here, as a pipeline does that nobody listens to."""
        await self._room.wait()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._changed.set()

    def close(self) -> None:
        """Nobody will listen any more, or nobody speaks: what waits is dropped."""
        self._closed = True
        self._chunks.clear()
        self._changed.set()
        self._room.set()

    async def ready(self, seconds: float) -> None:
        """Wait until there is something to take, or its end.

        Raises:
            FaultError: nothing came in time, or the channel was closed.

        """
        try:
            async with asyncio.timeout(seconds):
                while not (self._chunks or self._ended or self._closed):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise faults.timed_out() from None
        if self._closed:
            raise faults.no_shell()

    def take(self, limit: int) -> tuple[list[bytes], bool]:
        """Take chunks of `limit` bytes in all, but one at least; and say whether they are the last."""
        taken: list[bytes] = []
        size = 0
        while self._chunks and (not taken or size + len(self._chunks[0]) <= limit):
            taken.append(self._chunks.popleft())
            size += len(taken[-1])
        self._size -= size
        self.delivered += size
        if self._size <= _HELD:
            self._room.set()
        self.over = self._ended and not self._chunks
        return taken, self.over
