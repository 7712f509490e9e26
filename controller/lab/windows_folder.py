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

from controller.lab.pc import LabFile, LabPc
from controller.lab.windows_office import SYSTEM

POWERSHELL: Final = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
PRODUCT: Final = "Microsoft Windows 10 Pro"
FREE_BYTES: Final = 91268055040
_BUILD: Final = "19045"
_REVISION: Final = 4020
KERNEL: Final = f"10.0.{_BUILD}.{_REVISION}"
_SID: Final = "S-1-5-21-1000000001-1000000002-1000000003"
_EMPTY_FOLDERS: Final = (
    r"C:\Program Files",
    r"C:\Program Files (x86)",
    r"C:\ProgramData",
    r"C:\Users\Public",
    r"C:\Windows\Temp",
)
_SERVICES: Final = (
    ("Dnscache", "DNS Client", r"C:\Windows\System32\svchost.exe -k NetworkService -p", 944),
    ("RpcSs", "Remote Procedure Call (RPC)", r"C:\Windows\System32\svchost.exe -k DcomLaunch -p", 812),
    (
        "WinRM",
        "Windows Remote Management (WS-Management)",
        r"C:\Windows\System32\svchost.exe -k NetworkService -p",
        944,
    ),
    ("Winmgmt", "Windows Management Instrumentation", r"C:\Windows\System32\svchost.exe -k netsvcs -p", 812),
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
        path = on_disk(folder, file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")
    (folder / "host.json").write_text(_json(_host(pc)), encoding="utf-8")
    (folder / "registry").mkdir()
    (folder / "registry/10-lab.reg").write_text("\r\n".join(_registry(pc)), encoding="utf-8")
    for name, objects in chain(_state(pc), _classes(pc)):
        path = folder / "state" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_json(objects), encoding="utf-8")


def _json(value: object) -> str:
    """In the form in which it is written back; the lab's cleanup tool reads its lines."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _all_files(pc: LabPc) -> Iterator[LabFile]:
    """The files it names, and an image for every program that has none."""
    named = {file.path for file in pc.files}
    images = {process.path for process in pc.processes if process.path} | {POWERSHELL}
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
        "userSid": f"{_SID}-1001",
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


def _state(pc: LabPc) -> Iterator[tuple[str, _Objects]]:
    yield "processes", [dict(_process(pc, number)) for number in range(len(pc.processes))]
    yield "services", [_service(*each) for each in _SERVICES]
    yield "net-adapters", [_adapter(pc)]
    yield "net-addresses", [{"IPAddress": "192.0.2.10", "InterfaceIndex": 7, "InterfaceAlias": "Ethernet"}]
    yield (
        "local-users",
        [
            {"Name": pc.account, "SID": f"{_SID}-1001", "Enabled": True},
            {"Name": "Administrator", "SID": f"{_SID}-500", "Enabled": False},
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
    yield "CommandLine", " ".join(f'"{word}"' if " " in word else word for word in process.command) or None
    yield "ParentProcessId", process.parent
    yield "StartTime", pc.boot_id
    yield "UserName", full_user(pc, process.user)


def full_user(pc: LabPc, user: str) -> str | None:
    r"""Return `DOMAIN\NAME` of a user of `pc`; the kernel's processes belong to nobody."""
    return user if user == SYSTEM or not user else rf"{pc.computer_name}\{user}"


def _service(name: str, title: str, command: str, pid: int) -> Mapping[str, object]:
    running = {"Status": "Running", "StartType": "Automatic", "StartName": "LocalSystem", "ProcessId": pid}
    return {"Name": name, "DisplayName": title, "PathName": command} | running


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
