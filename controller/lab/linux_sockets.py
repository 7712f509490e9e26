"""The TCP sockets of a Linux computer, as its kernel shows them."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from controller.lab.pc import LabProcess, LabSocket

_HEAD: Final = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
_REST: Final = "00000000:00000000 00:00000000 00000000"
_FIRST_INODE: Final = 20000
_STATE: Final = {True: "01", False: "0A"}
"""Established, and listening."""


def tables(sockets: Sequence[LabSocket], processes: Sequence[LabProcess]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each table of /proc/net; all sockets are TCP over IPv4."""
    users = {process.pid: process.uid for process in processes}
    yield "tcp", _HEAD + "".join(_line(number, each, users) for number, each in enumerate(sockets))
    for name in ("tcp6", "udp", "udp6"):
        yield name, _HEAD


def write_held(sockets: Sequence[LabSocket], proc: Path) -> None:
    """Write into /proc/PID/fd which process holds which socket; what these links say leads nowhere."""
    for number, socket in enumerate(sockets):
        held = proc / str(socket.pid) / "fd" / str(number + 3)
        held.parent.mkdir(exist_ok=True)
        held.symlink_to(f"socket:[{_FIRST_INODE + number}]")


def _line(number: int, socket: LabSocket, users: Mapping[int, int]) -> str:
    here = _end(socket.local_address, socket.local_port)
    there = _end(socket.remote_address or "0.0.0.0", socket.remote_port)  # noqa: S104  # so the kernel says: nobody
    state = _STATE[bool(socket.remote_address)]
    inode = _FIRST_INODE + number
    return f"{number:4}: {here} {there} {state} {_REST} {users[socket.pid]:5}        0 {inode} 1 0000000000000000\n"


def _end(address: str, port: int) -> str:
    """An address as the number that it is on a machine whose lowest byte is first."""
    number = int.from_bytes(ipaddress.IPv4Address(address).packed, "little")
    return f"{number:08X}:{port:04X}"
