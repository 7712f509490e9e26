"""List an inventory: whom a pattern chooses, and what Ansible would say of them."""

from dataclasses import dataclass
from pathlib import Path

from controller.loading import inventory as inventories
from controller.loading import pattern as patterns
from controller.loading.groups import ALL
from controller.loading.hosts import family
from controller.model.fleet import Group, Host, Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An inventory, and those of its hosts that were asked for, in Ansible's order."""

    inventory: Inventory
    hosts: tuple[Host, ...]

    def connection(self, host: Host) -> str:
        """Return how the inventory says that `host` is reached, whether or not we can."""
        return family(self.inventory.variables[host.name].get("ansible_connection"))

    def as_ansible(self) -> dict[str, object]:
        """Return what `ansible-inventory --list` prints: groups that are not empty, and the variables of each host.

        A group that the pattern leaves without hosts is still named by the groups above it.
        """
        within = {host.name for host in self.hosts}
        groups = {name: _members(group, within) for name, group in self.inventory.groups.items()}
        variables = {host.name: self.inventory.variables[host.name] for host in self.hosts}
        meta = {
            "hostvars": {name: dict(each) for name, each in variables.items() if each},
            "profile": "inventory_legacy",
        }
        return {"_meta": meta, **{name: members for name, members in groups.items() if members}}


def listed(path: Path, limit: str = "") -> Listed:
    """Read an inventory, and choose the hosts of `limit`; empty stands for all, also where there are none.

    What only a sweep refuses, because it changes how a host is reached, is listed here as it is written.

    Raises:
        OperatorError: the inventory or the pattern is wrong.

    """
    inventory = inventories.load(path)
    hosts = patterns.select(inventory, limit) if limit else inventory.hosts
    return Listed(inventory=inventory, hosts=hosts)


def _members(group: Group, within: set[str]) -> dict[str, list[str]]:
    """Leave out what is empty; the hosts of `all` stand in `ungrouped` and in its groups."""
    hosts = [name for name in group.hosts if name in within and group.name != ALL]
    members = {"hosts": hosts, "children": list(group.children)}
    return {name: each for name, each in members.items() if each}
