"""A lab of real SSH servers, shared by the tests of one worker; what a test changes, it puts back."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controller.lab.fleet import build_fleet
from controller.lab.process import Lab

LAMSACH = Path(sys.executable).with_name("lamsach")


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

    def swept(self, *options: str | Path) -> dict[str, Any]:
        """Sweep the lab, and return what the JSON says."""
        done = self.sweep("--format", "json", *options)
        assert done.stdout, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

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
