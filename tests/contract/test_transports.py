"""What every transport promises, over a real sshd, a real PowerShell and canned answers alike."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from controller.errors import HostError, LineError, Reason
from controller.model.result import ToolMode
from controller.transports.base import Launch, Reply, RunPhase, RunState, Session, Transport
from controller.transports.canned import CannedHost, CannedTransport
from controller.transports.psrp import PsrpTransport
from controller.transports.ssh import SshTransport
from tests.builders import a_host
from tests.sshd import Sshd
from tests.winrm_servers import SECRET, WindowsPc, saying, windows

Open = Callable[[CannedHost], AbstractContextManager[Session]]

WRONG: Final = "00" * 32
TOOL: Final = b'#!/bin/sh\necho "$LAMSACH_RUN_ID $LAMSACH_MODE"\nexit 3\n'
DONE: Final = RunState(phase=RunPhase.FINISHED, exit_code=3, log=b"run-1 clean\n")


KINDS: Final = ("ssh", "psrp", "canned")


@dataclass(frozen=True)
class Tongue:
    """The same wishes in the language of a host: nine megabytes on either stream, no end, what is left of that."""

    endless: dict[str, str]
    hangs: str
    left: str
    here: str


SHELL: Final = Tongue(
    endless={name: f"yes 'nine megabytes' | head -c 9000000 >&{name}" for name in ("1", "2")},
    hangs="sleep 31.7; sleep 31.8",
    left="for each in /proc/[0-9]*; do tr '\\0' ' ' <$each/cmdline; done 2>&1 | grep -o 'sleep 31.[78]'; :",
    here="echo here",
)
POWERSHELL: Final = Tongue(
    endless={
        "1": "foreach ($each in 1..20) { 'x' * 500000 }",
        "2": "foreach ($each in 1..20) { Write-Error ('x' * 500000) }",
    },
    hangs="try { Start-Sleep 32 } finally { $global:ended = 'ended' }",
    left="if ($global:ended -ne 'ended') { 'it goes on' }",
    here="'here'",
)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tongue(kind: str) -> Tongue:
    return POWERSHELL if kind == "psrp" else SHELL


@pytest.fixture
def open_session(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open a session with a host that answers as the given script says; a real one needs no script."""
    if kind == "canned":
        yield lambda script: CannedTransport({"pc-01": script}).open(a_host("pc-01"), None)
    elif kind == "ssh":
        sshd: Sshd = request.getfixturevalue("sshd")
        yield lambda _: SshTransport().open(sshd.host(sysroot=tmp_path), None)
    else:
        with windows(WindowsPc(tmp_path / "pc")) as service:
            yield lambda _: service.open()


def said(stdout: bytes = b"", stderr: bytes = b"", exit_code: int = 0) -> Reply:
    return Reply(exit_code=exit_code, stdout=stdout, stderr=stderr)


def a_tool(folder: Path) -> tuple[Path, str]:
    path = folder / "tool-here"
    path.write_bytes(TOOL)
    return path, hashlib.sha256(TOOL).hexdigest()


def settled(session: Session, run_id: str) -> RunState:
    """Wait until a run is over."""
    for _ in range(200):
        state = session.poll(run_id)
        if state.phase is not RunPhase.RUNNING:
            return state
        time.sleep(0.05)
    raise AssertionError(f"{run_id} still runs")


REPLIES: Final = {
    "nothing at all": ("exit 0", (), said()),
    "an exit code": ("exit 7", (), said(exit_code=7)),
    "the last command's exit code": ("false", (), said(exit_code=1)),
    "both streams": ("echo out; echo err >&2", (), said(b"out\n", b"err\n")),
    "no text": (r"printf 'a\0b\377\r\n\200'", (), said(b"a\0b\xff\r\n\x80")),
    "no end of line": ("printf x", (), said(b"x")),
    "arguments as they were": (
        r'printf "<%s>" "$@"',
        ("a b", "", 'it\'s "so"', "Tuyên Quang", "two\nlines", "$HOME `id` \\ *", "-n", "--"),
        said('<a b><><it\'s "so"><Tuyên Quang><two\nlines><$HOME `id` \\ *><-n><-->'.encode()),
    ),
    "an argument that is no text": ('printf "%s" "$1"', ("\udcff",), said(b"\xff")),
    "a script that nothing in it can eat": ("cat\necho after", (), said(b"after\n")),
    "a comment first and a document within": ("#!/bin/sh\ncat <<E\nin $1\nE", ("it",), said(b"in it\n")),
    "what hides behind the exit of a child": ("sh -c 'kill -9 $$'; echo $?", (), said(b"137\n")),
    "124 of its own": ("exit 124", (), said(exit_code=124)),
}


ON_WINDOWS: Final = {
    "nothing at all": ("if ($false) { 1 }", (), said()),
    "lines": ("'a'; \"b`r`nc\"; ''; 7", (), said(b"a\nb\r\nc\n\n7\n")),
    "both streams": ("'out'; Write-Error 'err'", (), said(b"out\n", b"err\n")),
    "what came before it failed": ("'out'; throw 'no'", (), said(b"out\n", b"no\n", exit_code=1)),
    "no text": ("[char]0 + 'b' + [char]0xd800 + '_x0041_' + '_xtest_'", (), said(b"\0b\xed\xa0\x80_x0041__xtest_\n")),
    "arguments as they were": (
        'foreach ($each in $args) { "<$each>" }',
        ("a b", "", 'it\'s "so"', "Tuyên Quang 😀", "two\nlines", "$HOME `n $(id)", "-n", "_x0041_", "\ud800"),
        said(
            '<a b>\n<>\n<it\'s "so">\n<Tuyên Quang 😀>\n<two\nlines>\n<$HOME `n $(id)>\n<-n>\n<_x0041_>\n'.encode()
            + b"<\xed\xa0\x80>\n"
        ),
    ),
    "a script that leaves nothing behind": (
        "$ErrorActionPreference = 'Stop'; Set-StrictMode -Version 2; function Get-It { 'it' }; Get-It",
        (),
        said(b"it\n"),
    ),
}

CASES: Final = [
    *[(kind, name, *case) for kind in ("ssh", "canned") for name, case in REPLIES.items()],
    *[("psrp", name, *case) for name, case in ON_WINDOWS.items()],
]


@pytest.mark.parametrize(
    ("kind", "script", "arguments", "reply"),
    [(kind, *case) for kind, _, *case in CASES],
    ids=[f"{kind}-{name}" for kind, name, *_ in CASES],
)
def test_a_reply_is_byte_for_byte_what_the_script_left(
    open_session: Open, script: str, arguments: Sequence[str], reply: Reply
) -> None:
    with open_session(CannedHost(replies=[reply])) as session:
        answer = session.run(script, arguments, seconds=10)

    if b"Killed" in answer.stderr:
        answer = replace(answer, stderr=b"")
    assert answer == reply


@pytest.mark.parametrize("stream", ["1", "2"])
def test_an_answer_without_end_is_huge_and_the_session_lives_on(
    open_session: Open, tongue: Tongue, stream: str
) -> None:
    script = CannedHost(replies=[HostError(Reason.ANSWER_HUGE), said(b"here\n")])
    with open_session(script) as session:
        with pytest.raises(HostError) as caught:
            session.run(tongue.endless[stream], seconds=20)
        after = session.run(tongue.here, seconds=10)

    assert caught.value.reason is Reason.ANSWER_HUGE
    assert after.stdout == b"here\n"


def test_a_script_that_hangs_is_stopped_on_the_host_and_the_session_lives_on(
    open_session: Open, tongue: Tongue
) -> None:
    script = CannedHost(replies=[HostError(Reason.HOST_TIMEOUT), said()])
    with open_session(script) as session:
        with pytest.raises(HostError) as caught:
            session.run(tongue.hangs, seconds=1)
        left = session.run(tongue.left, seconds=10)

    assert caught.value.reason is Reason.HOST_TIMEOUT
    assert not isinstance(caught.value, LineError)
    assert left.stdout == b""


def test_a_file_is_placed_once(open_session: Open, tmp_path: Path) -> None:
    source, sha256 = a_tool(tmp_path)
    with open_session(CannedHost()) as session:
        first = session.put(source, sha256=sha256, file_name="tool")
        second = session.put(source, sha256=sha256, file_name="tool")

    assert (first, second) == (True, False)


def test_a_file_with_another_checksum_is_refused(open_session: Open, tmp_path: Path) -> None:
    source, _ = a_tool(tmp_path)
    with open_session(CannedHost(puts=[HostError(Reason.PUSH_FAILED)])) as session, pytest.raises(HostError) as caught:
        session.put(source, sha256=WRONG, file_name="tool")

    assert caught.value.reason is Reason.PUSH_FAILED
    assert not list(tmp_path.glob(f"**/{WRONG}/*"))


def test_a_run_that_nobody_started_is_absent(open_session: Open) -> None:
    with open_session(CannedHost(states=[RunState(phase=RunPhase.ABSENT)])) as session:
        assert session.poll("run-0") == RunState(phase=RunPhase.ABSENT)


def test_a_run_leaves_its_exit_code_and_log_and_is_never_started_again(open_session: Open, tmp_path: Path) -> None:
    source, sha256 = a_tool(tmp_path)
    launch = Launch(run_id="run-1", sha256=sha256, file_name="tool", arguments=(), mode=ToolMode.CLEAN)
    with open_session(CannedHost(states=[RunState(phase=RunPhase.RUNNING), DONE, DONE])) as session:
        session.put(source, sha256=sha256, file_name="tool")
        session.start(launch)
        over = settled(session, "run-1")
        again = session.start(launch)

    assert over == DONE
    assert again == DONE


def test_a_run_that_was_made_void_never_begins_and_one_that_began_is_told(open_session: Open, tmp_path: Path) -> None:
    source, sha256 = a_tool(tmp_path)
    late, begun = (
        Launch(run_id=run_id, sha256=sha256, file_name="tool", arguments=(), mode=ToolMode.CLEAN)
        for run_id in ("run-0", "run-1")
    )
    absent, torn = RunState(phase=RunPhase.ABSENT), RunState(phase=RunPhase.TORN)
    with open_session(CannedHost(states=[absent, absent, torn, torn, DONE, DONE, DONE])) as session:
        session.put(source, sha256=sha256, file_name="tool")
        assert [session.void("run-0") for _ in range(2)] == [absent, absent]
        assert [session.start(late), session.poll("run-0")] == [torn, torn]
        session.start(begun)
        settled(session, "run-1")
        assert session.void("run-1") == DONE


def test_a_program_that_is_not_there_is_not_started(open_session: Open) -> None:
    launch = Launch(run_id="run-1", sha256=WRONG, file_name="tool", arguments=(), mode=ToolMode.DETECT)
    script = CannedHost(states=[HostError(Reason.TOOL_BLOCKED), RunState(phase=RunPhase.ABSENT)])
    with open_session(script) as session:
        with pytest.raises(HostError) as caught:
            session.start(launch)
        assert session.poll("run-1").phase is RunPhase.ABSENT

    assert caught.value.reason is Reason.TOOL_BLOCKED


class Doorkeeper:
    """Notes who holds the admission, or lets nobody in."""

    def __init__(self, *, closed: bool = False) -> None:
        self.held, self.times, self._closed = 0, 0, closed

    @contextmanager
    def __call__(self) -> Iterator[None]:
        if self._closed:
            raise LineError(Reason.ACCOUNT_STOPPED)
        self.held, self.times = self.held + 1, self.times + 1
        try:
            yield
        finally:
            self.held -= 1


Opening = Callable[[Doorkeeper], AbstractContextManager[Session]]


@pytest.fixture
def opening(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    """Open a session past a doorkeeper."""
    if kind == "canned":
        yield lambda door: CannedTransport({"pc-01": CannedHost()}).open(a_host("pc-01"), None, door)
    elif kind == "ssh":
        sshd: Sshd = request.getfixturevalue("sshd")
        yield lambda door: SshTransport().open(sshd.host(), None, door)
    else:
        with saying(tmp_path) as service:
            yield lambda door: PsrpTransport().open(service.host(), SECRET, door)


def test_the_admission_is_held_for_the_logon_only(opening: Opening) -> None:
    door = Doorkeeper()
    with opening(door):
        assert (door.held, door.times) == (0, 1)


def test_who_is_not_admitted_does_not_log_on(opening: Opening) -> None:
    with pytest.raises(LineError) as caught, opening(Doorkeeper(closed=True)):
        pass

    assert caught.value.reason is Reason.ACCOUNT_STOPPED


@pytest.fixture
def transport(kind: str) -> Transport:
    transports: dict[str, Transport] = {
        "ssh": SshTransport(),
        "psrp": PsrpTransport(),
        "canned": CannedTransport({}),
    }
    return transports[kind]


def test_a_host_that_does_not_answer_is_a_line_error(transport: Transport, tmp_path: Path) -> None:
    host = a_host(address="127.0.0.1", port=1, key_file=str(tmp_path / "none"))
    door = Doorkeeper()
    with pytest.raises(LineError), transport.open(host, SECRET, door):
        pass

    assert door.times == 0
