"""Which machine answered: two names for one, or another one than last time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from controller.model.result import Attempt, Identity


def marks(identity: Identity) -> frozenset[str]:
    """Return what decides alone that two are one machine: UUID together with serial, or any one MAC.

    Offices clone disks: a machine id and an SSH host key are cloned with them, and decide nothing.
    """
    return frozenset(_marks(identity))


def is_another(before: Identity, now: Identity) -> bool:
    """Say whether `now` has nothing in common with `before`, of what both know.

    What decides alone is compared first; only where neither kind of it is known on both sides, what a cloned disk
    shares is compared. Where nothing can be compared, nothing is said.
    """
    hardware = [(_board(before), _board(now)), (frozenset(before.macs), frozenset(now.macs))]
    disk = [(_one(before.machine_id), _one(now.machine_id)), (_one(before.host_key), _one(now.host_key))]
    for pairs in (hardware, disk):
        comparable = [(ours, theirs) for ours, theirs in pairs if ours and theirs]
        if comparable:
            return all(ours.isdisjoint(theirs) for ours, theirs in comparable)
    return False


def twins(attempts: Mapping[str, Sequence[Attempt]]) -> Mapping[str, tuple[str, ...]]:
    """Return, for each name whose newest visit met the same machine as another name's, the other names."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for name, visits in attempts.items():
        newest = visits[-1].identity if visits else None
        for mark in marks(newest) if newest else ():
            names[mark].add(name)
    others: defaultdict[str, set[str]] = defaultdict(set)
    for together in names.values():
        for name in together:
            others[name] |= together - {name}
    return {name: tuple(sorted(rest)) for name, rest in others.items() if rest}


def _marks(identity: Identity) -> Iterator[str]:
    if identity.uuid and identity.serial:
        yield f"uuid {identity.uuid} {identity.serial}".casefold()
    for mac in identity.macs:
        yield f"mac {mac}".casefold()


def _board(identity: Identity) -> frozenset[str]:
    return _one(f"{identity.uuid} {identity.serial}".casefold()) if identity.uuid and identity.serial else frozenset()


def _one(value: str) -> frozenset[str]:
    return frozenset((value,)) if value else frozenset()
