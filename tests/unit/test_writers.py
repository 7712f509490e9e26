"""The promises that every writer of a summary keeps."""

import csv
import io
import json
import unicodedata
from dataclasses import replace
from typing import Literal

import pytest
from wcwidth import wcswidth

from controller.errors import Reason
from controller.model.fleet import Unit
from controller.model.indicator import Kind, Match
from controller.model.result import Fault
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import summarise
from controller.reports.lines import first_seen
from controller.reports.writers import csv as csv_writer
from controller.reports.writers import json as json_writer
from controller.reports.writers import table
from controller.reports.writers.base import Writer
from tests.builders import a_match
from tests.summaries import HOSTILE, MATCH, a_hostile_summary, a_summary, an_entry, judged

WRITERS: dict[str, Writer] = {
    "table": table.write,
    "json": json_writer.write,
    "csv hosts": csv_writer.write_hosts,
    "csv units": csv_writer.write_units,
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
def test_the_same_summary_gives_the_same_bytes(write: Writer) -> None:
    assert write(a_summary()) == write(a_summary())


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
def test_nothing_a_host_said_can_act_on_a_terminal(write: Writer) -> None:
    text = write(a_hostile_summary()).decode("utf-8-sig")

    acting = {letter for letter in text if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert acting <= {"\n", "\r"}


def lines(**names: str) -> list[str]:
    units = (Unit(id="u", name="Chi cục"),)
    summary = summarise(units, [an_entry(name, "u") for name in names.values()], {n: judged() for n in names.values()})
    return table.write(summary).decode().splitlines()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_columns_stand_straight_with_vietnamese_letters(form: Literal["NFC", "NFD"]) -> None:
    name = unicodedata.normalize(form, "máy-của-chị-Thường")

    _, heading, rule, first, second, *_ = lines(a=name, b="pc-02")

    column = heading.index("verdict")
    assert wcswidth(first.split("clean")[0]) == wcswidth(second.split("clean")[0]) == column
    assert wcswidth(rule.split()[0]) == len("máy-của-chị-Thường")


def test_a_name_that_looks_like_a_number_stays_as_it_is() -> None:
    assert any(line.startswith("1e5 ") for line in lines(a="1e5", b="0012"))


def test_the_table_shows_unread_items_and_missing_roots_beside_clean() -> None:
    text = table.write(a_summary()).decode()

    assert "clean (3 unread, 1 missing)" in text
    assert "root '/hom' does not exist on 1 of 8 computers; check its spelling\n" in text


def test_sheet_and_json_name_the_first_unread_items_and_the_missing_roots() -> None:
    host = next(each for each in json.loads(json_writer.write(a_summary()))["hosts"] if each["name"] == "tq-01")
    row = next(each for each in sheet(csv_writer.write_hosts(a_summary())) if each["name"] == "tq-01")

    assert (host["unread"], host["missing_roots"]) == (3, ["/hom"])
    assert [item["path"] for item in host["unread_items"]][1:] == ["/home/an/khóa"]
    assert row["unread"] == "3"
    assert "file /home/an/khóa and 1 more" in row["unread_items"]
    assert row["missing_roots"] == "/hom"


def test_the_table_says_that_a_list_is_empty() -> None:
    text = table.write(a_summary()).decode()

    assert "huyện Na Hang (nh)\n0 computers: the list of this unit is empty\n" in text


def test_each_remedy_is_told_once() -> None:
    text = table.write(a_summary()).decode()

    assert text.count(Reason.REACH_TIMEOUT.remedy) == 1
    assert "  reach.timeout (2): " in text


def test_what_broke_the_newest_visit_to_an_infected_computer_is_told_beside_what_was_found() -> None:
    broke = Fault(Reason.CLEANER_UNFINISHED, "exit 2")
    summary = summarise(
        (), (an_entry("a"),), {"a": judged(Verdict.INFECTED, Reason.MATCH_FOUND, detail="x", broke=broke)}
    )

    text = table.write(summary).decode()
    (row,) = sheet(csv_writer.write_hosts(summary))
    (host,) = json.loads(json_writer.write(summary))["hosts"]

    assert "match.found: an indicator was seen; cleaner.unfinished" in text
    assert "  cleaner.unfinished (1): read the kept log" in text
    assert row["detail"] == host["detail"] == "x; cleaner.unfinished: exit 2"


def test_json_says_of_a_hash_where_it_was_and_of_anything_else_what_it_was() -> None:
    where = "pid 812 C:\\x.exe"
    matches = (
        Match(kind=Kind.SHA256, value="9f", list="l", line=1, collector="processes", seen="9f", where=where),
        MATCH,
    )
    summary = summarise((), (an_entry("a"),), {"a": judged(Verdict.INFECTED, Reason.MATCH_FOUND, matches=matches)})

    (host,) = json.loads(json_writer.write(summary))["hosts"]

    assert [match["seen"] for match in host["matches"]] == [where, "c2.xau.example"]


def test_a_clean_sweep_needs_no_advice() -> None:
    assert "what to do" not in table.write(summarise((), (an_entry("a"),), {"a": judged()})).decode()


def test_what_infects_is_shown_before_a_weak_sign() -> None:
    text = table.write(a_summary()).decode()

    assert "c2.xau.example (domain, example.txt:7)" in text


def test_json_has_exactly_the_promised_keys() -> None:
    document = json.loads(json_writer.write(a_summary()))

    counts = ["roster", "given", "outside", "done", "clean", "cleaned", "infected", "unknown"]
    assert list(document) == ["sweep", "units", "total", "hosts"]
    assert list(document["total"]) == counts
    assert all(list(unit) == ["id", "name", *counts] for unit in document["units"])
    host = next(each for each in document["hosts"] if each["name"] == "ch-03")
    left_out = ["unread", "unread_items", "missing_roots"]
    state = ["reasons", "leftovers", "met", "not_reached_since", "not_reached_why", "replaced"]
    assert list(host) == ["name", "unit", "verdict", "reason", "detail", *left_out, "matches", "findings", *state]
    named = ["grade", "list_path", "list_sha256", "place"]
    assert list(host["matches"][0]) == ["kind", "value", "list", "line", "collector", "seen", *named]
    found = next(each for each in document["hosts"] if each["name"] == "ch-02")["findings"]
    assert [list(each) for each in found] == [["tool", "threat", "object", "state"]]


def test_json_tells_verdict_and_reason_as_codes() -> None:
    hosts = {host["name"]: host for host in json.loads(json_writer.write(a_summary()))["hosts"]}

    assert (hosts["ch-01"]["verdict"], hosts["ch-01"]["reason"]) == ("clean", None)
    assert (hosts["ch-04"]["verdict"], hosts["ch-04"]["reason"]) == ("unknown", "reach.timeout")
    assert "tq-02" not in hosts


def test_json_keeps_every_letter_a_host_said() -> None:
    (host,) = json.loads(json_writer.write(a_hostile_summary()))["hosts"]

    assert host["detail"] == HOSTILE


def sheet(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_csv_is_what_vietnamese_excel_opens() -> None:
    data = csv_writer.write_units(a_summary())

    assert data.startswith(b"\xef\xbb\xbfid;name;")
    assert data.count(b"\r\n") == data.count(b"\n") == 1 + 5 + 1


def test_csv_has_one_row_for_each_given_computer() -> None:
    rows = sheet(csv_writer.write_hosts(a_summary()))

    assert [row["name"] for row in rows] == ["tq-01", "lb-01", "lb-02", "ch-01", "ch-02", "ch-03", "ch-04", "lạc-01"]
    assert rows[0]["unread"] == "3"


def test_csv_rolls_units_up_to_a_total() -> None:
    *units, total = sheet(csv_writer.write_units(a_summary()))

    assert (total["id"], total["name"], total["roster"], total["infected"]) == ("", "total", "9", "1")
    assert sum(int(unit["given"]) for unit in units) == int(total["given"])


@pytest.mark.parametrize(
    "start", ["=1+1", "+84", "-2", "@SUM(1)", "＝1+1", "＋1", "－1", "＠x", "  =1", "\u3000=1", "\t=1"]
)
def test_no_spreadsheet_computes_what_a_host_said(start: str) -> None:
    detail = judged(Verdict.UNKNOWN, Reason.BUG, detail=start)
    (row,) = sheet(csv_writer.write_hosts(summarise((), (an_entry("a"),), {"a": detail})))

    assert row["detail"].startswith(("'", "\\x09"))


@pytest.mark.parametrize(
    ("seen", "where", "told"),
    [
        ("9f" * 32, "pid 812 /var/tmp/x", f"pid 812 /var/tmp/x (sha256 {'9f' * 6}…, bad.txt:1)"),
        ("/var/tmp/x", "pid 812 /var/tmp/x", "pid 812 /var/tmp/x (sha256, bad.txt:1)"),
        ("203.0.113.7", "", "203.0.113.7 (sha256, bad.txt:1)"),
    ],
)
def test_a_match_is_told_by_where_it_was_seen(seen: str, where: str, told: str) -> None:
    match = replace(a_match(), seen=seen, where=where)

    assert first_seen(Judgement(verdict=Verdict.INFECTED, reason=Reason.MATCH_FOUND, matches=(match,))) == told
