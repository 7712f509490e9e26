"""A sweep goes on where it was, with everything it was begun with, or says why it cannot."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from controller.app import sweep as sweeps
from controller.app.preflight import prepare
from controller.errors import Reason, SecretError, SweepError
from controller.model.result import ToolMode
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from tests.builders import BAD, a_host, a_look, a_result
from tests.office import CLEAN, HEAD, LOOK, VARS, Office
from tests.sweeping import begun, clean, course, go, infected, is_over, owed, silent
from tests.visits import an_intent_of


def test_a_resume_owes_what_has_no_result(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger, limit="pc-01,pc-03")
    (first,) = go(course(office, ledger, sweep), ledger, silent, hosts=1)

    (rest,) = {"pc-01", "pc-03"} - {first}
    assert owed(course(office, ledger, sweep)) == [(rest, 1)]


def test_a_resume_goes_on_with_mode_and_limit_of_the_sweep(office: Office, ledger: Ledger) -> None:
    begun(office, ledger, limit="pc-01", apply=True)

    found = sweeps.to_resume(office.prepare(), ledger)

    (job,) = course(office, ledger, found).jobs
    assert (job.host.name, job.apply, job.sweep) == ("pc-01", True, found.id)


def test_how_a_host_is_reached_is_read_anew(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger, limit="pc-01")
    office.write("inventory.yml", f"all:\n{VARS}  hosts:\n    pc-01: {{ansible_host: 192.0.2.9}}\n")

    (job,) = course(office, ledger, sweep).jobs
    go(course(office, ledger, sweep), ledger)

    assert job.host.address == "192.0.2.9"
    assert next(row.unit.name for row in sweeps.summary_of(ledger, sweep).units if row.hosts) == "Chi cục Một"


def test_an_attempt_that_was_broken_off_goes_on_under_its_number_with_what_it_had(
    office: Office, ledger: Ledger
) -> None:
    """Sweeps of older stores have several attempts a host; new ones have one."""
    sweep = begun(office, ledger)
    go(course(office, ledger, sweep), ledger, silent)
    intent = an_intent_of(a_host(), "r1", sweep=sweep.id, attempt=2, mode=ToolMode.CLEAN)
    ledger.begin(intent, (a_result(a_look()),))

    (job,) = course(office, ledger, sweep).jobs

    assert (job.host.name, job.attempt, job.so_far) == ("pc-01", 2, (a_result(a_look()),))
    assert sweeps.tools_under_way(ledger, sweep) == ("pc-01",)


def test_a_host_that_is_gone_is_unknown_and_a_new_one_is_not_added(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger)
    office.invite("pc-01", "pc-02", "pc-04")

    planned = course(office, ledger, sweep)
    seen = go(planned, ledger)

    assert (planned.new, [job.host.name for job in planned.gone]) == (("pc-04",), ["pc-03"])
    assert seen.keys() == {"pc-01", "pc-02", "pc-03"}
    assert (seen["pc-03"].verdict, seen["pc-03"].reason) == (Verdict.UNKNOWN, Reason.HOST_GONE)
    assert is_over(ledger)
    assert course(office, ledger, sweep).gone == ()


def test_a_host_that_is_gone_keeps_what_it_had_committed(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger)
    job = next(job for job in course(office, ledger, sweep).jobs if job.host.name == "pc-03")
    intent = an_intent_of(a_host("pc-03"), "r1", sweep=sweep.id, mode=ToolMode.CLEAN)
    ledger.begin(intent, infected(job).tasks)
    office.invite("pc-01", "pc-02")

    seen = go(course(office, ledger, sweep), ledger)

    assert seen["pc-03"].verdict is Verdict.INFECTED


def test_what_is_needed_to_log_on_is_checked_for_those_it_visits_only(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger)
    go(course(office, ledger, sweep), ledger, hosts=3)
    (office.folder / "mat-khau").unlink()
    again = office.prepare(again=True)

    assert sweeps.course_of(sweep, again, ledger).jobs == ()
    assert sweeps.begin(again, ledger, only=()).roster
    with pytest.raises(SecretError, match="mat-khau"):
        sweeps.begin(again, ledger, only=("pc-01",))


def test_without_an_unfinished_sweep_nothing_begins_and_those_of_others_are_named(
    office: Office, ledger: Ledger
) -> None:
    other = office.write("other.yml", HEAD + LOOK)
    go(course(office, ledger, begun(office, ledger)), ledger)
    unfinished = sweeps.begin(prepare(replace(office.request(), playbook=other)), ledger)

    with pytest.raises(SweepError) as caught:
        sweeps.to_resume(office.prepare(), ledger)

    folder = office.folder.resolve()
    assert str(caught.value) == (
        f"store '{ledger.path}' has no unfinished sweep of playbook '{folder}/playbook.yml' and inventory "
        f"'{folder}/inventory.yml'; not ended is '{unfinished.id}' of playbook '{folder}/other.yml' and inventory "
        f"'{folder}/inventory.yml'; begin a new sweep without --resume."
    )
    assert len(ledger.sweeps()) == 2


def test_of_several_unfinished_sweeps_one_must_be_named(office: Office, ledger: Ledger) -> None:
    first, second = begun(office, ledger), begun(office, ledger)

    with pytest.raises(SweepError) as caught:
        sweeps.to_resume(office.prepare(), ledger)

    assert f"2 sweeps of this playbook and inventory have not ended: {second.id}, {first.id}; choose one" in str(
        caught.value
    )
    assert sweeps.to_resume(office.prepare(), ledger, first.id) == first


def test_a_named_sweep_that_ended_or_is_of_another_playbook_is_not_resumed(office: Office, ledger: Ledger) -> None:
    ended = begun(office, ledger)
    go(course(office, ledger, ended), ledger)
    other = sweeps.begin(prepare(replace(office.request(), playbook=office.write("o.yml", HEAD + LOOK))), ledger)

    with pytest.raises(SweepError, match=f"sweep '{ended.id}' has ended; begin a new one, or visit again"):
        sweeps.to_resume(office.prepare(), ledger, ended.id)
    with pytest.raises(SweepError, match=f"sweep '{other.id}' is of playbook '.*/o.yml' and inventory '.*'; resume it"):
        sweeps.to_resume(office.prepare(), ledger, other.id)


def test_a_sweep_whose_last_result_was_committed_before_it_was_ended_is_ended_by_a_resume(
    office: Office, ledger: Ledger
) -> None:
    sweep = begun(office, ledger)
    for job in course(office, ledger, sweep).jobs:
        ledger.finish_attempt(sweep.id, clean(job))
    assert not is_over(ledger)

    go(course(office, ledger, sweeps.to_resume(office.prepare(), ledger)), ledger)

    assert is_over(ledger)


@pytest.mark.parametrize(
    ("name", "text"), [("playbook.yml", HEAD + LOOK + LOOK + CLEAN), ("bad.txt", f"{BAD}\n{'ab' * 32}\n")]
)
def test_a_sweep_does_not_go_on_with_another_playbook_or_list(
    office: Office, ledger: Ledger, name: str, text: str
) -> None:
    office.write("playbook.yml", HEAD + LOOK + CLEAN)
    sweep = begun(office, ledger)
    office.write(name, text)

    with pytest.raises(SweepError) as caught:
        sweeps.to_resume(office.prepare(), ledger)
    assert str(caught.value) == f"'{name}' has changed since sweep '{sweep.id}' began; start a new sweep."


def test_a_sweep_does_not_go_on_when_one_list_became_another(office: Office, ledger: Ledger) -> None:
    office.write("playbook.yml", HEAD.replace("[bad.txt]", "[bad.txt, b.txt]") + LOOK)
    office.write("b.txt", "cd" * 32)
    begun(office, ledger)
    office.write("b.txt", f"{BAD}\n")

    with pytest.raises(SweepError, match="the set of lists and tools has changed since sweep"):
        sweeps.to_resume(office.prepare(), ledger)


def test_a_sweep_does_not_go_on_with_another_tool(office: Office, ledger: Ledger) -> None:
    office.write("playbook.yml", HEAD + LOOK + CLEAN)
    begun(office, ledger)
    old = hashlib.sha256(b"#!/bin/sh\n").hexdigest()
    office.write("quet.sh", "#!/bin/sh\necho\n")
    text = (office.folder / "tool.yaml").read_text()
    office.write("tool.yaml", text.replace(old, hashlib.sha256(b"#!/bin/sh\necho\n").hexdigest()))

    with pytest.raises(SweepError, match=r"'tool\.yaml' has changed since sweep"):
        sweeps.to_resume(office.prepare(), ledger)


def test_a_sweep_does_not_go_on_when_a_file_that_it_pushes_is_another(office: Office, ledger: Ledger) -> None:
    office.write("playbook.yml", HEAD + LOOK + "  - push: {file: a.txt}\n")
    office.write("a.txt", "một")
    begun(office, ledger)
    office.write("a.txt", "hai")

    with pytest.raises(SweepError, match=r"'a\.txt' has changed since sweep"):
        sweeps.to_resume(office.prepare(), ledger)


@pytest.mark.parametrize(
    ("began", "goes_on", "sentence"),
    [
        ({}, {"apply": True}, "was begun without --apply; start a new sweep."),
        ({"limit": "pc-01"}, {"limit": "pc-02"}, "was begun with --limit 'pc-01'; leave it out, or start a new sweep."),
        ({}, {"list_here": True}, "was begun without --list-here; start a new sweep."),
        ({}, {"limit": "pc-02"}, "was begun without --limit; leave it out, or start a new sweep."),
    ],
)
def test_a_sweep_does_not_go_on_in_another_mode(
    office: Office, ledger: Ledger, began: Any, goes_on: Any, sentence: str
) -> None:
    sweep = begun(office, ledger, **began)

    with pytest.raises(SweepError) as caught:
        sweeps.to_resume(office.prepare(**goes_on), ledger)

    assert str(caught.value) == f"sweep '{sweep.id}' {sentence}"


def test_a_sweep_goes_on_with_the_limit_it_was_begun_with(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger, limit="pc-01", apply=True)

    found = sweeps.to_resume(office.prepare(limit="pc-01", apply=True), ledger)

    assert found == sweep
