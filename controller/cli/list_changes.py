"""What a change of the lists makes of the computers, as a table of units."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tabulate import tabulate

from controller.app.list_changes import Change, Preview
from controller.model.text import shown
from controller.model.verdict import Verdict

_MOST_NAMED: Final = 10
"""Computers that are named one by one; the table counts all of them."""

_COLUMNS: Final = {
    "become infected": frozenset({Verdict.INFECTED}),
    "unknown": frozenset({Verdict.UNKNOWN}),
    "clean or cleaned": frozenset({Verdict.CLEAN, Verdict.CLEANED}),
}

_ALIGNED: Final = ("left", *("right" for _ in _COLUMNS))


def preview_lines(preview: Preview) -> Iterator[str]:
    """Yield the lines that an operator reads before a change of the lists takes effect; none when no list changes."""
    if not preview.computers:
        return
    changes = preview.changes
    if not changes:
        yield f"No computer changes its state by this ({preview.computers} compared)."
        return
    yield f"By this {len(changes)} of {preview.computers} computers change:"
    by_unit: dict[str, list[Change]] = {}
    for each in changes:
        by_unit.setdefault(each.unit.name, []).append(each)
    rows = [(shown(name), *_counts(every)) for name, every in by_unit.items()]
    if len(rows) > 1:
        rows.append(("total", *_counts(changes)))
    yield tabulate(rows, headers=("unit", *_COLUMNS), tablefmt="simple", disable_numparse=True, colalign=_ALIGNED)
    for each in changes[:_MOST_NAMED]:
        reason = f" ({each.after.reason})" if each.after.reason else ""
        yield f"  {shown(each.host)}: {each.before.verdict} -> {each.after.verdict}{reason}"
    if len(changes) > _MOST_NAMED:
        yield f"  and {len(changes) - _MOST_NAMED} more"


def _counts(changes: Sequence[Change]) -> list[str]:
    verdicts = Counter(each.after.verdict for each in changes)
    return [str(sum(verdicts[each] for each in wanted)) for wanted in _COLUMNS.values()]
