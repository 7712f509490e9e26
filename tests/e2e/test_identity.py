"""Another computer at a known address gets no verdict and nothing pushed."""

import json
import re

from tests.e2e.conftest import Site


def test_swapped_addresses_end_unknown_until_the_operator_accepts(site: Site) -> None:
    inventory = site.copied()
    text = inventory.read_text(encoding="utf-8")
    sweep = ("sweep", "sweep.yml", "-i", inventory, "--limit", "sd-pc01,tp-kế-toán", "--format", "json")
    first = json.loads(site.lamsach(*sweep).stdout)["hosts"]

    inventory.write_text(_swapped(text, "sd-pc01", "tp-kế-toán"), encoding="utf-8")
    swapped = json.loads(site.lamsach(*sweep).stdout)["hosts"]
    accepted = site.lamsach("identity", "accept", "sd-pc01", "tp-kế-toán")
    again = json.loads(site.lamsach(*sweep).stdout)["hosts"]

    assert {host["verdict"] for host in first} == {"clean"}
    assert {(host["verdict"], host["reason"]) for host in swapped} == {("unknown", "identity.mismatch")}
    assert accepted.returncode == 0
    assert {host["verdict"] for host in again} == {"clean"}


def test_two_names_for_one_computer_are_both_unknown(site: Site) -> None:
    inventory = site.copied()
    text = inventory.read_text(encoding="utf-8")
    inventory.write_text(_pointed(text, "sd-pc01", "tp-kế-toán"), encoding="utf-8")

    done = site.lamsach(
        "sweep", "sweep.yml", "-i", inventory, "--limit", "sd-pc01,tp-kế-toán", "--format", "json", "--forks", "1"
    )

    assert done.returncode == 4
    hosts = json.loads(done.stdout)["hosts"]
    assert {(host["verdict"], host["reason"]) for host in hosts} == {("unknown", "identity.twice")}


def _place(text: str, name: str) -> re.Match[str]:
    """Where a host's address and disk stand in the lab's inventory."""
    found = re.search(rf'"?{name}"?:\n(?:.*\n)*?.*ansible_host: (\S+)\n(?:.*\n)*?.*lamsach_sysroot: (\S+)\n', text)
    assert found
    return found


def _swapped(text: str, one: str, other: str) -> str:
    a, b = _place(text, one), _place(text, other)
    for index in (1, 2):
        text = text.replace(a[index], "@A@").replace(b[index], a[index]).replace("@A@", b[index])
    return text


def _pointed(text: str, one: str, other: str) -> str:
    """Let the name `one` lead to the computer of `other`."""
    a, b = _place(text, one), _place(text, other)
    return text.replace(a[1], b[1]).replace(a[2], b[2])
