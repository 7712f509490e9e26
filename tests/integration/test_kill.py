"""kill -9 anywhere: nothing is run twice, nothing is lost, and the result is that of a sweep nobody killed."""

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.pc import LabFleet
from controller.lab.process import Lab
from tests.killed import POINTS

LAMSACH = [str(Path(sys.executable).with_name("lamsach"))]
TOOL_SECONDS = 1
BUDGET = ("--format", "json", "--logon-budget", "9")
"""Logons that a kill leaves without an answer count; with a budget of two the sweep might not go on."""


@dataclass(frozen=True, slots=True)
class Site:
    """A lab of its own for one sweep with --apply, and the store beside it."""

    folder: Path

    def command(self, *options: str) -> list[str]:
        files = (str(self.folder / "lab" / "sweep.yml"), "-i", str(self.folder / "lab" / "inventory.yml"))
        store = str(self.folder / "lamsach.db")
        return ["sweep", *files, "--store", store, "--apply", "--forks", "3", *BUDGET, *options]

    def hosts(self, *options: str) -> list[dict[str, Any]]:
        """Sweep to the end, and return what is said of the hosts."""
        done = subprocess.run([*LAMSACH, *self.command(*options)], capture_output=True, timeout=120, check=False)
        assert done.stdout, done.stderr.decode()
        hosts: list[dict[str, Any]] = json.loads(done.stdout)["hosts"]
        return hosts

    def runs(self) -> dict[str, list[tuple[str, str]]]:
        """Return the runs that each computer's tool noted itself: run id and mode."""
        notes = (self.folder / "lab" / "pcs").glob("*/tool-runs.txt")
        return {
            note.parent.name: [tuple(line.split()) for line in note.read_text(encoding="utf-8").splitlines()]  # type: ignore[misc]
            for note in notes
        }

    def cleaning(self) -> int:
        return sum(mode == "clean" for runs in self.runs().values() for _, mode in runs)


def fleet() -> LabFleet:
    """Six computers that answer, three of them infected."""
    built = build_fleet(10, clean=True)
    chosen = [pc for pc in built.pcs if not pc.faults][:6]
    assert sum(pc.infected for pc in chosen) == 2
    return replace(built, pcs=tuple(replace(pc, tool_seconds=TOOL_SECONDS) for pc in chosen))


def windows_fleet() -> LabFleet:
    """Three Windows computers that answer, two of them infected."""
    built = build_fleet(6, clean=True, windows=6)
    chosen = [pc for pc in built.pcs if not pc.faults][:3]
    assert sum(pc.infected for pc in chosen) == 2
    return replace(built, pcs=tuple(replace(pc, tool_seconds=TOOL_SECONDS) for pc in chosen))


@contextmanager
def site_in(folder: Path, built: LabFleet | None = None) -> Iterator[Site]:
    """Run a lab; its Windows computers are rendered, which costs a hundredth of a PowerShell."""
    with pytest.MonkeyPatch.context() as patched, ExitStack() as stack:
        patched.delenv(ENGINE, raising=False)
        stack.enter_context(Lab(folder / "lab", built or fleet()))
        yield Site(folder)


def undisturbed(folder: Path, built: LabFleet) -> list[dict[str, Any]]:
    with site_in(folder, built) as site:
        hosts = site.hosts()
    assert {host["verdict"] for host in hosts} == {"clean", "cleaned"}
    return hosts


@pytest.fixture(scope="session")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return undisturbed(tmp_path_factory.mktemp("unkilled"), fleet())


@pytest.fixture(scope="session")
def unkilled_windows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return undisturbed(tmp_path_factory.mktemp("unkilled"), windows_fleet())


def check(site: Site, unkilled: list[dict[str, Any]]) -> None:
    """Go on with what was killed, and compare."""
    assert site.hosts("--resume") == unkilled
    runs = site.runs()
    assert set(runs) == {host["name"] for host in unkilled}
    ids = [run_id for noted in runs.values() for run_id, _ in noted]
    assert len(ids) == len(set(ids)), runs
    assert {name: [mode for _, mode in noted].count("clean") for name, noted in runs.items()} == dict.fromkeys(runs, 1)


def kill_at(point: str, count: int, site: Site) -> None:
    killed = subprocess.run(
        [sys.executable, "-m", "tests.killed", point, str(count), *site.command()],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point(point: str, tmp_path: Path, unkilled: list[dict[str, Any]]) -> None:
    """Among many hosts; `test_kill_across_sweeps.py` kills at the first time that a point is reached."""
    with site_in(tmp_path) as site:
        kill_at(point, 4, site)
        check(site, unkilled)


@pytest.mark.parametrize("point", ["after-begin", "after-put", "after-start", "before-finish"])
def test_killed_over_windows(point: str, tmp_path: Path, unkilled_windows: list[dict[str, Any]]) -> None:
    with site_in(tmp_path, windows_fleet()) as site:
        kill_at(point, 2, site)
        check(site, unkilled_windows)


HANDED_OVER_SECONDS = 4


@pytest.mark.parametrize("platform", ["linux", "windows"])
def test_killed_while_the_child_of_a_tool_works(
    platform: str, tmp_path: Path, unkilled: list[dict[str, Any]], unkilled_windows: list[dict[str, Any]]
) -> None:
    """The tool itself has ended long ago when the sweep goes on: its child is waited for, and nothing starts again."""
    built, expected = (fleet(), unkilled) if platform == "linux" else (windows_fleet(), unkilled_windows)
    pcs = tuple(replace(pc, tool_seconds=HANDED_OVER_SECONDS, hands_over=True) for pc in built.pcs)
    with site_in(tmp_path, replace(built, pcs=pcs)) as site:
        kill_at("after-start", 2, site)
        began = time.monotonic()
        check(site, expected)
        assert time.monotonic() - began > HANDED_OVER_SECONDS / 2


@pytest.mark.parametrize("number", range(10))
def test_killed_at_random(number: int, tmp_path: Path, unkilled: list[dict[str, Any]]) -> None:
    """The even ones are killed while a tool runs, the odd ones at any moment."""
    seed = int(os.environ.get("LAMSACH_KILL_SEED") or secrets.randbits(32))
    print(f"LAMSACH_KILL_SEED={seed}")  # noqa: T201 - repeats the very same kills
    dice = random.Random(seed + number)
    with site_in(tmp_path) as site:
        sweep = subprocess.Popen([*LAMSACH, *site.command()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if number % 2 == 0:
            wanted = dice.randint(1, 6)
            while site.cleaning() < wanted:
                assert sweep.poll() is None
                time.sleep(0.02)
            time.sleep(dice.uniform(0, TOOL_SECONDS / 2))
        else:
            time.sleep(dice.uniform(0.5, 6))
        sweep.kill()
        sweep.wait()
        check(site, unkilled)
