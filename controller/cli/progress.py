"""What is shown while a sweep runs: live rows per unit on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol, TextIO

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from controller.cli.printing import counted
from controller.model.fleet import Host, Unit
from controller.model.text import shown
from controller.model.verdict import Judgement, Verdict

_EVERY: Final = 10.0
"""Seconds between two plain lines of progress."""

_OTHER_LINES: Final = 4
"""Lines of a screen that are not a unit's: headings, units left out, the total, and where the cursor stands."""


class Progress(Protocol):
    """Is told of each host as it is committed."""

    def advance(self, host: str, judgement: Judgement) -> None:
        """Count one more host."""
        ...


@dataclass(slots=True)
class Tally:
    """Counts of one sweep while it runs; `clock` gives seconds."""

    total: Mapping[str, int]
    unit_of: Mapping[str, str]
    started: float
    done: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)

    def count(self, host: str, judgement: Judgement) -> None:
        """Count one host."""
        unit = self.unit_of.get(host, "")
        self.done[unit] += 1
        self.verdicts[unit, judgement.verdict] += 1

    def of(self, verdict: Verdict) -> int:
        """Count the hosts with that verdict in all units."""
        # Whoever draws does so while another thread counts: a copy, made at one go.
        return sum(times for (_, each), times in tuple(self.verdicts.items()) if each is verdict)

    @property
    def left(self) -> int:
        """How many hosts are not counted yet."""
        return sum(self.total.values()) - self.done.total()

    def line(self, now: float) -> str:
        """Say in one line how far the sweep is, its rate, and when it may end."""
        done, total = self.done.total(), sum(self.total.values())
        rate = done / max(now - self.started, 0.001)
        left = f"{_clock(self.left / rate)} left" if done and self.left else ""
        infected, unknown = self.of(Verdict.INFECTED), self.of(Verdict.UNKNOWN)
        parts = [f"{done}/{total} hosts", f"{infected} infected", f"{unknown} unknown", f"{rate:.1f}/s", left]
        return ", ".join(part for part in parts if part)


@contextmanager
def progress(hosts: Sequence[Host], units: Sequence[Unit], out: TextIO) -> Iterator[Progress]:
    """Show progress on `out` while the body runs.

    A terminal gets rows that a thread of rich draws once a second, so `advance` only counts. `out` should be a stream
    that never waits and never fails (`controller.cli.lossy`): progress must neither hold up nor end a sweep.
    """
    totals = Counter(host.unit for host in hosts)
    tally = Tally(totals, {host.name: host.unit for host in hosts}, time.monotonic())
    if not out.isatty():
        yield _PlainLines(tally, out)
        click.echo(tally.line(time.monotonic()), file=out)
        return
    names = {unit.id: unit.name for unit in units} | {"": "(no unit)"}
    console = _Screen(file=out, highlight=False, markup=False)
    with Live(
        console=console,
        refresh_per_second=1,
        redirect_stdout=False,
        get_renderable=lambda: _rows(tally, names, console.height - _OTHER_LINES),
    ):
        yield _Counting(tally)


class _Screen(Console):
    """A console that never hides the cursor: to show it again may be what a terminal does not take any more."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - rich's signature
        """Leave the cursor as it is."""
        return False


class _Counting:
    """Counts; whoever draws looks at the tally."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def advance(self, host: str, judgement: Judgement) -> None:
        """Count one more host."""
        self._tally.count(host, judgement)


class _PlainLines(_Counting):
    """Prints a line now and then, for a log file."""

    def __init__(self, tally: Tally, out: TextIO) -> None:
        super().__init__(tally)
        self._out, self._next = out, tally.started + _EVERY

    def advance(self, host: str, judgement: Judgement) -> None:
        """Count one more host."""
        super().advance(host, judgement)
        if (now := time.monotonic()) >= self._next and self._tally.left:
            self._next = now + _EVERY
            click.echo(self._tally.line(now), file=self._out)


def _rows(tally: Tally, names: Mapping[str, str], room: int) -> Group:
    """Lay out a line for each unit; where there is `room` for fewer, those first that still have hosts to visit."""
    units = list(tally.total)
    if len(units) > room:
        units = sorted(units, key=lambda unit: tally.done[unit] >= tally.total[unit])[: max(room, 0)]
    table = Table(box=None, pad_edge=False)
    table.add_column("unit")
    for heading in ("done", "infected", "unknown"):
        table.add_column(heading, justify="right", no_wrap=True)
    for unit in units:
        counts = (tally.verdicts[unit, Verdict.INFECTED], tally.verdicts[unit, Verdict.UNKNOWN])
        name = Text(shown(names.get(unit, unit)), no_wrap=True, overflow="ellipsis")
        table.add_row(name, f"{tally.done[unit]}/{tally.total[unit]}", *map(str, counts))
    more = len(tally.total) - len(units)
    lines = [f"and {counted(more, 'more unit')}"] if more else []
    return Group(table, *map(Text, [*lines, tally.line(time.monotonic())]))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
