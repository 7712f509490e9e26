"""Where it stands on a Windows PC that a program starts by itself, and what is written there."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape

from controller.lab.pc import LabFile, LabPc, LabStart, StartKind, command_line
from controller.lab.windows_office import SYSTEM

SID: Final = "S-1-5-21-1000000001-1000000002-1000000003"
RUN: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
TASKS: Final = r"C:\Windows\System32\Tasks"
_TREE: Final = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree"
PROFILES: Final = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
_SYSTEM_SID: Final = "S-1-5-18"
_TASK: Final = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
  <Principals><Principal id="Author"><UserId>{user}</UserId></Principal></Principals>
  <Settings><Enabled>true</Enabled></Settings>
  <Actions Context="Author"><Exec><Command>{program}</Command><Arguments>{arguments}</Arguments></Exec></Actions>
</Task>
"""


def accounts(pc: LabPc) -> Mapping[str, str]:
    """Return the SID of each account of a person, by its name; ours is the first."""
    people = {process.user for process in pc.processes} | {start.user for start in pc.starts}
    names = (pc.account, *sorted(people - {"", SYSTEM, pc.account}))
    return {name: f"{SID}-{number}" for number, name in enumerate(names, 1001)}


def _runs_as(pc: LabPc, start: LabStart) -> str:
    """Return the account or SID with which an entry starts; empty where the entry leaves that open."""
    if start.user:
        return accounts(pc)[start.user]
    return {StartKind.SERVICE: "LocalSystem", StartKind.TASK: _SYSTEM_SID}.get(start.kind, "")


def services(pc: LabPc) -> Iterator[Mapping[str, object]]:
    """Yield the services, as state/services.json has them; each runs in the process that has its command."""
    processes = {process.command: process.pid for process in pc.processes}
    for start in _of(pc, StartKind.SERVICE):
        yield {
            "Name": start.name,
            "DisplayName": start.title or start.name,
            "PathName": command_line(start.program, *start.arguments),
            "Status": "Running",
            "StartType": "Automatic",
            "StartName": _runs_as(pc, start),
            "ProcessId": processes.get((start.program, *start.arguments), 0),
        }


def drivers(pc: LabPc) -> Iterator[Mapping[str, object]]:
    """Yield the drivers, as the instances of Win32_SystemDriver; each starts with the computer."""
    for start in _of(pc, StartKind.DRIVER):
        yield {"Name": start.name, "PathName": start.program, "StartMode": "Boot", "Started": True}


def task_files(pc: LabPc) -> Iterator[LabFile]:
    """Yield the file of each scheduled task; Windows writes it as UTF-16."""
    for start in _of(pc, StartKind.TASK):
        told = {"user": _runs_as(pc, start), "program": start.program, "arguments": " ".join(start.arguments)}
        text = _TASK.format(**{name: escape(value) for name, value in told.items()})
        yield LabFile(path=rf"{TASKS}\{start.name}", content=text)


def keys(pc: LabPc) -> Iterator[str]:
    """Yield the lines of a .reg file that say all of it that the registry says."""
    yield from _key(rf"HKEY_LOCAL_MACHINE\{_TREE}", {})
    for start in _of(pc, StartKind.TASK):
        identity = f"{{{uuid.uuid5(uuid.UUID(pc.machine_id), start.name)}}}".upper()
        yield from _key(rf"HKEY_LOCAL_MACHINE\{_TREE}\{start.name}", {"Id": identity})
    yield from _key(rf"HKEY_LOCAL_MACHINE\{RUN}", _run_values(pc, ""))
    for name, sid in accounts(pc).items():
        yield from _key(rf"HKEY_LOCAL_MACHINE\{PROFILES}\{sid}", {"ProfileImagePath": rf"C:\Users\{name}"})
        yield from _key(rf"HKEY_USERS\{sid}\{RUN}", _run_values(pc, name))


def _of(pc: LabPc, kind: StartKind) -> Iterator[LabStart]:
    return (start for start in pc.starts if start.kind is kind)


def _run_values(pc: LabPc, user: str) -> Mapping[str, str]:
    return {
        start.name: command_line(start.program, *start.arguments)
        for start in _of(pc, StartKind.RUN)
        if start.user == user
    }


def _key(path: str, values: Mapping[str, str]) -> Iterator[str]:
    yield f"[{path}]"
    for name, value in values.items():
        text = value.replace("\\", "\\\\").replace('"', '\\"')
        yield f'"{name}"="{text}"'
    yield ""
