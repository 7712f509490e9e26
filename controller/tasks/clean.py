"""Run a cleanup tool, and look again: what a tool says of itself is recorded, never believed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Final

from controller.errors import HostError, Reason
from controller.model.fleet import Platform
from controller.model.indicator import Kind
from controller.model.playbook import CleanArguments, Effect, LookArguments, Task
from controller.model.result import Look, LookKey, TaskResult, TaskState, ToolMode, ToolRun
from controller.tasks.base import TaskContext
from controller.tasks.look import answered, look
from controller.tasks.tool_run import run_tool

FILES: Final = "files"
"""The collector that says whether an object is gone."""
AUTOSTART: Final = "autostart"
"""The collector that says whether what ran would start again."""

_MOMENTARY: Final = frozenset({"processes", "connections", "dns_cache"})
"""Collectors whose rows show a moment: that they are gone says nothing until these two were asked as well."""


class Clean:
    """Detect without `--apply`, clean with it; after cleaning, look again."""

    def effect(self, task: Task, *, apply: bool) -> Effect:  # noqa: ARG002 - the protocol's shape
        """Only `--apply` starts a tool in its cleaning mode."""
        return Effect.CHANGE if apply else Effect.READ

    def run(self, index: int, task: Task, context: TaskContext) -> TaskResult:
        """Run the tool in the mode that `--apply` allows; a tool without a detect-only mode is not run without it."""
        arguments = task.clean
        if arguments is None:
            raise ValueError(f"task '{task.name}' has no arguments of a cleaner")
        tool, mode = arguments.tool, ToolMode.CLEAN if context.apply else ToolMode.DETECT
        if context.host.platform not in tool.platforms:
            return TaskResult(index=index, name=task.name, state=TaskState.SKIPPED)
        if mode is ToolMode.DETECT and tool.detect is None:
            plan = (f"run '{tool.name}' on {', '.join(_roots(arguments, context)) or 'the computer'}",)
            return TaskResult(index=index, name=task.name, state=TaskState.PLANNED, plan=plan)
        if not context.greeting.elevated:
            raise HostError(Reason.RIGHTS_MISSING, f"'{tool.name}' needs an administrator")
        run = run_tool(index, arguments, mode, context)
        if mode is ToolMode.CLEAN:
            _look_again(index, arguments, run, context)
        return TaskResult(
            index=index,
            name=task.name,
            state=TaskState.DONE,
            runs=tuple(context.record.runs),
            looks=tuple(context.record.looks),
            plan=_plan(run) if mode is ToolMode.DETECT else (),
        )


def _plan(run: ToolRun) -> tuple[str, ...]:
    return tuple(f"remove {finding.threat} in {finding.object}" for finding in run.findings)


def _roots(arguments: CleanArguments, context: TaskContext) -> tuple[str, ...]:
    return arguments.roots.get(context.host.platform, ())


def _look_again(index: int, arguments: CleanArguments, run: ToolRun, context: TaskContext) -> None:
    """Ask what can confirm the tool's word: its own detect-only run, or its objects' folders; then the old matches."""
    handled = tuple(finding.object for finding in run.findings if finding.state.handled)
    confirms = handled or context.cleaner(arguments.cleaner).confirms_always
    if confirms and arguments.tool.detect is not None:
        run_tool(index, arguments, ToolMode.DETECT, context)
    elif handled:
        context.record.looks.extend(_objects(handled, context))
    asked = [(task.look, result.looks) for task, result in context.earlier if task.look]
    for arguments_of_look, looks in asked:
        if any(match.grade.weighs for each in looks for match in each.matches):
            again = look(arguments_of_look, context, context.judging(arguments_of_look.lists), repeats=True)
            context.record.looks.append(again)
    met = [each for _, looks in asked for each in looks if _shows_a_moment(each)]
    if met and context.host.platform in context.collector(AUTOSTART).scripts:
        context.record.looks.append(look(LookArguments(collector=AUTOSTART), context, context.judging(())))
    for parent in _folders_of_images(met, context.host.platform):
        context.record.looks.append(_folder(parent, {}, context))


def _shows_a_moment(made: Look) -> bool:
    return made.key.collector in _MOMENTARY and any(match.grade.weighs for match in made.matches)


def _folders_of_images(looks: Sequence[Look], platform: Platform) -> list[PurePath]:
    """Return the folders of the programs behind what was met; a row's path is beside the value that met."""
    rows = {(made.key.collector, match.where) for made in looks for match in made.matches if match.grade.weighs}
    paths = [
        _path(each.value, platform)
        for made in looks
        for each in made.observations
        if each.kind is Kind.PATH and (each.collector, each.where) in rows
    ]
    return sorted({path.parent for path in paths if path.is_absolute()})


def _objects(objects: Sequence[str], context: TaskContext) -> list[Look]:
    """List the parent folders of absolute paths that were decoded without loss; others stay unverified."""
    whole = [each for each in objects if not {"?", "\ufffd"} & set(each)]
    paths = {each: path for each in whole if (path := _path(each, context.host.platform)).is_absolute()}
    parents = sorted({path.parent for path in paths.values()})
    return [
        _folder(parent, {each: path for each, path in paths.items() if path.parent == parent}, context)
        for parent in parents
    ]


def _path(text: str, platform: Platform) -> PurePath:
    """A path that equals another as the platform sees it: Windows does not tell `A` from `a`."""
    return PureWindowsPath(text) if platform is Platform.WINDOWS else PurePosixPath(text)


def _folder(parent: PurePath, objects: Mapping[str, PurePath], context: TaskContext) -> Look:
    """Say which objects of one folder are gone; only a folder that was listed to its end can say so."""
    collector = context.collector(FILES)
    question = ("depth=1", f"root={parent}")
    key = LookKey(collector=FILES, arguments=question)
    answer, made = answered(context, key, question, seconds=collector.spec.seconds)
    seen = {_path(str(row["path"]), context.host.platform): row["type"] for row in answer.rows}
    listed = answer.stopped is None and seen.get(parent) == "folder"
    return replace(
        made,
        gone=tuple(each for each, path in objects.items() if listed and path not in seen),
        there=tuple(each for each, path in objects.items() if path in seen),
    )
