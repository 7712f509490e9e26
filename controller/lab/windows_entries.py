"""What starts by itself on a Windows PC, read from its folder as it is now."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from controller.lab.pc import StartKind, program_of
from controller.lab.windows_folder import on_disk
from controller.lab.windows_office import STARTUP
from controller.lab.windows_starts import PROFILES, RUN, TASKS

_HIVES: Final = {"HKEY_LOCAL_MACHINE": "HKLM", "HKEY_USERS": "HKU"}
_VALUE: Final = re.compile(r'"([^"]+)"="(.*)"')
_ESCAPED: Final = re.compile(r"\\(.)")

_Registry = Mapping[str, Mapping[str, str]]
"""The texts of each key, by the name of the value; the hive of a key is written short (`HKLM`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A program that starts by itself, as the collector `autostart` names these: `user` is an account or a SID."""

    kind: StartKind
    name: str
    program: str
    command: str = ""
    user: str = ""
    location: str


def read_entries(folder: Path) -> Iterator[Entry]:
    """Yield the entries of the PC in `folder`, in the order of the kinds."""
    registry = _registry(folder)
    yield from _run_values(registry)
    yield from _startup_folders(folder, registry)
    yield from _services(folder)
    yield from _tasks(folder)


def _registry(folder: Path) -> _Registry:
    keys: dict[str, dict[str, str]] = {}
    values: dict[str, str] = {}
    for file in sorted((folder / "registry").glob("*.reg")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                hive, _, path = line.strip("[]").partition("\\")
                values = keys.setdefault(rf"{_HIVES[hive]}\{path}", {})
            elif found := _VALUE.fullmatch(line):
                values[found[1]] = _ESCAPED.sub(r"\1", found[2])
    return keys


def _run_values(registry: _Registry) -> Iterator[Entry]:
    for key, values in registry.items():
        sid = key.removesuffix(rf"\{RUN}").partition("\\")[2]
        for name, command in values.items() if key.endswith(rf"\{RUN}") else ():
            program = program_of(command)
            yield Entry(kind=StartKind.RUN, name=name, program=program, command=command, user=sid, location=key)


def _startup_folders(folder: Path, registry: _Registry) -> Iterator[Entry]:
    for key, values in registry.items():
        parent, _, sid = key.rpartition("\\")
        if parent != rf"HKLM\{PROFILES}":
            continue
        place = rf"{values['ProfileImagePath']}\{STARTUP}"
        for file in sorted(on_disk(folder, place).glob("*")):
            path = rf"{place}\{file.name}"
            yield Entry(kind=StartKind.FOLDER, name=file.name, program=path, user=sid, location=path)


def _services(folder: Path) -> Iterator[Entry]:
    """Yield the services, then the drivers, which have no command."""
    for each in _state(folder, "services"):
        command = each["PathName"]
        yield Entry(
            kind=StartKind.SERVICE,
            name=each["Name"],
            program=program_of(command),
            command=command,
            user=each["StartName"],
            location=_service_key(each["Name"]),
        )
    for each in _state(folder, "cim/root.cimv2/Win32_SystemDriver"):
        name, path = each["Name"], each["PathName"]
        yield Entry(kind=StartKind.DRIVER, name=name, program=path, location=_service_key(name))


def _state(folder: Path, name: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((folder / "state" / f"{name}.json").read_text(encoding="utf-8"))
    return listed


def _service_key(name: str) -> str:
    return rf"HKLM\SYSTEM\CurrentControlSet\Services\{name}"


def _tasks(folder: Path) -> Iterator[Entry]:
    place = on_disk(folder, TASKS)
    for file in sorted(each for each in place.rglob("*") if each.is_file()):
        name = "\\" + str(file.relative_to(place)).replace("/", "\\")
        task = ET.fromstring(file.read_bytes())  # noqa: S314  # written by the lab itself
        program, arguments, user = (task.findtext(f".//{{*}}{tag}", "") for tag in ("Command", "Arguments", "UserId"))
        yield Entry(
            kind=StartKind.TASK,
            name=name,
            program=program,
            command=f"{program} {arguments}".rstrip(),
            user=user,
            location=rf"{TASKS}{name}",
        )
