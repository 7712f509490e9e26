"""The scripts that we send, run here by whatever shells there are, with and without the programs they like."""

import hashlib
import os
import shutil
import subprocess
import time
from importlib.resources import files
from pathlib import Path

import pytest

SCRIPTS = files("controller.transports") / "scripts"
SHELL_SCRIPTS = [each for each in SCRIPTS.iterdir() if each.name.endswith(".sh")]
SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
NEEDED = ("sh", "sleep", "cat", "setsid", "true")


def text(*names: str) -> str:
    return "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in names)


@pytest.fixture(params=["timeout", "setsid alone", "neither"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH on which some programs are missing."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in (*NEEDED, *(["timeout"] if request.param == "timeout" else [])):
        (programs / name).symlink_to(shutil.which(name) or "")
    if request.param == "neither":
        (programs / "setsid").unlink()
    return str(programs)


def run(path: str, *command: str, stdin: str = "", seconds: int = 1) -> subprocess.CompletedProcess[str]:
    script = text("linux_limit.sh") + '\nlimited "$@"; exit "$?"'
    words = ["sh", "-c", script, "lamsach", str(seconds), *command]
    return subprocess.run(words, input=stdin, capture_output=True, text=True, env={"PATH": path}, check=False)


def test_a_command_in_time_keeps_its_input_output_and_exit_code(path: str) -> None:
    began = time.monotonic()
    done = run(path, "sh", "-c", "cat; echo err >&2; exit 7", stdin="vào", seconds=20)

    assert (done.returncode, done.stdout, done.stderr) == (7, "vào", "err\n")
    assert time.monotonic() - began < 5


def test_a_command_out_of_time_is_ended(path: str) -> None:
    began = time.monotonic()
    done = run(path, "sleep", "30")

    assert done.returncode in {124, 137, 143}
    assert time.monotonic() - began < 5


def test_what_a_command_started_is_ended_with_it(tmp_path: Path) -> None:
    sleeper = tmp_path / "sleeper"
    done = run(os.environ["PATH"], "sh", "-c", f"sleep 30 & echo $! >{sleeper}; wait")

    assert done.returncode == 124
    deadline = time.monotonic() + 3
    while lives(sleeper.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not lives(sleeper.read_text().strip())


def lives(pid: str) -> bool:
    """Say whether a process is more than a zombie that nobody asked after."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def push(
    tmp_path: Path, verb: str, *more: str, stdin: bytes = b"", place: str = "lamsach", sysroot: str = ""
) -> subprocess.CompletedProcess[bytes]:
    sha256 = hashlib.sha256(b"tool").hexdigest()
    words = [verb, str(tmp_path / place), "tool", sha256, "4", *more]
    env = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    head = f"exec 4<&0\nsysroot={sysroot}\n"
    return subprocess.run(
        ["sh", "-c", head + text("linux_walk.sh", "linux_folder.sh", "linux_put.sh"), "lamsach", *words],
        input=stdin,
        capture_output=True,
        env=env,
        check=False,
    )


def shim(tmp_path: Path, name: str, script: str) -> None:
    (tmp_path / "bin").mkdir(exist_ok=True)
    (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "bin" / name).chmod(0o755)


def test_a_file_is_asked_for_taken_and_then_there(tmp_path: Path) -> None:
    assert push(tmp_path, "ask").stdout == b"#lamsach need 0\n"
    assert push(tmp_path, "take", "0", stdin=b"tool").stdout == b"#lamsach ready\n#lamsach done\n"
    assert push(tmp_path, "ask").stdout == b"#lamsach have\n"


def test_a_disk_too_full_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    shim(tmp_path, "df", "echo Filesystem blocks used free; echo /dev/x 9 9 0 100% /")

    assert push(tmp_path, "ask").returncode == 62


def test_a_disk_that_fills_up_leaves_nothing_half(tmp_path: Path) -> None:
    push(tmp_path, "ask")
    shim(tmp_path, "cat", "printf to; exit 1")

    assert push(tmp_path, "take", "0", stdin=b"tool").returncode == 62
    assert [each for each in tmp_path.glob("lamsach/**/*") if each.is_file()] == []


def test_a_part_that_somebody_else_writes_is_left_alone(tmp_path: Path) -> None:
    push(tmp_path, "ask")

    assert push(tmp_path, "take", "2", stdin=b"ol").returncode == 63


def test_a_file_that_is_taken_away_at_once_has_not_arrived(tmp_path: Path) -> None:
    push(tmp_path, "ask")
    shim(tmp_path, "mv", 'for last; do :; done; /bin/mv "$@" && rm -f "$last"')

    assert push(tmp_path, "take", "0", stdin=b"tool").returncode == 63


OURS = "var/lib/lamsach"


@pytest.mark.parametrize("target", ["{outside}", "../outside"])
@pytest.mark.parametrize("part", ["var", "var/lib"])
def test_no_link_leads_off_the_mounted_disk(tmp_path: Path, part: str, target: str) -> None:
    """A dry run pushes tools, too: `var -> /srv` on a disk under inspection made our folder on the running system."""
    disk, outside = tmp_path / "disk", tmp_path / "outside"
    outside.mkdir()
    (disk / part).parent.mkdir(parents=True)
    up = "../" * part.count("/")
    (disk / part).symlink_to(up + target if target.startswith(".") else target.format(outside=outside))

    done = push(tmp_path, "ask", place=f"disk/{OURS}", sysroot=str(disk))

    assert (done.returncode, list(outside.iterdir())) == (61, [])
    assert done.stderr.decode().endswith("leads off the disk of the computer\n")


def test_a_link_that_stays_on_the_mounted_disk_is_followed(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    (disk / "data").mkdir(parents=True)
    (disk / "var").symlink_to("data")

    assert push(tmp_path, "ask", place=f"disk/{OURS}", sysroot=str(disk)).returncode == 0
    assert (disk / "data/lib/lamsach").is_dir()


def test_a_folder_above_ours_that_others_can_write_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """They could rename the folder below it, and put one of their own in its place, between two steps of ours."""
    disk = tmp_path / "disk"
    disk.mkdir()
    push(tmp_path, "ask", place=f"disk/{OURS}", sysroot=str(disk))
    (disk / "var/lib").chmod(0o777)

    done = push(tmp_path, "ask", place=f"disk/{OURS}", sysroot=str(disk))

    assert done.returncode == 61
    assert f"run there: chmod go-w '{disk}/var/lib'" in done.stderr.decode()
    (disk / "var/lib").chmod(0o1777)
    assert push(tmp_path, "ask", place=f"disk/{OURS}", sysroot=str(disk)).returncode == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_can_read_every_script(shell: str) -> None:
    command = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
    for script in SHELL_SCRIPTS:
        done = subprocess.run([*command, str(script)], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), script.name


def test_shellcheck_has_nothing_to_say() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("needs shellcheck: apt-get install shellcheck")
    names = sorted(map(str, SHELL_SCRIPTS))
    done = subprocess.run(["shellcheck", "--shell=sh", *names], capture_output=True, text=True, check=False)

    assert done.stdout == ""
