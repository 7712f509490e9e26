"""Serve a fleet from a folder until told to stop: the whole life of the lab's own process."""

import asyncio
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from controller.lab.addresses import claim
from controller.lab.children import Children
from controller.lab.credentials import make_credentials, make_key
from controller.lab.engine import powershell
from controller.lab.folder import write_folder
from controller.lab.layout import CA, LOGONS, NTLM, SERVER, folder_of
from controller.lab.logons import LogonLog
from controller.lab.operator_files import Door, write_operator_files
from controller.lab.pc import LabFleet, LabPc
from controller.lab.server import Place, open_to_all
from controller.lab.windows_server import WindowsPlace, open_windows
from controller.lab.winrm.bridge import PowerShells
from controller.lab.winrm.certificates import issue
from controller.lab.winrm.logon import keep_accounts
from controller.model.fleet import Platform

_VISITS: Final = 1024
"""Open files beyond one for each computer: connections of those being visited, and the pipes of what they run."""


async def serve(lab: Path, fleet: LabFleet) -> None:
    """Write every folder and file of `fleet` into `lab`, answer, and end when our stdin does or a signal says so.

    Nothing that a lab computer started is left running.
    """
    _allow_open_files(len(fleet.pcs) + _VISITS)
    stop = await _asked_to_stop()
    place = Place(make_credentials(fleet.pcs), LogonLog(lab / LOGONS), Children())
    place.children.watch(asyncio.get_running_loop())
    sockets = claim(len(fleet.pcs))  # kept to the end: those of computers that are offline hold their addresses
    addresses = [opened.getsockname()[0] for opened in sockets]
    windows = _windows_place(
        lab, place, [each for each, pc in zip(addresses, fleet.pcs, strict=True) if _is_windows(pc)]
    )
    try:
        doors = []
        for pc, opened in zip(fleet.pcs, sockets, strict=True):
            if stop.is_set():  # the truth that is written last must not say that somebody serves
                return
            doors.append(await _open(lab, pc, opened, place, windows))
        write_operator_files(lab, fleet, doors, place.credentials)
        await stop.wait()
    finally:
        place.children.end_all()


def _allow_open_files(count: int) -> None:
    """Let this process open `count` files, or as many as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _is_windows(pc: LabPc) -> bool:
    return pc.platform is Platform.WINDOWS


def _windows_place(lab: Path, place: Place, addresses: Sequence[str]) -> WindowsPlace | None:
    """Make what Windows PCs share; None when there are none."""
    if not addresses:
        return None
    keep_accounts(lab / NTLM, place.credentials.passwords)
    program = powershell()
    return WindowsPlace(
        credentials=place.credentials,
        logons=place.logons,
        children=place.children,
        tls=issue(addresses, lab / CA, lab / SERVER),
        powershells=PowerShells(program, place.children) if program else None,
    )


async def _open(lab: Path, pc: LabPc, opened: socket.socket, place: Place, windows: WindowsPlace | None) -> Door:
    address, port = opened.getsockname()
    door = Door(pc, lab / folder_of(pc.name), address, port, None if _is_windows(pc) else make_key())
    write_folder(pc, door.folder)
    if door.host_key:
        await open_to_all(opened, pc, door.folder, door.host_key, place)
    elif windows:
        await open_windows(opened, pc, door.folder, windows)
    return door


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
