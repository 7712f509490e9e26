"""A fleet is repeatable, honest about itself, and wide enough."""

from dataclasses import replace

import pytest

from controller.errors import Reason
from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.lab.expected import Expected, Step, expected, expected_after
from controller.lab.fleet import DEMO_SIZE, SHARED_ACCOUNT, build_fleet
from controller.lab.pc import LabFault, LabFleet, LabPc, Login
from controller.lab.samples import BACKDOOR, STEALER, Sample, ioc_list
from controller.model.codec import dumps, loads
from controller.model.fleet import Platform
from controller.model.indicator import Kind, Observation
from controller.model.verdict import Verdict


def _pc(*faults: LabFault, infected: bool) -> LabPc:
    return next(each for each in build_fleet(600).pcs if each.faults == faults and each.infected == infected)


def _leaving(*samples: Sample) -> LabPc:
    """A computer that these befell, and on which the tool leaves autostart entries behind."""
    start = tuple(each.start_on(Platform.LINUX, "/home/a", "a") for each in samples)
    return replace(_pc(infected=True), faults=(LabFault.LEAVES_STARTS,), starts=start)


_CLEAN, _CLEANED = Expected(Verdict.CLEAN), Expected(Verdict.CLEANED)
_INFECTED, _LEFT = (Expected(Verdict.INFECTED, each) for each in (Reason.MATCH_FOUND, Reason.LEFTOVER_AUTOSTART))
_OFF = Expected(Verdict.UNKNOWN, Reason.REACH_REFUSED)


def test_the_same_seed_gives_the_same_fleet_and_another_seed_another() -> None:
    assert build_fleet(60, 7) == build_fleet(60, 7)
    assert [pc.faults for pc in build_fleet(60, 7).pcs] != [pc.faults for pc in build_fleet(60, 8).pcs]


def test_a_fleet_survives_being_written_and_read() -> None:
    fleet = build_fleet(12, clean=True, windows=6)
    assert loads(dumps(fleet), LabFleet) == fleet


def test_the_demo_shows_three_chi_cuc_and_every_way_to_fail_that_it_promises() -> None:
    fleet = build_fleet()
    assert len(fleet.pcs) == DEMO_SIZE
    assert {pc.unit for pc in fleet.pcs} == {unit.id for unit in fleet.units}
    assert sum(unit.kind == "chi-cuc" for unit in fleet.units) == 3
    assert {fault for pc in fleet.pcs for fault in pc.faults} == {
        LabFault.OFFLINE,
        LabFault.WRONG_PASSWORD,
        LabFault.HANGS,
        LabFault.CUT_ANSWER,
    }
    assert sum(pc.infected for pc in fleet.pcs) == 2


@pytest.mark.parametrize("windows", [0, 600])
def test_a_large_fleet_holds_every_fault_and_is_mostly_well(windows: int) -> None:
    pcs = build_fleet(600, windows=windows).pcs
    assert {fault for pc in pcs for fault in pc.faults} == set(LabFault)
    assert sum(not pc.faults and not pc.infected for pc in pcs) > 300


def test_windows_pcs_come_behind_the_others_and_change_nothing_of_them() -> None:
    pcs = build_fleet(36, 7, windows=16).pcs
    windows = pcs[20:]
    assert pcs[:20] == build_fleet(20, 7).pcs
    assert [pc.platform for pc in pcs] == [Platform.LINUX] * 20 + [Platform.WINDOWS] * 16
    assert sum(pc.tls for pc in windows) == 8
    assert not any(pc.tls for pc in pcs[:20])
    assert {pc.login for pc in windows} == {Login.PASSWORD}


def test_the_windows_pcs_of_a_demo_are_well_infected_and_broken() -> None:
    windows = build_fleet(6, windows=6).pcs
    assert sum(pc.infected for pc in windows) == 2
    assert {fault for pc in windows for fault in pc.faults} == {LabFault.WRONG_PASSWORD, LabFault.HUGE_ANSWER}


@pytest.mark.parametrize("windows", [0, 300, 600])
@pytest.mark.parametrize("field", ["name", "computer_name", "machine_id", "boot_id", "system_uuid", "serial", "mac"])
def test_no_two_computers_are_alike(field: str, windows: int) -> None:
    pcs = build_fleet(600, windows=windows).pcs
    assert len({getattr(pc, field) for pc in pcs}) == 600


def test_only_a_computer_that_refuses_its_password_has_an_account_of_its_own() -> None:
    for pc in build_fleet(600).pcs:
        refuses = LabFault.WRONG_PASSWORD in pc.faults
        assert pc.own_account == refuses
        assert (pc.account != SHARED_ACCOUNT) == refuses


@pytest.mark.parametrize("windows", [0, 600])
def test_whoever_is_infected_runs_it_so_that_a_look_at_processes_can_see_it(windows: int) -> None:
    for pc in build_fleet(600, windows=windows).pcs:
        marked = {file.path for file in pc.files if file.content.startswith("lamsach-lab-marker ")}
        assert pc.infected == bool(marked)
        assert marked <= {process.path for process in pc.processes}


@pytest.mark.parametrize("windows", [0, 600])
def test_whoever_is_infected_starts_it_again_and_nobody_else_meets_the_list(windows: int) -> None:
    listed = [plain.parse(ioc_list(), name="iocs.txt", sha256="")]
    for pc in build_fleet(600, windows=windows).pcs:
        marked = {file.path for file in pc.files if file.content.startswith("lamsach-lab-marker ")}
        values = [(Kind.ADDRESS, each.remote_address) for each in pc.sockets]
        values += [(Kind.DOMAIN, each.name) for each in pc.names]
        seen = [Observation(kind=kind, value=value, collector="") for kind, value in values]
        assert {start.program for start in pc.starts} >= marked
        assert pc.infected or not list(Matcher(listed).match(seen))


@pytest.mark.parametrize(
    ("pc", "looked", "cleaned"),
    [
        (_pc(infected=False), _CLEAN, _CLEAN),
        (_pc(infected=True), _INFECTED, _CLEANED),
        (_pc(LabFault.CLEANUP_FAILS, infected=True), _INFECTED, _INFECTED),
        (_leaving(STEALER), _INFECTED, _LEFT),
        (_leaving(STEALER, BACKDOOR), _INFECTED, _INFECTED),
        (
            replace(_pc(infected=False), faults=(LabFault.CLEANUP_FAILS,)),
            _CLEAN,
            Expected(Verdict.UNKNOWN, Reason.LOOK_MISSING),
        ),
        *(
            (_pc(fault, infected=False), Expected(Verdict.UNKNOWN, reason), Expected(Verdict.UNKNOWN, reason))
            for fault, reason in (
                (LabFault.OFFLINE, Reason.REACH_REFUSED),
                (LabFault.WRONG_PASSWORD, Reason.LOGIN_REFUSED),
                (LabFault.HANGS, Reason.HOST_TIMEOUT),
                (LabFault.GARBAGE, Reason.ANSWER_GARBLED),
                (LabFault.CUT_ANSWER, Reason.CONNECTION_LOST),
                (LabFault.HUGE_ANSWER, Reason.ANSWER_HUGE),
            )
        ),
    ],
)
def test_the_truth_says_what_an_honest_sweep_must_say(pc: LabPc, looked: Expected, cleaned: Expected) -> None:
    assert expected(pc, clean=False) == looked
    assert expected(pc, clean=True) == cleaned


@pytest.mark.parametrize(
    ("pc", "steps"),
    [
        (_pc(infected=False), [_CLEAN, _CLEAN, _CLEAN, _CLEAN]),
        (_pc(infected=True), [_INFECTED, _CLEANED, _CLEANED, _CLEANED]),
        (_leaving(STEALER), [_INFECTED, _LEFT, _LEFT, _LEFT]),
        (_pc(LabFault.CLEANUP_FAILS, infected=True), [_INFECTED, _INFECTED, _INFECTED, _INFECTED]),
        (replace(_pc(infected=False), faults=(LabFault.CLEANUP_FAILS,)), [_CLEAN, _CLEAN, _CLEAN, _CLEAN]),
        (replace(_pc(infected=True), faults=(LabFault.OFFLINE,)), [_OFF, _OFF, _OFF, _OFF]),
    ],
)
def test_the_truth_says_what_is_right_after_each_step_of_the_main_job(pc: LabPc, steps: list[Expected]) -> None:
    assert [expected_after(pc, step) for step in Step] == steps
