"""Read a playbook: one play, as plain data, and the place of everything that others must check."""

import hashlib
import os.path
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from controller.errors import PlaybookError, Where
from controller.loading import dest, nodes, tool
from controller.loading.fields import Fields, alternatives, items, mapping, platforms, text, unknown
from controller.loading.nodes import Entry, Kind, Node
from controller.model.fleet import Platform
from controller.model.playbook import (
    CleanArguments,
    LookArguments,
    Module,
    Playbook,
    PushArguments,
    Roots,
    Task,
)
from controller.model.text import shown

MOST_FILES: Final = 10_000_000
MOST_SECONDS: Final = 86_400
MOST_TASKS: Final = 100
_PLAY: Final = ("name", "hosts", "ioc_lists", "tasks")
_LOOK: Final = ("collector", "platforms", "roots", "max_files", "seconds")
_ABSOLUTE: Final = {
    Platform.LINUX: (re.compile(r"/.*"), "an absolute path like '/home'"),
    Platform.WINDOWS: (re.compile(r"[A-Za-z]:[\\/].*|\\\\[^\\/]+[\\/].*"), "an absolute path like 'C:\\Users'"),
}


@dataclass(frozen=True, slots=True)
class PlaybookFile:
    """A playbook as it was read.

    `hosts` is the place of its pattern; `tasks` holds, for each task, the place of each argument by name, and of
    the task itself under the empty name.
    """

    playbook: Playbook
    hosts: Where
    tasks: tuple[Mapping[str, Where], ...] = field(hash=False)

    def place(self, index: int, argument: str = "") -> Where:
        """Return the place of a task's argument, or of the task where it has none of that name."""
        places = self.tasks[index]
        return places.get(argument, places[""])


def load(path: Path) -> PlaybookFile:
    """Read a playbook and the tools it names; paths in it begin at its own folder.

    Whether a collector or cleaner exists is for others to check.

    Raises:
        PlaybookError: with the place of the first thing that cannot be taken.

    """
    document = nodes.read(path, PlaybookError)
    play = Fields(_only_play(document.root), "play", _PLAY, required=("name", "hosts", "tasks"))
    reader = _Reader(path.parent, _lists(play.get("ioc_lists"), path.parent))
    tasks = items(play.need("tasks"), "tasks")
    if not 1 <= len(tasks) <= MOST_TASKS:
        raise play.refusal(f"'tasks': expected from 1 to {MOST_TASKS} tasks; got {len(tasks)}", "tasks")
    read = [reader.task(node) for node in tasks]
    playbook = Playbook(
        path=str(path),
        digest=hashlib.sha256(document.raw).hexdigest(),
        name=play.text("name"),
        hosts=play.text("hosts"),
        lists=reader.lists,
        tasks=tuple(task for task, _ in read),
    )
    return PlaybookFile(playbook, play.need("hosts").where, tuple(places for _, places in read))


def _only_play(root: Node) -> Node:
    """Return the play: the file's mapping, or the only item of its list, as Ansible writes it."""
    if root.kind is Kind.LIST and len(root.items) == 1:
        return root.items[0]
    if root.kind is not Kind.MAPPING:
        raise root.unexpected("playbook", "one play with the keys 'name', 'hosts', 'ioc_lists' and 'tasks'")
    return root


def _lists(node: Node | None, base: Path) -> tuple[str, ...]:
    found: list[str] = []
    for item in items(node, "ioc_lists") if node else ():
        path = existing(item, "ioc_lists", base)
        if path in found:
            raise item.refusal(f"the list '{shown(item.text)}' stands here twice; remove one")
        found.append(path)
    return tuple(found)


def existing(node: Node, what: str, base: Path) -> str:
    """Return the path of a file that is there, written as short as it can be from where we are."""
    path = os.path.normpath(base / text(node, what))
    if not Path(path).is_file():
        raise node.refusal(f"'{what}': expected a file; there is none at '{shown(path)}'")
    return path


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads tasks; `base` is the playbook's folder, `lists` are the play's."""

    base: Path
    lists: tuple[str, ...]

    def task(self, node: Node) -> tuple[Task, Mapping[str, Where]]:
        entry = _module(node)
        module = Module(entry.name)
        named = Fields(node, "task", ("name", module)).text("name")
        places = {"": entry.key.where, **{each.name: each.value.where for each in mapping(entry.value, module)}}
        match module:
            case Module.CHECK_IOCS | Module.COLLECT:
                look = self._look(entry.value, module)
                return Task(name=named or f"{module} {look.collector}", module=module, look=look), places
            case Module.PUSH:
                push = self._push(entry.value)
                return Task(name=named or f"{module} {Path(push.file).name}", module=module, push=push), places
            case Module.CLEAN:
                clean = self._clean(entry.value)
                return Task(name=named or f"{module} {clean.tool.name}", module=module, clean=clean), places

    def _look(self, node: Node, module: Module) -> LookArguments:
        known = (*_LOOK, "ioc_lists") if module is Module.CHECK_IOCS else _LOOK
        arguments = Fields(node, module, known, required=("collector",))
        if module is Module.CHECK_IOCS and not self.lists:
            raise node.refusal("'check_iocs': expected 'ioc_lists' in the play to check against; got none")
        return LookArguments(
            collector=arguments.text("collector"),
            platforms=platforms(each) if (each := arguments.get("platforms")) else (),
            roots=_roots(arguments.get("roots")),
            max_files=arguments.integer("max_files", 1, MOST_FILES),
            seconds=arguments.integer("seconds", 1, MOST_SECONDS),
            lists=self._narrowed(arguments.get("ioc_lists")),
        )

    def _narrowed(self, node: Node | None) -> tuple[str, ...]:
        lists = _lists(node, self.base)
        for path, item in zip(lists, node.items if node else (), strict=True):
            if path not in self.lists:
                raise item.refusal(f"'ioc_lists': expected a list of the play; got '{shown(item.text)}'")
        return lists

    def _push(self, node: Node) -> PushArguments:
        arguments = Fields(node, "push", ("file", "dest"), required=("file",))
        places = dest.read(arguments.get("dest"))
        file = existing(arguments.need("file"), "file", self.base)
        if Path(file).name.startswith("."):
            raise arguments.refusal("'file': expected a name that does not begin with a dot; rename it", "file")
        return PushArguments(file=file, sha256=_sha256(arguments, file), dest=places)

    def _clean(self, node: Node) -> CleanArguments:
        arguments = Fields(node, "clean", ("cleaner", "tool", "roots", "seconds"), required=("cleaner", "tool"))
        return CleanArguments(
            cleaner=arguments.text("cleaner"),
            tool=tool.load(Path(existing(arguments.need("tool"), "tool", self.base))),
            roots=_roots(arguments.get("roots")),
            seconds=arguments.integer("seconds", 1, MOST_SECONDS),
        )


def _sha256(arguments: Fields, file: str) -> str:
    try:
        with Path(file).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise arguments.refusal(
            f"'{shown(file)}' cannot be read ({error.strerror}); mend its rights", "file"
        ) from error


def _module(node: Node) -> Entry:
    """Return the one entry of a task that is not its name."""
    entries = [entry for entry in mapping(node, "task") if entry.name != "name"]
    modules = tuple(Module)
    for entry in entries:
        if entry.name not in modules:
            raise unknown(entry, "task", ("name", *modules))
    if not entries:
        raise node.refusal(f"'task': expected the key {alternatives(modules)}; got none of them")
    if len(entries) > 1:
        raise entries[1].key.refusal(f"'task': expected one module; got '{entries[0].name}' and '{entries[1].name}'")
    return entries[0]


def _roots(node: Node | None) -> Roots:
    if node is None:
        return {}
    roots = Fields(node, "roots", tuple(Platform))
    given = {platform: roots.get(platform) for platform in Platform}
    return {platform: _paths(each, platform) for platform, each in given.items() if each}


def _paths(node: Node, platform: Platform) -> tuple[str, ...]:
    form, wanted = _ABSOLUTE[platform]
    paths = items(node, platform)
    if not paths:
        raise node.refusal(f"'{platform}': expected at least one path; got an empty list")
    for path in paths:
        if not form.fullmatch(text(path, platform)):
            raise path.unexpected(platform, wanted)
    return tuple(text(path, platform) for path in paths)
