"""The rows of `connections` and `dns_cache` from what a PC says of itself, and of `autostart` from its entries."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from controller.lab.pc import LabName, LabSocket
from controller.lab.windows_entries import Entry

Row = Mapping[str, object]

_NOWHERE: Final = re.compile(r"(0|127)(\.[0-9]+)+|[0:]+1?")


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


def autostart(entries: Iterable[Entry], sums: Mapping[str, Mapping[str, str]]) -> Iterator[Row]:
    """Yield the rows of what starts by itself; `sums` are those of each program, by its path."""
    for entry in entries:
        yield {
            "kind": entry.kind.value,
            "name": entry.name,
            "path": entry.program,
            **sums[entry.program],
            "command": entry.command,
            "user": entry.user,
            "location": entry.location,
            "enabled": True,
        }
