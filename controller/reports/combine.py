"""Several sweeps, one summary: a campaign goes on until the computers that were off have been seen too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from controller.errors import Reason
from controller.model.fleet import RosterEntry, Unit
from controller.model.result import Finding
from controller.model.summary import SweepSummary
from controller.model.sweep import Sweep
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import summarise

Part = tuple[Sweep, Mapping[str, Judgement]]
"""A sweep, and what is said of each host that it has visited."""


def combine(parts: Sequence[Part]) -> SweepSummary:
    """Count the newest finished visit of each host over all `parts`, oldest sweep first; one sweep is itself.

    Every host and unit of any roster stays; what a newer sweep knows of it wins.
    """
    seen: dict[str, list[Judgement]] = {}
    for _, judgements in parts:
        for name, judgement in judgements.items():
            seen.setdefault(name, []).append(judgement)
    return summarise(
        _units(sweep for sweep, _ in reversed(parts)),
        _roster(parts),
        {name: _over_all(judgements) for name, judgements in seen.items()},
        [sweep.id for sweep, _ in parts],
    )


def _units(newest_first: Iterable[Sweep]) -> list[Unit]:
    units: dict[str, Unit] = {}
    for sweep in newest_first:
        for unit in sweep.units:
            units.setdefault(unit.id, unit)
    return list(units.values())


def _roster(parts: Sequence[Part]) -> list[RosterEntry]:
    """A host that any sweep was to visit is given."""
    entries: dict[str, RosterEntry] = {}
    for sweep, _ in reversed(parts):
        for entry in sweep.roster:
            known = entries.setdefault(entry.name, entry)
            entries[entry.name] = replace(known, given=known.given or entry.given)
    return list(entries.values())


def _over_all(judgements: Sequence[Judgement]) -> Judgement:
    """Take the newest that decides, and remember what the others found: *clean* after a finding is *cleaned*."""
    visited = [each for each in judgements if each.reason is not Reason.HOST_PENDING] or judgements
    chosen = next((each for each in reversed(visited) if _decides(each)), visited[-1])
    met = tuple(dict.fromkeys(match for each in judgements for match in each.met))
    findings, closed = _findings(judgements)
    verdict = Verdict.CLEANED if chosen.verdict is Verdict.CLEAN and (met or findings) else chosen.verdict
    return replace(
        chosen,
        verdict=verdict,
        met=met,
        findings=findings,
        closed=findings if verdict is Verdict.CLEANED else closed,
    )


def _decides(judgement: Judgement) -> bool:
    """A finished visit decides; so does one that found something, or tore off a tool, before it broke.

    So does a doubt which machine answered: the answers of earlier sweeps may be those of another one.
    """
    found = bool(judgement.met or judgement.matches or judgement.findings)
    doubt = judgement.reason is not None and judgement.reason.doubts_identity
    return judgement.done or found or doubt or judgement.reason is Reason.CLEAN_INTERRUPTED


def _findings(judgements: Sequence[Judgement]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the newest state of each finding, and those of them that are closed."""
    newest: dict[tuple[str, str, str], tuple[Finding, bool]] = {}
    for judgement in judgements:
        for each in judgement.findings:
            newest[each.tool, each.threat, each.object] = (each, each in judgement.closed)
    return tuple(each for each, _ in newest.values()), tuple(each for each, closed in newest.values() if closed)
