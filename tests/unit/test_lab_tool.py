"""The lab's cleanup tool does what its tool.yaml says of it."""

import hashlib
import re
import subprocess
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from controller.lab.fleet import build_fleet
from controller.lab.folder import disk_of, write_folder
from controller.lab.pc import LabFault, LabPc

TOOL = files("controller.lab") / "tool"
SCRIPT = (TOOL / "quet-sach.sh").read_bytes()
SPEC = yaml.safe_load((TOOL / "tool.yaml").read_text(encoding="utf-8"))
SHA256 = hashlib.sha256(SCRIPT).hexdigest()

CLEAN = next(pc for pc in build_fleet().pcs if not pc.infected)
INFECTED = next(pc for pc in build_fleet().pcs if pc.infected and "kế-toán" in pc.name)
ALL_INFECTED = [pc for pc in build_fleet().pcs if pc.infected]
BAD_PATHS = {file.path for file in INFECTED.files if file.content.startswith("lamsach-lab-marker ")}


class Machine:
    """A lab computer with the tool in the product's folder."""

    def __init__(self, pc: LabPc, folder: Path) -> None:
        self.folder = folder
        self.disk = disk_of(folder)
        write_folder(pc, folder)
        self.tool = self.disk / "var/lib/lamsach/tools" / SHA256 / SPEC["file"]
        self.tool.parent.mkdir(parents=True)
        self.tool.write_bytes(SCRIPT)

    def run(self, *arguments: str, run_id: str = "R1") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["/bin/sh", str(self.tool), *arguments],
            env={"PATH": "/usr/bin:/bin", "LAMSACH_RUN_ID": run_id},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def has(self, path: str) -> bool:
        return (self.disk / path.lstrip("/")).exists()

    def running(self) -> set[int]:
        return {int(path.name) for path in (self.disk / "proc").glob("[0-9]*")}


def _objects(pattern: str, output: str) -> set[str]:
    return {match["object"] for match in re.finditer(pattern, output, re.MULTILINE)}


def _complete(output: str) -> bool:
    return re.search(SPEC["complete"], output, re.MULTILINE) is not None


def test_its_description_names_the_very_bytes_that_are_shipped() -> None:
    assert SPEC["sha256"] == SHA256


def test_detecting_names_what_is_there_and_touches_nothing(tmp_path: Path) -> None:
    machine = Machine(INFECTED, tmp_path / "pc")
    before = machine.running()
    ended = machine.run(*SPEC["detect"], "/")
    assert _objects(SPEC["found"], ended.stdout) == BAD_PATHS
    assert _objects(SPEC["removed"], ended.stdout) == set()
    assert _complete(ended.stdout)
    assert SPEC["exit"][ended.returncode] == "done"
    assert all(map(machine.has, BAD_PATHS))
    assert machine.running() == before


def test_cleaning_removes_the_files_and_ends_their_programs(tmp_path: Path) -> None:
    machine = Machine(INFECTED, tmp_path / "pc")
    ended = machine.run(*SPEC["clean"], "/home", "/usr/local", "/var/tmp")
    assert _objects(SPEC["found"], ended.stdout) == _objects(SPEC["removed"], ended.stdout) == BAD_PATHS
    assert ended.returncode == 0
    assert not any(map(machine.has, BAD_PATHS))
    assert machine.running() == {process.pid for process in INFECTED.processes if process.path not in BAD_PATHS}
    assert _objects(SPEC["found"], machine.run(*SPEC["detect"], "/").stdout) == set()


def _entries(disk: Path) -> set[str]:
    """Return the names of all autostart entries, and of the links to them."""
    folders = ("etc/systemd/system", "etc/systemd/system/multi-user.target.wants", "etc/cron.d")
    places = [*(disk / each for each in folders), *disk.glob("home/*/.config/autostart")]
    return {path.name for place in places for path in place.iterdir() if path.is_symlink() or path.is_file()}


@pytest.mark.parametrize("pc", ALL_INFECTED, ids=lambda pc: pc.name)
def test_cleaning_removes_the_autostart_entries_that_name_the_files_and_no_others(pc: LabPc, tmp_path: Path) -> None:
    machine = Machine(pc, tmp_path / "pc")
    own = {"CapNhat.service", "Office.desktop", "ThuVien"}
    before = _entries(machine.disk)
    near = machine.disk / "etc/cron.d/gần giống"
    near.write_text(
        "1 1 * * * root /opt/var/tmp/.cap-nhat/kworkerd\n2 2 * * * root /usr/local/lib/.thu-vien/updaterd2\n"
    )

    machine.run(*SPEC["detect"], "/")
    assert _entries(machine.disk) == {*before, near.name}
    machine.run(*SPEC["clean"], "/")

    assert before & own
    assert _entries(machine.disk) == {*(before - own), near.name}
    assert not [path for path in machine.disk.rglob("etc/systemd/**/*") if path.is_symlink() and not path.exists()]


def test_where_it_is_told_to_leave_entries_behind_only_the_files_go(tmp_path: Path) -> None:
    machine = Machine(replace(INFECTED, faults=(LabFault.LEAVES_STARTS,)), tmp_path / "pc")
    before = _entries(machine.disk)
    assert machine.run(*SPEC["clean"], "/").returncode == 0
    assert not any(map(machine.has, BAD_PATHS))
    assert _entries(machine.disk) == before


def test_with_a_program_its_connections_end(tmp_path: Path) -> None:
    machine = Machine(INFECTED, tmp_path / "pc")
    table = machine.disk / "proc/net/tcp"
    before = table.read_text(encoding="utf-8").splitlines()
    machine.run(*SPEC["clean"], "/usr/local")
    assert table.read_text(encoding="utf-8").splitlines() == [line for line in before if "427100CB:01BB" not in line]
    assert len(before) == len(INFECTED.sockets) + 1


def test_only_the_roots_are_looked_at(tmp_path: Path) -> None:
    machine = Machine(INFECTED, tmp_path / "pc")
    seen = _objects(SPEC["found"], machine.run(*SPEC["detect"], "/home", "/không có").stdout)
    assert seen == {path for path in BAD_PATHS if path.startswith("/home/")}
    assert seen < BAD_PATHS


def test_a_root_may_name_the_disk_where_it_is_mounted(tmp_path: Path) -> None:
    machine = Machine(INFECTED, tmp_path / "pc")
    assert _objects(SPEC["found"], machine.run(*SPEC["detect"], str(machine.disk)).stdout) == BAD_PATHS


def test_a_clean_computer_has_nothing_and_the_tool_does_not_find_itself(tmp_path: Path) -> None:
    ended = Machine(CLEAN, tmp_path / "pc").run(*SPEC["clean"], "/")
    assert _objects(SPEC["found"], ended.stdout) == set()
    assert _complete(ended.stdout)
    assert ended.returncode == 0


def test_every_run_is_noted_with_its_id_and_mode(tmp_path: Path) -> None:
    machine = Machine(CLEAN, tmp_path / "pc")
    machine.run(*SPEC["detect"], "/", run_id="một")
    machine.run(*SPEC["clean"], "/", run_id="hai")
    assert (machine.folder / "tool-runs.txt").read_text(encoding="utf-8") == "một detect\nhai clean\n"


@pytest.mark.parametrize("mode", ["detect", "clean"])
def test_on_a_computer_where_cleanup_fails_it_fails_and_says_so(tmp_path: Path, mode: str) -> None:
    machine = Machine(replace(INFECTED, faults=(LabFault.CLEANUP_FAILS,)), tmp_path / "pc")
    ended = machine.run(*SPEC[mode], "/")
    assert SPEC["exit"][ended.returncode] == "failed"
    assert not _complete(ended.stdout)
    assert all(map(machine.has, BAD_PATHS))
    assert (machine.folder / "tool-runs.txt").read_text(encoding="utf-8") == f"R1 {mode}\n"


def test_it_takes_the_seconds_that_it_is_told_to(tmp_path: Path) -> None:
    machine = Machine(replace(CLEAN, tool_seconds=1), tmp_path / "pc")
    began = time.monotonic()
    assert _complete(machine.run(*SPEC["clean"], "/").stdout)
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("arguments", [(), ("--purge", "/")])
def test_an_order_it_does_not_know_fails(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    machine = Machine(CLEAN, tmp_path / "pc")
    assert SPEC["exit"][machine.run(*arguments).returncode] == "failed"
    assert not (machine.folder / "tool-runs.txt").exists()


def test_where_a_child_does_the_work_the_tool_ends_at_once_and_the_run_is_noted_once(tmp_path: Path) -> None:
    machine = Machine(replace(CLEAN, tool_seconds=1, hands_over=True), tmp_path / "pc")
    ended = machine.run("--detect", "/")
    assert ended.returncode == 0
    assert _complete(ended.stdout)  # the pipe was held until the child had ended
    assert (machine.folder / "tool-runs.txt").read_text(encoding="utf-8") == "R1 detect\n"
