"""Which connections a Windows PC has: on the sample PCs, and on PCs on which something is odd."""

from pathlib import Path

import pytest

from controller.collectors import answer as answers
from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.indicators.text import values_in
from controller.model.collector import StoppedBy
from controller.model.indicator import Kind
from tests.scripts.asking import spec_of
from tests.scripts.windows_pc import Pc, new_pc, sample_pc

TOOL = r"C:\Tools\tool.exe"


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    return new_pc(tmp_path)


def a_socket(local: str, remote: str, state: int, owner: int = 812) -> dict[str, object]:
    """Make a socket of addresses such as `10.0.0.7 445`."""
    (here, port), (there, far) = local.split(), remote.split()
    return {
        "LocalAddress": here,
        "LocalPort": int(port),
        "RemoteAddress": there,
        "RemotePort": int(far),
        "State": state,
        "OwningProcess": owner,
    }


def sockets(pc: Pc, *listed: dict[str, object]) -> None:
    pc.state("cim/root.StandardCimv2/MSFT_NetTCPConnection", *listed)


def with_tool(pc: Pc) -> None:
    pc.running({"Id": 812, "ProcessName": "tool", "Path": TOOL})


def test_the_infected_pc_shows_its_connection_and_the_clean_one_does_not(tmp_path: Path) -> None:
    listed = plain.parse("203.0.113.66\nsvchosts.exe\n", name="list", sha256="")
    met = {}
    for name in ("lab-host", "lab-host-clean"):
        answer = sample_pc(name, tmp_path / name).ask("connections")
        assert (answer.unread, answer.stopped) == (0, None)
        seen = answers.observations(spec_of("connections"), answer, values_in)
        met[name] = {(each.seen, each.where) for each in Matcher([listed]).match(seen)}

    program = r"C:\Users\canbo1\AppData\Roaming\WinUpd\svchosts.exe"
    assert ("203.0.113.66", f"outbound 203.0.113.66 remote_port 443 pid 6660 {program}") in met["lab-host"]
    assert met["lab-host-clean"] == set()


def test_a_row_has_every_column(pc: Pc) -> None:
    with_tool(pc)
    sockets(pc, a_socket("10.0.0.7 50105", "203.0.113.66 443", 5))

    assert pc.ask("connections").rows == (
        {
            "direction": "outbound",
            "state": "established",
            "local_address": "10.0.0.7",
            "local_port": 50105,
            "remote_address": "203.0.113.66",
            "remote_port": 443,
            "pid": 812,
            "name": "tool.exe",
            "path": TOOL,
            "own": False,
        },
    )


def test_a_port_that_is_listened_on_tells_who_came_in(pc: Pc) -> None:
    """What listens has no other end, whatever Windows writes there."""
    with_tool(pc)
    sockets(
        pc,
        a_socket("0.0.0.0 445", "0.0.0.0 0", 2),
        a_socket("10.0.0.7 445", "203.0.113.9 50000", 8),
        a_socket("10.0.0.7 50001", "203.0.113.9 445", 3),
    )

    rows = pc.ask("connections").rows

    assert [(row["direction"], row["state"], row["remote_address"], row["remote_port"]) for row in rows] == [
        ("listening", "listen", "", 0),
        ("inbound", "close_wait", "203.0.113.9", 50000),
        ("outbound", "syn_sent", "203.0.113.9", 445),
    ]


def test_addresses_are_written_as_lists_write_them(pc: Pc) -> None:
    with_tool(pc)
    sockets(
        pc,
        a_socket("::ffff:10.0.0.7 1", "::FFFF:203.0.113.9 443", 5),
        a_socket("fe80::1%12 2", "fe80::2%12 443", 5),
        a_socket("2001:db8::1 3", "2001:db8::ffff:9 443", 5),
    )

    assert [(row["local_address"], row["remote_address"]) for row in pc.ask("connections").rows] == [
        ("10.0.0.7", "203.0.113.9"),
        ("fe80::1", "fe80::2"),
        ("2001:db8::1", "2001:db8::ffff:9"),
    ]


def test_a_socket_that_is_only_bound_is_no_connection_and_a_new_state_is_one(pc: Pc) -> None:
    with_tool(pc)
    sockets(pc, a_socket("0.0.0.0 50105", "0.0.0.0 0", 100), a_socket("10.0.0.7 50105", "203.0.113.9 443", 77))

    assert [row["state"] for row in pc.ask("connections").rows] == ["77"]


def test_an_owner_that_is_gone_is_counted_and_the_system_is_not(pc: Pc) -> None:
    with_tool(pc)
    owners = (812, 0, 4, 999)
    sockets(pc, *(a_socket("10.0.0.7 5", "203.0.113.9 443", 11, owner) for owner in owners))

    answer = pc.ask("connections")

    assert [(row["pid"], row["name"]) for row in answer.rows] == [
        (812, "tool.exe"),
        (0, ""),
        (4, "System"),
        (999, ""),
    ]
    assert (answer.unread, answer.stopped) == (1, None)


def test_without_an_administrators_rights_the_look_is_stopped(pc: Pc) -> None:
    sockets(pc, a_socket("0.0.0.0 445", "0.0.0.0 0", 2, 4))
    pc.mode(elevated=False)

    assert pc.ask("connections").stopped is StoppedBy.DENIED


def test_a_look_without_time_says_so(pc: Pc) -> None:
    sockets(pc, a_socket("0.0.0.0 445", "0.0.0.0 0", 2, 4))

    assert pc.ask("connections", "seconds=0").stopped is StoppedBy.TIME


@pytest.mark.parametrize("broken", ["MSFT_NetTCPConnection", "Win32_Process"])
def test_wmi_that_is_broken_gives_no_answer(pc: Pc, broken: str) -> None:
    sockets(pc, a_socket("0.0.0.0 445", "0.0.0.0 0", 2, 4))
    pc.state("broken", {"Class": broken})

    reason, said = pc.fail("connections")

    assert reason == "answer.cut"
    assert f"{broken} cannot be read" in said.replace("\n     | ", " ")


def test_a_list_without_a_single_socket_gives_no_answer(pc: Pc) -> None:
    """We came over one."""
    sockets(pc)

    reason, said = pc.fail("connections")

    assert reason == "answer.cut"
    assert "does not list a single socket" in said.replace("\n     | ", " ")


def test_a_row_meets_an_address_a_path_and_a_name(pc: Pc) -> None:
    with_tool(pc)
    sockets(pc, a_socket("10.0.0.7 50105", "203.0.113.66 443", 5), a_socket("10.0.0.7 9", "203.0.113.66 443", 5))

    seen = answers.observations(spec_of("connections"), pc.ask("connections"), values_in)

    assert [(each.kind, each.value) for each in seen] == [
        (Kind.ADDRESS, "203.0.113.66"),
        (Kind.ENDPOINT, "203.0.113.66:443"),
        (Kind.NAME, "tool.exe"),
        (Kind.PATH, TOOL),
    ]
