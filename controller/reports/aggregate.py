"""Count what came back, per unit and in total. Pure: the same values in, the same summary out."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from controller.errors import OperatorError, Reason
from controller.model.fleet import RosterEntry, Unit
from controller.model.summary import Counts, HostLine, SweepSummary, UnitSummary
from controller.model.verdict import Judgement, Verdict

NO_UNIT: Final = Unit(id="", name="(no unit)")
"""Where hosts stand whose unit nobody knows."""

_NOT_VISITED: Final = Judgement(verdict=Verdict.UNKNOWN, reason=Reason.HOST_PENDING)


def summarise(
    units: Sequence[Unit],
    roster: Sequence[RosterEntry],
    judgements: Mapping[str, Judgement],
    sweeps: Sequence[str] = (),
) -> SweepSummary:
    """Give every host of `roster` its place, in the units' order; parents come before their children.

    A given host without a judgement is unknown: silence is never health. `(no unit)` comes last, and only when
    it has hosts.

    Raises:
        ValueError: a host stands in the roster twice, or is judged though it was not given.

    """
    _refuse_strays(roster, judgements)
    ordered = _in_order(units)
    known = {unit.id for unit in ordered}
    hosts: dict[str, list[HostLine]] = defaultdict(list)
    for entry in roster:
        line = _line(entry, entry.unit if entry.unit in known else NO_UNIT.id, judgements)
        hosts[line.unit].append(line)
    rows = [*ordered, NO_UNIT] if hosts[NO_UNIT.id] else ordered
    return _summary(sweeps, [_row(unit, hosts[unit.id]) for unit in rows])


def within(summary: SweepSummary, unit_id: str) -> SweepSummary:
    """Narrow a summary to one unit and those below it; the total is counted anew from their hosts.

    Raises:
        OperatorError: the summary has no such unit.

    """
    chosen: set[str] = set()
    for row in summary.units:
        if row.unit.id == unit_id or row.unit.parent in chosen:
            chosen.add(row.unit.id)
    if not chosen:
        known = ", ".join(row.unit.id for row in summary.units if row.unit.id)
        raise OperatorError(f"there is no unit '{unit_id}'; name one of: {known}.")
    return _summary(summary.sweeps, [row for row in summary.units if row.unit.id in chosen])


def _refuse_strays(roster: Sequence[RosterEntry], judgements: Mapping[str, Judgement]) -> None:
    twice = [name for name, times in Counter(entry.name for entry in roster).items() if times > 1]
    if twice:
        raise ValueError(f"in the roster more than once: {twice}")
    strays = judgements.keys() - {entry.name for entry in roster if entry.given}
    if strays:
        raise ValueError(f"judged, but not given: {sorted(strays)}")


def _in_order(units: Sequence[Unit]) -> list[Unit]:
    """Walk the tree from above; beside each other `order` decides, then the order of the file."""
    ids = {unit.id for unit in units}
    below: dict[str, list[Unit]] = defaultdict(list)
    for unit in sorted(units, key=lambda each: each.order):
        below[unit.parent if unit.parent in ids else ""].append(unit)
    return list(_walk("", below))


def _walk(parent: str, below: Mapping[str, Sequence[Unit]]) -> Iterator[Unit]:
    for unit in below.get(parent, ()):
        yield unit
        yield from _walk(unit.id, below)


def _line(entry: RosterEntry, unit: str, judgements: Mapping[str, Judgement]) -> HostLine:
    judgement = judgements.get(entry.name, _NOT_VISITED) if entry.given else None
    return HostLine(name=entry.name, unit=unit, users=entry.users, judgement=judgement)


def _row(unit: Unit, hosts: Sequence[HostLine]) -> UnitSummary:
    return UnitSummary(unit=unit, counts=_count(hosts), hosts=tuple(hosts))


def _summary(sweeps: Sequence[str], rows: Sequence[UnitSummary]) -> SweepSummary:
    total = _count([line for row in rows for line in row.hosts])
    return SweepSummary(sweeps=tuple(sweeps), units=tuple(rows), total=total)


def _count(hosts: Sequence[HostLine]) -> Counts:
    judgements = [line.judgement for line in hosts if line.judgement]
    verdicts = Counter(judgement.verdict for judgement in judgements)
    return Counts(
        roster=len(hosts),
        given=len(judgements),
        outside=len(hosts) - len(judgements),
        done=sum(judgement.done for judgement in judgements),
        clean=verdicts[Verdict.CLEAN],
        cleaned=verdicts[Verdict.CLEANED],
        infected=verdicts[Verdict.INFECTED],
        unknown=verdicts[Verdict.UNKNOWN],
    )
