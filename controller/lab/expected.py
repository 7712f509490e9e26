"""What an honest sweep must say of a lab computer; the demo compares itself with this."""

from dataclasses import dataclass
from typing import Final

from controller.errors import Reason
from controller.lab.pc import LabFault, LabPc
from controller.model.verdict import Verdict

_UNKNOWN: Final = {
    LabFault.OFFLINE: Reason.REACH_REFUSED,
    LabFault.WRONG_PASSWORD: Reason.LOGIN_REFUSED,
    LabFault.HANGS: Reason.HOST_TIMEOUT,
    LabFault.GARBAGE: Reason.ANSWER_GARBLED,
    LabFault.CUT_ANSWER: Reason.CONNECTION_LOST,
    LabFault.HUGE_ANSWER: Reason.ANSWER_HUGE,
}


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
        return Expected(Verdict.UNKNOWN, Reason.CLEANER_UNFINISHED)
    return Expected(Verdict.CLEAN)
