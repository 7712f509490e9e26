"""A lab of real SSH servers, shared by the tests of one worker; what a test changes, it puts back."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from controller.lab.fleet import build_fleet
from controller.lab.pc import LabFault, LabFleet
from controller.lab.process import Lab

LAMSACH = Path(sys.executable).with_name("lamsach")

_HEEDING = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True, slots=True)
class Site:
    """An operator's desk: the lab's files, and a store of its own."""

    lab: Path
    desk: Path

    @property
    def store(self) -> Path:
        return self.desk / "lamsach.db"

    def lamsach(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one command line at the desk."""
        return subprocess.run(
            [LAMSACH, *arguments],
            cwd=self.desk,
            env=os.environ | environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def sweep(self, *options: str | Path) -> subprocess.CompletedProcess[str]:
        """Sweep the lab."""
        return self.lamsach("sweep", self.lab / "sweep.yml", "-i", self.lab / "inventory.yml", *options)

    @contextmanager
    def begun(self, *options: str | Path) -> Iterator[subprocess.Popen[str]]:
        """Begin to sweep the lab, for as long as the block needs; no signal is ignored because our caller did."""
        words = [LAMSACH, "sweep", self.lab / "sweep.yml", "-i", self.lab / "inventory.yml", *options]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [sys.executable, "-c", _HEEDING, *words], cwd=self.desk, stdout=pipe, stderr=pipe, encoding="utf-8"
        ) as sweep:
            try:
                yield sweep
            finally:
                sweep.kill()

    def logons(self) -> list[str]:
        """Return the name of the host of every logon that the lab has seen."""
        log = self.lab / "logons.jsonl"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return [json.loads(line)["host"] for line in lines]

    def swept(self, *options: str | Path) -> dict[str, Any]:
        """Sweep the lab, and return what the JSON says."""
        done = self.sweep("--format", "json", *options)
        assert done.stdout, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def copied(self) -> Path:
        """Copy the lab's files to the desk, where a test may change them; return the inventory."""
        for name in ("inventory.yml", "sweep.yml", "iocs.txt", "known_hosts"):
            text = (self.lab / name).read_text(encoding="utf-8").replace("secrets/", f"{self.lab}/secrets/")
            (self.desk / name).write_text(text, encoding="utf-8")
        return self.desk / "inventory.yml"

    def expected(self) -> dict[str, Any]:
        """Return what the lab's computers know of themselves."""
        truth: dict[str, Any] = json.loads((self.lab / "expected.json").read_text(encoding="utf-8"))
        return truth


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with Lab(tmp_path_factory.mktemp("lab") / "lab", build_fleet()) as running:
        yield running.folder


@pytest.fixture
def site(lab: Path, tmp_path: Path) -> Site:
    return Site(lab, tmp_path)


@pytest.fixture(scope="session")
def cleaning_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lab whose playbook cleans; beside its `pcs` lies a copy of them, as they were before anybody came."""
    with Lab(tmp_path_factory.mktemp("cleaning") / "lab", cleaning_fleet()) as running:
        shutil.copytree(running.folder / "pcs", running.folder / "pcs before", symlinks=True)
        yield running.folder


@pytest.fixture
def cleaning(cleaning_lab: Path, tmp_path: Path) -> Site:
    """A desk before a lab whose computers are as if nobody had been there yet."""
    for before in (cleaning_lab / "pcs before").iterdir():
        now = cleaning_lab / "pcs" / before.name
        for each in now.iterdir():  # the folder itself stays: the lab runs its commands there
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        shutil.copytree(before, now, symlinks=True, dirs_exist_ok=True)
    return Site(cleaning_lab, tmp_path)


def cleaning_fleet() -> LabFleet:
    """All that answer of the demo's computers, and two on which the cleanup tool fails, one of them infected."""
    built = build_fleet(10, clean=True)
    well = tuple(pc for pc in built.pcs if not pc.faults)
    tool_fails = (LabFault.CLEANUP_FAILS,)
    failing = {"sd-kế-toán": tool_fails, "nh-pc03": tool_fails}
    return replace(built, pcs=tuple(replace(pc, faults=failing.get(pc.name, ())) for pc in well))
