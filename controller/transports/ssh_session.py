"""What one logged-on line can do: run a script, place a file, start a program, ask after it."""

import math
import re
import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, Final

from controller.errors import HostError, LamsachError, LineError, Reason
from controller.model.fleet import Host, Platform
from controller.model.text import shown
from controller.transports.base import PRODUCT_FOLDER, STREAM_LIMIT, Launch, Reply, RunPhase, RunState
from controller.transports.ssh_line import Line

_BLOCK: Final = 256 * 1024
_LOG_LIMIT: Final = STREAM_LIMIT - 64 * 1024
_SHORT: Final = 60.0
_SLOWEST: Final = 20_000.0  # bytes a second, below which a push is given up
_KILLED: Final = {124, 137, 143}
_NOT_FOUND: Final = 127
_NAME: Final = re.compile(r"(?!\.)[^/\0]{1,255}", re.DOTALL)
_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SAID: Final = re.compile(rb"^#lamsach ([a-z]+)(?: ([0-9]{1,18}))?\n", re.MULTILINE)

_REFUSALS: Final = {
    61: Reason.FOLDER_UNSAFE,
    62: Reason.HOST_DISK_FULL,
    63: Reason.PUSH_FAILED,
    64: Reason.HOST_BUSY,
    65: Reason.TOOL_BLOCKED,
}
"""The exit codes of our own scripts; `scripts/linux_folder.sh` names them."""


class SshSession:
    """An open SSH connection to one host."""

    def __init__(self, host: Host, line: Line, *, host_key: str, grace: float) -> None:
        self._line, self._host_key, self._grace = line, host_key, grace
        self._become = ("sudo", "-n", "--") if host.become else ()
        self._folder = host.sysroot.rstrip("/") + PRODUCT_FOLDER[Platform.LINUX]

    @property
    def host_key(self) -> str:
        """The fingerprint of the host's key, checked when the line was opened."""
        return self._host_key

    def run(self, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Reply:
        """Run `script` with `sh`; the host itself keeps the time, because hanging up does not stop a program.

        Braces make the shell read all of it before it begins: a script cut in transit runs not at all, and
        nothing in it can take the rest of it for its input.

        Raises:
            HostError: `host.timeout`, `answer.huge` or `rights.missing`.

        """
        text = _encoded(f"{{ {script}\n}}\n")
        return self._limited(("sh", "-s", "--", *arguments), [text], seconds=seconds)

    def put(self, source: Path, *, sha256: str, file_name: str) -> bool:
        """Place a file under its SHA-256; goes on where an earlier push was cut off.

        Raises:
            HostError: `push.failed`, `host.disk_full` or `folder.unsafe`; nothing half is left under the file's name.
            OSError: our own copy cannot be opened.

        """
        with source.open("rb") as file:
            push = _Push(file, source.stat().st_size, (self._folder, _checked(_NAME, file_name), sha256))
            done, there = self._asked("linux_put.sh", "ask", *push.arguments)
            if done == "have":
                return False
            try:
                self._send(push, there)
            except LineError:
                raise
            except HostError as error:
                if error.reason is not Reason.PUSH_FAILED or not there:
                    raise
                self._send(push, 0)  # what lay there from before was bad, and is gone now
        return True

    def start(self, launch: Launch) -> RunState:
        """Start a program unless its run id is known there already.

        Raises:
            HostError: `host.busy`, `tool.blocked`, `host.disk_full` or `folder.unsafe`.

        """
        return self._state(
            "linux_start.sh",
            _checked(_RUN_ID, launch.run_id),
            launch.sha256,
            _checked(_NAME, launch.file_name),
            launch.log,
            str(launch.seconds),
            launch.mode,
            _script("linux_state.sh", "linux_limit.sh", "linux_wrapper.sh"),
            *launch.arguments,
        )

    def poll(self, run_id: str) -> RunState:
        """Ask how a run stands.

        Raises:
            HostError: `folder.unsafe`.

        """
        return self._state("linux_poll.sh", _checked(_RUN_ID, run_id))

    def _state(self, script: str, *arguments: str) -> RunState:
        text = _script("linux_folder.sh", "linux_state.sh", "linux_report.sh", script)
        reply = self.run(text, (self._folder, str(_LOG_LIMIT), *arguments), seconds=_SHORT)
        word, number, rest = _said(reply)
        if word not in set(RunPhase):
            raise HostError(Reason.ANSWER_GARBLED, f"'{word}' is no state of a run")
        return RunState(phase=RunPhase(word), exit_code=number, log=rest)

    def _asked(self, script: str, *arguments: str) -> tuple[str, int]:
        word, number, _ = _said(self.run(_script("linux_folder.sh", script), arguments, seconds=_SHORT))
        return word, number or 0

    def _send(self, push: "_Push", offset: int) -> None:
        script = _script("linux_folder.sh", "linux_put.sh")
        command = ("sh", "-c", script, "lamsach", "take", *push.arguments, str(offset))
        seconds = _SHORT + push.size / _SLOWEST
        _said(self._limited(command, push.blocks(offset), seconds=seconds))

    def _limited(self, command: Sequence[str], stdin: Iterable[bytes], *, seconds: float) -> Reply:
        limit = max(1, math.ceil(seconds))
        launcher = ("sh", "-c", _script("linux_limit.sh", "linux_run.sh"), "lamsach", str(limit))
        began = time.monotonic()
        words = _encoded(shlex.join((*self._become, *launcher, *command)))
        reply = self._line.exchange(words, stdin, seconds=limit + self._grace)
        if reply.exit_code in _KILLED and time.monotonic() - began >= limit:
            raise HostError(Reason.HOST_TIMEOUT, f"stopped on the host after {limit} s")
        if self._become and _refused_by_sudo(reply):
            raise HostError(Reason.RIGHTS_MISSING, _words(reply.stderr))
        return reply


class _Push:
    """A file on its way to a host."""

    def __init__(self, file: BinaryIO, size: int, place: tuple[str, str, str]) -> None:
        self._file, self.size = file, size
        self.arguments = (*place, str(size))

    def blocks(self, offset: int) -> Iterator[bytes]:
        """Yield the file from `offset` on.

        Raises:
            LamsachError: our own disk fails; that is not the host's trouble.

        """
        try:
            self._file.seek(offset)
            while block := self._file.read(_BLOCK):
                yield block
        except OSError as error:
            raise LamsachError(f"'{self._file.name}' cannot be read ({error.strerror}); mend our own disk.") from error


def _said(reply: Reply) -> tuple[str, int | None, bytes]:
    """Read what a script of ours says: a word, perhaps a number, and what stands below.

    What a login shell prints before it is passed over.

    Raises:
        HostError: the script refused, or the answer is not in our form.

    """
    found = _SAID.search(reply.stdout)
    if reply.exit_code or not found:
        raise HostError(_REFUSALS.get(reply.exit_code, Reason.ANSWER_GARBLED), _words(reply.stderr or reply.stdout))
    word, number = found.groups()
    return word.decode(), None if number is None else int(number), reply.stdout[found.end() :]


def _refused_by_sudo(reply: Reply) -> bool:
    return reply.exit_code in {1, _NOT_FOUND} and not reply.stdout and b"sudo:" in reply.stderr


def _encoded(text: str) -> bytes:
    """Spell `text` as the host does: bytes that were no UTF-8 when we read them go back as they came."""
    if "\0" in text:
        raise ValueError("a NUL cannot be told to a shell")
    return text.encode("utf-8", "surrogateescape")


def _words(raw: bytes) -> str:
    return shown(raw[:1000].decode("utf-8", "backslashreplace").strip())


def _checked(form: re.Pattern[str], value: str) -> str:
    """Return `value`, which becomes part of a path on the host."""
    if not form.fullmatch(value):
        raise ValueError(f"'{value}' cannot be a name on a host")
    return value


@cache
def _script(*names: str) -> str:
    folder = files("controller.transports") / "scripts"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
