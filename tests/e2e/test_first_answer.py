"""How long a computer has for the answer to the first question: an option, the environment, a file, or 20 seconds."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.pc import LabFault
from controller.lab.process import Lab
from controller.store.ledger import Ledger
from tests.e2e.conftest import Site

SLOW, LINUX, WINDOWS = "cuc-pc01", "tp-pc01", "sd-pc01"
SLOW_ID = "#!/bin/sh\nsleep 0.7\necho 0\n"
"""What answers `id -u` there, which the first question asks twice."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Serve a healthy computer whose first answer takes more than a second, and one that hangs on each platform."""
    built = build_fleet(3, windows=1)
    slow, hanging = built.pcs[0], [replace(pc, faults=(LabFault.HANGS,)) for pc in built.pcs[1:]]
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv(ENGINE, raising=False)
        with Lab(tmp_path_factory.mktemp("slow") / "lab", replace(built, pcs=(slow, *hanging))) as running:
            shim = running.folder / "pcs" / SLOW / "shims" / "id"
            shim.write_text(SLOW_ID, encoding="utf-8")
            yield running.folder


@pytest.fixture
def site(lab: Path, tmp_path: Path) -> Site:
    return Site(lab, tmp_path)


def outcomes(result: dict[str, Any]) -> dict[str, tuple[str, str | None, str]]:
    return {host["name"]: (host["verdict"], host["reason"], host["detail"]) for host in result["hosts"]}


def silent(seconds: int) -> tuple[str, str, str]:
    return ("unknown", "host.timeout", f"'host' had no answer after {seconds} s")


def test_a_computer_without_an_answer_in_that_time_is_unknown_and_soon_given_up(site: Site) -> None:
    result = site.swept("--first-answer", "1")

    assert outcomes(result) == {SLOW: silent(1), LINUX: silent(1), WINDOWS: silent(1)}
    with Ledger.open(site.store) as ledger:
        attempts = ledger.attempts(result["sweep"])
    seconds = {name: (visit.ended - visit.started).total_seconds() for name, (visit,) in attempts.items()}
    assert max(seconds.values()) < 8, "ten more seconds of patience were added to a limit of one"


def test_a_slow_computer_is_clean_when_it_has_time_enough(site: Site) -> None:
    sweep = ("sweep", site.lab / "sweep.yml", "-i", site.lab / "inventory.yml", "--limit", SLOW)

    assert site.lamsach(*sweep, "--store", "default.db").returncode == 0, "20 seconds are the default"
    (site.desk / "lamsach.yml").write_text("first_answer_seconds: 1\n", encoding="utf-8")
    assert site.lamsach(*sweep).returncode == 4, "the file is read"
    assert site.lamsach(*sweep, LAMSACH_SWEEP_FIRST_ANSWER_SECONDS="5").returncode == 0, "the environment comes first"
