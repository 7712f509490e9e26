"""The example files load, and hold nothing that anybody could really meet."""

import ipaddress
import re
from pathlib import Path

import pytest

from controller.loading import inventory, playbook

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "inventory" / "example" / "inventory.yml"
RESERVED = tuple(
    ipaddress.ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def _is_documentation(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return text.endswith((".example", ".invalid"))
    return any(network.version == each.version and network.subnet_of(each) for each in RESERVED)  # type: ignore[arg-type]  # same version


def test_the_example_inventory_is_a_cuc_and_three_chi_cuc() -> None:
    loaded = inventory.load(EXAMPLE)
    assert [unit.kind for unit in loaded.units] == ["cuc", "chi-cuc", "chi-cuc", "chi-cuc"]
    assert all(unit.headcount and unit.place and unit.signer_title and unit.name_lines for unit in loaded.units)
    assert {host.unit for host in loaded.hosts} == {unit.id for unit in loaded.units}
    assert loaded.order
    assert loaded.order.deadline == "2022-09-20"


def test_the_example_computers_stand_at_documentation_addresses_and_their_secrets_elsewhere() -> None:
    for host in inventory.load(EXAMPLE).hosts:
        assert _is_documentation(host.address), host.address
        assert host.secret.startswith("env:")


@pytest.mark.parametrize("name", ["sweep.yml", "check-only.yml"])
def test_a_shipped_playbook_loads_and_its_lists_are_there(name: str) -> None:
    loaded = playbook.load(ROOT / "playbooks" / name).playbook
    assert loaded.tasks
    assert all(Path(each).is_file() for each in loaded.lists)


def test_the_example_list_holds_nothing_that_exists() -> None:
    lines = (ROOT / "ioc_lists" / "example.txt").read_text(encoding="utf-8").splitlines()
    indicators = [line for line in lines if line and not line.startswith("#")]
    assert len(indicators) > 5
    for each in indicators:
        harmless = re.fullmatch(r"[0-9a-f]{64}|/var/tmp/\S+|C:\\\S+", each)
        assert harmless or _is_documentation(each), each
