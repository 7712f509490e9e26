"""Placing and starting programs on Windows: whole or not at all, once and never twice, whatever happens in between.

A program here is a file that begins with `#!`, as the PowerShell of the tests plays one.
"""

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from controller.errors import HostError, LineError, Reason
from controller.model.result import ToolMode
from controller.transports import psrp_session
from controller.transports.base import Launch, RunPhase, RunState
from controller.transports.psrp_session import PsrpSession
from tests.winrm_servers import Service, WindowsPc, windows

T = TypeVar("T")

SLOW = 'echo "$LAMSACH_RUN_ID" >>{here}/ran; exec sleep 29.{number}'
QUICK = 'echo "$LAMSACH_RUN_ID" >>{here}/ran; echo done'


class Bench:
    """One Windows PC, seen from both sides."""

    def __init__(self, pc: WindowsPc, service: Service) -> None:
        self.pc, self.service = pc, service
        self.source = pc.place / "source"

    def placed(self, session: PsrpSession, script: str) -> str:
        """Place a program and return its SHA-256."""
        number = os.getpid()
        script = script.replace("{here}", str(self.pc.place)).replace("{number}", str(number))
        self.source.write_text(f"#!/bin/sh\n{script}\n")
        sha256 = hashlib.sha256(self.source.read_bytes()).hexdigest()
        session.put(self.source, sha256=sha256, file_name="tool.exe")
        return sha256

    def ran(self) -> str:
        """Return which runs the program has noted."""
        path = self.pc.place / "ran"
        return path.read_text() if path.exists() else ""


def a_launch(sha256: str, run_id: str = "run-1", **but: object) -> Launch:
    fields = {"arguments": (), "mode": ToolMode.CLEAN, "seconds": 30, **but}
    return Launch(run_id=run_id, sha256=sha256, file_name="tool.exe", **fields)  # type: ignore[arg-type]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    pc = WindowsPc(tmp_path / "pc")
    with windows(pc) as service:
        yield Bench(pc, service)
    end(f"sleep 29.{os.getpid()}")


def end(command: str) -> None:
    """End every process with this command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if path.read_bytes().replace(b"\0", b" ").strip() == command.encode():
                os.kill(int(path.parent.name), signal.SIGKILL)


def wait_for(ask: Callable[[], T | None]) -> T:
    for _ in range(300):
        if (found := ask()) is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


def settled(session: PsrpSession, run_id: str = "run-1") -> RunState:
    """Wait until a run is over."""
    return wait_for(lambda: state if (state := session.poll(run_id)).phase is not RunPhase.RUNNING else None)


def reason_of(act: Callable[[], object]) -> Reason:
    with pytest.raises(HostError) as caught:
        act()
    return caught.value.reason


def test_a_file_of_several_shares_arrives_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psrp_session, "_SHARE", 700_000)
    whole = os.urandom(2_000_001)
    bench.source.write_bytes(whole)
    sha256 = hashlib.sha256(whole).hexdigest()
    with bench.service.open() as session:
        assert session.put(bench.source, sha256=sha256, file_name="tool.exe")
        assert not session.put(bench.source, sha256=sha256, file_name="tool.exe")

    place = bench.pc.folder / "tools" / sha256
    assert (place / "tool.exe").read_bytes() == whole
    assert [path.name for path in place.iterdir()] == ["tool.exe"]


def test_an_empty_file_can_be_placed(bench: Bench) -> None:
    bench.source.touch()
    sha256 = hashlib.sha256(b"").hexdigest()
    with bench.service.open() as session:
        assert session.put(bench.source, sha256=sha256, file_name="tool.exe")

    assert (bench.pc.folder / "tools" / sha256 / "tool.exe").read_bytes() == b""


def test_a_push_cut_off_goes_on_where_it_was_and_a_bad_part_is_sent_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psrp_session, "_SHARE", 700_000)
    whole = os.urandom(1_500_000)
    bench.source.write_bytes(whole)
    sha256 = hashlib.sha256(whole).hexdigest()
    part = bench.pc.folder / "tools" / sha256 / ".part"
    shares = iter([None, bench.service.cut])
    with bench.service.open() as session:
        exchange = session._line.exchange

        def cut_before_the_second_share(*args: object, **named: object) -> object:
            if "blocks" in named and (cut := next(shares, None)):
                bench.service.loop.call_soon_threadsafe(cut)
                time.sleep(0.2)
            return exchange(*args, **named)  # type: ignore[arg-type]

        session._line.exchange = cut_before_the_second_share  # type: ignore[assignment,method-assign]
        with pytest.raises(LineError):
            session.put(bench.source, sha256=sha256, file_name="tool.exe")
    assert part.read_bytes() == whole[:700_000]

    part.write_bytes(b"x" * 700_000)
    with bench.service.open() as session:
        assert session.put(bench.source, sha256=sha256, file_name="tool.exe")
    assert part.with_name("tool.exe").read_bytes() == whole
    assert not part.exists()


def test_a_wrong_checksum_leaves_nothing(bench: Bench) -> None:
    bench.source.write_text("x")
    with bench.service.open() as session:
        assert reason_of(lambda: session.put(bench.source, sha256="0" * 64, file_name="tool.exe")) is Reason.PUSH_FAILED

    assert [path for path in bench.pc.folder.rglob("*") if path.is_file()] == []


def test_a_disk_too_full_is_said_before_anything_is_sent(bench: Bench) -> None:
    with bench.source.open("wb") as sparse:
        sparse.truncate(1 << 42)
    with bench.service.open() as session:
        assert (
            reason_of(lambda: session.put(bench.source, sha256="0" * 64, file_name="tool.exe")) is Reason.HOST_DISK_FULL
        )


UNSAFE = {
    "writable by users": {
        "Owner": "BUILTIN\\Administrators",
        "Access": [{"IdentityReference": "BUILTIN\\Users", "FileSystemRights": "Modify", "AccessControlType": "Allow"}],
    },
    "of a user": {"Owner": "PC-01\\lan", "Access": []},
    "a link": {"LinkType": "Junction"},
}


@pytest.mark.parametrize("facts", UNSAFE.values(), ids=UNSAFE)
def test_nothing_is_placed_in_a_folder_that_others_may_write(bench: Bench, facts: dict[str, object]) -> None:
    if "LinkType" in facts:
        (bench.pc.disk / "elsewhere").mkdir()
        bench.pc.folder.symlink_to(Path("..") / "elsewhere")
    else:
        bench.pc.folder.mkdir()
        bench.pc.knows("C:\\ProgramData\\lamsach", **facts)
    bench.source.write_text("x")
    with bench.service.open() as session:
        asked = (
            lambda: session.put(bench.source, sha256="0" * 64, file_name="tool.exe"),
            lambda: session.start(a_launch("0" * 64)),
            lambda: session.poll("run-1"),
        )
        assert [reason_of(each) for each in asked] == [Reason.FOLDER_UNSAFE] * 3

    assert not list(bench.pc.disk.rglob("*.exe*tool*"))


def test_users_may_look_into_our_folder(bench: Bench) -> None:
    bench.pc.folder.mkdir()
    rights = {"FileSystemRights": "ReadAndExecute, Synchronize", "AccessControlType": "Allow"}
    closed = {"IdentityReference": "NT AUTHORITY\\SYSTEM", "FileSystemRights": "FullControl"}
    bench.pc.knows(
        "C:\\ProgramData\\lamsach",
        Owner="NT AUTHORITY\\SYSTEM",
        Access=[{"IdentityReference": "BUILTIN\\Users", **rights}, {**closed, "AccessControlType": "Allow"}],
    )
    with bench.service.open() as session:
        assert session.poll("run-1").phase is RunPhase.ABSENT
        bench.placed(session, "exit 0")


def test_a_program_gets_its_words_its_id_and_its_mode_and_leaves_exit_code_and_bytes(bench: Bench) -> None:
    words = ("a b", "", 'q"x\\', "tùng\\", "c:\\x y\\", "-n")
    with bench.service.open() as session:
        sha256 = bench.placed(
            session, 'printf \'<%s>\' "$LAMSACH_RUN_ID" "$LAMSACH_MODE" "$@"; printf \'\\0\\377\'; echo e >&2; exit 7'
        )
        session.start(a_launch(sha256, arguments=words))
        over = settled(session)

    expected = "".join(f"<{each}>" for each in ("run-1", "clean", *words)).encode() + b"\0\xffe\n"
    assert over == RunState(phase=RunPhase.FINISHED, exit_code=7, log=expected)


def test_a_program_outlives_our_session_and_is_never_started_again(bench: Bench) -> None:
    with bench.service.open() as session:
        sha256 = bench.placed(session, QUICK + "; sleep 1")
        assert session.start(a_launch(sha256)).phase is RunPhase.RUNNING
    bench.service.call(bench.service.listener.reboot())
    with bench.service.open() as session:
        over = settled(session)
        again = session.start(a_launch(sha256))

    assert over == again == RunState(phase=RunPhase.FINISHED, exit_code=0, log=b"done\n")
    assert bench.ran() == "run-1\n"


def test_programs_started_at_once_under_one_id_run_once(bench: Bench) -> None:
    with bench.service.open() as session:
        launch = a_launch(bench.placed(session, QUICK))

    def start(_: int) -> RunPhase:
        with bench.service.open() as session:
            return session.start(launch).phase

    with ThreadPoolExecutor(3) as pool:
        phases = set(pool.map(start, range(3)))
    with bench.service.open() as session:
        assert settled(session).exit_code == 0

    assert phases <= {RunPhase.RUNNING, RunPhase.FINISHED}
    assert bench.ran() == "run-1\n"


def test_two_programs_at_once_are_one_too_many_and_the_lock_is_free_after_a_run(bench: Bench) -> None:
    with bench.service.open() as session:
        sha256 = bench.placed(session, SLOW)
        assert session.start(a_launch(sha256)).phase is RunPhase.RUNNING
        assert reason_of(lambda: session.start(a_launch(sha256, "run-2"))) is Reason.HOST_BUSY
        assert session.poll("run-2").phase is RunPhase.ABSENT
        assert session.start(a_launch(sha256)).phase is RunPhase.RUNNING
        end(f"sleep 29.{os.getpid()}")
        assert settled(session).exit_code != 0
        assert session.start(a_launch(sha256, "run-2")).phase is RunPhase.RUNNING

    assert bench.ran() == "run-1\nrun-2\n"


def test_a_run_whose_processes_are_gone_is_torn_and_holds_nobody_up(bench: Bench) -> None:
    with bench.service.open() as session:
        sha256 = bench.placed(session, SLOW)
        session.start(a_launch(sha256))
        wrapper = wait_for(lambda: the_wrapper(bench.pc.runs("run-1")))
        os.kill(wrapper, signal.SIGKILL)

        assert session.poll("run-1").phase is RunPhase.RUNNING  # its program lives
        end(f"sleep 29.{os.getpid()}")
        assert settled(session).phase is RunPhase.TORN
        assert session.start(a_launch(sha256)).phase is RunPhase.TORN
        assert session.start(a_launch(sha256, "run-2")).phase is RunPhase.RUNNING


def the_wrapper(run: Path) -> int | None:
    """Return the process that holds a run's `alive` open."""
    for path in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if path.readlink() == run / "alive":
                return int(path.parts[2])
    return None


def test_a_wrapper_that_comes_too_late_starts_nothing(bench: Bench) -> None:
    with bench.service.open() as session:
        sha256 = bench.placed(session, QUICK)
        run = bench.pc.runs("run-1")
        run.mkdir(parents=True)
        (run / "launch.json").write_text("{}")
        assert session.poll("run-1").phase is RunPhase.RUNNING  # it may still come to life
        os.utime(run / "launch.json", (1, 1))
        assert session.poll("run-1").phase is RunPhase.ABSENT
        assert (run / "fate").read_text() == "void"
        session.start(a_launch(sha256))
        assert settled(session).exit_code == 0

    assert bench.ran() == "run-1\n"


def test_a_program_is_stopped_when_its_time_is_over(bench: Bench) -> None:
    with bench.service.open() as session:
        session.start(a_launch(bench.placed(session, SLOW), seconds=1))
        over = settled(session)

    assert (over.phase, over.exit_code) == (RunPhase.FINISHED, 124)
    assert [left.split()[1] for left in over.overdue] == ["tool.exe"]


APART = """exec {python} - "$$" <<'EOF'
import datetime, json, os, subprocess, sys
end = "sleep {seconds}; echo DONE >>{here}/C/tool.log; echo '[]' >{here}/state/processes.json"
child = subprocess.Popen(["sh", "-c", end], stdout=-3, stderr=-3, close_fds=True, start_new_session=True)
entry = dict(Id=child.pid, ProcessName="scanner", ParentProcessId=int(sys.argv[1]))
entry["StartTime"] = datetime.datetime.now(datetime.UTC).isoformat()
os.makedirs("{here}/state", exist_ok=True)
with open("{here}/state/new", "w") as file:
    json.dump([entry], file)
os.rename("{here}/state/new", "{here}/state/processes.json")
sys.exit(7)
EOF
"""
"""A program whose child inherits no handle, as most do on Windows: only the list of processes shows it."""
CHILDREN = {
    "inherits handles": "(sleep 1.5; echo DONE >>{here}/C/tool.log) & exit 7",
    "inherits none": APART,
}


@pytest.mark.parametrize("child", CHILDREN.values(), ids=CHILDREN)
def test_a_run_is_over_when_what_the_program_started_has_ended(bench: Bench, child: str) -> None:
    with bench.service.open() as session:
        sha256 = bench.placed(session, child.replace("{seconds}", "1.5").replace("{python}", sys.executable))
        session.start(a_launch(sha256, log="C:\\tool.log"))
        assert session.poll("run-1").phase is RunPhase.RUNNING
        (bench.pc.folder / "lock").unlink()
        assert reason_of(lambda: session.start(a_launch(sha256, "run-2"))) is Reason.HOST_BUSY
        over = settled(session)
        (bench.pc.disk / "tool.log").write_text("FOUND by somebody else\n")
        again = session.poll("run-1")

    assert over == again == RunState(phase=RunPhase.FINISHED, exit_code=7, log=b"DONE\n")


def test_a_child_that_stays_is_ended_and_named_when_the_time_is_over(bench: Bench) -> None:
    with bench.service.open() as session:
        sha256 = bench.placed(session, APART.replace("{seconds}", "29").replace("{python}", sys.executable))
        session.start(a_launch(sha256, seconds=4))
        over = settled(session)

    assert over.exit_code == 124
    assert "scanner.exe" in [left.split()[1] for left in over.overdue]


def test_a_file_that_changed_or_is_no_program_is_blocked_and_leaves_no_run(bench: Bench) -> None:
    with bench.service.open() as session:
        sha256 = bench.placed(session, "exit 0")
        bench.source.write_text("no program")
        other = hashlib.sha256(bench.source.read_bytes()).hexdigest()
        session.put(bench.source, sha256=other, file_name="tool.exe")
        (bench.pc.folder / "tools" / sha256 / "tool.exe").write_text("changed")

        assert reason_of(lambda: session.start(a_launch(sha256))) is Reason.TOOL_BLOCKED
        assert reason_of(lambda: session.start(a_launch(other))) is Reason.TOOL_BLOCKED
        assert session.poll("run-1").phase is RunPhase.ABSENT
        assert list((bench.pc.folder / "runs").iterdir()) == []


def test_only_what_a_run_appended_to_its_log_is_read(bench: Bench) -> None:
    log = bench.pc.disk / "tool.log"
    log.write_bytes(b"what an earlier run found\n")
    with bench.service.open() as session:
        sha256 = bench.placed(session, f"printf 'x\\0y\\377' >>'{log}'")
        session.start(a_launch(sha256, log="C:\\tool.log"))
        assert settled(session).log == b"x\0y\xff"
        sha256 = bench.placed(session, f"printf '%0500d' 0 >'{log}'")
        session.start(a_launch(sha256, "run-2", log="C:\\tool.log"))
        assert settled(session, "run-2").log == b"0" * 500


def test_a_program_that_prints_too_much_fills_no_disk_and_its_log_is_cut(bench: Bench) -> None:
    with bench.service.open() as session:
        session.start(a_launch(bench.placed(session, "echo first; yes | head -c 20000000")))
        over = settled(session)

    assert over.log.startswith(b"first\n")
    assert 6_000_000 < len(over.log) < 7_000_000
    assert (over.exit_code, over.cut) == (0, True)
    assert 1 << 24 <= (bench.pc.runs("run-1") / "stdout").stat().st_size < (1 << 24) + 1000  # and what came on stderr


@pytest.mark.parametrize("name", ["../x", "a\\b", "c:x", "x.", "", 'a"b'])
def test_a_name_that_would_leave_our_folder_is_ours_to_mend(tmp_path: Path, name: str) -> None:
    session = PsrpSession(None, host_key="")  # type: ignore[arg-type]
    (tmp_path / "source").touch()

    with pytest.raises(ValueError, match="cannot be a name on a host"):
        session.put(tmp_path / "source", sha256="0" * 64, file_name=name)
    with pytest.raises(ValueError, match="cannot be a name on a host"):
        session.poll("run/1")


def test_a_script_that_an_antivirus_blocks_says_so(bench: Bench) -> None:
    bench.pc.says(computerName="PC-01", elevated=True, amsiBlocked=["EICAR"])
    with bench.service.open() as session:
        assert reason_of(lambda: session.run("'EICAR'", seconds=10)) is Reason.SCRIPT_BLOCKED
        assert session.run("'ok'", seconds=10).stdout == b"ok\n"
