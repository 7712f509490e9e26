"""What every value that any computer ever showed meets, of all list versions that ever came into force.

Offices share programs, so a value is compared once, not once for each computer. What it met is kept in the store until
the lists or the rules of comparing change.
"""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Final

from controller.app.in_force import CampaignLists
from controller.campaign.records import Meeting
from controller.indicators.matcher import Matcher
from controller.model.case import Value
from controller.model.indicator import IocList, Observation
from controller.model.sweep import Visit
from controller.store.ledger import Ledger
from controller.store.states import Compared, Meetings

COMPARING: Final = 1
"""The version of the rules by which an observation meets an indicator; raise it with any change of them."""

_AT_ONCE: Final = 20_000


class Comparison:
    """What observations meet; it keeps up with a store that grows."""

    def __init__(self, ledger: Ledger, lists: CampaignLists) -> None:
        self._ledger, self._lists = ledger, lists
        self._digest = sha256(f"{COMPARING} {sorted(use.sha256 for use in lists.uses)}".encode()).hexdigest()
        self._compared, self._kept, self._found = Compared(), Compared(), Meetings()
        self._asked: dict[tuple[str, str], tuple[Meeting, ...]] = {}

    @cached_property
    def _matcher(self) -> Matcher:
        named = tuple(self._lists.indicators.values())
        return Matcher((IocList(name="", sha256="", indicators=named),))

    def catch_up(self, *, keep: bool = False) -> None:
        """Compare what the store holds and was not compared yet; `keep` the result if the store may be written."""
        if not self._compared.digest:
            self._kept, self._found = self._ledger.meetings()
            self._compared = self._kept
        if self._compared.digest != self._digest:
            self._compared, self._found = Compared(self._digest), {}
        while values := self._ledger.observed(after=self._compared.highest, most=_AT_ONCE):
            for number, seen in values:
                if found := self._met(seen):
                    self._found[number] = found
            self._compared = Compared(self._digest, values[-1][0])
        if keep and self._compared != self._kept and self._ledger.is_writable:
            self._ledger.keep_meetings(self._compared, self._found)
            self._kept = self._compared

    def is_hit(self, visit: Visit) -> bool:
        """Say whether any look of a visit saw a value that meets something."""
        values = set[int]().union(*self._ledger.seen_values(visit).values())
        if max(values, default=0) > self._compared.highest:  # another program committed it since
            self.catch_up()
        return not self._found.keys().isdisjoint(values)

    def lowest(self, values: frozenset[Value]) -> Mapping[Value, int]:
        """Return those of `values` that any computer showed, each with the lowest commit number of such a look."""
        numbers = {
            number: [meeting.value for meeting in found if meeting.value in values]
            for number, found in self._found.items()
        }
        wanted = {number: named for number, named in numbers.items() if named}
        return {
            value: committed
            for number, committed in sorted(self._ledger.first_seen(wanted).items(), key=lambda each: -each[1])
            for value in wanted[number]
        }

    def met(self, seen: Observation) -> tuple[Meeting, ...]:
        """Return what an observation meets; observations are remembered, for many rows show the same."""
        key = (seen.kind, seen.value)
        if key not in self._asked:
            self._asked[key] = self._met(seen)
        return self._asked[key]

    def _met(self, seen: Observation) -> tuple[Meeting, ...]:
        matches = self._matcher.match((seen,))
        return tuple(dict.fromkeys(Meeting(value=(each.kind, each.value), grade=each.grade) for each in matches))
