"""A WinRM shell: who it belongs to, its streams, and the PowerShell or the stand-in behind it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from controller.lab.winrm.channel import Channel


@dataclass(slots=True)
class Streams:
    """The output of a shell itself and of each of its commands, by command id (capital letters)."""

    shell: Channel = field(default_factory=Channel)
    commands: dict[str, Channel] = field(default_factory=dict)

    def close(self) -> None:
        """Whoever waits for any of them is told that the shell is gone."""
        for channel in (self.shell, *self.commands.values()):
            channel.close()


class Backend(Protocol):
    """What answers behind a shell; its output goes to the shell's streams. Every method may raise `FaultError`."""

    async def open(self, creation: bytes) -> None:
        """Begin, with the messages of the client's creationXml."""
        ...

    async def command(self, command_id: str, data: bytes) -> None:
        """Begin a pipeline, whose first messages are `data`."""
        ...

    async def send(self, command_id: str, stream: str, data: bytes) -> None:
        """Take more messages of a client; `command_id` is empty when they are for the shell."""
        ...

    async def stop(self, command_id: str) -> None:
        """Stop a pipeline; it says itself that it was stopped."""
        ...

    async def forget(self, command_id: str) -> None:
        """Stop a pipeline, if it still runs, and let go of it."""
        ...

    async def close(self) -> None:
        """End everything that belongs to the shell."""
        ...


BackendFactory = Callable[[Streams], Backend]


@dataclass(slots=True, kw_only=True)
class Shell:
    """One shell. `idle_timeout` is in seconds; `waiting` counts the requests that it is working on."""

    id: str
    owner: str
    resource: str
    idle_timeout: float
    streams: Streams
    backend: Backend
    touched: float = field(default_factory=time.monotonic)
    waiting: int = 0

    def touch(self) -> None:
        """Somebody cares for it."""
        self.touched = time.monotonic()

    @property
    def forgotten(self) -> bool:
        """Nobody has cared for it for as long as it may live so."""
        return not self.waiting and time.monotonic() - self.touched > self.idle_timeout

    async def end(self) -> None:
        """End it and all of its commands."""
        self.streams.close()
        await self.backend.close()
