"""The pipes of a program that a lab computer runs, as asyncio reads and writes them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import IO


@contextlib.asynccontextmanager
async def reading(source: IO[bytes], limit: int) -> AsyncIterator[asyncio.StreamReader]:
    """Read from `source`, which is closed at the end; `limit` bounds what is read ahead, and a line."""
    reader = asyncio.StreamReader(limit=limit)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
    try:
        yield reader
    finally:
        transport.close()


class Sink:
    """A pipe to write to, at the pace of whoever reads it."""

    def __init__(self, transport: asyncio.WriteTransport, pace: "_Pace") -> None:
        self._transport = transport
        self._pace = pace

    @classmethod
    async def to(cls, pipe: IO[bytes]) -> "Sink":
        """Take over `pipe`."""
        transport, pace = await asyncio.get_running_loop().connect_write_pipe(_Pace, pipe)
        return cls(transport, pace)

    @property
    def broken(self) -> bool:
        """Nobody reads it any more."""
        return self._transport.is_closing()

    async def write(self, chunk: bytes) -> None:
        """Write, and wait until the pipe takes more; what is written to a broken one is lost."""
        self._transport.write(chunk)
        await self._pace.ready.wait()

    def close(self) -> None:
        """Close it once it has taken everything."""
        self._transport.close()


class _Pace(asyncio.BaseProtocol):
    """Knows when a pipe takes more."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.ready.set()

    def pause_writing(self) -> None:
        """Its buffer is full."""
        self.ready.clear()

    def resume_writing(self) -> None:
        """Its buffer has room again."""
        self.ready.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Nobody reads it any more: whoever waits may go on and see that."""
        self.ready.set()
