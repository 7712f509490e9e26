"""One start of a tool on one host, from its committed id to what its log says."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from controller.cleaners.base import Places, below
from controller.errors import HostError, LineError, Reason
from controller.model.intent import OpenStart
from controller.model.playbook import CleanArguments
from controller.model.result import Fault, ToolMode, ToolRun
from controller.tasks.base import TaskContext
from controller.tasks.look import kept
from controller.transports.base import PRODUCT_FOLDER, Launch, RunPhase, RunState

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 60.0
_GRACE: Final = 60.0
"""Seconds that the host's own stop of a tool may be late before we give up waiting."""
_PATIENCE: Final = 300.0
"""Seconds in which a broken line may come back; a computer that was switched off must not hold us longer."""
_BREAKS: Final = frozenset(
    {Reason.CONNECTION_LOST, Reason.HOST_TIMEOUT, Reason.REACH_REFUSED, Reason.REACH_ROUTE, Reason.REACH_TIMEOUT}
)
"""What a bad line looks like; whatever else ends a session, asking again does not help."""


def run_tool(index: int, arguments: CleanArguments, mode: ToolMode, context: TaskContext) -> ToolRun:
    """Place the tool, settle what is open on this computer, start the tool at most once, and read what it says.

    The run stands in `context.record` before anything is raised for it.

    Raises:
        HostError: it could not be placed or started, was torn off, failed, or did not finish.

    """
    tool = arguments.tool
    context.session.put(Path(tool.file), sha256=tool.sha256, file_name=Path(tool.file).name)
    while True:
        begun = _begun(index, arguments, mode, context)
        if isinstance(begun, ToolRun):
            return _recorded(begun, context)
        boot_id = context.session.greeting.boot_id
        state = _started(begun, arguments, mode, context)
        if state.phase is RunPhase.FINISHED:
            run = replace(_read(begun, arguments, mode, state, context), boot_id=boot_id)
            return _recorded(context.starts.finish(run), context)
        context.starts.interrupt(begun)  # whether this visit may start it anew is asked above


def _begun(index: int, arguments: CleanArguments, mode: ToolMode, context: TaskContext) -> ToolRun | str:
    """Settle the open starts of other visits, one by one; then return the run that is over, or the id to start."""
    pause, deadline = _FIRST_PAUSE, time.monotonic() + _PATIENCE
    while isinstance(begun := context.starts.begin(index, mode, arguments), OpenStart):
        if _settled(begun, context):
            pause, deadline = _FIRST_PAUSE, time.monotonic() + _PATIENCE
        elif time.monotonic() > deadline:
            intent = begun.intent
            detail = f"sweep {intent.sweep} is about to start '{intent.tool}' there, as run {intent.run_id}"
            raise HostError(Reason.HOST_BUSY, detail)
        else:
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
    return begun


def _settled(start: OpenStart, context: TaskContext) -> bool:
    """Wait for the end of a start and commit it with that start; False when a living process may still begin it."""
    intent = start.intent
    seconds = start.arguments.seconds or start.arguments.tool.seconds
    boot_id = context.session.greeting.boot_id
    state = _ended(_told(lambda: context.session.poll(intent.run_id), context), intent.run_id, seconds, context)
    if state.phase is RunPhase.ABSENT and not start.held:
        state = _told(lambda: context.session.void(intent.run_id), context)
    match state.phase:
        case RunPhase.FINISHED:
            run = _read(intent.run_id, start.arguments, intent.mode, state, context)
            context.starts.finish(replace(run, boot_id=boot_id))
        case RunPhase.TORN:
            context.starts.interrupt(intent.run_id)
        case RunPhase.ABSENT if not start.held:
            context.starts.void(intent.run_id)
        case RunPhase.ABSENT:
            return False
        case RunPhase.RUNNING:  # it began just before it would have been void
            return False
    return True


def _read(run_id: str, arguments: CleanArguments, mode: ToolMode, state: RunState, context: TaskContext) -> ToolRun:
    """Read the exit code and the log of a run that came to its end."""
    tool, places = arguments.tool, _places(arguments, context)
    exit_code = state.exit_code if state.exit_code is not None else -1
    report = context.cleaner(arguments.cleaner).read(tool, mode, exit_code, state.log, places)
    shortfall = _shortfall(state, arguments.seconds or tool.seconds)
    return ToolRun(
        run_id=run_id,
        tool=tool.name,
        mode=mode,
        exit_code=exit_code,
        roots=places.roots,
        findings=report.findings,
        fault=shortfall or report.fault,
        contradiction=report.contradiction and not shortfall,
        log=kept(state.log),
    )


def _shortfall(state: RunState, seconds: int) -> Fault | None:
    """Say why a run that is over did not come to its own end, or why its log cannot be read to the end."""
    if state.overdue:
        ended = ", ".join(state.overdue)
        return Fault(Reason.HOST_TIMEOUT, f"ended by us after {seconds} s: process {ended}")
    if state.cut:
        taken = f"{len(state.log) / 2**20:.1f} MiB"
        return Fault(Reason.ANSWER_HUGE, f"the tool wrote more into its log than the {taken} that we take")
    return None


def _recorded(run: ToolRun, context: TaskContext) -> ToolRun:
    context.record.runs.append(run)
    if run.fault:
        raise HostError(run.fault.reason, run.fault.detail)
    return run


def _started(run_id: str, arguments: CleanArguments, mode: ToolMode, context: TaskContext) -> RunState:
    """Start the run unless the host knows its id, and wait for its end."""
    tool = arguments.tool
    launch = Launch(
        run_id=run_id,
        sha256=tool.sha256,
        file_name=Path(tool.file).name,
        arguments=context.cleaner(arguments.cleaner).arguments(tool, mode, _places(arguments, context)),
        mode=mode,
        log=tool.log,
        seconds=arguments.seconds or tool.seconds,
    )
    return _ended(_told(lambda: context.session.start(launch), context), run_id, launch.seconds, context)


def _ended(state: RunState, run_id: str, seconds: int, context: TaskContext) -> RunState:
    """Wait for the end of a run that the host itself stops after `seconds`."""
    pause, deadline = _FIRST_PAUSE, time.monotonic() + seconds + _GRACE
    while state.phase is RunPhase.RUNNING:
        if time.monotonic() > deadline:
            named = f": process {', '.join(state.overdue)}" if state.overdue else ""
            raise HostError(Reason.HOST_TIMEOUT, f"the tool still runs after {seconds} s, as run {run_id}{named}")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        state = _told(lambda: context.session.poll(run_id), context)
    return state


def _told(ask: Callable[[], RunState], context: TaskContext) -> RunState:
    """Ask how the run stands, over a new line where the old one breaks: the tool goes on without us.

    That a start is asked for twice does no harm: whoever makes the run's folder on the host starts it, nobody else.
    """
    pause, deadline = _FIRST_PAUSE, time.monotonic() + _PATIENCE
    broken = False
    while True:
        try:
            if broken:
                context.session.reopen()
            return ask()
        except LineError as error:
            if error.reason not in _BREAKS or time.monotonic() > deadline:
                raise
        broken = True
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _places(arguments: CleanArguments, context: TaskContext) -> Places:
    host = context.host
    roots = arguments.roots.get(host.platform, ())
    return Places(roots=roots, folder=below(host.sysroot, PRODUCT_FOLDER[host.platform]), sysroot=host.sysroot)
