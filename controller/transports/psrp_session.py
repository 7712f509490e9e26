"""What one open shell can do: run a script, place a file, start a program, ask after it."""

import re
import time
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Iterator, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Final

from controller.errors import HostError, Reason
from controller.model.fleet import Platform
from controller.transports.base import PRODUCT_FOLDER, STREAM_LIMIT, Launch, Reply, RunState
from controller.transports.placed import (
    SLOWEST,
    Push,
    checked_name,
    checked_run_id,
    go_on,
    refusal,
    run_state,
    said,
)
from controller.transports.psrp_line import Line

_FOLDER: Final = PRODUCT_FOLDER[Platform.WINDOWS]
_LOG_LIMIT: Final = (STREAM_LIMIT - 64 * 1024) * 3 // 4  # it comes as base64
_SHORT: Final = 60.0
_SHARE: Final = 24 * 1024 * 1024
"""Bytes of a file for one script: Windows takes 50 MB of input, and counts it as base64."""

_FORBIDDEN: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]|[. ]$')


class PsrpSession:
    """An open WinRM shell on one host."""

    def __init__(self, line: Line, *, host_key: str) -> None:
        self._line, self._host_key = line, host_key

    @property
    def host_key(self) -> str:
        """The fingerprint of the host's certificate, checked when the line was opened; empty without TLS."""
        return self._host_key

    def run(self, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Reply:
        """Run `script` with PowerShell; what it prints comes as lines of UTF-8.

        Raises:
            HostError: `host.timeout`, `answer.huge` or `script.blocked`.

        """
        return self._line.exchange(script, arguments, seconds=seconds)

    def put(self, source: Path, *, sha256: str, file_name: str) -> bool:
        """Place a file under its SHA-256; goes on where an earlier push was cut off.

        Raises:
            HostError: `push.failed`, `host.disk_full`, `folder.unsafe`, or `tool.blocked` when an antivirus says so
                at once; nothing half is left under the file's name.
            OSError: our own copy cannot be opened.

        """
        with source.open("rb") as file:
            push = Push(file, source.stat().st_size, (_FOLDER, _windows_name(file_name), sha256))
            word, there, _ = self._asked("windows_put.ps1", *push.arguments)
            if word == "have":
                return False
            go_on(partial(self._send, push), there or 0)
        return True

    def start(self, launch: Launch) -> RunState:
        """Start a program unless its run id is known there already.

        Raises:
            HostError: `host.busy`, `tool.blocked`, `host.disk_full` or `folder.unsafe`.

        """
        return self._state(
            "windows_start.ps1",
            checked_run_id(launch.run_id),
            launch.sha256,
            _windows_name(launch.file_name),
            launch.log,
            str(launch.seconds),
            launch.mode,
            _script("windows_folder.ps1", "windows_log.ps1", "windows_wrapper.ps1"),
            *launch.arguments,
        )

    def poll(self, run_id: str) -> RunState:
        """Ask how a run stands.

        Raises:
            HostError: `folder.unsafe`.

        """
        return self._state("windows_poll.ps1", checked_run_id(run_id))

    def void(self, run_id: str) -> RunState:
        """See that a run which has not begun never begins; return how it stands.

        Raises:
            HostError: `host.busy` (another start is under way), `folder.unsafe` or `host.disk_full`.

        """
        return self._state("windows_void.ps1", checked_run_id(run_id))

    def _state(self, script: str, *arguments: str) -> RunState:
        text = _script("windows_folder.ps1", "windows_log.ps1", "windows_state.ps1", script)
        reply = self.run(text, (_FOLDER, str(_LOG_LIMIT), *arguments), seconds=_SHORT)
        return run_state(*_said(reply), decode=_decoded)

    def _asked(self, script: str, *arguments: str) -> tuple[str, int | None, bytes]:
        return _said(self.run(_script("windows_folder.ps1", script), arguments, seconds=_SHORT))

    def _send(self, push: Push, offset: int) -> None:
        """Send the file from `offset` on, in shares that one script may be fed."""
        script = _script("windows_folder.ps1", "windows_take.ps1")
        deadline = time.monotonic() + _SHORT + push.size / SLOWEST
        while True:
            blocks = _fed(push.blocks(offset, block=self._line.block, most=_SHARE))
            arguments = (*push.arguments, str(offset))
            seconds = max(1.0, deadline - time.monotonic())
            word, there, _ = _said(self._line.exchange(script, arguments, seconds=seconds, blocks=blocks))
            if word == "done":
                return
            if there is None or there <= offset:
                raise HostError(Reason.PUSH_FAILED, f"{there} of {push.size} bytes came")
            offset = there


def _fed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the blocks, and at least one: pypsrp cannot feed nothing."""
    yield next(blocks, b"")
    yield from blocks


def _said(reply: Reply) -> tuple[str, int | None, bytes]:
    """Read what a script of ours says; PowerShell has no exit codes, so a refusal is said too.

    Raises:
        HostError: the script refused, or the answer is not in our form.

    """
    word, number, rest = said(reply)
    if word == "refused":
        raise refusal(number, rest)
    return word, number, rest


def _decoded(rest: bytes) -> bytes:
    try:
        return b"".join(b64decode(line, validate=True) for line in rest.splitlines())
    except NotBase64Error as error:
        raise HostError(Reason.ANSWER_GARBLED, "its log is not in base64") from error


def _windows_name(name: str) -> str:
    """Return the name of a file, which becomes part of a path of Windows."""
    if _FORBIDDEN.search(name):
        raise ValueError(f"'{name}' cannot be a name on a host")
    return checked_name(name)


@cache
def _script(*names: str) -> str:
    folder = files("controller.transports") / "scripts"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
