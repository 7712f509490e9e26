"""How each match is now (campaign rules, section 5).

Theory of operation. A match closes when both of two things hold, counted from its newest sighting: it is *gone* (a
later complete run of the same collector, which would have listed the object, does not meet it) and it is *handled* (an
`--apply` run names the object as removed, quarantined or cleaned and the run that shows it gone began after that; or a
person's note). Gone and not handled is `match.vanished`; everything else stays open. Nothing that only looks can
therefore close a match, and nothing that a tool claims can close one that is still seen.

What shows only a moment (`processes`, `connections`, the cache rows of `dns_cache`) is not closed by its absence
alone: after the handling there must also be a complete `autostart`, and `files` over the folder of the image, with
nothing open in them. A process may run on until the restart after its file was removed; its rows under the boot of the
removal do not undo the handling, and then only runs under another boot show that it is gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from controller.campaign.cases import Case, Status
from controller.campaign.facts import SETTLING, Asked, Handling, HistoryId, HostFacts, Started, named_objects
from controller.campaign.questions import folder_of, is_inside
from controller.campaign.records import NoteRecord
from controller.campaign.sightings import FILE_COLLECTORS, Sighting, Sightings
from controller.errors import Reason
from controller.model.case import CaseKey, MatchKey
from controller.model.decision import NoteKind
from controller.model.indicator import Grade, Kind

_MOMENTARY: Final = frozenset({"processes", "connections"})
_CONTACT_COLLECTORS: Final = frozenset({"connections", "dns_cache"})
_CONTACT_KINDS: Final = frozenset({Kind.ADDRESS, Kind.ENDPOINT, Kind.NETWORK, Kind.DOMAIN, Kind.URL})
_CACHE: Final = timedelta(hours=24)
"""How long a name may stay in the DNS cache after it was handled (section 5)."""
_GONE: Final = frozenset({NoteKind.GONE})

MatchCases = list[tuple[Case, HistoryId]]


@dataclass(frozen=True, slots=True)
class _Handled:
    """What handled a match: a note, one that vouches that it is gone, and runs of tools."""

    note: NoteRecord | None
    vouched: NoteRecord | None
    runs: Sequence[Handling]

    def __bool__(self) -> bool:
        return bool(self.note or self.runs)

    @property
    def moments(self) -> Iterable[Handling]:
        """When it was handled, by whatever."""
        return (*self.runs, *((Handling(self.note.order),) if self.note else ()))


def lasting_matches(facts: HostFacts, met: Sightings) -> MatchCases:
    """Judge the matches that do not change from one moment to the next."""
    return _cases(facts, met, is_momentary=False, still_open=frozenset())


def momentary_matches(facts: HostFacts, met: Sightings, others: Iterable[Case]) -> MatchCases:
    """Judge processes, connections and cached names; `others` are the cases of everything else."""
    open_cases = (case for case in others if case.status in {Status.OPEN, Status.REVIEW})
    return _cases(facts, met, is_momentary=True, still_open=frozenset(case.key for case in open_cases))


def _cases(facts: HostFacts, met: Sightings, *, is_momentary: bool, still_open: frozenset[CaseKey]) -> MatchCases:
    return [
        (_case(facts, met, key, history, still_open if is_momentary else None), history)
        for (key, history), each in met.items()
        if _is_momentary(key, each) is is_momentary and not facts.is_harmless(key)
    ]


def _is_momentary(key: MatchKey, each: Sequence[Sighting]) -> bool:
    return key.collector in _MOMENTARY or all(sighting.row.volatile for sighting in each)


def _case(
    facts: HostFacts, met: Sightings, key: MatchKey, history: HistoryId, still_open: frozenset[CaseKey] | None
) -> Case:
    """Judge one match on one machine; `still_open` is None for a match that lasts."""
    every = met[key, history]
    counted = [each for each in every if not _is_cached_since_handling(facts, key, each, every)]
    orders = tuple(each.order for each in counted)
    handled = _handled(facts, met, key, history, counted)
    gone = _shown_gone(facts, key, history, every, counted)
    if facts.note_since_change(key, orders, history):
        status = Status.CLOSED  # no run of this machine will ever show that it is gone
    elif still_open is not None:
        images = frozenset(each.row.image for each in counted) - {""}
        is_closed = _is_momentary_closed(facts, key, history, images, handled, gone, still_open)
        status = Status.CLOSED if is_closed else Status.OPEN
    else:
        status = _lasting_status(handled, gone)
    return _described(key, history, counted, status, is_handled=bool(handled))


def _described(
    key: MatchKey, history: HistoryId, counted: Sequence[Sighting], status: Status, *, is_handled: bool
) -> Case:
    """Put a status into words: what is weak is for a person, and what only speaks with others is a contact."""
    if status is Status.OPEN and not any(each.infects for each in counted):
        status = Status.REVIEW
    if status is Status.REVIEW:
        reason = Reason.MATCH_REVIEW
    elif status is Status.VANISHED:
        reason = Reason.MATCH_VANISHED
    elif key.value[0] in _CONTACT_KINDS and key.collector in _CONTACT_COLLECTORS:
        reason = Reason.CONTACT_SEEN
    else:
        reason = Reason.MATCH_FOUND
    return Case(
        key=key,
        status=status,
        reason=reason,
        last_seen=counted[-1].asked.look.at,
        handled=is_handled,
        machine=history[1],
        grade=min((each.grade for each in counted), key=list(Grade).index),
    )


def _lasting_status(handled: _Handled, gone: Sequence[Asked]) -> Status:
    is_gone_since_run = any(run.is_before(asked) for run in handled.runs for asked in gone)
    if handled.vouched or (gone and handled.note) or is_gone_since_run:
        return Status.CLOSED
    return Status.VANISHED if gone and not handled else Status.OPEN


def _handled(
    facts: HostFacts, met: Sightings, key: MatchKey, history: HistoryId, counted: Sequence[Sighting]
) -> _Handled:
    images = frozenset(each.row.image for each in counted) - {""}
    orders = tuple(each.order for each in counted)
    vouched = facts.note_on((key,), orders, _GONE)
    targets = _matches_at(met, images, history) if key.collector == "autostart" else frozenset()
    note = vouched or facts.note_on({key} | targets, orders, SETTLING - _GONE)
    objects = frozenset({key.object}) | images
    runs = [
        handling
        for started in facts.runs
        if started.history == history and started.run.apply and started.run.whole
        for handling in _handlings(facts, key, started, objects, counted)
    ]
    return _Handled(note=note, vouched=vouched, runs=runs)


def _handlings(
    facts: HostFacts, key: MatchKey, started: Started, objects: frozenset[str], counted: Sequence[Sighting]
) -> list[Handling]:
    """Return what one run handled of a match, if no sighting undoes it.

    A program that runs under the boot of the removal, while the tool runs or after it, undoes nothing: then it counts
    from the next boot on.
    """
    boot = started.visit.boot
    since = [each for each in counted if not started.order.is_later_than(each.order)]
    runs_on = key.collector in _MOMENTARY and all(boot and each.asked.visit.boot == boot for each in since)
    if since and not runs_on:
        return []
    states = named_objects(started.run.findings, objects)
    handlings = facts.handlings_by(started.visit, started.run, states)
    return [Handling(each.order, boot) for each in handlings] if since else handlings


def _matches_at(met: Sightings, images: frozenset[str], history: HistoryId) -> frozenset[MatchKey]:
    """Return the matches of the files behind an autostart entry: it is handled when its target is."""
    return frozenset(
        key for key, where in met if where == history and key.collector in FILE_COLLECTORS and key.object in images
    )


def _shown_gone(
    facts: HostFacts, key: MatchKey, history: HistoryId, every: Sequence[Sighting], counted: Sequence[Sighting]
) -> list[Asked]:
    """Return the later looks of the same collector that would have listed the object, and do not meet it."""
    listing = {id(each.asked.look) for each in every}
    newest, revision = counted[-1].asked.look, max(each.asked.look.revision for each in counted)
    return [
        asked
        for asked in facts.looks
        if asked.history == history
        and asked.look.collector == key.collector
        and id(asked.look) not in listing
        and all(asked.order.is_later_than(each.order) for each in counted)
        and facts.would_list(asked.look, key.object, like=newest, revision=revision)
    ]


def _is_momentary_closed(
    facts: HostFacts,
    key: MatchKey,
    history: HistoryId,
    images: frozenset[str],
    handled: _Handled,
    gone: Sequence[Asked],
    still_open: frozenset[CaseKey],
) -> bool:
    """Say whether it was handled, is not shown since, and nothing else of it was found after that."""
    is_file = key.collector == "processes" and "/" in key.object
    places = frozenset({key.object}) if is_file else images
    if any(_concerns(case, places) for case in still_open):
        return False
    return any(
        (handled.vouched or any(handling.is_before(asked) for asked in gone))
        and _was_asked(facts, history, "autostart", handling)
        and (handled.vouched or all(_was_asked(facts, history, "files", handling, place) for place in places))
        for handling in handled.moments
    )


def _concerns(key: CaseKey, places: frozenset[str]) -> bool:
    """Say whether an open case is a match of an autostart entry, or of a file beside one of `places`.

    An entry that was left behind is no match: it is infected for itself, and would hide its own reason.
    """
    if not isinstance(key, MatchKey):
        return False
    beside = any(is_inside(key.object, folder_of(place)) for place in places)
    return key.collector == "autostart" or (key.collector == "files" and beside)


def _was_asked(facts: HostFacts, history: HistoryId, collector: str, since: Handling, place: str = "") -> bool:
    return any(
        asked.look.collector == collector
        and asked.history == history
        and since.is_before(asked)
        and (facts.would_list(asked.look, place) if place else facts.is_complete(asked.look))
        for asked in facts.looks
    )


def _is_cached_since_handling(facts: HostFacts, key: MatchKey, each: Sighting, every: Sequence[Sighting]) -> bool:
    """A name that is still in the cache within 24 hours after a note, under the same boot, is no new sighting."""
    if key.collector != "dns_cache" or not each.row.volatile:
        return False
    boots = {other.asked.visit.boot for other in every if other.order.rank < each.order.rank}
    return each.asked.visit.boot in boots and any(
        note.kind in SETTLING
        and key in note.covers
        and each.order.is_later_than(note.order)
        and timedelta(0) <= each.asked.look.at - note.at <= _CACHE
        for note in facts.history.notes
    )
