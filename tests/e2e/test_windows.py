"""The same job over WinRM: nothing above the transport and the scripts notices the difference."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.lab.fleet import build_fleet
from controller.lab.pc import LabFault, LabFleet
from controller.lab.process import Lab
from controller.lab.serving import ENGINE
from tests.e2e.conftest import Site
from tests.e2e.test_sweep import verdicts


def windows_fleet(*, clean: bool) -> LabFleet:
    """Windows computers only, over TLS and without; none that hangs."""
    built = build_fleet(6, clean=clean, windows=6)
    return replace(built, pcs=tuple(pc for pc in built.pcs if LabFault.HANGS not in pc.faults))


@pytest.fixture(scope="module", params=["rendered", "powershell"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the lab's Windows computers be rendered, and then be played by a PowerShell."""
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "rendered":
            patched.delenv(ENGINE, raising=False)
        elif not os.environ.get(ENGINE):
            pytest.skip("needs a PowerShell: name one in LAMSACH_PWSH")
        yield request.param


def test_every_windows_computer_gets_the_verdict_it_deserves(engine: str, tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    with Lab(tmp_path / "lab", windows_fleet(clean=False)) as lab:
        site = Site(lab.folder, tmp_path / "desk")
        assert verdicts(site.swept()) == site.expected()


def test_the_generic_cleaner_cleans_windows_computers_and_looks_again(engine: str, tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    with Lab(tmp_path / "lab", windows_fleet(clean=True)) as lab:
        site = Site(lab.folder, tmp_path / "desk")
        dry = site.swept()
        runs = [line for note in lab.folder.glob("pcs/*/tool-runs.txt") for line in note.read_text().splitlines()]
        cleaned = site.swept("--apply")

        assert {host["verdict"] for host in dry["hosts"]} >= {"infected"}
        assert {line.split()[1] for line in runs} == {"detect"}
        assert verdicts(cleaned) == site.expected()
        assert any(host["findings"] and host["verdict"] == "cleaned" for host in cleaned["hosts"])


def test_a_mistake_in_the_way_in_is_told_before_any_computer_is_touched(tmp_path: Path) -> None:
    desk = tmp_path
    (desk / "inventory.yml").write_text(
        "all:\n  hosts:\n    pc: {ansible_connection: psrp, ansible_user: an}\n", encoding="utf-8"
    )
    (desk / "sweep.yml").write_text(
        "name: x\nhosts: all\nioc_lists: [iocs.txt]\ntasks: [{check_iocs: {collector: processes}}]\n", encoding="utf-8"
    )
    (desk / "iocs.txt").write_text("9f" * 32 + "\n", encoding="utf-8")
    done = Site(desk, desk).sweep()

    assert done.returncode == 2
    assert "host 'pc' has no user or no secret; set ansible_user and lamsach_secret." in done.stderr
