"""Read an inventory: a YAML file or a folder of them, with `group_vars/` and `host_vars/` beside."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.errors import InventoryError, Where
from controller.loading import nodes
from controller.loading.fields import mapping
from controller.loading.groups import ALL, Tree
from controller.loading.hosts import HostReader
from controller.loading.nodes import Document, Json, Node
from controller.loading.reach import check_reach
from controller.loading.units import Units, read_order
from controller.loading.variables import SUFFIXES, Layer, Owner, ending, files, layer, listed, merged, refuse_templates
from controller.model.fleet import Group, Inventory

__all__ = ["check_reach", "load"]

_PASSED_OVER: Final = frozenset({"group_vars", "host_vars", "vars_plugins"})
_ENDINGS_PASSED_OVER: Final = (
    *(".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst"),
    *(".orig", ".cfg", ".retry"),
)
_DEEPEST_FOLDER: Final = 8


def load(path: Path) -> Inventory:
    """Read the inventory at `path`, as ansible-core 2.19 does within our subset; a folder's files in name order.

    Raises:
        InventoryError: with the place of the first thing that cannot be taken.

    """
    loading = _Loading(path)
    tree = loading.tree()
    own = {name: loading.variables(Owner.GROUP, name, group.variables) for name, group in tree.groups.items()}
    of_hosts = {name: loading.variables(Owner.HOST, name, host.variables) for name, host in tree.hosts.items()}
    units = Units(tree, {name: merged(layers) for name, layers in own.items()})
    everything = _merge(tree, own, of_hosts)
    reader = HostReader(loading.base)
    plain = _Plain()
    return Inventory(
        path=str(path),
        digest=loading.digest(),
        hosts=tuple(reader.host(name, everything[name], unit=units.owner(draft)) for name, draft in tree.hosts.items()),
        units=units.all,
        groups={each.name: Group(each.name, tuple(each.hosts), tuple(each.children)) for each in tree.groups.values()},
        order=read_order({name: merged(layers) for name, layers in own.items()}),
        variables={host: {name: plain(entry.value) for name, entry in of.items()} for host, of in everything.items()},
        places={host: {name: entry.key.where for name, entry in of.items()} for host, of in everything.items()},
    )


_Layers = tuple[Layer, Layer]
"""A group's or host's own variables: those of the inventory, then those of its files."""


def _merge(tree: Tree, own: dict[str, _Layers], of_hosts: dict[str, _Layers]) -> dict[str, Layer]:
    """Merge each host's variables; all that files say about groups wins over all that the inventory says."""
    depths = tree.depths()
    result = {}
    for name, layers in of_hosts.items():
        groups = sorted(tree.groups_of(name) - {ALL}, key=lambda each: (depths[each], tree.groups[each].priority, each))
        inline = [own[group][0] for group in (ALL, *groups)]
        filed = [own[group][1] for group in (ALL, *groups)]
        result[name] = merged([*inline, *filed, *layers])
    return result


class _Plain:
    """Makes each value plain once, however many hosts inherit it."""

    def __init__(self) -> None:
        self._made: dict[int, Json] = {}

    def __call__(self, node: Node) -> Json:
        if id(node) not in self._made:
            self._made[id(node)] = node.plain()
        return self._made[id(node)]


class _Loading:
    """One inventory being read, and every file that was opened for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.base = path if path.is_dir() else path.parent
        self._documents: list[Document] = []

    def tree(self) -> Tree:
        """Read all inventory files into one tree."""
        tree = Tree()
        sources = list(_sources(self._path, 1)) if self._path.is_dir() else [self._path]
        if not sources:
            raise InventoryError(
                f"the folder '{self._path}' holds no inventory file; add one that ends with .yml, .yaml, .json or "
                "has no ending, or name another file or folder with -i",
                where=_start(self._path),
            )
        for folder in (self.base / owner for owner in Owner):
            if folder.is_file():
                raise InventoryError(f"'{folder}' is a file; make it a folder of files", where=_start(folder))
        for source in sources:
            tree.add(self._read(source, inventory=True))
        tree.complete()
        return tree

    def variables(self, owner: Owner, name: str, inline: Layer) -> _Layers:
        """Return the variables of the inventory and of the files for one group or host."""
        filed = merged(layer(self._read(path), owner, name) for path in files(self.base, owner, name))
        return inline, filed

    def digest(self) -> str:
        """Return the SHA-256 over the names and bytes of all files, in the order in which they were read."""
        total = hashlib.sha256()
        for document in self._documents:
            name = document.path.relative_to(self.base).as_posix()
            total.update(f"{name}\0{len(document.raw)}\0".encode())
            total.update(document.raw)
        return total.hexdigest()

    def _read(self, path: Path, *, inventory: bool = False) -> Node:
        if inventory and ending(path) not in {"", *SUFFIXES}:
            raise InventoryError(
                f"'{path}' is not YAML by its name; expected {', '.join(SUFFIXES)} or no ending", where=_start(path)
            )
        document = nodes.read(path, InventoryError)
        refuse_templates(document.root)
        self._documents.append(document)
        if inventory and not mapping(document.root, "inventory"):
            raise document.root.refusal("the inventory is empty; write a group with hosts")
        return document.root


def _sources(folder: Path, depth: int) -> Iterator[Path]:
    if depth > _DEEPEST_FOLDER:
        raise InventoryError(f"'{folder}' lies more than {_DEEPEST_FOLDER} deep; nest less", where=_start(folder))
    for path in listed(folder, InventoryError):
        if path.name.startswith(".") or path.name in _PASSED_OVER or path.name.endswith(_ENDINGS_PASSED_OVER):
            continue
        if path.is_dir():
            yield from _sources(path, depth + 1)
        else:
            yield path


def _start(path: Path) -> Where:
    return Where(str(path), 1)
