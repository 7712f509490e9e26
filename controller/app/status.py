"""How far a campaign is: its computers by unit and state, and beside the sums what no unit's figures show."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from controller.app.campaign import Campaign
from controller.app.in_force import CampaignLists
from controller.model.fleet import Unit
from controller.model.playbook import Playbook
from controller.model.summary import HostLine
from controller.model.sweep import Sweep
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import summarise, within
from controller.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCounts:
    """`computers` = clean + cleaned + infected + unknown + never; `never` are those that never answered."""

    computers: int = 0
    clean: int = 0
    cleaned: int = 0
    infected: int = 0
    unknown: int = 0
    never: int = 0

    def __post_init__(self) -> None:
        if self.computers != self.clean + self.cleaned + self.infected + self.unknown + self.never:
            raise ValueError(f"counts do not add up: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A campaign at one moment. Names of computers are in the order of their roster.

    `units` are the units in their order with their own computers, `total` all of these; retired computers are in
    neither. `left` are infected computers that are no longer in the inventory, `replaced` open matters of machines that
    had a computer's name before; both keep the campaign infected. `roster` is the sweep whose computers these are.
    `named` says that the playbook was named with `lamsach init`; else it is that of the first sweep. `lists` are the
    identities of the lists in force. `newest` is when the newest visit ended. `verdict` is the worst that holds:
    infected, unknown, or clean.
    """

    roster: Sweep
    units: tuple[tuple[Unit, StatusCounts], ...]
    total: StatusCounts
    left: tuple[str, ...]
    replaced: tuple[tuple[str, tuple[str, ...]], ...]
    retired: tuple[str, ...]
    playbook: Playbook | None
    named: bool
    lists: tuple[str, ...]
    newest: datetime | None
    verdict: Verdict


def status_of(ledger: Ledger, *, inventory: str = "", unit: str = "") -> Status:
    """Return how far the campaign is.

    The computers are those of the newest sweep of `inventory` (its path, resolved), or of the newest sweep where none
    is named or none had it. `unit` narrows everything but lists, playbook and newest visit to one unit and those
    below it.

    Raises:
        OperatorError: there is no sweep, or no such unit.

    """
    ledger.resolve("last")
    campaign = Campaign(ledger)
    sweep = campaign.newest(inventory)
    states = campaign.judgements()
    roster = [replace(entry, given=not states[entry.name].retired) for entry in sweep.roster]
    summary = summarise(sweep.units, roster, {entry.name: states[entry.name] for entry in roster if entry.given})
    summary = within(summary, unit) if unit else summary
    units = {row.unit.id for row in summary.units}
    here = {name: states[name] for name, entry in campaign.every.items() if not unit or entry.unit in units}
    inside = {entry.name for entry in roster}
    return Status(
        roster=sweep,
        units=tuple((row.unit, _count(row.hosts)) for row in summary.units),
        total=_count(line for row in summary.units for line in row.hosts),
        left=tuple(name for name, state in here.items() if name not in inside and _is_infected(state)),
        replaced=tuple((name, each.replaced) for name, each in here.items() if each.replaced and not each.retired),
        retired=tuple(name for name, state in here.items() if state.retired),
        playbook=campaign.playbook,
        named=campaign.named is not None,
        lists=lists_in_force(campaign.lists),
        newest=ledger.newest_visit(),
        verdict=_remaining(here, inside),
    )


def remaining(ledger: Ledger, inventory: Iterable[str]) -> Verdict:
    """Return what remains in the campaign when the computers of `inventory` are those to look after."""
    campaign, inside = Campaign(ledger), set(inventory)
    return _remaining(campaign.judgements([*campaign.every, *inside]), inside)


def _remaining(states: Mapping[str, Judgement], inside: Collection[str]) -> Verdict:
    """A computer that left the inventory counts only while it is infected, or something is open of a replaced one."""
    return worst(state for name, state in states.items() if name in inside or state.replaced or _is_infected(state))


def worst(judgements: Iterable[Judgement]) -> Verdict:
    """Return what remains of these computers: infected ones, else unknown ones, else nothing (`clean`).

    Retired ones do not count. What is still open of a machine that was replaced counts as infected.
    """
    counted = [each for each in judgements if not each.retired]
    if any(each.verdict is Verdict.INFECTED or each.replaced for each in counted):
        return Verdict.INFECTED
    return Verdict.UNKNOWN if any(each.verdict is Verdict.UNKNOWN for each in counted) else Verdict.CLEAN


def lists_in_force(lists: CampaignLists) -> tuple[str, ...]:
    """Return the identity of every list that is in force, in the order in which they came."""
    return tuple(dict.fromkeys(use.path for use in lists.uses if use.path not in lists.withdrawn_lists))


def _is_infected(state: Judgement) -> bool:
    return state.verdict is Verdict.INFECTED and not state.retired


def _count(lines: Iterable[HostLine]) -> StatusCounts:
    states = [line.judgement for line in lines if line.judgement]
    unknown = [each for each in states if each.verdict is Verdict.UNKNOWN]
    return StatusCounts(
        computers=len(states),
        clean=sum(each.verdict is Verdict.CLEAN for each in states),
        cleaned=sum(each.verdict is Verdict.CLEANED for each in states),
        infected=sum(each.verdict is Verdict.INFECTED for each in states),
        unknown=sum(each.reached for each in unknown),
        never=sum(not each.reached for each in unknown),
    )
