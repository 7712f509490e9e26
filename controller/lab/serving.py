"""Serve a fleet from a folder until told to stop: the whole life of the lab's own process."""

import asyncio
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from controller.lab.addresses import claim
from controller.lab.children import Children
from controller.lab.credentials import make_credentials, make_key
from controller.lab.folder import write_folder
from controller.lab.layout import LOGONS, folder_of
from controller.lab.logons import LogonLog
from controller.lab.operator_files import Door, write_operator_files
from controller.lab.pc import LabFleet
from controller.lab.server import Place, open_to_all


async def serve(lab: Path, fleet: LabFleet) -> None:
    """Write every folder and file of `fleet` into `lab`, answer, and end when our stdin does or a signal says so.

    Nothing that a lab computer started is left running.
    """
    stop = await _asked_to_stop()
    place = Place(make_credentials(fleet.pcs), LogonLog(lab / LOGONS), Children())
    place.children.watch(asyncio.get_running_loop())
    sockets = claim(len(fleet.pcs))  # kept to the end: those of computers that are offline hold their addresses
    try:
        doors = await _open_doors(lab, fleet, place, sockets)
        write_operator_files(lab, fleet, doors, place.credentials)
        await stop.wait()
    finally:
        place.children.end_all()


async def _open_doors(lab: Path, fleet: LabFleet, place: Place, sockets: Sequence[socket.socket]) -> tuple[Door, ...]:
    doors = []
    for pc, opened in zip(fleet.pcs, sockets, strict=True):
        address, port = opened.getsockname()
        door = Door(pc, lab / folder_of(pc.name), address, port, make_key())
        write_folder(pc, door.folder)
        await open_to_all(opened, pc, door.folder, door.host_key, place)
        doors.append(door)
    return tuple(doors)


async def _asked_to_stop() -> asyncio.Event:
    """Return an event that is set when our parent closes our stdin (dying is enough), or by SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await loop.connect_read_pipe(lambda: _Watch(stop), sys.stdin.buffer)
    return stop


class _Watch(asyncio.Protocol):
    """Sets an event when the other end of a pipe is gone."""

    def __init__(self, gone: asyncio.Event) -> None:
        self._gone = gone

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """The pipe was closed, or broke."""
        self._gone.set()
