"""SSH servers that misbehave, on free ports of 127.0.0.1: they note every try to log on."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import paramiko

from controller.model.fleet import Host
from controller.transports.known_hosts import HostKey, append, name_of

PASSWORD = "đúng-mật-khẩu"

Process = asyncssh.SSHServerProcess[bytes]
Play = Callable[[Process], Awaitable[None]]
Challenge = tuple[str, str, str, Sequence[tuple[str, bool]]]


@dataclass
class Server:
    """What a test knows of a running server. `tries` holds (method, secret) of every try to log on.

    `before_answer` is awaited between a password and its answer.
    """

    port: int
    key: HostKey
    folder: Path
    tries: list[tuple[str, str]] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    before_answer: Callable[[], Awaitable[None]] | None = None

    def host(self, *, known: bool = True) -> Host:
        """Say how it is reached, by password."""
        path = self.folder / f"known-{self.port}"
        if known:
            append(path, [(name_of("127.0.0.1", self.port), self.key)])
        return Host(name="pc-01", address="127.0.0.1", port=self.port, user="lan", known_hosts=str(path))

    async def hang_up(self) -> None:
        """Break every connection."""
        for each in self.connections:
            each.abort()


class _Doorman(asyncssh.SSHServer):
    """Takes one password, by the methods it is told to offer."""

    def __init__(self, server: Server, methods: tuple[str, ...], password: str) -> None:
        self._server, self._methods, self._password = server, methods, password

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return "password" in self._methods

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self._methods

    def public_key_auth_supported(self) -> bool:
        return "publickey" in self._methods

    async def validate_password(self, username: str, password: str) -> bool:
        self._server.tries.append(("password", password))
        if self._server.before_answer:
            await self._server.before_answer()
        return password == self._password

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Challenge:
        return "", "", "", [("Mật khẩu:", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        self._server.tries.append(("keyboard-interactive", responses[0]))
        return responses[0] == self._password


async def echo_nothing(process: Process) -> None:
    """End at once."""
    process.exit(0)


@contextmanager
def serving(
    folder: Path,
    play: Play = echo_nothing,
    *,
    methods: tuple[str, ...] = ("password", "keyboard-interactive"),
    key_types: tuple[str, ...] = ("ssh-ed25519",),
    password: str = PASSWORD,
) -> Iterator[Server]:
    """Run a server that answers every command with `play`, in a thread of its own; `key` is its last one."""
    keys = [asyncssh.generate_private_key(each) for each in key_types]
    kind, blob = keys[-1].export_public_key().decode().split()[:2]
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(listening.getsockname()[1], HostKey(kind, blob), folder)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opened = asyncssh.listen(
        sock=listening,
        server_factory=lambda: _Doorman(server, methods, password),
        server_host_keys=keys,
        process_factory=play,
        encoding=None,
    )
    acceptor = asyncio.run_coroutine_threadsafe(_opened(opened), loop).result()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_closed(acceptor, server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _opened(opening: Awaitable[asyncssh.SSHAcceptor]) -> asyncssh.SSHAcceptor:
    return await opening


async def _closed(acceptor: asyncssh.SSHAcceptor, server: Server) -> None:
    acceptor.close()
    for connection in server.connections:
        connection.abort()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, *(each.wait_closed() for each in server.connections), return_exceptions=True)
    await asyncio.sleep(0)  # transports close in the next round


class _Asker(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko has no types
    """Takes a password as the answer to a question, and in no other way; breaks off in the middle of every answer.

    An `endless` one sends texts without a question, one after the other.
    """

    def __init__(self, server: Server, *, endless: bool) -> None:
        self._server, self._endless = server, endless

    def get_allowed_auths(self, username: str) -> str:
        return "keyboard-interactive"

    def check_auth_interactive(self, username: str, submethods: str) -> paramiko.InteractiveQuery:
        questions = () if self._endless else (("Mật khẩu:", False),)
        return paramiko.InteractiveQuery("", "", *questions)

    def check_auth_interactive_response(self, responses: Sequence[str]) -> int:
        if self._endless:
            self._server.tries.append(("keyboard-interactive", ""))
            return paramiko.InteractiveQuery("", "")  # type: ignore[no-any-return]
        self._server.tries.append(("keyboard-interactive", responses[0]))
        if responses == ["hai câu"]:
            return paramiko.InteractiveQuery("", "", ("Mã OTP:", False))  # type: ignore[no-any-return]
        return int(paramiko.AUTH_SUCCESSFUL if responses == [PASSWORD] else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Timer(0.1, _break_off, [channel]).start()
        return True


def _break_off(channel: paramiko.Channel) -> None:
    channel.sendall(b"#begin processes")
    channel.send_exit_status(0)
    channel.get_transport().close()


@contextmanager
def asking(folder: Path, *, endless: bool = False) -> Iterator[Server]:
    """Run a server that offers `keyboard-interactive` only (asyncssh cannot follow us from one method to the next)."""
    key = paramiko.ECDSAKey.generate()
    lines: list[paramiko.Transport] = []

    def talk(line: socket.socket) -> None:
        transport = paramiko.Transport(line)
        lines.append(transport)
        transport.add_server_key(key)
        with suppress(paramiko.SSHException, EOFError):
            transport.start_server(server=_Asker(server, endless=endless))

    with speaking(talk) as port:
        server = Server(port, HostKey(key.get_name(), key.get_base64()), folder)
        yield server
        for transport in lines:
            transport.close()


@contextmanager
def speaking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server below SSH: `talk` gets each connection; yields the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    lines: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                lines.append(line)
                talk(line)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        thread.join()
        listening.close()
