"""Write down what people say of computers: what they handled, what is gone, checked, harmless, or out of service.

Theory of operation. A note covers the cases that its author was shown, and no others: those that are not closed when
the store is read, and that were not seen after the moment it speaks of. It carries the number of the newest commit of
that reading, so that what another sweep commits meanwhile is later than the note. What the note changes is computed
before it is written, by the rules that count it afterwards.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.app.campaign import Campaign
from controller.app.history import notes_that_count
from controller.app.rows import place_of
from controller.campaign.cases import Case, HostState
from controller.campaign.questions import is_inside
from controller.campaign.records import HostHistory, LookRecord, UnreadRecord, Weight
from controller.errors import OperatorError
from controller.indicators.parsers import plain
from controller.loading.fields import hint
from controller.model.case import FindingKey, LeftoverKey, MatchKey
from controller.model.decision import Note, NoteKind
from controller.model.fleet import Platform
from controller.model.text import shown
from controller.reports.vietnamese import hanoi_time
from controller.store.ledger import Ledger

_NO_CHECK: Final = frozenset({Weight.ANTIVIRUS_REFUSED, Weight.ANTIVIRUS_DELETED, Weight.IGNORED})
"""Items that a person need not check: the antivirus makes findings of them, or they weigh nothing."""

_MOST_NAMED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRequest:
    """What an operator asked for.

    `object` is the item, value, threat or path that the note names, or the number of the note that it takes back.
    `at` is None for now.
    """

    kind: NoteKind
    operator: str
    made: datetime
    by: str = ""
    at: datetime | None = None
    object: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNote:
    """A note that is not written yet, with the state of its computer without it and with it.

    `later` are cases that it would cover if they had not been seen after the moment that it speaks of. `undone` is the
    note that it takes back.
    """

    note: Note
    before: HostState
    after: HostState
    later: tuple[Case, ...] = ()
    undone: Note | None = None


def plan(ledger: Ledger, names: Iterable[str], request: NoteRequest) -> tuple[PlannedNote, ...]:
    """Return a note for each of the computers, each once; nothing is written.

    Raises:
        OperatorError: a name is unknown, or there is nothing on a computer that such a note could settle.

    """
    planner = _Planner(ledger, request)
    return tuple(planner.plan(host) for host in dict.fromkeys(map(planner.host, names)))


def plan_for_unit(ledger: Ledger, unit: str, request: NoteRequest) -> tuple[PlannedNote, ...]:
    """Return a note for each computer of a unit, and of those below it, on which there is something to settle.

    Raises:
        OperatorError: there is no such unit, or nothing on any of its computers that such a note could settle.

    """
    planner = _Planner(ledger, request)
    planned, refusals = [], []
    for host in planner.hosts_of(unit):
        try:
            planned.append(planner.plan(host))
        except OperatorError as error:
            refusals.append(error)
    if not planned:
        refusals.sort(key=lambda error: not isinstance(error, _SeenLaterError))
        first = f"; the first: {refusals[0]}" if refusals else "; it has no computers."
        raise OperatorError(f"no computer of unit '{shown(unit)}' has anything that this note could settle{first}")
    return tuple(planned)


def write(ledger: Ledger, planned: Iterable[PlannedNote]) -> list[int]:
    """Write the notes, and return their numbers."""
    return [ledger.decide(each.note) for each in planned]


class _SeenLaterError(OperatorError):
    """Everything that a note names was seen after the moment that it speaks of."""


class _Planner:
    def __init__(self, ledger: Ledger, request: NoteRequest) -> None:
        self._request = request
        self._latest = ledger.latest_commit()
        self._campaign, self._ledger = Campaign(ledger), ledger

    def host(self, name: str) -> str:
        """Return the computer of this name."""
        known, wanted = self._campaign.every, unicodedata.normalize("NFC", name)
        if wanted in known:
            return wanted
        close = hint(wanted, known)
        raise OperatorError(
            f"no inventory of this store has a computer '{shown(wanted)}'; correct the name"
            f"{f': {shown(close)}' if close else '.'} Nothing was written."
        )

    def hosts_of(self, unit: str) -> Iterator[str]:
        """Yield the computers of a unit and of those below it, as the newest roster has them."""
        units = {each.id: each for each in self._campaign.units}
        wanted = unicodedata.normalize("NFC", unit)
        if wanted not in units:
            known = ", ".join(units) or "the store has none"
            raise OperatorError(f"there is no unit '{shown(wanted)}'; name one of: {shown(known)}.")
        for entry in self._campaign.roster:
            above = units.get(entry.unit)
            while above and above.id != wanted:
                above = units.get(above.parent)
            if above:
                yield entry.name

    def plan(self, host: str) -> PlannedNote:
        """Return the note on one computer, with what it changes."""
        state, known = self._campaign.state(host)
        notes = notes_that_count(self._ledger.decisions(host))
        subject = _Subject(host, state, known.history, self._campaign.platform(host), notes)
        chosen = _CHOOSING[self._request.kind](subject, self._request.object)
        at = self._request.at
        later = tuple(case for case in chosen.cases if at and case.last_seen > at)
        if later and len(later) == len(chosen.cases):
            raise _SeenLaterError(
                f"everything that this note names on '{shown(host)}' was seen again later, at"
                f" {hanoi_time(max(case.last_seen for case in later))}; give --at the time when it was handled."
            )
        keys = [case.key for case in chosen.cases if case not in later]
        note = Note(
            host=host,
            kind=self._request.kind,
            operator=self._request.operator,
            by=self._request.by,
            made=self._request.made,
            at=at or self._request.made,
            object=self._request.object,
            text=self._request.text,
            matches=tuple(key for key in keys if isinstance(key, MatchKey)),
            findings=tuple(key for key in keys if isinstance(key, FindingKey)),
            leftovers=tuple(key for key in keys if isinstance(key, LeftoverKey)),
            items=chosen.items,
            undoes=chosen.undone.committed if chosen.undone else 0,
            began=self._latest,
            committed=self._latest + 1,
        )
        after, _ = self._campaign.state(host, (note,))
        return PlannedNote(note=note, before=state, after=after, later=later, undone=chosen.undone)


@dataclass(frozen=True, slots=True)
class _Subject:
    """One computer as the author of a note sees it."""

    host: str
    state: HostState
    history: HostHistory
    platform: Platform
    notes: tuple[Note, ...]

    @property
    def unsettled(self) -> tuple[Case, ...]:
        """What a note can settle."""
        return (*self.state.open, *self.state.vanished, *self.state.replaced)

    def place(self, text: str) -> str:
        """Return a path, or whatever names an object, as it is compared."""
        return place_of(text, self.platform)

    def objects(self, case: Case) -> frozenset[str]:
        """Return what a case is about, as it is compared."""
        key = case.key
        names = (key.entry, key.image) if isinstance(key, LeftoverKey) else (key.object,)
        return frozenset(map(self.place, names))

    def places(self, case: Case) -> frozenset[str]:
        """Return what a case is about, and the files behind it: of a process, a connection or an entry."""
        key = case.key
        rows = (
            row
            for look in self.looks
            if isinstance(key, MatchKey) and look.collector == key.collector
            for row in look.rows
            if row.image and row.object == key.object
        )
        return self.objects(case) | {row.image for row in rows}

    def contents(self, cases: Iterable[Case]) -> tuple[tuple[str, str], ...]:
        """Return the newest known content of the files that cases are about: path and SHA-256."""
        named = {each for case in cases for each in self.objects(case)}
        rows = (row for look in self.looks for row in look.rows if row.object in named and row.content)
        return tuple(sorted({row.object: row.content for row in rows}.items()))

    @property
    def looks(self) -> Iterator[LookRecord]:
        """Every look of a visit in which the right machine answered, oldest first."""
        for visit in self.history.visits:
            if visit.doubt is None:
                yield from (step for step in visit.steps if isinstance(step, LookRecord))

    def refusal(self, what: str, there: Sequence[str] = ()) -> OperatorError:
        """Say that there is no such thing here, and name what there is."""
        names = ", ".join(f"'{shown(each)}'" for each in there[:_MOST_NAMED])
        more = f" and {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
        beside = f"it has {names}{more}." if there else "'lamsach show' prints what is known of it."
        return OperatorError(f"'{shown(self.host)}' has {what}; {beside}")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a note names on one computer."""

    cases: tuple[Case, ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    undone: Note | None = None


def _handled(subject: _Subject, _: str) -> _Chosen:
    if not subject.unsettled:
        reason = subject.state.reason
        why = f", {reason}; {reason.remedy}." if reason else "; there is nothing to settle."
        raise OperatorError(
            f"'{shown(subject.host)}' has no match and no finding that is open: it is {subject.state.verdict}{why}"
        )
    return _Chosen(cases=subject.unsettled)


def _gone(subject: _Subject, text: str) -> _Chosen:
    """A folder or drive stands for everything in it."""
    wanted = subject.place(text)
    cases = [case for case in subject.unsettled if any(is_inside(place, wanted) for place in subject.places(case))]
    if not cases:
        there = {place for case in subject.unsettled for place in subject.places(case)}
        raise subject.refusal(f"no match and no finding that is open at '{shown(text)}'", sorted(there))
    return _Chosen(cases=tuple(cases))


def _harmless(subject: _Subject, text: str) -> _Chosen:
    """A value, a threat, or an object; also of what is closed, for it was never what it seemed."""
    every = (*subject.unsettled, *subject.state.closed)
    try:
        value = plain.read_value(text)
    except ValueError:
        value = None
    cases = [
        case
        for case in every
        if (isinstance(case.key, MatchKey) and case.key.value == value)
        or (isinstance(case.key, FindingKey) and case.key.threat == text)
        or subject.place(text) in subject.objects(case)
    ]
    if not cases:
        named = {
            case.key.value[1] if isinstance(case.key, MatchKey) else case.key.threat
            for case in every
            if not isinstance(case.key, LeftoverKey)
        }
        there = named | {each for case in every for each in subject.objects(case)}
        raise subject.refusal(f"no value, threat or object '{shown(text)}'", sorted(there - {""}))
    return _Chosen(cases=tuple(cases), items=subject.contents(cases))


def _checked(subject: _Subject, text: str) -> _Chosen:
    """An item of the newest look of any question; every state in which it was named until now is covered."""
    looks = tuple(subject.looks)
    newest = {look.question: look for look in looks}
    wanted = {text, subject.place(text)}
    there = {item.name for look in newest.values() for item in look.unread if _is_checkable(item)}
    if not wanted & there:
        raise subject.refusal(f"no item '{shown(text)}' that its newest looks could not read", sorted(there))
    named = [item for look in looks for item in look.unread if item.name in wanted and _is_checkable(item)]
    return _Chosen(items=tuple(dict.fromkeys((item.name, item.mark) for item in named)))


def _is_checkable(item: UnreadRecord) -> bool:
    return item.weight not in _NO_CHECK


def _retired(subject: _Subject, _: str) -> _Chosen:
    if subject.state.retired:
        raise OperatorError(f"'{shown(subject.host)}' is retired already; nothing was written.")
    return _Chosen()


def _undo(subject: _Subject, text: str) -> _Chosen:
    for note in subject.notes:
        if str(note.committed) == text.strip():
            return _Chosen(undone=note)
    there = [f"{each.committed}: {noted(each)}" for each in subject.notes]
    raise subject.refusal(f"no note with number '{shown(text)}' that counts", there)


def noted(note: Note) -> str:
    """Say in a few words what a note says, when and whose word it is; what people wrote is not escaped."""
    words = " ".join(filter(None, (f"--{note.kind}", note.object, note.text)))
    return f"{words}, {note.by or note.operator}, {hanoi_time(note.made)}"


_CHOOSING: Final[Mapping[NoteKind, Callable[[_Subject, str], _Chosen]]] = {
    NoteKind.HANDLED: _handled,
    NoteKind.GONE: _gone,
    NoteKind.CHECKED: _checked,
    NoteKind.HARMLESS: _harmless,
    NoteKind.RETIRED: _retired,
    NoteKind.UNDO: _undo,
}
