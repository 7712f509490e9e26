"""Groups, hosts and how they nest, as ansible-core 2.19 builds them from YAML."""

from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Final

from controller.errors import InventoryError, Where
from controller.loading import ranges
from controller.loading.fields import Fields, mapping, unseen_letters
from controller.loading.nodes import Entry, Kind, Node
from controller.loading.variables import Layer, Owner, layer, whole_number
from controller.model.text import shown

NAME_LIMIT: Final = 255
ALL: Final = "all"
UNGROUPED: Final = "ungrouped"
PRIORITY: Final = "ansible_group_priority"
_SECTIONS: Final = ("hosts", "children", "vars")


@dataclass(slots=True)
class GroupDraft:
    """A group while the inventory is read. `hosts`, `children` and `parents` are ordered sets of names."""

    name: str
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    variables: Layer = field(default_factory=dict)
    priority: int = 1


@dataclass(slots=True)
class HostDraft:
    """A host while the inventory is read; `groups` says where it was put into each of its own groups."""

    name: str
    where: Where
    groups: dict[str, Where] = field(default_factory=dict)
    variables: Layer = field(default_factory=dict)


class Tree:
    """All groups and hosts, in the order in which they were first named."""

    def __init__(self) -> None:
        self.hosts: dict[str, HostDraft] = {}
        self.groups = {name: GroupDraft(name) for name in (ALL, UNGROUPED)}
        self._link(ALL, UNGROUPED)

    def add(self, root: Node) -> None:
        """Add what one inventory file says.

        Raises:
            InventoryError: it is not a mapping of groups, or contradicts what was added before.

        """
        for entry in mapping(root, "inventory"):
            if entry.name == "plugin":
                raise entry.key.refusal("inventory plugins are not run; write the hosts out as YAML")
            self._add_group(entry)

    def complete(self) -> None:
        """Give groups without a parent to `all`, and hosts without a group to `ungrouped`.

        Raises:
            InventoryError: a name is both a group's and a host's.

        """
        for name, group in self.groups.items():
            if name in self.hosts:
                where = self.hosts[name].where
                raise InventoryError(f"'{name}' is a group and a host; rename one of them", where=where)
            if name != ALL and not group.parents:
                self._link(ALL, name)
        for host in self.hosts.values():
            above = self.groups_of(host.name) - {ALL}
            if UNGROUPED in above and above != {UNGROUPED}:
                self.groups[UNGROUPED].hosts.pop(host.name, None)
                host.groups.pop(UNGROUPED, None)
            elif not above:
                self.groups[UNGROUPED].hosts[host.name] = None
                host.groups[UNGROUPED] = host.where

    def above(self, group: str) -> set[str]:
        """Return the names of all groups that hold `group`."""
        found: set[str] = set()
        waiting = list(self.groups[group].parents)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.groups[name].parents)
        return found

    def groups_of(self, host: str) -> set[str]:
        """Return the names of all groups that hold `host`, however far above."""
        own = self.hosts[host].groups
        return set(own).union(*map(self.above, own))

    def depths(self) -> dict[str, int]:
        """Return how far each group is below `all`, by the longest way; call it once the tree is complete."""
        depths: dict[str, int] = {}
        for name in TopologicalSorter({name: group.parents for name, group in self.groups.items()}).static_order():
            depths[name] = 1 + max((depths[parent] for parent in self.groups[name].parents), default=-1)
        return depths

    def _add_group(self, entry: Entry) -> str:
        name = _text_key(entry.key, "group")
        _refuse_name(entry.key, name, "group")
        group = self.groups.setdefault(name, GroupDraft(name))
        sections = Fields(entry.value, name, _SECTIONS)
        for section in mapping(entry.value, name):
            if name == UNGROUPED and section.name == "children":
                raise section.key.refusal(f"'{UNGROUPED}' takes hosts and vars only; move its children elsewhere")
            value = sections.get(section.name)
            if value and section.name == "vars":
                self._set_variables(group, value)
            elif value:
                self._add_members(group, section.name, _members(value, section.name))
        return name

    def _add_members(self, group: GroupDraft, section: str, members: tuple[Entry, ...]) -> None:
        for member in members:
            if section == "hosts":
                self._add_hosts(group, member)
            else:
                self._add_child(group.name, self._add_group(member), member.key)

    def _set_variables(self, group: GroupDraft, value: Node) -> None:
        variables = layer(value, Owner.GROUP, "vars")
        if priority := variables.pop(PRIORITY, None):
            group.priority = whole_number(priority.value, PRIORITY)
        group.variables.update(variables)

    def _add_child(self, parent: str, child: str, key: Node) -> None:
        if child == ALL or (child == UNGROUPED and parent != ALL):
            raise key.refusal(f"'{child}' cannot be a child of '{parent}'; take it out of these children")
        if child == parent or child in self.above(parent):
            raise key.refusal(f"'{child}' would hold itself through '{parent}'; take it out of these children")
        self._link(parent, child)

    def _link(self, parent: str, child: str) -> None:
        self.groups[parent].children[child] = None
        self.groups[child].parents[parent] = None

    def _add_hosts(self, group: GroupDraft, entry: Entry) -> None:
        variables = layer(entry.value, Owner.HOST, entry.name)
        names, port = _written_out(entry.key)
        for name in names:
            host = self.hosts.get(name)
            if host is None:
                host = self.hosts[name] = HostDraft(name, entry.key.where)
                host.variables.update(_port_variable(entry.key, port))
            if len(self.hosts) > ranges.MAX_HOSTS:
                raise entry.key.refusal(f"expected at most {ranges.MAX_HOSTS} hosts; got more: split the inventory")
            group.hosts[name] = None
            host.groups.setdefault(group.name, entry.key.where)
            host.variables.update(variables)


def name_trouble(name: str) -> str:
    """Say what is wrong with a name of a group or host; empty when nothing is."""
    if not name or name in {".", ".."}:
        return "write a name"
    if len(name) > NAME_LIMIT:
        return f"use at most {NAME_LIMIT} letters instead of {len(name)}"
    if name[0] in "!&":
        return "begin it with neither '!' nor '&', which a pattern takes for 'not' and 'both'"
    odd = any(letter == "/" or (letter.isspace() and letter != " ") for letter in name)
    if odd or name != name.strip() or any(True for _ in unseen_letters(name)):
        return "use no '/', no control letter, and no space at its ends"
    if " " in name and "=" in name:
        return "this looks like a line of INI; write the variables below the name"
    return ""


def _text_key(key: Node, what: str) -> str:
    if not isinstance(key.scalar, str):
        raise key.unexpected(what, "a name", "put it in quotes")
    return key.text


def _written_out(key: Node) -> tuple[tuple[str, ...], int | None]:
    pattern, port = ranges.split_port(_text_key(key, "host"))
    try:
        names = ranges.expand(pattern)
    except ValueError as reason:
        raise key.refusal(f"'{shown(key.text, limit=60)}': {reason}; mend the range") from reason
    for name in names:
        _refuse_name(key, name, "host")
    return names, port


def _refuse_name(key: Node, name: str, what: str) -> None:
    """Refuse a name that cannot be one; only its first word is shown, for the rest may be INI with a password."""
    if message := name_trouble(name):
        first, space, _ = name.partition(" ")
        raise key.refusal(f"'{shown(first, limit=60)}{' …' if space else ''}' cannot name a {what}; {message}")


def _port_variable(key: Node, port: int | None) -> Layer:
    if not port:
        return {}
    value = Node(key.where, key.error, Kind.INTEGER, str(port), port)
    return {"ansible_port": Entry(Node(key.where, key.error, Kind.TEXT, "ansible_port", "ansible_port"), value)}


def _members(value: Node, section: str) -> tuple[Entry, ...]:
    """Return the hosts or children of a group; a single name may stand without its colon."""
    if value.kind is Kind.TEXT:
        return (Entry(value, Node(value.where, value.error, Kind.NOTHING)),)
    if value.kind is Kind.LIST:
        raise value.unexpected(section, "a mapping", "write 'name:' on a line of its own for each")
    return mapping(value, section)
