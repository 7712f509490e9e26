"""What an honest sweep must say of a lab computer, and of it after each step of the main job; the demo checks it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.errors import Reason
from controller.lab.pc import LabFault, LabPc
from controller.model.verdict import Verdict

_UNKNOWN: Final = {
    LabFault.OFFLINE: Reason.REACH_REFUSED,
    LabFault.WRONG_PASSWORD: Reason.LOGIN_REFUSED,
    LabFault.HANGS: Reason.HOST_TIMEOUT,
    LabFault.GARBAGE: Reason.ANSWER_GARBLED,
    LabFault.CUT_ANSWER: Reason.LOOK_MISSING,
    LabFault.HUGE_ANSWER: Reason.ANSWER_HUGE,
}


class Step(StrEnum):
    """The steps of the main job, in their order; the names are part of `job.json`.

    * look: a sweep with `sweep.yml`, which only looks
    * clean: a sweep with `clean.yml` and `--apply`
    * look-again: the sweep of the first step once more
    * report: the report over these three sweeps
    """

    LOOK = "look"
    CLEAN = "clean"
    LOOK_AGAIN = "look-again"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Expected:
    """A verdict and the code of its reason, if it has one."""

    verdict: Verdict
    reason: Reason | None = None


def expected(pc: LabPc, *, clean: bool) -> Expected:
    """Return what a sweep says of `pc`; `clean` means that it cleaned with `--apply`."""
    if fault := next((each for each in pc.faults if each in _UNKNOWN), None):
        return Expected(Verdict.UNKNOWN, _UNKNOWN[fault])
    tool_fails = LabFault.CLEANUP_FAILS in pc.faults
    if pc.infected:
        cleaned = clean and not tool_fails
        return Expected(Verdict.CLEANED) if cleaned else Expected(Verdict.INFECTED, Reason.MATCH_FOUND)
    if clean and tool_fails:
        return Expected(Verdict.UNKNOWN, Reason.LOOK_MISSING)
    return Expected(Verdict.CLEAN)


def expected_after(pc: LabPc, step: Step) -> Expected:
    """Return what is right of `pc` after a step of the main job.

    The playbook of the first step is the campaign's: it only looks, so that a tool that fails later on a healthy
    computer changes nothing. What was cleaned once is *cleaned* from then on.
    """
    looked, cleaned = expected(pc, clean=False), expected(pc, clean=True)
    return cleaned if step is not Step.LOOK and cleaned.verdict is Verdict.CLEANED else looked
