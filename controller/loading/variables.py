"""Variables in layers: which files hold them, which are refused, and which wins."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from controller.errors import InventoryError, OperatorError, Where
from controller.loading.fields import hint, mapping
from controller.loading.nodes import Entry, Kind, Node
from controller.model.text import shown

Layer = dict[str, Entry]
"""Variables by name, each with the place where it was set. Later layers win, whole values at a time."""

OURS: Final = (
    "lamsach_account",
    "lamsach_known_hosts",
    "lamsach_order",
    "lamsach_secret",
    "lamsach_sysroot",
    "lamsach_unit",
    "lamsach_users",
)
SUFFIXES: Final = (".yml", ".yaml", ".json")
_FOR_GROUPS: Final = frozenset({"lamsach_order", "lamsach_unit"})
_SECRET: Final = re.compile(
    r"(ansible|lamsach)_(\w+_)?(pass|passwd|password|passphrase)|ansible_(\w+_)?(private_key|secret|token)"
)
_TEMPLATE: Final = re.compile(r"\{\{|\{%|\{#")
_DEEPEST_FOLDER: Final = 8


class Owner(StrEnum):
    """Whose variables a layer holds; the value is the folder of their files."""

    GROUP = "group_vars"
    HOST = "host_vars"


def layer(node: Node, owner: Owner, name: str) -> Layer:
    """Read the variables of the group or host `name`.

    Raises:
        InventoryError: it holds a literal password, a template, or a `lamsach_` variable that does not exist or
            does not belong there.

    """
    variables = {entry.name: entry for entry in mapping(node, name)}
    for entry in variables.values():
        _check(entry, owner)
    return variables


def _check(entry: Entry, owner: Owner) -> None:
    if _SECRET.fullmatch(entry.name):
        raise entry.key.refusal(
            f"'{entry.name}' puts a secret into the inventory; remove it and set lamsach_secret: env:NAME or file:PATH"
        )
    if entry.name.startswith("lamsach_") and entry.name not in OURS:
        close = hint(entry.name, OURS) or f"known are {', '.join(OURS)}"
        raise entry.key.refusal(f"there is no variable '{shown(entry.name, limit=60)}'; mend its name: {close}")
    if owner is Owner.HOST and entry.name in _FOR_GROUPS:
        raise entry.key.refusal(f"'{entry.name}' stands at a host; move it to the vars of a group")


def refuse_templates(node: Node) -> None:
    """Refuse Jinja anywhere below `node`.

    Raises:
        InventoryError: a key or value would be a template to Ansible.

    """
    for entry in node.entries:
        if not _SECRET.fullmatch(entry.name):
            refuse_templates(entry.key)
            refuse_templates(entry.value)
    for item in node.items:
        refuse_templates(item)
    if node.kind is Kind.TEXT and (found := _TEMPLATE.search(node.text)):
        raise node.refusal(f"'{found[0]}' begins a Jinja template, which is not read here; write the value out")


def whole_number(node: Node, what: str) -> int:
    """Return a whole number that may be written as text, as Ansible takes it."""
    if node.kind not in {Kind.INTEGER, Kind.TEXT} or not re.fullmatch(r"-?[0-9]{1,9}", str(node.scalar)):
        raise node.unexpected(what, "a whole number")
    return int(str(node.scalar))


def files(base: Path, owner: Owner, name: str) -> tuple[Path, ...]:
    """Return the files that hold the variables of a group or host, in the order in which they are laid.

    As Ansible does: the first of `name`, `name.yml`, `name.yaml`, `name.json` that exists; a folder stands for all
    its files in the order of their names, hidden ones and backups left out.
    """
    for suffix in ("", *SUFFIXES):
        path = base / owner / f"{name}{suffix}"
        if path.is_dir():
            return tuple(_folder(path, 1))
        if path.exists():
            return (path,)
    return ()


def _folder(folder: Path, depth: int) -> Iterator[Path]:
    if depth > _DEEPEST_FOLDER:
        raise InventoryError(
            f"'{folder}' lies more than {_DEEPEST_FOLDER} deep; nest less", where=Where(str(folder), 1)
        )
    for path in listed(folder, InventoryError):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        if path.is_dir() and not ending(path):
            yield from _folder(path, depth + 1)
        elif path.is_file() and ending(path) in {"", *SUFFIXES}:
            yield path


def ending(path: Path) -> str:
    """Return the ending of a file's name as Ansible takes it: that of `x.` is the dot."""
    return "." if path.name.endswith(".") else path.suffix


def listed(folder: Path, error: type[OperatorError]) -> list[Path]:
    """Return what lies in a folder, by name."""
    try:
        return sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as reason:
        message = f"the folder '{folder}' cannot be read ({reason.strerror}); mend its rights"
        raise error(message, where=Where(str(folder), 1)) from reason


def merged(layers: Iterable[Layer]) -> Layer:
    """Lay layers over one another, weakest first."""
    result: Layer = {}
    for each in layers:
        result.update(each)
    return result
