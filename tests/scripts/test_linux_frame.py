"""What every Linux script promises, whatever it asks."""

import shutil
import subprocess
from pathlib import Path

import pytest

from controller.collectors import catalog
from controller.model.collector import StoppedBy
from controller.model.fleet import Platform
from tests.scripts.asking import NONCE, Shell

NAMES = catalog.names()


@pytest.mark.parametrize("name", NAMES)
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("needs shellcheck: apt-get install shellcheck")
    script = catalog.script(name, Platform.LINUX).encode()

    said = subprocess.run([program, "--shell=sh", "-"], input=script, capture_output=True, check=False)

    assert said.stdout == b""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_script_that_arrives_cut_does_nothing(name: str, kept: float) -> None:
    script = catalog.script(name, Platform.LINUX).encode()
    cut = script[: int(len(script) * kept)]

    done = subprocess.run(["/bin/sh", "-s", "--", NONCE, "-"], input=cut, capture_output=True, check=False)

    assert done.stdout == b""


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
@pytest.mark.parametrize(
    "words",
    [
        (),
        (NONCE,),
        (NONCE, "relative/disk"),
        (NONCE, "-", "colour=red"),
        (NONCE, "-", "seconds=soon"),
        (NONCE, "-", "seconds=-1"),
        (NONCE, "-", "max_files="),
        (NONCE, "-", "root=relative"),
        (NONCE, "-", "hashes=md5,crc32"),
    ],
)
def test_a_question_that_is_not_understood_is_refused(shell: Shell, words: tuple[str, ...]) -> None:
    with shell.start("files", *words) as started:
        stdout, stderr = started.communicate(timeout=60)

    assert started.returncode == 64
    assert stdout == b""
    assert stderr.startswith(b"files: ")


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
@pytest.mark.parametrize("name", ["host", "files"])
def test_a_disk_that_is_not_mounted_is_refused(shell: Shell, tmp_path: Path, name: str) -> None:
    """An empty folder where a disk should be mounted is no clean computer."""
    (tmp_path / "empty").mkdir()
    for place in ("empty", "not there"):
        with shell.start(name, NONCE, str(tmp_path / place), *(("root=/",) if name == "files" else ())) as started:
            stdout, stderr = started.communicate(timeout=60)

        assert (started.returncode, stdout) == (65, b"")
        assert str(tmp_path / place).encode() in stderr


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
def test_no_more_than_two_hundred_unread_items_are_named(shell: Shell, disk: Path) -> None:
    for number in range(250):
        (disk / str(number)).write_bytes(b"x")
    shell.shim("id", "echo 0")
    shell.shim("sha256sum", f"[ $# = 0 ] || exit 1; exec {shutil.which('sha256sum')}")

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert (answer.unread, len(answer.unread_items)) == (250, 200)
    assert answer.stopped is StoppedBy.DENIED


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_written(shell: Shell, disk: Path, name: str) -> None:
    """Neither on the disk that is looked at, nor where a program would put what it needs for a moment."""
    for folder in ("etc", "proc/1", "usr/bin", "tmp"):
        (disk / folder).mkdir(parents=True, exist_ok=True)
    (disk / "usr/bin/x").write_bytes(b"x")
    (disk / "proc/1/exe").symlink_to("../../usr/bin/x")
    places = {"HOME": str(disk / "tmp"), "TMPDIR": str(disk / "tmp")}
    before = _tree(disk)

    Shell(shell.command, shell.shims, places).ask(name, *(("root=/",) if name == "files" else ()), sysroot=str(disk))

    assert _tree(disk) == before


def _tree(place: Path) -> list[tuple[str, int, int, int]]:
    """Everything below `place`, but for the times of reading."""
    found = sorted([place, *place.rglob("*")])
    return [(str(each), (stat := each.lstat()).st_mode, stat.st_mtime_ns, stat.st_size) for each in found]


def test_programs_come_from_the_given_path_first(shell: Shell, disk: Path) -> None:
    shell.shim("id", "echo 0")
    root = shell.ask("host", sysroot=str(disk)).rows[0]
    shell.shim("id", "echo 1000")
    user = shell.ask("host", sysroot=str(disk)).rows[0]

    assert (root["user"], root["elevated"]) == ("0", True)
    assert (user["user"], user["elevated"]) == ("1000", False)


def test_a_hash_program_that_lies_broken_is_passed_over(shell: Shell, disk: Path) -> None:
    (disk / "x").write_bytes(b"x")
    shell.shim("sha256sum", "exit 1")

    found = shell.ask("files", "root=/", sysroot=str(disk))

    assert next(row["sha256"] for row in found.rows if row["path"] == "/x") == (
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    )
    assert found.stopped is None


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_without_any_hash_program_no_look_is_whole(shell: Shell, disk: Path, algorithm: str) -> None:
    for name in (f"{algorithm}sum", "openssl", "busybox"):
        shell.shim(name, "exit 1")

    assert shell.ask("files", "root=/", f"hashes={algorithm}", sysroot=str(disk)).stopped == "denied"
