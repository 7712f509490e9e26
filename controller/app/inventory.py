"""List an inventory: whom a pattern chooses, and what Ansible would say of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.loading import inventory as inventories
from controller.loading import pattern as patterns
from controller.loading.groups import ALL
from controller.loading.hosts import family
from controller.model.fleet import Group, Host, Inventory

KEPT_BY_ANSIBLE: Final = frozenset(
    {
        *("ansible_async_path", "ansible_collection_name", "ansible_config_file", "ansible_dependent_role_names"),
        *("ansible_diff_mode", "ansible_facts", "ansible_forks", "ansible_inventory_sources", "ansible_limit"),
        *("ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_role_names"),
        *("ansible_playbook_python", "ansible_role_name", "ansible_role_names", "ansible_run_tags"),
        *("ansible_skip_tags", "ansible_verbosity", "ansible_version", "group_names", "groups", "hostvars"),
        *("inventory_dir", "inventory_file", "inventory_hostname", "inventory_hostname_short", "play_hosts"),
        *("playbook_dir", "role_name", "role_names", "role_path", "role_uuid"),
    }
)
"""Ansible gives these variables their values itself, and lists them for no host."""


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
        listed = {host: _without_kept(each) for host, each in variables.items()}
        meta = {"hostvars": {host: each for host, each in listed.items() if each}, "profile": "inventory_legacy"}
        return {**{name: members for name, members in groups.items() if members}, "_meta": meta}


def listed(path: Path, limit: str = "") -> Listed:
    """Read an inventory, and choose the hosts of `limit`; empty stands for all, also where there are none.

    What only a sweep refuses, because it changes how a host is reached, is listed here as it is written.

    Raises:
        OperatorError: the inventory or the pattern is wrong.

    """
    inventory = inventories.load(path)
    hosts = patterns.select(inventory, limit) if limit else inventory.hosts
    return Listed(inventory=inventory, hosts=hosts)


def _without_kept(variables: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in variables.items() if name not in KEPT_BY_ANSIBLE}


def _members(group: Group, within: set[str]) -> dict[str, list[str]]:
    """Leave out what is empty; the hosts of `all` stand in `ungrouped` and in its groups."""
    hosts = [name for name in group.hosts if name in within and group.name != ALL]
    members = {"hosts": hosts, "children": list(group.children)}
    return {name: each for name, each in members.items() if each}
