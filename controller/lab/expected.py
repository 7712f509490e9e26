"""What an honest sweep must say of a lab computer, and of it after each step of the main job; the demo checks it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.errors import Reason
from controller.lab.pc import LabFault, LabPc
from controller.lab.samples import LISTED_PATHS
from controller.model.verdict import Verdict

_UNKNOWN: Final = {
    LabFault.OFFLINE: Reason.REACH_REFUSED,
    LabFault.WRONG_PASSWORD: Reason.LOGIN_REFUSED,
    LabFault.HANGS: Reason.HOST_TIMEOUT,
    LabFault.GARBAGE: Reason.ANSWER_GARBLED,
    LabFault.CUT_ANSWER: Reason.CONNECTION_LOST,
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
    """Return what a campaign of one sweep says of `pc`; with `clean` its playbook cleans, too, and it had `--apply`."""
    if fault := next((each for each in pc.faults if each in _UNKNOWN), None):
        return Expected(Verdict.UNKNOWN, _UNKNOWN[fault])
    tool_failed = clean and LabFault.CLEANUP_FAILS in pc.faults
    if not pc.infected:
        return Expected(Verdict.UNKNOWN, Reason.LOOK_MISSING) if tool_failed else Expected(Verdict.CLEAN)
    if not clean or tool_failed:
        return Expected(Verdict.INFECTED, Reason.MATCH_FOUND)
    if LabFault.LEAVES_STARTS in pc.faults:
        is_listed = any(start.program in LISTED_PATHS for start in pc.starts)
        return Expected(Verdict.INFECTED, Reason.MATCH_FOUND if is_listed else Reason.LEFTOVER_AUTOSTART)
    return Expected(Verdict.CLEANED)


def expected_after(pc: LabPc, step: Step) -> Expected:
    """Return what is right of `pc` after a step of the main job.

    The playbook of the first step is the campaign's: it only looks, so that a tool that fails later on a healthy
    computer changes nothing. What the second step came to on an infected one holds from then on, for the third asks
    nothing that could change it.
    """
    return expected(pc, clean=pc.infected and step is not Step.LOOK)
