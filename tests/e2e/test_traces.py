"""A sweep that looks for traces: connections, names that were asked for, and what starts by itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.process import Lab
from controller.lab.samples import ioc_list
from tests.e2e.conftest import Site
from tests.e2e.test_sweep import verdicts

SHIPPED = Path(__file__).parents[2] / "playbooks"
PLAYBOOK = """
- name: Tìm dấu vết
  hosts: all
  ioc_lists: [iocs.txt]
  tasks:
"""
MINED, WELL, BROKEN_INTO = "tp-pc01", "sd-pc01", "sd-kế-toán"


def looking(desk: Path, *collectors: str) -> None:
    """Write a playbook that asks these, and no more."""
    tasks = "".join(f"    - name: {name}\n      check_iocs: {{collector: {name}}}\n" for name in collectors)
    (desk / "sweep.yml").write_text(PLAYBOOK + tasks, encoding="utf-8")


def met(result: dict[str, object]) -> dict[str, set[tuple[str, str]]]:
    hosts = result["hosts"]
    assert isinstance(hosts, list)
    return {host["name"]: {(each["collector"], each["value"]) for each in host["matches"]} for host in hosts}


def listed() -> list[str]:
    """Return the lines of the list: two hashes, a path for Linux and one for Windows, a name and an address."""
    return [line for line in ioc_list().splitlines() if not line.startswith("#")]


def test_windows_computers_without_a_powershell_show_their_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENGINE, raising=False)
    miner, stealer, _, path, name, address, _ = (line.lower() for line in listed())
    with Lab(tmp_path / "lab", build_fleet(6, windows=6)) as lab:
        site = Site(lab.folder, lab.folder)
        looking(site.lab, "connections", "dns_cache", "autostart")
        result = site.swept()

    assert verdicts(result) == site.expected()
    infected = {host: matches for host, matches in met(result).items() if matches}
    assert infected == {
        "cuc-pc01": {
            *(("connections", address), ("dns_cache", name), ("autostart", miner)),
            *(("autostart", name), ("dns_cache", address)),  # in a command, and as what the name leads to
        },
        "sd-pc01": {
            *(("connections", address), ("connections", path), ("autostart", stealer), ("autostart", path)),
            ("autostart", address),
        },
    }


def test_linux_computers_show_their_traces(tmp_path: Path) -> None:
    miner, stealer, path, _, name, address, _ = listed()
    fleet = build_fleet()
    pcs = tuple(pc for pc in fleet.pcs if pc.name in {MINED, WELL, BROKEN_INTO})
    with Lab(tmp_path / "lab", replace(fleet, pcs=pcs)) as lab:
        site = Site(lab.folder, lab.folder)
        looking(site.lab, "connections", "autostart")
        result = site.swept()

    assert verdicts(result) == site.expected()
    assert met(result) == {
        MINED: {("connections", address), ("autostart", miner), ("autostart", name)},
        WELL: set(),
        BROKEN_INTO: {
            *(("connections", address), ("connections", path), ("autostart", stealer), ("autostart", path)),
            ("autostart", address),
        },
    }


def test_the_shipped_playbook_looks_at_both_platforms_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENGINE, raising=False)
    shipped = (SHIPPED / "sweep.yml").read_text(encoding="utf-8")
    fleet = build_fleet(8, windows=4)
    with Lab(tmp_path / "lab", replace(fleet, pcs=tuple(pc for pc in fleet.pcs if not pc.faults))) as lab:
        site = Site(lab.folder, lab.folder)
        (site.lab / "sweep.yml").write_text(shipped.replace("../ioc_lists/example.txt", "iocs.txt"), encoding="utf-8")
        result = site.swept()

    assert verdicts(result) == site.expected()
    assert {each["verdict"] for each in site.expected().values()} == {"clean", "infected"}
    assert result["total"]["done"] == result["total"]["given"] == len(site.expected())
