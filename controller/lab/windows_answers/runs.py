"""Starting a placed program on a PC, and how it stands: what the scripts for `start`, `poll` and `void` answer."""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.lab.children import Child, Children
from controller.lab.windows_answers.placing import whole
from controller.lab.windows_folder import on_disk

_BUSY: Final = 64
_BLOCKED: Final = 65
_BLOCK: Final = 192 * 1024
_OUT_OF_TIME: Final = "124"
_RUN: Final = """limit=$1
shift
{ timeout "$limit" "$@" 2>&1 </dev/null; echo "$?" >code; } | cat >stdout
mv code exit"""
"""`cat` ends when the program, and whatever it started, has let go of the pipe."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A program that was started; `log` is its log, and `before` what stood there at the start."""

    child: Child
    place: Path
    log: Path
    before: bytes


class Runs:
    """The runs of one PC. They outlive whoever started them, and end with the lab."""

    def __init__(self, folder: Path, children: Children) -> None:
        self._folder = folder
        self._children = children
        self._runs: dict[str, _Run] = {}
        self._void: set[str] = set()

    def start(self, arguments: Sequence[str]) -> Iterator[str]:
        """Answer FOLDER LIMIT RUN_ID SHA256 NAME LOG SECONDS MODE WRAPPER ARGUMENTS...: start it, once for a run id."""
        place, limit, run_id, sha256, name, log, seconds, mode, _, *words = arguments
        ours = on_disk(self._folder, place)
        tool = ours / "tools" / sha256 / name
        if run_id not in self._runs and run_id not in self._void:
            if refusal := self._refusal(tool, sha256):
                yield refusal
                return
            folder = ours / "runs" / run_id
            folder.mkdir(parents=True)
            path = on_disk(self._folder, log) if log[1:3] == ":\\" else folder / log
            before = path.read_bytes() if path.exists() else b""
            told = {"LAMSACH_RUN_ID": run_id, "LAMSACH_MODE": mode}
            child = self._launched(("/bin/sh", "-c", _RUN, "sh", seconds, str(tool), *words), folder, told)
            self._runs[run_id] = _Run(child, folder, path, before)
        yield from self._state(run_id, int(limit))

    def _refusal(self, tool: Path, sha256: str) -> str:
        if not whole(tool, sha256):
            return f"#lamsach refused {_BLOCKED}\n'{tool.name}' is gone or was changed"
        running = [run_id for run_id, run in self._runs.items() if not run.child.exited.done()]
        return f"#lamsach refused {_BUSY}\n'{running[0]}' still runs" if running else ""

    def _launched(self, command: Sequence[str], folder: Path, told: Mapping[str, str]) -> Child:
        """Start it; it writes into its folder, and nobody holds its pipes."""
        child = self._children.start(command, folder, {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **told})
        for pipe in (child.stdin, child.stdout, child.stderr):
            pipe.close()
        return child

    def poll(self, arguments: Sequence[str]) -> Iterator[str]:
        """Answer FOLDER LIMIT RUN_ID: how it stands, and what its log says when it is over."""
        _, limit, run_id = arguments
        yield from self._state(run_id, int(limit))

    def void(self, arguments: Sequence[str]) -> Iterator[str]:
        """Answer FOLDER LIMIT RUN_ID: see that it never begins, or say how it stands."""
        _, limit, run_id = arguments
        if run_id in self._runs:
            yield from self._state(run_id, int(limit))
        else:
            self._void.add(run_id)
            yield "#lamsach absent"

    def _state(self, run_id: str, limit: int) -> Iterator[str]:
        run = self._runs.get(run_id)
        if run_id in self._void:
            yield "#lamsach torn"
        elif not run:
            yield "#lamsach absent"
        elif not run.child.exited.done():
            yield "#lamsach running"
        else:
            exit_code = run.place / "exit"
            code = exit_code.read_text().strip() if exit_code.exists() else ""
            yield f"#lamsach finished {code}" if code else "#lamsach torn"
            if code == _OUT_OF_TIME:
                yield f"#left {run.child.pid} {run.place.name}"
            yield from _log(run, limit)


def _log(run: _Run, limit: int) -> Iterator[str]:
    """What the run itself wrote: what goes on behind the old log, else all of the file."""
    content = run.log.read_bytes() if run.log.exists() else b""
    new = content.removeprefix(run.before)
    if len(new) > limit:
        yield "#cut"
    yield "#log"
    for start in range(0, min(len(new), limit), _BLOCK):
        yield base64.b64encode(new[start : min(start + _BLOCK, limit)]).decode()
