"""Write what an operator needs to sweep the lab: inventory, known hosts, secrets, playbook, indicators, truth."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Final

import asyncssh

from controller.lab.credentials import Credentials
from controller.lab.end_state import right_end_state
from controller.lab.expected import Step, expected, expected_after
from controller.lab.folder import disk_of
from controller.lab.layout import CA, CLEANING, JOB, TRUTH, folder_of
from controller.lab.pc import LabFleet, LabPc, Login
from controller.lab.samples import ioc_list
from controller.lab.yaml_text import Plain, yaml_text
from controller.model.fleet import Order, Platform, Unit

_LOOK_SECONDS: Final = 8
_ROOTS: Final = ("/home", "/opt", "/tmp", "/usr/local", "/var/tmp")  # noqa: S108  # on the lab's disks
_WINDOWS_ROOTS: Final = (r"C:\ProgramData", r"C:\Users", r"C:\Windows\Temp")


@dataclass(frozen=True, slots=True)
class Door:
    """Where a computer is reached, and the key by which it is known over SSH. `folder` is its folder."""

    pc: LabPc
    folder: Path
    address: str
    port: int
    host_key: asyncssh.SSHKey | None


def write_operator_files(lab: Path, fleet: LabFleet, doors: Sequence[Door], credentials: Credentials) -> None:
    """Write all of it into `lab`, the truth last."""
    _write_secrets(lab / "secrets", credentials)
    _write_tool("tool", lab / "tool")
    if _has_windows(fleet):
        _write_tool("tool_windows", lab / "tool-windows")
    (lab / "known_hosts").write_text("".join(map(_known_host, doors)), encoding="utf-8")
    (lab / "inventory.yml").write_text(yaml_text(_inventory(fleet, doors)), encoding="utf-8")
    (lab / "sweep.yml").write_text(yaml_text(_playbook(fleet)), encoding="utf-8")
    if not fleet.clean:
        (lab / CLEANING).write_text(yaml_text(_playbook(replace(fleet, clean=True))), encoding="utf-8")
        (lab / JOB).write_text(_json(_job(fleet)), encoding="utf-8")
    (lab / "iocs.txt").write_text(ioc_list(), encoding="utf-8")
    verdicts = {pc.name: asdict(expected(pc, clean=fleet.clean)) for pc in fleet.pcs}
    (lab / "expected.json").write_text(_json(verdicts), encoding="utf-8")
    half = lab / f"{TRUTH}.part"
    half.write_text(_json({pc.name: _truth(pc) for pc in fleet.pcs}), encoding="utf-8")
    half.rename(lab / TRUTH)


def _truth(pc: LabPc) -> Mapping[str, object]:
    return {"infected": pc.infected, "faults": list(pc.faults), "folder": str(folder_of(pc.name))}


def _job(fleet: LabFleet) -> Mapping[str, object]:
    steps = {step: {pc.name: asdict(expected_after(pc, step)) for pc in fleet.pcs} for step in Step}
    return {"steps": steps, "computers": {pc.name: asdict(right_end_state(pc)) for pc in fleet.pcs}}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _write_secrets(place: Path, credentials: Credentials) -> None:
    place.mkdir(mode=0o700)
    for account, password in credentials.passwords.items():
        _write_private(place / account, f"{password}\n")
    _write_private(place / "key", credentials.key.export_private_key().decode())


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _write_tool(name: str, place: Path) -> None:
    """Copy a tool; a script that plays a program of Windows lies here as `NAME.exe.sh`."""
    place.mkdir()
    for file in (files("controller.lab") / name).iterdir():
        (place / file.name.replace(".exe.sh", ".exe")).write_bytes(file.read_bytes())


def _has_windows(fleet: LabFleet) -> bool:
    return any(pc.platform is Platform.WINDOWS for pc in fleet.pcs)


def _known_host(door: Door) -> str:
    if not door.host_key:
        return ""
    return f"[{door.address}]:{door.port} {door.host_key.export_public_key().decode().strip()}\n"


def _inventory(fleet: LabFleet, doors: Sequence[Door]) -> Plain:
    top = next(unit for unit in fleet.units if not unit.parent)
    below = [unit for unit in fleet.units if unit.parent]
    cuc = _group(top, doors, fleet.order) | {"children": {_group_name(unit): _group(unit, doors) for unit in below}}
    variables = {"ansible_connection": "ssh", "lamsach_known_hosts": "known_hosts"}
    return {"all": {"vars": variables, "children": {_group_name(top): cuc}}}


def _group_name(unit: Unit) -> str:
    return unit.id.replace("-", "_")


def _group(unit: Unit, doors: Sequence[Door], order: Order | None = None) -> dict[str, Plain]:
    variables: dict[str, Plain] = {"lamsach_unit": _filled(asdict(unit))}
    if order:
        variables["lamsach_order"] = _filled(asdict(order))
    hosts: dict[str, Plain] = {door.pc.name: dict(_host(door)) for door in doors if door.pc.unit == unit.id}
    return {"vars": variables, "hosts": hosts}


def _filled(fields: Mapping[str, Plain]) -> dict[str, Plain]:
    """Leave out what says nothing."""
    return {name: value for name, value in fields.items() if value not in ("", None, ())}


def _host(door: Door) -> Iterator[tuple[str, Plain]]:
    pc = door.pc
    yield "ansible_host", door.address
    yield "ansible_port", door.port
    yield "ansible_user", pc.account
    if pc.login is Login.KEY:
        yield "ansible_ssh_private_key_file", "secrets/key"
    else:
        yield "lamsach_secret", f"file:secrets/{pc.account}"
    if pc.own_account:
        yield "lamsach_account", "local"
    yield from _over_winrm(pc) if pc.platform is Platform.WINDOWS else _over_ssh(door)
    yield "lamsach_users", pc.users


def _over_ssh(door: Door) -> Iterator[tuple[str, Plain]]:
    yield "lamsach_sysroot", str(disk_of(door.folder))


def _over_winrm(pc: LabPc) -> Iterator[tuple[str, Plain]]:
    yield "ansible_connection", "psrp"
    yield "ansible_psrp_auth", "ntlm"
    yield "ansible_psrp_protocol", "https" if pc.tls else "http"
    if pc.tls:
        yield "ansible_psrp_ca_cert", CA


def _playbook(fleet: LabFleet) -> Plain:
    look: dict[str, Plain] = {"collector": "processes", "seconds": _LOOK_SECONDS}
    tasks: list[Plain] = [{"name": "Tiến trình đang chạy", "check_iocs": look}]
    if fleet.clean:
        windows: dict[str, Plain] = {"windows": _WINDOWS_ROOTS} if _has_windows(fleet) else {}
        linux: dict[str, Plain] = {"linux": _ROOTS}
        tasks.append({"name": "Tệp trên đĩa", "check_iocs": {"collector": "files", "roots": linux | windows}})
        tasks.append(_clean("Làm sạch", "tool", linux))
        if windows:
            tasks.append(_clean("Làm sạch máy Windows", "tool-windows", windows))
    return [{"name": "Rà quét phòng lab", "hosts": "all", "ioc_lists": ["iocs.txt"], "tasks": tasks}]


def _clean(name: str, tool: str, roots: Plain) -> Plain:
    return {"name": name, "clean": {"cleaner": "generic", "tool": f"{tool}/tool.yaml", "roots": roots}}
