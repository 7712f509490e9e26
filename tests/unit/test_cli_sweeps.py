"""`lamsach sweeps` says of each sweep whom it was for, and whether it ended, runs now, or waits for a resume."""

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controller.cli.sweeps import sweeps
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from controller.store.lock import hold
from tests.builders import NOON
from tests.unit.store_values import MINUTE, a_sweep


def listed(path: Path) -> list[list[str]]:
    done = CliRunner().invoke(sweeps, ["--store", str(path)], standalone_mode=False)
    assert done.exception is None, done.exception
    return [[cell for cell in line.split("  ") if cell.strip()] for line in done.stdout.splitlines()[2:]]


def test_a_sweep_has_its_state_and_whom_it_was_for(tmp_path: Path) -> None:
    path = tmp_path / "lamsach.db"
    with Ledger.open(path) as ledger:
        whom: list[dict[str, Any]] = [{}, {"limit": "pc-*"}, {"retried": Verdict.UNKNOWN}, {"list_here": True}]
        for number, but in enumerate(whom):
            ledger.begin_sweep(a_sweep(f"s{number}", started=NOON + number * MINUTE, **but), ())
        ledger.end_sweep("s0", NOON)
        with hold(path, "s1"):
            rows = listed(path)

    assert [[cell.strip() for cell in row[:5]] for row in rows] == [
        ["s3", "2022-09-15 19:03", "not ended", "0/2", "all; --list-here"],
        ["s2", "2022-09-15 19:02", "not ended", "0/2", "unknown ones"],
        ["s1", "2022-09-15 19:01", "running", "0/2", "pc-*"],
        ["s0", "2022-09-15 19:00", "ended", "0/2", "all"],
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everywhere; run it as an ordinary user")
def test_an_archive_whose_locks_another_account_made_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "lamsach.db"
    with Ledger.open(path) as ledger:
        ledger.begin_sweep(a_sweep(), ())
    with hold(path, "s1"):
        pass
    locks = tmp_path / "lamsach.db.locks"
    locks.chmod(0)
    path.chmod(0o400)
    try:
        assert [row[2].strip() for row in listed(path)] == ["not ended"]
    finally:
        locks.chmod(0o700)
