"""Read kept answers again after a new program learned to see more in them.

A look's sightings were taken out of its answer by the program of that day. The answer is kept whole, so what that
program passed over, such as a URL inside a command, is found without asking the computer again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from controller.app.preflight import collector_of
from controller.collectors import answer as answers
from controller.errors import LamsachError
from controller.indicators.text import values_in
from controller.model.collector import Row
from controller.model.fleet import Platform
from controller.model.indicator import Observation
from controller.store.ledger import Ledger
from controller.store.rereading import KeptLook
from controller.tasks.look import is_ours

_AT_ONCE: Final = 200
"""Looks in one transaction."""
_MOST_SEEN: Final = 100_000
"""Sightings after which a transaction is not made larger."""

Progress = Callable[[int, int], None]
"""Called after each transaction with the looks that were read again, and those that there are to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What came of it.

    `done` looks have new sightings. `left` are of an older reading still, because the store may not be written.
    `unreadable` kept answers could not be read, in this run or an earlier one, and keep their old sightings; `why` says
    what is wrong with the first of them.
    """

    done: int = 0
    left: int = 0
    unreadable: int = 0
    why: str = ""


def reread(ledger: Ledger, progress: Progress) -> Reread:
    """Take the sightings of every look of an older reading out of its kept answer again.

    Each transaction is whole by itself: a run that is cut off loses nothing, and the next one goes on. Two programs at
    once do the same work twice. An answer that cannot be read keeps its old sightings and is counted.

    Raises:
        StoreError: the store itself cannot be read or written.

    """
    to_do = ledger.readings().older
    if not ledger.is_writable:
        return _result(ledger, 0)
    reader = _Reader(ledger)
    done = tried = 0
    while some := ledger.looks_to_reread(_AT_ONCE):
        for again in _in_portions(reader, some):
            ledger.replace_sightings(again)
            done += sum(seen is not None for seen in again.values())
            tried += len(again)
            progress(tried, max(tried, to_do))
    return _result(ledger, done)


def _in_portions(reader: "_Reader", looks: tuple[KeptLook, ...]) -> Iterator[dict[int, tuple[Observation, ...] | None]]:
    portion: dict[int, tuple[Observation, ...] | None] = {}
    for each in looks:
        seen = reader.seen_in(each)
        portion[each.number] = seen if isinstance(seen, tuple) else None
        if sum(len(made or ()) for made in portion.values()) > _MOST_SEEN:
            yield portion
            portion = {}
    if portion:
        yield portion


def _result(ledger: Ledger, done: int) -> Reread:
    now = ledger.readings()
    first = ledger.first_unreadable() if now.unreadable else None
    why = ""
    if first:
        seen = _Reader(ledger).seen_in(first)
        place = f"'{first.collector}' of '{first.host}' in sweep '{first.sweep}'"
        why = f"{place}: {seen}" if isinstance(seen, str) else f"{place}: it could not be read before"
    return Reread(done=done, left=now.older, unreadable=now.unreadable, why=why)


class _Reader:
    """Reads kept answers with what it takes: specs, the platforms of hosts, and what we placed there."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._sweep = cache(self._sweep_of)

    def seen_in(self, kept: KeptLook) -> tuple[Observation, ...] | str:
        """Return what the answer of a look shows, or why it cannot be read."""
        if kept.made is None or kept.made.answer is None:
            return "no record of its visit names its answer"
        data = self._ledger.answer(kept.made.answer.sha256)
        if not isinstance(data, bytes):
            return str(data)
        try:
            spec = collector_of(kept.collector).spec
            answer = answers.reread(spec, data, revision=kept.made.revision)
        except LamsachError as error:
            return str(error)
        return answers.observations(spec, answer, values_in, is_ours=self._ours(kept))

    def _ours(self, kept: KeptLook) -> Callable[[Row], bool]:
        """Return what tells the files that the sweep placed on the host; a host that it does not know has none."""
        platforms, pushed = self._sweep(kept.sweep)
        platform = platforms.get(kept.host)
        return partial(is_ours, platform=platform, pushed=pushed) if platform else lambda _: False

    def _sweep_of(self, name: str) -> tuple[dict[str, Platform], frozenset[str]]:
        sweep = self._ledger.sweep(name)
        return {entry.name: entry.platform for entry in sweep.roster}, sweep.playbook.pushed
