"""The lab's cleanup tool for Windows PCs does what its tool.yaml says of it."""

import hashlib
import json
import re
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from controller.lab.fleet import build_fleet
from controller.lab.folder import write_folder
from controller.lab.pc import LabFault, LabPc, LabStart, StartKind
from controller.lab.windows_answers.looks import Looks
from controller.lab.windows_entries import read_entries
from controller.lab.windows_folder import on_disk

TOOL = files("controller.lab") / "tool_windows"
SCRIPT = (TOOL / "quet-sach.exe.sh").read_bytes()
SPEC = yaml.safe_load((TOOL / "tool.yaml").read_text(encoding="utf-8"))
SHA256 = hashlib.sha256(SCRIPT).hexdigest()

MINED, INFECTED, CLEAN = (build_fleet(4, windows=4).pcs[index] for index in (0, 2, 3))
BAD_PATHS = {file.path for file in INFECTED.files if file.content.startswith("lamsach-lab-marker ")}


class Machine:
    """A PC with the tool where the product puts it."""

    def __init__(self, pc: LabPc, folder: Path) -> None:
        self.folder = folder
        write_folder(pc, folder)
        self.tool = on_disk(folder, rf"C:\ProgramData\lamsach\tools\{SHA256}") / SPEC["file"]
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
        return on_disk(self.folder, path).exists()

    def running(self) -> set[int]:
        return {each["Id"] for each in json.loads((self.folder / "state/processes.json").read_text(encoding="utf-8"))}


def _objects(pattern: str, output: str) -> set[str]:
    return {match["object"] for match in re.finditer(pattern, output, re.MULTILINE)}


def _rendered(pc: LabPc, folder: Path, collector: str) -> list[str]:
    """Return the rows of an answer as the lab renders it."""
    return [line for text in Looks(pc, folder).answer(collector, ("n", "-")) for line in text.splitlines()[1:-1]]


def _complete(output: str) -> bool:
    return re.search(SPEC["complete"], output, re.MULTILINE) is not None


def test_its_description_names_the_very_bytes_that_are_shipped() -> None:
    assert SPEC["sha256"] == SHA256


def test_detecting_names_what_is_there_and_touches_nothing(tmp_path: Path) -> None:
    machine = Machine(INFECTED, tmp_path / "pc")
    before = machine.running()
    ended = machine.run(*SPEC["detect"][:1], "C:\\")
    assert _objects(SPEC["found"], ended.stdout) == BAD_PATHS
    assert _objects(SPEC["removed"], ended.stdout) == set()
    assert _complete(ended.stdout)
    assert SPEC["exit"][ended.returncode] == "done"
    assert all(map(machine.has, BAD_PATHS))
    assert machine.running() == before


def test_cleaning_removes_the_files_and_ends_their_programs(tmp_path: Path) -> None:
    machine = Machine(INFECTED, tmp_path / "pc")
    ended = machine.run(*SPEC["clean"][:1], r"C:\Users", r"c:\ProgramData")
    assert _objects(SPEC["found"], ended.stdout) == _objects(SPEC["removed"], ended.stdout) == BAD_PATHS
    assert ended.returncode == 0
    assert not any(map(machine.has, BAD_PATHS))
    assert machine.running() == {process.pid for process in INFECTED.processes if process.path not in BAD_PATHS}


@pytest.mark.parametrize("pc", [MINED, INFECTED], ids=lambda pc: pc.name)
def test_cleaning_removes_the_autostart_entries_that_name_the_files_and_no_others(pc: LabPc, tmp_path: Path) -> None:
    machine = Machine(pc, tmp_path / "pc")
    before = list(read_entries(machine.folder))
    bad = {file.path for file in pc.files if file.content.startswith("lamsach-lab-marker ")}

    machine.run("--detect", "C:\\")
    assert list(read_entries(machine.folder)) == before
    machine.run("--clean", "C:\\")

    after = list(read_entries(machine.folder))
    assert after == [entry for entry in before if entry.program not in bad]
    assert len(before) - len(after) == len(bad)
    assert "ThuVien" not in (machine.folder / "registry/10-lab.reg").read_text(encoding="utf-8")


def test_where_it_is_told_to_leave_entries_behind_only_the_files_go(tmp_path: Path) -> None:
    machine = Machine(replace(INFECTED, faults=(LabFault.LEAVES_STARTS,)), tmp_path / "pc")
    before = list(read_entries(machine.folder))
    assert machine.run("--clean", "C:\\").returncode == 0
    assert not any(map(machine.has, BAD_PATHS))
    assert list(read_entries(machine.folder)) == before
    rows = [json.loads(line) for line in _rendered(INFECTED, machine.folder, "autostart")]
    assert {row["path"]: row["sha256"] for row in rows if row["path"] in BAD_PATHS} == dict.fromkeys(BAD_PATHS, "")


def test_every_kind_of_entry_goes_and_one_that_is_only_alike_stays(tmp_path: Path) -> None:
    (bad, *_) = sorted(BAD_PATHS)
    kinds = (StartKind.RUN, StartKind.SERVICE, StartKind.DRIVER, StartKind.TASK)
    own = [LabStart(kind=kind, name="a", program=bad, arguments=("/x",)) for kind in kinds]
    alike = [LabStart(kind=kind, name="b", program=f"{bad}2") for kind in kinds]
    machine = Machine(replace(INFECTED, starts=(*own, *alike)), tmp_path / "pc")
    assert len(list(read_entries(machine.folder))) == 9  # with the startup folder

    machine.run("--clean", "C:\\")

    left = [(entry.kind, entry.program) for entry in read_entries(machine.folder)]
    assert [each for each in left if each[0] is not StartKind.FOLDER] == [(kind, f"{bad}2") for kind in kinds]


def test_only_the_roots_are_looked_at(tmp_path: Path) -> None:
    machine = Machine(INFECTED, tmp_path / "pc")
    seen = _objects(SPEC["found"], machine.run("--detect", r"C:\Users", r"C:\Không có").stdout)
    assert seen == {path for path in BAD_PATHS if path.startswith("C:\\Users\\")}
    assert seen < BAD_PATHS


def test_a_clean_pc_has_nothing_and_the_tool_does_not_find_itself(tmp_path: Path) -> None:
    ended = Machine(CLEAN, tmp_path / "pc").run("--clean", "C:\\")
    assert _objects(SPEC["found"], ended.stdout) == set()
    assert _complete(ended.stdout)
    assert ended.returncode == 0


@pytest.mark.parametrize("mode", ["detect", "clean"])
def test_on_a_pc_where_cleanup_fails_it_fails_and_says_so(tmp_path: Path, mode: str) -> None:
    machine = Machine(replace(INFECTED, faults=(LabFault.CLEANUP_FAILS,)), tmp_path / "pc")
    ended = machine.run(f"--{mode}", "C:\\")
    assert SPEC["exit"][ended.returncode] == "failed"
    assert not _complete(ended.stdout)
    assert all(map(machine.has, BAD_PATHS))
    assert (machine.folder / "tool-runs.txt").read_text(encoding="utf-8") == f"R1 {mode}\n"


def test_where_a_child_does_the_work_the_tool_ends_at_once_and_the_run_is_noted_once(tmp_path: Path) -> None:
    machine = Machine(replace(CLEAN, tool_seconds=1, hands_over=True), tmp_path / "pc")
    ended = machine.run("--detect", "C:\\")
    assert ended.returncode == 0
    assert _complete(ended.stdout)  # the pipe was held until the child had ended
    assert (machine.folder / "tool-runs.txt").read_text(encoding="utf-8") == "R1 detect\n"
