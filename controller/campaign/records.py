"""What is known of one computer, as the state function reads it. Nothing here decides anything.

Paths are compared as the matcher folds them, with `/` between folders on every platform, and roots are those that the
host resolved: whoever builds the records does both.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.errors import Reason
from controller.model.case import CaseKey, Value
from controller.model.decision import NoteKind
from controller.model.indicator import Grade, Kind
from controller.model.result import FindingState


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """When something was sent and when it was committed, in numbers of the store's commits.

    `began` is the highest number committed when it was sent. Steps of one visit share `visit` (0 for none) and are
    ordered by `position`, whatever their numbers.
    """

    began: int
    committed: int
    visit: int = 0
    position: int = 0

    def is_later_than(self, other: "Order") -> bool:
        """Say whether this was sent after `other` was committed."""
        if self.visit and self.visit == other.visit:
            return self.position > other.position
        return self.began >= other.committed

    @property
    def rank(self) -> tuple[int, int]:
        """A total order by commit, to find the newest; it does not say that one saw the other's result."""
        return self.committed, self.position


# lists


@dataclass(frozen=True, slots=True, kw_only=True)
class ListVersion:
    """A version of a list from the moment it came into force. `name` identifies the list over all its versions."""

    name: str
    values: frozenset[Value]
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """`iocs withdraw`, or with `restores` `iocs restore`: of values in all lists, or of one whole list."""

    order: Order
    values: frozenset[Value] = frozenset()
    list_name: str = ""
    restores: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Every list version that came into force, and every withdrawal.

    `met_elsewhere` maps a value that any computer showed to the lowest commit number of such a sighting.
    """

    versions: tuple[ListVersion, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    met_elsewhere: tuple[tuple[Value, int], ...] = ()


# looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A collector with the arguments that decide what is looked at.

    `depth` 0 and empty texts are without a limit. `other` are arguments that must be equal.
    """

    collector: str
    roots: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    only: str = "all"
    newer_than: str = ""
    smaller_than: str = ""
    depth: int = 0
    other: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredRoot:
    """A root that a run entered, with the serial or UUID of its volume; empty where the host gave none."""

    path: str
    volume: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A value of some list version that a row meets, and how much that says."""

    value: Value
    grade: Grade = Grade.CONFIRMED


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRecord:
    """One row of an answer.

    `object` tells it apart: a path, an entry's location and name, an endpoint, a name. `image` is the file behind a
    process, connection or entry. `hashed` says that the file's content was read, `content` is its SHA-256. `volatile`
    rows show a moment.
    """

    object: str
    meetings: tuple[Meeting, ...] = ()
    image: str = ""
    hashed: bool = False
    content: str = ""
    volatile: bool = False
    disabled: bool = False


class Weight(StrEnum):
    """What an item that could not be read means for the look (campaign rules, section 8)."""

    ANTIVIRUS_REFUSED = "antivirus refused"
    """Windows error 225: a finding of tool `antivirus`."""
    ANTIVIRUS_DELETED = "antivirus deleted"
    """Windows error 226: a finding that counts as handled."""
    STOPS = "stops"
    """A folder that cannot be listed, a file system not entered, a link that leads out: the look is stopped."""
    UNREADABLE = "unreadable"
    """A program file that cannot be opened: `look.unread`, and the look is complete for all else."""
    SUSPICIOUS = "suspicious"
    """A program without a path that always has one: `match.review`."""
    COUNTED = "counted"
    """Anything else: shown beside the state, and too many of them stop the look."""
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadRecord:
    """An item that a look named and could not read. `mark` (its size and time) changes when the item does.

    `meetings` are those of its path: what is listed is met, also when it cannot be read.
    """

    weight: Weight
    name: str
    mark: str = ""
    meetings: tuple[Meeting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRecord:
    """One question with its answer.

    `whole` is False when the answer broke off; `limits` are the reasons the host gave for stopping. `visited` counts
    the items it met. `collected` are the kinds of value that this run gathered.
    """

    order: Order
    at: datetime
    question: Question
    entered: tuple[EnteredRoot, ...] = ()
    rows: tuple[RowRecord, ...] = ()
    unread: tuple[UnreadRecord, ...] = ()
    limits: tuple[str, ...] = ()
    whole: bool = True
    revision: int = 1
    visited: int = 0
    collected: frozenset[Kind] = frozenset(Kind)

    @property
    def collector(self) -> str:
        """The name of its collector."""
        return self.question.collector

    @property
    def listed(self) -> frozenset[str]:
        """Every object it named, readable or not."""
        return frozenset(row.object for row in self.rows) | frozenset(item.name for item in self.unread)


# runs of tools


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedObject:
    """One finding of a run."""

    threat: str
    object: str
    state: FindingState = FindingState.FOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One start of a tool. `ended` is False while no visit has settled it."""

    order: Order
    at: datetime
    run_id: str
    tool: str
    roots: tuple[str, ...] = ()
    apply: bool = False
    findings: tuple[NamedObject, ...] = ()
    fault: Reason | None = None
    contradiction: bool = False
    ended: bool = True

    @property
    def whole(self) -> bool:
        """Whether it is an answer: what it does not name, it did not find."""
        return self.ended and self.fault is None and not self.contradiction

    @property
    def torn(self) -> bool:
        """Whether a cleaning was torn off, or nobody knows yet how it ended."""
        return self.fault is Reason.CLEAN_INTERRUPTED or (self.apply and not self.ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecord:
    """One visit to the computer.

    `machine` is its machine id, `boot` its boot id. `doubt` is the `identity.*` reason for which its answer counts for
    nothing. `answered` says that some machine answered. `sweep` is never read by the rules.
    """

    order: Order
    at: datetime
    machine: str = ""
    boot: str = ""
    steps: tuple[LookRecord | RunRecord, ...] = ()
    fault: Reason | None = None
    doubt: Reason | None = None
    answered: bool = True
    sweep: str = ""


# notes and the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRecord:
    """A person's note, and the cases that its author was shown.

    `items` are for `checked` the items with their marks, for `harmless` the objects with the SHA-256 of their content.
    """

    order: Order
    at: datetime
    kind: NoteKind
    covers: frozenset[CaseKey] = frozenset()
    items: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostHistory:
    """Everything that is known of one computer. `accepts` are its `identity accept`s."""

    visits: tuple[VisitRecord, ...] = ()
    notes: tuple[NoteRecord, ...] = ()
    accepts: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FullLookTask:
    """A `check_iocs` task (with a question) or a `clean` task (with a tool) of the campaign's playbook.

    `sees` are the kinds of indicator that a look of this task can meet on the computer's platform.
    """

    name: str
    question: Question | None = None
    tool: str = ""
    roots: tuple[str, ...] = ()
    sees: frozenset[Kind] = frozenset()
