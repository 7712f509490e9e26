"""The records of one computer, made from what the store holds of it, as the rules of a campaign read them.

Rows of an answer are read again only where they decide: on a computer that ever showed a listed value, or on which a
tool or the antivirus found something. Elsewhere a look is its question and whether it was complete.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from controller.app.rows import Met, Places, ReadRow, from_observations, is_relevant, place_of, read_rows
from controller.campaign.records import (
    EnteredRoot,
    HostHistory,
    LookRecord,
    Meeting,
    NamedObject,
    NoteRecord,
    Order,
    Question,
    RunRecord,
    UnreadRecord,
    VisitRecord,
    Weight,
)
from controller.collectors import answer as answers
from controller.errors import HostError, Reason, StoreError
from controller.indicators.text import values_in
from controller.indicators.weigh import collected
from controller.model.case import FindingKey, Value
from controller.model.collector import Collector, RootState, Row, StoppedBy, Unread, UnreadKind
from controller.model.decision import HostDecision, IdentityChange, Note, NoteKind
from controller.model.fleet import Platform
from controller.model.indicator import Kind, Observation
from controller.model.intent import IntentState
from controller.model.result import Attempt, Evidence, Finding, Look, TaskResult, ToolMode, ToolRun
from controller.model.sweep import Visit

_ANTIVIRUS: Final = {225: Weight.ANTIVIRUS_REFUSED, 226: Weight.ANTIVIRUS_DELETED}
"""ERROR_VIRUS_INFECTED and ERROR_VIRUS_DELETED of Windows; no errno of Linux has these numbers."""

_STOPPING: Final = frozenset({UnreadKind.FOLDER, UnreadKind.NAME, UnreadKind.MOUNT})
_STOPPING_WHEN_DENIED: Final = _STOPPING | {UnreadKind.LINK, UnreadKind.OTHER}
_ENTERED_TYPES: Final = frozenset({"folder", "file"})
"""The type of the row of a folder that a look was to start from, if it entered it."""
_NO_QUESTION: Final = frozenset({"root", "seconds", "max_files"})
"""Arguments that are read apart, or that do not decide what is looked at (campaign rules, section 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a computer: its records, and beside them what people want to read.

    `shown` are the newest words of the host on each value, collector and object, `images` the path of the program
    behind it as the host wrote it, if there is one, `findings` the newest words of a tool on each; `roots` are the
    folders that its looks were to start from, as the host resolved them last.
    """

    history: HostHistory
    shown: Mapping[tuple[Value, str, str], Observation] = field(default_factory=dict)
    images: Mapping[tuple[Value, str, str], str] = field(default_factory=dict)
    findings: Mapping[FindingKey, Finding] = field(default_factory=dict)
    roots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the records of a computer of one platform are made with.

    `met` says what an observation meets, `is_hit` whether any look of a visit saw something that meets anything.
    `answer` returns a kept answer, `observed` what a visit saw look by look, for answers that cannot be read again.
    `is_ours` holds for rows about files that we placed on the host.
    """

    platform: Platform
    met: Met
    is_hit: Callable[[Visit], bool]
    answer: Callable[[Evidence], bytes]
    observed: Callable[[Visit], Mapping[int, Sequence[Observation]]]
    collector: Callable[[str], Collector]
    is_ours: Callable[[Row], bool] = lambda _: False


def known(visits: Sequence[Visit], decisions: Sequence[HostDecision], source: Source) -> Known:
    """Return what the rules and people need of one computer; `visits` are in the order in which they were begun."""
    return _Reading(visits, source).known(decisions)


def notes_that_count(decisions: Iterable[HostDecision]) -> tuple[Note, ...]:
    """Return the notes on a computer that none took back, oldest first."""
    notes = [each for each in decisions if isinstance(each, Note)]
    undone = {each.undoes for each in notes}
    return tuple(each for each in notes if each.kind is not NoteKind.UNDO and each.committed not in undone)


class _Reading:
    """The records of one computer while they are made."""

    def __init__(self, visits: Sequence[Visit], source: Source) -> None:
        self._visits, self._source = visits, source
        self._looks = [look for visit in visits for look in visit.attempt.looks]
        self._roots = self._resolved_roots(self._looks)
        self._places = {id(look): self._links_of([look]) for look in self._looks}
        self._rows: Mapping[int, Sequence[ReadRow]] = self._read_rows() if self._decides() else {}

    def known(self, decisions: Sequence[HostDecision]) -> Known:
        notes = tuple(_note(each) for each in notes_that_count(decisions))
        accepts = tuple(
            Order(began=each.committed - 1, committed=each.committed)
            for each in decisions
            if isinstance(each, IdentityChange)
        )
        shown = {
            (value, look.key.collector, row.record.object): seen
            for look in self._looks
            for row in self._rows.get(id(look), ())
            for value, seen in row.shown
        }
        visits = tuple(self._visit(number, visit) for number, visit in enumerate(self._visits, start=1))
        history = HostHistory(visits=visits, notes=notes, accepts=accepts)
        images = {
            (value, look.key.collector, row.record.object): row.path
            for look in self._looks
            for row in self._rows.get(id(look), ())
            for value, _ in row.shown
        }
        return Known(history=history, shown=shown, images=images, findings=self._findings(), roots=self._roots)

    def _findings(self) -> Mapping[FindingKey, Finding]:
        places = ((visit, self._links_of(visit.attempt.looks)) for visit in self._visits)
        return {
            FindingKey(each.tool, each.threat, place(each.object)): each
            for visit, place in places
            for run in _runs(visit)
            for each in run.findings
        }

    def _resolved_roots(self, looks: Iterable[Look]) -> Mapping[str, str]:
        """Return each folder that looks were to start from, as the host resolved it last."""
        return {
            root.asked: place_of(root.resolved or root.asked, self._source.platform)
            for look in looks
            for root in reversed(look.roots)  # the first of several with one spelling is the folder itself
            if root.state is RootState.ENTERED
        }

    def _links_of(self, looks: Iterable[Look]) -> Places:
        """Return how paths are compared by the links that these looks followed: a link may lead elsewhere later."""
        platform = self._source.platform
        links = {place_of(asked, platform): place for asked, place in self._resolved_roots(looks).items()}
        return Places(platform, {link: place for link, place in links.items() if link != place})

    # rows

    def _decides(self) -> bool:
        """Say whether single rows decide: something was met, named by a tool, or refused by the antivirus."""
        items = [item for look in self._looks for item in look.unread_items]
        return (
            any(run.findings for visit in self._visits for run in _runs(visit))
            or any(item.error in _ANTIVIRUS or self._met_unread(item) for item in items)
            or any(map(self._source.is_hit, self._visits))
        )

    def _read_rows(self) -> Mapping[int, Sequence[ReadRow]]:
        """Read the rows of all looks, and return those about something that was ever met or found, by look."""
        every: dict[int, list[ReadRow]] = {}
        for visit in self._visits:
            observed = cache(lambda visit=visit: self._source.observed(visit))
            for position, look in enumerate(visit.attempt.looks):
                every[id(look)] = self._of_answer(look) or self._of_observations(look, observed().get(position, ()))
        places = {
            place
            for rows in every.values()
            for row in rows
            if row.record.meetings
            for place in (row.record.object, row.record.image)
        }
        for visit in self._visits:
            place = self._links_of(visit.attempt.looks)
            places |= {place(each.object) for run in _runs(visit) for each in run.findings}
        places |= {self._places[id(look)](item.path) for look in self._looks for item in look.unread_items}
        places |= {root.path for look in self._looks for root in self._asked_to_enter(look)}
        places.discard("")
        return {number: [row for row in rows if is_relevant(row, places)] for number, rows in every.items()}

    def _of_answer(self, look: Look) -> list[ReadRow] | None:
        """Return the rows of a kept answer; None when there is none that can be read."""
        if look.answer is None:
            return None
        spec = self._source.collector(look.key.collector).spec
        try:
            answer = answers.reread(spec, self._source.answer(look.answer), revision=look.revision)
        except (HostError, StoreError):
            return None
        seen = answers.observations(spec, answer, values_in, is_ours=self._source.is_ours)
        return list(read_rows(spec, answer.rows, seen, self._source.met, self._places[id(look)]))

    def _of_observations(self, look: Look, seen: Sequence[Observation]) -> list[ReadRow]:
        spec = self._source.collector(look.key.collector).spec
        return list(from_observations(spec, seen, self._source.met, self._places[id(look)]))

    def _met_unread(self, item: Unread) -> tuple[Meeting, ...]:
        """Return what the path of an item meets: what is listed is met, also when it cannot be read."""
        name = item.path.replace("\\", "/").rpartition("/")[2]
        return tuple(
            meeting
            for kind, value in ((Kind.PATH, item.path), (Kind.NAME, name))
            if value
            for meeting in self._source.met(Observation(kind=kind, value=value, collector=""))
        )

    # visits

    def _visit(self, number: int, visit: Visit) -> VisitRecord:
        attempt = visit.attempt
        made = [step for task in attempt.tasks for step in _in_order(task)]
        steps = [*(self._step(step, visit) for step in made), *self._without_end(visit)]
        placed = tuple(
            replace(step, order=replace(step.order, visit=number, position=position))
            for position, step in enumerate(steps, start=1)
        )
        began = min((attempt.began, *(step.order.began for step in steps)))
        boots = [step.boot_id for step in made if step.boot_id]
        return VisitRecord(
            order=Order(began=began, committed=attempt.committed, visit=number),
            at=attempt.ended,
            machine=attempt.identity.machine_id if attempt.identity else "",
            boot=boots[-1] if boots else "",
            steps=placed,
            fault=attempt.first_fault.reason if attempt.first_fault else None,
            doubt=attempt.fault.reason if attempt.fault and attempt.in_doubt else None,
            answered=attempt.identity is not None or attempt.in_doubt,
            sweep=visit.sweep,
        )

    def _step(self, step: ToolRun | Look, visit: Visit) -> RunRecord | LookRecord:
        if isinstance(step, ToolRun):
            return self._run(step, visit.attempt, self._links_of(visit.attempt.looks))
        place = next(place for place, look in enumerate(visit.attempt.looks) if look is step)
        return self._look(step, visit.attempt, lambda: self._source.observed(visit).get(place, ()))

    def _run(self, run: ToolRun, attempt: Attempt, place: Places) -> RunRecord:
        return RunRecord(
            order=Order(began=run.began, committed=run.committed),
            at=attempt.ended,
            run_id=run.run_id,
            tool=run.tool,
            roots=tuple(map(place, run.roots)),
            apply=run.mode is ToolMode.CLEAN,
            findings=tuple(
                NamedObject(threat=each.threat, object=place(each.object), state=each.state) for each in run.findings
            ),
            fault=run.fault.reason if run.fault else None,
            contradiction=run.contradiction,
        )

    def _without_end(self, visit: Visit) -> Iterator[RunRecord]:
        """Yield the starts that have no end: not known yet, or torn off; a detection that was torn off did no harm."""
        for start in visit.starts:
            intent = start.intent
            if start.taken or intent.state not in {IntentState.BEGUN, IntentState.INTERRUPTED}:
                continue
            is_torn = intent.state is IntentState.INTERRUPTED and intent.mode is ToolMode.CLEAN
            yield RunRecord(
                order=Order(began=start.began, committed=start.began),
                at=intent.begun,
                run_id=intent.run_id,
                tool=intent.tool,
                roots=tuple(map(self._links_of(visit.attempt.looks), intent.roots)),
                apply=intent.mode is ToolMode.CLEAN,
                fault=Reason.CLEAN_INTERRUPTED if is_torn else None,
                ended=is_torn,
            )

    # looks

    def _collected(self, look: Look, observed: Callable[[], Sequence[Observation]]) -> frozenset[Kind]:
        """Return the kinds of indicator that a look could meet, by the kinds of what it saw."""
        kinds = look.gathered or {each.kind for each in observed()}
        return collected(self._source.collector(look.key.collector), self._source.platform, kinds)

    def _look(self, look: Look, attempt: Attempt, observed: Callable[[], Sequence[Observation]]) -> LookRecord:
        place = self._places[id(look)]
        refused = tuple(
            UnreadRecord(weight=Weight.STOPS, name=place(root.asked), mark=RootState.REFUSED)
            for root in look.roots
            if root.state is RootState.REFUSED
        )
        unread = (*(self._unread(item, look) for item in look.unread_items), *refused)
        return LookRecord(
            order=Order(began=look.began, committed=look.committed),
            at=attempt.ended,
            question=self._question(look),
            entered=self._entered(look),
            collected=self._collected(look, observed),
            rows=tuple(row.record for row in self._rows.get(id(look), ())),
            unread=(*unread, *_unanswerable(look, unread)),
            limits=_limits(look),
            revision=look.revision,
            visited=look.rows,
        )

    def _entered(self, look: Look) -> tuple[EnteredRoot, ...]:
        """Return the folders that a look entered; where its rows were read, only those that are among them."""
        roots, rows = self._asked_to_enter(look), self._rows.get(id(look))
        if rows is None:
            return roots
        listed = {row.record.object for row in rows if row.type in _ENTERED_TYPES}
        return tuple(root for root in roots if root.path in listed)

    def _asked_to_enter(self, look: Look) -> tuple[EnteredRoot, ...]:
        """Return the folders that a look says it entered; older frames listed only a missing one, as a row."""
        if look.roots:
            entered = [root for root in look.roots if root.state is RootState.ENTERED]
            place = self._places[id(look)]
            return tuple(EnteredRoot(path=place(each.resolved or each.asked), volume=each.volume) for each in entered)
        asked = _asked_roots(look)
        plain = (place_of(root, self._source.platform) for root in asked)
        return tuple(EnteredRoot(path=root) for root in plain) if look.rows > len(asked) else ()

    def _question(self, look: Look) -> Question:
        """Return what was asked, the folders as the host resolved them."""
        arguments = dict(each.partition("=")[::2] for each in look.key.arguments)
        return Question(
            collector=look.key.collector,
            roots=tuple(map(self._places[id(look)], _asked_roots(look))),
            depth=int(arguments.pop("depth", 0)),
            other=tuple(f"{name}={value}" for name, value in sorted(arguments.items()) if name not in _NO_QUESTION),
        )

    def _unread(self, item: Unread, look: Look) -> UnreadRecord:
        """Weigh an item by the table of section 8 of the campaign rules."""
        stopping = _STOPPING_WHEN_DENIED if look.stopped is StoppedBy.DENIED else _STOPPING
        if item.error in _ANTIVIRUS:
            weight = _ANTIVIRUS[item.error]
        elif item.kind is UnreadKind.PROGRAM:
            weight = Weight.UNREADABLE
        else:
            weight = Weight.STOPS if item.kind in stopping else Weight.COUNTED
        return UnreadRecord(
            weight=weight,
            name=self._places[id(look)](item.path),
            mark=f"{item.kind} {item.error}",
            meetings=self._met_unread(item),
        )


def _in_order(task: TaskResult) -> tuple[ToolRun | Look, ...]:
    """Return what a task did: in time, its runs come before its looks."""
    return (*task.runs, *task.looks)


def _asked_roots(look: Look) -> tuple[str, ...]:
    return tuple(each.removeprefix("root=") for each in look.key.arguments if each.startswith("root="))


def _unanswerable(look: Look, items: Sequence[UnreadRecord]) -> Iterator[UnreadRecord]:
    """A collector that may not answer at all on this computer is an item that a person can check."""
    if look.stopped is StoppedBy.DENIED and not any(item.weight is Weight.STOPS for item in items):
        yield UnreadRecord(weight=Weight.STOPS, name=look.key.collector, mark=look.stopped)


def _limits(look: Look) -> tuple[str, ...]:
    """Return what stopped a look beside its items: its time, its count, or items that it could not name."""
    if look.stopped in {StoppedBy.TIME, StoppedBy.COUNT}:
        return (look.stopped,)
    unnamed = look.unread - len(look.unread_items)
    return (f"{unnamed} more unread items",) if look.stopped and unnamed else ()


def _runs(visit: Visit) -> Iterator[ToolRun]:
    return (run for task in visit.attempt.tasks for run in task.runs)


def _note(note: Note) -> NoteRecord:
    return NoteRecord(
        order=Order(began=note.began, committed=note.committed),
        at=note.at,
        kind=note.kind,
        covers=note.covers,
        items=frozenset(note.items),
    )
