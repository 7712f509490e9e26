"""What is said before a sweep begins, and after it ends."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from controller.app.preflight import Prepared
from controller.app.sweep import Course
from controller.cli.printing import counted
from controller.indicators.weigh import sentences
from controller.model.fleet import Connection, Host
from controller.model.playbook import Module, PushArguments, Task
from controller.model.sweep import Sweep
from controller.model.text import shown
from controller.model.verdict import Verdict
from controller.reports.vietnamese import minute_in_hanoi

_MOST_PLANS: Final = 100
"""Lines of what would be done that a screen still serves."""


def opening(course: Course, prepared: Prepared) -> str:
    """Say which hosts, what will be looked at, what would change, and what cannot be seen."""
    return "\n".join(_opening(course, prepared))


def announcement(course: Course, store: Path, *, going_on: bool) -> str:
    """Say whether the sweep is new or goes on, whom it was begun for, and in which store it is kept."""
    sweep, place = course.sweep, f"store '{shown(str(store.absolute()))}'"
    given = sum(entry.given for entry in sweep.roster)
    alone = "; its lists judge this sweep alone and do not come into force" if sweep.list_here else ""
    if going_on:
        begun = f"{minute_in_hanoi(sweep.started)} (Hanoi) by {shown(sweep.operator)}"
        owed = len(course.jobs) + len(course.gone)
        return f"Going on with a sweep that was begun {begun}: {owed} of {given} without a result{alone}; {place}."
    if sweep.retried:
        return f"A new sweep of {counted(given, 'computer')} that the campaign has as {sweep.retried}{alone}; {place}."
    return f"A new sweep{alone}; {place}."


def by_lists(sweep: Sweep, alone: Mapping[str, Verdict]) -> str:
    """Say what the lists of a sweep say of its computers by themselves; with `--list-here` they are not in force."""
    names = ", ".join(shown(Path(path).name) for path in sweep.playbook.lists)
    hosts = {verdict: [shown(host) for host, found in alone.items() if found is verdict] for verdict in Verdict}
    named = (Verdict.INFECTED, Verdict.UNKNOWN)
    lines = [f"  {len(hosts[each])} {each}: {', '.join(hosts[each])}" for each in named if hosts[each]]
    return "\n".join([f"By {names} alone, in this sweep:", *lines, f"  {len(hosts[Verdict.CLEAN])} without a match"])


def closing(planned: Sequence[tuple[str, str]], under_way: Sequence[str], *, go_on: str) -> str:
    """Say what `--apply` would do, which tools may run, and after an interruption the command to `go_on` with."""
    lines = [f"With --apply: on {shown(host)}, {shown(what)}." for host, what in planned[:_MOST_PLANS]]
    if len(planned) > _MOST_PLANS:
        lines.append(f"With --apply: {len(planned) - _MOST_PLANS} more.")
    lines += left_running(under_way)
    if go_on:
        lines.append(f"Interrupted; go on with: {go_on}")
    return "\n".join(lines)


def left_running(under_way: Sequence[str]) -> list[str]:
    """Name the computers on which a tool may still run, and the commands that read its end."""
    return [
        f"A tool may still run on {shown(host)}: its end is not known yet; --resume, --retry unknown or the next sweep "
        "that starts a tool there waits for it and keeps its result."
        for host in under_way
    ]


def _opening(course: Course, prepared: Prepared) -> Iterator[str]:
    hosts = [job.host for job in course.jobs]
    if not hosts:
        yield f"Sweep {course.sweep.id} has no computer left to visit; this is its result."
        return
    units = {host.unit for host in hosts if host.unit}
    mode = "changes are made" if course.sweep.apply else "dry run, nothing is changed"
    yield (
        f"Sweep {course.sweep.id}: '{shown(course.sweep.playbook.name)}', "
        f"{counted(len(hosts), 'computer')} of {counted(len(units), 'unit')}; {mode}."
    )
    for number, task in enumerate(course.sweep.playbook.tasks, start=1):
        yield f"  {number}. {shown(task.name)}: {_what(task, apply=course.sweep.apply)}"
    if strays := [host.name for host in hosts if not host.unit]:
        yield f"  In no unit: {shown(', '.join(strays))}"
    yield from _ntlm_without_tls(hosts)
    if prepared.rejected:
        yield f"  {counted(prepared.rejected, 'line')} of the IOC lists rejected."
    computers = Counter(host.platform for host in hosts)
    yield from (f"  {each}" for each in sentences(prepared.blind, computers))
    yield from (f"  {sentence}" for platform, sentence in prepared.cautions if platform in computers)
    if course.gone:
        yield f"  No longer in the inventory: {shown(', '.join(job.host.name for job in course.gone))}"
    if course.new:
        yield f"  New in the inventory, and not part of this sweep: {shown(', '.join(course.new))}"


def _ntlm_without_tls(hosts: Sequence[Host]) -> Iterator[str]:
    """Say once what that logon exposes; the reader may not know that it was chosen by a port."""
    exposed = [host for host in hosts if host.connection is Connection.PSRP and not host.tls]
    if exposed:
        yield (
            f"  NTLM without TLS on {counted(len(exposed), 'computer')}: whatever answers at such an address gets a "
            "proof of the account, to relay or to crack; docs/inventory.md, 'NTLM without TLS', says what to choose."
        )


def _what(task: Task, *, apply: bool) -> str:
    if task.look:
        judged = "judged" if task.module is Module.CHECK_IOCS else "kept"
        where = f" ({' and '.join(task.look.platforms)} only)" if task.look.platforms else ""
        return f"look at {task.look.collector}{where}, {judged}"
    if task.push:
        return _pushed(task.push, apply=apply)
    tool = task.clean.tool if task.clean else None
    if tool is None:
        return task.module
    if apply:
        return f"put '{tool.name}' into our folder, clean with it, and look again"
    detects = (
        "put '{}' into our folder, and let it detect only"
        if tool.detect is not None
        else "would run '{}'; it has no detect-only mode"
    )
    return detects.format(tool.name)


def _pushed(push: PushArguments, *, apply: bool) -> str:
    name = shown(Path(push.file).name)
    if not push.dest:
        return f"put '{name}' into our folder"
    places = " or ".join(f"'{shown(dest)}'" for dest in dict.fromkeys(push.dest.values()))
    return f"{'put' if apply else 'would put'} '{name}' at {places}"
