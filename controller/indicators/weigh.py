"""Lists against looks: which indicators no look of a playbook can see, and what a look can meet or has gathered."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from controller.indicators import text
from controller.indicators.matcher import MEETS
from controller.indicators.normalise import DIGITS
from controller.model.collector import Collector, CollectorSpec
from controller.model.fleet import Platform
from controller.model.indicator import Indicator, IocList, Kind
from controller.model.sweep import Blindness

_HASHES: Final = frozenset(DIGITS)


def sees(collector: Collector, platform: Platform, *, texts: bool = True) -> frozenset[Kind]:
    """Return the kinds of indicator that a look of `collector` can meet on a computer of `platform`.

    Without `texts` those that it meets in columns of their own.
    """
    return _met(_shown(collector.spec, texts=texts)) if platform in collector.scripts else frozenset()


def collected(collector: Collector, platform: Platform, kinds: Collection[Kind]) -> frozenset[Kind]:
    """Return the kinds of indicator that one look could meet, by the `kinds` that were taken out of its answer.

    An older lamsach asked for MD5 and SHA-1 only when a list held one: where a SHA-256 was seen and none of these, they
    were not computed.
    """
    lacking = _HASHES - set(kinds) if Kind.SHA256 in kinds else frozenset()
    return sees(collector, platform) - lacking


def weigh(lists: Sequence[tuple[IocList, Collection[Kind]]], platform: Platform) -> tuple[Blindness, ...]:
    """Return, for each kind, how many indicators can never be met on computers of `platform`.

    Beside each list stand the kinds of indicator that the looks which judge by it can meet there. A path of one system
    is on no computer of the other. `total` counts all indicators of all lists, so that one such value can be read
    alone. Empty when all can be seen.
    """
    unseen = Counter(
        indicator.kind
        for each, met in lists
        for indicator in each.indicators
        if indicator.kind not in met or not _can_be_on(indicator, platform)
    )
    total = sum(len(each.indicators) for each, _ in lists)
    return tuple(
        Blindness(kind=kind, unseen=unseen[kind], total=total, platform=platform) for kind in Kind if unseen[kind]
    )


def sentences(blind: Sequence[Blindness], computers: Mapping[Platform, int]) -> Iterator[str]:
    """Say for each platform, with how many computers it has here, what cannot be seen on them."""
    for platform, count in computers.items():
        here = [each for each in blind if each.platform == platform]
        if not (here and count):
            continue
        unseen, total = sum(each.unseen for each in here), here[0].total
        where = f"{count} {platform.capitalize()} computer{'' if count == 1 else 's'}"
        parts = ", ".join(f"{each.kind} {each.unseen}" for each in here)
        if unseen == total:
            yield (
                f"On {where} none of {total} indicators can be seen: {parts}; add a look or a list for them, "
                "or they stay unknown (list.unseen)."
            )
        else:
            yield f"On {where} {unseen} of {total} indicators cannot be seen: {parts}"


def _shown(spec: CollectorSpec, *, texts: bool) -> Iterator[Kind]:
    """Yield the kinds of value that rows show."""
    for column in spec.columns:
        yield from column.kinds
        if column.text and texts:
            yield from text.KINDS


def _met(visible: Iterable[Kind]) -> frozenset[Kind]:
    return frozenset[Kind]().union(*(MEETS[kind] for kind in visible))


def _can_be_on(indicator: Indicator, platform: Platform) -> bool:
    is_posix = indicator.value.startswith(("/", "~"))
    return indicator.kind is not Kind.PATH or is_posix == (platform is Platform.LINUX)
