"""What a lab computer is: one frozen value that says everything about it, and the fleet they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from controller.lab.network import OWN
from controller.model.fleet import Order, Platform, Unit


class LabFault(StrEnum):
    """The ways in which a lab computer misbehaves; the names are part of `truth.json`.

    * offline: its address is taken but nothing listens (a connection is refused)
    * wrong-password: it refuses the account and secret that the inventory names
    * hangs: it lets us in, then no command ever answers
    * garbage: every command answers with bytes that are in no form, and says it went well
    * cut-answer: the connection breaks after `cut_after` bytes of one answer
    * huge-answer: every command answers with far more than anybody takes
    * cleanup-fails: the lab's cleanup tool gives up midway
    * leaves-starts: it removes files and programs, and leaves behind the autostart entries that name them
    """

    OFFLINE = "offline"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105  # a name, not a password
    HANGS = "hangs"
    GARBAGE = "garbage"
    CUT_ANSWER = "cut-answer"
    HUGE_ANSWER = "huge-answer"
    CLEANUP_FAILS = "cleanup-fails"
    LEAVES_STARTS = "leaves-starts"


CLEANUP_FAULTS: Final = frozenset({LabFault.CLEANUP_FAILS, LabFault.LEAVES_STARTS})
"""The faults of computers that can be looked at to the end."""


class Login(StrEnum):
    """How its account logs on."""

    PASSWORD = "password"  # noqa: S105  # a name, not a password
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabProcess:
    """A program that runs there. A kernel thread has no `path` and no `command`.

    Whose rights it has is said by `uid` on Linux, and by `user` (`DOMAIN\\NAME`) on Windows.
    """

    pid: int
    name: str
    path: str = ""
    command: tuple[str, ...] = ()
    parent: int = 1
    uid: int = 0
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabFile:
    """A file on its disk; `path` is absolute as that computer sees it.

    On Windows nobody may open it when another process holds it (`locked`) or its rights say so (`denied`).
    """

    path: str
    content: str
    executable: bool = False
    locked: bool = False
    denied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSocket:
    """A TCP socket that the process `pid` holds, over IPv4. Without a remote end it listens."""

    local_address: str = OWN
    local_port: int
    remote_address: str = ""
    remote_port: int = 0
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabName:
    """A record in the cache of its resolver: `data` is an address (`A`) or a name (`CNAME`)."""

    name: str
    type: str = "A"
    data: str


class StartKind(StrEnum):
    """Where it stands that a program starts by itself: five places of Windows, then three of Linux."""

    RUN = "run"
    FOLDER = "folder"
    SERVICE = "service"
    DRIVER = "driver"
    TASK = "task"
    CRON = "cron"
    SYSTEMD = "systemd"
    XDG = "xdg"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabStart:
    """A program that starts by itself. `arguments` name no other file.

    `user` is the person with whom it starts; without one it starts with the computer. In a startup folder `program`
    is what lies there. `title` is what a service is called on a screen.
    """

    kind: StartKind
    name: str
    program: str
    arguments: tuple[str, ...] = ()
    user: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsModes:
    """In what state a Windows PC is, beyond what lies on its disk.

    `amsi_blocked` are texts that no script may hold; `wmi` is the HRESULT with which all of WMI fails; `language`
    and `account_names` (by SID) are those of its built-in accounts; `broken` are objects as state/broken.json has
    them (`Command` or `Class`, with an `HResult`); `denied_keys` are keys of the registry.
    """

    elevated: bool = True
    language_mode: str = ""
    amsi_blocked: tuple[str, ...] = ()
    wmi: str = ""
    language: str = ""
    account_names: Mapping[str, str] = field(default_factory=dict, hash=False)
    broken: tuple[Mapping[str, str], ...] = field(default=(), hash=False)
    denied_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPc:
    """One computer. `name` is its inventory name, `computer_name` what it calls itself.

    `unit` is the id of its unit, `users` are the people who use it. `own_account` says that nobody else shares
    `account`. A program that a process or a start names and no file gives gets a content made from its path.
    `names` are for Windows: a Linux computer without a running resolver has no cache.
    `tls` and `modes` are for Windows: reached over TLS, or by sealed messages without it; and in what state it is.
    `boot_id` of a Windows PC is when it was started (`2026-11-23T01:05:00Z`).
    `infected` is the truth, whether or not anybody can see it; `tool_seconds` is how long a cleanup tool takes.
    With `hands_over` its first process ends at once, and a child of it does the work.
    `logon_seconds` is how long a password logon over SSH waits for its answer, as PAM lets a refused one wait.
    """

    name: str
    computer_name: str
    platform: Platform = Platform.LINUX
    unit: str
    users: tuple[str, ...]
    account: str
    own_account: bool = False
    login: Login = Login.PASSWORD
    tls: bool = False
    modes: WindowsModes = WindowsModes()
    processes: tuple[LabProcess, ...]
    files: tuple[LabFile, ...]
    sockets: tuple[LabSocket, ...] = ()
    names: tuple[LabName, ...] = ()
    starts: tuple[LabStart, ...] = ()
    faults: tuple[LabFault, ...] = ()
    infected: bool = False
    language: str = "vi_VN.UTF-8"
    machine_id: str
    boot_id: str
    system_uuid: str
    serial: str
    mac: str
    cut_after: int = 1000
    tool_seconds: int = 0
    hands_over: bool = False
    logon_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LabFleet:
    """All that one lab serves. With `clean` the playbook written for it also cleans."""

    units: tuple[Unit, ...]
    order: Order
    pcs: tuple[LabPc, ...]
    clean: bool = False


def command_line(*words: str) -> str:
    """Return a command in one line, as every platform writes it: words with blanks stand in quotes."""
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def program_of(command: str) -> str:
    """Return the first word of a command in one line."""
    return command[1:].partition('"')[0] if command.startswith('"') else command.partition(" ")[0]
