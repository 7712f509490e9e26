"""A bridge from a WinRM shell to `pwsh -s`, the PSRP server that speaks on its stdin and stdout.

One XML element a line. A client's <Data> for one id must wait for the <DataAck> of the one before, else order is
lost. Nothing there tells that a pipeline has ended but its own last message; and the whole session ends only when
every command was closed.
"""

import asyncio
import base64
import contextlib
import os
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from controller.lab.children import Child, Children
from controller.lab.pipes import Sink, reading
from controller.lab.winrm import faults
from controller.lab.winrm.fragments import EndWatch, Joiner
from controller.lab.winrm.shell import Streams

STARTS_AT_ONCE: Final = 16
"""How many PowerShells may be starting at the same time: each takes half a second of CPU."""

_SESSION: Final = "00000000-0000-0000-0000-000000000000"
_ACK_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 5.0
_LINE: Final = re.compile(rb"""<(\w+)\s[^>]*?PSGuid=['"]([0-9a-fA-F-]{36})['"]\s*(?:/>|>([^<]*)</\1>)""")
_LONGEST_LINE: Final = 1024 * 1024
_QUIET: Final = {"POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off", "NO_COLOR": "1", "TERM": "dumb"}


class PowerShells:
    """Starts PowerShells, not too many at once. `engine` is the program that plays a PC."""

    def __init__(self, engine: Path, children: Children) -> None:
        self._engine = engine
        self._children = children
        self._turn = asyncio.Semaphore(STARTS_AT_ONCE)

    def for_pc(self, folder: Path) -> "Callable[[Streams], Bridge]":
        """Return what makes the backend of a shell on the PC in `folder`."""
        environment = {**_QUIET, "PATH": os.environ["PATH"], "HOME": str(folder), "PSLAB_HOST": str(folder)}
        return lambda streams: Bridge(streams, lambda: self._start(folder, environment), self._turn)

    def _start(self, folder: Path, environment: Mapping[str, str]) -> Child:
        command = (str(self._engine), "-NoLogo", "-NoProfile", "-s")
        return self._children.start(command, folder, environment)


class Bridge:
    """The backend of one shell; `start` starts the PowerShell that it speaks to."""

    def __init__(self, streams: Streams, start: Callable[[], Child], turn: asyncio.Semaphore) -> None:
        self._streams = streams
        self._start = start
        self._turn = turn
        self._child: Child | None = None
        self._sink: Sink | None = None
        self._listening: asyncio.Task[None] | None = None
        self._awaited: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._order: dict[str, asyncio.Lock] = {}
        self._sent: dict[str, Joiner] = {}
        self._said: dict[str, EndWatch] = {}
        self._open: set[str] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._dead = False

    async def open(self, creation: bytes) -> None:
        """Start a PowerShell and hand it the client's first messages."""
        async with self._turn:
            self._child = self._start()
            self._sink = await Sink.to(self._child.stdin)
            self._listening = asyncio.create_task(self._listen(self._child))
            await self._pass_on(_SESSION, "Default", creation)

    async def command(self, command_id: str, data: bytes) -> None:
        """Begin a pipeline."""
        self._open.add(command_id)
        await self._ask("Command", command_id)
        await self._pass_on(command_id, "Default", data)

    async def send(self, command_id: str, stream: str, data: bytes) -> None:
        """Take more messages of a client."""
        await self._pass_on(command_id or _SESSION, "PromptResponse" if stream == "pr" else "Default", data)

    async def stop(self, command_id: str) -> None:
        """Stop a pipeline."""
        if command_id in self._open:
            await self._ask("Signal", command_id)

    async def forget(self, command_id: str) -> None:
        """Stop a pipeline and let go of it."""
        await self.stop(command_id)
        await self._close(command_id)

    async def close(self) -> None:
        """End the session as it wants to be ended; a PowerShell that does not end then is killed."""
        if not self._child:
            return
        with contextlib.suppress(faults.FaultError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                for command_id in tuple(self._open):
                    await self.forget(command_id)
                await self._ask("Close", _SESSION)
        self._die()
        if not self._child.exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
        await self._child.exited

    async def _pass_on(self, guid: str, stream: str, data: bytes) -> None:
        """Hand over messages that keep within the quotas, which this PowerShell does not know."""
        try:
            for _ in self._sent.setdefault(guid, Joiner()).feed(data):
                pass
        except ValueError as error:
            raise faults.bad_input(str(error)) from error
        text = base64.b64encode(data).decode()
        async with self._order.setdefault(guid, asyncio.Lock()):
            await self._ask("Data", guid, f"<Data Stream='{stream}' PSGuid='{guid.lower()}'>{text}</Data>")

    async def _ask(self, word: str, guid: str, line: str = "") -> None:
        """Say a line and wait until PowerShell has taken it."""
        if self._dead or not self._sink:
            raise faults.aborted()
        key = (f"{word}Ack", guid.lower())
        self._awaited[key] = taken = asyncio.get_running_loop().create_future()
        try:
            await self._sink.write((line or f"<{word} PSGuid='{guid.lower()}' />").encode() + b"\n")
            async with asyncio.timeout(_ACK_SECONDS):
                await taken
        except TimeoutError:
            raise faults.timed_out() from None
        finally:
            self._awaited.pop(key, None)

    async def _close(self, command_id: str) -> None:
        if command_id not in self._open:
            return
        self._open.discard(command_id)
        with contextlib.suppress(faults.FaultError):  # then it is gone anyway
            await self._ask("Close", command_id)
        for kept in (self._order, self._sent, self._said):
            kept.pop(command_id, None)

    async def _listen(self, child: Child) -> None:
        """Take what it says until it ends; whoever waits for it is told."""
        complaints = asyncio.create_task(_ignore(child))
        try:
            async with reading(child.stdout, _LONGEST_LINE) as lines:
                while line := await lines.readline():
                    await self._heard(line)
        finally:
            complaints.cancel()
            self._die()

    async def _heard(self, line: bytes) -> None:
        match = _LINE.match(line.strip())
        if not match:
            return
        word, guid = match[1].decode(), match[2].decode()
        if word == "Data":
            await self._said_by(guid, base64.b64decode(match[3] or b""))
        elif (waiting := self._awaited.get((word, guid.lower()))) and not waiting.done():
            waiting.set_result(None)

    async def _said_by(self, guid: str, data: bytes) -> None:
        if guid == _SESSION:
            self._streams.shell.put(data)
            return
        command_id = guid.upper()
        channel = self._streams.commands.get(command_id)
        if not channel:
            return
        channel.put(data)
        if self._said.setdefault(command_id, EndWatch()).sees_end(data):
            channel.end()
            self._closing.add(closing := asyncio.create_task(self._close(command_id)))
            closing.add_done_callback(self._closing.discard)
        await channel.room()  # nothing more is read until somebody listens

    def _die(self) -> None:
        self._dead = True
        for waiting in self._awaited.values():
            if not waiting.done():
                waiting.set_exception(faults.aborted())
        if self._sink:
            self._sink.close()
        self._streams.close()


async def _ignore(child: Child) -> None:
    """Read what it complains of, so that it need not wait for somebody to do so."""
    async with reading(child.stderr, _LONGEST_LINE) as complaints:
        while await complaints.read(_LONGEST_LINE):
            pass
