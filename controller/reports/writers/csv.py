"""The summary for spreadsheets: one file with a row per computer, one with a row per unit, one with a row per match.

UTF-8 with a byte order mark, CRLF and `;`, because Vietnamese Excel takes a comma for a decimal point.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from controller.model.summary import Counts, SweepSummary
from controller.model.text import shown
from controller.model.verdict import Judgement
from controller.reports.lines import broke_by, first_noted, first_seen, first_unread, judged, whole_detail

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
    "leftovers",
    "not_reached_since",
    "not_reached_why",
    "replaced",
)
MATCH_COLUMNS: Final = (
    "unit",
    "name",
    "open",
    "grade",
    "kind",
    "value",
    "list",
    "list_path",
    "list_sha256",
    "place",
    "collector",
    "seen",
    "where",
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


def write_matches(summary: SweepSummary) -> bytes:
    """Return one row for each match of all time of each computer; `open` is 1 where it is not settled."""
    rows = [
        (
            row.unit.id,
            name,
            int(match in judgement.matches),
            match.grade,
            match.kind,
            match.value,
            match.list,
            match.list_path,
            match.list_sha256,
            match.place,
            match.collector,
            match.seen,
            match.where,
        )
        for row in summary.units
        for name, judgement in judged(row)
        for match in judgement.met
    ]
    return _sheet(MATCH_COLUMNS, rows)


def _judgement(judgement: Judgement) -> Sequence[_Cell]:
    reason = (judgement.reason, judgement.reason.sentence) if judgement.reason else ("", "")
    counted = (judgement.unread, len(judgement.matches), len(judgement.findings))
    first = first_seen(judgement) or first_noted(judgement)
    left_out = (first_unread(judgement, most=_MOST_UNREAD), ", ".join(judgement.missing_roots))
    broken = (judgement.broken_since.isoformat() if judgement.broken_since else "", broke_by(judgement))
    behind = (", ".join(judgement.leftovers), *broken, ", ".join(judgement.replaced))
    return (
        judgement.verdict,
        *reason,
        whole_detail(judgement),
        int(judgement.done),
        *counted,
        first,
        *left_out,
        *behind,
    )


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
