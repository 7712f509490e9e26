"""What the looks of a playbook can see of its lists on each platform, and what they can see and not settle."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from controller.errors import ListError
from controller.indicators.weigh import sees, weigh
from controller.model.collector import Collector
from controller.model.fleet import Platform
from controller.model.indicator import IocList, Kind
from controller.model.playbook import LookArguments, Module, Playbook
from controller.model.sweep import Blindness
from controller.tasks.look import applies

_SHOWN_BY: Final = {
    Kind.ADDRESS: "connections",
    Kind.ENDPOINT: "connections",
    Kind.NETWORK: "connections",
    Kind.DOMAIN: "dns_cache",
}
"""Which collector has a column of its own for what also stands in texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The judging looks of a playbook, its lists in the order of `playbook.lists`, and the platforms of its hosts."""

    playbook: Playbook
    lists: Sequence[IocList]
    collectors: Mapping[str, Collector]
    platforms: Sequence[Platform]

    def blindness(self) -> tuple[Blindness, ...]:
        """Return what cannot be seen on each platform.

        Raises:
            ListError: no indicator can be seen on any of them.

        """
        blind = tuple(each for platform in self.platforms for each in self._unseen(platform, texts=True))
        indicators = sum(len(each.indicators) for each in self.lists) * len(self.platforms)
        if any(map(self._asked, Platform)) and sum(each.unseen for each in blind) == indicators:
            raise ListError(
                "no look of this playbook can see any indicator of its lists on these computers; "
                "add a look, or other lists."
            )
        return blind

    def cautions(self) -> Iterator[tuple[Platform, str]]:
        """Yield sentences on what this playbook alone cannot settle, or sees in texts alone, with their platform."""
        for platform in self.platforms:
            for sentence in (*self._unclosable(platform), *self._in_texts_alone(platform)):
                yield platform, sentence

    def _unclosable(self, platform: Platform) -> Iterator[str]:
        """A match that shows a moment is closed by looks at what could bring it back (campaign rules, section 5)."""
        asked = {look.collector for look in self._asked(platform)}
        moments = [name for name in ("processes", "connections") if name in asked]
        lacking = [name for name in ("autostart", "files") if name not in asked]
        if moments and lacking:
            yield (
                f"On {platform.capitalize()} this playbook asks {' and '.join(moments)} without "
                f"{' and '.join(lacking)}: such a match can then be closed only by a visit that asks them."
            )

    def _in_texts_alone(self, platform: Platform) -> Iterator[str]:
        never = {each.kind: each.unseen for each in self._unseen(platform, texts=True)}
        columns = {each.kind: each.unseen for each in self._unseen(platform, texts=False)}
        alone = {kind: columns.get(kind, 0) - never.get(kind, 0) for kind in _SHOWN_BY}
        counts = {kind: count for kind, count in alone.items() if count}
        if counts:
            others = " and ".join(dict.fromkeys(_SHOWN_BY[kind] for kind in counts))
            parts = ", ".join(f"{kind} {count}" for kind, count in counts.items())
            yield f"On {platform.capitalize()} these are looked for in texts alone, without a look at {others}: {parts}"

    def _unseen(self, platform: Platform, *, texts: bool) -> tuple[Blindness, ...]:
        """Weigh each list against the looks that judge by it; without `texts` against columns of their own."""
        looks = self._asked(platform)
        paired = zip(self.playbook.lists, self.lists, strict=True)
        return weigh([(listed, self._met(path, looks, platform, texts=texts)) for path, listed in paired], platform)

    def _met(self, path: str, looks: Sequence[LookArguments], platform: Platform, *, texts: bool) -> frozenset[Kind]:
        names = (look.collector for look in looks if not look.lists or path in look.lists)
        return frozenset[Kind]().union(*(sees(self.collectors[name], platform, texts=texts) for name in names))

    def _asked(self, platform: Platform) -> tuple[LookArguments, ...]:
        """Return the looks that judge on `platform`."""
        looks = (task.look for task in self.playbook.tasks if task.look and task.module is Module.CHECK_IOCS)
        return tuple(look for look in looks if applies(look, self.collectors[look.collector], platform))
