"""`lamsach demo`, twice at once; one of them stays up."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAMSACH = Path(sys.executable).with_name("lamsach")


def test_two_demos_side_by_side_end_well_and_name_their_reports(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    both = [
        subprocess.Popen(
            [LAMSACH, "demo", *options],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for options in ((), ("--keep",))
    ]
    for each, kept in zip(both, (False, True), strict=True):
        said = until_up(each) if kept else ""
        rest, errors = each.communicate(timeout=120)
        said += rest
        said = "\n".join(line.rstrip() for line in said.splitlines())
        assert each.returncode == 0, errors
        reports = [Path(line.removeprefix("Report: ")) for line in said.splitlines() if line.startswith("Report: ")]
        assert {path.suffix for path in reports} == {".json", ".csv", ".docx"}
        assert all(path.stat().st_size for path in reports)
        assert "The result is what the lab's computers know of themselves." in said
        assert readme_excerpt() in said


def until_up(demo: subprocess.Popen[str]) -> str:
    """Return what it printed before its lab stays up; the command to try can be begun, and then it is interrupted."""
    assert demo.stdout
    lines: list[str] = []
    while "Try: " not in (lines or [""])[-1]:
        lines.append(demo.stdout.readline())
        assert lines[-1], "it ended"
    command = shlex.split(lines[-1].partition("Try: ")[2])
    tried = subprocess.run(
        [LAMSACH, *command[1:], "--limit", "tp-kế-toán"], capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    demo.send_signal(signal.SIGINT)
    assert command[-1] == "--apply"
    assert tried.returncode == 0, tried.stderr
    return "".join(lines)


def readme_excerpt() -> str:
    """Return the tables that the README shows, as the demo prints them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## What the demo prints")[1].split("\n## ")[0]
    return "\n".join(line.removeprefix("    ") for line in text.splitlines() if line.startswith("    "))
