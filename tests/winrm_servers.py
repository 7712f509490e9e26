"""WinRM services on free ports of 127.0.0.1: the lab's endpoint, before a real PowerShell or before canned answers."""

import asyncio
import json
import os
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from struct import pack
from typing import Any, TypeVar

import pytest

from controller.lab.children import Child
from controller.lab.winrm.bridge import PowerShells
from controller.lab.winrm.certificates import issue
from controller.lab.winrm.endpoint import Endpoint
from controller.lab.winrm.listener import Listener
from controller.lab.winrm.logon import keep_accounts
from controller.lab.winrm.shell import BackendFactory, Streams
from controller.model.fleet import Connection, Host, Secret
from controller.transports.psrp import Patience, PsrpTransport
from controller.transports.psrp_session import PsrpSession

T = TypeVar("T")

SECRET = Secret("đúng-mật-khẩu")
HASTY = Patience(connect=0.5, logon=2, grace=0.7)


@dataclass
class Service:
    """What a test knows of a running service. `tries` holds whether each try to log on proved the password."""

    port: int
    listener: Listener
    endpoint: Endpoint
    loop: asyncio.AbstractEventLoop
    ca_file: str = ""
    tries: list[bool] = field(default_factory=list)

    def host(self, **but: Any) -> Host:
        """Say how it is reached."""
        fields = {"port": self.port, "user": "lan", "tls": bool(self.ca_file), "ca_file": self.ca_file, **but}
        return Host(name="pc-01", address="127.0.0.1", connection=Connection.PSRP, **fields)

    @contextmanager
    def open(self, patience: Patience | None = None) -> Iterator[PsrpSession]:
        """Log on to it."""
        with PsrpTransport(patience=patience).open(self.host(), SECRET) as session:
            yield session

    def cut(self) -> None:
        """Break every connection; to be called in the thread of the service."""
        for writer in tuple(self.listener._writers):
            writer.transport.abort()

    def call(self, act: Coroutine[Any, Any, T]) -> T:
        """Do something in the thread of the service."""
        return asyncio.run_coroutine_threadsafe(act, self.loop).result(10)


@contextmanager
def serving(
    folder: Path,
    backend: Callable[[asyncio.AbstractEventLoop], BackendFactory],
    *,
    tls: bool = False,
    judge: Callable[[bool], bool] = bool,
) -> Iterator[Service]:
    """Run a service in a thread of its own; `judge` decides whether a proof is let in."""
    keep_accounts(folder / "accounts", {"lan": SECRET.reveal()})
    loop = asyncio.new_event_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    endpoint = Endpoint("PC-01", backend(loop))
    ca_file = folder / "ca.pem"
    shown = issue(["127.0.0.1"], ca_file, folder / "server.pem") if tls else None
    tries: list[bool] = []

    def decide(account: str, *, proved: bool) -> bool:
        tries.append(proved)
        return judge(proved)

    listener = Listener(endpoint, decide, shown)
    service = Service(listening.getsockname()[1], listener, endpoint, loop, str(ca_file) if tls else "", tries)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        service.call(listener.listen(listening))
        yield service
    finally:
        service.call(_closed(listener))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _closed(listener: Listener) -> None:
    await asyncio.sleep(0.05)  # let it see who has hung up
    await listener.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # transports close in the next round


# a real PowerShell


def engine() -> Path:
    """Return the PowerShell of the tests, or skip."""
    named = os.environ.get("LAMSACH_PWSH")
    if not named:
        pytest.skip("needs a PowerShell: name one in LAMSACH_PWSH")
    return Path(named)


class _Programs:
    """Starts PowerShells for a service that runs in a thread, where no signal tells of their end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def start(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Child:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        child = Child(process, self._loop.create_future())
        threading.Thread(target=self._wait, args=(process, child)).start()
        return child

    def _wait(self, process: "subprocess.Popen[bytes]", child: Child) -> None:
        code = process.wait()
        with suppress(RuntimeError):  # the service is gone
            self._loop.call_soon_threadsafe(child.end_with, code)


class WindowsPc:
    """A PC whose PowerShell is real; `disk` is where its drive C: lies here, `folder` our folder on it."""

    def __init__(self, place: Path) -> None:
        self.place, self.disk = place, place / "C"
        self.folder = self.disk / "ProgramData" / "lamsach"
        (self.disk / "ProgramData").mkdir(parents=True)
        shell = self.disk / "Windows" / "System32" / "WindowsPowerShell" / "v1.0" / "powershell.exe"
        shell.parent.mkdir(parents=True)
        shell.touch()
        self.says(computerName="PC-01", elevated=True)
        (place / "state").mkdir()

    def says(self, **host: object) -> None:
        """Say what kind of PC it is."""
        (self.place / "host.json").write_text(json.dumps(host), encoding="utf-8")

    def knows(self, path: str, **facts: object) -> None:
        """Say of a file what the disk here cannot."""
        (self.place / "state" / "files.json").write_text(json.dumps([{"Path": path, **facts}]), encoding="utf-8")

    def runs(self, run_id: str) -> Path:
        """Return the folder of a run."""
        return self.folder / "runs" / run_id


@contextmanager
def windows(pc: WindowsPc, *, tls: bool = False) -> Iterator[Service]:
    """Serve a PC with the PowerShell of the tests, or skip."""
    program = engine()

    def backend(loop: asyncio.AbstractEventLoop) -> BackendFactory:
        children: Any = _Programs(loop)
        return PowerShells(program, children).for_pc(pc.place)

    with serving(pc.place, backend, tls=tls) as service:
        yield service


# canned answers

_CAPABILITY = (
    '<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version>'
    '<Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>'
)
_OPENED = '<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>'
COMPLETED = '<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>'
OUTPUT, STATE, POOL_WARNING = 0x00041004, 0x00041006, 0x00041008

Message = tuple[int, str]


def text(value: str) -> Message:
    """Make a message that holds one string."""
    return OUTPUT, f"<S>{escape(value, quote=False)}</S>"


def fragments(number: int, message: Message, pipeline: bytes = bytes(16)) -> bytes:
    """Spell a message as fragments of PSRP."""
    kind, xml = message
    blob = pack("<iI", 1, kind) + bytes(16) + pipeline + b"\xef\xbb\xbf" + xml.encode("utf-8", "surrogatepass")
    parts = [blob[start : start + 32_000] for start in range(0, len(blob), 32_000)]
    last = len(parts) - 1
    return b"".join(
        pack(">QQBI", number, index, (index == 0) | (index == last) << 1, len(part)) + part
        for index, part in enumerate(parts)
    )


class Canned:
    """The backend of a shell that answers every script with the same messages; `raw` goes out before them."""

    def __init__(self, streams: Streams, messages: Sequence[Message], raw: bytes = b"", *, ends: bool = True) -> None:
        self._streams, self._messages, self._raw, self._ends = streams, messages, raw, ends
        self._number = 0

    async def open(self, creation: bytes) -> None:
        for message in ((0x00010002, _CAPABILITY), (0x00021005, _OPENED)):
            self._streams.shell.put(self._next(message))

    async def command(self, command_id: str, data: bytes) -> None:
        channel = self._streams.commands[command_id]
        if self._raw:
            channel.put(self._raw)
        messages = [*self._messages, *([(STATE, COMPLETED)] if self._ends else [])]
        for message in messages:
            spelled = self._next(message, uuid.UUID(command_id).bytes_le)
            for start in range(0, len(spelled), 32_021):
                channel.put(spelled[start : start + 32_021])
        if self._ends:
            channel.end()

    async def send(self, command_id: str, stream: str, data: bytes) -> None:
        pass

    async def stop(self, command_id: str) -> None:
        pass

    async def forget(self, command_id: str) -> None:
        pass

    async def close(self) -> None:
        pass

    def _next(self, message: Message, pipeline: bytes = bytes(16)) -> bytes:
        self._number += 1
        return fragments(self._number, message, pipeline)


@contextmanager
def saying(folder: Path, *messages: Message, raw: bytes = b"", ends: bool = True, **but: Any) -> Iterator[Service]:
    """Serve a PC that answers every script with `messages`."""
    with serving(folder, lambda _: lambda streams: Canned(streams, messages, raw, ends=ends), **but) as service:
        yield service
