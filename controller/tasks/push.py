"""Place a file on a host: in the product's folder by its SHA-256, or from there where it belongs."""

from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Final

from controller.cleaners.base import below
from controller.errors import HostError, Reason
from controller.model.fleet import Platform
from controller.model.playbook import Effect, PushArguments, Task
from controller.model.result import TaskResult, TaskState
from controller.tasks.base import TaskContext
from controller.transports.base import product_folder
from controller.transports.placed import refusal, said
from controller.transports.shell_text import own_script

_SECONDS: Final = 300.0


class Push:
    """Place a file. In the product's folder that is no change; a `dest` is one."""

    def effect(self, task: Task, *, apply: bool) -> Effect:
        """Only `--apply` places a file at a `dest`."""
        return Effect.CHANGE if apply and _arguments(task).dest else Effect.READ

    def run(self, index: int, task: Task, context: TaskContext) -> TaskResult:
        """Place it; one that lies there already is left alone, and said."""
        arguments, platform = _arguments(task), context.host.platform
        name = Path(arguments.file).name
        if arguments.dest and platform not in arguments.dest:
            why = f"'{name}' has no 'dest' for {platform}"
            return TaskResult(index=index, name=task.name, state=TaskState.SKIPPED, notes=(why,))
        if arguments.dest and not context.apply:
            plan = (f"put '{name}' at '{_dest(arguments, platform)}'",)
            return TaskResult(index=index, name=task.name, state=TaskState.PLANNED, plan=plan)
        if not context.greeting.elevated:
            raise HostError(Reason.RIGHTS_MISSING, f"putting '{name}' there needs an administrator")
        new = context.session.put(Path(arguments.file), sha256=arguments.sha256, file_name=name)
        if arguments.dest:
            new = _placed(arguments, context)
        notes = () if new else (f"'{name}' was there already",)
        return TaskResult(index=index, name=task.name, state=TaskState.DONE, notes=notes)


def _arguments(task: Task) -> PushArguments:
    if task.push is None:
        raise ValueError(f"task '{task.name}' has no arguments of a push")
    return task.push


def _dest(arguments: PushArguments, platform: Platform) -> PurePath:
    """Return the whole path as the host sees it."""
    return product_folder(platform) / arguments.dest[platform]


def _placed(arguments: PushArguments, context: TaskContext) -> bool:
    """Copy what was pushed to where it belongs; False when that very file was there.

    Raises:
        HostError: it could not be copied; what was there before still is.

    """
    host = context.host
    pushed = product_folder(host.platform) / "tools" / arguments.sha256 / Path(arguments.file).name
    source, dest = below(host.sysroot, str(pushed)), str(_dest(arguments, host.platform))
    script, words = _script(host.platform), [source, arguments.sha256, host.sysroot or "-", dest]
    if host.platform is Platform.LINUX:
        words.append(script)  # it runs itself again, as the user whose folder it is
    word, code, rest = said(context.session.run(script, words, seconds=_SECONDS))
    if word == "refused":  # PowerShell has no exit codes
        raise refusal(code, rest)
    if word not in {"placed", "same"}:
        raise HostError(Reason.ANSWER_GARBLED, f"'{word}' is no answer to a push")
    return word == "placed"


@cache
def _script(platform: Platform) -> str:
    """Return what copies a file to where it belongs."""
    scripts = files("controller.tasks") / "scripts"
    if platform is Platform.WINDOWS:
        return (scripts / "windows_place.ps1").read_text(encoding="utf-8")
    return f"{own_script('linux_walk.sh')}\n{(scripts / 'linux_place.sh').read_text(encoding='utf-8')}"
