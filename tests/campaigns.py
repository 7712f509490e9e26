"""A campaign of one computer, written in the order in which it is committed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from controller.campaign.cases import HostState
from controller.campaign.records import (
    EnteredRoot,
    FullLookTask,
    HostHistory,
    Lists,
    ListVersion,
    LookRecord,
    Meeting,
    NamedObject,
    NoteRecord,
    Order,
    Question,
    RowRecord,
    RunRecord,
    UnreadRecord,
    VisitRecord,
    Weight,
    Withdrawal,
)
from controller.campaign.state import state_of
from controller.errors import Reason
from controller.model.case import CaseKey, Value
from controller.model.decision import NoteKind
from controller.model.indicator import Grade, Kind
from controller.model.result import FindingState

HASH: Final[Value] = (Kind.SHA256, "bad")
OTHER_HASH: Final[Value] = (Kind.SHA256, "bad too")
ABSENT: Final[Value] = (Kind.SHA256, "no computer has this")
ADDRESS: Final[Value] = (Kind.ADDRESS, "203.0.113.7")
DOMAIN: Final[Value] = (Kind.DOMAIN, "bad.example")
URL: Final[Value] = (Kind.URL, "http://bad.example/a")
PROGRAM: Final = "/home/u/bad.bin"
HOME: Final = ("/home",)

_FILE_KINDS: Final = frozenset({Kind.SHA256, Kind.MD5, Kind.PATH})
_SEES: Final = {
    "files": _FILE_KINDS,
    "processes": _FILE_KINDS,
    "autostart": frozenset({Kind.SHA256, Kind.PATH}),
    "connections": frozenset({Kind.ADDRESS}),
    "dns_cache": frozenset({Kind.DOMAIN}),
}
_FIRST_DAY: Final = datetime(2022, 9, 15, 1, tzinfo=UTC)
_UNSENT: Final = Order(began=0, committed=0)

Step = LookRecord | RunRecord
Tasks = tuple[FullLookTask, ...]


def full_look(*collectors: str, tool: str = "", roots: tuple[str, ...] = HOME, **arguments: Any) -> Tasks:
    """Build the tasks of a playbook that asks these collectors, and cleans with this tool."""
    looks = tuple(
        FullLookTask(name=each, question=question(each, *roots, **arguments), sees=_SEES[each]) for each in collectors
    )
    return looks + ((FullLookTask(name="clean", tool=tool, roots=roots),) if tool else ())


def question(collector: str, *roots: str, **arguments: Any) -> Question:
    """Build a question; only `files` takes roots."""
    if collector != "files":
        return Question(collector=collector)
    return Question(collector=collector, roots=roots or HOME, **arguments)


EVERYTHING: Final = full_look("files", "processes", "connections", "dns_cache", "autostart")
FILES: Final = full_look("files")
FILES_AND_TOOL: Final = full_look("files", tool="quet")


def look(
    collector: str,
    *rows: RowRecord,
    roots: tuple[str, ...] = HOME,
    entered: Iterable[str | EnteredRoot] | None = None,
    **fields: Any,
) -> LookRecord:
    """Build an answer; `only`, `excepted`, `depth`, `newer_than` and `smaller_than` belong to its question."""
    names = {"only", "excepted", "depth", "newer_than", "smaller_than"} & fields.keys()
    asked = question(collector, *roots, **{name: fields.pop(name) for name in names})
    places = asked.roots if entered is None else entered
    return LookRecord(
        order=_UNSENT,
        at=_FIRST_DAY,
        question=asked,
        entered=tuple(each if isinstance(each, EnteredRoot) else EnteredRoot(path=each) for each in places),
        rows=rows,
        **{"visited": 1000, **fields},
    )


def meeting(*values: Value, grade: Grade = Grade.CONFIRMED) -> tuple[Meeting, ...]:
    """Build what a row meets."""
    return tuple(Meeting(value=value, grade=grade) for value in values)


def file(path: str = PROGRAM, content: str = "bad", **but: Any) -> RowRecord:
    """Build a row of `files`: its path and the hash of its content."""
    values = ((Kind.PATH, path), (Kind.SHA256, content))
    return RowRecord(object=path, **{"meetings": meeting(*values), "hashed": True, **but})


def process(path: str = PROGRAM, content: str = "bad") -> RowRecord:
    """Build a row of `processes`."""
    return file(path, content, image=path, volatile=True)


def connection(image: str = "", value: Value = ADDRESS) -> RowRecord:
    """Build a row of `connections`."""
    return RowRecord(object=f"{value[1]}:443", meetings=meeting(value), image=image, volatile=True)


def cached(value: Value = DOMAIN) -> RowRecord:
    """Build a row of the cache in `dns_cache`."""
    return RowRecord(object=value[1], meetings=meeting(value), volatile=True)


def entry(name: str = "Run/Updater", image: str = PROGRAM, *values: Value, disabled: bool = False) -> RowRecord:
    """Build a row of `autostart`."""
    return RowRecord(object=name, image=image, meetings=meeting(*values), disabled=disabled)


def unread(path: str = PROGRAM, weight: Weight = Weight.UNREADABLE, mark: str = "") -> UnreadRecord:
    """Build an item that is listed and could not be read; a listed path is met all the same."""
    return UnreadRecord(weight=weight, name=path, mark=mark, meetings=meeting((Kind.PATH, path)))


def run(*named: tuple[str, FindingState], roots: tuple[str, ...] = HOME, **fields: Any) -> RunRecord:
    """Build a run of a tool that names objects and what it did with each."""
    findings = tuple(NamedObject(threat="Trojan", object=path, state=state) for path, state in named)
    rest = {"run_id": "", "tool": "quet", **fields}
    return RunRecord(order=_UNSENT, at=_FIRST_DAY, roots=roots, findings=findings, **rest)


class Campaign:
    """Everything known of one computer. Every method that changes something returns the campaign itself."""

    def __init__(self, tasks: Tasks = EVERYTHING) -> None:
        self.tasks = tasks
        self.number, self.at = 0, _FIRST_DAY
        self.machine, self.boot = "m1", "b1"
        self.history, self.lists = HostHistory(), Lists()

    def add_list(self, *values: Value, name: str = "a.txt") -> Self:
        """A list, or a newer version of it, comes into force."""
        version = ListVersion(name=name, values=frozenset(values), order=self.next_order())
        self.lists = replace(self.lists, versions=(*self.lists.versions, version))
        return self

    def withdraw(self, *values: Value, list_name: str = "", restores: bool = False) -> Self:
        """`lamsach iocs withdraw`, or `restore`."""
        change = Withdrawal(order=self.next_order(), values=frozenset(values), list_name=list_name, restores=restores)
        self.lists = replace(self.lists, withdrawals=(*self.lists.withdrawals, change))
        return self

    def next_order(self, began: int | None = None) -> Order:
        """Take the next commit number; it was sent when `began` was the highest."""
        self.number += 1
        return Order(began=self.number - 1 if began is None else began, committed=self.number)

    def later(self, hours: int = 24) -> Self:
        """Let time pass."""
        self.at += timedelta(hours=hours)
        return self

    def restart(self) -> Self:
        """Restart the computer."""
        self.boot += "'"
        return self

    def visit(
        self,
        *steps: Step,
        fault: Reason | None = None,
        doubt: Reason | None = None,
        answered: bool = True,
        began: int | None = None,
        sweep: str = "",
    ) -> Self:
        """One visit; with `began` all of it was sent when that number was the highest."""
        first, number = self.number if began is None else began, len(self.history.visits) + 1
        made: list[Step] = []
        for position, step in enumerate(steps):
            order = replace(self.next_order(began), visit=number, position=position)
            if isinstance(step, RunRecord):
                made.append(replace(step, order=order, at=self.at, run_id=step.run_id or f"{number}.{position}"))
            else:
                made.append(replace(step, order=order, at=self.at))
        visit = VisitRecord(
            order=replace(self.next_order(first), visit=number),
            at=self.at,
            machine=self.machine,
            boot=self.boot,
            steps=tuple(made),
            fault=fault,
            doubt=doubt,
            answered=answered,
            sweep=sweep,
        )
        self.history = replace(self.history, visits=(*self.history.visits, visit))
        return self

    def full(self, **rows: tuple[RowRecord, ...]) -> Self:
        """A visit that answers every task of the playbook; `files=(row, …)` are the rows of a look."""
        looks = [
            replace(look(task.question.collector, *rows.get(task.question.collector, ())), question=task.question)
            for task in self.tasks
            if task.question
        ]
        looks = [replace(each, entered=tuple(EnteredRoot(path=root) for root in each.question.roots)) for each in looks]
        runs = [run(tool=task.tool, roots=task.roots) for task in self.tasks if task.tool]
        return self.visit(*looks, *runs)

    def off(self) -> Self:
        """A visit that reaches no machine."""
        return self.visit(fault=Reason.REACH_TIMEOUT, answered=False)

    def note(
        self,
        kind: NoteKind = NoteKind.HANDLED,
        *items: tuple[str, str],
        covers: frozenset[CaseKey] | None = None,
    ) -> Self:
        """`lamsach note`; its author is shown everything that is not closed."""
        keys = self.shown_keys if covers is None else covers
        note = NoteRecord(order=self.next_order(), at=self.at, kind=kind, covers=keys, items=frozenset(items))
        self.history = replace(self.history, notes=(*self.history.notes, note))
        return self

    def accept(self, machine: str = "m2") -> Self:
        """`lamsach identity accept`; from now on `machine` answers."""
        self.history = replace(self.history, accepts=(*self.history.accepts, self.next_order()))
        self.machine, self.boot = machine, f"boot of {machine}"
        return self

    @property
    def state(self) -> HostState:
        """Its state now."""
        return state_of(self.history, self.lists, self.tasks, now=self.number)

    @property
    def word(self) -> str:
        """Its state in one word: `clean` or `cleaned`, else the reason."""
        return self.state.reason or self.state.verdict

    @property
    def shown_keys(self) -> frozenset[CaseKey]:
        """The cases that a note made now would be shown."""
        state = self.state
        return frozenset(case.key for case in (*state.open, *state.vanished, *state.replaced))
