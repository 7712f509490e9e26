"""Which list versions ever came into force in a campaign, and which indicators they name."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeVar

from controller.app.lists import parsed
from controller.campaign.records import Lists, ListVersion, Order
from controller.campaign.records import Withdrawal as WithdrawalRecord
from controller.model.case import Value
from controller.model.codec import dumps
from controller.model.decision import CampaignDecision, ListAdded, Withdrawal
from controller.model.indicator import Indicator, IocList
from controller.model.sweep import ListUse
from controller.store.ledger import Ledger

NAMED: Final = "name:"
"""What the identity of a list that `iocs add` named begins with; no path of a file does."""


class CampaignLists:
    """The lists of a campaign at one moment; a list is read when it is first asked for."""

    def __init__(
        self,
        ledger: Ledger,
        more: Iterable[CampaignDecision | ListUse] = (),
        contents: Mapping[str, bytes] | None = None,
    ) -> None:
        """Take the lists of the store, and behind them `more` that is not committed yet.

        `contents` are the files of `more` by their SHA-256, where the store does not hold them yet.
        """
        decisions = [*ledger.campaign_decisions(), *(each for each in more if not isinstance(each, ListUse))]
        added = [
            ListUse(path=NAMED + each.name, name=each.name, sha256=each.sha256, committed=each.committed)
            for each in decisions
            if isinstance(each, ListAdded)
        ]
        uses = [*ledger.list_uses(), *(each for each in more if isinstance(each, ListUse)), *added]
        self._ledger, self._contents = ledger, contents or {}
        self.uses: Sequence[ListUse] = _changes(sorted(uses, key=lambda each: each.committed))
        self.withdrawals = tuple(each for each in decisions if isinstance(each, Withdrawal))
        self.additions = tuple(each for each in decisions if isinstance(each, ListAdded))

    @cached_property
    def digest(self) -> bytes:
        """A text that changes with everything that decides which values are in force."""
        return dumps((tuple(self.uses), self.withdrawals))

    @cached_property
    def versions(self) -> tuple[tuple[ListUse, IocList], ...]:
        """Every version in the order in which it came into force, read."""
        by_digest = dict(self._contents)
        for use in self.uses:
            if use.sha256 not in by_digest:
                by_digest[use.sha256] = self._ledger.blob(use.sha256)
        return tuple((use, parsed(use, by_digest[use.sha256])) for use in self.uses)

    @cached_property
    def newest(self) -> Mapping[str, tuple[ListUse, IocList]]:
        """The newest version of each list, by the list's identity."""
        return {use.path: (use, listed) for use, listed in self.versions}

    @cached_property
    def withdrawn_values(self) -> Mapping[Value, Withdrawal]:
        """Every value that is withdrawn now, with the decision that did it."""
        return _withdrawn((value, each) for each in self.withdrawals for value in each.values)

    @cached_property
    def withdrawn_lists(self) -> Mapping[str, Withdrawal]:
        """The identity of every list that is withdrawn now, with the decision that did it."""
        return _withdrawn((each.list_name, each) for each in self.withdrawals if each.list_name)

    @property
    def is_replaced(self) -> bool:
        """Whether any list has several versions: then a value that was met and dropped may stay in force."""
        return len({use.path for use in self.uses}) < len(self.uses)

    @cached_property
    def indicators(self) -> Mapping[Value, Indicator]:
        """Every value that a version ever named, with the newest line that names it."""
        return {
            (indicator.kind, indicator.value): indicator
            for _, listed in self.versions
            for indicator in listed.indicators
        }

    @cached_property
    def dropped(self) -> frozenset[Value]:
        """The values of older versions that the newest version of their list does not name."""
        newest: dict[str, frozenset[Value]] = {}
        every: dict[str, frozenset[Value]] = {}
        for use, listed in self.versions:
            newest[use.path] = _values(listed)
            every[use.path] = every.get(use.path, frozenset()) | newest[use.path]
        return frozenset[Value]().union(*(every[path] - newest[path] for path in every))

    def records(self, met_elsewhere: Mapping[Value, int]) -> Lists:
        """Return the lists as the rules read them; `met_elsewhere` are dropped values that some computer showed."""
        return Lists(
            versions=tuple(
                ListVersion(name=use.path, values=_values(listed), order=_order(use.committed))
                for use, listed in self.versions
            ),
            withdrawals=tuple(
                WithdrawalRecord(
                    order=_order(each.committed),
                    values=frozenset(each.values),
                    list_name=each.list_name,
                    restores=each.restores,
                )
                for each in self.withdrawals
            ),
            met_elsewhere=tuple(met_elsewhere.items()),
        )


def _changes(uses: Sequence[ListUse]) -> tuple[ListUse, ...]:
    """Leave out the uses of the very version that was in force already."""
    newest: dict[str, str] = {}
    kept: list[ListUse] = []
    for use in uses:
        if newest.get(use.path) != use.sha256:
            kept.append(use)
        newest[use.path] = use.sha256
    return tuple(kept)


_Subject = TypeVar("_Subject")


def _withdrawn(decided: Iterable[tuple[_Subject, Withdrawal]]) -> Mapping[_Subject, Withdrawal]:
    found: dict[_Subject, Withdrawal] = {}
    for subject, each in decided:
        if each.restores:
            found.pop(subject, None)
        else:
            found[subject] = each
    return found


def _values(listed: IocList) -> frozenset[Value]:
    return frozenset((indicator.kind, indicator.value) for indicator in listed.indicators)


def _order(committed: int) -> Order:
    return Order(began=max(committed - 1, 0), committed=committed)
