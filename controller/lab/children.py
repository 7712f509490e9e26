"""The programs that lab computers run: started, reaped, and ended to the last one."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, cast

_PR_SET_CHILD_SUBREAPER: Final = 36
_END_SECONDS: Final = 5.0


class Child:
    """A program started with three pipes, in a session of its own.

    `exited` yields its exit code; -N says that signal N ended it.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", exited: "asyncio.Future[int]") -> None:
        self._process = process
        self.pid: int = process.pid
        self.exited = exited
        self.stdin = cast(IO[bytes], process.stdin)
        self.stdout = cast(IO[bytes], process.stdout)
        self.stderr = cast(IO[bytes], process.stderr)

    def end_with(self, code: int) -> None:
        """Take note that it ended; called by the one who reaped it."""
        self._process.returncode = code  # else Popen would wait for it once more
        if not self.exited.done():
            self.exited.set_result(code)


class Children:
    """All programs of all lab computers.

    The lab adopts whatever its programs leave behind, as an init does on a real computer: without that a
    tool that ended would stay a zombie wherever process 1 does not reap, and look as if it still ran.
    """

    def __init__(self) -> None:
        self._running: dict[int, Child] = {}

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to adopt and reap; to be called once, from `loop`'s own thread."""
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        loop.add_signal_handler(signal.SIGCHLD, self._reap)

    def start(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Child:
        """Start a program in `folder` with `environment` and nothing else, all three streams piped."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(  # noqa: S603  # running what it is told is what a computer is for
            command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        child = Child(process, asyncio.get_running_loop().create_future())
        self._running[child.pid] = child
        return child

    def end_all(self) -> None:
        """Kill everything that descends from this process, detached or not."""
        deadline = time.monotonic() + _END_SECONDS
        while (left := tuple(_descendants(os.getpid()))) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()
            time.sleep(0.005)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                if child := self._running.pop(pid, None):
                    child.end_with(os.waitstatus_to_exitcode(status))


def _descendants(ancestor: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = stat.read_bytes().rpartition(b")")[2].split()
            children.setdefault(int(after_name[1]), []).append(int(stat.parent.name))
    waiting = children.pop(ancestor, [])
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.pop(pid, [])
