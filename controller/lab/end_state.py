"""What is on a lab computer at the end of the main job, read from its folder without any part of the product.

So the demo can hold the verdicts against the computers themselves, and not only against what was foreseen.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from controller.lab.expected import Step, expected_after
from controller.lab.folder import disk_of
from controller.lab.linux_starts import read_programs
from controller.lab.pc import LabFault, LabPc
from controller.lab.samples import MARKER
from controller.lab.windows_entries import read_entries
from controller.lab.windows_folder import on_disk
from controller.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class EndState:
    """What was left on a computer, and what was done to it.

    `malware` counts the files that play malware, `orphans` the programs that run although their file is gone,
    `leftovers` the autostart entries whose file is gone, and `cleanups` the starts of the cleanup tool that were to
    clean.
    """

    malware: int
    orphans: int
    leftovers: int
    cleanups: int


def right_end_state(pc: LabPc) -> EndState:
    """Return what must be on `pc`.

    The tool was started once if we could look there. If it did not fail, the malware is gone, and the autostart entries
    that name it are gone, too, or were left behind.
    """
    started = expected_after(pc, Step.REPORT).verdict is not Verdict.UNKNOWN
    worked = started and LabFault.CLEANUP_FAILS not in pc.faults
    malware = {file.path for file in pc.files if file.content.startswith(MARKER)}
    entries = [start for start in pc.starts if start.program in malware]
    return EndState(
        malware=0 if worked else len(malware),
        orphans=0,
        leftovers=len(entries) if worked and LabFault.LEAVES_STARTS in pc.faults else 0,
        cleanups=int(started),
    )


def end_state(folder: Path) -> EndState:
    """Return what is on the computer in `folder` now."""
    windows = (folder / "C").is_dir()
    disk = folder / "C" if windows else disk_of(folder)
    return EndState(
        malware=sum(_marked(disk)),
        orphans=sum(_windows_orphans(folder) if windows else _linux_orphans(disk)),
        leftovers=sum(_windows_leftovers(folder) if windows else _linux_leftovers(disk)),
        cleanups=_cleanups(folder / "tool-runs.txt"),
    )


def _marked(disk: Path) -> Iterator[bool]:
    """Yield for every file whether it is made-up malware."""
    marker = MARKER.encode()
    for path in disk.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                yield file.read(len(marker)) == marker


def _linux_orphans(disk: Path) -> Iterator[bool]:
    images = (process / "exe" for process in disk.glob("proc/[0-9]*"))
    return (image.is_symlink() and not image.exists() for image in images)


def _windows_orphans(folder: Path) -> Iterator[bool]:
    running = json.loads((folder / "state" / "processes.json").read_text(encoding="utf-8"))
    return (not on_disk(folder, each["Path"]).exists() for each in running if each["Path"])


def _linux_leftovers(disk: Path) -> Iterator[bool]:
    return (not (disk / program.lstrip("/")).exists() for program in read_programs(disk))


def _windows_leftovers(folder: Path) -> Iterator[bool]:
    return (not on_disk(folder, entry.program).exists() for entry in read_entries(folder))


def _cleanups(notes: Path) -> int:
    """Count the starts that the tool itself has noted, `RUN_ID MODE` a line."""
    lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    return sum(line.endswith(" clean") for line in lines)
