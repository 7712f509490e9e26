"""One start of a tool on one host, from its committed id to what its log says."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from controller.cleaners.base import Places, below
from controller.errors import HostError, LineError, Reason
from controller.model.playbook import CleanArguments
from controller.model.result import ToolMode, ToolRun
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
    """Place the tool, start it at most once, wait for its end, and read what it says.

    The run stands in `context.record` before anything is raised for it.

    Raises:
        HostError: it could not be placed or started, was torn off, failed, or did not finish.

    """
    tool, places = arguments.tool, _places(arguments, context)
    context.session.put(Path(tool.file), sha256=tool.sha256, file_name=Path(tool.file).name)
    begun = context.starts.begin(index, mode, tool=tool.name, sha256=tool.sha256, roots=places.roots)
    if isinstance(begun, ToolRun):
        return _recorded(begun, context)
    adapter = context.cleaner(arguments.cleaner)
    launch = Launch(
        run_id=begun,
        sha256=tool.sha256,
        file_name=Path(tool.file).name,
        arguments=adapter.arguments(tool, mode, places),
        mode=mode,
        log=tool.log,
        seconds=arguments.seconds or tool.seconds,
    )
    boot_id = context.session.greeting.boot_id
    state = _finished(launch, context)
    exit_code = state.exit_code if state.exit_code is not None else -1
    report = adapter.read(tool, mode, exit_code, state.log, places)
    run = ToolRun(
        run_id=begun,
        tool=tool.name,
        mode=mode,
        exit_code=exit_code,
        roots=places.roots,
        findings=report.findings,
        fault=report.fault,
        contradiction=report.contradiction,
        log=kept(state.log),
        boot_id=boot_id,
    )
    return _recorded(context.starts.finish(run), context)


def _recorded(run: ToolRun, context: TaskContext) -> ToolRun:
    context.record.runs.append(run)
    if run.fault:
        raise HostError(run.fault.reason, run.fault.detail)
    return run


def _finished(launch: Launch, context: TaskContext) -> RunState:
    """Start the run unless the host knows its id, and wait for its end."""
    state = _told(lambda: context.session.start(launch), context)
    pause, deadline = _FIRST_PAUSE, time.monotonic() + launch.seconds + _GRACE
    while state.phase is RunPhase.RUNNING:
        if time.monotonic() > deadline:
            raise HostError(
                Reason.HOST_TIMEOUT, f"the tool still runs after {launch.seconds} s, as run {launch.run_id}"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        state = _told(lambda: context.session.poll(launch.run_id), context)
    if state.phase is not RunPhase.FINISHED:
        context.starts.interrupt(launch.run_id)
        raise HostError(Reason.CLEAN_INTERRUPTED, f"run {launch.run_id}")
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
