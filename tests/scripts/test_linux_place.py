"""What copies a pushed file to where it belongs, under each shell that a Linux host may have."""

import hashlib
import os
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from tests.scripts.asking import Shell

SCRIPT = (files("controller.tasks") / "scripts" / "linux_place.sh").read_text(encoding="utf-8")
NEW = b"#!/bin/sh\necho ch\xc3\xa0o\n"
FULL, FAILED = 62, 63


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "pushed"
    path.write_bytes(NEW)
    return path


def place(
    shell: Shell, source: Path, dest: str, sysroot: Path | None = None, sha256: str = hashlib.sha256(NEW).hexdigest()
) -> tuple[int, str]:
    """Run it as a session does; return its exit code, and the last line of what it says."""
    done = subprocess.run(
        [*shell.command, "-s", "--", source, sha256, str(sysroot or "-"), dest],
        input=f"{{ {SCRIPT}\n}}\n",
        env=os.environ | {"PATH": f"{shell.shims}:{os.environ['PATH']}"} | dict(shell.environment),
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()[-1]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_placed_below_folders_that_are_made_for_it(shell: Shell, source: Path, disk: Path) -> None:
    assert place(shell, source, "/opt/phần mềm/-x.sh", disk) == (0, "#lamsach placed")

    placed = disk / "opt/phần mềm/-x.sh"
    assert (placed.read_bytes(), placed.stat().st_mode & 0o777) == (NEW, 0o755)
    assert left_in(placed.parent) == ["-x.sh"]


def test_without_a_disk_of_its_own_the_running_system_is_meant(shell: Shell, source: Path, disk: Path) -> None:
    assert place(shell, source, f"{disk}/x.sh") == (0, "#lamsach placed")
    assert (disk / "x.sh").read_bytes() == NEW


def test_a_file_that_is_there_already_is_left_alone(shell: Shell, source: Path, disk: Path) -> None:
    place(shell, source, "/x.sh", disk)
    before = (disk / "x.sh").stat()

    assert place(shell, source, "/x.sh", disk) == (0, "#lamsach same")
    assert (disk / "x.sh").stat() == before


def test_a_file_that_is_replaced_hands_on_its_rights(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "hosts").write_bytes(b"old")
    (disk / "hosts").chmod(0o640)

    assert place(shell, source, "/hosts", disk) == (0, "#lamsach placed")
    assert ((disk / "hosts").read_bytes(), (disk / "hosts").stat().st_mode & 0o777) == (NEW, 0o640)


def test_what_an_earlier_try_left_is_cleared_away(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "elsewhere").write_bytes(b"keep me")
    (disk / "x.sh.lamsach-part").symlink_to("elsewhere")

    assert place(shell, source, "/x.sh", disk) == (0, "#lamsach placed")
    assert (disk / "elsewhere").read_bytes() == b"keep me"
    assert left_in(disk) == ["elsewhere", "x.sh"]


def test_a_wrong_checksum_leaves_the_old_file_and_nothing_half(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "x.sh").write_bytes(b"old")

    assert place(shell, source, "/x.sh", disk, sha256="0" * 64) == (FAILED, "the checksum is wrong")
    assert (disk / "x.sh").read_bytes() == b"old"
    assert left_in(disk) == ["x.sh"]


def test_a_full_disk_leaves_the_old_file_and_nothing_half(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "x.sh").write_bytes(b"old")
    shell.shim("cat", "exit 1")

    assert place(shell, source, "/x.sh", disk)[0] == FULL
    assert (disk / "x.sh").read_bytes() == b"old"
    assert left_in(disk) == ["x.sh"]


@pytest.mark.parametrize("target", ["folder", "file", "nowhere"])
def test_a_folder_or_a_link_in_its_place_is_left_alone(shell: Shell, source: Path, disk: Path, target: str) -> None:
    (disk / "folder").mkdir()
    (disk / "file").write_bytes(b"keep me")
    (disk / "x").symlink_to(target)

    for dest in ("/x", "/folder"):
        code, said = place(shell, source, dest, disk)
        assert (code, "is not a plain file" in said) == (FAILED, True)
    assert (disk / "x").is_symlink()
    assert (disk / "file").read_bytes() == b"keep me"
    assert left_in(disk / "folder") == []


def test_no_link_leads_off_the_disk_of_the_computer(shell: Shell, source: Path, disk: Path, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (disk / "out").symlink_to(tmp_path / "ours")
    (disk / "in").mkdir()
    (disk / "link").symlink_to("in")

    code, said = place(shell, source, "/out/deep/x", disk)

    assert (code, "leads off the disk" in said) == (FAILED, True)
    assert left_in(tmp_path / "ours") == []
    assert place(shell, source, "/link/x", disk) == (0, "#lamsach placed")
