"""Another computer at a known address gets no verdict and nothing pushed, over SSH and over WinRM without TLS."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.process import Lab
from tests.e2e.conftest import Site
from tests.e2e.test_cleaning import book

CLEAN, MISMATCH, UNSURE = ("clean", None), ("unknown", "identity.mismatch"), ("unknown", "identity.unsure")
TWICE = ("unknown", "identity.twice")
ONE, OTHER, WINDOWS = "sd-pc01", "tp-kế-toán", "tp-pc03"
FOREIGN, SILENT = "máy-lạ", "máy-câm"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two Linux PCs, a Windows PC, a foreign one, and one with its disk whose hardware says nothing.

    The answers of Windows are rendered, which costs a tenth; tests/scripts ask the real script of a broken WMI.
    """
    fleet = build_fleet(8, windows=2)
    pcs = {pc.name: pc for pc in fleet.pcs}
    windows = replace(pcs[WINDOWS], tls=False)
    foreign = replace(
        windows, name=FOREIGN, system_uuid="4c4c4544-0042-3510-8051-b4c04f4e4d32", mac="00:1b:00:00:ff:01"
    )
    silent = replace(
        windows,
        name=SILENT,
        system_uuid=f"{0:08}-0000-0000-0000-{0:012}",
        serial="Default string",
        mac=":".join(["00"] * 6),
    )
    here = (pcs[ONE], pcs[OTHER], windows, foreign, silent)
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv(ENGINE, raising=False)
        with Lab(tmp_path_factory.mktemp("office") / "lab", replace(fleet, pcs=here)) as lab:
            yield lab.folder


def test_no_swapped_or_erased_computer_gets_a_verdict_or_a_push_and_the_right_ones_do(
    office: Path, tmp_path: Path
) -> None:
    site = Site(office, tmp_path)
    right = site.copied().read_text(encoding="utf-8")
    swapped = _swapped(_swapped(right, ONE, OTHER), WINDOWS, FOREIGN)

    assert visited(site, right) == ({CLEAN}, 3)
    with erased(office):
        assert visited(site, _swapped(right, WINDOWS, SILENT)) == ({UNSURE}, 0)
    assert visited(site, swapped) == ({MISMATCH}, 0)
    assert visited(site, right) == ({CLEAN}, 3)


def visited(site: Site, inventory: str) -> tuple[set[tuple[str, str | None]], int]:
    """Sweep the three names; return their verdicts, and how many computers had a file pushed."""
    (site.desk / "inventory.yml").write_text(inventory, encoding="utf-8")
    folders = ("*/disk/var/lib/lamsach", "*/C/ProgramData/lamsach")
    for folder in (each for pattern in folders for each in (site.lab / "pcs").glob(pattern)):
        shutil.rmtree(folder)
    (site.desk / "a.txt").touch()
    pushes = book(site, {"push": {"file": "a.txt"}})
    limit = f"{ONE},{OTHER},{WINDOWS}"
    done = site.lamsach("sweep", pushes, "-i", "inventory.yml", "--limit", limit, "--format", "json")
    assert done.stdout, done.stderr
    pushed = [each for pattern in folders for each in (site.lab / "pcs").glob(f"{pattern}/tools/*/*")]
    return {(host["verdict"], host["reason"]) for host in json.loads(done.stdout)["hosts"]}, len(pushed)


@contextmanager
def erased(lab: Path) -> Iterator[None]:
    """Let no Linux PC show its hardware for the block, as to an account without rights and with the dock unplugged."""
    shown = [
        path for name in ("product_uuid", "product_serial") for path in lab.glob(f"pcs/*/disk/sys/class/dmi/id/{name}")
    ]
    shown += lab.glob("pcs/*/disk/sys/class/net/enp*/address")
    before = {path: path.read_bytes() for path in shown}
    assert len(before) == 6
    for path in before:
        path.write_bytes(b"")
    yield
    for path, content in before.items():
        path.write_bytes(content)


def test_swapped_addresses_end_unknown_until_the_operator_accepts(site: Site) -> None:
    inventory = site.copied()
    text = inventory.read_text(encoding="utf-8")
    sweep = ("sweep", "sweep.yml", "-i", inventory, "--limit", f"{ONE},{OTHER}", "--format", "json")
    first = json.loads(site.lamsach(*sweep).stdout)["hosts"]

    inventory.write_text(_swapped(text, ONE, OTHER), encoding="utf-8")
    swapped = json.loads(site.lamsach(*sweep).stdout)["hosts"]
    mistyped = site.lamsach("identity", "accept", ONE, OTHER, "sd-pc0l")
    accepted = site.lamsach("identity", "accept", ONE, OTHER)
    retried = json.loads(site.lamsach(*sweep, "--retry", "unknown").stdout)["hosts"]

    assert {host["verdict"] for host in first} == {"clean"}
    assert {(host["verdict"], host["reason"]) for host in swapped} == {MISMATCH}
    assert (mistyped.returncode, mistyped.stdout) == (2, "")
    assert "no computer has answered under the name 'sd-pc0l' in this store" in mistyped.stderr
    assert accepted.returncode == 0
    known, answered = (line.strip() for line in accepted.stdout.splitlines()[1:3])
    assert known.startswith("known until now: 'sd-pc01'; UUID ")
    assert answered.startswith("answered last: 'tp-pc02'; UUID ")
    assert answered.endswith("UTC, identity.mismatch")
    assert {host["verdict"] for host in retried} == {"clean"}


def test_of_two_names_for_one_computer_the_second_is_unknown(site: Site) -> None:
    inventory = site.copied()
    text = inventory.read_text(encoding="utf-8")
    inventory.write_text(_pointed(text, ONE, OTHER), encoding="utf-8")

    done = site.lamsach("sweep", "sweep.yml", "-i", inventory, "--limit", f"{ONE},{OTHER}", "--format", "json")

    assert done.returncode == 4
    hosts = json.loads(done.stdout)["hosts"]
    assert sorted((host["verdict"], host["reason"]) for host in hosts) == [CLEAN, TWICE]


def _place(text: str, name: str) -> dict[str, str]:
    """Return what the lab's inventory says of where a host is: its address, and on Linux its disk."""
    start = re.search(rf'^ *"?{name}"?:\n', text, re.MULTILINE)
    assert start
    variables = text[start.end() :].partition("lamsach_users:")[0]
    return dict(re.findall(r"(ansible_host|lamsach_sysroot): (\S+)\n", variables))


def _swapped(text: str, one: str, other: str) -> str:
    a, b = _place(text, one), _place(text, other)
    for kind, here in a.items():
        text = text.replace(here, "@A@").replace(b[kind], here).replace("@A@", b[kind])
    return text


def _pointed(text: str, one: str, other: str) -> str:
    """Let the name `one` lead to the computer of `other`."""
    a, b = _place(text, one), _place(text, other)
    for kind, here in a.items():
        text = text.replace(here, b[kind])
    return text
