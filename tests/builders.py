"""Short ways to make values; every test says only what matters to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from controller.errors import LineError, Reason
from controller.model.fleet import Host
from controller.model.indicator import Grade, Kind, Match
from controller.model.playbook import LookArguments, Module, Task
from controller.model.result import (
    Attempt,
    Fault,
    Finding,
    FindingState,
    Look,
    LookKey,
    TaskResult,
    TaskState,
    ToolMode,
    ToolRun,
)
from controller.model.sweep import HostJob

BAD = "9f" * 32
NOON = datetime(2022, 9, 15, 12, tzinfo=UTC)


def a_host(name: str = "pc-01", **but: Any) -> Host:
    """Build an SSH host of no unit."""
    return replace(Host(name=name, address="192.0.2.1"), **but)


def a_task(collector: str = "processes") -> Task:
    """Build a look."""
    return Task(name=f"look at {collector}", module=Module.CHECK_IOCS, look=LookArguments(collector=collector))


def a_job(*tasks: Task, host: Host | None = None, apply: bool = False) -> HostJob:
    """Build a job for one host."""
    return HostJob(sweep="s1", host=host or a_host(), tasks=tasks or (a_task(),), apply=apply)


def a_match(value: str = BAD, grade: Grade = Grade.CONFIRMED) -> Match:
    """Build a match of one bad hash."""
    return Match(kind=Kind.SHA256, value=value, list="bad.txt", line=1, collector="processes", seen=value, grade=grade)


def a_look(*matches: Match, collector: str = "processes", **but: Any) -> Look:
    """Build a finished look."""
    return replace(Look(key=LookKey(collector=collector), rows=3, matches=matches), **but)


def a_finding(state: FindingState = FindingState.FOUND, path: str = "/tmp/x") -> Finding:
    """Build what a tool says."""
    return Finding(tool="quet", threat="Lab.A", object=path, state=state)


def a_run(*findings: Finding, mode: ToolMode = ToolMode.CLEAN, **but: Any) -> ToolRun:
    """Build a run of a tool that came to its end."""
    return replace(ToolRun(run_id="r1", tool="quet", mode=mode, exit_code=0, roots=("/",), findings=findings), **but)


def a_result(*events: Look | ToolRun, index: int = 0, fault: Reason | None = None) -> TaskResult:
    """Build what one task left."""
    return TaskResult(
        index=index,
        name="task",
        state=TaskState.FAILED if fault else TaskState.DONE,
        runs=tuple(each for each in events if isinstance(each, ToolRun)),
        looks=tuple(each for each in events if isinstance(each, Look)),
        fault=Fault(fault) if fault else None,
    )


def an_attempt(*tasks: TaskResult, fault: Reason | None = None, host: str = "pc-01", number: int = 1) -> Attempt:
    """Build one visit."""
    return Attempt(
        host=host, number=number, started=NOON, ended=NOON, tasks=tasks, fault=Fault(fault) if fault else None
    )


@contextmanager
def noting(seen: list[Reason]) -> Iterator[None]:
    """Admit, and note with which reason whoever was admitted is refused."""
    try:
        yield
    except LineError as error:
        seen.append(error.reason)
        raise
