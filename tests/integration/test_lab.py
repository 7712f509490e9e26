"""A running lab, seen through a plain SSH client: each computer behaves as it is told to."""

import contextlib
import hashlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest
import yaml

from controller.collectors import catalog
from controller.lab.expected import Step
from controller.lab.fleet import SHARED_ACCOUNT, build_fleet
from controller.lab.pc import LabFault, LabPc, Login
from controller.lab.process import Lab
from controller.model.fleet import Platform
from tests.lab_client import SECONDS, Ended, Operator, started

BASE = build_fleet(1).pcs[0]


def _named(name: str, *faults: LabFault, login: Login = Login.PASSWORD, own: bool = False) -> LabPc:
    account = f"{SHARED_ACCOUNT}-{name}" if own else SHARED_ACCOUNT
    return replace(BASE, name=name, computer_name=name, faults=faults, login=login, account=account, own_account=own)


WELL, KEYED, REFUSING = "khỏe", "khóa", LabFault.WRONG_PASSWORD.value
INFECTED = next(pc for pc in build_fleet().pcs if pc.infected)
FLEET = replace(
    build_fleet(1),
    pcs=(
        _named(WELL),
        _named(KEYED, login=Login.KEY),
        INFECTED,
        *(_named(fault.value, fault, own=fault is LabFault.WRONG_PASSWORD) for fault in LabFault),
    ),
)


def _gone(pid: int) -> bool:
    """Say whether a process has ended and was reaped."""
    deadline = time.monotonic() + SECONDS
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(scope="module", name="lab")
def _lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab") / "D", FLEET) as lab:
        yield lab
    assert (lab.folder / "lab.log").read_text(encoding="utf-8") == "", "the lab itself stumbled"


@pytest.fixture(name="operator")
def _operator(lab: Lab) -> Operator:
    return Operator(lab.folder)


# What an operator is given


def test_the_truth_names_every_computer_with_its_faults_and_folder(lab: Lab) -> None:
    truth = json.loads((lab.folder / "truth.json").read_text(encoding="utf-8"))
    assert set(truth) == {pc.name for pc in FLEET.pcs} == set(Operator(lab.folder).hosts)
    for pc in FLEET.pcs:
        assert truth[pc.name]["infected"] is pc.infected
        assert truth[pc.name]["faults"] == list(pc.faults)
        assert (lab.folder / truth[pc.name]["folder"] / "disk/etc/hostname").exists()


def test_what_a_sweep_must_say_is_there_for_every_computer(lab: Lab) -> None:
    expected = json.loads((lab.folder / "expected.json").read_text(encoding="utf-8"))
    assert expected[WELL] == {"verdict": "clean", "reason": None}
    assert expected[LabFault.HANGS] == {"verdict": "unknown", "reason": "host.timeout"}
    assert set(expected) == {pc.name for pc in FLEET.pcs}


def test_what_is_right_in_the_main_job_is_there_for_every_computer_and_step(lab: Lab) -> None:
    job = json.loads((lab.folder / "job.json").read_text(encoding="utf-8"))
    names = {pc.name for pc in FLEET.pcs}
    assert {step: set(computers) for step, computers in job["steps"].items()} == dict.fromkeys(Step, names)
    assert set(job["computers"]) == names
    assert job["steps"]["clean"][WELL] == {"verdict": "clean", "reason": None}
    assert job["computers"][WELL] == {"malware": 0, "orphans": 0, "leftovers": 0, "cleanups": 1}


def test_secrets_are_for_their_owner_alone(lab: Lab) -> None:
    secrets = list((lab.folder / "secrets").iterdir())
    assert {path.name for path in secrets} == {SHARED_ACCOUNT, f"{SHARED_ACCOUNT}-{REFUSING}", "key"}
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


@pytest.mark.parametrize(("clean", "modules"), [(False, ["check_iocs"]), (True, ["check_iocs", "check_iocs", "clean"])])
def test_the_playbook_looks_and_cleans_when_asked_to(tmp_path: Path, clean: bool, modules: list[str]) -> None:
    with Lab(tmp_path / "D", replace(build_fleet(1), clean=clean)) as lab:
        (play,) = yaml.safe_load((lab.folder / "sweep.yml").read_text(encoding="utf-8"))
        assert [module for task in play["tasks"] for module in task if module != "name"] == modules
        assert all((lab.folder / path).exists() for path in play["ioc_lists"])
        for task in play["tasks"]:
            assert "clean" not in task or (lab.folder / task["clean"]["tool"]).exists()


# A computer that is well


def test_commands_run_in_its_folder_as_root_of_that_computer(operator: Operator, lab: Lab) -> None:
    ended = operator.run(WELL, "id -u; id -un; hostname; uname -n; pwd; sudo -n -- echo được")
    folder = lab.folder / "pcs" / WELL
    assert ended.out.decode().splitlines() == ["0", "root", WELL, WELL, str(folder), "được"]
    assert ended == Ended(0, ended.out, b"")


def test_commands_see_a_clean_environment(operator: Operator) -> None:
    names = {line.partition("=")[0] for line in operator.run(WELL, "env").out.decode().splitlines()}
    assert names == {"PATH", "HOME", "SHELL", "USER", "LOGNAME", "LANG", "PWD"}


def test_a_script_comes_by_stdin_with_its_arguments(operator: Operator) -> None:
    ended = operator.run(WELL, "sh -s -- 'một hai' ba", b'printf "%s\\n" "$2" "$1" >&2; exit 7\n')
    assert ended == Ended(7, b"", "ba\nmột hai\n".encode())


def test_a_program_that_dies_of_a_signal_does_not_look_well(operator: Operator) -> None:
    assert operator.run(WELL, "kill -9 $$").code != 0


def test_eight_megabytes_go_in_and_come_back_whole_on_both_streams(operator: Operator) -> None:
    block = os.urandom(8 * 1024 * 1024)
    with operator.logged_on(WELL) as client, ThreadPoolExecutor(2) as side:
        channel = started(client, "tee /dev/stderr")
        sent = side.submit(lambda: (channel.sendall(block), channel.shutdown_write()))
        err = side.submit(channel.makefile_stderr("rb").read)
        assert channel.makefile("rb").read() == block
        assert err.result() == block
        assert channel.recv_exit_status() == 0
        sent.result()


def test_a_command_that_does_not_read_its_stdin_still_ends_well(operator: Operator) -> None:
    with operator.logged_on(WELL) as client:
        channel = started(client, "sleep 0.2; echo fine")
        channel.sendall(bytes(1024 * 1024))
        assert channel.makefile("rb").read() == b"fine\n"
        assert channel.recv_exit_status() == 0


def test_a_key_opens_the_computers_that_take_keys(operator: Operator) -> None:
    assert operator.run(KEYED, "hostname").out.decode() == f"{KEYED}\n"
    assert operator.logons(KEYED)[-1] == (SHARED_ACCOUNT, "key", True)


def test_every_logon_is_counted(operator: Operator) -> None:
    before = operator.logons(WELL)
    operator.run(WELL, "true")
    with pytest.raises(paramiko.AuthenticationException), operator.logged_on(WELL, password="không phải"):
        pass
    accepted, refused = (SHARED_ACCOUNT, "password", True), (SHARED_ACCOUNT, "password", False)
    assert operator.logons(WELL) == [*before, accepted, refused]


def test_a_client_may_ask_for_the_methods_first_as_with_openssh(operator: Operator) -> None:
    host = operator.hosts[WELL]
    password = (operator.folder / "secrets" / SHARED_ACCOUNT).read_text(encoding="utf-8").strip()
    transport = paramiko.Transport((host["ansible_host"], host["ansible_port"]))
    with contextlib.closing(transport):
        transport.start_client(timeout=SECONDS)
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_none(SHARED_ACCOUNT)
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password(SHARED_ACCOUNT, "sai rồi")
        assert transport.auth_password(SHARED_ACCOUNT, password) == []


# What the product's own scripts see there


def _rows(operator: Operator, collector: str) -> list[dict[str, Any]]:
    script = catalog.script(collector, Platform.LINUX).encode()
    disk = operator.hosts[INFECTED.name]["lamsach_sysroot"]
    ended = operator.run(INFECTED.name, f"sh -s -- nonce '{disk}'", script)
    _, *lines, end = ended.out.decode().splitlines()
    rows = [json.loads(line) for line in lines if not line.startswith("#root ")]
    assert end == f"#end {len(rows)} unread=0 stopped=no roots={len(lines) - len(rows)} named=0"
    return rows


def test_a_look_at_processes_lists_what_the_computer_is_said_to_run(operator: Operator) -> None:
    disk = Path(operator.hosts[INFECTED.name]["lamsach_sysroot"])
    seen = {
        (row["pid"], row["parent"], row["path"], row["sha256"], row["command_line"], row["user"])
        for row in _rows(operator, "processes")
    }
    assert seen == {
        (
            each.pid,
            each.parent,
            each.path,
            hashlib.sha256((disk / each.path.lstrip("/")).read_bytes()).hexdigest(),
            " ".join(each.command),
            str(each.uid),
        )
        for each in INFECTED.processes
        if each.path
    }


def test_a_look_at_connections_lists_who_is_connected_and_the_program_that_is(operator: Operator) -> None:
    images = {each.pid: each.path for each in INFECTED.processes}
    seen = [
        (row["local_port"], row["remote_address"], row["remote_port"], row["pid"], row["path"])
        for row in _rows(operator, "connections")
    ]
    assert seen == [
        (each.local_port, each.remote_address, each.remote_port, each.pid, images[each.pid])
        for each in INFECTED.sockets
    ]


def test_a_look_at_autostart_lists_every_program_that_starts_by_itself(operator: Operator) -> None:
    disk = Path(operator.hosts[INFECTED.name]["lamsach_sysroot"])
    rows = [row for row in _rows(operator, "autostart") if row["sha256"]]
    assert {(row["kind"], row["path"], row["sha256"], row["enabled"]) for row in rows} == {
        (each.kind, each.program, hashlib.sha256((disk / each.program.lstrip("/")).read_bytes()).hexdigest(), True)
        for each in INFECTED.starts
    }


def test_a_look_at_the_host_says_who_it_is_and_that_we_are_root(operator: Operator) -> None:
    (row,) = _rows(operator, "host")
    who = (row["computer_name"], row["machine_id"], row["boot_id"], row["uuid"], row["serial"], row["macs"])
    pc = INFECTED
    assert who == (pc.computer_name, pc.machine_id, pc.boot_id, pc.system_uuid, pc.serial, [pc.mac])
    assert row["elevated"] is True


# The end of a connection


def test_a_cut_connection_does_not_end_what_runs_just_as_with_openssh(operator: Operator) -> None:
    with operator.logged_on(WELL) as client:
        lines = started(client, "sleep 60 & echo $!; yes").makefile("rb")
        pid = int(lines.readline())
        shell = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    assert _gone(shell), "whoever writes to nobody ends"
    assert Path(f"/proc/{pid}").exists()
    os.kill(pid, signal.SIGKILL)
    assert _gone(pid), "an ended program stayed a zombie and would look as if it still ran"


# Faults


def test_offline_nothing_listens(operator: Operator) -> None:
    host = operator.hosts[LabFault.OFFLINE]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host["ansible_host"], host["ansible_port"]), timeout=SECONDS)


def test_offline_nobody_else_can_take_its_address(operator: Operator) -> None:
    host = operator.hosts[LabFault.OFFLINE]
    with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
        other.bind((host["ansible_host"], host["ansible_port"]))


def test_wrong_password_the_account_of_the_inventory_is_refused_and_is_its_own(operator: Operator) -> None:
    host = operator.hosts[REFUSING]
    assert host["lamsach_account"] == "local"
    assert [each["ansible_user"] for each in operator.hosts.values()].count(host["ansible_user"]) == 1
    with pytest.raises(paramiko.AuthenticationException), operator.logged_on(REFUSING):
        pass
    assert operator.logons(REFUSING) == [(host["ansible_user"], "password", False)]


def test_hangs_no_command_answers(operator: Operator) -> None:
    with operator.logged_on(LabFault.HANGS) as client:
        channel = started(client, "echo here")
        channel.settimeout(0.5)
        with pytest.raises(TimeoutError):
            channel.recv(1)


def test_garbage_is_in_no_form_and_says_it_went_well(operator: Operator) -> None:
    ended = operator.run(LabFault.GARBAGE, "echo here")
    assert ended.code == 0
    assert len(ended.out) > 1000
    with pytest.raises(UnicodeDecodeError):
        ended.out.decode()


def test_huge_answer_is_more_than_anybody_takes(operator: Operator) -> None:
    with operator.logged_on(LabFault.HUGE_ANSWER) as client:
        channel = started(client, "echo here")
        count = 0
        while count <= 9 * 1024 * 1024:
            count += len(channel.recv(1 << 20)) or pytest.fail(f"it ended after {count} bytes")


def test_cut_answer_the_connection_breaks_in_the_middle(operator: Operator) -> None:
    ended = operator.run(LabFault.CUT_ANSWER, "yes")
    assert ended.code == -1
    assert len(ended.out) <= BASE.cut_after


def test_cut_answer_a_short_answer_still_comes_whole(operator: Operator) -> None:
    assert operator.run(LabFault.CUT_ANSWER, "echo here") == Ended(0, b"here\n", b"")


def test_cleanup_fails_is_told_to_the_tool_and_to_nobody_else(operator: Operator) -> None:
    assert operator.run(LabFault.CLEANUP_FAILS, "ls tool-fails").code == 0
    assert operator.run(WELL, "ls tool-fails").code != 0
