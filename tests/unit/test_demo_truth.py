"""The demo fails when a verdict, a figure or a computer is not as its lab knows that it must be."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from controller.cli.demo_truth import DemoDiffersError, JobTruth, agree
from controller.errors import Reason
from controller.lab.end_state import right_end_state
from controller.lab.expected import Step, expected_after
from controller.lab.fleet import demo_fleet
from controller.lab.folder import write_folder
from controller.lab.layout import JOB, TRUTH, folder_of
from controller.lab.pc import LabFault
from controller.model.fleet import RosterEntry
from controller.model.summary import SweepSummary
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import summarise, within
from controller.reports.figures import Figures, count

FLEET = demo_fleet()
CLEANED, FAILING = "tp-pc01", "sd-pc04"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab's folder in which nothing is served: two infected computers and their truth, before anybody came."""
    folder = tmp_path_factory.mktemp("lab")
    steps = {step: {pc.name: asdict(expected_after(pc, step)) for pc in FLEET.pcs} for step in Step}
    shown = [pc for pc in FLEET.pcs if pc.name in {CLEANED, FAILING}]
    for pc in shown:
        write_folder(pc, folder / folder_of(pc.name))
    computers = {pc.name: asdict(right_end_state(pc)) for pc in shown}
    (folder / JOB).write_text(json.dumps({"steps": steps, "computers": computers}), encoding="utf-8")
    truth = {pc.name: {"folder": str(folder_of(pc.name))} for pc in shown}
    (folder / TRUTH).write_text(json.dumps(truth), encoding="utf-8")
    return folder


def summary(step: Step, **instead: Judgement) -> SweepSummary:
    """Judge every computer as the lab expects after `step`, but those that are named."""
    judgements = {}
    for pc in FLEET.pcs:
        right = expected_after(pc, step)
        done = right.verdict is not Verdict.UNKNOWN
        judgements[pc.name] = Judgement(verdict=right.verdict, reason=right.reason, done=done)
    judgements |= {name.replace("_", "-"): judgement for name, judgement in instead.items()}
    roster = [
        RosterEntry(name=pc.name, unit=pc.unit, platform=pc.platform, users=pc.users, given=True) for pc in FLEET.pcs
    ]
    return summarise(FLEET.units, roster, judgements)


def figures(judged: SweepSummary) -> Mapping[str, Figures]:
    ids = [row.unit.id for row in judged.units]
    return {each: count([line for row in within(judged, each).units for line in row.hosts]) for each in ids}


@pytest.mark.parametrize("step", Step)
def test_what_the_lab_expects_is_no_difference(lab: Path, step: Step) -> None:
    assert list(JobTruth(lab).verdicts(summary(step), step)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        Judgement(verdict=Verdict.CLEAN, done=True),
        Judgement(verdict=Verdict.CLEANED, done=True),
        Judgement(verdict=Verdict.INFECTED, reason=Reason.FINDING_OPEN, done=True),
    ],
    ids=lambda judgement: judgement.verdict,
)
def test_another_verdict_or_reason_is_a_difference(lab: Path, wrong: Judgement) -> None:
    (difference,) = JobTruth(lab).verdicts(summary(Step.REPORT, sd_pc04=wrong), Step.REPORT)

    assert difference.startswith(f"{FAILING} after 'report': expected ")
    assert wrong.verdict in difference


def test_the_last_sweep_must_not_end_as_the_first(lab: Path) -> None:
    differences = list(JobTruth(lab).verdicts(summary(Step.LOOK), Step.LOOK_AGAIN))

    assert [each.partition(" ")[0] for each in differences] == ["cuc-kế-toán", "sd-kế-toán", "tp-pc01"]


def test_a_figure_of_a_form_that_is_not_that_of_the_computers_is_a_difference(lab: Path) -> None:
    right, wrong = summary(Step.REPORT), summary(Step.REPORT, sd_pc04=Judgement(verdict=Verdict.CLEANED, done=True))

    assert list(JobTruth(lab).figures(right, figures(right))) == []
    assert list(JobTruth(lab).figures(right, figures(wrong))) == [
        "form of 'cuc-tuyen-quang': expected computers, found, handled (16, 4, 2), got (16, 4, 3)",
        "form of 'chi-cuc-son-duong': expected computers, found, handled (5, 2, 1), got (5, 2, 2)",
    ]


def test_a_computer_that_was_not_cleaned_is_a_difference(lab: Path) -> None:
    failing, cleaned = JobTruth(lab).computers()

    right = {"malware": 0, "orphans": 0, "leftovers": 0, "cleanups": 1}
    assert failing.startswith(f"on the computer {FAILING}: expected ")
    assert cleaned == f"on the computer {CLEANED}: expected {right}, got {right | {'malware': 1, 'cleanups': 0}}"


def test_the_demo_has_every_outcome_and_computers_on_which_the_tool_does_not_do_its_work() -> None:
    reported = [expected_after(pc, Step.REPORT).verdict for pc in FLEET.pcs]
    (failing,) = (pc for pc in FLEET.pcs if LabFault.CLEANUP_FAILS in pc.faults)

    assert len(FLEET.pcs) == 16
    assert set(reported) == set(Verdict)
    assert (failing.name, failing.infected) == (FAILING, True)
    assert {
        pc.name: expected_after(pc, Step.REPORT).reason for pc in FLEET.pcs if LabFault.LEAVES_STARTS in pc.faults
    } == {"cuc-kế-toán": Reason.LEFTOVER_AUTOSTART}


def test_every_difference_ends_the_demo_and_a_late_answer_gets_its_remedy() -> None:
    agree(iter(()))
    with pytest.raises(DemoDiffersError) as one:
        agree(iter(("a is wrong", "b is wrong")))
    with pytest.raises(DemoDiffersError) as late:
        agree(["a: expected clean, got host.timeout"])

    assert str(one.value) == "the demo differs from what its lab knows to be right: a is wrong; b is wrong."
    assert str(late.value).endswith("got host.timeout; on a busy machine: lamsach demo --first-answer 20.")
    assert (one.value.code, one.value.exit_status) == ("demo", 1)
