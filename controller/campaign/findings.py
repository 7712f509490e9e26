"""How each finding of a tool is now (campaign rules, section 6).

A finding closes when it was handled (an `--apply` run without fault or contradiction says so; a restart after
`reboot`; a note) and confirmed: a whole run of the same tool over the same or wider roots, later than the newest time
it was named and than the run that handled it, does not name it, or a complete `files` run that entered its folder does
not list it. An object that is listed again after it was handled is open again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from controller.campaign.cases import Case, Status
from controller.campaign.facts import SETTLING, Asked, Handling, HistoryId, HostFacts, Started
from controller.campaign.questions import cover
from controller.campaign.records import NamedObject, NoteRecord, Order, RunRecord, VisitRecord, Weight
from controller.errors import Reason
from controller.model.case import FindingKey
from controller.model.decision import NoteKind
from controller.model.result import FindingState

ANTIVIRUS: Final = "antivirus"
"""The computer's own antivirus, which refuses (Windows error 225) or deletes (226) a file under our eyes."""

_STATES: Final = {Weight.ANTIVIRUS_REFUSED: FindingState.FOUND, Weight.ANTIVIRUS_DELETED: FindingState.REMOVED}
_TAKEN_AWAY: Final = frozenset({FindingState.REMOVED, FindingState.QUARANTINED})


@dataclass(frozen=True, slots=True)
class _Naming:
    """One time that a tool, or the antivirus, named an object; `run` is None for the antivirus."""

    visit: VisitRecord
    order: Order
    named: NamedObject
    run: RunRecord | None = None


@dataclass(frozen=True, slots=True)
class _Later:
    """What later looks and runs show of an object."""

    not_listed: Sequence[Asked]
    not_named: Sequence[Started]
    readable: Sequence[Asked]
    unreadable: Sequence[Asked]

    @property
    def confirmations(self) -> Sequence[Asked | Started]:
        """What shows that it is gone."""
        return (*self.not_listed, *self.not_named)


def findings(facts: HostFacts) -> list[tuple[Case, HistoryId]]:
    """Return how every finding is now, with the machine it was found on."""
    named: dict[tuple[FindingKey, HistoryId], list[_Naming]] = {}
    for started in facts.distinct_runs:
        for each in started.run.findings:
            key = FindingKey(started.run.tool, each.threat, each.object)
            naming = _Naming(started.visit, started.order, each, started.run)
            named.setdefault((key, started.history), []).append(naming)
    for asked in facts.looks:
        for item in asked.look.unread:
            if state := _STATES.get(item.weight):
                naming = _Naming(asked.visit, asked.order, NamedObject(threat="", object=item.name, state=state))
                named.setdefault((FindingKey(ANTIVIRUS, "", item.name), asked.history), []).append(naming)
    return [
        (_case(facts, key, history, sorted(each, key=lambda naming: naming.order.rank)), history)
        for (key, history), each in named.items()
        if not facts.is_harmless(key)
    ]


def _case(facts: HostFacts, key: FindingKey, history: HistoryId, namings: Sequence[_Naming]) -> Case:
    newest, orders = namings[-1], tuple(each.order for each in namings)
    note = facts.note_on((key,), orders, SETTLING)
    is_last = all(newest.order.is_later_than(each) for each in orders[:-1])
    is_answer = newest.run is None or newest.run.whole
    is_word = is_last and is_answer
    runs = facts.handlings_by(newest.visit, newest.run, [newest.named.state]) if is_word else []
    later = _later(facts, key, history, newest, orders)
    if (note and note.kind is NoteKind.GONE) or facts.note_since_change(key, orders, history):
        status, reason = Status.CLOSED, Reason.FINDING_OPEN
    elif key.tool == ANTIVIRUS and newest.named.state is FindingState.FOUND and later.readable:
        is_settled = facts.note_on((key,), [asked.order for asked in later.readable], SETTLING) is not None
        status, reason = Status.CLOSED if is_settled else Status.REVIEW, Reason.MATCH_REVIEW
    elif note or runs:
        status, reason = _handled_status(newest.named.state, note, runs, later)
    else:
        status, reason = _unhandled_status(newest.named.state, later)
    return Case(
        key=key,
        status=status,
        reason=reason,
        last_seen=newest.run.at if newest.run else newest.visit.at,
        handled=bool(note or runs),
        machine=history[1],
    )


def _handled_status(
    state: FindingState, note: NoteRecord | None, runs: Sequence[Handling], later: _Later
) -> tuple[Status, Reason]:
    if _is_back(state, note, later):
        return Status.OPEN, Reason.FINDING_OPEN
    is_gone_since_run = any(run.is_before(each) for run in runs for each in later.confirmations)
    if is_gone_since_run or (note and later.confirmations):
        return Status.CLOSED, Reason.FINDING_OPEN
    return Status.UNVERIFIED, Reason.CLEAN_UNVERIFIED


def _unhandled_status(state: FindingState, later: _Later) -> tuple[Status, Reason]:
    if state is FindingState.REBOOT:
        return Status.OPEN, Reason.REBOOT_PENDING
    if later.confirmations and not later.readable and not later.unreadable:
        return Status.VANISHED, Reason.MATCH_VANISHED
    return Status.OPEN, Reason.FINDING_OPEN


def _later(facts: HostFacts, key: FindingKey, history: HistoryId, newest: _Naming, orders: Sequence[Order]) -> _Later:
    looks = [
        asked
        for asked in facts.looks
        if asked.history == history
        and asked.look.collector == "files"
        and all(asked.order.is_later_than(each) for each in orders)
    ]
    not_listed = facts.looks_without(history, "files", key.object, orders) if "/" in key.object else []
    listed = [
        asked
        for asked in looks
        if key.object in asked.look.listed and not any(gone.order.is_later_than(asked.order) for gone in not_listed)
    ]
    readable = [asked for asked in listed if any(row.object == key.object and row.hashed for row in asked.look.rows)]
    roots = newest.run.roots if newest.run else ()
    not_named = [
        started
        for started in facts.runs
        if started.history == history
        and started.run.tool == key.tool
        and started.run.whole
        and all(started.order.is_later_than(each) for each in orders)
        and cover(started.run.roots, roots)
    ]
    unreadable = [asked for asked in listed if asked not in readable]
    return _Later(not_listed=not_listed, not_named=not_named, readable=readable, unreadable=unreadable)


def _is_back(state: FindingState, note: NoteRecord | None, later: _Later) -> bool:
    """Say whether a handled object is listed again: unreadable, or readable though it was taken away."""
    taken_away = state in _TAKEN_AWAY and not later.not_named
    again = (*later.unreadable, *(later.readable if taken_away else ()))
    return any(note is None or asked.order.is_later_than(note.order) for asked in again)
