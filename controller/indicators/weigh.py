"""Lists against looks: which indicators no look of a playbook can see."""

from collections import Counter
from collections.abc import Iterable, Sequence

from controller.indicators.matcher import MEETS
from controller.model.indicator import IocList, Kind
from controller.model.sweep import Blindness


def weigh(lists: Sequence[IocList], visible: Iterable[Kind]) -> tuple[Blindness, ...]:
    """Return, for each kind that looks which show `visible` can never meet, how many indicators are lost.

    `total` counts all indicators of all lists, so that one such value can be read alone. Empty when all can be seen.
    """
    counted = Counter(indicator.kind for each in lists for indicator in each.indicators)
    met = frozenset[Kind]().union(*(MEETS[kind] for kind in visible))
    return tuple(
        Blindness(kind=kind, unseen=counted[kind], total=counted.total())
        for kind in Kind
        if counted[kind] and kind not in met
    )


def sentence(blind: Sequence[Blindness]) -> str:
    """Say it for people: `37 of 412 cannot be seen: url 37`; empty when all can be seen."""
    if not blind:
        return ""
    unseen = sum(each.unseen for each in blind)
    parts = ", ".join(f"{each.kind} {each.unseen}" for each in blind)
    return f"{unseen} of {blind[0].total} cannot be seen: {parts}"
