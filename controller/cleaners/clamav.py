"""ClamAV's clamscan, as version 1.4 really behaves.

Facts that shape this adapter: it ends with 1 when something was found, even when all of it was moved away, and also
when, beside that, a root was missing; 2 only when nothing was found and something could not be read. Without
`--stdout` its warnings go elsewhere. A folder for quarantine that does not exist is only grumbled about. A line end
in a file name stands in its log as it is.

What its own limits make it pass over it calls clean, with exit 0: files above `--max-filesize` (100 MiB unless set),
containers above `--max-scansize`, `--max-files`, `--max-recursion` or `--max-scantime`, encrypted ones, and, without a
word in any mode, folders more than 15 levels deep. `--alert-exceeds-max` and `--alert-encrypted` name all but the
last as findings; but then `--move` would put users' large files into quarantine. So only a detect-only run asks for
these names, and a run in mode `clean` is always followed by one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from controller.cleaners import base
from controller.cleaners.base import Places, ToolReport
from controller.errors import Reason
from controller.model.playbook import Tool
from controller.model.result import Fault, Finding, FindingState, ToolMode

QUARANTINE: Final = "quarantine"
"""The folder below the product's folder that findings are moved to; it must be there before a start."""

_ALWAYS: Final = ("--recursive", "--infected", "--stdout", "--max-dir-recursion=4096")
"""A path of Linux has at most 4096 bytes, so no folder is deeper."""
_TELLING: Final = ("--alert-exceeds-max=yes", "--alert-encrypted=yes")
_DECIDED_HERE: Final = (
    *("--recursive", "--infected", "--stdout", "--max-dir-recursion", "--allmatch", "--no-summary", "--quiet"),
    *("--log", "--file-list", "--move", "--copy", "--remove", "--heuristic-alerts"),
    *("--alert-exceeds-max", "--alert-encrypted", "--alert-encrypted-archive", "--alert-encrypted-doc"),
)
_PASSED_OVER: Final = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted.")
_SHORT_DECIDED_HERE: Final = re.compile(r"-[a-zA-Z]*[rizlf][a-zA-Z]*")
_DATABASE: Final = re.compile(r"-d.*|--data[a-z]*(=.*)?")
_SUMMARY: Final = "----------- SCAN SUMMARY -----------"
_FOUND: Final = re.compile(r"(?P<object>.*): (?P<threat>[^:/]+) FOUND")
_MOVED: Final = re.compile(r"(?P<object>.*): moved to '.*")
_COUNT: Final = re.compile(r"(?P<name>[A-Z][a-z]+ [a-z]+): (?P<number>\d{1,12})")
_UNREAD_ROOT: Final = re.compile(r"WARNING: (?P<object>.*): Can't access file")
_ANSWERS: Final = frozenset({0, 1})
_DETAIL_LIMIT: Final = 200


class ClamavCleaner:
    """The tool's lists hold only what is its own (`-d`, FILE, …): roots, quarantine and form of the log are ours."""

    confirms_always = True

    def check(self, tool: Tool, roots: Sequence[str]) -> None:
        """Make sure that there is something to scan, and that no argument takes over what the adapter decides."""
        base.refuse_unknown(tool, ("folder",))
        if not roots or not all(root.startswith("/") for root in roots):
            raise base.tool_error(tool, "the task gives it no whole paths to scan; add 'roots' to the task")
        if tool.log != "stdout":
            raise base.tool_error(tool, f"its log is '{tool.log}', but clamav's is read from 'stdout'; write that")
        if tool.detect is None:
            raise base.tool_error(
                tool, "it has no 'detect', without which clamscan hides what it passed over; add it, '[]' will do"
            )
        for argument in (*tool.clean, *(tool.detect or ())):
            if _is_decided_here(argument):
                raise base.tool_error(tool, f"'{argument}' is decided by the cleaner itself; remove it")

    def arguments(self, tool: Tool, mode: ToolMode, places: Places) -> tuple[str, ...]:
        """Scan below the roots, never the quarantine; in mode `clean` move what is found there."""
        own = base.filled(base.mode_arguments(tool, mode), {"folder": [places.folder]})
        quarantine = f"{places.folder.rstrip('/')}/{QUARANTINE}"
        return (
            *_ALWAYS,
            f"--exclude-dir=^{re.escape(quarantine)}$",
            *((f"--move={quarantine}",) if mode is ToolMode.CLEAN else _TELLING),
            *(() if any(map(_DATABASE.fullmatch, own)) else ("--fail-if-cvd-older-than=7",)),
            *own,
            "--",
            *(base.below(places.sysroot, root) for root in places.roots),
        )

    def read(self, tool: Tool, mode: ToolMode, exit_code: int, log: bytes, places: Places) -> ToolReport:
        """Read findings and summary; the run is an answer only when it read everything it was told to."""
        lines = base.lines_of(base.decoded(log, tool.encoding))
        scan = _read(lines)
        findings = tuple(_findings(scan, tool, mode, places.sysroot))
        if fault := _fault(tool, scan, exit_code, lines):
            return ToolReport(findings=findings, fault=fault)
        return ToolReport(findings=findings, contradiction=_contradicts(scan, mode, exit_code))


@dataclass(slots=True)
class _Hit:
    object: str
    threat: str
    moved: bool = False

    @property
    def passed_over(self) -> bool:
        """It is no finding: clamscan names what it did not look at."""
        return self.threat.startswith(_PASSED_OVER)


@dataclass(slots=True)
class _Scan:
    """One log as it is read. `counts` are those of a summary that no finding follows, or nothing."""

    hits: list[_Hit] = field(default_factory=list)
    unread_roots: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def _is_decided_here(argument: str) -> bool:
    """Say whether an argument takes over what we decide; clamscan takes any beginning of a long option for it."""
    name = argument.partition("=")[0]
    if name.startswith("--"):
        return any(each.startswith(name) for each in _DECIDED_HERE)
    return _SHORT_DECIDED_HERE.fullmatch(name) is not None


def _read(lines: Iterable[str]) -> _Scan:
    scan = _Scan()
    waiting: dict[str, list[_Hit]] = {}
    for line in lines:
        if line == _SUMMARY:
            scan.counts.clear()
        elif match := _FOUND.fullmatch(line):
            hit = _Hit(match["object"], match["threat"])
            scan.hits.append(hit)
            waiting.setdefault(hit.object, []).append(hit)
            scan.counts.clear()
        elif match := _MOVED.fullmatch(line):
            for hit in waiting.get(match["object"], [])[-1:]:
                hit.moved = True
                waiting[hit.object].pop()
        elif match := _UNREAD_ROOT.fullmatch(line):
            scan.unread_roots.append(match["object"])
        elif match := _COUNT.fullmatch(line):
            scan.counts[match["name"]] = int(match["number"])
    return scan


def _findings(scan: _Scan, tool: Tool, mode: ToolMode, sysroot: str) -> Iterator[Finding]:
    """Yield one finding for each threat and object; when names look alike, one that was not moved decides."""
    left = FindingState.FOUND if mode is ToolMode.DETECT else FindingState.FAILED
    moved: dict[tuple[str, str], bool] = {}
    for hit in (each for each in scan.hits if not each.passed_over):
        key = (hit.threat, base.without(sysroot, hit.object))
        moved[key] = hit.moved and moved.get(key, True)
    for (threat, place), gone in moved.items():
        state = FindingState.QUARANTINED if gone else left
        yield Finding(tool=tool.name, threat=threat, object=place, state=state)


def _fault(tool: Tool, scan: _Scan, exit_code: int, lines: Sequence[str]) -> Fault | None:
    """Say why the run is no answer: it did not end, had no signatures, or did not read all it was told to."""
    if unreadable := base.unreadable(tool, lines):
        return unreadable
    if "Infected files" not in scan.counts:
        last = next((line for line in reversed(lines) if line.strip()), "an empty log")
        return Fault(Reason.CLEANER_UNFINISHED, f"exit {exit_code}, no summary: {last[:_DETAIL_LIMIT]}")
    if why := _shortfall(scan, exit_code):
        return Fault(Reason.CLEANER_FAILED, f"exit {exit_code}, {why}")
    return base.partial([f"{hit.object}: {hit.threat}" for hit in scan.hits if hit.passed_over])


def _shortfall(scan: _Scan, exit_code: int) -> str:
    """Say what a run that came to its end did not do; empty when it did all."""
    if not scan.counts.get("Known viruses"):
        return "no signatures were loaded"
    if scan.unread_roots:
        return f"'{scan.unread_roots[0][:_DETAIL_LIMIT]}' is not there or cannot be read"
    if errors := scan.counts.get("Total errors"):
        return f"{errors} items below the roots could not be read"
    return "" if exit_code in _ANSWERS else "which says that it failed"


def _contradicts(scan: _Scan, mode: ToolMode, exit_code: int) -> bool:
    changed_by_a_look = mode is ToolMode.DETECT and any(hit.moved for hit in scan.hits)
    return changed_by_a_look or exit_code != bool(scan.hits) or scan.counts["Infected files"] != len(scan.hits)
