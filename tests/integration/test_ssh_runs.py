"""Placing and starting programs: whole or not at all, once and never twice, whatever happens in between."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TypeVar

import pytest

from controller.engine.line import VisitLine
from controller.errors import HostError, LineError, Reason
from controller.model.result import ToolMode
from controller.transports.base import Launch, RunPhase, RunState, Session
from controller.transports.ssh import SshTransport
from tests.sshd import Sshd
from tests.unit.test_ssh_scripts import lives
from tests.visits import ELEVATED

T = TypeVar("T")

SLOW = 'echo "$LAMSACH_RUN_ID" >>ran; exec sleep 29.3'
QUICK = 'echo "$LAMSACH_RUN_ID" >>"$1"; echo done'


class Pc:
    """One host, seen from both sides: `open` a session with it, or look into its `folder`."""

    def __init__(self, sshd: Sshd, disk: Path) -> None:
        self.sshd, self.disk = sshd, disk
        self.folder = disk / "var" / "lib" / "lamsach"

    def open(self) -> AbstractContextManager[Session]:
        return SshTransport().open(self.sshd.host(sysroot=self.disk), None)

    def placed(self, script: str) -> str:
        """Place a program and return its SHA-256."""
        source = self.disk / "source"
        source.write_text(f"#!/bin/sh\n{script}\n")
        sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
        with self.open() as session:
            session.put(source, sha256=sha256, file_name="tool")
        return sha256

    def launch(self, sha256: str, run_id: str = "run-1", **but: object) -> Launch:
        fields = {"arguments": (str(self.disk / "ran"),), "mode": ToolMode.CLEAN, "seconds": 30, **but}
        return Launch(run_id=run_id, sha256=sha256, file_name="tool", **fields)  # type: ignore[arg-type]

    def settled(self, run_id: str = "run-1") -> RunState:
        """Wait until a run is over."""
        with self.open() as session:
            return wait_for(lambda: state if (state := session.poll(run_id)).phase is not RunPhase.RUNNING else None)

    def run(self, run_id: str = "run-1") -> Path:
        return self.folder / "runs" / run_id

    def begun(self) -> Path:
        """Return the folder of the first run, once its program has begun."""
        wait_for(lambda: True if (self.run() / "ran").exists() and (self.run() / "tool").exists() else None)
        return self.run()


def wait_for(ask: Callable[[], T | None]) -> T:
    for _ in range(200):
        if (found := ask()) is not None:
            return found
        time.sleep(0.03)
    raise AssertionError("it never came")


@pytest.fixture
def pc(sshd: Sshd, tmp_path: Path) -> Iterator[Pc]:
    pc = Pc(sshd, tmp_path)
    yield pc
    for run in pc.folder.glob("runs/*"):
        end_run(run)


def end_run(run: Path) -> None:
    """Kill the processes of a run: those of its wrapper and those of its program."""
    while left := members(run):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def members(run: Path) -> list[int]:
    """The processes of a run: its wrapper, and whatever has its folder in the environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            marked = f"LAMSACH_RUN_FOLDER={run}".encode() in (path / "environ").read_bytes().split(b"\0")
            if marked or f"{run}/wrapper".encode() in (path / "cmdline").read_bytes().split(b"\0"):
                found.append(int(path.name))
    return found


def reason_of(act: Callable[[], object]) -> Reason:
    with pytest.raises(HostError) as caught:
        act()
    return caught.value.reason


def test_a_push_cut_off_goes_on_where_it_was(pc: Pc, tmp_path: Path) -> None:
    source = tmp_path / "big"
    source.write_bytes(os.urandom(1 << 20) * 24)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    part = pc.folder / "tools" / sha256 / ".part"

    def cut_midway() -> None:
        wait_for(lambda: True if part.exists() and part.stat().st_size > 1 << 20 else None)
        pc.sshd.cut()

    cutter = threading.Thread(target=cut_midway)
    with pc.open() as session:
        cutter.start()
        with pytest.raises(LineError) as caught:
            session.put(source, sha256=sha256, file_name="tool")
    cutter.join()
    arrived = part.stat().st_size
    with pc.open() as session:
        placed = session.put(source, sha256=sha256, file_name="tool")

    assert caught.value.reason is Reason.CONNECTION_LOST
    assert 0 < arrived < source.stat().st_size
    assert placed
    assert part.with_name("tool").read_bytes() == source.read_bytes()
    assert not part.exists()


def test_only_the_rest_of_a_cut_push_is_sent(pc: Pc) -> None:
    sha256 = pc.placed("exit 0")
    tool = pc.folder / "tools" / sha256 / "tool"
    whole = tool.read_bytes()
    tool.rename(tool.with_name(".part"))
    tool.with_name(".part").write_bytes(whole[:7])
    (pc.disk / "source").write_bytes(b"x" * 7 + whole[7:])
    with pc.open() as session:
        session.put(pc.disk / "source", sha256=sha256, file_name="tool")

    assert tool.read_bytes() == whole


def test_a_bad_part_is_thrown_away_and_the_file_sent_whole(pc: Pc) -> None:
    sha256 = pc.placed("exit 0")
    tool = pc.folder / "tools" / sha256 / "tool"
    whole = tool.read_bytes()
    tool.unlink()
    tool.with_name(".part").write_bytes(b"bad")
    with pc.open() as session:
        assert session.put(pc.disk / "source", sha256=sha256, file_name="tool")

    assert tool.read_bytes() == whole


def test_a_file_that_changed_on_the_host_is_placed_anew_and_never_started(pc: Pc) -> None:
    sha256 = pc.placed("exit 0")
    tool = pc.folder / "tools" / sha256 / "tool"
    tool.write_text("#!/bin/sh\nexit 66\n")
    with pc.open() as session:
        assert reason_of(lambda: session.start(pc.launch(sha256))) is Reason.TOOL_BLOCKED
        assert session.put(pc.disk / "source", sha256=sha256, file_name="tool")
        session.start(pc.launch(sha256))

    assert pc.settled().exit_code == 0


@pytest.mark.parametrize("how", ["a link", "writable by others", "a file"])
def test_nothing_is_placed_in_a_folder_that_others_may_write(pc: Pc, how: str) -> None:
    pc.folder.parent.mkdir(parents=True)
    if how == "a link":
        (pc.disk / "elsewhere").mkdir(mode=0o700)
        pc.folder.symlink_to(pc.disk / "elsewhere")
    elif how == "a file":
        pc.folder.touch()
    else:
        pc.folder.mkdir()
        pc.folder.chmod(0o777)

    assert reason_of(lambda: pc.placed("exit 0")) is Reason.FOLDER_UNSAFE
    with pc.open() as session:
        assert reason_of(lambda: session.start(pc.launch("0" * 64))) is Reason.FOLDER_UNSAFE
        assert reason_of(lambda: session.poll("run-1")) is Reason.FOLDER_UNSAFE
    assert not list(pc.disk.rglob("tool"))


def test_our_folder_and_all_in_it_is_closed_to_others(pc: Pc) -> None:
    pc.placed("exit 0")

    assert [path for path in [pc.folder, *pc.folder.rglob("*")] if path.stat().st_mode & 0o077] == []


def test_a_program_started_twice_at_once_under_one_id_runs_once(pc: Pc) -> None:
    launch = pc.launch(pc.placed(QUICK))

    def start(_: int) -> RunPhase:
        with pc.open() as session:
            return session.start(launch).phase

    with ThreadPoolExecutor(4) as pool:
        phases = set(pool.map(start, range(4)))

    assert phases <= {RunPhase.RUNNING, RunPhase.FINISHED}
    assert pc.settled().exit_code == 0
    assert (pc.disk / "ran").read_text() == "run-1\n"


def test_a_run_that_is_made_void_while_it_is_started_runs_or_is_void_and_never_both(pc: Pc) -> None:
    sha256 = pc.placed(QUICK)
    ran: list[str] = []
    for run_id in (f"run-{number}" for number in range(6)):
        with pc.open() as one, pc.open() as two, ThreadPoolExecutor(2) as pool:
            started = pool.submit(one.start, pc.launch(sha256, run_id))
            is_void = pool.submit(two.void, run_id).result().phase is RunPhase.ABSENT
            started.result()
        over = pc.settled(run_id).phase
        assert over is (RunPhase.TORN if is_void else RunPhase.FINISHED)
        ran += [] if is_void else [run_id]

    noted = pc.disk / "ran"
    assert (noted.read_text().split() if noted.exists() else []) == ran


def test_two_programs_at_once_are_one_too_many(pc: Pc) -> None:
    sha256 = pc.placed(SLOW)
    with pc.open() as session:
        assert session.start(pc.launch(sha256)).phase is RunPhase.RUNNING
        assert reason_of(lambda: session.start(pc.launch(sha256, "run-2"))) is Reason.HOST_BUSY
        assert session.poll("run-2").phase is RunPhase.ABSENT
        assert session.start(pc.launch(sha256)).phase is RunPhase.RUNNING


def test_many_programs_at_once_start_one(pc: Pc) -> None:
    sha256 = pc.placed(SLOW)

    def start(number: int) -> RunPhase | Reason:
        with pc.open() as session:
            try:
                return session.start(pc.launch(sha256, f"run-{number}")).phase
            except HostError as error:
                return error.reason

    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(start, range(5)))

    assert sorted(outcomes) == sorted([RunPhase.RUNNING, *[Reason.HOST_BUSY] * 4])


def test_the_lock_is_free_after_a_run(pc: Pc) -> None:
    sha256 = pc.placed(QUICK)
    for run_id in ("run-1", "run-2"):
        with pc.open() as session:
            session.start(pc.launch(sha256, run_id))
        assert pc.settled(run_id).log == b"done\n"

    assert (pc.disk / "ran").read_text() == "run-1\nrun-2\n"


def test_a_run_whose_processes_are_gone_is_torn_and_holds_nobody_up(pc: Pc) -> None:
    sha256 = pc.placed(SLOW)
    with pc.open() as session:
        session.start(pc.launch(sha256))
        end_run(pc.begun())

        assert pc.settled().phase is RunPhase.TORN
        assert session.start(pc.launch(sha256)).phase is RunPhase.TORN
        assert session.start(pc.launch(sha256, "run-2")).phase is RunPhase.RUNNING


def test_a_run_goes_on_while_its_program_lives_even_if_our_watcher_is_gone(pc: Pc) -> None:
    sha256 = pc.placed(SLOW)
    with pc.open() as session:
        session.start(pc.launch(sha256))
        os.kill(int((pc.begun() / "pid").read_text().split()[1]), signal.SIGKILL)

        assert session.poll("run-1").phase is RunPhase.RUNNING
        assert reason_of(lambda: session.start(pc.launch(sha256, "run-2"))) is Reason.HOST_BUSY
        end_run(pc.run())
        assert pc.settled().phase is RunPhase.TORN


@pytest.mark.parametrize("field", [2, 3], ids=["start time", "boot"])
def test_another_process_with_the_same_number_is_not_the_run(pc: Pc, field: int) -> None:
    sha256 = pc.placed(SLOW)
    with pc.open() as session:
        session.start(pc.launch(sha256))
        run = pc.begun()
        end_run(run)
        for path in (run / "pid", run / "tool", pc.folder / "lock"):
            *before, _, start, boot = path.read_text().split()
            words = [*before, str(os.getpid()), start, boot]
            words[field - 4] = "1"
            path.write_text(" ".join(words) + "\n")

        assert session.poll("run-1").phase is RunPhase.TORN
        assert session.start(pc.launch(sha256, "run-2")).phase is RunPhase.RUNNING


def test_a_program_is_stopped_when_its_time_is_over(pc: Pc) -> None:
    sha256 = pc.placed("echo >ran; sleep 29.4; sleep 29.5")
    with pc.open() as session:
        session.start(pc.launch(sha256, seconds=1))
        run = pc.begun()
    over = pc.settled()

    assert (over.phase, over.exit_code) == (RunPhase.FINISHED, 124)
    assert members(run) == []
    assert {left.split()[1] for left in over.overdue} == {"tool", "sleep"}


def test_a_program_leaves_the_machine_to_its_users_and_outlives_our_session(pc: Pc) -> None:
    sha256 = pc.placed("sleep 0.5; nice")
    with pc.open() as session:
        assert session.start(pc.launch(sha256)).phase is RunPhase.RUNNING
    pc.sshd.cut()

    assert pc.settled().log == b"19\n"


def test_only_what_a_run_appended_to_its_log_is_read(pc: Pc) -> None:
    log = pc.disk / "tool.log"
    log.write_text("what an earlier run found\n")
    sha256 = pc.placed(f"printf 'mới\\0\\377' >>'{log}'")
    with pc.open() as session:
        session.start(pc.launch(sha256, log=str(log)))

    assert pc.settled().log == "mới".encode() + b"\0\xff"


@pytest.mark.parametrize("command", [">", "mv new"], ids=["shorter", "another file"])
def test_a_log_that_was_begun_anew_is_read_whole(pc: Pc, command: str) -> None:
    log = pc.disk / "tool.log"
    log.write_text("old " * 100)
    write = f"echo new >'{log}'" if command == ">" else f"printf '%0500d' 0 >new; mv new '{log}'"
    sha256 = pc.placed(write)
    with pc.open() as session:
        session.start(pc.launch(sha256, log=str(log)))

    assert pc.settled().log == (b"new\n" if command == ">" else b"0" * 500)


def test_a_program_that_prints_too_much_fills_no_disk_and_its_log_is_cut(pc: Pc) -> None:
    sha256 = pc.placed("echo first; yes | head -c 20000000")
    with pc.open() as session:
        session.start(pc.launch(sha256))
    over = pc.settled()

    assert over.log.startswith(b"first\n")
    assert 8_000_000 < len(over.log) < 9_000_000
    assert (over.exit_code, over.cut) == (0, True)
    assert (pc.run() / "stdout").stat().st_size == 1 << 24


CHILDREN = {
    "inherits its output": "(sleep 1.5; echo DONE >>{log}) &",
    "is a daemon": "setsid sh -c 'sleep 1.5; echo DONE >>{log}' >/dev/null 2>&1 9>&- &",
    "has an environment of its own": "env -i sh -c 'sleep 1.5; echo DONE >>{log}' >/dev/null 2>&1 9>&- &",
    "has a session and an environment of its own": "env -i setsid sh -c 'sleep 1.5; echo DONE >>{log}' &",
}


@pytest.mark.parametrize("child", CHILDREN.values(), ids=CHILDREN)
def test_a_run_is_over_when_what_the_program_started_has_ended(pc: Pc, child: str) -> None:
    log = pc.disk / "tool.log"
    sha256 = pc.placed(f"echo begun >>{log}; {child.format(log=log)}\nexit 7")
    with pc.open() as session:
        session.start(pc.launch(sha256, log=str(log)))
        wait_for(lambda: True if (pc.run() / "code").exists() else None)
        assert session.poll("run-1").phase is RunPhase.RUNNING
        (pc.folder / "lock").unlink()
        if "env -i" not in child:  # a run that lost its lock is known by the environment alone
            with pytest.raises(HostError, match=r"'run-1' still runs, process \d+ \w+") as caught:
                session.start(pc.launch(sha256, "run-2"))
            assert caught.value.reason is Reason.HOST_BUSY
        over = pc.settled()

    assert (over.exit_code, over.log, over.overdue) == (7, b"begun\nDONE\n", ())


def test_a_run_whose_watcher_is_gone_keeps_its_lock_while_its_child_lives(pc: Pc) -> None:
    sha256 = pc.placed("echo >ran; setsid sleep 29.3 >/dev/null 2>&1 9>&- &")
    with pc.open() as session:
        session.start(pc.launch(sha256))
        os.kill(int((pc.begun() / "pid").read_text().split()[1]), signal.SIGKILL)
        wait_for(lambda: True if (pc.run() / "code").exists() else None)

        assert session.poll("run-1").phase is RunPhase.RUNNING
        assert reason_of(lambda: session.start(pc.launch(sha256, "run-2"))) is Reason.HOST_BUSY


STUBBORN = {
    "a daemon": "trap '' TERM; setsid sleep 29.3 >/dev/null 2>&1 9>&- &",
    "one without our environment": "env -i setsid sleep 29.3 &",
}


@pytest.mark.parametrize("child", STUBBORN.values(), ids=STUBBORN)
def test_a_child_that_stays_is_ended_and_named_when_the_time_is_over(pc: Pc, child: str) -> None:
    sha256 = pc.placed(f"echo DONE; {child}")
    with pc.open() as session:
        session.start(pc.launch(sha256, seconds=2))
    over = pc.settled()

    assert (over.exit_code, over.log) == (124, b"DONE\n")
    (pid,) = (left.split()[0] for left in over.overdue if left.endswith(" sleep"))
    assert not lives(pid)


def test_what_others_write_into_the_log_after_a_run_is_not_its_own(pc: Pc) -> None:
    log = pc.disk / "tool.log"
    sha256 = pc.placed(f"echo DONE >>{log}")
    with pc.open() as session:
        session.start(pc.launch(sha256, log=str(log)))
        pc.settled()
        log.write_text("FOUND by somebody else\n")

        assert session.poll("run-1").log == b"DONE\n"


def test_a_name_that_would_leave_our_folder_is_ours_to_mend(pc: Pc) -> None:
    (pc.disk / "source").touch()
    with pc.open() as session:
        with pytest.raises(ValueError, match=r"\.\./x"):
            session.put(pc.disk / "source", sha256="0" * 64, file_name="../x")
        with pytest.raises(ValueError, match="run/1"):
            session.poll("run/1")


def test_a_line_that_broke_is_opened_again_and_the_run_went_on_meanwhile(pc: Pc) -> None:
    sha256 = pc.placed("sleep 1; echo done")
    with VisitLine(pc.open, lambda _: ELEVATED) as line:
        assert line.start(pc.launch(sha256)).phase is RunPhase.RUNNING
        pc.sshd.cut()
        with pytest.raises(LineError):
            line.poll("run-1")

        line.reopen()
        state = wait_for(lambda: state if (state := line.poll("run-1")).phase is not RunPhase.RUNNING else None)

    assert (state.phase, state.exit_code, state.log) == (RunPhase.FINISHED, 0, b"done\n")
