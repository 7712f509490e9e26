"""The state of one computer over the whole campaign: sections 2 to 9 of the campaign rules as one pure function.

Theory of operation. The function reads no clock, no file and no sweep: only what is recorded of the computer, the list
versions with their withdrawals, and the tasks of the campaign's playbook. `now` is the number of a commit; what was
committed later is not known yet.

1. Visits in which another machine answered are set aside; the rest are parted into the histories of the machines that
   had the name.
2. What the looks showed is met with what is in force. Each meeting, each finding of a tool and each autostart entry
   left behind becomes a case, whose status is open, review, unverified, vanished or closed. Being seen never needs a
   complete run; being gone does; and no case closes that was not handled.
3. The tasks of the playbook are compared with the complete runs of the current machine: only a computer on which none
   is missing may be clean or cleaned.
4. Cases that are not closed and what is missing give reasons, in the order of `PRECEDENCE`; the first is shown. With
   none, a computer that has a case is cleaned, and one without is clean.

Whoever fails to reach the computer later changes nothing of this, except that another machine answered: the newest
answer must be its own.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from controller.campaign.cases import HostState, Status, described
from controller.campaign.derived import leftovers, other_content
from controller.campaign.facts import HostFacts, known_until
from controller.campaign.findings import findings
from controller.campaign.full_look import FullLook
from controller.campaign.lists import in_force, met_anywhere
from controller.campaign.matches import lasting_matches, momentary_matches
from controller.campaign.records import FullLookTask, HostHistory, Lists, LookRecord, VisitRecord
from controller.campaign.sightings import sightings
from controller.errors import Reason
from controller.model.decision import NoteKind
from controller.model.verdict import Verdict

INFECTED: Final = (
    Reason.MATCH_FOUND,
    Reason.LEFTOVER_AUTOSTART,
    Reason.FINDING_OPEN,
    Reason.REBOOT_PENDING,
    Reason.CONTACT_SEEN,
)
"""The reasons for *infected*, the first that holds before the others."""

PRECEDENCE: Final = (
    *INFECTED,
    Reason.LOOK_MISSING,
    Reason.CLEAN_INTERRUPTED,
    Reason.CLEANER_CONTRADICTION,
    Reason.CLEAN_UNVERIFIED,
    Reason.MATCH_VANISHED,
    Reason.LOOK_STOPPED,
    Reason.LOOK_UNREAD,
    Reason.LIST_UNSEEN,
    Reason.LOOK_OUTDATED,
    Reason.MATCH_REVIEW,
)
"""All reasons but `identity.*`, in the order in which they are shown (section 9)."""

RULES: Final = 1
"""The version of these rules and of the way records are made; raise it with any change that can alter a state."""

LATEST: Final = 2**62
"""A commit number above all others."""


def state_of(history: HostHistory, lists: Lists, tasks: Sequence[FullLookTask], *, now: int = LATEST) -> HostState:
    """Return the state of a computer after the commit `now`, from everything that is known of it."""
    history = known_until(history, now)
    facts = HostFacts(history, in_force(lists, met_anywhere(history, lists), now=now))
    met = sightings(facts)
    lasting = lasting_matches(facts, met)
    follow = [*leftovers(facts, met), *other_content(facts, met)]
    momentary = momentary_matches(facts, met, [*(case for case, _ in lasting), *follow])
    parted = [*lasting, *momentary, *findings(facts)]
    cases = [*(case for case, where in parted if where[0] == facts.current[0]), *follow]
    full_look = FullLook(facts, tasks, [case for case, where in parted if where == facts.current])
    grounds = [
        *((case.reason, described(case.key)) for case in cases if case.status is not Status.CLOSED),
        *full_look.grounds(),
    ]
    grounds.sort(key=lambda ground: PRECEDENCE.index(ground[0]))
    verdict, reason, detail = _verdict(history, grounds, has_cases=bool(cases))
    failed = _newest_failures(history.visits)
    return HostState(
        verdict=verdict,
        reason=reason,
        detail=detail,
        done=full_look.is_done,
        open=tuple(case for case in cases if case.status not in {Status.CLOSED, Status.VANISHED}),
        vanished=tuple(case for case in cases if case.status is Status.VANISHED),
        closed=tuple(case for case in cases if case.status is Status.CLOSED),
        replaced=tuple(
            case for case, where in parted if where[0] != facts.current[0] and case.status is not Status.CLOSED
        ),
        reasons=tuple(reason for reason, _ in grounds),
        unread=full_look.unread,
        unreached_since=failed[0].at if failed else None,
        unreached_why=failed[-1].fault if failed else None,
        retired=_is_retired(history),
    )


def _verdict(
    history: HostHistory, grounds: Sequence[tuple[Reason, str]], *, has_cases: bool
) -> tuple[Verdict, Reason | None, str]:
    """Return the verdict with its first reason; a machine in doubt comes before everything that is known."""
    visits = sorted(history.visits, key=lambda visit: visit.order.rank)
    answered = [visit for visit in visits if visit.answered]
    if answered and (doubt := answered[-1].doubt):
        is_accepted = any(each.is_later_than(answered[-1].order) for each in history.accepts)
        if not is_accepted:
            return Verdict.UNKNOWN, doubt, "the newest answer is in doubt"
    if not grounds:
        return Verdict.CLEANED if has_cases else Verdict.CLEAN, None, ""
    reason, detail = grounds[0]
    if reason in INFECTED:
        return Verdict.INFECTED, reason, detail
    if reason is Reason.LOOK_MISSING and visits and not any(map(_was_answered, visits)):
        return Verdict.UNKNOWN, visits[-1].fault or reason, detail
    return Verdict.UNKNOWN, reason, detail


def _was_answered(visit: VisitRecord) -> bool:
    """Say whether any question of a visit, or any run of a tool, came to its end."""
    return any(isinstance(step, LookRecord) or step.ended for step in visit.steps)


def _newest_failures(visits: Iterable[VisitRecord]) -> list[VisitRecord]:
    """Return the visits that failed since the newest that did not, oldest first."""
    failed: list[VisitRecord] = []
    for visit in sorted(visits, key=lambda each: each.order.rank):
        failed = [*failed, visit] if visit.fault else []
    return failed


def _is_retired(history: HostHistory) -> bool:
    """A retired computer stays so, whatever it answers, until another machine is accepted under its name."""
    return any(
        note.kind is NoteKind.RETIRED and not any(each.is_later_than(note.order) for each in history.accepts)
        for note in history.notes
    )
