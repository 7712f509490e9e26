"""A canary for a password: its value is found nowhere but in its own file and in the memory of the controller."""

import base64
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import zstandard

from tests.bugged import POINTS
from tests.hostile_hosts import HostileHost, inventory, looks, silent
from tests.office import CLEAN, HEAD, Office

CANARY: Final = "chim-9f4c1e77a0-hoàng-yến"
LOOK: Final = "  - check_iocs: {collector: processes, seconds: 1}\n"
FORMS: Final = (
    b"9f4c1e77a0",
    "9f4c1e77a0".encode("utf-16-le"),
    base64.b64encode(CANARY.encode())[:-4],
    CANARY.encode().hex().encode(),
)
"""The value as it is, as Windows writes it, and as it is usually packed; a part is enough."""


@dataclass(frozen=True)
class Desk:
    """An operator's desk, and what the hosts before it have heard."""

    folder: Path
    hosts: dict[str, HostileHost]

    def begun(self, program: list[str], *options: str) -> "subprocess.Popen[bytes]":
        """Begin a sweep of all hosts, everything said written into files of the desk."""
        words = [sys.executable, "-m", *program, "--debug", "sweep", "playbook.yml", "-i", "inventory.yml", *options]
        root = Path(__file__).parents[2]
        with (self.folder / "stdout").open("wb") as out, (self.folder / "stderr").open("wb") as log:
            return subprocess.Popen(
                words, cwd=self.folder, env=os.environ | {"PYTHONPATH": str(root)}, stdout=out, stderr=log
            )

    def files(self) -> dict[str, bytes]:
        """Return all that lies on the desk now: the store and its side files, what was said, reports."""
        found = {}
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError, IsADirectoryError):  # side files of the store come and go
                found[str(path.relative_to(self.folder))] = path.read_bytes()
        return found

    def kept(self) -> dict[str, bytes]:
        """Return the same, and what the store has compressed."""
        return self.files() | {f"blob {number}": data for number, data in enumerate(self._unpacked())}

    def _unpacked(self) -> list[bytes]:
        with closing(sqlite3.connect(self.folder / "lamsach.db")) as store:
            return [zstandard.decompress(packed) for (packed,) in store.execute("SELECT packed FROM blob")]


@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    hosts = {
        "good": HostileHost(),
        "garbage": looks(lambda _: b"\xff" * 100, stderr=b"what is this?\n"),
        "hangs": silent(),
        "refuses": HostileHost(),
    }
    office = Office.furnished(tmp_path)
    office.write("playbook.yml", HEAD + LOOK + CLEAN)
    elsewhere = tmp_path_factory.mktemp("servers")
    with inventory(elsewhere, hosts, secret=CANARY, refusing=["refuses"]) as text:
        office.write("inventory.yml", text)
        yield Desk(tmp_path, hosts)


def held(data: bytes) -> bool:
    """Say whether the canary sits there."""
    return any(form in data for form in FORMS)


def all_processes() -> Iterator[bytes]:
    """Yield the command line of each process, and its environment where we may read it."""
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                yield (process / name).read_bytes()
            except OSError:
                continue  # it is somebody else's, or gone


def test_the_canary_would_be_found() -> None:
    assert all(held(b"x" + each + b"y") for each in (CANARY.encode(), CANARY.encode("utf-16-le"), FORMS[2], FORMS[3]))
    assert held(base64.b64encode(CANARY.encode()))
    assert any(b"pytest" in each for each in all_processes())


def test_a_password_is_found_nowhere_while_it_is_used_refused_or_waits(desk: Desk) -> None:
    running = desk.begun(["controller"], "--format", "json")
    seen: set[str] = set()
    while running.poll() is None:
        assert [each for each in all_processes() if held(each)] == []
        files = desk.files()
        assert [name for name, data in files.items() if held(data)] == []
        seen |= files.keys()
        time.sleep(0.2)

    assert "lamsach.db-wal" in seen
    hosts = json.loads((desk.folder / "stdout").read_bytes())["hosts"]
    assert {host["name"]: host["not_reached_why"] or host["reason"] for host in hosts} == {
        "good": None,
        "garbage": "answer.garbled",
        "hangs": "host.timeout",
        "refuses": "login.refused",
    }
    for form in ("csv", "json", "table", "docx"):
        report = [sys.executable, "-m", "controller", "report", "--format", form, "-o", form]
        subprocess.run(report, cwd=desk.folder, capture_output=True, check=True)
    kept = desk.kept()
    assert any(name.startswith("blob") for name in kept)
    assert [name for name, data in kept.items() if held(data)] == []
    heard = [each for host in desk.hosts.values() for each in host.heard]
    assert len(heard) >= 5
    assert [each for each in heard if held(each.encode())] == []


@pytest.mark.parametrize("point", POINTS)
def test_a_password_is_not_in_the_traceback_of_a_bug(desk: Desk, point: str) -> None:
    running = desk.begun(["tests.bugged", point], "--limit", "good,garbage")

    assert running.wait(60) == 4
    log = (desk.folder / "stderr").read_text(encoding="utf-8")
    assert "Traceback" in log
    assert f"RuntimeError: a bug while {point}" in log
    assert "Secret('***')" in log or point != "opening"
    assert [name for name, data in desk.kept().items() if held(data)] == []
