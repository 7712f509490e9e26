"""What is on a lab computer at the end is read from the computer itself."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.lab.end_state import EndState, end_state, right_end_state
from controller.lab.fleet import build_fleet
from controller.lab.folder import write_folder
from controller.lab.pc import CLEANUP_FAULTS, LabFault, LabPc
from controller.lab.windows_folder import on_disk
from tests.unit import test_lab_tool as linux
from tests.unit import test_lab_tool_windows as windows

MACHINES: dict[str, tuple[LabPc, Callable[[LabPc, Path], Any], str]] = {
    "linux": (linux.INFECTED, linux.Machine, "/"),
    "windows": (windows.INFECTED, windows.Machine, "C:\\"),
}


@pytest.fixture(params=MACHINES)
def infected(request: pytest.FixtureRequest) -> tuple[LabPc, Callable[[LabPc, Path], Any], str]:
    """An infected computer, the machine that plays it, and all of its disk."""
    return MACHINES[request.param]


def test_before_the_tool_ran_the_malware_is_there(infected: Any, tmp_path: Path) -> None:
    pc, machine, _ = infected
    assert end_state(machine(pc, tmp_path / "pc").folder) == EndState(malware=2, orphans=0, leftovers=0, cleanups=0)


def test_what_the_tool_cleaned_is_right_and_a_second_start_is_not(infected: Any, tmp_path: Path) -> None:
    pc, machine, root = infected
    played = machine(pc, tmp_path / "pc")
    played.run("--clean", root)
    played.run("--detect", root)

    assert end_state(played.folder) == right_end_state(pc) == EndState(malware=0, orphans=0, leftovers=0, cleanups=1)

    played.run("--clean", root)
    assert end_state(played.folder) == EndState(malware=0, orphans=0, leftovers=0, cleanups=2)


def test_where_the_tool_fails_the_malware_must_still_be_there(infected: Any, tmp_path: Path) -> None:
    pc, machine, root = infected
    failing = replace(pc, faults=(LabFault.CLEANUP_FAILS,))
    played = machine(failing, tmp_path / "pc")
    played.run("--clean", root)

    assert (
        end_state(played.folder) == right_end_state(failing) == EndState(malware=2, orphans=0, leftovers=0, cleanups=1)
    )


def test_where_the_tool_leaves_entries_behind_they_must_still_be_there(infected: Any, tmp_path: Path) -> None:
    pc, machine, root = infected
    leaving = replace(pc, faults=(LabFault.LEAVES_STARTS,))
    played = machine(leaving, tmp_path / "pc")
    played.run("--clean", root)

    left = EndState(malware=0, orphans=0, leftovers=2, cleanups=1)
    assert end_state(played.folder) == right_end_state(leaving) == left


def test_a_program_and_an_entry_that_have_lost_their_file_are_seen(infected: Any, tmp_path: Path) -> None:
    pc, machine, _ = infected
    played = machine(pc, tmp_path / "pc")
    for file in pc.files:
        if file.content.startswith("lamsach-lab-marker "):
            place = on_disk(played.folder, file.path) if machine is windows.Machine else played.disk / file.path[1:]
            place.unlink()

    assert end_state(played.folder) == EndState(malware=0, orphans=2, leftovers=2, cleanups=0)


@pytest.mark.parametrize("fault", [fault for fault in LabFault if fault not in CLEANUP_FAULTS])
def test_on_a_computer_that_cannot_be_looked_at_nothing_may_be_started(fault: LabFault) -> None:
    pc = next(pc for pc in build_fleet().pcs if pc.infected)
    assert right_end_state(replace(pc, faults=(fault,))).cleanups == 0
    assert right_end_state(replace(pc, faults=(fault,))).malware > 0


def test_a_windows_process_without_a_path_is_no_orphan(tmp_path: Path) -> None:
    played = windows.Machine(windows.CLEAN, tmp_path / "pc")
    listed = json.loads((played.folder / "state" / "processes.json").read_text(encoding="utf-8"))

    assert [each["Id"] for each in listed if not each["Path"]]
    assert end_state(played.folder).orphans == 0


@pytest.mark.parametrize("pc", build_fleet(12, windows=6).pcs, ids=lambda pc: pc.name)
def test_as_it_is_written_no_entry_has_lost_its_file(pc: LabPc, tmp_path: Path) -> None:
    write_folder(pc, tmp_path / "pc")
    assert end_state(tmp_path / "pc").leftovers == 0
