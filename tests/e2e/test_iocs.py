"""`lamsach iocs check`: every line is accepted, a comment, or rejected with a reason."""

import json
from pathlib import Path

from tests.e2e.conftest import Site

LIST = "# note\n\n203.0.113.7\nevil[.]example # c2\n" + "9f" * 32 + "\n" + "9f" * 31 + "\n\x1b[31mred\n"


def desk(tmp_path: Path) -> Site:
    (tmp_path / "bad.txt").write_text(LIST, encoding="utf-8")
    return Site(tmp_path, tmp_path)


def test_rejected_lines_are_named_and_end_with_two(tmp_path: Path) -> None:
    done = desk(tmp_path).lamsach("iocs", "check", "bad.txt")

    assert done.returncode == 2
    assert "bad.txt:6: '" in done.stdout
    assert "bad.txt:7: '\\x1b[31mred'" in done.stdout
    assert "\x1b" not in done.stdout


def test_json_counts_every_line_once(tmp_path: Path) -> None:
    done = desk(tmp_path).lamsach("iocs", "check", "bad.txt", "--format", "json")
    (listed,) = json.loads(done.stdout)["lists"]

    assert listed["kinds"] == {"address": 1, "domain": 1, "sha256": 1}
    assert [each["line"] for each in listed["rejected"]] == [6, 7]
    assert listed["accepted"] + listed["comments"] + len(listed["rejected"]) == len(LIST.splitlines())


def test_a_good_list_ends_with_nothing(tmp_path: Path) -> None:
    site = desk(tmp_path)
    (tmp_path / "good.txt").write_text("evil.example\n", encoding="utf-8")

    assert site.lamsach("iocs", "check", "good.txt").returncode == 0
    assert site.lamsach("iocs", "check", "good.txt", "bad.txt").returncode == 2
    assert "cannot be read" in site.lamsach("iocs", "check", "not-there.txt").stderr
