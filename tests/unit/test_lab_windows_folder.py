"""The folder of a Windows PC says what its `LabPc` says, in the form that a PowerShell plays."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.folder import write_folder
from controller.lab.pc import LabFile, LabPc, StartKind, WindowsModes
from controller.lab.samples import BACKDOOR, MINER
from controller.lab.windows_folder import on_disk

MINED, _, INFECTED = build_fleet(3, windows=3).pcs
SECRET = r"C:\Users\Public\hồ sơ.txt"


def _written(folder: Path, pc: LabPc = INFECTED) -> Path:
    write_folder(pc, folder)
    return folder


def _state(folder: Path, name: str) -> Any:
    return json.loads((folder / f"state/{name}.json").read_text(encoding="utf-8"))


def _played(folder: Path, script: str) -> list[str]:
    engine = os.environ.get(ENGINE)
    if not engine:
        pytest.skip(f"needs a PowerShell: name one in {ENGINE}")
    done = subprocess.run(
        [engine, "-NoProfile", "-Command", script],
        env=os.environ | {"PSLAB_HOST": str(folder)},
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )
    return (done.stdout + done.stderr).splitlines()


def test_it_knows_who_it_is(tmp_path: Path) -> None:
    folder = _written(tmp_path / "pc")
    host = json.loads((folder / "host.json").read_text(encoding="utf-8"))
    assert (host["computerName"], host["uuid"]) == (INFECTED.computer_name, INFECTED.system_uuid.upper())
    assert host["elevated"] is True
    (system,) = _state(folder, "cim/root.cimv2/Win32_OperatingSystem")
    assert system["LastBootUpTime"] == INFECTED.boot_id
    guid = (folder / "registry/10-lab.reg").read_text(encoding="utf-8").partition('"MachineGuid"="')[2][:36]
    assert guid.replace("-", "") == INFECTED.machine_id


def test_every_process_stands_in_the_list_with_an_image_on_the_disk(tmp_path: Path) -> None:
    folder = _written(tmp_path / "pc")
    listed = _state(folder, "processes")
    assert [(each["Id"], each["Path"] or "") for each in listed] == [(p.pid, p.path) for p in INFECTED.processes]
    assert all(on_disk(folder, each["Path"]).is_file() for each in listed if each["Path"])


def test_every_file_that_it_names_is_there(tmp_path: Path) -> None:
    folder = _written(tmp_path / "pc")
    for file in INFECTED.files:
        assert on_disk(folder, file.path).read_text(encoding="utf-8") == file.content


def test_it_has_the_connections_names_and_entries_that_its_pc_says(tmp_path: Path) -> None:
    folder = _written(tmp_path / "pc")
    sockets = [(each["LocalPort"], each["RemotePort"], each["OwningProcess"]) for each in _state(folder, "net-tcp")]
    assert sockets == [(each.local_port, each.remote_port, each.pid) for each in INFECTED.sockets]
    assert [(each["Entry"], each["Data"]) for each in _state(folder, "dns-cache")] == [
        (each.name, each.data) for each in INFECTED.names
    ]
    registry = (folder / "registry/10-lab.reg").read_text(encoding="utf-8")
    assert '"Office"="\\"C:\\\\Users\\\\' in registry
    assert r"TaskCache\Tree\ThuVien]" in registry
    task = on_disk(folder, r"C:\Windows\System32\Tasks\ThuVien").read_text(encoding="utf-16")
    assert rf"<Command>{BACKDOOR.windows_path}</Command>" in task
    assert all(on_disk(folder, start.program).is_file() for start in INFECTED.starts)


def test_a_service_runs_in_the_process_that_has_its_command(tmp_path: Path) -> None:
    folder = _written(tmp_path / "pc", MINED)
    images = {process.pid: process.path for process in MINED.processes}
    found = {each["Name"]: images[each["ProcessId"]] for each in _state(folder, "services")}
    assert found == {start.name: start.program for start in MINED.starts if start.kind is StartKind.SERVICE}
    assert MINER.windows_path in found.values()


def test_nothing_in_it_names_the_machine_that_plays_it(tmp_path: Path) -> None:
    for path in _written(tmp_path / "pc").rglob("*"):
        assert not path.is_symlink()
        for encoding in ("utf-8", "utf-16-le"):
            assert not path.is_file() or str(tmp_path).encode(encoding) not in path.read_bytes()


def test_a_pc_that_is_well_says_nothing_of_modes(tmp_path: Path) -> None:
    folder = _written(tmp_path / "pc")
    host = json.loads((folder / "host.json").read_text(encoding="utf-8"))
    assert not set(host) & {"languageMode", "amsiBlocked", "wmi", "language", "accountNames"}
    assert [_state(folder, name) for name in ("broken", "files", "registry-denied")] == [[], [], []]


def _named(sid: str) -> str:
    """A script that says what a built-in account is called."""
    return f"([Security.Principal.SecurityIdentifier]'{sid}').Translate([Security.Principal.NTAccount]).Value"


@pytest.mark.parametrize(
    ("modes", "script", "said"),
    [
        (WindowsModes(language_mode="ConstrainedLanguage"), "[IO.File]::Exists('C:\\x')", "language mode"),
        (WindowsModes(amsi_blocked=("Get-Date",)), "Get-Date", "malicious content"),
        (WindowsModes(wmi="0x80070422"), "Get-CimInstance Win32_BIOS", "disabled"),
        (WindowsModes(language="de-DE"), _named("S-1-5-18"), "NT-AUTORITÄT"),
        (WindowsModes(account_names={"S-1-5-32-544": "Quản trị viên"}), _named("S-1-5-32-544"), "Quản trị viên"),
        (
            WindowsModes(broken=({"Command": "Get-Service", "HResult": "0x800706D9"},)),
            "Get-Service",
            "no more endpoints available",
        ),
        (
            WindowsModes(denied_keys=(r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography",)),
            "Get-ItemProperty HKLM:\\SOFTWARE\\Microsoft\\Cryptography",
            "access is not allowed",
        ),
        (
            WindowsModes(elevated=False),
            "(New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent()))"
            ".IsInRole((New-Object Security.Principal.SecurityIdentifier 'S-1-5-32-544'))",
            "False",
        ),
    ],
    ids=["constrained", "amsi", "wmi", "language", "accounts", "broken", "denied keys", "not elevated"],
)
def test_a_mode_is_played(tmp_path: Path, modes: WindowsModes, script: str, said: str) -> None:
    folder = _written(tmp_path / "pc", replace(INFECTED, modes=modes))
    assert said.lower() in " ".join(_played(folder, script)).lower()


@pytest.mark.parametrize(
    ("closed", "said"), [({"locked": True}, "being used by another process"), ({"denied": True}, "denied")]
)
def test_a_closed_file_is_played(tmp_path: Path, closed: dict[str, bool], said: str) -> None:
    file = LabFile(path=SECRET, content="x", **closed)
    folder = _written(tmp_path / "pc", replace(INFECTED, files=(*INFECTED.files, file)))
    assert said in " ".join(_played(folder, f"Get-Content '{SECRET}'"))
