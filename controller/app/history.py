"""The records of one computer, made from what the store holds of it, as the rules of a campaign read them.

Rows of an answer are read again only where they decide: on a computer that ever showed a listed value, or on which a
tool or the antivirus found something. Elsewhere a look is its question and whether it was complete.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from controller.app.rows import Met, ReadRow, from_observations, is_relevant, place_of, read_rows
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
from controller.model.case import Value
from controller.model.collector import CollectorSpec, RootState, Row, StoppedBy, Unread, UnreadKind
from controller.model.decision import HostDecision, IdentityChange, Note
from controller.model.fleet import Platform
from controller.model.indicator import Kind, Observation
from controller.model.intent import IntentState
from controller.model.result import Attempt, Evidence, Look, TaskResult, ToolMode, ToolRun
from controller.model.sweep import Visit

_ANTIVIRUS: Final = {225: Weight.ANTIVIRUS_REFUSED, 226: Weight.ANTIVIRUS_DELETED}
"""ERROR_VIRUS_INFECTED and ERROR_VIRUS_DELETED of Windows; no errno of Linux has these numbers."""

_STOPPING: Final = frozenset({UnreadKind.FOLDER, UnreadKind.NAME, UnreadKind.MOUNT})
_STOPPING_WHEN_DENIED: Final = _STOPPING | {UnreadKind.LINK, UnreadKind.OTHER}
_NO_QUESTION: Final = frozenset({"root", "seconds", "max_files"})
"""Arguments that are read apart, or that do not decide what is looked at (campaign rules, section 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a computer: its records, and beside them what people want to read.

    `shown` are the newest words of the host on each value, collector and object; `roots` are the folders that its
    looks were to start from, as the host resolved them last.
    """

    history: HostHistory
    shown: Mapping[tuple[Value, str, str], Observation] = field(default_factory=dict)
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
    spec: Callable[[str], CollectorSpec]
    is_ours: Callable[[Row], bool] = lambda _: False


def known(visits: Sequence[Visit], decisions: Sequence[HostDecision], source: Source) -> Known:
    """Return what the rules and people need of one computer; `visits` are in the order in which they were begun."""
    rows = _rows(visits, source) if _decides(visits, source) else {}
    shown = {
        (value, look.key.collector, row.record.object): seen
        for visit in visits
        for look in visit.attempt.looks
        for row in rows.get(id(look), ())
        for value, seen in row.shown
    }
    records = tuple(_visit(number, visit, rows, source) for number, visit in enumerate(visits, start=1))
    notes = tuple(_note(each) for each in decisions if isinstance(each, Note))
    accepts = tuple(
        Order(began=each.committed - 1, committed=each.committed)
        for each in decisions
        if isinstance(each, IdentityChange)
    )
    roots = {
        root.asked: place_of(root.resolved or root.asked, source.platform)
        for visit in visits
        for look in visit.attempt.looks
        for root in reversed(look.roots)  # the first of several with one spelling is the folder itself
        if root.state is RootState.ENTERED
    }
    return Known(history=HostHistory(visits=records, notes=notes, accepts=accepts), shown=shown, roots=roots)


# rows

_Rows = Mapping[int, Sequence[ReadRow]]
"""The rows of each look, by the identity of the look."""


def _decides(visits: Sequence[Visit], source: Source) -> bool:
    """Say whether single rows decide: something was met, named by a tool, or refused by the antivirus."""
    looks = [look for visit in visits for look in visit.attempt.looks]
    has_findings = any(run.findings for visit in visits for run in _runs(visit))
    items = [item for look in looks for item in look.unread_items]
    return (
        has_findings
        or any(item.error in _ANTIVIRUS or _met_unread(item, source) for item in items)
        or any(map(source.is_hit, visits))
    )


def _rows(visits: Sequence[Visit], source: Source) -> _Rows:
    """Read the rows of all looks, and return those about something that was ever met or found."""
    every: dict[int, list[ReadRow]] = {}
    places: set[str] = set()
    for visit in visits:
        kept = None
        for position, look in enumerate(visit.attempt.looks):
            rows = _of_answer(look, source)
            if rows is None:
                kept = source.observed(visit) if kept is None else kept
                spec = source.spec(look.key.collector)
                rows = list(from_observations(spec, kept.get(position, ()), source.met, source.platform))
            every[id(look)] = rows
            places |= {place for row in rows if row.record.meetings for place in (row.record.object, row.record.image)}
            places |= {place_of(item.path, source.platform) for item in look.unread_items}
        places |= {place_of(finding.object, source.platform) for run in _runs(visit) for finding in run.findings}
    places.discard("")
    return {number: [row for row in rows if is_relevant(row, places)] for number, rows in every.items()}


def _of_answer(look: Look, source: Source) -> list[ReadRow] | None:
    """Return the rows of a kept answer; None when there is none that can be read."""
    if look.answer is None:
        return None
    spec = source.spec(look.key.collector)
    try:
        answer = answers.read_again(spec, source.answer(look.answer))
    except (HostError, StoreError):
        return None
    seen = answers.observations(spec, answer, is_ours=source.is_ours)
    return list(read_rows(spec, answer.rows, seen, source.met, source.platform))


def _met_unread(item: Unread, source: Source) -> tuple[Meeting, ...]:
    """Return what the path of an item meets: what is listed is met, also when it cannot be read."""
    name = item.path.replace("\\", "/").rpartition("/")[2]
    return tuple(
        meeting
        for kind, value in ((Kind.PATH, item.path), (Kind.NAME, name))
        for meeting in source.met(Observation(kind=kind, value=value, collector=""))
    )


# visits


def _visit(number: int, visit: Visit, rows: _Rows, source: Source) -> VisitRecord:
    attempt = visit.attempt
    made = [step for task in attempt.tasks for step in _in_order(task)]
    steps = [*(_step(step, attempt, rows, source) for step in made), *_torn(visit)]
    placed = tuple(
        replace(step, order=replace(step.order, visit=number, position=position))
        for position, step in enumerate(steps, start=1)
    )
    began = min((attempt.began, *(step.order.began for step in steps)))
    fault = attempt.first_fault.reason if attempt.first_fault else None
    boots = [step.boot_id for step in made if step.boot_id]
    return VisitRecord(
        order=Order(began=began, committed=attempt.committed, visit=number),
        at=attempt.ended,
        machine=attempt.identity.machine_id if attempt.identity else "",
        boot=boots[-1] if boots else "",
        steps=placed,
        fault=fault,
        doubt=attempt.fault.reason if attempt.fault and attempt.in_doubt else None,
        answered=attempt.identity is not None or attempt.in_doubt,
        sweep=visit.sweep,
    )


def _in_order(task: TaskResult) -> tuple[ToolRun | Look, ...]:
    """Return what a task did: in time, its runs come before its looks."""
    return (*task.runs, *task.looks)


def _step(step: ToolRun | Look, attempt: Attempt, rows: _Rows, source: Source) -> RunRecord | LookRecord:
    return _run(step, attempt, source) if isinstance(step, ToolRun) else _look(step, attempt, rows, source)


def _run(run: ToolRun, attempt: Attempt, source: Source) -> RunRecord:
    return RunRecord(
        order=Order(began=run.began, committed=run.committed),
        at=attempt.ended,
        run_id=run.run_id,
        tool=run.tool,
        roots=tuple(place_of(root, source.platform) for root in run.roots),
        apply=run.mode is ToolMode.CLEAN,
        findings=tuple(
            NamedObject(threat=each.threat, object=place_of(each.object, source.platform), state=each.state)
            for each in run.findings
        ),
        fault=run.fault.reason if run.fault else None,
        contradiction=run.contradiction,
    )


def _torn(visit: Visit) -> Iterator[RunRecord]:
    """Yield the starts that have no end: not known yet, or torn off. Only a cleaning that was torn off is a reason."""
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
            roots=intent.roots,
            apply=intent.mode is ToolMode.CLEAN,
            fault=Reason.CLEAN_INTERRUPTED if is_torn else None,
            ended=is_torn,
        )


# looks


def _look(look: Look, attempt: Attempt, rows: _Rows, source: Source) -> LookRecord:
    entered = _entered(look, source)
    unread = tuple(_unread(item, look, source) for item in look.unread_items)
    refused = tuple(
        UnreadRecord(weight=Weight.STOPS, name=place_of(root.asked, source.platform), mark=RootState.REFUSED)
        for root in look.roots
        if root.state is RootState.REFUSED
    )
    return LookRecord(
        order=Order(began=look.began, committed=look.committed),
        at=attempt.ended,
        question=_question(look, source),
        entered=entered,
        rows=tuple(row.record for row in rows.get(id(look), ())),
        unread=(*unread, *refused, *_unanswerable(look, (*unread, *refused))),
        limits=_limits(look),
        revision=look.revision,
        visited=look.rows,
    )


def _asked_roots(look: Look) -> tuple[str, ...]:
    return tuple(each.removeprefix("root=") for each in look.key.arguments if each.startswith("root="))


def _entered(look: Look, source: Source) -> tuple[EnteredRoot, ...]:
    """Return the folders that a look entered; older frames did not say them, and listed a missing one as a row."""
    if look.roots:
        return tuple(
            EnteredRoot(path=place_of(root.resolved or root.asked, source.platform), volume=root.volume)
            for root in look.roots
            if root.state is RootState.ENTERED
        )
    asked = _asked_roots(look)
    if look.rows <= len(asked):
        return ()
    return tuple(EnteredRoot(path=place_of(root, source.platform)) for root in asked)


def _question(look: Look, source: Source) -> Question:
    """Return what was asked, the folders as the host resolved them."""
    resolved = {root.asked: root.resolved for root in reversed(look.roots) if root.resolved}
    arguments = dict(each.partition("=")[::2] for each in look.key.arguments)
    return Question(
        collector=look.key.collector,
        roots=tuple(place_of(resolved.get(root, root), source.platform) for root in _asked_roots(look)),
        depth=int(arguments.pop("depth", 0)),
        other=tuple(f"{name}={value}" for name, value in sorted(arguments.items()) if name not in _NO_QUESTION),
    )


def _unread(item: Unread, look: Look, source: Source) -> UnreadRecord:
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
        name=place_of(item.path, source.platform),
        mark=f"{item.kind} {item.error}",
        meetings=_met_unread(item, source),
    )


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
