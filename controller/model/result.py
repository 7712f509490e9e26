"""What came back from one host, as data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.errors import Reason
from controller.model.collector import Root, StoppedBy, Unread
from controller.model.indicator import Kind, Match, Observation


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as data: its reason, and what the host or a library said."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A raw answer or a tool's log, kept whole under its SHA-256."""

    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LookKey:
    """A question with its arguments: two looks ask the same when their keys are equal.

    `arguments` are `name=value`, sorted; `lists` the SHA-256 of the IOC lists, sorted.
    """

    collector: str
    arguments: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One question answered to its end line.

    `judged` is False for `collect`. `repeats` says that it asks an earlier look's question again, after cleaning.
    `gone` and `there` are the objects of findings that it was made for, confirmed gone and seen again.
    `began` and `committed` place it in the order of the store's commits: the highest number that was committed when
    its script was sent, and the number of its own commit, 0 until it is read back from a store.
    `boot_id` and the collector's `revision` are those under which it was made. `roots` are as the host resolved them,
    `unread_items` the first of the `unread`. `gathered` are the kinds of its observations, empty in what older programs
    kept.
    """

    key: LookKey
    rows: int
    unread: int = 0
    stopped: StoppedBy | None = None
    judged: bool = True
    repeats: bool = False
    matches: tuple[Match, ...] = ()
    gone: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    observations: tuple[Observation, ...] = ()
    answer: Evidence | None = None
    began: int = field(default=0, compare=False)
    committed: int = field(default=0, compare=False)
    boot_id: str = ""
    revision: int = 1
    roots: tuple[Root, ...] = ()
    unread_items: tuple[Unread, ...] = ()
    gathered: frozenset[Kind] = frozenset()


class FindingState(StrEnum):
    """What became of a finding. Handled: removed, quarantined, cleaned; all others are open."""

    FOUND = "found"
    REMOVED = "removed"
    QUARANTINED = "quarantined"
    CLEANED = "cleaned"
    FAILED = "failed"
    MANUAL = "manual"
    REBOOT = "reboot"
    ALLOWED = "allowed"

    @property
    def handled(self) -> bool:
        """Say whether the tool claims to be done with it; only a later look confirms that."""
        return self in {FindingState.REMOVED, FindingState.QUARANTINED, FindingState.CLEANED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a cleanup tool says it found, and what it says it did."""

    tool: str
    threat: str
    object: str
    state: FindingState = FindingState.FOUND


class ToolMode(StrEnum):
    """How a tool was started."""

    DETECT = "detect"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """One start of a tool that came to its end, by the run id the controller gave it.

    `fault` says that it was no answer: what it found counts, what it did not find is not gone. `contradiction`
    says that its log and its exit code disagree. `roots` is what it was told to look at: a later detect-only
    run without fault and contradiction confirms for the same roots only. `began` and `committed` are the numbers of
    the commits of its start and of its end, `boot_id` that of the start.
    """

    run_id: str
    tool: str
    mode: ToolMode
    exit_code: int
    roots: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    fault: Fault | None = None
    contradiction: bool = False
    log: Evidence | None = None
    began: int = field(default=0, compare=False)
    committed: int = field(default=0, compare=False)
    boot_id: str = ""


class TaskState(StrEnum):
    """How a task ended."""

    DONE = "done"
    PLANNED = "planned"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What one task did. In time, `runs` come before `looks`.

    `index` is its place in the playbook; `plan` what it would do with `--apply`;
    `refused` is an answer that could not be read, kept for people.
    """

    index: int
    name: str
    state: TaskState
    runs: tuple[ToolRun, ...] = ()
    looks: tuple[Look, ...] = ()
    plan: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fault: Fault | None = None
    refused: Evidence | None = None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What it rests on: logs of runs, answers of looks, and what could not be read."""
        pieces = (*(run.log for run in self.runs), *(look.answer for look in self.looks), self.refused)
        return tuple(piece for piece in pieces if piece)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a machine says it is; known placeholders are dropped before it gets here."""

    computer_name: str = ""
    machine_id: str = ""
    uuid: str = ""
    serial: str = ""
    macs: tuple[str, ...] = ()
    host_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a host said to the first question of a session.

    `clock` is its time in seconds since the epoch; `free_bytes` is where the product's folder lies.
    `powershell` and `language_mode` are empty where there is no PowerShell. `boot_id` is another one after every
    start of the machine; empty where the host gave none.
    """

    identity: Identity
    elevated: bool
    free_bytes: int
    clock: int
    powershell: str = ""
    language_mode: str = ""
    boot_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One visit to one host. `fault` ended the visit; a task's own fault stands with the task.

    Times are UTC. `refused` is an answer to the first question that could not be read, kept for people. `began` and
    `committed` place it in the order of the store's commits, as those of a look do; `began` may be too late, for the
    store notes a visit when its first tool starts, or when it ends.
    """

    host: str
    number: int
    started: datetime
    ended: datetime
    tasks: tuple[TaskResult, ...] = ()
    fault: Fault | None = None
    identity: Identity | None = None
    notes: tuple[str, ...] = ()
    refused: Evidence | None = None
    began: int = field(default=0, compare=False)
    committed: int = field(default=0, compare=False)

    @property
    def in_doubt(self) -> bool:
        """Say whether it ended because another machine than that of the name answered, or may have."""
        return self.fault is not None and self.fault.reason.doubts_identity

    @property
    def first_fault(self) -> Fault | None:
        """What kept this attempt from ending, if anything did; a task's fault came before the host's."""
        return next((task.fault for task in self.tasks if task.fault), self.fault)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Its finished looks, in the order they were made."""
        return tuple(look for task in self.tasks for look in task.looks)
