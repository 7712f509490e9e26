"""The Windows PCs of a running lab: played by a PowerShell or rendered, they are the same PCs."""

import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import requests
from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import AuthenticationError

from controller.collectors import catalog
from controller.lab.engine import ENGINE
from controller.lab.fleet import SHARED_ACCOUNT, build_fleet
from controller.lab.pc import LabFault, LabPc
from controller.lab.samples import MARKER
from controller.model.fleet import Platform
from controller.model.result import ToolMode
from controller.transports.base import Launch, RunPhase, RunState, Session
from tests.lab_client import SECONDS
from tests.winrm_client import asked, begun
from tests.winrm_office import ROOTS, Office, look, look_at_files, look_at_host, look_at_processes, running

TOOL = files("controller.lab") / "tool_windows/quet-sach.exe.sh"
SHA256 = hashlib.sha256(TOOL.read_bytes()).hexdigest()

WINDOWS = build_fleet(6, windows=6).pcs
WELL = next(pc for pc in WINDOWS if not pc.infected and not pc.faults)
INFECTED = max(WINDOWS, key=lambda pc: sum("lamsach-lab-marker" in file.content for file in pc.files))
BAD_PATHS = {file.path for file in INFECTED.files if file.content.startswith(MARKER)}


def _named(name: str, *faults: LabFault, tls: bool = False) -> LabPc:
    own = LabFault.WRONG_PASSWORD in faults
    account = f"{SHARED_ACCOUNT}-{name}" if own else SHARED_ACCOUNT
    return replace(WELL, name=name, computer_name=name, faults=faults, account=account, own_account=own, tls=tls)


HTTP, TLS, REFUSING = "không-tls", "có-tls", LabFault.WRONG_PASSWORD.value
FLEET = replace(
    build_fleet(1),
    clean=True,
    pcs=(
        *build_fleet(1).pcs,
        _named(HTTP),
        _named(TLS, tls=True),
        INFECTED,
        *(_named(fault.value, fault, tls=bool(turn % 2)) for turn, fault in enumerate(LabFault)),
    ),
)


def _engine() -> str:
    engine = os.environ.get(ENGINE)
    if not engine:
        pytest.skip(f"needs a PowerShell: name one in {ENGINE}")
    return engine


@pytest.fixture(scope="module", name="rendered")
def _rendered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running(tmp_path_factory.mktemp("rendered") / "D", FLEET, None) as office:
        yield office


@pytest.fixture(scope="module", name="played")
def _played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running(tmp_path_factory.mktemp("played") / "D", FLEET, _engine()) as office:
        yield office


@pytest.fixture(params=["rendered", "played"], name="office")
def _office(request: pytest.FixtureRequest) -> Office:
    office: Office = request.getfixturevalue(request.param)
    return office


# What an operator is given


def test_the_inventory_says_how_each_pc_is_reached(rendered: Office) -> None:
    host, over_tls = rendered.hosts[HTTP], rendered.hosts[TLS]
    assert (host["ansible_connection"], host["ansible_psrp_protocol"]) == ("psrp", "http")
    assert (over_tls["ansible_psrp_protocol"], over_tls["ansible_psrp_ca_cert"]) == ("https", "ca.pem")
    assert "lamsach_sysroot" not in host
    truth = json.loads((rendered.folder / "truth.json").read_text(encoding="utf-8"))
    assert (rendered.folder / truth[HTTP]["folder"] / "host.json").exists()


def test_what_is_the_labs_own_is_for_its_owner_alone(rendered: Office) -> None:
    for name in ("server.pem", "ntlm"):
        assert (rendered.folder / name).stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in (rendered.folder / "ca.pem").read_text(encoding="utf-8")


# Logons


@pytest.mark.parametrize("name", [HTTP, TLS])
def test_every_logon_is_counted_a_refused_one_once(rendered: Office, name: str) -> None:
    before = rendered.logons(name)
    with rendered.session(name):
        pass
    with pytest.raises(AuthenticationError), replace(rendered.way(name), password="không phải").logged_on():
        pass
    account, method = SHARED_ACCOUNT, "password"
    assert rendered.logons(name) == [*before, (account, method, True), (account, method, False)]


def test_wrong_password_the_account_of_the_inventory_is_refused_and_is_its_own(rendered: Office) -> None:
    host = rendered.hosts[REFUSING]
    assert host["lamsach_account"] == "local"
    with pytest.raises(AuthenticationError), rendered.way(REFUSING).logged_on():
        pass
    assert rendered.logons(REFUSING) == [(host["ansible_user"], "password", False)]


# What the product's own scripts see there


def test_a_look_says_what_the_pc_is_said_to_be(office: Office) -> None:
    with office.session(TLS) as session:
        (host,) = look_at_host(session)
        seen = {(row["pid"], row["parent"], row["path"], row["user"]) for row in look_at_processes(session)}
    assert (host["computer_name"], host["serial"], host["uuid"]) == (TLS, WELL.serial, WELL.system_uuid.upper())
    assert host["macs"] == [WELL.mac.upper()]
    assert {(pid, parent, path) for pid, parent, path, _ in seen} == {
        (each.pid, each.parent, each.path) for each in WELL.processes
    }


def _ended(session: Session, state: RunState, run_id: str) -> RunState:
    deadline = time.monotonic() + SECONDS
    while state.phase is RunPhase.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        state = session.poll(run_id)
    return state


def _clean(session: Session, tmp_path: Path, mode: ToolMode, run_id: str) -> RunState:
    source = tmp_path / "quet-sach.exe"
    source.write_bytes(TOOL.read_bytes())
    session.put(source, sha256=SHA256, file_name=source.name)
    arguments = (f"--{mode.value}", *ROOTS)
    launch = Launch(run_id=run_id, sha256=SHA256, file_name=source.name, arguments=arguments, mode=mode)
    return _ended(session, session.start(launch), run_id)


def test_the_cleanup_tool_is_placed_started_once_and_cleans(office: Office, tmp_path: Path) -> None:
    with office.session(INFECTED.name) as session:
        before = look_at_processes(session)
        found = _clean(session, tmp_path, ToolMode.DETECT, "r1")
        assert (found.phase, found.exit_code) == (RunPhase.FINISHED, 1)
        cleaned = _clean(session, tmp_path, ToolMode.CLEAN, "r2")
        assert (cleaned.phase, cleaned.exit_code) == (RunPhase.FINISHED, 0)
        assert "DONE found=2 removed=2" in cleaned.log.decode()
        assert _clean(session, tmp_path, ToolMode.CLEAN, "r2") == cleaned
        assert session.poll("r3").phase is session.void("r3").phase is RunPhase.ABSENT
        assert _clean(session, tmp_path, ToolMode.CLEAN, "r3").phase is RunPhase.TORN
        assert session.void("r2") == cleaned
        assert len(look_at_processes(session)) == len(before) - 2
        assert not [row for row in look(session, "connections") if "updaterd" in row["path"]]
        started = {row["path"] for row in look(session, "autostart")}
        assert started == {start.program for start in INFECTED.starts} - BAD_PATHS
        assert not [row for row in look_at_files(session) if "updaterd" in row["path"] or "bẻ khóa" in row["path"]]
    runs = office.folder / "pcs" / INFECTED.name / "tool-runs.txt"
    assert runs.read_text(encoding="utf-8").splitlines() == ["r1 detect", "r2 clean"]


def test_cleanup_fails_the_tool_gives_up(rendered: Office, tmp_path: Path) -> None:
    with rendered.session(LabFault.CLEANUP_FAILS) as session:
        state = _clean(session, tmp_path, ToolMode.CLEAN, "r1")
    assert (state.phase, state.exit_code) == (RunPhase.FINISHED, 2)
    assert "ERROR the disk cannot be read" in state.log.decode()


def test_a_rendered_pc_says_so_when_it_is_asked_something_else(rendered: Office) -> None:
    with rendered.way(HTTP).logged_on() as pool:
        pipeline = begun(pool, "Get-Date")
        pipeline.invoke()
    assert pipeline.state == PSInvocationState.FAILED
    assert "this script is not known to the lab" in str(pipeline.streams.error[0])


# What a PowerShell behind the bridge does


@pytest.mark.parametrize("name", [HTTP, TLS])
def test_five_megabytes_come_through_the_bridge(played: Office, name: str) -> None:
    with played.way(name).logged_on() as pool:
        assert len(asked(pool, "'x' * 5MB").output[0]) == 5 * 1024 * 1024
        count = "$n = 0; $input | ForEach-Object { $n += $_.Length }; $n"
        assert asked(pool, count, stdin=[os.urandom(100 * 1024)] * 50).output == [50 * 100 * 1024]


def test_errors_come_through_the_bridge_with_what_ended_and_what_did_not(played: Office) -> None:
    with played.way(HTTP).logged_on() as pool:
        assert asked(pool, "Write-Error 'một'; 2").output == [2]
        assert asked(pool, "Write-Error 'một'; 2").errors == ["một"]
        assert asked(pool, "throw 'ba'; 4").failed


def test_a_powershell_that_is_stopped_takes_the_next_script(played: Office) -> None:
    with played.way(HTTP).logged_on() as pool:
        pipeline = begun(pool, "while ($true) { 'x' * 100KB }")
        pipeline.begin_invoke()
        pipeline.poll_invoke()
        pipeline.stop()
        assert asked(pool, "$env:COMPUTERNAME").output == [HTTP]


def test_a_powershell_ends_with_its_shell(played: Office) -> None:
    with played.way(HTTP).logged_on() as pool:
        (pid,) = asked(pool, "[int](Get-Content /proc/self/stat).Split(' ')[0]").output
        assert Path(f"/proc/{pid}").exists()
    deadline = time.monotonic() + SECONDS
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Faults


def test_offline_nothing_listens(rendered: Office) -> None:
    host = rendered.hosts[LabFault.OFFLINE]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host["ansible_host"], host["ansible_port"]), timeout=SECONDS)


def test_hangs_no_script_answers(rendered: Office) -> None:
    with rendered.way(LabFault.HANGS).left() as pool:
        pipeline = begun(pool, "'here'")
        pipeline.begin_invoke()
        pipeline.poll_invoke(timeout=1)
        assert (pipeline.output, pipeline.state) == ([], PSInvocationState.RUNNING)


def test_garbage_is_in_no_form_and_says_it_went_well(office: Office) -> None:
    with office.way(LabFault.GARBAGE).logged_on() as pool:
        answered = asked(pool, "'here'")
    assert len(answered.output[0]) > 1000
    assert not answered.failed


def test_huge_answer_is_more_than_anybody_takes(rendered: Office) -> None:
    with rendered.way(LabFault.HUGE_ANSWER).left() as pool:
        pipeline = begun(pool, "'here'")
        pipeline.begin_invoke()
        count = 0
        while count <= 9 * 1024 * 1024:
            pipeline.poll_invoke()
            count += sum(len(each) for each in pipeline.output)
            pipeline.output.clear()
            assert pipeline.state == PSInvocationState.RUNNING


def test_cut_answer_the_connection_breaks_in_the_middle(office: Office) -> None:
    script = catalog.script("processes", Platform.WINDOWS)
    with office.way(LabFault.CUT_ANSWER).left() as pool, pytest.raises(requests.exceptions.RequestException):
        asked(pool, script, ["n0nce", "-"])


def test_two_labs_stand_side_by_side(rendered: Office, tmp_path: Path) -> None:
    with running(tmp_path / "D", FLEET, None) as other:
        for office in (rendered, other):
            with office.session(TLS) as session:
                assert look_at_host(session)[0]["computer_name"] == TLS
        assert rendered.way(TLS).address != other.way(TLS).address
        with pytest.raises(requests.exceptions.SSLError), replace(other.way(TLS), ca=rendered.way(TLS).ca).logged_on():
            pass
