"""The rows of the Windows collectors, made from the folder of a PC."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from controller.collectors.answer import FRAME_VERSION
from controller.collectors.trailer import MAX_NAMED
from controller.lab.pc import LabPc
from controller.lab.windows_answers.traces import Row, autostart, connections, dns_cache
from controller.lab.windows_entries import read_entries
from controller.lab.windows_folder import FREE_BYTES, KERNEL, PRODUCT, machine_guid, on_disk, started
from controller.lab.windows_office import HOSTS
from controller.lab.winrm.rendered import ScriptError

_POWERSHELL: Final = "5.1.19041.5129"
_CHUNK_ROWS: Final = 500
_MAX_FILES: Final = 20000
_US: Final[Mapping[str, Any]] = {
    "Id": 999_999,
    "ParentProcessId": 0,
    "ProcessName": "wsmprovhost",
    "Path": r"C:\Windows\System32\wsmprovhost.exe",
    "CommandLine": "",
    "UserName": "",
}
"""Our own session, as state/processes.json would have it."""
_LOCKED, _DENIED = 32, 5
"""The errors of Windows for a file that another process holds, and for one that we have no right to."""


@dataclass(slots=True)
class _Count:
    """What an answer says beside its rows: the root and unread lines, and what the end line counts."""

    roots: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    stopped: str = "no"
    files: int = 0
    most: int = _MAX_FILES

    def add_root(self, state: str, asked: str) -> None:
        resolved = asked if state == "entered" else ""
        self.roots.append(f"#root {_json({'state': state, 'asked': asked, 'resolved': resolved, 'volume': ''})}")

    def add_unread(self, kind: str, path: str, error: int) -> None:
        self.unread.append(f"#unread {_json({'kind': kind, 'path': path, 'error': error})}")

    def last_lines(self, rows: int) -> list[str]:
        named = self.unread[:MAX_NAMED]
        counts = f"unread={len(self.unread)} stopped={self.stopped} roots={len(self.roots)} named={len(named)}"
        return [*self.roots, *named, f"#end {rows} {counts}"]


@dataclass(frozen=True, slots=True)
class _Options:
    """The arguments of a collector behind nonce and sysroot."""

    roots: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ("sha256",)
    depth: int | None = None
    count: _Count = field(default_factory=_Count)


class Looks:
    """What the collectors see on one PC."""

    def __init__(self, pc: LabPc, folder: Path) -> None:
        self._pc = pc
        self._folder = folder
        closed = [file for file in pc.files if file.locked or file.denied]
        self._closed = {file.path: _DENIED if file.denied else _LOCKED for file in closed}
        self._questions: Mapping[str, Callable[[_Options], Iterator[Row]]] = {
            "host": self._host,
            "processes": self._processes,
            "files": self._files,
            "connections": self._connections,
            "dns_cache": self._dns_cache,
            "autostart": self._autostart,
        }

    def answer(self, name: str, arguments: Sequence[str]) -> Iterator[str]:
        """Yield the answer of collector `name`, framed, as strings of whole lines.

        Raises:
            ScriptError: this collector's answer cannot be made here.

        """
        if name not in self._questions:
            raise ScriptError(f"'{name}' is answered by a PowerShell only; name one in LAMSACH_PWSH.")
        nonce, sysroot, *words = arguments
        options = _options(words)
        lines = [f"#begin {name} {FRAME_VERSION} {nonce} {sysroot}"]
        count = 0
        for row in self._questions[name](options):
            lines.append(_json(row))
            count += 1
            if len(lines) == _CHUNK_ROWS:
                yield "\n".join(lines)
                lines.clear()
        yield "\n".join([*lines, *options.count.last_lines(count)])

    def _host(self, _options: _Options) -> Iterator[Row]:
        pc = self._pc
        yield {
            "computer_name": pc.computer_name,
            "platform": "windows",
            "system": PRODUCT,
            "kernel": KERNEL,
            "user": rf"{pc.computer_name}\{pc.account}",
            "elevated": True,
            "machine_id": machine_guid(pc),
            "boot_id": str(int(started(pc).timestamp())),
            "uuid": pc.system_uuid.upper(),
            "serial": pc.serial,
            "macs": [pc.mac.upper()],
            "clock": int(time.time()),
            "free_bytes": FREE_BYTES,
            "powershell": _POWERSHELL,
            "language_mode": "FullLanguage",
        }

    def _processes(self, options: _Options) -> Iterator[Row]:
        """Our own session is a row as in a real answer; no such program runs here."""
        for each in (*self._running(), _US):
            path = each["Path"] or ""
            own = each is _US
            sums = self._sums(path, options, lacking=True) if path and not own else _no_sums()
            yield {
                "pid": each["Id"],
                "parent": each["ParentProcessId"],
                "name": _name(each),
                "path": path,
                **sums,
                "command_line": each["CommandLine"] or "",
                "user": each["UserName"] or "",
                "deleted": bool(path) and not own and not on_disk(self._folder, path).exists(),
                "own": own,
            }

    def _running(self) -> Sequence[Mapping[str, Any]]:
        """What runs there now, as state/processes.json has it."""
        listed: list[dict[str, Any]] = json.loads((self._folder / "state/processes.json").read_text(encoding="utf-8"))
        return listed

    def _connections(self, _options: _Options) -> Iterator[Row]:
        processes = {each["Id"]: (_name(each), each["Path"] or "") for each in self._running()}
        return connections(self._pc.sockets, processes)

    def _dns_cache(self, options: _Options) -> Iterator[Row]:
        place = on_disk(self._folder, HOSTS)
        closed = HOSTS in self._closed
        if closed:
            options.count.add_unread("file", HOSTS, self._closed[HOSTS])
            options.count.stopped = "denied"
        return dns_cache(place.read_text(encoding="utf-8") if place.exists() and not closed else "", self._pc.names)

    def _autostart(self, options: _Options) -> Iterator[Row]:
        """A program that is not there has no sums; its entry is a trace of it all the same."""
        sums: dict[str, Mapping[str, str]] = {}
        entries = tuple(read_entries(self._folder))
        for path in {entry.program for entry in entries}:
            there = on_disk(self._folder, path).exists()
            sums[path] = self._sums(path, options, lacking=True) if there else _no_sums()
        return autostart(entries, sums)

    def _files(self, options: _Options) -> Iterator[Row]:
        for root in options.roots:
            place = on_disk(self._folder, root)
            options.count.add_root("entered" if place.exists() else "missing", root)
            if not place.exists():
                yield {"path": root, "type": "missing", "size": 0, "modified": 0, **_no_sums()}
            else:
                yield from self._below(root.rstrip("\\"), place, options, 0)

    def _below(self, path: str, place: Path, options: _Options, level: int) -> Iterator[Row]:
        status = place.stat()
        if place.is_dir():
            yield {"path": path, "type": "folder", "size": 0, "modified": int(status.st_mtime), **_no_sums()}
            for each in sorted(place.iterdir()) if options.depth is None or level < options.depth else ():
                yield from self._below(rf"{path}\{each.name}", each, options, level + 1)
        elif options.count.files >= options.count.most:
            options.count.stopped = "count"
        else:
            options.count.files += 1
            sums = self._sums(path, options, lacking=False)
            yield {"path": path, "type": "file", "size": status.st_size, "modified": int(status.st_mtime), **sums}

    def _sums(self, path: str, options: _Options, *, lacking: bool) -> Mapping[str, str]:
        """Hash the file at `path`; one that cannot be read is counted, and is too much to lack when `lacking`."""
        place = on_disk(self._folder, path)
        if path in self._closed or not place.is_file():
            options.count.add_unread("file", path, self._closed.get(path, 0))
            options.count.stopped = "denied" if lacking else options.count.stopped
            return _no_sums()
        content = place.read_bytes()
        return {**_no_sums(), **{name: hashlib.new(name, content).hexdigest() for name in options.hashes}}


def _name(process: Mapping[str, Any]) -> str:
    """What Windows calls a process: its image, where it has one."""
    return f"{process['ProcessName']}{Path((process['Path'] or '').replace(chr(92), '/')).suffix}"


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _no_sums() -> dict[str, str]:
    return {"sha256": "", "sha1": "", "md5": ""}


def _options(words: Iterable[str]) -> _Options:
    told = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    last = dict(told)
    return _Options(
        roots=tuple(value for name, value in told if name == "root"),
        hashes=tuple({"sha256", *filter(None, last.get("hashes", "").split(","))}),
        depth=int(last["depth"]) if "depth" in last else None,
        count=_Count(most=int(last.get("max_files", _MAX_FILES))),
    )
