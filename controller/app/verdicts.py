"""The state of a computer as reports show it: verdict and reason, and in the host's own words what it rests on."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath

from controller.app.history import Known
from controller.app.rows import MOMENTARY
from controller.campaign.cases import Case, HostState
from controller.errors import Reason
from controller.model.case import FindingKey, LeftoverKey, MatchKey, Value
from controller.model.collector import RootState
from controller.model.indicator import Indicator, Match
from controller.model.result import Attempt, Fault, Finding, Look
from controller.model.sweep import Visit
from controller.model.verdict import Judgement


def judgement_of(
    state: HostState,
    known: Known,
    visits: Sequence[Visit],
    indicators: Mapping[Value, Indicator],
) -> Judgement:
    """Return what reports show of a computer in this state."""
    attempts = [visit.attempt for visit in visits]
    cases = (*state.open, *state.vanished, *state.closed)
    left = [case.key for case in state.open if isinstance(case.key, LeftoverKey)]
    looks = _newest_looks(attempts)
    findings = _findings(cases, known)
    fault = _fault(state, attempts)
    failed = attempts[-1].first_fault if attempts and state.unreached_since else None
    return Judgement(
        verdict=state.verdict,
        reason=fault.reason if fault else None,
        detail=fault.detail if fault else "",
        done=state.done,
        matches=_matches(state.open, known, indicators),
        findings=tuple(findings.values()),
        unread=sum(look.unread for look in looks),
        unread_items=tuple(dict.fromkeys(each for look in looks for each in look.unread_items)),
        missing_roots=_missing_roots(looks),
        met=_matches(cases, known, indicators),
        closed=tuple(findings[case.key] for case in state.closed if isinstance(case.key, FindingKey)),
        leftovers=tuple(f"{key.entry}: {key.image}" for key in left),
        noted=tuple(match for look in looks for match in look.matches if not match.grade.weighs),
        broke=failed if failed and failed != fault else None,
        broken_since=state.unreached_since if failed else None,
        reasons=state.reasons,
        asks_starts=any(map(_closes_with_autostart, state.open)),
        asks_folders=_folders(state.open, known),
        replaced=tuple(case.key.object for case in state.replaced if not isinstance(case.key, LeftoverKey)),
        retired=state.retired,
        reached=any(visit.answered for visit in known.history.visits),
    )


def _fault(state: HostState, attempts: Sequence[Attempt]) -> Fault | None:
    """Return the reason with the words of the visit that it comes from, where it comes from one."""
    if state.reason is None:
        return None
    if not attempts:
        return Fault(Reason.HOST_PENDING)
    newest = attempts[-1].first_fault
    if newest and newest.reason is state.reason:
        return newest
    if state.reason in {Reason.LOOK_MISSING, Reason.CLEAN_INTERRUPTED} and newest:
        why = f" ({newest.detail})" if newest.detail else ""
        return Fault(state.reason, f"{state.detail}; {newest.reason}: {newest.reason.sentence}{why}")
    doubts = [each.fault for each in attempts if each.in_doubt and each.fault]
    if state.reason.doubts_identity and doubts:
        return doubts[-1]
    return Fault(state.reason, state.detail)


def _closes_with_autostart(case: Case) -> bool:
    """Say whether only a look at what starts by itself can close a case (campaign rules, section 5)."""
    return isinstance(case.key, LeftoverKey) or (isinstance(case.key, MatchKey) and case.key.collector in MOMENTARY)


def _folders(cases: Iterable[Case], known: Known) -> tuple[str, ...]:
    """Return the folders of the programs behind open processes and connections, as the host wrote their paths."""
    keys = [case.key for case in cases if isinstance(case.key, MatchKey) and case.key.collector in MOMENTARY]
    images = {known.images.get((key.value, key.collector, key.object), "") for key in keys}
    return tuple(sorted({_parent(image) for image in images} - {""}))


def _parent(path: str) -> str:
    pure = PureWindowsPath(path) if "\\" in path else PurePosixPath(path)
    return str(pure.parent) if pure.is_absolute() else ""


def _matches(cases: Iterable[Case], known: Known, indicators: Mapping[Value, Indicator]) -> tuple[Match, ...]:
    return tuple(_match(case, case.key, known, indicators) for case in cases if isinstance(case.key, MatchKey))


def _match(case: Case, key: MatchKey, known: Known, indicators: Mapping[Value, Indicator]) -> Match:
    kind, value = key.value
    shown = known.shown.get((key.value, key.collector, key.object))
    named = indicators.get(key.value)
    return Match(
        kind=kind,
        value=value,
        list=named.list if named else "",
        line=named.line if named else 0,
        collector=key.collector,
        seen=shown.value if shown else key.object,
        where=shown.where if shown else key.object,
        grade=case.grade,
        list_path=named.list_path if named else "",
        list_sha256=named.list_sha256 if named else "",
        place=str(named.line) if named else "",
    )


def _findings(cases: Iterable[Case], known: Known) -> dict[FindingKey, Finding]:
    """Return the newest words of a tool on each finding; the antivirus of the computer has none of its own."""
    keys = [case.key for case in cases if isinstance(case.key, FindingKey)]
    return {
        key: known.findings.get(key) or Finding(tool=key.tool, threat=key.threat, object=key.object) for key in keys
    }


def _newest_looks(attempts: Sequence[Attempt]) -> tuple[Look, ...]:
    """Return the newest look of each question by the machine that was meant; IOC lists are no part of it."""
    newest = {
        (look.key.collector, look.key.arguments): look
        for attempt in attempts
        if not attempt.in_doubt
        for look in attempt.looks
    }
    return tuple(newest.values())


def _missing_roots(looks: Iterable[Look]) -> tuple[str, ...]:
    roots = (root for look in looks for root in look.roots if root.state is RootState.MISSING)
    return tuple(dict.fromkeys(root.asked for root in roots))
