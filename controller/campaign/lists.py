"""Which values of the campaign's lists are in force."""

from collections.abc import Mapping

from controller.campaign.records import HostHistory, Lists, LookRecord
from controller.model.case import Value


def in_force(lists: Lists, met: Mapping[Value, int], *, now: int) -> frozenset[Value]:
    """Return the values that count after the commit `now`.

    Of each list the version that came into force last counts, and beside it what a newer version dropped though a
    computer had shown it before (`met`: value to the lowest commit number of a sighting), until it is withdrawn.
    """
    newest, kept = by_list(lists, met, now=now)
    values, names = _withdrawn(lists, now)
    of_lists = (newest[name] | kept[name] for name in newest.keys() - names)
    return frozenset().union(*of_lists) - values


def by_list(
    lists: Lists, met: Mapping[Value, int], *, now: int
) -> tuple[Mapping[str, frozenset[Value]], Mapping[str, frozenset[Value]]]:
    """Return for each list what its newest version names, and what of older versions stays because it was met.

    Withdrawals are not considered.
    """
    newest: dict[str, frozenset[Value]] = {}
    kept: dict[str, set[Value]] = {}
    for version in sorted(lists.versions, key=lambda each: each.order.rank):
        if version.order.committed > now:
            continue
        dropped = newest.get(version.name, frozenset()) - version.values
        still = {value for value in dropped if met.get(value, version.order.committed) < version.order.committed}
        kept.setdefault(version.name, set()).update(still)
        newest[version.name] = version.values
    return newest, {name: frozenset(values) - newest[name] for name, values in kept.items()}


def shown_values(history: HostHistory) -> dict[Value, int]:
    """Return every listed value that a computer showed, with the lowest commit number of such a sighting."""
    lowest: dict[Value, int] = {}
    for visit in history.visits:
        for step in visit.steps if visit.doubt is None else ():
            if isinstance(step, LookRecord):
                for value in (meeting.value for row in step.rows for meeting in row.meetings):
                    lowest[value] = min(step.order.committed, lowest.get(value, step.order.committed))
    return lowest


def met_anywhere(history: HostHistory, lists: Lists) -> dict[Value, int]:
    """Return what this computer and the others showed, each with its lowest commit number."""
    lowest = shown_values(history)
    for value, number in lists.met_elsewhere:
        lowest[value] = min(number, lowest.get(value, number))
    return lowest


def _withdrawn(lists: Lists, now: int) -> tuple[set[Value], set[str]]:
    values: set[Value] = set()
    names: set[str] = set()
    for each in sorted(lists.withdrawals, key=lambda each: each.order.rank):
        if each.order.committed > now:
            continue
        named = {each.list_name} - {""}
        if each.restores:
            values -= each.values
            names -= named
        else:
            values |= each.values
            names |= named
    return values, names
