"""`lamsach status`: how far the campaign is, one row a unit."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from tabulate import tabulate

from controller.app import status as statuses
from controller.app.status import Status, StatusCounts
from controller.cli.opened import opened
from controller.cli.options import STATUS, Once, campaign_folder, check_unit, store_option, unit_option
from controller.cli.printing import counted, put
from controller.model.fleet import Unit
from controller.model.text import shown, shown_json
from controller.reports.vietnamese import minute_in_hanoi

_WIDTH: Final = 80
_NAME: Final = 25
"""Columns of a unit's name: what the counts leave of a terminal's 80."""

_HEADINGS: Final = ("unit", "computers", "clean", "cleaned", "infected", "unknown", "never\nreached")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the campaign is; `inventory` is the one that was asked for, or empty."""

    folder: Path
    store: Path
    inventory: str

    def short(self, path: str) -> str:
        """Return a path from the campaign's folder where it is below that."""
        return str(Path(path).relative_to(self.folder)) if Path(path).is_relative_to(self.folder) else path


@click.command()
@click.option(
    "-i",
    "--inventory",
    cls=Once,
    again="as the sweeps had it",
    type=click.Path(path_type=Path),
    help="Whose computers: those of the newest sweep of this inventory. [default: of the newest sweep]",
)
@unit_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@store_option
def status(inventory: Path | None, unit: str | None, form: str, store: Path) -> int:
    """Show how far the campaign is: the computers of each unit by their state over all sweeps.

    A computer that never answered is counted as never reached, and not as unknown. Computers that were retired are in
    no figure. Infected computers that left the inventory, and what is open of machines that were replaced, are
    listed below the sums.

    \b
    Exit status: 0 all clean or cleaned, 3 infected computers remain (those below the sums, too),
    4 computers remain that are unknown or were never reached.

    \b
    Example:
      lamsach status
      lamsach status --unit chi-cuc-son-duong
    """
    check_unit(unit)
    with opened(store) as ledger:
        asked = str(inventory.resolve()) if inventory else ""
        found = statuses.status_of(ledger, inventory=asked, unit=unit or "")
        place = _Place(folder=campaign_folder() or ledger.folder, store=store.absolute(), inventory=asked)
    put(_json(found, place) if form == "json" else "".join(f"{line}\n" for line in _lines(found, place)))
    return STATUS[found.verdict]


def _lines(found: Status, place: _Place) -> Iterator[str]:
    yield from _heading(found, place)
    yield ""
    yield _table([(shown(_called(unit)), *_counts(counts)) for unit, counts in found.units], _counts(found.total))
    beside = list(_beside(found))
    yield from (["", "Beside these figures:", *beside] if beside else [])


def _table(units: Sequence[tuple[str, *tuple[int, ...]]], total: tuple[int, ...]) -> str:
    """Lay it out in 80 columns: as rows, for tabulate makes each column of headings two wider than they are."""
    widths = (_NAME, *(max(map(len, heading.split("\n"))) for heading in _HEADINGS[1:]))
    rule = tuple("-" * width for width in widths)
    return tabulate(
        [_HEADINGS, rule, *units, ("total", *total)],
        tablefmt="plain",
        maxcolwidths=[_NAME],
        colalign=("left", *["right"] * len(total)),
        disable_numparse=True,
        break_on_hyphens=False,
    )


def _heading(found: Status, place: _Place) -> Iterator[str]:
    yield from _labelled("Campaign", f"{shown(str(place.folder))}, store {shown(place.short(str(place.store)))}")
    book = found.playbook
    name = f"'{shown(book.name)}' ({shown(place.short(book.path))})" if book else "none"
    if not found.named:
        command = f"lamsach init {shown(str(place.folder))} --playbook FILE"
        name += f", that of the first sweep; none is named: {command}"
    yield from _labelled("Playbook", name)
    sweep = found.roster
    other = f"; no sweep had {place.short(place.inventory)} yet" if place.inventory not in {"", sweep.inventory} else ""
    since = minute_in_hanoi(sweep.started)
    yield from _labelled("Inventory", f"{shown(place.short(sweep.inventory))} as it was {since} (Hanoi){shown(other)}")
    yield from _labelled("Lists", ", ".join(map(shown, found.lists)) or "none is in force")
    yield from _labelled("Newest visit", f"{minute_in_hanoi(found.newest)} (Hanoi)" if found.newest else "none yet")


def _labelled(name: str, text: str) -> list[str]:
    """Lay a line of the heading out; a path is never broken, so that it can be copied."""
    wrapped = textwrap.TextWrapper(
        _WIDTH, initial_indent=f"{name:<14}", subsequent_indent=" " * 14, break_long_words=False, break_on_hyphens=False
    )
    return wrapped.wrap(text)


def _called(unit: Unit) -> str:
    return f"{unit.name} ({unit.id})" if unit.id else unit.name


def _counts(counts: StatusCounts) -> tuple[int, ...]:
    return counts.computers, counts.clean, counts.cleaned, counts.infected, counts.unknown, counts.never


def _beside(found: Status) -> Iterator[str]:
    if found.left:
        yield from _listed(f"{counted(len(found.left), 'infected computer')} not in the inventory any more", found.left)
    for host, matters in found.replaced:
        yield from _listed(f"open on a machine that was replaced, {shown(host)}", matters)
    if found.left or found.replaced:
        yield "  Each counts as infected until a note settles it: lamsach note NAME."
    if found.retired:
        yield from _listed(f"{len(found.retired)} retired", found.retired)


def _listed(what: str, names: tuple[str, ...]) -> list[str]:
    wrapped = textwrap.TextWrapper(
        _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    return wrapped.wrap(f"{what}: {', '.join(map(shown, names))}")


def _json(found: Status, place: _Place) -> str:
    document = {
        "campaign": str(place.folder),
        "store": str(place.store),
        "inventory": found.roster.inventory,
        "playbook": found.playbook and {"name": found.playbook.name, "path": found.playbook.path, "named": found.named},
        "lists": list(found.lists),
        "newest_visit": found.newest and found.newest.isoformat(),
        "units": [{"id": unit.id, "name": unit.name, **_fields(counts)} for unit, counts in found.units],
        "total": _fields(found.total),
        "infected_and_left": list(found.left),
        "replaced": [{"name": host, "open": list(matters)} for host, matters in found.replaced],
        "retired": list(found.retired),
    }
    return shown_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _fields(counts: StatusCounts) -> dict[str, int]:
    names = ("computers", "clean", "cleaned", "infected", "unknown", "never_reached")
    return dict(zip(names, _counts(counts), strict=True))
