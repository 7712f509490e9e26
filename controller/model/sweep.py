"""One sweep, and the jobs it is made of."""

from dataclasses import dataclass, field
from datetime import datetime

from controller.model.fleet import Host, Order, RosterEntry, Unit
from controller.model.intent import AttemptStart
from controller.model.playbook import Playbook, Task
from controller.model.result import Attempt, TaskResult
from controller.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """An operator's file, kept whole: `role` is `playbook`, `list`, `list here` or `tool`.

    Of a file that is pushed (`push`) only the checksum is kept, as the line that sha256sum prints. `path` identifies a
    list over its versions: relative to the campaign's folder, absolute outside of it. A `list here` judged one sweep
    alone, and did not come into force.
    """

    role: str
    name: str
    sha256: str
    data: bytes
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blindness:
    """How many indicators of a kind no look of the playbook can see on computers of a platform.

    What a store kept before it had `platform` was weighed over all platforms at once.
    """

    kind: str
    unseen: int
    total: int
    platform: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One playbook on chosen hosts, once: everything the report needs, snapshotted. Times are UTC.

    `retried` is the state in the campaign for which its hosts were chosen, None when they were not chosen by one.
    `list_here` says that its lists judged this sweep alone, and did not come into force.
    `committed` is the number of the commit that began it, 0 until it is read back from a store.
    """

    id: str
    started: datetime
    operator: str
    apply: bool
    limit: str
    playbook: Playbook
    inventory: str
    inventory_digest: str
    roster: tuple[RosterEntry, ...]
    units: tuple[Unit, ...]
    order: Order | None = None
    rejected: int = 0
    blind: tuple[Blindness, ...] = ()
    program: str = ""
    retried: Verdict | None = None
    list_here: bool = False
    committed: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostJob:
    """All a worker needs to visit one host: plain data, no secret, no open handle.

    `so_far` are task results that are already committed; the visit goes on behind them.
    """

    sweep: str
    host: Host
    tasks: tuple[Task, ...]
    apply: bool = False
    attempt: int = 1
    so_far: tuple[TaskResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLine:
    """One sweep in a list of sweeps. `given` is how many hosts it was to visit, `finished` how many have a result."""

    id: str
    started: datetime
    ended: datetime | None
    operator: str
    playbook: str
    apply: bool
    given: int
    finished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """An attempt that was begun and has no result: what it had committed when it last started a program.

    `began` is the highest commit number when the store first heard of it.
    """

    host: str
    number: int
    begun: datetime
    began: int = 0
    so_far: tuple[TaskResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit as the store holds it. `row` numbers the visits of all sweeps in the order in which they were begun.

    `starts` are the starts of tools that it made or took over, oldest first.
    """

    sweep: str
    row: int
    attempt: Attempt
    starts: tuple[AttemptStart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUse:
    """A version of a list that came into force: with a sweep, or by `lamsach iocs add`.

    `path` identifies the list over its versions, `name` is for people, `committed` the number of that commit.
    """

    path: str
    name: str
    sha256: str
    committed: int
