"""What follows from a match or finding: other content at a met path, and autostart entries that are left behind."""

from collections.abc import Iterable

from controller.campaign.cases import Case, Status
from controller.campaign.facts import HASHES, SETTLING, HistoryId, HostFacts
from controller.campaign.records import LookRecord, Order, RowRecord
from controller.campaign.sightings import FILE_COLLECTORS, Sighting, Sightings, derives
from controller.errors import Reason
from controller.model.case import FindingKey, LeftoverKey, MatchKey
from controller.model.decision import NoteKind
from controller.model.indicator import Kind
from controller.model.result import FindingState


def other_content(facts: HostFacts, met: Sightings) -> list[Case]:
    """Return the paths of files met by their hash at which a readable file with another content lies now.

    It is for a person to say what that is, unless a note or a tool that says *cleaned* explains it.
    """
    cases = []
    for (key, history), every in met.items():
        if key.derived or history[0] != facts.current[0] or not derives(facts, key):
            continue
        if newest := _newest_other(facts, history, key.object, [each.order for each in every]):
            cases.append(_other_content_case(facts, history, key, every, newest))
    return cases


def _newest_other(facts: HostFacts, history: HistoryId, path: str, since: Iterable[Order]) -> LookRecord | None:
    """Return the newest look at files, later than all sightings, that read another content at `path`."""
    orders = tuple(since)
    looks = [
        asked.look
        for asked in facts.looks
        if asked.history == history
        and asked.look.collector == "files"
        and all(asked.order.is_later_than(each) for each in orders)
        and any(row.hashed and not facts.has_bad_hash(row) for row in _rows_at(asked.look, path))
    ]
    return looks[-1] if looks else None


def _other_content_case(
    facts: HostFacts, history: HistoryId, key: MatchKey, every: Iterable[Sighting], newest: LookRecord
) -> Case:
    derived = MatchKey((Kind.PATH, key.object), "files", key.object, derived=True)
    orders = tuple(each.order for each in every)
    is_gone = bool(facts.looks_without(history, "files", key.object, (newest.order,), like=newest))
    is_noted = facts.note_on((key, derived), orders, SETTLING) is not None or facts.is_harmless(derived)
    is_cleaned = any(
        started.run.apply
        and started.run.whole
        and all(started.order.is_later_than(each) for each in orders)
        and any(each.object == key.object and each.state is FindingState.CLEANED for each in started.run.findings)
        for started in facts.runs
    )
    return Case(
        key=derived,
        status=Status.CLOSED if is_gone or is_noted or is_cleaned else Status.REVIEW,
        reason=Reason.MATCH_REVIEW,
        last_seen=newest.at,
        handled=is_noted or is_cleaned,
        machine=history[1],
    )


def leftovers(facts: HostFacts, met: Sightings) -> list[Case]:
    """Return the autostart entries that name a met path or a finding's object while no genuine file lies there."""
    bad = _bad_paths(facts, met)
    cases: dict[LeftoverKey, Case] = {}
    for asked in facts.looks:
        if asked.look.collector != "autostart" or asked.history != facts.current:
            continue
        for row in asked.look.rows:
            key = LeftoverKey(row.object, row.image)
            if row.image in bad and not _is_genuine(facts, row.image) and not facts.is_harmless(key):
                is_weak = row.disabled or not bad[row.image]
                cases[key] = _leftover_case(facts, key, asked.look, is_weak=is_weak)
    return list(cases.values())


def _leftover_case(facts: HostFacts, key: LeftoverKey, look: LookRecord, *, is_weak: bool) -> Case:
    is_gone = bool(facts.looks_without(facts.current, "autostart", key.entry, (look.order,), like=look))
    is_vouched = facts.note_on((key,), (look.order,), frozenset({NoteKind.GONE})) is not None
    open_status = Status.REVIEW if is_weak else Status.OPEN
    return Case(
        key=key,
        status=Status.CLOSED if is_gone or is_vouched else open_status,
        reason=Reason.MATCH_REVIEW if is_weak else Reason.LEFTOVER_AUTOSTART,
        last_seen=look.at,
        machine=facts.current[1],
    )


def _bad_paths(facts: HostFacts, met: Sightings) -> dict[str, bool]:
    """Return the paths that a match or finding names, and whether that evidence infects."""
    bad: dict[str, bool] = {}
    for (key, history), every in met.items():
        is_file = key.collector in FILE_COLLECTORS and not key.derived and key.value[0] in HASHES | {Kind.PATH}
        if is_file and history[0] == facts.current[0] and not facts.is_harmless(key):
            bad[key.object] = bad.get(key.object, False) or any(each.infects for each in every)
    for started in facts.runs:
        if started.history[0] == facts.current[0]:
            for each in started.run.findings:
                if not facts.is_harmless(FindingKey(started.run.tool, each.threat, each.object)):
                    bad[each.object] = True
    return bad


def _is_genuine(facts: HostFacts, path: str) -> bool:
    """Say whether the newest that is known of a file is a readable content that nothing in force names."""
    good: list[Order] = []
    bad: list[Order] = []
    for asked in facts.looks:
        look = asked.look
        if look.collector in FILE_COLLECTORS and path in look.listed:
            read = [row for row in _rows_at(look, path) if row.hashed]
            is_fine = bool(read) and not any(
                meeting.value in facts.force for row in read for meeting in row.meetings if meeting.grade.weighs
            )
            (good if is_fine else bad).append(look.order)
        elif look.collector == "files" and facts.would_list(look, path):
            bad.append(look.order)
    return any(all(order.is_later_than(each) for each in bad) for order in good)


def _rows_at(look: LookRecord, path: str) -> list[RowRecord]:
    return [row for row in look.rows if row.object == path]
