"""What people decide beside the visits: notes on a computer, a replaced machine, lists and the campaign's playbook.

Times are UTC. `began` is the highest commit number when the decision's author read the store, `committed` the number
of its own commit; both are 0 until it is read back from a store.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.model.case import CaseKey, FindingKey, LeftoverKey, MatchKey, Value
from controller.model.playbook import Playbook
from controller.model.result import Identity


class NoteKind(StrEnum):
    """What a note settles; the effect of each is that of the campaign rules, section 5."""

    HANDLED = "handled"
    GONE = "gone"
    CHECKED = "checked"
    HARMLESS = "harmless"
    RETIRED = "retired"
    UNDO = "undo"
    """Takes back an earlier note, which counts for nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A person's word on a computer.

    `operator` is the account that wrote it, `by` whose word it is where that is another person. `made` is when it was
    written, `at` the moment that it speaks of. `object` is the item, value, threat or path that
    it names, `text` the reason. `matches`, `findings` and `leftovers` are those that its author was shown: the note
    covers no others. `items` are unread items that a person checked, each with its mark (see `UnreadRecord`). `undoes`
    is the number of the note that this one takes back.
    """

    host: str
    kind: NoteKind
    operator: str
    made: datetime
    at: datetime
    by: str = ""
    object: str = ""
    text: str = ""
    matches: tuple[MatchKey, ...] = ()
    findings: tuple[FindingKey, ...] = ()
    leftovers: tuple[LeftoverKey, ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    undoes: int = 0
    began: int = 0
    committed: int = 0

    @property
    def covers(self) -> frozenset[CaseKey]:
        """Every case that its author was shown."""
        return frozenset((*self.matches, *self.findings, *self.leftovers))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """`lamsach identity accept`: the next machine that answers to the name is its computer.

    `before` is what was known of the machine until then.
    """

    host: str
    operator: str
    made: datetime
    before: Identity
    committed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAdded:
    """`lamsach iocs add`: a version of a list that is in force from now on; the file is kept under its SHA-256.

    `name` identifies the list over its versions: a newer one replaces the older one of the same name.
    """

    name: str
    sha256: str
    operator: str
    made: datetime
    committed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """`lamsach iocs withdraw`, or with `restores` `iocs restore`: of values in all lists, or of one whole list."""

    operator: str
    made: datetime
    why: str
    values: tuple[Value, ...] = ()
    list_name: str = ""
    restores: bool = False
    committed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookNamed:
    """`lamsach init`: the playbook whose tasks are the full look of the campaign, as it was then."""

    playbook: Playbook
    operator: str
    made: datetime
    committed: int = 0


HostDecision = Note | IdentityChange
CampaignDecision = ListAdded | Withdrawal | PlaybookNamed
Decision = HostDecision | CampaignDecision
