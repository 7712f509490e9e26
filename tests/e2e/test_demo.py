"""`lamsach demo`, twice at once."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAMSACH = Path(sys.executable).with_name("lamsach")


def test_two_demos_side_by_side_end_well_and_name_their_reports(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    both = [
        subprocess.Popen(
            [LAMSACH, "demo"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        for _ in range(2)
    ]
    for each in both:
        said, errors = each.communicate(timeout=120)
        said = "\n".join(line.rstrip() for line in said.splitlines())
        assert each.returncode == 0, errors
        reports = [Path(line.removeprefix("Report: ")) for line in said.splitlines() if line.startswith("Report: ")]
        assert {path.suffix for path in reports} == {".json", ".csv", ".docx"}
        assert all(path.stat().st_size for path in reports)
        assert "The result is what the lab's computers know of themselves." in said
        assert readme_excerpt() in said


def readme_excerpt() -> str:
    """Return the tables that the README shows, as the demo prints them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## What the demo prints")[1].split("\n## ")[0]
    return "\n".join(line.removeprefix("    ") for line in text.splitlines() if line.startswith("    "))
