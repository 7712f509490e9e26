"""Which names a Windows PC asked for: on the sample PCs, and on PCs on which something is odd."""

from pathlib import Path
from typing import Final

import pytest

from controller.collectors import answer as answers
from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.indicators.text import values_in
from controller.model.collector import Answer, StoppedBy
from controller.model.indicator import Kind
from tests.scripts.asking import spec_of
from tests.scripts.windows_pc import Pc, new_pc, sample_pc

HOSTS: Final = r"C:\Windows\System32\drivers\etc\hosts"
NOWHERE: Final = ("0.0.0.0", "127.0.0.1", "::1", "::", "::FFFF:127.0.0.1")


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    """Make a PC whose cache runs and is empty."""
    pc = new_pc(tmp_path)
    keeper(pc, "Running")
    cache(pc)
    return pc


def keeper(pc: Pc, status: str) -> None:
    pc.state("services", {"Name": "Dnscache", "Status": status, "StartType": "Automatic", "PathName": "x"})


def cache(pc: Pc, *records: tuple[str, str, int, int, str | None]) -> None:
    """Fill the cache with records of (Entry, Name, Type, Status, Data)."""
    names = ("Entry", "Name", "Type", "Status", "Data")
    pc.state("cim/root.StandardCimv2/MSFT_DNSClientCache", *(dict(zip(names, each, strict=True)) for each in records))


def told(answer: Answer, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[column] for column in columns) for row in answer.rows]


def seen(answer: Answer) -> list[str]:
    """Return the names that can meet a list; what they lead to is seen beside them."""
    found = answers.observations(spec_of("dns_cache"), answer, values_in)
    assert {each.kind for each in found} <= {Kind.DOMAIN, Kind.ADDRESS}
    assert not any(each.value.startswith(("0.", "127.", "::")) for each in found)
    return [each.value for each in found if each.kind is Kind.DOMAIN]


def test_the_infected_pc_shows_its_names_and_the_clean_one_does_not(tmp_path: Path) -> None:
    listed = plain.parse("bad.example.invalid\nactivation.example.invalid\n", name="list", sha256="")
    met = {}
    for name in ("lab-host", "lab-host-clean"):
        answer = sample_pc(name, tmp_path / name).ask("dns_cache")
        assert (answer.unread, answer.stopped) == (0, None)
        met[name] = [
            each.where
            for each in Matcher([listed]).match(answers.observations(spec_of("dns_cache"), answer, values_in))
        ]

    assert met == {
        "lab-host": [
            "hosts activation.example.invalid A 203.0.113.66 ok",
            "cache bad.example.invalid A 203.0.113.66 ok",
        ],
        "lab-host-clean": [],
    }


def test_a_row_has_every_column(pc: Pc) -> None:
    cache(pc, ("a.example", "a.example", 5, 0, "b.example"))

    assert pc.ask("dns_cache").rows == (
        {
            "name": "a.example",
            "blocked": "",
            "alias": "b.example",
            "type": "CNAME",
            "data": "b.example",
            "status": "ok",
            "source": "cache",
        },
    )


def test_the_end_of_a_chain_is_told_with_the_name_that_was_asked_for(pc: Pc) -> None:
    cache(pc, ("a.example", "b.example", 1, 0, "203.0.113.9"), ("C.example", "c.example", 28, 0, "2001:db8::1"))

    assert told(pc.ask("dns_cache"), "name", "type", "data") == [
        ("a.example", "A", "203.0.113.9"),
        ("b.example", "A", "203.0.113.9"),
        ("C.example", "AAAA", "2001:db8::1"),
    ]


def test_types_and_errors_go_by_number(pc: Pc) -> None:
    """What was asked for in vain was asked for all the same."""
    cache(
        pc,
        ("a.example", "", 1, 9003, None),
        ("b.example", "", 28, 9501, None),
        ("c.example", "", 257, 77, None),
    )

    assert told(pc.ask("dns_cache"), "name", "type", "status") == [
        ("a.example", "A", "nxdomain"),
        ("b.example", "AAAA", "nodata"),
        ("c.example", "TYPE257", "77"),
    ]


def test_the_hosts_file_tells_where_names_lead(pc: Pc) -> None:
    lines = (
        "\ufeff# 203.0.113.1 no.example",
        " 203.0.113.9\ta.example  b.example # c.example",
        "2001:db8::9 d.example",
    )
    pc.file(HOSTS, "\r\n".join((*lines, "", "alone")).encode())

    assert told(pc.ask("dns_cache"), "name", "type", "data", "status", "source") == [
        ("a.example", "A", "203.0.113.9", "ok", "hosts"),
        ("b.example", "A", "203.0.113.9", "ok", "hosts"),
        ("d.example", "AAAA", "2001:db8::9", "ok", "hosts"),
    ]


def test_names_that_the_hosts_file_blocks_meet_nothing_in_the_cache_either(pc: Pc) -> None:
    blocked = {f"{number}.example": address for number, address in enumerate(NOWHERE)}
    pc.file(HOSTS, "".join(f"{address} {name}\n" for name, address in blocked.items()).encode())
    records = [(name.upper(), "", 1, 0, address) for name, address in blocked.items()]
    cache(pc, *records, ("0.example", "", 28, 9501, None))

    answer = pc.ask("dns_cache")

    assert told(answer, "name", "blocked", "source") == [
        *(("", name, "hosts") for name in blocked),
        *(("", name.upper(), "cache") for name in blocked),
        ("", "0.example", "cache"),
    ]
    assert seen(answer) == []


def test_a_name_that_only_a_server_leads_nowhere_was_asked_for(pc: Pc) -> None:
    """So does a server that filters; and what the hosts file blocks for IPv4 may have been reached over IPv6."""
    pc.file(HOSTS, b"0.0.0.0 half.example\n")
    cache(pc, ("bad.example", "bad.example", 1, 0, "0.0.0.0"), ("half.example", "", 28, 0, "2001:db8::9"))

    assert seen(pc.ask("dns_cache")) == ["bad.example", "half.example"]


def test_of_many_blocked_names_the_beginning_is_told(pc: Pc) -> None:
    blocked = "".join(f"0.0.0.0 {number}.example\n" for number in range(2500))
    pc.file(HOSTS, f"{blocked}203.0.113.9 bad.example\n".encode())

    answer = pc.ask("dns_cache")

    assert len(answer.rows) == 2001
    assert answer.stopped is None
    assert seen(answer) == ["bad.example"]


@pytest.mark.parametrize("trouble", ["Locked", "AccessDenied"])
def test_a_hosts_file_that_cannot_be_read_stops_the_look(pc: Pc, trouble: str) -> None:
    pc.file(HOSTS, b"203.0.113.9 a.example\n")
    pc.state("files", {"Path": HOSTS, trouble: True})
    cache(pc, ("bad.example", "bad.example", 1, 0, "203.0.113.9"))

    answer = pc.ask("dns_cache")

    assert (answer.unread, answer.stopped) == (1, StoppedBy.DENIED)
    assert seen(answer) == ["bad.example"]


def test_a_hosts_file_that_was_moved_is_read_where_it_is(pc: Pc) -> None:
    key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
    text = f'Windows Registry Editor Version 5.00\n\n[{key}]\n"DataBasePath"="C:\\\\Moved"\n'
    (pc.place / "registry" / "moved.reg").write_text(text, encoding="utf-8")
    pc.file(HOSTS, b"203.0.113.9 no.example\n")
    pc.file(r"C:\Moved\hosts", b"203.0.113.9 a.example\n")

    assert seen(pc.ask("dns_cache")) == ["a.example"]


def test_an_empty_cache_is_an_answer(pc: Pc) -> None:
    answer = pc.ask("dns_cache")

    assert (answer.rows, answer.unread, answer.stopped) == ((), 0, None)


@pytest.mark.parametrize("broken", ["MSFT_DNSClientCache", "Win32_Service"])
def test_a_cache_that_cannot_be_read_stops_the_look_and_leaves_the_hosts_file(pc: Pc, broken: str) -> None:
    pc.file(HOSTS, b"203.0.113.9 bad.example\n")
    pc.state("broken", {"Class": broken})

    answer = pc.ask("dns_cache")

    assert answer.stopped is StoppedBy.DENIED
    assert seen(answer) == ["bad.example"]


def test_where_nobody_keeps_a_cache_the_look_is_stopped(pc: Pc) -> None:
    keeper(pc, "Stopped")

    assert pc.ask("dns_cache").stopped is StoppedBy.DENIED


def test_a_look_without_time_says_so(pc: Pc) -> None:
    cache(pc, ("a.example", "a.example", 1, 0, "203.0.113.9"))

    assert pc.ask("dns_cache", "seconds=0").stopped is StoppedBy.TIME
