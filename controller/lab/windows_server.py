"""The WinRM half of a lab computer: who may log on to it, and what answers there."""

import socket
from dataclasses import dataclass
from pathlib import Path

from controller.lab.children import Children
from controller.lab.credentials import Credentials
from controller.lab.logons import Logon, LogonLog
from controller.lab.pc import LabFault, LabPc, Login
from controller.lab.windows_answers.asking import Answers
from controller.lab.winrm.bridge import PowerShells
from controller.lab.winrm.endpoint import Endpoint
from controller.lab.winrm.listener import Listener, Tls
from controller.lab.winrm.misbehaving import misbehaviour
from controller.lab.winrm.rendered import Rendered, Responder
from controller.lab.winrm.shell import BackendFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsPlace:
    """What all Windows PCs of one lab share. Without `powershells` their answers are rendered."""

    credentials: Credentials
    logons: LogonLog
    children: Children
    tls: Tls
    powershells: PowerShells | None


async def open_windows(opened: socket.socket, pc: LabPc, folder: Path, place: WindowsPlace) -> Listener | None:
    """Serve `pc` on a bound socket; None when it is offline, and the socket is left as it is."""
    if LabFault.OFFLINE in pc.faults:
        return None
    cut_after = pc.cut_after if LabFault.CUT_ANSWER in pc.faults else None
    endpoint = Endpoint(pc.computer_name, _backend(pc, folder, place), cut_after=cut_after)
    listener = Listener(endpoint, _Judge(pc, place), place.tls if pc.tls else None)
    await listener.listen(opened)
    return listener


class _Judge:
    """Writes down who wants to log on to one PC, and lets in who may."""

    def __init__(self, pc: LabPc, place: WindowsPlace) -> None:
        self._pc = pc
        self._place = place

    def __call__(self, account: str, *, proved: bool) -> bool:
        """Let the account of this PC in, unless it is one that refuses it."""
        accepted = proved and self._place.credentials.lets_in(self._pc, account)
        self._place.logons.write(Logon(host=self._pc.name, account=account, method=Login.PASSWORD, accepted=accepted))
        return accepted


def _backend(pc: LabPc, folder: Path, place: WindowsPlace) -> BackendFactory:
    """Return what stands behind its shells: a fault, a PowerShell, or answers of our own."""
    if respond := misbehaviour(pc):
        return _rendered(respond)
    if place.powershells:
        return place.powershells.for_pc(folder)
    return _rendered(Answers(pc, folder, place.children).respond)


def _rendered(respond: Responder) -> BackendFactory:
    return lambda streams: Rendered(streams, respond)
