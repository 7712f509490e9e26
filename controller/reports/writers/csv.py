"""The summary for spreadsheets: one file with a row per computer, one with a row per unit.

UTF-8 with a byte order mark, CRLF and `;`, because Vietnamese Excel takes a comma for a decimal point.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from controller.model.summary import Counts, SweepSummary
from controller.model.text import shown
from controller.model.verdict import Judgement
from controller.reports.lines import first_noted, first_seen, first_unread, judged, whole_detail

HOST_COLUMNS: Final = (
    "sweep",
    "unit",
    "unit_name",
    "name",
    "verdict",
    "reason",
    "sentence",
    "detail",
    "done",
    "unread",
    "matches",
    "findings",
    "first",
    "unread_items",
    "missing_roots",
)
UNIT_COLUMNS: Final = (
    "id",
    "name",
    "roster",
    "given",
    "outside",
    "done",
    "clean",
    "cleaned",
    "infected",
    "unknown",
)

_MOST_UNREAD: Final = 3
"""Of a computer's unread items, so many are named."""

_FORMULA: Final = tuple("=+-@＝＋－＠")
"""First letters that make a spreadsheet compute, or run, what a host said."""

_Cell = str | int


def write_hosts(summary: SweepSummary) -> bytes:
    """Return one row for each computer that was given; matches and findings are counted, the first one shown."""
    sweep = ",".join(summary.sweeps)
    rows = [
        (sweep, row.unit.id, row.unit.name, name, *_judgement(judgement))
        for row in summary.units
        for name, judgement in judged(row)
    ]
    return _sheet(HOST_COLUMNS, rows)


def write_units(summary: SweepSummary) -> bytes:
    """Return one row for each unit with its own computers, and the total as the last row, its id empty."""
    rows = [(row.unit.id, row.unit.name, *_counts(row.counts)) for row in summary.units]
    return _sheet(UNIT_COLUMNS, [*rows, ("", "total", *_counts(summary.total))])


def _judgement(judgement: Judgement) -> Sequence[_Cell]:
    reason = (judgement.reason, judgement.reason.sentence) if judgement.reason else ("", "")
    counted = (judgement.unread, len(judgement.matches), len(judgement.findings))
    first = first_seen(judgement) or first_noted(judgement)
    left_out = (first_unread(judgement, most=_MOST_UNREAD), ", ".join(judgement.missing_roots))
    return (judgement.verdict, *reason, whole_detail(judgement), int(judgement.done), *counted, first, *left_out)


def _counts(counts: Counts) -> Sequence[_Cell]:
    judged = (counts.clean, counts.cleaned, counts.infected, counts.unknown)
    return (counts.roster, counts.given, counts.outside, counts.done, *judged)


def _sheet(columns: Sequence[str], rows: Iterable[Sequence[_Cell]]) -> bytes:
    page = io.StringIO()
    writer = csv.writer(page, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return page.getvalue().encode("utf-8-sig")


def _inert(cell: _Cell) -> _Cell:
    """Numbers stay numbers; a text that a sheet would compute gets an apostrophe, for quoting does not stop it."""
    if not isinstance(cell, str):
        return cell
    text = shown(cell)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
