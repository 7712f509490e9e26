"""What starts committed counts, also where the visit that made them never ended."""

from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from controller.app import sweep as sweeps
from controller.app.campaign import Campaign
from controller.cli import cli
from controller.errors import Reason
from controller.model.intent import Intent
from controller.model.result import FindingState, Identity, TaskResult, ToolMode
from controller.model.sweep import Sweep
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from controller.tasks.look import kept
from tests.builders import BAD, NOON, a_finding, a_host, a_result, a_run, an_attempt
from tests.office import CLEAN, HEAD, LOOK, Office
from tests.sweeping import begun, course, owed
from tests.visits import a_process, a_whole_look, an_intent_of

HOST = "pc-01"
SEEN = a_result(a_whole_look(a_process(sha256=BAD)))
NOTHING = a_result(a_whole_look())


@pytest.fixture
def sweep(office: Office, ledger: Ledger) -> Sweep:
    """A sweep that looks and cleans, of one computer."""
    office.write("playbook.yml", HEAD + LOOK + CLEAN)
    return begun(office, ledger, limit=HOST, apply=True)


def an_intent(sweep: Sweep, run_id: str = "r1", **but: Any) -> Intent:
    return an_intent_of(a_host(HOST), run_id, sweep=sweep.id, **{"task": 1, "mode": ToolMode.CLEAN, **but})


def said(ledger: Ledger, sweep: Sweep) -> tuple[Verdict, Reason | None]:
    judgement = Campaign(ledger).judgement(HOST)
    return judgement.verdict, judgement.reason


@pytest.mark.parametrize(
    ("so_far", "verdict", "reason"),
    [
        ((SEEN,), Verdict.INFECTED, Reason.MATCH_FOUND),
        ((NOTHING,), Verdict.UNKNOWN, Reason.CLEAN_INTERRUPTED),
        ((), Verdict.UNKNOWN, Reason.VISIT_OPEN),
    ],
)
def test_a_visit_without_end_counts_with_what_its_start_committed_and_is_never_clean(
    ledger: Ledger, sweep: Sweep, so_far: tuple[TaskResult, ...], verdict: Verdict, reason: Reason
) -> None:
    ledger.begin(an_intent(sweep), so_far)

    assert said(ledger, sweep) == (verdict, reason)
    (line,) = [line for row in sweeps.summary_of(ledger, sweep).units for line in row.hosts if line.name == HOST]
    assert line.judgement
    assert (line.judgement.verdict, line.judgement.done) == (verdict, False)


@pytest.mark.parametrize(
    ("state", "verdict", "reason"),
    [
        (FindingState.FOUND, Verdict.INFECTED, Reason.FINDING_OPEN),
        (FindingState.REMOVED, Verdict.UNKNOWN, Reason.CLEAN_UNVERIFIED),
    ],
)
def test_a_run_that_ended_counts_before_its_visit_does(
    ledger: Ledger, sweep: Sweep, state: FindingState, verdict: Verdict, reason: Reason
) -> None:
    ledger.begin(an_intent(sweep), (NOTHING,))
    assert Campaign(ledger).judgements()[HOST].reason is Reason.CLEAN_INTERRUPTED
    ledger.finish(a_run(a_finding(state)))

    assert said(ledger, sweep) == (verdict, reason)
    assert Campaign(ledger).judgements()[HOST].reason is reason
    (attempt,) = (visit.attempt for visit in ledger.visits(HOST))
    assert [[run.run_id for run in task.runs] for task in attempt.tasks] == [[], ["r1"]]


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_run_whose_end_came_after_its_visit_stands_in_the_task_that_began_it(
    office: Office, ledger: Ledger, sweep: Sweep, is_taken: bool
) -> None:
    """Where a visit of a later sweep took it over, it counts there, and once."""
    ledger.begin(an_intent(sweep), (NOTHING,))
    later = begun(office, ledger, limit=HOST, apply=True)
    if is_taken:
        ledger.take_over(an_intent(later), (NOTHING,))
    ledger.finish(a_run(a_finding()))

    runs = [
        (visit.sweep, run.run_id) for visit in ledger.visits(HOST) for task in visit.attempt.tasks for run in task.runs
    ]

    assert runs == [(later.id if is_taken else sweep.id, "r1")]
    assert said(ledger, sweep) == (Verdict.INFECTED, Reason.FINDING_OPEN)


def test_a_visit_without_end_goes_on_with_resume(office: Office, ledger: Ledger, sweep: Sweep) -> None:
    ledger.begin(an_intent(sweep), (SEEN,))

    assert owed(course(office, ledger, sweep)) == [(HOST, 1)]


@pytest.mark.parametrize("visited", [HOST, "pc-02"])
def test_two_names_of_one_machine_stay_so_while_one_is_visited(
    visited: str, office: Office, ledger: Ledger, sweep: Sweep
) -> None:
    """The first name had left the inventory when its machine was met under the second one."""
    machine = Identity(uuid="u-1", serial="s-1")
    for host in (HOST, "pc-02"):
        assert ledger.recognise(host, machine, (host,), NOON).doubt is None
        ledger.finish_attempt(sweep.id, replace(an_attempt(NOTHING, host=host), identity=machine))
    ledger.begin(replace(an_intent(sweep, attempt=2), host=visited), ())

    states = Campaign(ledger).judgements()
    assert states[HOST].reason is Reason.IDENTITY_TWICE
    assert states["pc-02"].reason is not Reason.IDENTITY_TWICE


def test_tools_under_way_are_those_of_every_sweep_on_the_computers_of_this_one(
    office: Office, ledger: Ledger, sweep: Sweep
) -> None:
    ledger.begin(an_intent(sweep), ())
    later = begun(office, ledger, limit="pc-01,pc-02")
    elsewhere = begun(office, ledger, limit="pc-03")

    assert sweeps.tools_under_way(ledger, later) == (HOST,)
    assert sweeps.tools_under_way(ledger, elsewhere) == ()


def test_show_says_that_a_visit_has_no_end_and_what_it_committed(office: Office, ledger: Ledger, sweep: Sweep) -> None:
    ledger.begin(an_intent(sweep), (SEEN,))
    ledger.finish(a_run(a_finding(FindingState.REMOVED), log=kept(b"REMOVED Lab.A /tmp/x\n")))

    store = str(office.folder / "lamsach.db")
    shown = CliRunner().invoke(cli, ["show", HOST, "--store", store]).stdout
    log = CliRunner().invoke(cli, ["show", HOST, "--store", store, "--kept", "2"]).stdout

    assert "visit 1, 2022-09-15 12:00:00 UTC, without end" in shown
    assert "removed: Lab.A in /tmp/x" in shown
    assert "ended by" not in shown
    assert log == "REMOVED Lab.A /tmp/x\n"
