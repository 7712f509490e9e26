"""The same job over WinRM: nothing above the transport and the scripts notices the difference."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.pc import LabFault, LabFleet
from controller.lab.process import Lab
from tests.e2e.conftest import Site
from tests.e2e.test_cleaning import book, pc, said, sweep
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


@pytest.fixture(scope="module")
def mixed(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """A lab of two computers that are well; the names of the Linux one and of the Windows one."""
    built = build_fleet(3, windows=2)
    linux, windows = built.pcs[0], built.pcs[2]
    with Lab(tmp_path_factory.mktemp("mixed") / "lab", replace(built, pcs=(linux, windows))) as lab:
        yield lab.folder, linux.name, windows.name


def content(drive: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in drive.rglob("*")}


def test_one_push_serves_both_platforms_with_apply_only_and_may_be_repeated(
    mixed: tuple[Path, str, str], tmp_path: Path
) -> None:
    folder, linux, windows = mixed
    site = Site(folder, tmp_path)
    (site.desk / "a.txt").write_text("Rút dây mạng.\n", encoding="utf-8")
    dest = {"windows": r"C:\Công cụ\đọc tôi.txt", "linux": "/opt/đọc tôi.txt"}
    pushes = book(site, {"push": {"file": "a.txt", "dest": dest}}, {"push": {"file": "a.txt", "dest": "mẫu/b.txt"}})
    drive, disk = pc(site, windows) / "C", pc(site, linux) / "disk"
    places = (
        drive / "Công cụ" / "đọc tôi.txt",
        drive / "ProgramData" / "lamsach" / "mẫu" / "b.txt",
        disk / "opt" / "đọc tôi.txt",
        disk / "var" / "lib" / "lamsach" / "mẫu" / "b.txt",
    )
    before = content(drive), content(disk)

    def swept(*options: str) -> tuple[dict[str, Any], str]:
        done = site.lamsach("sweep", pushes, "-i", folder / "inventory.yml", "--format", "json", *options)
        return verdicts(json.loads(done.stdout)), done.stderr

    well = {name: {"verdict": "clean", "reason": None} for name in (linux, windows)}
    dry, told = swept()

    assert (dry, content(drive), content(disk)) == (well, *before)
    assert r"would put 'a.txt' at '/opt/đọc tôi.txt' or 'C:\Công cụ\đọc tôi.txt'" in told
    assert "would put 'a.txt' at 'mẫu/b.txt'\n" in told
    assert rf"With --apply: on {windows}, put 'a.txt' at 'C:\Công cụ\đọc tôi.txt'." in told

    assert swept("--apply")[0] == well
    assert [place.read_text(encoding="utf-8") for place in places] == ["Rút dây mạng.\n"] * 4
    written = [place.stat() for place in places]
    assert swept("--apply")[0] == well
    assert [place.stat() for place in places] == written


def test_a_folder_in_its_place_fails_the_push_until_it_is_gone(mixed: tuple[Path, str, str], tmp_path: Path) -> None:
    folder, _, windows = mixed
    site = Site(folder, tmp_path)
    (site.desk / "a.txt").touch()
    place = pc(site, windows) / "C" / "Mẫu"
    place.mkdir()
    pushes = book(site, {"push": {"file": "a.txt", "dest": r"C:\Mẫu"}})

    host = sweep(site, pushes, "--apply", limit=windows)

    assert (said(host), host["detail"]) == (
        ("clean", None),
        r"push.failed: 'C:\Mẫu' is not a plain file; it is left alone",
    )
    assert place.is_dir()
    place.rmdir()
    assert said(sweep(site, pushes, "--apply", limit=windows)) == ("clean", None)
    assert place.read_bytes() == b""


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
