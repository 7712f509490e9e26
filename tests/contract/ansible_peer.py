"""Run by test_ansible_parity.py in a process of its own: says what ansible-core makes of inventories.

Standard input: [{"source": PATH, "patterns": [...], "limits": [...]}]; standard output: for each, the groups, hosts,
variables that Ansible keeps for itself, merged variables, selections, and the document of `ansible-inventory --list`
for each limit, as JSON.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from ansible import constants, context
from ansible.cli.inventory import InventoryCLI
from ansible.errors import AnsibleError
from ansible.inventory import group as group_module
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager


class OrderedSet(dict[Any, None]):
    """Ansible walks children with plain sets of objects, so that its order below the second level changes from run
    to run; with this in their place it takes the one order, of those it may take, that follows the file."""

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__(dict.fromkeys(items))

    def add(self, item: Any) -> None:
        self[item] = None

    def update(self, items: Iterable[Any]) -> None:  # type: ignore[override]
        super().update(dict.fromkeys(items))

    def difference_update(self, items: Iterable[Any]) -> None:
        for item in list(items):
            self.pop(item, None)

    def copy(self) -> "OrderedSet":
        return OrderedSet(self)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.keys()))


def says(source: str, patterns: list[str], limits: list[str]) -> dict[str, Any]:
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[source])
    variables = VariableManager(loader=loader, inventory=inventory)
    return {
        "groups": [
            [each.name, [host.name for host in each.hosts], [child.name for child in each.child_groups]]
            for each in inventory.groups.values()
        ],
        "hosts": list(inventory.hosts),
        "kept": sorted(constants.INTERNAL_STATIC_VARS),
        "variables": {
            host.name: {
                name: value
                for name, value in variables.get_vars(host=host, include_hostvars=False, stage="all").items()
                if name not in constants.INTERNAL_STATIC_VARS
            }
            for host in inventory.hosts.values()
        },
        "chosen": {pattern: chosen(inventory, pattern) for pattern in patterns},
        "listed": {limit: listed(inventory, variables, limit) for limit in limits},
    }


def listed(inventory: InventoryManager, variables: VariableManager, limit: str) -> Any:
    """Return the document that the command prints, from its own code; an empty limit is none."""
    command = InventoryCLI(["ansible-inventory"])
    command.inventory, command.vm = inventory, variables
    inventory.subset(limit or None)
    return json.loads(command.dump(command.json_inventory(inventory.groups["all"])))


def chosen(inventory: InventoryManager, pattern: str) -> list[str] | None:
    inventory.subset(pattern)
    try:
        return [
            host.name
            for host in inventory.get_hosts("all" if "@" in pattern else pattern, ignore_limits="@" not in pattern)
        ]
    except AnsibleError:
        return None


if __name__ == "__main__":
    group_module.set = OrderedSet
    context.CLIARGS = ImmutableDict(export=False, yaml=False, toml=False, basedir=None)
    answers = [says(case["source"], case["patterns"], case["limits"]) for case in json.load(sys.stdin)]
    json.dump(answers, sys.stdout, default=lambda value: value.isoformat())
