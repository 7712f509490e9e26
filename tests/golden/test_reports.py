"""The small campaign, written in every form. After a wanted change: LAMSACH_GOLDEN=write pytest tests/golden."""

import os
from pathlib import Path

import pytest

from controller.reports.writers import csv, json, table
from controller.reports.writers.base import Writer
from tests.summaries import a_summary

KEPT = Path(__file__).parent / "reports"
FILES: dict[str, Writer] = {
    "campaign.txt": table.write,
    "campaign.json": json.write,
    "hosts.csv": csv.write_hosts,
    "units.csv": csv.write_units,
    "matches.csv": csv.write_matches,
}


@pytest.mark.parametrize("name", FILES)
def test_a_report_is_as_it_was(name: str) -> None:
    written = FILES[name](a_summary())
    if os.environ.get("LAMSACH_GOLDEN") == "write":
        (KEPT / name).write_bytes(written)

    assert written == (KEPT / name).read_bytes()
