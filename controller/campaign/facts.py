"""One computer's records in the order of their commits, and the questions that every rule asks of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from controller.campaign.questions import answers, is_inside, reads, root_holding
from controller.campaign.records import (
    HostHistory,
    LookRecord,
    NamedObject,
    NoteRecord,
    Order,
    RowRecord,
    RunRecord,
    VisitRecord,
    Weight,
)
from controller.model.case import CaseKey, LeftoverKey, Value
from controller.model.decision import NoteKind
from controller.model.indicator import Kind
from controller.model.result import FindingState

HASHES: Final = frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256})

MOST_UNREAD: Final = 200
"""More single items than this, unread, stop a look (campaign rules, section 8)."""
MANY_UNREAD: Final = 20
"""More than this many stop a look when they are more than `UNREAD_SHARE` of what it visited."""
UNREAD_SHARE: Final = 0.01

HistoryId = tuple[int, str]
"""The machine behind a name: how many `identity accept`s came before, and its machine id (section 7)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A look, the visit it was made in, and the machine it was made on."""

    look: LookRecord
    visit: VisitRecord
    history: HistoryId

    @property
    def order(self) -> Order:
        """When it was sent and committed."""
        return self.look.order


@dataclass(frozen=True, slots=True)
class Started:
    """A run of a tool, the visit that settled it, and the machine it ran on."""

    run: RunRecord
    visit: VisitRecord
    history: HistoryId

    @property
    def order(self) -> Order:
        """When it was started, and when its end was committed."""
        return self.run.order


@dataclass(frozen=True, slots=True)
class Handling:
    """When something was handled. After one that waited for a restart, only looks under another `boot` are later."""

    order: Order
    boot: str = ""

    def is_before(self, step: Asked | Started) -> bool:
        """Say whether a look or run was made after this."""
        is_other_boot = not self.boot or step.visit.boot not in {"", self.boot}
        return step.order.is_later_than(self.order) and is_other_boot


class HostFacts:
    """What the rules read of one computer: its history up to a commit, and the values in force."""

    def __init__(self, history: HostHistory, force: frozenset[Value]) -> None:
        self.history, self.force = history, force

    # visits and machines

    @cached_property
    def visits(self) -> tuple[VisitRecord, ...]:
        """The visits in which the right machine answered, or none, oldest first."""
        sure = (visit for visit in self.history.visits if visit.doubt is None)
        return tuple(sorted(sure, key=lambda visit: visit.order.rank))

    def machine_of(self, visit: VisitRecord) -> HistoryId:
        """Return the machine of a visit; an id seen before continues its own history until the next accept."""
        epoch = self._epoch(visit)
        return epoch, visit.machine or self._shown_otherwise(visit, epoch)

    def _epoch(self, visit: VisitRecord) -> int:
        return sum(visit.order.is_later_than(each) for each in self.history.accepts)

    def _shown_otherwise(self, visit: VisitRecord, epoch: int) -> str:
        """Return the id of the machine where a visit did not show one: that of the visit before, else the one after.

        Another machine would have been in doubt; one that shows its id at one time only is the same.
        """
        known = [each for each in self.visits if each.machine and self._epoch(each) == epoch]
        before = [each.machine for each in known if each.order.rank <= visit.order.rank]
        return before[-1] if before else known[0].machine if known else ""

    @cached_property
    def current(self) -> HistoryId:
        """The machine that answered last, or since the newest `identity accept` none."""
        accepts = self.history.accepts
        since = [
            visit
            for visit in self.visits
            if visit.answered and all(visit.order.is_later_than(each) for each in accepts)
        ]
        return self.machine_of(since[-1]) if since else (len(accepts), "")

    @cached_property
    def looks(self) -> tuple[Asked, ...]:
        """Every look, oldest first."""
        every = [
            Asked(step, visit, self.machine_of(visit))
            for visit in self.visits
            for step in visit.steps
            if isinstance(step, LookRecord)
        ]
        return tuple(sorted(every, key=lambda asked: asked.order.rank))

    @cached_property
    def runs(self) -> tuple[Started, ...]:
        """Every run of a tool, oldest first.

        A start that a later visit took over counts in both visits, each time in the order of that visit's looks; as
        long as its end is not known it is one.
        """
        every = [
            Started(step, visit, self.machine_of(visit))
            for visit in self.visits
            for step in visit.steps
            if isinstance(step, RunRecord)
        ]
        ended = {started.run.run_id for started in every if started.run.ended}
        without_end = {started.run.run_id: started for started in every if started.run.run_id not in ended}
        known = (*(started for started in every if started.run.ended), *without_end.values())
        return tuple(sorted(known, key=lambda started: started.order.rank))

    @cached_property
    def distinct_runs(self) -> tuple[Started, ...]:
        """Every run once, oldest first: what it names is one finding, in how many visits it may count."""
        return tuple({started.run.run_id: started for started in self.runs}.values())

    # complete, and gone (sections 3 and 8)

    @cached_property
    def _checked(self) -> frozenset[tuple[str, str]]:
        notes = (note for note in self.history.notes if note.kind is NoteKind.CHECKED)
        return frozenset(item for note in notes for item in note.items)

    def is_checked(self, name: str, mark: str) -> bool:
        """Say whether a person settled an item that could not be read, as long as it has this mark."""
        return (name, mark) in self._checked

    def stops(self, look: LookRecord) -> tuple[str, ...]:
        """Return what keeps a look from being complete: items, limits, too many unread, no root entered."""
        items = [item for item in look.unread if not self.is_checked(item.name, item.mark)]
        single = sum(item.weight is Weight.COUNTED for item in items)
        too_many = single > MOST_UNREAD or (single > MANY_UNREAD and single > UNREAD_SHARE * look.visited)
        return (
            *(item.name for item in items if item.weight is Weight.STOPS),
            *look.limits,
            *(("too many unread items",) if too_many else ()),
            *(("none of its roots is there",) if look.question.roots and not look.entered else ()),
        )

    def is_complete(self, look: LookRecord) -> bool:
        """Say whether the answer is whole and not stopped."""
        return look.whole and not self.stops(look)

    def would_list(self, look: LookRecord, place: str, *, like: LookRecord | None = None, revision: int = 0) -> bool:
        """Say whether a look that does not name `place` shows that it is gone.

        `like` is the look that saw it: the same volume, and for collectors other than `files` the same question or a
        wider one. Without `like`, any complete `files` run that reads everything and entered the folder.
        """
        own = look.question
        if not self.is_complete(look) or own.newer_than or own.smaller_than or look.revision < revision:
            return False
        if own.collector != "files":
            return like is not None and answers(own, like.question)
        root = root_holding(look, place)
        closed = [*own.excepted, *(item.name for item in look.unread if item.weight is Weight.STOPS)]
        return (
            root is not None
            and not any(is_inside(place, folder) for folder in closed)
            and reads(own.only, like.question.only if like else "all")
            and _is_same_volume(root.volume, like, place)
        )

    def looks_without(
        self, history: HistoryId, collector: str, name: str, after: Iterable[Order], like: LookRecord | None = None
    ) -> list[Asked]:
        """Return the looks later than all of `after` that would list `name` (see `would_list`), and do not."""
        orders = tuple(after)
        return [
            asked
            for asked in self.looks
            if asked.history == history
            and asked.look.collector == collector
            and all(asked.order.is_later_than(each) for each in orders)
            and name not in asked.look.listed
            and self.would_list(asked.look, name, like=like, revision=like.revision if like else 0)
        ]

    # handling (sections 5 and 6)

    def note_on(self, keys: Iterable[CaseKey], after: Iterable[Order], kinds: frozenset[NoteKind]) -> NoteRecord | None:
        """Return the newest note that was shown one of `keys` and is later than all of `after`."""
        wanted, orders = frozenset(keys), tuple(after)
        fitting = (
            note
            for note in self.history.notes
            if note.kind in kinds
            and not wanted.isdisjoint(note.covers)
            and all(note.order.is_later_than(each) for each in orders)
        )
        return max(fitting, key=lambda note: note.order.rank, default=None)

    def is_harmless(self, key: CaseKey) -> bool:
        """Say whether a person called this case of this computer harmless; other content at its place is not meant."""
        notes = [note for note in self.history.notes if note.kind is NoteKind.HARMLESS and key in note.covers]
        place = key.image if isinstance(key, LeftoverKey) else key.object
        return any(not self._has_other_content(place, note) for note in notes)

    def _has_other_content(self, place: str, note: NoteRecord) -> bool:
        content = dict(note.items).get(place, "")
        later = (asked.look.rows for asked in self.looks if asked.order.is_later_than(note.order))
        return bool(content) and any(
            row.object == place and row.content not in {"", content} for rows in later for row in rows
        )

    def note_since_change(self, key: CaseKey, after: Iterable[Order], history: HistoryId) -> NoteRecord | None:
        """Return a note on a case of a machine that is not the current one, made after the machine changed."""
        if history == self.current:
            return None
        own = [visit.order.rank for visit in self.visits if self.machine_of(visit) == history]
        moments = [*(visit.order for visit in self.visits if visit.answered), *self.history.accepts]
        changes = sorted((each for each in moments if each.rank > max(own)), key=lambda each: each.rank)[:1]
        return self.note_on((key,), (*after, *changes), SETTLING)

    def handlings_by(self, visit: VisitRecord, run: RunRecord | None, states: Iterable[FindingState]) -> list[Handling]:
        """Return what a whole run handled by its own word.

        A removal counts at once, a `reboot` from the first later visit under another boot id. `run` is None for what
        the computer's own antivirus deleted.
        """
        order, named = run.order if run else visit.order, set(states)
        if any(state.handled for state in named) and (run is None or run.apply):
            return [Handling(order)]
        has_restarted = any(
            each.order.is_later_than(order) and each.boot not in {"", visit.boot} for each in self.visits
        )
        return [Handling(order, visit.boot)] if FindingState.REBOOT in named and visit.boot and has_restarted else []

    def has_bad_hash(self, row: RowRecord) -> bool:
        """Say whether the content of a row's file is in force."""
        return any(meeting.value[0] in HASHES and meeting.value in self.force for meeting in row.meetings)


SETTLING: Final = frozenset({NoteKind.HANDLED, NoteKind.GONE})
"""The notes that handle a case."""


def known_until(history: HostHistory, now: int) -> HostHistory:
    """Return what was committed up to `now`; results count though the visit they belong to has not ended."""
    visits = (
        replace(visit, steps=tuple(step for step in visit.steps if step.order.committed <= now))
        for visit in history.visits
    )
    return HostHistory(
        visits=tuple(visit for visit in visits if visit.steps or visit.order.committed <= now),
        notes=tuple(note for note in history.notes if note.order.committed <= now),
        accepts=tuple(each for each in history.accepts if each.committed <= now),
    )


def named_objects(findings: Iterable[NamedObject], objects: frozenset[str]) -> list[FindingState]:
    """Return what a run says of `objects`."""
    return [each.state for each in findings if each.object in objects]


def _is_same_volume(volume: str, like: LookRecord | None, place: str) -> bool:
    """An object on another volume is not gone; where either side gave no volume, the path decides."""
    seen = root_holding(like, place) if like else None
    return not volume or seen is None or not seen.volume or seen.volume == volume
