"""What one logged-on line can do: run a script, place a file, start a program, ask after it."""

import math
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from controller.errors import HostError, Reason
from controller.model.fleet import Host, Platform
from controller.transports.base import PRODUCT_FOLDER, STREAM_LIMIT, Launch, Reply, RunState
from controller.transports.placed import SLOWEST, Push, checked_name, checked_run_id, go_on, run_state, said
from controller.transports.placed import words as shown_words
from controller.transports.shell_text import command_line, own_script, quoted, shell_text
from controller.transports.ssh_line import Line

_LOG_LIMIT: Final = STREAM_LIMIT - 64 * 1024
_SHORT: Final = 60.0
_KILLED: Final = {124, 137, 143}
_NOT_FOUND: Final = 127


class SshSession:
    """An open SSH connection to one host."""

    def __init__(self, host: Host, line: Line, *, host_key: str, grace: float) -> None:
        self._line, self._host_key, self._grace = line, host_key, grace
        self._become = host.become
        self._sysroot = host.sysroot.rstrip("/")
        self._folder = self._sysroot + PRODUCT_FOLDER[Platform.LINUX]

    @property
    def host_key(self) -> str:
        """The fingerprint of the host's key, checked when the line was opened."""
        return self._host_key

    def run(self, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Reply:
        """Run `script` with `sh`; the host itself keeps the time, because hanging up does not stop a program.

        Raises:
            HostError: `host.timeout`, `answer.huge` or `rights.missing`.

        """
        return self._exchange(script, arguments, seconds=seconds)

    def put(self, source: Path, *, sha256: str, file_name: str) -> bool:
        """Place a file under its SHA-256; goes on where an earlier push was cut off.

        Raises:
            HostError: `push.failed`, `host.disk_full` or `folder.unsafe`; nothing half is left under the file's name.
            OSError: our own copy cannot be opened.

        """
        with source.open("rb") as file:
            push = Push(file, source.stat().st_size, (self._folder, checked_name(file_name), sha256))
            done, there = self._asked("linux_put.sh", "ask", *push.arguments)
            if done == "have":
                return False
            go_on(partial(self._send, push), there)
        return True

    def start(self, launch: Launch) -> RunState:
        """Start a program unless its run id is known there already.

        Raises:
            HostError: `host.busy`, `tool.blocked`, `host.disk_full` or `folder.unsafe`.

        """
        return self._state(
            "linux_start.sh",
            checked_run_id(launch.run_id),
            launch.sha256,
            checked_name(launch.file_name),
            launch.log,
            str(launch.seconds),
            launch.mode,
            own_script("linux_walk.sh", "linux_folder.sh", "linux_state.sh", "linux_log.sh", "linux_wrapper.sh"),
            *launch.arguments,
        )

    def poll(self, run_id: str) -> RunState:
        """Ask how a run stands.

        Raises:
            HostError: `folder.unsafe`.

        """
        return self._state("linux_poll.sh", checked_run_id(run_id))

    def void(self, run_id: str) -> RunState:
        """See that a run which has not begun never begins; return how it stands.

        Raises:
            HostError: `folder.unsafe` or `host.disk_full`.

        """
        return self._state("linux_void.sh", checked_run_id(run_id))

    def _state(self, script: str, *arguments: str) -> RunState:
        text = self._own("linux_state.sh", "linux_log.sh", "linux_report.sh", script)
        return run_state(*said(self.run(text, (self._folder, str(_LOG_LIMIT), *arguments), seconds=_SHORT)))

    def _asked(self, script: str, *arguments: str) -> tuple[str, int]:
        word, number, _ = said(self.run(self._own(script), arguments, seconds=_SHORT))
        return word, number or 0

    def _own(self, *names: str) -> str:
        """Return scripts of ours that work in our folder, behind what they all need."""
        return f"sysroot={quoted(self._sysroot)}\n{own_script('linux_walk.sh', 'linux_folder.sh', *names)}"

    def _send(self, push: Push, offset: int) -> None:
        script = self._own("linux_put.sh")
        arguments = ("take", *push.arguments, str(offset))
        seconds = _SHORT + push.size / SLOWEST
        said(self._exchange(script, arguments, seconds=seconds, file=push.blocks(offset)))

    def _exchange(
        self, script: str, arguments: Sequence[str], *, seconds: float, file: Iterable[bytes] | None = None
    ) -> Reply:
        limit = max(1, math.ceil(seconds))
        text = shell_text(script, arguments, seconds=limit, takes_file=file is not None)
        began = time.monotonic()
        reply = self._line.exchange(
            command_line(become=self._become), text, seconds=limit + min(self._grace, limit), file=file
        )
        if reply.exit_code in _KILLED and time.monotonic() - began >= limit:
            raise HostError(Reason.HOST_TIMEOUT, f"stopped on the host after {limit} s")
        if self._become and _refused_by_sudo(reply):
            raise HostError(Reason.RIGHTS_MISSING, shown_words(reply.stderr))
        return reply


def _refused_by_sudo(reply: Reply) -> bool:
    return reply.exit_code in {1, _NOT_FOUND} and not reply.stdout and b"sudo:" in reply.stderr
