"""The only rules that turn what came back into a verdict. Silence is never health."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Final

from controller.errors import Reason
from controller.model.collector import RootState, StoppedBy, Unread, UnreadKind
from controller.model.indicator import Match
from controller.model.result import Attempt, Fault, Finding, FindingState, Look, LookKey, ToolMode, ToolRun

_REFUSED_BY_ANTIVIRUS: Final = frozenset({225, 226})
"""ERROR_VIRUS_INFECTED and ERROR_VIRUS_DELETED of Windows; no errno of Linux has these numbers."""

_STOPPING: Final = frozenset({UnreadKind.FOLDER, UnreadKind.NAME, UnreadKind.MOUNT})


class Verdict(StrEnum):
    """What we may honestly say about one host."""

    CLEAN = "clean"
    CLEANED = "cleaned"
    INFECTED = "infected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A host's verdict over all attempts of a sweep.

    `reason` is there exactly when the verdict is infected or unknown. `done` says that every task of the
    newest attempt ended and no look was stopped. `matches` are those of the newest look of each key,
    `findings` the newest state of each; `unread` counts items that could not be read, `unread_items` names the first of
    them. `missing_roots` are the folders that a look was to start from and that do not exist.
    `met` are the matches of all looks, `closed` the findings that are handled and confirmed so: a report tells
    what was found even where nothing of it is left. `noted` are matches of the newest looks that weigh nothing
    (`Grade.INFO`); they stand neither in `matches` nor in `met`. `broke` is what kept the newest visit to an infected
    host from its end, such as a tool that failed: what was found stands before it, and it must not be lost behind.
    """

    verdict: Verdict
    reason: Reason | None = None
    detail: str = ""
    done: bool = False
    matches: tuple[Match, ...] = ()
    findings: tuple[Finding, ...] = ()
    unread: int = 0
    unread_items: tuple[Unread, ...] = ()
    missing_roots: tuple[str, ...] = ()
    met: tuple[Match, ...] = ()
    closed: tuple[Finding, ...] = ()
    noted: tuple[Match, ...] = ()
    broke: Fault | None = None

    def __post_init__(self) -> None:
        if (self.reason is None) != (self.verdict in {Verdict.CLEAN, Verdict.CLEANED}):
            raise ValueError(f"verdict '{self.verdict}' with reason {self.reason!r}")


class _Standing(StrEnum):
    """How a finding stands after all that came later."""

    OPEN = "open"
    UNVERIFIED = "unverified"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class _Known:
    """A finding, how it stands, and the attempt and roots it comes from."""

    finding: Finding
    standing: _Standing
    attempt: int
    roots: tuple[str, ...]


_Found = dict[tuple[str, str, str], _Known]


def judge(attempts: Sequence[Attempt]) -> Judgement:
    """Say what may be said of a host after `attempts`, oldest first; the first rule that holds decides."""
    if not attempts:
        return Judgement(verdict=Verdict.UNKNOWN, reason=Reason.HOST_PENDING)
    newest = attempts[-1]
    looks = _newest_looks(attempts)
    found = _findings(attempts)
    matches, noted = _matches(looks)
    doubt = _doubt(attempts)
    infected = None if doubt else _infected(matches, found)
    open_question = doubt or _open_question(attempts, looks, matches, found)
    met, _ = _matches(look for each in attempts for look in each.looks)
    fault = infected or open_question
    verdict = Verdict.INFECTED if infected else Verdict.UNKNOWN if open_question else None
    return Judgement(
        verdict=verdict or (Verdict.CLEANED if met or found else Verdict.CLEAN),
        reason=fault.reason if fault else None,
        detail=fault.detail if fault else "",
        done=_ended(newest) and not any(look.stopped for look in newest.looks),
        matches=matches,
        findings=tuple(finding for finding, _ in found),
        unread=sum(look.unread for look in looks),
        unread_items=tuple(dict.fromkeys(each for look in looks for each in look.unread_items)),
        missing_roots=_missing_roots(looks),
        met=met,
        closed=tuple(finding for finding, standing in found if standing is _Standing.CLOSED),
        noted=noted,
        broke=newest.first_fault if infected else None,
    )


def _doubt(attempts: Sequence[Attempt]) -> Fault | None:
    """The `identity.*` of the newest visit in which the host answered.

    Whatever such a visit holds comes from the machine that was recognised before the line broke, and counts.
    """
    answered = (each for each in reversed(attempts) if each.identity or each.tasks or each.in_doubt)
    newest = next(answered, None)
    return newest.fault if newest and newest.in_doubt else None


def _ended(attempt: Attempt) -> bool:
    return attempt.first_fault is None


def _newest_looks(attempts: Sequence[Attempt]) -> tuple[Look, ...]:
    """The newest look of each key, also one that was stopped: it leaves the host unknown, whatever came before."""
    newest: dict[LookKey, Look] = {}
    for look in chain.from_iterable(each.looks for each in attempts):
        newest[look.key] = look
    return tuple(newest.values())


def _matches(looks: Iterable[Look]) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    """Part the matches of `looks`, each once, into those that weigh and those that are only told."""
    every = dict.fromkeys(match for look in looks for match in look.matches)
    return tuple(each for each in every if each.grade.weighs), tuple(each for each in every if not each.grade.weighs)


def _findings(attempts: Sequence[Attempt]) -> list[tuple[Finding, _Standing]]:
    """The newest state of each finding, and how it stands after the runs and looks that came later."""
    found: _Found = {}
    for number, attempt in enumerate(attempts):
        for task in attempt.tasks:
            for run in task.runs:
                _confirm_by_run(found, run, number)
                for each in run.findings:
                    standing = _Standing.UNVERIFIED if each.state.handled else _Standing.OPEN
                    found[each.tool, each.threat, each.object] = _Known(each, standing, number, run.roots)
            for look in task.looks:
                _confirm_by_look(found, look)
    return [(known.finding, known.standing) for known in found.values()]


def _confirm_by_run(found: _Found, run: ToolRun, attempt: int) -> None:
    """A whole run over the same roots closes what it no longer sees, if there was time to handle it.

    Within an attempt only a detect-only run confirms, and only what the tool said it handled. In a later attempt
    somebody may have restarted the computer or removed the object by hand, and any whole run is a new look.
    """
    if run.fault or run.contradiction:
        return
    for key, known in found.items():
        handled = known.standing is _Standing.UNVERIFIED and run.mode is ToolMode.DETECT
        if (handled or attempt > known.attempt) and (known.finding.tool, known.roots) == (run.tool, run.roots):
            found[key] = replace(known, standing=_Standing.CLOSED)


def _confirm_by_look(found: _Found, look: Look) -> None:
    for key, known in found.items():
        if known.finding.object in look.there:
            found[key] = replace(known, standing=_Standing.OPEN)
        elif known.finding.object in look.gone and known.standing is _Standing.UNVERIFIED:
            found[key] = replace(known, standing=_Standing.CLOSED)


def _infected(matches: tuple[Match, ...], found: list[tuple[Finding, _Standing]]) -> Fault | None:
    for match in matches:
        if match.grade.infects:
            return Fault(Reason.MATCH_FOUND, f"{match.value} ({match.list}:{match.line})")
    still = [finding for finding, standing in found if standing is _Standing.OPEN]
    waiting = [each for each in still if each.state is FindingState.REBOOT]
    for finding in [each for each in still if each not in waiting] or waiting:
        reason = Reason.REBOOT_PENDING if finding in waiting else Reason.FINDING_OPEN
        return Fault(reason, f"{finding.threat} in {finding.object}")
    return None


def _open_question(
    attempts: Sequence[Attempt],
    looks: tuple[Look, ...],
    matches: tuple[Match, ...],
    found: list[tuple[Finding, _Standing]],
) -> Fault | None:
    """The first reason why nothing may be said, in the order of the decisions.

    An attempt's own fault is told before the bare `look.none` that it causes.
    """
    return next(
        chain(_not_ended(attempts[-1], looks), _unsure_cleaning(attempts, found), _unsure_looks(looks, matches)), None
    )


def _not_ended(newest: Attempt, looks: tuple[Look, ...]) -> Iterator[Fault]:
    if newest.first_fault:
        yield newest.first_fault
    if not any(look.judged for look in looks):
        yield Fault(Reason.LOOK_NONE)


def _unsure_cleaning(attempts: Sequence[Attempt], found: list[tuple[Finding, _Standing]]) -> Iterator[Fault]:
    runs = {(run.tool, run.mode, run.roots): run for each in attempts for task in each.tasks for run in task.runs}
    for run in runs.values():
        if run.contradiction:
            yield Fault(Reason.CLEANER_CONTRADICTION, f"{run.tool} ended with {run.exit_code}")
    for finding, standing in found:
        if standing is _Standing.UNVERIFIED:
            yield Fault(Reason.CLEAN_UNVERIFIED, f"{finding.threat} in {finding.object}")


def _unsure_looks(looks: tuple[Look, ...], matches: tuple[Match, ...]) -> Iterator[Fault]:
    for look in looks:
        if look.stopped:
            yield Fault(Reason.LOOK_STOPPED, f"{look.key.collector}: {look.stopped}{_left_out(look)}")
    for look in looks:
        for item in filter(_leaves_unknown, look.unread_items):
            yield Fault(Reason.LOOK_UNREAD, f"{look.key.collector}: {item.path}")
    for match in matches:
        yield Fault(Reason.MATCH_REVIEW, f"{match.seen} ({match.list}:{match.line})")


def _leaves_unknown(item: Unread) -> bool:
    """Say whether an unread item alone keeps a computer from being clean.

    These are programs, and files that the computer's own antivirus refuses (campaign rules, section 8).
    """
    return item.kind is UnreadKind.PROGRAM or item.error in _REFUSED_BY_ANTIVIRUS


def _left_out(look: Look) -> str:
    """The first item that stopped a look, behind its word; what stops by itself comes before single items."""
    items = sorted(look.unread_items, key=lambda item: item.kind not in _STOPPING)
    missing = _missing_roots((look,)) if look.stopped is StoppedBy.MISSING else ()
    first = [*missing, *(f"{item.kind} {item.path}" for item in items)][:1]
    more = f" and {look.unread - 1} more" if first and look.unread > 1 else ""
    return f", {first[0]}{more}" if first and look.stopped not in {StoppedBy.TIME, StoppedBy.COUNT} else ""


def _missing_roots(looks: Iterable[Look]) -> tuple[str, ...]:
    roots = (root for look in looks for root in look.roots if root.state is RootState.MISSING)
    return tuple(dict.fromkeys(root.asked for root in roots))
