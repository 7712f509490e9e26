"""Lists against looks: which indicators no look of a playbook can see."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from controller.indicators.matcher import MEETS
from controller.model.indicator import IocList, Kind
from controller.model.sweep import Blindness


def weigh(lists: Sequence[tuple[IocList, Collection[Kind]]]) -> tuple[Blindness, ...]:
    """Return, for each kind, how many indicators the looks can never meet.

    Beside each list stand the kinds that the looks which judge by it show. `total` counts all indicators of all
    lists, so that one such value can be read alone. Empty when all can be seen.
    """
    unseen = Counter(kind for each, visible in lists for kind in _kinds(each) if kind not in _met(visible))
    total = sum(len(each.indicators) for each, _ in lists)
    return tuple(Blindness(kind=kind, unseen=unseen[kind], total=total) for kind in Kind if unseen[kind])


def _kinds(listed: IocList) -> Iterable[Kind]:
    return (indicator.kind for indicator in listed.indicators)


def _met(visible: Iterable[Kind]) -> frozenset[Kind]:
    return frozenset[Kind]().union(*(MEETS[kind] for kind in visible))


def sentence(blind: Sequence[Blindness]) -> str:
    """Say it for people: `37 of 412 cannot be seen: url 37`; empty when all can be seen."""
    if not blind:
        return ""
    unseen = sum(each.unseen for each in blind)
    parts = ", ".join(f"{each.kind} {each.unseen}" for each in blind)
    return f"{unseen} of {blind[0].total} cannot be seen: {parts}"
