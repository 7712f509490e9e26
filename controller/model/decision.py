"""What people decide about a computer beside its visits: notes, and that a machine was replaced."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.model.indicator import Match
from controller.model.result import Finding, Identity


class NoteKind(StrEnum):
    """What a note settles; the effect of each is that of the campaign rules, section 5."""

    HANDLED = "handled"
    GONE = "gone"
    CHECKED = "checked"
    HARMLESS = "harmless"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A person's word on a computer. Times are UTC.

    `made` is when it was written, `at` the moment that it speaks of. `object` is the item, value, threat or path that
    it names, `text` the reason. `matches` and `findings` are those that its author was shown: the note covers no
    others. `began` is the highest commit number when they were read, `committed` the number of its own commit, 0
    until it is read back from a store.
    """

    host: str
    kind: NoteKind
    operator: str
    made: datetime
    at: datetime
    object: str = ""
    text: str = ""
    matches: tuple[Match, ...] = ()
    findings: tuple[Finding, ...] = ()
    began: int = 0
    committed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """`lamsach identity accept`: the next machine that answers to the name is its computer. Times are UTC.

    `before` is what was known of the machine until then. `committed` is the number of its commit, 0 until it is read
    back from a store.
    """

    host: str
    operator: str
    made: datetime
    before: Identity
    committed: int = 0


Decision = Note | IdentityChange
