"""What the writers take from one host's line."""

from controller.model.indicator import Match
from controller.model.summary import UnitSummary
from controller.model.verdict import Judgement


def judged(row: UnitSummary) -> list[tuple[str, Judgement]]:
    """Return name and judgement of each host of a unit that was given to the sweep."""
    return [(line.name, line.judgement) for line in row.hosts if line.judgement]


def first_seen(judgement: Judgement) -> str:
    """Return what weighs most, raw: an open match, an autostart entry that was left behind, a finding.

    A strong match comes before a weak one, and a finding that is open before one that was handled.
    """
    for match in sorted(judgement.matches, key=lambda each: not each.grade.infects):
        return _told(match)
    for leftover in judgement.leftovers:
        return leftover
    for finding in sorted(judgement.findings, key=lambda each: each.state.handled):
        return f"{finding.threat} in {finding.object}: {finding.state}"
    return ""


def first_noted(judgement: Judgement) -> str:
    """Return the first match that weighs nothing, raw: also a clean host may have had a listed visitor."""
    return _told(judgement.noted[0]) if judgement.noted else ""


def first_unread(judgement: Judgement, *, most: int) -> str:
    """Return the first `most` items that could not be read, raw, with how many more there are."""
    items = [f"{each.kind} {each.path}" for each in judgement.unread_items[:most]]
    more = judgement.unread - len(items)
    return ", ".join(items) + (f" and {more} more" if items and more else "")


def left_out(judgement: Judgement) -> str:
    """Return which root does not exist, or else the first item that could not be read, raw."""
    missing = ", ".join(judgement.missing_roots)
    if missing:
        return f"missing root: {missing}"
    unread = first_unread(judgement, most=1)
    return f"unread: {unread}" if unread else ""


def broke_by(judgement: Judgement) -> str:
    """Return the code of what kept the newest visit from its end, where that is not the reason; else nothing."""
    return judgement.broke.reason if judgement.broke else ""


def whole_detail(judgement: Judgement) -> str:
    """Return the detail, raw, and behind it what else broke the newest visit."""
    if not judgement.broke:
        return judgement.detail
    broke = f"{judgement.broke.reason}: {judgement.broke.detail}"
    return f"{judgement.detail}; {broke}" if judgement.detail else broke


def _told(match: Match) -> str:
    """Say where it was seen: a hash alone leads nobody to the file."""
    place = f"{match.list}:{match.line}"
    if not match.where:
        return f"{match.seen} ({match.kind}, {place})"
    if match.seen in match.where:
        return f"{match.where} ({match.kind}, {place})"
    return f"{match.where} ({match.kind} {match.seen[:12]}…, {place})"
