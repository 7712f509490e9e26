"""kill -9 while a tool is started, and then every command in every order: started once, read whole, nothing lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from controller.app.campaign import Campaign
from controller.cli import cli
from controller.errors import SweepError
from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.pc import LabFleet
from controller.lab.process import Lab
from controller.model.fleet import Platform
from controller.store.ledger import Ledger

LINUX: Final = 14
ROOTS: Final = {
    "tool": {"linux": ["/home", "/opt", "/var/tmp"]},
    "tool-windows": {"windows": ["C:\\ProgramData", "C:\\Users", "C:\\Windows\\Temp"]},
}
RESUME, RETRY, NEW, DRY = ("--resume",), ("--retry", "unknown", "--apply"), ("--apply",), ()
LEAVES_OPEN: Final = frozenset({"after-begin", "after-start", "before-finish"})
"""The points after which the end of a start is not known."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One infected computer of the lab, and a store of its own."""

    lab: Path
    host: str
    store: Path

    def words(self, *options: str) -> list[str]:
        files = (str(self.lab / "light.yml"), "-i", str(self.lab / "inventory.yml"))
        return ["sweep", *files, "--store", str(self.store), "--limit", self.host, "--format", "json", *options]

    def kill_at(self, point: str, *options: str) -> None:
        """Sweep, and die at the first time that the point is reached."""
        with self.dying(point, "SIGKILL", *options) as sweep:
            assert sweep.wait(timeout=60) == -signal.SIGKILL

    @contextmanager
    def dying(self, point: str, number: str, *options: str) -> Iterator[subprocess.Popen[str]]:
        """Sweep in a process that gets a signal when it reaches the point."""
        words = [sys.executable, "-m", "tests.killed", point, "1", *self.words(*options)]
        with subprocess.Popen(
            words, env=os.environ | {"KILLED_WITH": number}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as sweep:
            try:
                yield sweep
            finally:
                sweep.kill()

    def sweep(self, *options: str) -> dict[str, Any]:
        """Sweep in this process, and return what is said of the computer.

        A retry of nothing, and a resume of a sweep that has ended, visit nobody; then it is what the store says.
        """
        done = CliRunner().invoke(cli, self.words(*options), standalone_mode=False)
        if isinstance(done.exception, SweepError):
            assert "has no unfinished sweep" in str(done.exception)
        else:
            assert done.exception is None, done.exception
        return only(done.stdout) if done.stdout else {"verdict": self.state()}

    def state(self) -> str:
        with Ledger.open(self.store) as ledger:
            return Campaign(ledger).judgement(self.host).verdict

    def ran(self) -> list[tuple[str, str]]:
        """Return what the tool noted itself: run id and mode of each of its starts."""
        notes = self.lab / "pcs" / self.host / "tool-runs.txt"
        lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        return [(run_id, mode) for run_id, mode in map(str.split, lines)]

    def logons(self) -> int:
        log = self.lab / "logons.jsonl"
        return sum(json.loads(line)["host"] == self.host for line in log.read_text(encoding="utf-8").splitlines())

    def modes(self) -> list[str]:
        return [mode for _, mode in self.ran()]

    def check(self) -> None:
        """Every start of the tool ran once, and stands with its whole log in an attempt of a sweep; none is open."""
        ids = [run_id for run_id, _ in self.ran()]
        assert len(ids) == len(set(ids))
        with Ledger.open(self.store) as ledger:
            assert ledger.open_starts("", self.host) == ()
            attempts = [visit.attempt for visit in ledger.visits(self.host)]
            runs = {run.run_id: run for each in attempts for task in each.tasks for run in task.runs}
            assert set(runs) == set(ids)
            for run_id, mode in self.ran():
                log = runs[run_id].log
                assert log
                text = ledger.blob(log.sha256).decode()
                assert (text.splitlines()[0], text.count("DONE")) == (f"quet-sach 1.0 {mode}", 1)

    def taken(self) -> int:
        """Count the starts that an attempt took over from another one."""
        with Ledger.open(self.store) as ledger:
            attempts = [(line.id, number) for line in ledger.sweeps() for number in (1, 2, 3)]
            return sum(start.taken for each in attempts for start in ledger.starts_of(each[0], self.host, each[1]))

    def is_open(self) -> bool:
        if not self.store.exists():
            return False
        with Ledger.open(self.store) as ledger:
            return bool(ledger.open_starts("", self.host))


def only(printed: str) -> dict[str, Any]:
    (host,) = json.loads(printed)["hosts"]
    return dict(host)


def wait_until(happens: Callable[[], object], *, seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def a_fleet(platform: Platform, count: int) -> LabFleet:
    """Infected computers that answer, alike but for their names."""
    built = build_fleet(10, clean=True, windows=4)
    patient = next(pc for pc in built.pcs if pc.platform is platform and pc.infected and not pc.faults)
    pcs = (replace(patient, name=f"{platform}-{number:02}", tool_seconds=1) for number in range(count))
    return replace(built, pcs=tuple(pcs))


@contextmanager
def serving(folder: Path, platform: Platform, count: int) -> Iterator[Iterator[tuple[Path, str]]]:
    """Run a lab with a playbook of one look and one tool; hand out an untouched computer at a time."""
    fleet = a_fleet(platform, count)
    name = "tool" if platform is Platform.LINUX else "tool-windows"
    clean = {"cleaner": "generic", "tool": f"{name}/tool.yaml", "roots": ROOTS[name]}
    tasks = [{"check_iocs": {"collector": "processes"}}, {"clean": clean}]
    play = {"name": "rà quét", "hosts": "all", "ioc_lists": ["iocs.txt"], "tasks": tasks}
    with Lab(folder, fleet):
        (folder / "light.yml").write_text(json.dumps([play], ensure_ascii=False), encoding="utf-8")
        yield iter([(folder, pc.name) for pc in fleet.pcs])


@pytest.fixture(scope="module")
def linux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[tuple[Path, str]]]:
    with serving(tmp_path_factory.mktemp("linux") / "lab", Platform.LINUX, LINUX) as untouched:
        yield untouched


@pytest.fixture
def desk(linux: Iterator[tuple[Path, str]], tmp_path: Path) -> Desk:
    return Desk(*next(linux), tmp_path / "lamsach.db")


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A Windows PC whose answers are rendered, which costs a hundredth of a PowerShell."""
    monkeypatch.delenv(ENGINE, raising=False)
    with serving(tmp_path / "lab", Platform.WINDOWS, 1) as untouched:
        yield Desk(*next(untouched), tmp_path / "lamsach.db")


@pytest.fixture
def windows(tmp_path: Path) -> Iterator[Desk]:
    """A Windows PC that a PowerShell plays."""
    if not os.environ.get(ENGINE):
        pytest.skip(f"needs a PowerShell: name one in {ENGINE}")
    with serving(tmp_path / "lab", Platform.WINDOWS, 1) as untouched:
        yield Desk(*next(untouched), tmp_path / "lamsach.db")


MAYBE: Final = {"cleaned", "infected"}
"""A look that is made while the tool of another sweep runs may see what it removes a moment later; then the computer is
infected until a look after a restart."""

CASES: Final = [
    ("after-begin", (NEW, RESUME, RETRY)),
    ("after-put", (RESUME, NEW, RETRY)),
    ("after-start", (NEW, RETRY, RESUME)),
    ("after-start", (RETRY, RESUME, NEW)),
    ("before-finish", (NEW, RESUME, RETRY)),
    ("after-finish", (NEW, RETRY, RESUME)),
    ("before-result", (RETRY, NEW, RESUME)),
    ("after-result", (RESUME, RETRY, NEW)),
]
"""Each point, and each order of the commands. `test_kill.py` goes on with `--resume` from every point, too."""

RIGHT: Final = {
    point: MAYBE if point in {"after-start", "before-finish", "before-result"} else {"cleaned"} for point, _ in CASES
}
"""What may be said after a kill at each point."""


@pytest.mark.parametrize(("point", "order"), CASES, ids=[f"{point}, {order[0][0]}" for point, order in CASES])
def test_every_order_of_commands_after_a_kill(point: str, order: tuple[tuple[str, ...], ...], desk: Desk) -> None:
    desk.kill_at(point, "--apply")

    said = [desk.sweep(*options) for options in order]

    assert {each["verdict"] for each in said} <= RIGHT[point], said
    desk.check()
    takes_over = point in LEAVES_OPEN and order[0] in {NEW, RETRY}
    assert desk.modes().count("clean") == 2 - (takes_over and order[0] == NEW)  # each NEW asks for one
    assert desk.taken() == takes_over


def test_a_dry_run_never_begins_what_a_killed_sweep_was_about_to_change(desk: Desk) -> None:
    desk.kill_at("after-begin", "--apply")

    assert desk.sweep(*DRY)["verdict"] == "infected"
    assert desk.modes() == ["detect"]
    assert not desk.is_open()
    assert desk.sweep(*RESUME)["verdict"] == "cleaned"
    assert desk.modes() == ["detect", "clean", "detect"]
    desk.check()


def test_a_dry_run_waits_for_the_tool_of_a_killed_sweep_which_keeps_its_result(desk: Desk) -> None:
    desk.kill_at("after-start", "--apply")

    desk.sweep(*DRY)

    assert desk.modes() == ["clean", "detect"]
    assert desk.taken() == 0
    desk.check()
    assert desk.sweep(*RESUME)["verdict"] in MAYBE
    assert desk.modes().count("clean") == 1
    desk.check()


def test_a_cleaning_waits_for_the_detection_of_a_killed_dry_run(desk: Desk) -> None:
    desk.kill_at("after-start", *DRY)

    assert desk.sweep(*NEW)["verdict"] == "cleaned"
    assert desk.modes() == ["detect", "clean", "detect"]
    assert desk.sweep(*RESUME)["verdict"] == "cleaned"
    assert desk.modes() == ["detect", "clean", "detect"]
    desk.check()


def test_two_sweeps_at_once_wait_for_each_other_and_each_has_its_own_result(desk: Desk) -> None:
    (desk.lab / "pcs" / desk.host / "tool-seconds").write_text("3\n", encoding="utf-8")
    with desk.dying("never", "SIGKILL", *NEW) as one:
        wait_until(desk.ran)
        with desk.dying("never", "SIGKILL", *NEW) as two:
            said = [only(each.communicate(timeout=60)[0]) for each in (one, two)]

    assert {each["verdict"] for each in said} <= MAYBE, said
    assert (desk.modes().count("clean"), desk.taken()) == (2, 0)
    desk.check()


@pytest.mark.parametrize("number", [signal.SIGCONT, signal.SIGKILL])
def test_what_a_living_process_is_about_to_start_is_waited_for_and_taken_over_when_it_dies(
    desk: Desk, number: signal.Signals
) -> None:
    with desk.dying("after-begin", "SIGSTOP", *NEW) as one:
        wait_until(desk.is_open)
        with desk.dying("never", "SIGKILL", *NEW) as two:
            wait_until(lambda: desk.logons() == 2)
            time.sleep(2)
            assert (two.poll(), desk.ran()) == (None, [])
            one.send_signal(number)
            said = only(two.communicate(timeout=60)[0])
            one.communicate(timeout=60)

    assert said["verdict"] in MAYBE
    died = number == signal.SIGKILL
    assert (desk.modes().count("clean"), desk.taken()) == ((1, 1) if died else (2, 0))
    desk.sweep(*RESUME)
    desk.check()


def test_a_killed_start_is_settled_across_sweeps_on_windows(windows: Desk) -> None:
    windows.kill_at("after-begin", "--apply")

    assert windows.sweep(*DRY)["verdict"] == "infected"
    assert windows.modes() == ["detect"]
    assert windows.sweep(*RESUME)["verdict"] == "cleaned"
    assert windows.modes() == ["detect", "clean", "detect"]
    windows.check()


def test_a_killed_start_is_taken_over_on_windows(rendered: Desk) -> None:
    rendered.kill_at("after-start", "--apply")

    assert {rendered.sweep(*each)["verdict"] for each in (NEW, RESUME)} <= MAYBE
    assert (rendered.modes().count("clean"), rendered.taken()) == (1, 1)
    rendered.check()
