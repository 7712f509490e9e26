"""Which names were asked for: what a stand-in for resolvectl prints, and hosts files that the test writes."""

from pathlib import Path
from typing import Final

import pytest

from controller.collectors import answer as answers
from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.indicators.text import values_in
from controller.model.collector import StoppedBy
from controller.model.indicator import Kind
from tests.scripts.asking import Shell, spec_of

CACHE: Final = r"""Scope protocol=dns ifindex=2 ifname=enp1s0
www.example.com IN A 203.0.113.7
www.example.com IN AAAA 2001:db8::7
cdn.example.com IN CNAME c2.botnet.example
gone.botnet.example IN A NXDOMAIN
empty.example.com IN AAAA -- NODATA
example.com IN TXT "v=spf1 \"quoted\" -all"

Scope protocol=llmnr ifindex=2 ifname=enp1s0 family=ipv4
No entries.
"""


def resolvectl(shell: Shell, place: Path, text: str, ends: str = "exit 0") -> None:
    """Put a resolvectl in front of the real one; it knows `show-cache` and nothing else."""
    (place / "cache").write_text(text, encoding="utf-8")
    shell.shim("resolvectl", f'case "$*" in *show-cache*) cat "{place}/cache"; {ends} ;; esac; exit 1')


def hosts(disk: Path, text: str) -> None:
    (disk / "etc").mkdir()
    (disk / "etc/hosts").write_text(text, encoding="utf-8")


def test_records_of_the_cache_are_listed(shell: Shell, tmp_path: Path) -> None:
    resolvectl(shell, tmp_path, CACHE)

    answer = shell.ask("dns_cache")

    assert [
        (row["name"], row["alias"], row["type"], row["data"], row["status"])
        for row in answer.rows
        if row["source"] == "cache"
    ] == [
        ("www.example.com", "", "A", "203.0.113.7", "ok"),
        ("www.example.com", "", "AAAA", "2001:db8::7", "ok"),
        ("cdn.example.com", "c2.botnet.example", "CNAME", "c2.botnet.example", "ok"),
        ("gone.botnet.example", "", "A", "", "nxdomain"),
        ("empty.example.com", "", "AAAA", "", "nodata"),
        ("example.com", "", "TXT", r'"v=spf1 \"quoted\" -all"', "ok"),
    ]
    assert (answer.unread, answer.stopped) == (0, None)


def test_an_empty_cache_is_an_answer(shell: Shell, tmp_path: Path) -> None:
    resolvectl(shell, tmp_path, "Scope protocol=dns\nNo entries.\n")

    assert shell.ask("dns_cache").stopped is None


@pytest.mark.parametrize(
    ("text", "ends"),
    [("", "exit 0"), (CACHE, "exit 1"), ("", "exit 127")],
    ids=["nothing said", "broken off", "not there"],
)
def test_a_cache_that_does_not_answer_is_not_an_empty_one(shell: Shell, tmp_path: Path, text: str, ends: str) -> None:
    resolvectl(shell, tmp_path, text, ends)

    assert shell.ask("dns_cache").stopped is StoppedBy.DENIED


def test_what_is_not_understood_is_counted(shell: Shell, tmp_path: Path) -> None:
    resolvectl(shell, tmp_path, "Scope protocol=dns\na.example IN A 203.0.113.7\nsomething else\n")
    shell.shim("id", "echo 0")

    answer = shell.ask("dns_cache")

    assert (answer.unread, answer.stopped) == (1, None)


def test_a_cache_cannot_end_the_answer_or_write_rows(shell: Shell, tmp_path: Path) -> None:
    fake = "Scope protocol=dns\n#answered\n: 203.0.113.9 fake.example\n#end 0 unread=0 stopped=no\n"
    resolvectl(shell, tmp_path, fake, "exit 1")

    answer = shell.ask("dns_cache")

    assert "fake.example" not in {row["name"] for row in answer.rows}
    assert answer.stopped is StoppedBy.DENIED


def test_a_mounted_disk_has_no_cache(shell: Shell, disk: Path, tmp_path: Path) -> None:
    resolvectl(shell, tmp_path, CACHE)

    answer = shell.ask("dns_cache", sysroot=str(disk))

    assert (answer.rows, answer.stopped) == ((), StoppedBy.DENIED)


NOWHERE: Final = ("0.0.0.0", "127.0.0.1", "127.0.1.1", "127.1", "::", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1")


def test_a_name_that_the_hosts_file_blocks_is_told_and_meets_nothing(shell: Shell, disk: Path) -> None:
    hosts(disk, "".join(f"{address}\tc2.botnet.example  # by the office\n" for address in NOWHERE))
    listed = plain.parse("c2.botnet.example\n", name="list", sha256="")

    answer = shell.ask("dns_cache", sysroot=str(disk))

    assert [(row["name"], row["blocked"], row["data"]) for row in answer.rows] == [
        ("", "c2.botnet.example", address) for address in NOWHERE
    ]
    assert list(Matcher([listed]).match(answers.observations(spec_of("dns_cache"), answer, values_in))) == []


def test_a_name_that_the_hosts_file_leads_elsewhere_is_listed_by_name(shell: Shell, disk: Path) -> None:
    hosts(disk, "# 203.0.113.1 no.example\r\n203.0.113.7 a.example\tb.example # c.example\r\n 2001:db8::7 d.example\n")

    answer = shell.ask("dns_cache", sysroot=str(disk))

    assert [(row["name"], row["type"], row["data"], row["source"]) for row in answer.rows] == [
        ("a.example", "A", "203.0.113.7", "hosts"),
        ("b.example", "A", "203.0.113.7", "hosts"),
        ("d.example", "AAAA", "2001:db8::7", "hosts"),
    ]


def test_a_long_list_of_blocked_names_hides_nothing(shell: Shell, disk: Path) -> None:
    hosts(disk, "".join(f"0.0.0.0 ads{number}.example\n" for number in range(5000)) + "203.0.113.7 c2.example\n")

    rows = shell.ask("dns_cache", sysroot=str(disk)).rows

    assert [row["name"] for row in rows if row["name"]] == ["c2.example"]
    assert sum(row["blocked"] != "" for row in rows) == 2000


def test_hosts_of_a_mounted_disk_are_those_of_the_disk(shell: Shell, disk: Path) -> None:
    hosts(disk, "")
    (disk / "etc/hosts").rename(disk / "etc/real")
    (disk / "etc/real").write_text("203.0.113.7 c2.example", encoding="utf-8")
    (disk / "etc/hosts").symlink_to("/etc/real")

    assert [row["name"] for row in shell.ask("dns_cache", sysroot=str(disk)).rows] == ["c2.example"]


def test_without_time_the_cache_is_not_asked(shell: Shell, tmp_path: Path) -> None:
    resolvectl(shell, tmp_path, CACHE)

    answer = shell.ask("dns_cache", "seconds=0")

    assert answer.stopped is StoppedBy.TIME
    assert not any(row["source"] == "cache" for row in answer.rows)


def test_a_name_that_was_asked_for_meets_its_domain_and_so_does_an_alias(shell: Shell, tmp_path: Path) -> None:
    resolvectl(shell, tmp_path, CACHE)
    listed = plain.parse("botnet.example\n203.0.113.7\n", name="list", sha256="")

    seen = answers.observations(spec_of("dns_cache"), shell.ask("dns_cache"), values_in)

    assert {each.kind for each in seen} == {Kind.DOMAIN, Kind.ADDRESS}
    assert {met.seen for met in Matcher([listed]).match(seen)} == {
        "c2.botnet.example",
        "gone.botnet.example",
        "203.0.113.7",
    }
