"""A plain pypsrp client, and a PC in this process for it to speak to."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from controller.lab.winrm.certificates import issue
from controller.lab.winrm.endpoint import Endpoint
from controller.lab.winrm.listener import Listener
from controller.lab.winrm.logon import keep_accounts
from controller.lab.winrm.rendered import Rendered, Responder

SECONDS: Final = 20
ACCOUNT: Final = "quantri"
PASSWORD: Final = "mật khẩu của phòng lab"

T = TypeVar("T")


@dataclass(frozen=True)
class Way:
    """How a PC is reached; `ca` vouches for its certificate, and without it messages are sealed."""

    address: str
    port: int
    account: str
    password: str
    ca: Path | None = None

    @contextlib.contextmanager
    def left(self, **options: Any) -> Iterator[Any]:
        """Open a runspace pool, and hang up at the end without a word."""
        with WSMan(
            self.address,
            port=self.port,
            ssl=self.ca is not None,
            cert_validation=str(self.ca) if self.ca else True,  # type: ignore[arg-type]  # it takes a path, too
            auth="ntlm",
            username=self.account,
            password=self.password,
            no_proxy=True,
            operation_timeout=5,
            read_timeout=SECONDS,
        ) as wsman:
            pool = RunspacePool(wsman, **options)
            pool.open()
            yield pool

    @contextlib.contextmanager
    def logged_on(self) -> Iterator[Any]:
        """Open a runspace pool, and close it at the end."""
        with self.left() as pool:
            yield pool
            pool.close()


@dataclass(frozen=True)
class Answered:
    output: list[Any]
    errors: list[str]
    failed: bool


def begun(pool: Any, script: str, arguments: Sequence[str] = ()) -> Any:
    pipeline = PowerShell(pool)
    pipeline.add_script(script)
    for each in arguments:
        pipeline.add_argument(each)
    return pipeline


def asked(pool: Any, script: str, arguments: Sequence[str] = (), stdin: list[Any] | None = None) -> Answered:
    pipeline = begun(pool, script, arguments)
    output = pipeline.invoke(input=stdin)
    return Answered(output, [str(each) for each in pipeline.streams.error], pipeline.had_errors)


class Served:
    """One PC in a thread of this process, over TLS and without; `logons` are the tries to log on to it."""

    def __init__(self, folder: Path, respond: Responder, *, cut_after: int | None = None) -> None:
        self._folder = folder
        self.endpoint = Endpoint("PC", lambda streams: Rendered(streams, respond), cut_after=cut_after)
        self.logons: list[tuple[str, bool]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._listeners: list[Listener] = []
        self.ways: dict[str, Way] = {}

    def __enter__(self) -> "Served":
        self._thread.start()
        self.call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            self.call(listener.close())
        self.call(asyncio.sleep(0.05))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)
        self._loop.close()

    def call(self, work: "Coroutine[Any, Any, T]") -> T:
        """Do `work` where the PC lives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    def reboot(self) -> None:
        for listener in self._listeners:
            self.call(listener.reboot())

    async def _open(self) -> None:
        keep_accounts(self._folder / "ntlm", {ACCOUNT: PASSWORD})
        ca = self._folder / "ca.pem"
        tls = issue(["127.0.0.1"], ca, self._folder / "server.pem")
        for name, how, vouched in (("http", None, None), ("tls", tls, ca)):
            opened = socket.socket()
            opened.bind(("127.0.0.1", 0))
            self.ways[name] = Way("127.0.0.1", opened.getsockname()[1], ACCOUNT, PASSWORD, vouched)
            self._listeners.append(Listener(self.endpoint, self._judge, how))
            await self._listeners[-1].listen(opened)

    def _judge(self, account: str, *, proved: bool) -> bool:
        self.logons.append((account, proved))
        return proved
