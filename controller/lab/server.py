"""The SSH half of a lab computer: who may log on, and how its commands answer."""

import asyncio
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncssh

from controller.lab.children import Children
from controller.lab.commands import Process, Sent, all_of_it, converse
from controller.lab.credentials import Credentials
from controller.lab.folder import disk_of, shims_of
from controller.lab.logons import Logon, LogonLog
from controller.lab.pc import LabFault, LabPc, Login

_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BLOCK: Final = 64 * 1024
_HUGE_BLOCKS: Final = 1024
_GARBAGE_BYTES: Final = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """What all computers of one lab share."""

    credentials: Credentials
    logons: LogonLog
    children: Children


class _Door(asyncssh.SSHServer):
    """Lets people in, or does not, and writes down which."""

    def __init__(self, pc: LabPc, place: Place) -> None:
        self._pc = pc
        self._place = place
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember who is at the door."""
        self._connection = conn

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002  # asyncssh's signature
        """Nobody comes in without a proof."""
        self._take_another_try()
        return True

    def password_auth_supported(self) -> bool:
        """Passwords are tried everywhere: a computer that takes keys only refuses them, and that is counted."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Only some computers take keys."""
        return self._pc.login is Login.KEY

    async def validate_password(self, username: str, password: str) -> bool:
        """Accept the account's own password, unless this computer is one that refuses it.

        The logon is in the log before its answer is given: who is killed meanwhile was refused all the same.
        """
        accepted = self._place.credentials.accepts_password(self._pc, username, password)
        self._logged(username, Login.PASSWORD, accepted=accepted)
        await asyncio.sleep(self._pc.logon_seconds)
        return accepted

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Accept the operator's key."""
        accepted = self._place.credentials.accepts_key(self._pc, username, key)
        return self._logged(username, Login.KEY, accepted=accepted)

    def _logged(self, account: str, method: Login, *, accepted: bool) -> bool:
        self._place.logons.write(Logon(host=self._pc.name, account=account, method=method, accepted=accepted))
        self._take_another_try()
        return accepted

    def _take_another_try(self) -> None:
        """Let the client ask for the logon service again before its next try.

        paramiko does so before every try. OpenSSH grants it; asyncssh breaks the line, and has no option for it.
        """
        if self._connection:
            self._connection._next_service = b"ssh-userauth"


class _Commands:
    """Answers the commands of one computer, each after its fault or for real."""

    def __init__(self, pc: LabPc, folder: Path, children: Children) -> None:
        self._pc = pc
        self._folder = folder
        self._children = children

    async def answer(self, process: Process) -> None:
        """Answer one command and close its channel."""
        faults = self._pc.faults
        if process.subsystem:
            process.exit(1)
        elif LabFault.HANGS in faults:
            await process.channel.wait_closed()
        elif LabFault.GARBAGE in faults:
            await _send(process, random.Random(self._pc.name).randbytes(_GARBAGE_BYTES), times=1)  # noqa: S311
        elif LabFault.HUGE_ANSWER in faults:
            await _send(process, b"x" * (_BLOCK - 1) + b"\n", times=_HUGE_BLOCKS)
        else:
            await self._really(process, _cut(process, self._pc) if LabFault.CUT_ANSWER in faults else all_of_it)

    async def _really(self, process: Process, allowed: Sent) -> None:
        command = ("/bin/sh", "-c", process.command) if process.command else ("/bin/sh",)
        await converse(process, self._children.start(command, self._folder, self._environment()), allowed)

    def _environment(self) -> Mapping[str, str]:
        return {
            "PATH": f"{shims_of(self._folder)}:{_SYSTEM_PATH}",
            "HOME": str(disk_of(self._folder) / "root"),
            "SHELL": "/bin/sh",
            "USER": self._pc.account,
            "LOGNAME": self._pc.account,
            "LANG": self._pc.language,
        }


async def open_to_all(opened: socket.socket, pc: LabPc, folder: Path, key: asyncssh.SSHKey, place: Place) -> None:
    """Serve `pc` on a bound socket until the event loop ends; a computer that is offline is left as it is."""
    if LabFault.OFFLINE in pc.faults:
        return
    await asyncssh.listen(
        sock=opened,
        server_host_keys=[key],
        server_factory=lambda: _Door(pc, place),
        process_factory=_Commands(pc, folder, place.children).answer,
        encoding=None,
        line_editor=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_host=None,
        agent_forwarding=False,
        allow_pty=False,
        compression_algs=None,
    )


def _cut(process: Process, pc: LabPc) -> Sent:
    """Break the connection once `cut_after` bytes of this answer went out."""
    left = pc.cut_after

    def allowed(count: int) -> int:
        nonlocal left
        now = min(count, left)
        left -= now
        if left == 0:
            connection = process.get_extra_info("connection")
            asyncio.get_running_loop().call_soon(connection.abort)
        return now

    return allowed


async def _send(process: Process, block: bytes, *, times: int) -> None:
    """Send the block over and over at the client's pace, then say that all went well."""
    try:
        for _ in range(times):
            process.stdout.write(block)
            await process.stdout.drain()
            await asyncio.sleep(0)  # drain alone gives nobody else a turn while the window is open
        process.exit(0)
    except (OSError, asyncssh.Error):  # the client has had enough
        process.close()
