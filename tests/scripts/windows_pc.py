"""A Windows PC that a test builds, and a Windows collector run on it by the PowerShell that LAMSACH_PWSH names."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.collectors import answer, catalog
from controller.errors import HostError
from controller.model.collector import Answer
from controller.model.fleet import Platform
from tests.scripts.asking import NONCE, spec_of

SHELL = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"
"""The image of the session itself."""

_REGISTRY = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography]
"MachineGuid"="9d5c2f61-6f0e-4c53-9b7e-3a1c5f0b7711"

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion]
"ProductName"="Windows 10 Pro"
"CurrentMajorVersionNumber"=dword:0000000a
"CurrentMinorVersionNumber"=dword:00000000
"CurrentBuild"="19045"
"UBR"=dword:0000140b

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\FileSystem]
"LongPathsEnabled"=dword:00000000
"""
_SYSTEM = {"Caption": "Microsoft Windows 10 Pro", "LastBootUpTime": "2026-11-23T01:05:00Z"}


@dataclass(frozen=True)
class Said:
    """What came of one script."""

    exit_code: int
    stdout: bytes
    stderr: str


@dataclass(frozen=True)
class Pc:
    """A PC in the folder `place`: an elevated Windows 10 on which nothing runs but Windows and our session."""

    place: Path

    def disk(self, path: str) -> Path:
        r"""Return where `C:\x` lies in the folder."""
        return self.place / "C" / path.removeprefix("C:\\").replace("\\", "/")

    def file(self, path: str, content: bytes = b"x") -> None:
        place = self.disk(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def state(self, name: str, *objects: Mapping[str, object]) -> None:
        """Write `state/NAME.json`."""
        place = self.place / "state" / f"{name}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(objects), encoding="utf-8")

    def mode(self, **values: object) -> None:
        """Add to host.json."""
        place = self.place / "host.json"
        known = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
        place.write_text(json.dumps(known | values), encoding="utf-8")

    def running(self, *processes: Mapping[str, object]) -> None:
        """Let these programs run, beside the kernel."""
        kernel = ({"Id": 0, "ProcessName": "Idle"}, {"Id": 4, "ProcessName": "System"})
        self.state("processes", *kernel, *processes)

    def script(self, name: str, text: str = "") -> Path:
        """Put a script beside the PC; without `text` that of the collector `name`."""
        file = self.place / f"{name}.ps1"
        file.write_text(text or catalog.script(name, Platform.WINDOWS), encoding="utf-8")
        return file

    def start(self, name: str, *words: str, script: str = "") -> "subprocess.Popen[str]":
        file = self.script(name, script)
        command = [engine(), "-NoProfile", "-File", str(file), *words]
        environment = os.environ | {"PSLAB_HOST": str(self.place)}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment, encoding="utf-8", cwd=self.place)

    def run(self, name: str, *words: str, script: str = "") -> Said:
        with self.start(name, *words, script=script) as started:
            stdout, stderr = started.communicate(timeout=60)
        return Said(started.returncode, stdout.encode(), stderr)

    def ask(self, name: str, *arguments: str, script: str = "") -> Answer:
        said = self.run(name, NONCE, "-", *arguments, script=script)
        assert (said.exit_code, said.stderr) == (0, "")
        return answer.read(spec_of(name), said.stdout, nonce=NONCE, sysroot="-")

    def session(self, *statements: str) -> Said:
        """Run statements in one session, where the scripts are."""
        return self.run("session", script="\n".join((f"Set-Location -LiteralPath '{self.place}'", *statements, "")))

    def fail(self, name: str, *arguments: str) -> tuple[str, str]:
        """Ask for an answer that is none; return the reason that it is read as, and what was complained of."""
        said = self.run(name, NONCE, "-", *arguments)
        assert said.exit_code == 1
        with pytest.raises(HostError) as caught:
            answer.read(spec_of(name), said.stdout, nonce=NONCE, sysroot="-")
        return caught.value.reason.value, said.stderr


def engine() -> str:
    program = os.environ.get("LAMSACH_PWSH", "")
    if not program:
        pytest.skip("needs a PowerShell: name one in LAMSACH_PWSH")
    return program


def new_pc(place: Path) -> Pc:
    """Build the plain PC."""
    engine()
    pc = Pc(place)
    pc.file(SHELL, b"shell")
    pc.mode(computerName="PC-07", userName="canbo1", userDomain="PC-07", elevated=True)
    pc.state("net-adapters", {"Name": "Ethernet", "ifIndex": 7, "Status": "Up", "MacAddress": "00-00-5E-00-53-37"})
    pc.state("cim/root.cimv2/Win32_OperatingSystem", _SYSTEM)
    pc.state("cim/root.cimv2/Win32_BIOS", {"SerialNumber": "LAB0007"})
    pc.mode(uuid="4C4C4544-0042-3510-8051-B4C04F4E4D32")
    pc.running()
    (place / "registry").mkdir()
    (place / "registry" / "windows.reg").write_text(_REGISTRY, encoding="utf-8")
    return pc


def sample_pc(name: str, place: Path) -> Pc:
    """Copy a sample PC that lies beside the engine; scripts change it, whatever modes the original has."""
    sample = Path(engine()).parent / name
    if not sample.is_dir():
        pytest.skip(f"needs {name} beside the PowerShell that LAMSACH_PWSH names")
    shutil.copytree(sample, place, symlinks=True)
    for each in (place, *place.rglob("*")):
        if not each.is_symlink():
            each.chmod(0o755 if each.is_dir() else 0o644)
    return Pc(place)
