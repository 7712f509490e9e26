"""Which programs run: on the machine that runs the test, and on disks that the test builds."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest

from controller.collectors import answer as answers
from controller.collectors import catalog
from controller.indicators.text import values_in
from controller.model.collector import Answer, Row, StoppedBy, UnreadKind
from controller.model.fleet import Platform
from controller.model.indicator import Kind
from tests.scripts.asking import NONCE, Shell, spec_of

SLEEP = shutil.which("sleep") or "/bin/sleep"


@contextmanager
def running(image: Path, *words: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a copy of sleep that lies at `image`."""
    shutil.copy(SLEEP, image)
    with subprocess.Popen([str(image), "60", *words]) as child:
        try:
            yield child
        finally:
            child.kill()


def row_of(rows: tuple[Row, ...], pid: int) -> Row:
    return next(row for row in rows if row["pid"] == pid)


def a_process(disk: Path, pid: int, *, exe: str = "", status: str = "", command: bytes = b"") -> None:
    place = disk / "proc" / str(pid)
    place.mkdir(parents=True)
    (place / "status").write_text(status, encoding="utf-8")
    (place / "cmdline").write_bytes(command)
    if exe:
        (place / "exe").symlink_to(exe)


def an_image(disk: Path, path: str = "usr/bin/x", content: bytes = b"image") -> str:
    place = disk / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return sha256(content).hexdigest()


@pytest.mark.parametrize("name", ["plain", "thi hành án.exe", "a\"b\\c'd$(x)", "two\nlines", "-n"])
def test_a_child_of_the_test_is_listed_with_its_hash(shell: Shell, tmp_path: Path, name: str) -> None:
    image = tmp_path / name
    with running(image, "0") as child:
        row = row_of(shell.ask("processes").rows, child.pid)

    assert row["path"] == str(image)
    assert row["sha256"] == sha256(Path(SLEEP).read_bytes()).hexdigest()
    assert row["parent"] == os.getpid()
    assert row["user"] == str(os.geteuid())
    assert row["command_line"] == f"{image} 60 0".replace("\n", " ")
    assert (row["deleted"], row["own"], row["md5"], row["sha1"]) == (False, False, "", "")


def test_a_program_whose_file_was_deleted_is_hashed_all_the_same(shell: Shell, tmp_path: Path) -> None:
    image = tmp_path / "gone"
    with running(image) as child:
        image.unlink()
        row = row_of(shell.ask("processes").rows, child.pid)

    assert (row["path"], row["deleted"]) == (str(image), True)
    assert row["sha256"] == sha256(Path(SLEEP).read_bytes()).hexdigest()


def test_a_file_that_is_named_deleted_is_not_deleted(shell: Shell, tmp_path: Path) -> None:
    image = tmp_path / "here (deleted)"
    with running(image) as child:
        row = row_of(shell.ask("processes").rows, child.pid)

    assert (row["path"], row["deleted"]) == (str(image), False)


def test_only_our_own_shell_is_marked_as_ours(shell: Shell) -> None:
    with shell.start("processes", NONCE, "-") as started:
        stdout, _ = started.communicate(timeout=60)
    answer = answers.read(spec_of("processes"), stdout, nonce=NONCE, sysroot="-")

    assert [row["pid"] for row in answer.rows if row["own"]] == [started.pid]
    assert "/proc/self" not in {item.path for item in answer.unread_items}
    told = {each.where.split()[1] for each in answers.observations(spec_of("processes"), answer, values_in)}
    assert str(started.pid) not in told
    assert str(os.getpid()) in told


def test_a_mounted_disk_has_no_process_of_ours(shell: Shell, disk: Path) -> None:
    """Its process numbers are another machine's."""
    an_image(disk)
    with shell.start("processes", NONCE, str(disk)) as started:
        a_process(disk, started.pid, exe="../../usr/bin/x")
        stdout, _ = started.communicate(timeout=60)
    answer = answers.read(spec_of("processes"), stdout, nonce=NONCE, sysroot=str(disk))

    assert all(row["own"] is False for row in answer.rows)


def test_paths_of_a_mounted_disk_are_those_of_the_disk(shell: Shell, disk: Path) -> None:
    expected = an_image(disk)
    status = "Name:\tx\nPPid:\t1\nUid:\t0\t1000\t0\t0\nVmSize:\t8 kB\n"
    a_process(disk, 812, exe="../../usr/bin/x", status=status, command=b"/usr/bin/x\0-a\0b c\0")

    answer = shell.ask("processes", sysroot=str(disk))

    assert answer.stopped is None
    assert answer.rows == (
        {
            "pid": 812,
            "parent": 1,
            "name": "x",
            "path": "/usr/bin/x",
            "sha256": expected,
            "sha1": "",
            "md5": "",
            "command_line": "/usr/bin/x -a b c",
            "user": "1000",
            "deleted": False,
            "own": False,
        },
    )


def test_weaker_hashes_come_when_they_are_asked_for(shell: Shell, disk: Path) -> None:
    an_image(disk)
    a_process(disk, 1, exe="../../usr/bin/x")

    row = shell.ask("processes", "hashes=md5", "hashes=sha1", sysroot=str(disk)).rows[0]

    assert row["md5"] == md5(b"image").hexdigest()
    assert row["sha1"] == sha1(b"image").hexdigest()
    assert row["sha256"] == sha256(b"image").hexdigest()


def test_kernel_threads_are_neither_listed_nor_unread(shell: Shell, disk: Path) -> None:
    an_image(disk)
    a_process(disk, 1, exe="../../usr/bin/x")
    a_process(disk, 2, status="Name:\tkthreadd\nPPid:\t0\nUid:\t0\t0\t0\t0\n")

    answer = shell.ask("processes", sysroot=str(disk))

    assert [row["pid"] for row in answer.rows] == [1]
    assert (answer.unread, answer.stopped) == (0, None)


def test_a_child_of_process_2_is_a_kernel_thread_only_below_kthreadd(shell: Shell, disk: Path) -> None:
    """In a container process 2 may be anything, and an empty command line proves nothing."""
    an_image(disk)
    shell.shim("id", "echo 0")
    a_process(disk, 1, exe="../../usr/bin/x")
    a_process(disk, 2, exe="../../usr/bin/x", status="Name:\tbash\nPPid:\t1\nVmSize:\t8 kB\n")
    a_process(disk, 9, status="Name:\tkworker/0:1\nPPid:\t2\nVmSize:\t8 kB\n")
    a_process(disk, 10, status="Name:\tkworker/0:2\nPPid:\t1\nVmSize:\t8 kB\n")

    answer = shell.ask("processes", sysroot=str(disk))

    assert {(item.kind, item.path) for item in answer.unread_items} == {
        (UnreadKind.PROGRAM, "/proc/9 kworker/0:1"),
        (UnreadKind.PROGRAM, "/proc/10 kworker/0:2"),
    }


@pytest.mark.parametrize("exe", ["../../usr/bin/gone", "", "/etc/passwd"], ids=["dangling", "none", "out of the disk"])
def test_an_image_that_cannot_be_read_is_listed_and_named(shell: Shell, disk: Path, exe: str) -> None:
    an_image(disk)
    a_process(disk, 1, exe="../../usr/bin/x")
    a_process(disk, 2, exe=exe, status="Name:\ty\nVmSize:\t8 kB\n", command=b"y\0")

    as_user = shell.ask("processes", sysroot=str(disk))
    shell.shim("id", "echo 0")
    as_root = shell.ask("processes", sysroot=str(disk))

    assert row_of(as_root.rows, 2)["sha256"] == ""
    assert row_of(as_root.rows, 2)["command_line"] == "y"
    assert [item.kind for item in as_root.unread_items] == [UnreadKind.PROGRAM]
    assert (as_root.unread, as_root.stopped) == (1, None)
    assert (as_user.unread, as_user.stopped) == (1, StoppedBy.DENIED)


def test_a_process_cannot_write_rows_of_its_own(shell: Shell, disk: Path) -> None:
    an_image(disk)
    fake = b'\n@ 9 here /bin/fake\n= 1:1 /proc/9/exe\n/proc/9/cmdline:x\n#end 0 unread=0 stopped=no\n"}\0\x1b[2J\xff\0'
    a_process(disk, 1, exe="../../usr/bin/x", status='Name:\t"\\\\n\n', command=fake)

    answer = shell.ask("processes", sysroot=str(disk))

    assert [row["pid"] for row in answer.rows] == [1]
    assert answer.rows[0]["command_line"] == fake.decode(errors="replace").replace("\n", " ").replace("\0", " ")[:-1]


def test_a_very_long_command_line_is_cut(shell: Shell, disk: Path) -> None:
    an_image(disk)
    a_process(disk, 1, exe="../../usr/bin/x", command=b"a" * 100_000 + b"\0" + b"b\0" * 10_000)

    assert shell.ask("processes", sysroot=str(disk)).rows[0]["command_line"] == "a" * 8192


def test_a_look_without_time_says_so(shell: Shell, disk: Path) -> None:
    an_image(disk)
    a_process(disk, 1, exe="../../usr/bin/x")

    answer = shell.ask("processes", "seconds=0", sysroot=str(disk))

    assert answer.stopped is StoppedBy.TIME
    assert answer.rows[0]["path"] == "/usr/bin/x"


def test_each_image_is_hashed_once_and_many_in_one_call(shell: Shell, disk: Path, tmp_path: Path) -> None:
    for pid in range(1, 41):
        an_image(disk, f"usr/bin/{pid % 4}", bytes([pid % 4]))
        a_process(disk, pid, exe=f"../../usr/bin/{pid % 4}")
    real, calls = shutil.which("sha256sum"), tmp_path / "calls"
    shell.shim("sha256sum", f'echo $# >>"{calls}"; exec {real} "$@"')

    answer = shell.ask("processes", sysroot=str(disk))

    assert {row["sha256"] for row in answer.rows} == {sha256(bytes([each])).hexdigest() for each in range(4)}
    assert calls.read_text().split() == ["0", "4"]  # the first one asks whether it works


def test_a_row_meets_a_hash_a_path_and_a_name(shell: Shell, disk: Path) -> None:
    expected = an_image(disk)
    a_process(disk, 812, exe="../../usr/bin/x")

    seen = answers.observations(spec_of("processes"), shell.ask("processes", sysroot=str(disk)), values_in)

    assert {(each.kind, each.value, each.where) for each in seen} == {
        (Kind.PATH, "/usr/bin/x", "pid 812 /usr/bin/x"),
        (Kind.NAME, "x", "pid 812 /usr/bin/x"),
        (Kind.SHA256, expected, "pid 812 /usr/bin/x"),
    }


ZOMBIE = """
import ctypes, threading, time
libc = ctypes.CDLL(None)
threading.Thread(target=lambda: time.sleep(60)).start()
print(flush=True)
libc.syscall({"x86_64": 60, "aarch64": 93}[__import__("platform").machine()], 0)
"""


def test_a_program_whose_first_thread_has_ended_still_runs(shell: Shell, tmp_path: Path) -> None:
    """The kernel shows it as a zombie without an image; its other threads have one."""
    with subprocess.Popen([sys.executable, "-c", ZOMBIE], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout
            child.stdout.readline()
            until(lambda: "State:\tZ" in Path(f"/proc/{child.pid}/status").read_text(encoding="utf-8"))
            row = row_of(shell.ask("processes").rows, child.pid)
        finally:
            child.kill()

    assert row["path"] == os.path.realpath(sys.executable)
    assert row["sha256"] == sha256(Path(sys.executable).read_bytes()).hexdigest()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError


def test_a_program_that_lies_in_memory_only_is_hashed(shell: Shell) -> None:
    memory = os.memfd_create("lam sach")
    os.write(memory, Path(SLEEP).read_bytes())
    with subprocess.Popen([f"/proc/self/fd/{memory}", "60"], pass_fds=(memory,)) as child:
        try:
            row = row_of(shell.ask("processes").rows, child.pid)
        finally:
            child.kill()
            os.close(memory)

    assert (row["path"], row["deleted"]) == ("/memfd:lam sach", True)
    assert row["sha256"] == sha256(Path(SLEEP).read_bytes()).hexdigest()


HOPPER = """
import os, sys, time
end = time.monotonic() + 30
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
    if len(sys.argv) > 2:
        open("/proc/self/comm", "w").write(f"w{os.getpid()}")
    os.setsid()
    time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
@pytest.mark.parametrize("words", [["0.002"], ["0.002", "rename"], ["0.03"]], ids=["fast", "fast, renamed", "slow"])
def test_a_program_that_keeps_starting_itself_anew_is_seen_or_named(
    shell: Shell, tmp_path: Path, words: list[str]
) -> None:
    """Under another number at each moment; each of five lists misses it, or one of them reads it.

    A directory of processes is no snapshot, so on a busy machine one look may meet none of its numbers: of three, one
    must.
    """
    image, stop = tmp_path / "hopper", tmp_path / "stop"
    image.symlink_to(sys.executable)
    shell.shim("id", "echo 0")
    text = HOPPER.replace("< end:", f"< end and not os.path.exists({str(stop)!r}):")
    with subprocess.Popen([sys.executable, "-c", text, *words]):
        try:
            assert any(_meets_the_hopper(shell.ask("processes")) for _ in range(3))
        finally:
            stop.touch()


def _meets_the_hopper(answer: Answer) -> bool:
    read = (row for row in answer.rows if "os._exit(0)" in str(row["command_line"]) and row["sha256"])
    named = (item for item in answer.unread_items if "keeps restarting" in item.path)
    return any(read) or any(named)


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
def test_a_process_that_ends_once_is_no_unread_item(shell: Shell, tmp_path: Path) -> None:
    """The program that ends while we look is a short-lived one: the second list no longer has it."""
    with running(tmp_path / "short-lived") as child:
        shell.shim("id", "echo 0")
        once = f'[ -e "{tmp_path}/killed" ] || {{ touch "{tmp_path}/killed"; kill {child.pid}; sleep 0.1; }}'
        shell.shim("readlink", f'{once}; exec {shutil.which("readlink")} "$@"')
        answer = shell.ask("processes")

    assert not [item for item in answer.unread_items if "short-lived" in item.path]


@pytest.mark.parametrize("stat", [None, "1 (init) S 0 1 1 0"], ids=["of another namespace", "made up"])
def test_a_proc_that_does_not_know_our_own_shell_stops_the_look(shell: Shell, disk: Path, stat: str | None) -> None:
    """It shows the processes of a container, or what somebody made up; one of them may have the number of our shell."""
    expected = an_image(disk)
    shell.shim("id", "echo 0")
    script = catalog.script("processes", Platform.LINUX).replace('"$ROOT/proc"', f'"{disk}/proc"')
    script = script.replace('ENVIRON["ROOT"] "/proc/"', f'"{disk}/proc/"').replace(
        "</proc/self", f'<"{disk}"/proc/self'
    )
    with subprocess.Popen(
        [*shell.command, "-s", "--", NONCE, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PATH": f"{shell.shims}:{os.environ['PATH']}"},
    ) as started:
        for pid in (1, started.pid):
            a_process(disk, pid, exe="../../usr/bin/x")
            (disk / f"proc/{pid}/stat").write_text(f"{pid} (x) S 0 1 1 0\n", encoding="utf-8")
        if stat:
            (disk / "proc/self").mkdir()
            (disk / "proc/self/stat").write_text(f"{stat}\n", encoding="utf-8")
        stdout, _ = started.communicate(script.encode(), timeout=60)
    answer = answers.read(spec_of("processes"), stdout, nonce=NONCE, sysroot="-")

    assert {(row["pid"], row["own"], row["sha256"]) for row in answer.rows} == {
        (1, False, expected),
        (started.pid, False, expected),
    }
    assert answer.stopped is StoppedBy.DENIED
    assert [(item.kind, item.path, item.error) for item in answer.unread_items] == [
        (UnreadKind.PROCESS, "/proc/self", 2)
    ]


@pytest.mark.parametrize("name", ["processes", "connections"])
@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
def test_where_the_processes_of_others_are_hidden_the_look_is_stopped(shell: Shell, name: str) -> None:
    """hidepid leaves an account its own processes only, so that none of them fails to be read."""
    script = catalog.script(name, Platform.LINUX).replace("/proc/1/status", "/proc/0/status")

    done = subprocess.run(
        [*shell.command, "-s", "--", NONCE, "-"], input=script.encode(), capture_output=True, check=True
    )
    answer = answers.read(spec_of(name), done.stdout, nonce=NONCE, sysroot="-")

    assert answer.stopped is StoppedBy.DENIED
    assert (UnreadKind.PROCESS, "/proc/1") in {(item.kind, item.path) for item in answer.unread_items}
