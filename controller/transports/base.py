"""What a transport is."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Final, Protocol

from controller.model.fleet import Host, Platform, Secret
from controller.model.result import ToolMode

PRODUCT_FOLDER: Final = MappingProxyType(
    {Platform.LINUX: "/var/lib/lamsach", Platform.WINDOWS: r"C:\ProgramData\lamsach"}
)
"""Where everything of ours lies on a host: tools by SHA-256, runs by id."""

STREAM_LIMIT: Final = 8 * 1024 * 1024
"""Bytes we take from one stream of one script; more is `answer.huge`."""


def product_folder(platform: Platform) -> PurePath:
    """Return the product's folder as a path of that platform, to which a path below it, or a whole one, is joined."""
    kind = PureWindowsPath if platform is Platform.WINDOWS else PurePosixPath
    return kind(PRODUCT_FOLDER[platform])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a script left behind, undecoded. A non-zero exit code is an answer, not an error."""

    exit_code: int
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One start of a program that lies in the product's folder under its SHA-256.

    `arguments` are complete; the host checks `sha256` again before it starts anything.
    `log` is a path on the host, or `stdout`; a relative path is below the run's own folder, where the program starts.
    `mode` is told to the program (LAMSACH_MODE), as is the run id (LAMSACH_RUN_ID).
    Whatever happens, it is started at most once per `run_id`.
    """

    run_id: str
    sha256: str
    file_name: str
    arguments: tuple[str, ...]
    mode: ToolMode
    log: str = "stdout"
    seconds: int = 3600


class RunPhase(StrEnum):
    """What the host knows of a run id."""

    ABSENT = "absent"
    RUNNING = "running"
    FINISHED = "finished"
    TORN = "torn"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A run as the host's folder shows it. `exit_code` and `log` are there when it is finished.

    A run is finished when its program and everything that the program started have ended.
    `log` holds only what the run itself wrote, whatever the tool does with its log; `cut` says that there is more of it
    than we take. `overdue` are the processes (`PID NAME`) that the host had to end when the run's seconds were over.
    """

    phase: RunPhase
    exit_code: int | None = None
    log: bytes = b""
    cut: bool = False
    overdue: tuple[str, ...] = ()


class Session(Protocol):
    """An open line to one host. Not shared between threads.

    Every method raises `HostError` (the line still stands) or `LineError` (it does not), and nothing else.
    """

    @property
    def host_key(self) -> str:
        """The fingerprint of the host's key (`SHA256:…`), or empty where the transport has none."""
        ...

    def run(self, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Reply:
        """Run `script` in the host's own shell with `arguments`; it is stopped on the host after `seconds`.

        Raises:
            HostError: `host.timeout`, or more than `STREAM_LIMIT` bytes came (`answer.huge`).

        """
        ...

    def put(self, source: Path, *, sha256: str, file_name: str) -> bool:
        """Place a file in the product's folder under its SHA-256; False when it was there already.

        Raises:
            HostError: `push.failed`, `host.disk_full` or `folder.unsafe`; nothing half is left behind.

        """
        ...

    def start(self, launch: Launch) -> RunState:
        """Start a program unless its run id is known there already; return how it stands now.

        Raises:
            HostError: `host.busy`, `tool.blocked` (gone or changed since the push), `folder.unsafe`.

        """
        ...

    def poll(self, run_id: str) -> RunState:
        """Ask how a run stands."""
        ...

    def void(self, run_id: str) -> RunState:
        """See that a run which has not begun never begins, also when its start is still on its way.

        Return `absent` then; how it stands, when it has begun. Whoever polls or starts a void run reads `torn`.

        Raises:
            HostError: `folder.unsafe` or `host.disk_full`.

        """
        ...


Admission = Callable[[], AbstractContextManager[None]]


class Transport(Protocol):
    """Opens sessions. Every library error leaves as a `HostError`, and nothing else does."""

    def open(
        self, host: Host, secret: Secret | None, admission: Admission = nullcontext
    ) -> AbstractContextManager[Session]:
        """Log on to `host`; no password is ever tried without `secret`.

        `admission()` is entered just before a proof goes out, and left once the host has accepted or refused it:
        whoever gives it keeps count of logons, may wait there, and may raise instead of entering. It is entered again
        for each further proof in the session. An error leaves it as `login.refused`; as `access.denied` or
        `connection.lost` only when the proof was not looked at; as anything else when it may have been refused.

        Raises:
            LineError: it cannot be reached, is not who we know, or refuses us.

        """
        ...
