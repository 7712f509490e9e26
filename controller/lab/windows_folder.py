r"""Write the folder of a Windows PC in the form that the PowerShell of a test plays.

    FOLDER/host.json         who it is, and in what state
    FOLDER/C/                drive C:
    FOLDER/registry/*.reg    its registry
    FOLDER/state/*.json      processes, services, network, accounts, files that cannot be opened, classes of WMI

Beside them lie the tool's orders; see `folder`. What a script changes is written back here.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Final

from controller.lab import windows_starts
from controller.lab.network import OWN
from controller.lab.pc import LabFile, LabName, LabPc, LabSocket, command_line
from controller.lab.windows_office import SYSTEM
from controller.lab.windows_starts import SID, accounts

POWERSHELL: Final = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
PRODUCT: Final = "Microsoft Windows 10 Pro"
FREE_BYTES: Final = 91268055040
_BUILD: Final = "19045"
_REVISION: Final = 4020
KERNEL: Final = f"10.0.{_BUILD}.{_REVISION}"
_EMPTY_FOLDERS: Final = (
    r"C:\Program Files",
    r"C:\Program Files (x86)",
    r"C:\ProgramData",
    r"C:\Users\Public",
    r"C:\Windows\Temp",
)
_Objects = Sequence[Mapping[str, object]]


def on_disk(folder: Path, path: str) -> Path:
    r"""Return where `C:\…` of the PC in `folder` lies here."""
    return folder.joinpath("C", *path.removeprefix("C:").strip("\\").split("\\"))


def machine_guid(pc: LabPc) -> str:
    """Return its machine id as Windows spells it."""
    return str(uuid.UUID(pc.machine_id))


def started(pc: LabPc) -> datetime:
    """Return when it was started."""
    return datetime.fromisoformat(pc.boot_id)


def write_windows(pc: LabPc, folder: Path) -> None:
    """Write everything that `pc` says of itself into `folder`, which is there and empty."""
    for empty in (*_EMPTY_FOLDERS, rf"C:\Users\{pc.account}"):
        on_disk(folder, empty).mkdir(parents=True, exist_ok=True)
    for file in _all_files(pc):
        _write(on_disk(folder, file.path), file.content)
    for task in windows_starts.task_files(pc):
        _write(on_disk(folder, task.path), task.content, encoding="utf-16")
    (folder / "host.json").write_text(_json(_host(pc)), encoding="utf-8")
    (folder / "registry").mkdir()
    (folder / "registry/10-lab.reg").write_text("\r\n".join(_registry(pc)), encoding="utf-8")
    for name, objects in chain(_state(pc), _classes(pc)):
        _write(folder / "state" / f"{name}.json", _json(objects))


def _write(path: Path, text: str, *, encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)


def _json(value: object) -> str:
    """In the form in which it is written back; the lab's cleanup tool reads its lines."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _all_files(pc: LabPc) -> Iterator[LabFile]:
    """The files it names, and an image for every program that has none."""
    named = {file.path for file in pc.files}
    images = {process.path for process in pc.processes if process.path} | {POWERSHELL}
    images |= {start.program for start in pc.starts}
    yield from pc.files
    for path in sorted(images - named):
        yield LabFile(path=path, content=f"the lab's stand-in for {path}\n")


def _host(pc: LabPc) -> Mapping[str, object]:
    modes = pc.modes
    told = {
        "languageMode": modes.language_mode,
        "amsiBlocked": modes.amsi_blocked,
        "wmi": modes.wmi,
        "language": modes.language,
        "accountNames": modes.account_names,
    }
    return {
        "computerName": pc.computer_name,
        "userName": pc.account,
        "userDomain": pc.computer_name,
        "userSid": accounts(pc)[pc.account],
        "osVersion": f"10.0.{_BUILD}",
        "elevated": modes.elevated,
        "uuid": pc.system_uuid.upper(),
    } | {name: value for name, value in told.items() if value}


def _registry(pc: LabPc) -> Iterator[str]:
    software = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft"
    yield "Windows Registry Editor Version 5.00"
    yield ""
    yield rf"[{software}\Cryptography]"
    yield f'"MachineGuid"="{machine_guid(pc)}"'
    yield ""
    yield rf"[{software}\Windows NT\CurrentVersion]"
    yield '"ProductName"="Windows 10 Pro"'
    yield f'"CurrentBuild"="{_BUILD}"'
    yield '"CurrentMajorVersionNumber"=dword:0000000a'
    yield '"CurrentMinorVersionNumber"=dword:00000000'
    yield f'"UBR"=dword:{_REVISION:08x}'
    yield ""
    yield r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\FileSystem]"
    yield '"LongPathsEnabled"=dword:00000000'
    yield ""
    yield from windows_starts.keys(pc)


def _state(pc: LabPc) -> Iterator[tuple[str, _Objects]]:
    yield "processes", [dict(_process(pc, number)) for number in range(len(pc.processes))]
    yield "services", list(windows_starts.services(pc))
    yield "net-adapters", [_adapter(pc)]
    yield "net-addresses", [{"IPAddress": OWN, "InterfaceIndex": 7, "InterfaceAlias": "Ethernet"}]
    yield "net-tcp", [_socket(each) for each in pc.sockets]
    yield "dns-cache", [_record(each) for each in pc.names]
    yield (
        "local-users",
        [
            *({"Name": name, "SID": sid, "Enabled": True} for name, sid in accounts(pc).items()),
            {"Name": "Administrator", "SID": f"{SID}-500", "Enabled": False},
        ],
    )
    yield "local-groups", [{"Name": "Administrators", "SID": "S-1-5-32-544", "Members": ["Administrator", pc.account]}]
    yield "files", [dict(_closed(file)) for file in pc.files if file.locked or file.denied]
    yield "broken", pc.modes.broken
    yield "registry-denied", [{"Path": key} for key in pc.modes.denied_keys]


def _process(pc: LabPc, number: int) -> Iterator[tuple[str, object]]:
    process = pc.processes[number]
    yield "Id", process.pid
    yield "ProcessName", process.name
    yield "Path", process.path or None
    yield "CommandLine", command_line(*process.command) or None
    yield "ParentProcessId", process.parent
    yield "StartTime", pc.boot_id
    yield "UserName", full_user(pc, process.user)


def full_user(pc: LabPc, user: str) -> str | None:
    r"""Return `DOMAIN\NAME` of a user of `pc`; the kernel's processes belong to nobody."""
    return user if user == SYSTEM or not user else rf"{pc.computer_name}\{user}"


def _socket(socket: LabSocket) -> Mapping[str, object]:
    return {
        "LocalAddress": socket.local_address,
        "LocalPort": socket.local_port,
        "RemoteAddress": socket.remote_address or "0.0.0.0",  # noqa: S104  # so Windows says that there is none
        "RemotePort": socket.remote_port,
        "State": "Established" if socket.remote_address else "Listen",
        "OwningProcess": socket.pid,
    }


def _record(name: LabName) -> Mapping[str, object]:
    return {"Entry": name.name, "Name": name.name, "Type": name.type, "Data": name.data}


def _adapter(pc: LabPc) -> Mapping[str, object]:
    return {
        "Name": "Ethernet",
        "InterfaceDescription": "Realtek PCIe GbE Family Controller",
        "InterfaceIndex": 7,
        "ifIndex": 7,
        "Status": "Up",
        "MacAddress": pc.mac.upper().replace(":", "-"),
        "Gateway": "192.0.2.1",
    }


def _closed(file: LabFile) -> Iterator[tuple[str, object]]:
    yield "Path", file.path
    if file.locked:
        yield "Locked", True
    if file.denied:
        yield "AccessDenied", True


def _classes(pc: LabPc) -> Iterator[tuple[str, _Objects]]:
    """The classes of WMI that nothing else says."""
    place = "cim/root.cimv2"
    yield f"{place}/Win32_SystemDriver", list(windows_starts.drivers(pc))
    yield (
        f"{place}/Win32_OperatingSystem",
        [
            {
                "Caption": PRODUCT,
                "Version": f"10.0.{_BUILD}",
                "BuildNumber": _BUILD,
                "CSName": pc.computer_name,
                "SystemDrive": "C:",
                "LastBootUpTime": pc.boot_id,
                "LocalDateTime": "now",
            }
        ],
    )
    yield f"{place}/Win32_BIOS", [{"Manufacturer": "lamsach", "SerialNumber": pc.serial}]
    system = {"Name": pc.computer_name, "Manufacturer": "lamsach", "Model": "Lab PC", "PartOfDomain": False}
    yield f"{place}/Win32_ComputerSystem", [system]
    disk = {"DeviceID": "C:", "DriveType": 3, "FileSystem": "NTFS", "Size": 255427395584, "FreeSpace": FREE_BYTES}
    yield f"{place}/Win32_LogicalDisk", [disk]
