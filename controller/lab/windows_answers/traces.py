"""The rows of `connections`, `dns_cache` and `autostart`, from what a PC says of itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from controller.lab.pc import LabName, LabPc, LabSocket, StartKind
from controller.lab.windows_starts import command, location, runs_as

Row = Mapping[str, object]

_NOWHERE: Final = re.compile(r"(0|127)(\.[0-9]+)+|[0:]+1?")
_ORDER: Final = tuple(StartKind)


def connections(sockets: Sequence[LabSocket], processes: Mapping[int, tuple[str, str]]) -> Iterator[Row]:
    """Yield the sockets of `processes`, which have a name and a path; with its process a socket is gone."""
    listening = {socket.local_port for socket in sockets if not socket.remote_address}
    for socket in sockets:
        if socket.pid not in processes:
            continue
        direction = "inbound" if socket.local_port in listening else "outbound"
        name, path = processes[socket.pid]
        yield {
            "direction": direction if socket.remote_address else "listening",
            "state": "established" if socket.remote_address else "listen",
            "local_address": socket.local_address,
            "local_port": socket.local_port,
            "remote_address": socket.remote_address,
            "remote_port": socket.remote_port,
            "pid": socket.pid,
            "name": name,
            "path": path,
            "own": False,
        }


def dns_cache(hosts: str, names: Sequence[LabName]) -> Iterator[Row]:
    """Yield the names of the hosts file `hosts`, then those of the cache."""
    blocked: set[str] = set()
    for line in hosts.splitlines():
        address, *called = line.partition("#")[0].split() or [""]
        for name in called:
            nowhere = bool(_NOWHERE.fullmatch(address))
            if not nowhere or name.lower() not in blocked:
                yield _record(name, "AAAA" if ":" in address else "A", address, "hosts", blocked=nowhere)
            if nowhere:
                blocked.add(name.lower())
    for each in names:
        nowhere = each.name.lower() in blocked and bool(_NOWHERE.fullmatch(each.data))
        yield _record(each.name, each.type, each.data, "cache", blocked=nowhere)


def _record(name: str, kind: str, data: str, source: str, *, blocked: bool) -> Row:
    return {
        "name": "" if blocked else name,
        "blocked": name if blocked else "",
        "alias": data if kind == "CNAME" else "",
        "type": kind,
        "data": data,
        "status": "ok",
        "source": source,
    }


def autostart(pc: LabPc, sums: Mapping[str, Mapping[str, str]]) -> Iterator[Row]:
    """Yield what starts by itself on `pc`; `sums` are those of each program, by its path."""
    for start in sorted(pc.starts, key=lambda each: _ORDER.index(each.kind)):
        yield {
            "kind": start.kind.value,
            "name": rf"\{start.name}" if start.kind is StartKind.TASK else start.name,
            "path": start.program,
            **sums[start.program],
            "command": command(start),
            "user": runs_as(pc, start),
            "location": location(pc, start),
            "enabled": True,
        }
