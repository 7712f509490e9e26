"""A collector: one read-only question, the same columns on every platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from controller.model.fleet import Platform
from controller.model.indicator import Kind


class ColumnType(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a row. `kinds` are the sorts of indicator its value can meet; none for most columns.

    `port` names the column beside it that makes an address an endpoint. `pattern` is a regular expression that a text
    must match, where the program computes with it. `text` says that its value is a text in which values of any kind
    may stand: a command line, a script, a DNS answer. `since` is the revision of the collector from which its scripts
    give it.
    """

    name: str
    type: ColumnType
    description: str
    kinds: tuple[Kind, ...] = ()
    port: str = ""
    pattern: str = ""
    text: bool = False
    since: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSpec:
    """What a collector promises (`spec.yaml`).

    Fewer than `min_rows` rows are no answer. More than `max_rows`, or a text of more than `max_text` letters, are none
    either (0: the limits that hold for every answer). An answer of a running system with fewer than `min_own` rows of
    our own session (`own`) did not see everything. `takes` are the playbook arguments it accepts
    (`roots`, `max_files`, `seconds`). `where` names the columns that tell a row apart for people.
    `revision` is raised when a script learns to see more (campaign rules, section 3): a run shows that something is
    gone only if its revision is at least that of the run that saw it.
    """

    name: str
    question: str
    columns: tuple[Column, ...]
    min_rows: int = 0
    min_own: int = 0
    takes: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    seconds: int = 120
    revision: int = 1
    max_rows: int = 0
    max_text: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A collector ready to be sent: its spec and its script for each platform that has one."""

    spec: CollectorSpec
    scripts: Mapping[Platform, str] = field(default_factory=dict, hash=False)


Row = Mapping[str, str | int | bool | tuple[str, ...]]


class StoppedBy(StrEnum):
    """Why a look ended before it had seen everything."""

    TIME = "time"
    COUNT = "count"
    DENIED = "denied"
    MISSING = "missing"
    """None of the folders that it was to start from exists."""
    UNREAD = "unread"
    """More single items could not be read than a look may leave out (campaign rules, section 8)."""


class UnreadKind(StrEnum):
    """What could not be read; the weights are those of the campaign rules, section 8."""

    PROGRAM = "program"
    """A running, autostarting or executable file that could not be read: the computer stays unknown."""
    FILE = "file"
    FOLDER = "folder"
    NAME = "name"
    """A path that is too long for the system's own calls."""
    MOUNT = "mount"
    """A file system or volume that was not entered."""
    LINK = "link"
    PROCESS = "process"
    HIVE = "hive"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """One item that a collector could not read.

    `error` is the system's own number (Windows error code, errno), 0 where the host gave none. The Windows errors 225
    and 226 are refusals by the computer's own antivirus.
    """

    kind: UnreadKind
    path: str
    error: int = 0


class RootState(StrEnum):
    """What became of a folder that a look was to start from."""

    ENTERED = "entered"
    MISSING = "missing"
    REFUSED = "refused"
    """It is there and cannot be listed, is not ready, not mounted or locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A folder that a look was to start from, as the host resolved it.

    `asked` is the playbook's spelling, `resolved` the host's path without links, `volume` the serial or UUID of the
    volume it lies on. `resolved` and `volume` are empty where the host gave none.
    """

    asked: str
    state: RootState
    resolved: str = ""
    volume: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer of a collector, read to its end line.

    `unread` counts single items it could not read; `unread_items` names the first of them; `stopped` is None when it
    saw everything. `roots` are the folders that it started from; a volume that it entered below one of them has an
    entry of its own, with its mount point as `resolved`.
    """

    collector: str
    rows: tuple[Row, ...]
    unread: int = 0
    stopped: StoppedBy | None = None
    unread_items: tuple[Unread, ...] = ()
    roots: tuple[Root, ...] = ()
