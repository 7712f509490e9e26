"""What the state function finds on a computer: its cases, and the state they come to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.errors import Reason
from controller.model.case import CaseKey, FindingKey, LeftoverKey
from controller.model.indicator import Grade
from controller.model.verdict import Verdict


class Status(StrEnum):
    """How a case is now."""

    OPEN = "open"
    REVIEW = "review"
    """Only weak evidence: a person decides."""
    UNVERIFIED = "unverified"
    """The tool says that it handled it, and no later run confirms that."""
    VANISHED = "vanished"
    """Gone, and neither a tool nor a person handled it."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A match, finding or leftover of a computer, and how it is now.

    `reason` is what the computer is called for it while it is open; `last_seen` is the time of its newest sighting.
    `grade` is the strongest of a match's sightings.
    """

    key: CaseKey
    status: Status
    reason: Reason
    last_seen: datetime
    handled: bool = False
    machine: str = ""
    grade: Grade = Grade.CONFIRMED


def described(key: CaseKey) -> str:
    """Say in a few words what a case is about; the words are a host's or a list's, and not escaped."""
    if isinstance(key, FindingKey):
        return f"{key.threat or 'refused by the antivirus'} in {key.object} ({key.tool})"
    if isinstance(key, LeftoverKey):
        return f"{key.entry} names {key.image}"
    return f"{key.value[1]} in {key.object} ({key.collector})"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """The state of a computer over the campaign.

    `reason` is there exactly when the verdict is infected or unknown; `reasons` are all that hold, the one that is
    shown first. `replaced` are open cases of a machine that had the name before an `identity accept`. `unreached_since`
    is the time of the first of the newest visits that failed, `unreached_why` the reason of the last of them.
    """

    verdict: Verdict
    reason: Reason | None = None
    detail: str = ""
    done: bool = False
    open: tuple[Case, ...] = ()
    vanished: tuple[Case, ...] = ()
    closed: tuple[Case, ...] = ()
    replaced: tuple[Case, ...] = ()
    reasons: tuple[Reason, ...] = ()
    unread: int = 0
    unreached_since: datetime | None = None
    unreached_why: Reason | None = None
    retired: bool = False
