"""`lamsach demo`, twice at once; one of them stays up."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from controller.lab.engine import ENGINE
from controller.store.ledger import Ledger
from tests.word import words

ROOT = Path(__file__).parents[2]
LAMSACH = Path(sys.executable).with_name("lamsach")
RENDERED = {name: value for name, value in os.environ.items() if name != ENGINE}
"""`make demo` is run with a PowerShell where there is one; here the Windows computers need none."""

FORMS = {
    "cuc-tuyen-quang": (
        "rà quét mã độc trên 10/16 máy tính, đạt 62,5%; còn 6 máy tính chưa hoàn thành; "
        "phát hiện mã độc trên 4 máy tính; đã xử lý xong 2 máy tính.",
        "4 máy tính; 4 mã độc (3 loại); 6 dấu hiệu thuộc danh sách đã được xác định; 6 máy tính chưa có kết luận.",
        "Đã xử lý xong 2/4 máy tính; 4/4 mã độc do công cụ phát hiện; còn 2 máy tính chưa xử lý xong "
        "(1 máy còn mục tự khởi động trỏ đến mã độc đã phát hiện; ",
    ),
    "chi-cuc-tp-tuyen-quang": (
        "3/5 máy tính, đạt 60%; còn 2 máy tính chưa hoàn thành; phát hiện mã độc trên 1 máy tính; "
        "đã xử lý xong 1 máy tính.",
        "1 máy tính; 1 mã độc (1 loại); 2 dấu hiệu thuộc danh sách đã được xác định; 2 máy tính chưa có kết luận.",
        "Đã xử lý xong 1/1 máy tính; 1/1 mã độc.",
    ),
    "chi-cuc-son-duong": (
        "3/5 máy tính, đạt 60%; còn 2 máy tính chưa hoàn thành; phát hiện mã độc trên 2 máy tính; "
        "đã xử lý xong 1 máy tính.",
        "2 máy tính; 2 mã độc (2 loại); 4 dấu hiệu thuộc danh sách đã được xác định; 2 máy tính chưa có kết luận.",
        "Đã xử lý xong 1/2 máy tính; 2/2 mã độc do công cụ phát hiện; còn 1 máy tính chưa xử lý xong",
    ),
    "chi-cuc-na-hang": (
        "2/4 máy tính, đạt 50%; còn 2 máy tính chưa hoàn thành.",
        "Không phát hiện trên 2 máy tính; 2 máy tính chưa có kết luận.",
        "Không có.",
    ),
}
"""What the form of each unit says: how far it is, what was found, what was handled and is left."""


def test_two_demos_side_by_side_do_the_whole_main_job(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen(
            [LAMSACH, "demo", "--first-answer", seconds, *options],
            env=RENDERED | {"TMPDIR": str(tmp_path)},
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
        )
        for seconds, options in (("8", ()), ("9", ("--keep",)))
    ]
    for each, kept in zip(both, (False, True), strict=True):
        first = until_up(each) if kept else ""
        rest, errors = each.communicate(timeout=240)
        assert each.returncode == 0, errors
        shows_the_whole_job("\n".join(line.rstrip() for line in (first + rest).splitlines()))


def shows_the_whole_job(printed: str) -> None:
    assert [f"Step {number} of 4: " in printed for number in (1, 2, 3, 4)] == [True] * 4
    outcomes = (
        "4 infected: ",
        "2 cleaned: tp-pc01, sd-kế-toán",
        "6 clean: ",
        "2 infected: cuc-kế-toán (leftover.autostart), sd-pc04 (match.found)",
    )
    assert [each for each in outcomes if each not in printed] == []
    assert "The result is what the lab's computers know of themselves" in printed
    for excerpt in readme_excerpts():
        assert excerpt in printed
    reports = {
        path.name: path
        for path in (
            Path(line.removeprefix("Report: ")) for line in printed.splitlines() if line.startswith("Report: ")
        )
    }
    assert set(reports) == {
        "lamsach.json",
        "hosts.csv",
        "units.csv",
        "matches.csv",
        *(f"{unit}.docx" for unit in FORMS),
    }
    for unit, sentences in FORMS.items():
        form = words(reports[f"{unit}.docx"].read_bytes())
        assert [each for each in sentences if each not in form] == []
    with Ledger.open(reports["lamsach.json"].parents[1] / "lamsach.db", create=False) as ledger:
        assert [ledger.sweep(each.id).apply for each in reversed(ledger.sweeps())][:3] == [False, True, False]


def until_up(demo: subprocess.Popen[str]) -> str:
    """Return what it printed before its lab stays up; the command to try can be begun, and then it is interrupted."""
    assert demo.stdout
    lines: list[str] = []
    while "Try: " not in (lines or [""])[-1]:
        lines.append(demo.stdout.readline())
        assert lines[-1], "it ended"
    command = shlex.split(lines[-1].partition("Try: ")[2])
    tried = subprocess.run(
        [LAMSACH, *command[1:], "--limit", "tp-kế-toán"],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    demo.send_signal(signal.SIGINT)
    assert command[-1] == "--apply"
    assert tried.returncode == 0, tried.stderr
    return "".join(lines)


def readme_excerpts() -> list[str]:
    """Return the tables that the README shows, as the demo prints them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## What the demo prints")[1].split("\n## ")[0]
    shown = [block for block in text.split("\n\n") if block.startswith("    ")]
    assert len(shown) == 2
    return ["\n".join(line.removeprefix("    ") for line in block.splitlines()) for block in shown]
