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

    `port` names the column beside it that makes an address an endpoint.
    """

    name: str
    type: ColumnType
    description: str
    kinds: tuple[Kind, ...] = ()
    port: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSpec:
    """What a collector promises (`spec.yaml`).

    Fewer than `min_rows` rows are no answer. `takes` are the playbook arguments it accepts
    (`roots`, `max_files`, `seconds`). `where` names the columns that tell a row apart for people.
    """

    name: str
    question: str
    columns: tuple[Column, ...]
    min_rows: int = 0
    takes: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    seconds: int = 120


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a collector said, read to its end line.

    `unread` counts single items it could not read; `stopped` is None when it saw everything.
    """

    collector: str
    rows: tuple[Row, ...]
    unread: int = 0
    stopped: StoppedBy | None = None
