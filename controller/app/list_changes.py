"""Change which indicators are in force, and say beforehand what becomes of the computers by that."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from controller.app.campaign import Campaign
from controller.app.in_force import NAMED, CampaignLists
from controller.app.lists import read_lists
from controller.errors import OperatorError
from controller.indicators.parsers import plain
from controller.loading.fields import hint
from controller.model.case import Value
from controller.model.decision import CampaignDecision, ListAdded, Withdrawal
from controller.model.fleet import Unit
from controller.model.indicator import Indicator, IocList
from controller.model.sweep import KeptFile, ListUse
from controller.model.text import shown
from controller.model.verdict import Judgement
from controller.reports.aggregate import NO_UNIT
from controller.store.ledger import Ledger

LEFT: Final = Unit(id="", name="(no longer in the inventory)")
"""Where computers stand that the newest roster does not have; an infected one keeps counting."""

_ENOUGH_TO_COMPARE: Final = 20_000
"""Values among which one that looks alike is searched; more would take seconds."""


# what a change does


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A computer whose verdict changes."""

    host: str
    unit: Unit
    before: Judgement
    after: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a change of the lists makes of the computers of a campaign, without the retired ones.

    `changes` are in the order of the newest roster; `computers` counts all that were compared, 0 when no list changes.
    """

    changes: tuple[Change, ...] = ()
    computers: int = 0


def preview(
    ledger: Ledger, more: Iterable[CampaignDecision | ListUse], contents: Mapping[str, bytes] | None = None
) -> Preview:
    """Compare the state of every computer with the one that it will have when `more` is committed.

    `more` is given the number of the next commit. `contents` are files that the store does not hold yet, by SHA-256.
    The states that are computed are kept where they can be: when nothing else is committed first, they are those that
    hold afterwards.
    """
    number = ledger.latest_commit() + 1
    before = CampaignLists(ledger)
    after = CampaignLists(ledger, [_numbered(each, number) for each in more], contents)
    if before.digest == after.digest:
        return Preview()
    campaign = Campaign(ledger, before)
    now, then = campaign.judgements(), Campaign(ledger, after).judgements()
    units = {unit.id: unit for unit in campaign.units}
    roster = {entry.name for entry in campaign.roster}
    return Preview(
        changes=tuple(
            Change(
                host=name,
                unit=units.get(entry.unit, NO_UNIT) if name in roster else LEFT,
                before=now[name],
                after=then[name],
            )
            for name, entry in campaign.every.items()
            if now[name].verdict is not then[name].verdict and not then[name].retired
        ),
        computers=sum(not each.retired for each in then.values()),
    )


def preview_of_sweep(ledger: Ledger, files: Sequence[KeptFile]) -> Preview:
    """Return what the lists among the `files` of a sweep that is about to begin make of the computers."""
    return preview(ledger, _uses(files), _contents(files))


def _uses(files: Sequence[KeptFile]) -> list[ListUse]:
    lists = [each for each in files if each.role == "list"]
    return [ListUse(path=each.path, name=each.name, sha256=each.sha256, committed=0) for each in lists]


def _contents(files: Sequence[KeptFile]) -> Mapping[str, bytes]:
    return {each.sha256: each.data for each in files if each.role == "list"}


def _numbered(each: CampaignDecision | ListUse, number: int) -> CampaignDecision | ListUse:
    return replace(each, committed=number)


# changes


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedList:
    """A list that is not in force yet. `same_name` are lists of other identities that bear its name."""

    added: ListAdded
    data: bytes
    listed: IocList
    preview: Preview
    same_name: tuple[str, ...] = ()


def plan_list(
    ledger: Ledger, path: str, *, name: str, operator: str, made: datetime, max_rejected: float
) -> PlannedList:
    """Read a list that shall come into force under `name`, or under the name of its file.

    Raises:
        OperatorError: it cannot be read or has too many bad lines, or this version of it is in force already.

    """
    (listed,), (file,) = read_lists([path], max_rejected=max_rejected)
    name = unicodedata.normalize("NFC", name or listed.name)
    lists = CampaignLists(ledger)
    identity = NAMED + name
    if identity in lists.withdrawn_lists:
        raise OperatorError(
            f"the list '{shown(name)}' is withdrawn, so that a new version of it would not count;"
            f" bring it back first with 'lamsach iocs restore --list', or name this one otherwise with --name."
        )
    newest = lists.newest.get(identity)
    if newest and newest[0].sha256 == listed.sha256:
        raise OperatorError(f"this version of the list '{shown(name)}' is in force already; nothing was changed.")
    added = ListAdded(name=name, sha256=listed.sha256, operator=operator, made=made)
    return PlannedList(
        added=added,
        data=file.data,
        listed=listed,
        preview=preview(ledger, [added], {listed.sha256: file.data}),
        same_name=_others(name, identity, lists),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWithdrawal:
    """A withdrawal or restoration that is not written yet.

    `beside` are values of the same lines that stay as they are, `same_name` other lists of the name of the list.
    """

    withdrawal: Withdrawal
    preview: Preview
    beside: tuple[Indicator, ...] = ()
    same_name: tuple[str, ...] = ()


def plan_withdrawal(
    ledger: Ledger,
    values: Sequence[str],
    *,
    list_name: str,
    why: str,
    operator: str,
    made: datetime,
    whole_lines: bool = False,
    restores: bool = False,
) -> PlannedWithdrawal:
    """Withdraw or restore values, written as in a line of a list, or one whole list.

    `whole_lines` takes the other values of their lines with them.

    Raises:
        OperatorError: a text is no value, or is not in force (not withdrawn); there is no such list, or it is
            withdrawn (is not) already.

    """
    campaign = Campaign(ledger)
    chosen = tuple(dict.fromkeys(_value(each) for each in values))
    known = campaign.lists.withdrawn_values.keys() if restores else campaign.in_force
    for value in chosen:
        if value not in known:
            raise OperatorError(_not_there(value, campaign, restores=restores))
    beside = [
        each
        for each in beside_of(chosen, (listed for _, listed in campaign.lists.newest.values()))
        if (each.kind, each.value) in known
    ]
    if whole_lines:
        chosen = tuple(dict.fromkeys((*chosen, *((each.kind, each.value) for each in beside))))
    identity = _identity(list_name, campaign.lists) if list_name else ""
    if identity and (identity in campaign.lists.withdrawn_lists) is not restores:
        state = "not withdrawn" if restores else "withdrawn already"
        raise OperatorError(f"the list '{shown(list_name)}' is {state}; nothing was changed.")
    withdrawal = Withdrawal(operator=operator, made=made, why=why, values=chosen, list_name=identity, restores=restores)
    return PlannedWithdrawal(
        withdrawal=withdrawal,
        preview=preview(ledger, [withdrawal]),
        beside=() if whole_lines else tuple(beside),
        same_name=_others(campaign.lists.newest[identity][0].name, identity, campaign.lists) if identity else (),
    )


def beside_of(values: Iterable[Value], lists: Iterable[IocList]) -> tuple[Indicator, ...]:
    """Return the other values of the lines that name one of `values`."""
    wanted = frozenset(values)
    found = []
    for listed in lists:
        lines = {each.line for each in listed.indicators if (each.kind, each.value) in wanted}
        found += [each for each in listed.indicators if each.line in lines and (each.kind, each.value) not in wanted]
    return tuple(found)


def _value(text: str) -> Value:
    try:
        return plain.read_value(text)
    except ValueError as error:
        raise OperatorError(f"'{shown(text)}' is no value of a list: {error}.") from error


def _not_there(value: Value, campaign: Campaign, *, restores: bool) -> str:
    kind, text = value
    withdrawn = campaign.lists.withdrawn_values
    if not restores and value in withdrawn:
        each = withdrawn[value]
        return (
            f"'{shown(text)}' is withdrawn already, by {shown(each.operator)}: {shown(each.why)}; nothing was changed."
        )
    known = withdrawn.keys() if restores else campaign.in_force
    near = _near(text, [each for _, each in known])
    where = "no value that is withdrawn" if restores else "in no list that is in force"
    return (
        f"'{shown(text)}' ({kind}) is {where}; correct it{': ' * bool(near)}"
        f"{', '.join(repr(shown(each)) for each in near)}. 'lamsach iocs list' prints the lists."
    )


def _near(text: str, values: Sequence[str]) -> list[str]:
    """Return up to three values that hold `text`, are part of it, or look like it."""
    holding = sorted(each for each in values if text in each or each in text)
    return holding[:3] or get_close_matches(text, sorted(values)[:_ENOUGH_TO_COMPARE], n=3, cutoff=0.8)


def _identity(text: str, lists: CampaignLists) -> str:
    """Return the identity of the list that is named by its path, else by its name in `iocs add`, else by its file's.

    Raises:
        OperatorError: there is none, or several.

    """
    name = unicodedata.normalize("NFC", text)
    for exact in (name, NAMED + name):
        if exact in lists.newest:
            return exact
    found = [use.path for use, _ in lists.newest.values() if use.name == name]
    if len(found) == 1:
        return found[0]
    known = {each for use, _ in lists.newest.values() for each in (use.path.removeprefix(NAMED), use.name)}
    close = "; name one of " + ", ".join(f"'{shown(each)}'" for each in found) if found else ""
    many = f"{len(found)} lists are" if found else "no list is"
    near = close or f"; correct it{': ' * bool(hint(name, known))}{shown(hint(name, known))}"
    raise OperatorError(f"{many} named '{shown(name)}'{near} 'lamsach iocs list' prints them.")


def _others(name: str, identity: str, lists: CampaignLists) -> tuple[str, ...]:
    """Return the identities of the other lists that bear a name."""
    return tuple(use.path for use, _ in lists.newest.values() if use.name == name and use.path != identity)


# what is in force


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnValue:
    """A value of a list that counts nowhere until it is restored."""

    value: Value
    withdrawal: Withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptValue:
    """A value that the newest version of a list dropped, and that counts until it is withdrawn: it was met before."""

    value: Value
    list_name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInForce:
    """The newest version of a list, and what of it counts.

    `since` is when it came into force, `how` by what, `who` by whom; they are None and empty for what a store kept
    before it had the numbers. `met` are its values in force that any computer showed. `withdrawn` are values that any
    version of it named. `withdrawal` is there when the whole list is withdrawn.
    """

    use: ListUse
    values: frozenset[Value]
    met: frozenset[Value]
    kept: tuple[KeptValue, ...]
    withdrawn: tuple[WithdrawnValue, ...]
    withdrawal: Withdrawal | None = None
    since: datetime | None = None
    how: str = ""
    who: str = ""


def lists_in_force(ledger: Ledger) -> tuple[ListInForce, ...]:
    """Return every list of a campaign in the order in which it was first used."""
    campaign = Campaign(ledger)
    origins = dict(_origins(campaign))
    kept = kept_although_dropped(campaign)
    return tuple(
        _in_force(campaign, use, listed, [each for each in kept if each.path == use.path], origins)
        for use, listed in campaign.lists.newest.values()
    )


def kept_although_dropped(campaign: Campaign) -> tuple[KeptValue, ...]:
    """Return every value that counts although the newest version of its list dropped it, because it was met before."""
    return tuple(
        KeptValue(value=value, list_name=campaign.lists.newest[path][0].name, path=path)
        for path, values in campaign.kept_although_dropped.items()
        for value in sorted(values)
    )


def kept_by_sweep(ledger: Ledger, files: Sequence[KeptFile]) -> tuple[KeptValue, ...]:
    """Return the values that will count though the lists of a sweep that is about to begin drop them: they were met."""
    number = ledger.latest_commit() + 1
    uses = [replace(each, committed=number) for each in _uses(files)]
    return kept_although_dropped(Campaign(ledger, CampaignLists(ledger, uses, _contents(files))))


def _in_force(
    campaign: Campaign,
    use: ListUse,
    listed: IocList,
    kept: Sequence[KeptValue],
    origins: Mapping[int, tuple[datetime, str, str]],
) -> ListInForce:
    values = frozenset((each.kind, each.value) for each in listed.indicators)
    ever = {
        (each.kind, each.value) for of, old in campaign.lists.versions if of.path == use.path for each in old.indicators
    }
    withdrawn = campaign.lists.withdrawn_values
    since, how, who = origins.get(use.committed, (None, "", ""))
    return ListInForce(
        use=use,
        values=values,
        met=campaign.met((values | {each.value for each in kept}) & campaign.in_force),
        kept=tuple(kept),
        withdrawn=tuple(
            WithdrawnValue(value=value, withdrawal=withdrawn[value]) for value in sorted(ever & withdrawn.keys())
        ),
        withdrawal=campaign.lists.withdrawn_lists.get(use.path),
        since=since,
        how=how,
        who=who,
    )


def _origins(campaign: Campaign) -> Iterator[tuple[int, tuple[datetime, str, str]]]:
    """Yield what each commit that brought a list into force was, by its number."""
    for sweep in campaign.sweeps:
        if sweep.committed:
            yield sweep.committed, (sweep.started, f"sweep {sweep.id}", sweep.operator)
    for each in campaign.lists.additions:
        yield each.committed, (each.made, "iocs add", each.operator)
