"""The summary as tables for a terminal: one per unit, then the total, then what to do."""

from collections import Counter
from collections.abc import Iterator

from tabulate import tabulate

from controller.model.summary import Counts, SweepSummary, UnitSummary
from controller.model.text import shown
from controller.model.verdict import Judgement
from controller.reports.lines import first_seen, judged, left_out

_HEADINGS = ("name", "verdict", "reason", "first match or finding, else detail")


def write(summary: SweepSummary) -> bytes:
    """Return the tables as UTF-8; hosts outside the sweep are counted, not listed."""
    lines: list[str] = []
    for row in summary.units:
        lines += [*_unit(row), ""]
    lines += [f"total: {_counts(summary.total)}", *_missing_roots(summary), *_remedies(summary)]
    return "".join(f"{line}\n" for line in lines).encode()


def _unit(row: UnitSummary) -> Iterator[str]:
    yield shown(f"{row.unit.name} ({row.unit.id})" if row.unit.id else row.unit.name)
    cells = [_cells(name, judgement) for name, judgement in judged(row)]
    if cells:
        yield tabulate(cells, headers=_HEADINGS, tablefmt="simple", disable_numparse=True)
    yield _counts(row.counts)


def _cells(name: str, judgement: Judgement) -> tuple[str, str, str, str]:
    """Show beside the verdict how many items could not be read and how many roots do not exist."""
    counts = [f"{judgement.unread} unread"] if judgement.unread else []
    if judgement.missing_roots:
        counts.append(f"{len(judgement.missing_roots)} missing")
    beside = f" ({', '.join(counts)})" if counts else ""
    reasons = [f"{judgement.reason}: {judgement.reason.sentence}"] if judgement.reason else []
    if judgement.broke:
        since = f"not reached since {judgement.broken_since:%Y-%m-%d}: " if judgement.broken_since else ""
        reasons.append(f"{since}{judgement.broke.reason}")
    reason = "; ".join(reasons)
    seen = first_seen(judgement) or judgement.detail or left_out(judgement)
    return shown(name), f"{judgement.verdict}{beside}", reason, shown(seen, limit=100)


def _counts(counts: Counts) -> str:
    if not counts.roster:
        return "0 computers: the list of this unit is empty"
    verdicts = f"clean {counts.clean}, cleaned {counts.cleaned}, infected {counts.infected}, unknown {counts.unknown}"
    outside = f", {counts.outside} outside this sweep" if counts.outside else ""
    return f"{counts.given} of {counts.roster} computers given{outside}; done {counts.done}; {verdicts}"


def _missing_roots(summary: SweepSummary) -> Iterator[str]:
    """One line for each root that does not exist somewhere: one that is missing everywhere is a slip of the pen."""
    judgements = [judgement for row in summary.units for _, judgement in judged(row)]
    missing = Counter(root for judgement in judgements for root in judgement.missing_roots)
    for root, times in sorted(missing.items()):
        yield f"root '{shown(root)}' does not exist on {times} of {len(judgements)} computers; check its spelling"


def _remedies(summary: SweepSummary) -> Iterator[str]:
    """Each reason that occurred, once, the most frequent first."""
    judgements = [judgement for row in summary.units for _, judgement in judged(row)]
    reasons = Counter(judgement.reason for judgement in judgements if judgement.reason)
    reasons.update(judgement.broke.reason for judgement in judgements if judgement.broke)
    if reasons:
        yield "\nwhat to do:"
    for reason, times in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {reason} ({times}): {reason.remedy}"
