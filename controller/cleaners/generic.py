"""Any tool that a `tool.yaml` describes: patterns for its log, a table for its exit codes.

The log says what was found and done; the exit code only agrees or disagrees. For a log with its completion marker:

    exit     log shows         detect            clean
    done     nothing           fine              fine
    done     found             fine              contradiction (found, not removed)
    done     all removed       contradiction     fine
    reboot   nothing           contradiction     contradiction
    reboot   found             contradiction     every finding waits for the restart
    reboot   all removed       contradiction     every finding waits for the restart
    failed   nothing, found    cleaner.failed    cleaner.failed
    failed   all removed       contradiction     contradiction

A code that is not in the table is `failed`. Without the marker it is `cleaner.unfinished`, whatever the exit code.
A line that meets `skipped` makes what is fine `cleaner.partial`: what the tool did not look at is not clean.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from controller.cleaners import base
from controller.cleaners.base import Places, ToolReport
from controller.errors import Reason
from controller.model.playbook import Tool
from controller.model.result import Fault, Finding, FindingState, ToolMode

_KNOWN: Final = ("roots", "folder", "log")
_GROUPS: Final = frozenset({"threat", "object"})


class _Exit(StrEnum):
    DONE = "done"
    REBOOT = "reboot"
    FAILED = "failed"


class _Shown(StrEnum):
    """What a whole log shows."""

    NOTHING = "nothing"
    FOUND = "found"
    REMOVED = "removed"


_CONTRADICTIONS: Final = frozenset(
    {
        (ToolMode.CLEAN, _Exit.DONE, _Shown.FOUND),
        (ToolMode.DETECT, _Exit.DONE, _Shown.REMOVED),
        (ToolMode.CLEAN, _Exit.REBOOT, _Shown.NOTHING),
        *((ToolMode.DETECT, _Exit.REBOOT, shown) for shown in _Shown),
        *((mode, _Exit.FAILED, _Shown.REMOVED) for mode in ToolMode),
    }
)


class GenericCleaner:
    """Driven by tool.yaml alone."""

    confirms_always = False

    def check(self, tool: Tool, roots: Sequence[str]) -> None:
        """Make sure that the arguments can be filled, and that the log and the exit codes can be read."""
        base.refuse_unknown(tool, _KNOWN)
        _check_arguments(tool, roots)
        _check_patterns(tool)
        if not tool.complete:
            raise base.tool_error(tool, "it has no 'complete'; write with what the last line of a whole log begins")
        if _Exit.DONE not in tool.exits.values() or not set(tool.exits.values()) <= set(_Exit):
            raise base.tool_error(tool, "'exit' must map each code to done, reboot or failed, one to done; complete it")

    def arguments(self, tool: Tool, mode: ToolMode, places: Places) -> tuple[str, ...]:
        """Fill in the tool's own list; an argument that names `{roots}` is repeated for each root."""
        roots = [base.below(places.sysroot, root) for root in places.roots]
        values = {"roots": roots, "folder": [places.folder], "log": [tool.log]}
        return base.filled(base.mode_arguments(tool, mode), values)

    def read(self, tool: Tool, mode: ToolMode, exit_code: int, log: bytes, places: Places) -> ToolReport:
        """Read the log by the tool's patterns, and weigh it against the exit code by the table above."""
        lines = base.lines_of(base.decoded(log, tool.encoding))
        findings, complete = _read(tool, lines, places.sysroot)
        if fault := base.unreadable(tool, lines):
            return ToolReport(findings=findings, fault=fault)
        if not complete:
            detail = f"exit {exit_code}, and no line after the last finding begins with '{tool.complete}'"
            return ToolReport(findings=findings, fault=Fault(Reason.CLEANER_UNFINISHED, detail))
        report = _weighed(tool, mode, exit_code, findings)
        if report.fault or report.contradiction or not tool.skipped:
            return report
        return replace(report, fault=base.partial([line for line in lines if re.search(tool.skipped, line)]))


def _check_arguments(tool: Tool, roots: Sequence[str]) -> None:
    for arguments in filter(None, (tool.clean, tool.detect)):
        names = base.placeholders(arguments)
        if roots and "roots" not in names:
            raise base.tool_error(tool, "the task gives roots, but its arguments do not take them; add '{roots}'")
        if "roots" in names and not roots:
            raise base.tool_error(
                tool, "its arguments name '{roots}', but the task gives none; add 'roots' to the task"
            )
        if "log" in names and tool.log == "stdout":
            raise base.tool_error(tool, "its arguments name '{log}', but 'log' is stdout; write a path under 'log'")


def _check_patterns(tool: Tool) -> None:
    no_groups: frozenset[str] = frozenset()
    patterns = (
        ("found", tool.found, _GROUPS),
        ("removed", tool.removed, _GROUPS),
        ("skipped", tool.skipped, no_groups),
    )
    for key, pattern, groups in patterns:
        try:
            missing = groups - re.compile(pattern).groupindex.keys()
        except re.error as error:
            raise base.tool_error(tool, f"'{key}' is no pattern ({error.msg}); correct it") from error
        if missing:
            raise base.tool_error(tool, f"'{key}' has no group '{min(missing)}'; write (?P<{min(missing)}>…)")
    try:
        base.decoded(b" ", tool.encoding)
    except LookupError as error:
        raise base.tool_error(
            tool, f"'{tool.encoding}' is no encoding of text; write one such as 'utf-16-le'"
        ) from error


def _read(tool: Tool, lines: Iterable[base.LogLine], sysroot: str) -> tuple[tuple[Finding, ...], bool]:
    """Return the findings, and whether the log was complete: its marker stands behind the last finding.

    A removal without its finding is a finding that was removed; one that is found again after that is open. An object
    from a line with control sequences ends with U+FFFD, for letters of its name may be gone with them.
    """
    found, removed = re.compile(tool.found), re.compile(tool.removed)
    states: dict[tuple[str, str], FindingState] = {}
    uncertain: set[tuple[str, str]] = set()
    complete = has_event = False
    for line in lines:
        event = _event(line, found, removed)
        if event is None and line.joined and not has_event:
            event = _event(line.joined, found, removed)
        has_event = not line.is_last and (has_event or event is not None)
        if event:
            match, state = event
            key = match["threat"] or "", base.without(sysroot, match["object"] or "")
            states[key] = state
            uncertain.update({key} if line.altered else ())
            complete = False
        elif line.lstrip().startswith(tool.complete):
            complete = True
    findings = (
        Finding(tool=tool.name, threat=key[0], object=_uncertain(key[1]) if key in uncertain else key[1], state=state)
        for key, state in states.items()
    )
    return tuple(findings), complete


def _uncertain(name: str) -> str:
    """Mark a name whose letters may not be all, so that it confirms nothing."""
    return name.removesuffix("\ufffd") + "\ufffd"


def _event(line: str, found: re.Pattern[str], removed: re.Pattern[str]) -> tuple[re.Match[str], FindingState] | None:
    if match := removed.search(line):
        return match, FindingState.REMOVED
    if match := found.search(line):
        return match, FindingState.FOUND
    return None


def _weighed(tool: Tool, mode: ToolMode, exit_code: int, findings: tuple[Finding, ...]) -> ToolReport:
    outcome = _Exit(tool.exits.get(exit_code, _Exit.FAILED))
    case = (mode, outcome, _shown(findings))
    if case in _CONTRADICTIONS:
        return ToolReport(findings=findings, contradiction=True)
    if outcome is _Exit.FAILED:
        known = "" if exit_code in tool.exits else ", which is not in its table"
        return ToolReport(
            findings=findings, fault=Fault(Reason.CLEANER_FAILED, f"'{tool.name}' ended with {exit_code}{known}")
        )
    if outcome is _Exit.REBOOT:
        findings = tuple(replace(each, state=FindingState.REBOOT) for each in findings)
    return ToolReport(findings=findings)


def _shown(findings: tuple[Finding, ...]) -> _Shown:
    if not findings:
        return _Shown.NOTHING
    return _Shown.REMOVED if all(each.state.handled for each in findings) else _Shown.FOUND
