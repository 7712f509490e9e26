"""`lamsach iocs check`: every line is accepted, a comment, or rejected with a reason."""

import json
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("text", ["", "# only a note\n\n"])
def test_a_list_that_a_sweep_would_refuse_as_empty_ends_with_two(tmp_path: Path, text: str) -> None:
    site = desk(tmp_path)
    (tmp_path / "empty.txt").write_text(text, encoding="utf-8")
    said = "the list 'empty.txt' holds no indicator that can be used; mend it, or take it out of the playbook."

    as_table = site.lamsach("iocs", "check", "empty.txt")
    as_json = site.lamsach("iocs", "check", "empty.txt", "--format", "json")

    assert (as_table.returncode, as_json.returncode) == (2, 2)
    assert as_table.stderr == as_json.stderr == f"error[operator.list]: {said}\n"
    assert [each["error"] for each in json.loads(as_json.stdout)["lists"]] == [said]


def test_lists_that_cannot_be_read_hide_no_other(tmp_path: Path) -> None:
    site = desk(tmp_path)
    (tmp_path / "good.txt").write_text("evil.example\n", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"evil.example\nm\xe3\n")
    files = ("not-there.txt", "latin.txt", "bad.txt", "good.txt")
    errors = {
        "not-there.txt": "the list 'not-there.txt' cannot be read (No such file or directory); mend the path.",
        "latin.txt": "latin.txt:2:2: the byte 0xe3 is not UTF-8; save the list as UTF-8.",
        "bad.txt": None,
        "good.txt": None,
    }

    as_table = site.lamsach("iocs", "check", *files)
    as_json = site.lamsach("iocs", "check", *files, "--format", "json")
    lists = json.loads(as_json.stdout)["lists"]

    assert (as_table.returncode, as_json.returncode) == (2, 2)
    complaints = [f"error[operator.list]: {error}" for error in errors.values() if error]
    complaints.append(
        "error[operator.list]: 2 lines of the list 'bad.txt' cannot be used, as named above; correct each line."
    )
    assert as_table.stderr.splitlines() == as_json.stderr.splitlines() == complaints
    assert "bad.txt:6: '" in as_table.stdout
    assert {each["list"]: each["error"] for each in lists} == errors
    assert [each.get("accepted") for each in lists] == [None, None, 3, 1]


def test_a_single_list_that_cannot_be_read_is_an_error_as_everywhere(tmp_path: Path) -> None:
    done = Site(tmp_path, tmp_path).lamsach("iocs", "check", "nope")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error[operator.list]: the list 'nope' cannot be read (No such file or directory); mend the path.\n"
    )
