"""Who talks to whom: sockets that the test opens on this machine, and tables of the kernel that the test writes."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from controller.collectors import answer as answers
from controller.collectors import catalog
from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.indicators.text import values_in
from controller.model.collector import Answer, Row, StoppedBy
from controller.model.fleet import Platform
from controller.model.indicator import Kind
from tests.scripts.asking import NONCE, Shell, spec_of

HEAD: Final = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
_CONNECT: Final = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); sys.stdin.read()"


@contextmanager
def listening(family: socket.AddressFamily = socket.AF_INET, address: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind((address, 0))
        server.listen()
        yield server


@contextmanager
def connected(port: int) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a child that holds a connection to `port`."""
    with subprocess.Popen([sys.executable, "-c", _CONNECT, str(port)], stdin=subprocess.PIPE) as child:
        try:
            yield child
        finally:
            child.kill()


def rows_at(answer: Answer, port: int, column: str = "local_port") -> list[Row]:
    return [row for row in answer.rows if row[column] == port]


def a_line(here: str, there: str, state: str, inode: int = 0) -> str:
    return (
        f"   0: {here} {there} {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100 0 0 10 0\n"
    )


def tables(disk: Path, *lines: str, six: tuple[str, ...] = ()) -> None:
    place = disk / "proc/net"
    place.mkdir(parents=True)
    (place / "tcp").write_text(HEAD + "".join(lines), encoding="utf-8")
    if six:
        (place / "tcp6").write_text(HEAD + "".join(six), encoding="utf-8")


def a_holder(disk: Path, pid: int, *targets: str) -> None:
    place = disk / "proc" / str(pid)
    (place / "fd").mkdir(parents=True)
    (disk / "usr/bin").mkdir(parents=True, exist_ok=True)
    (disk / "usr/bin/x").touch()
    (place / "exe").symlink_to("../../usr/bin/x")
    (place / "status").write_text('Name:\tbot "x"\nPPid:\t1\n', encoding="utf-8")
    for number, target in enumerate(targets):
        (place / "fd" / str(number)).symlink_to(target)


def test_a_port_that_the_test_listens_on_is_listed_with_its_process(shell: Shell) -> None:
    with listening() as server:
        port = server.getsockname()[1]
        (row,) = rows_at(shell.ask("connections"), port)

    assert row == {
        "direction": "listening",
        "state": "listen",
        "local_address": "127.0.0.1",
        "local_port": port,
        "remote_address": "",
        "remote_port": 0,
        "pid": os.getpid(),
        "name": Path("/proc/self/comm").read_text(encoding="utf-8").rstrip("\n"),
        "path": str(Path(sys.executable).resolve()),
        "own": False,
    }


def test_both_ends_of_a_connection_are_told_apart(shell: Shell) -> None:
    """The test is above the shell, as the server of a session is: what came in to it is ours, no other end is."""
    with listening() as server, connected(server.getsockname()[1]) as child:
        port = server.getsockname()[1]
        accepted, (_, far) = server.accept()
        with accepted:
            answer = shell.ask("connections")

    (outbound,) = rows_at(answer, port, "remote_port")
    (inbound,) = [row for row in rows_at(answer, port) if row["direction"] != "listening"]
    assert (outbound["direction"], outbound["pid"], outbound["own"]) == ("outbound", child.pid, False)
    assert (outbound["local_port"], outbound["remote_address"], outbound["state"]) == (far, "127.0.0.1", "established")
    assert (inbound["direction"], inbound["pid"], inbound["own"]) == ("inbound", os.getpid(), True)
    assert (inbound["remote_port"], inbound["remote_address"]) == (far, "127.0.0.1")


def test_a_port_of_ipv6_is_listed_too(shell: Shell) -> None:
    try:
        with listening(socket.AF_INET6, "::1") as server:
            (row,) = rows_at(shell.ask("connections"), server.getsockname()[1])
    except OSError:
        pytest.skip("needs IPv6: enable it on the loopback interface")

    assert (row["local_address"], row["pid"]) == ("::1", os.getpid())


def test_a_socket_that_two_processes_hold_has_a_row_for_each(shell: Shell, disk: Path) -> None:
    tables(disk, a_line("0100007F:0050", "00000000:0000", "0A", 77))
    a_holder(disk, 8, "/dev/null", "socket:[77]", "socket:[77]")
    a_holder(disk, 9, "socket:[77]", "socket:[78]", "pipe:[77]")

    answer = shell.ask("connections", sysroot=str(disk))

    assert [row["pid"] for row in answer.rows] == [8, 9]
    assert (answer.unread, answer.stopped) == (0, None)


ADDRESSES: Final = {
    "427100CB": "203.0.113.66",
    "B80D0120000000000000000001000000": "2001:db8::1",
    "B80D0120000001000000000001000000": "2001:db8:1::1",
    "B80D01200100000000000000FFFF0000": "2001:db8:0:1::ffff",
    "00000000000000000000000001000000": "::1",
    "00000000000000000000000000000000": "::",
    "0000000000000000FFFF0000427100CB": "203.0.113.66",
    "000080FE00000000FF1E005429ABCDEF": "fe80::5400:1eff:efcd:ab29",
}


def test_addresses_are_read_as_the_kernel_writes_them(shell: Shell, disk: Path) -> None:
    tables(disk, six=tuple(a_line(f"{word}:1F90", f"{word}:C001", "01") for word in ADDRESSES))

    rows = shell.ask("connections", sysroot=str(disk)).rows

    assert [row["local_address"] for row in rows] == list(ADDRESSES.values())
    assert [row["remote_address"] for row in rows] == list(ADDRESSES.values())
    assert {(row["local_port"], row["remote_port"]) for row in rows} == {(8080, 49153)}


def test_direction_follows_the_ports_that_are_listened_on(shell: Shell, disk: Path) -> None:
    tables(
        disk,
        a_line("0100007F:0016", "427100CB:9C40", "01"),
        a_line("0100007F:9C40", "427100CB:0016", "02"),
        a_line("0100007F:9C41", "427100CB:0016", "06"),
        six=(a_line(f"{'0' * 32}:0016", f"{'0' * 32}:0000", "0A"),),
    )

    rows = shell.ask("connections", sysroot=str(disk)).rows

    assert [(row["direction"], row["state"], row["remote_port"]) for row in rows] == [
        ("inbound", "established", 40000),
        ("outbound", "syn_sent", 22),
        ("outbound", "time_wait", 22),
        ("listening", "listen", 0),
    ]


def test_an_owner_that_cannot_be_told_is_counted(shell: Shell, disk: Path) -> None:
    tables(disk, a_line("0100007F:0050", "00000000:0000", "0A", 77), a_line("0100007F:0051", "427100CB:0016", "06", 0))
    shell.shim("id", "echo 0")

    answer = shell.ask("connections", sysroot=str(disk))

    assert [row["pid"] for row in answer.rows] == [0, 0]
    assert (answer.unread, answer.stopped) == (1, None)
    assert answer.unread_items[0].path == "no process holds the socket on port 80"


def test_a_service_of_the_kernel_is_one_item_together_with_its_clients(shell: Shell, disk: Path) -> None:
    """A file server has a socket for each client, and none of them belongs to a process."""
    clients = [a_line("0100007F:0801", f"0100007F:{9000 + number:04X}", "01", 100 + number) for number in range(60)]
    tables(
        disk,
        a_line("0100007F:0801", "00000000:0000", "0A", 77),
        *clients,
        a_line("0100007F:0016", "00000000:0000", "0A", 7),
    )
    a_holder(disk, 8, "socket:[7]")
    shell.shim("id", "echo 0")

    answer = shell.ask("connections", sysroot=str(disk))

    assert (len(answer.rows), answer.unread, answer.stopped) == (62, 1, None)


def test_where_no_owner_at_all_can_be_told_the_look_is_stopped(shell: Shell, disk: Path) -> None:
    tables(disk, *(a_line(f"0100007F:00{port}", "00000000:0000", "0A", port) for port in range(50, 55)))
    shell.shim("id", "echo 0")

    assert shell.ask("connections", sysroot=str(disk)).stopped is StoppedBy.DENIED


def test_an_ordinary_account_sees_not_enough(shell: Shell) -> None:
    shell.shim("id", "echo 1000")

    with listening() as server:
        port = server.getsockname()[1]
        answer = shell.ask("connections")

    assert answer.stopped is StoppedBy.DENIED
    assert [row["pid"] for row in rows_at(answer, port)] == [os.getpid()]


def test_a_mounted_disk_without_tables_is_no_computer_without_connections(shell: Shell, disk: Path) -> None:
    (disk / "proc").mkdir()

    answer = shell.ask("connections", sysroot=str(disk))

    assert (answer.rows, answer.stopped) == ((), StoppedBy.DENIED)


def test_no_link_of_a_mounted_disk_leads_to_the_tables_of_our_own_machine(shell: Shell, disk: Path) -> None:
    (disk / "proc").mkdir()
    (disk / "proc/net").symlink_to("/proc/net")

    with listening():
        answer = shell.ask("connections", sysroot=str(disk))

    assert (answer.rows, answer.stopped) == ((), StoppedBy.DENIED)


def test_a_disk_cannot_write_rows_of_its_own(shell: Shell, disk: Path) -> None:
    good = a_line("0100007F:0050", "427100CB:01BB", "01", 77)
    tables(
        disk,
        '@ 9 "}\n',
        '= c1ff 77 /proc/1"2/fd/\n',
        "#end 0 unread=0 stopped=no\n",
        good.replace(" 77 ", ' 7"7 '),
        good,
    )
    a_holder(disk, 8, "socket:[77]\n@ 8 /bin/fake", "socket:[77]")

    answer = shell.ask("connections", sysroot=str(disk))

    assert [(row["local_port"], row["path"], row["name"]) for row in answer.rows if row["pid"] == 8] == [
        (80, "/usr/bin/x", 'bot "x"')
    ]


def test_a_look_without_time_says_so(shell: Shell, disk: Path) -> None:
    tables(disk)

    assert shell.ask("connections", "seconds=0", sysroot=str(disk)).stopped is StoppedBy.TIME


def test_a_connection_meets_an_address_list_and_a_listening_port_does_not(shell: Shell, disk: Path) -> None:
    tables(
        disk,
        a_line("0100007F:0050", "00000000:0000", "0A", 77),
        a_line("0100007F:9C40", "427100CB:01BB", "01", 78),
        a_line("0100007F:9C41", "05AAC6C6:01BB", "01", 0),
    )
    a_holder(disk, 8, "socket:[77]", "socket:[78]")
    listed = plain.parse("203.0.113.66\n203.0.113.6\n198.198.170.0/24\n0.0.0.0\n", name="list", sha256="")
    spec = spec_of("connections")

    seen = answers.observations(spec, shell.ask("connections", sysroot=str(disk)), values_in)

    addresses = [(each.value, each.where) for each in seen if each.kind is Kind.ADDRESS]
    assert addresses == [
        ("203.0.113.66", "outbound 203.0.113.66 remote_port 443 pid 8 /usr/bin/x"),
        ("198.198.170.5", "outbound 198.198.170.5 remote_port 443 pid 0 "),
    ]
    assert [(met.value, met.seen) for met in Matcher([listed]).match(seen)] == [
        ("203.0.113.66", "203.0.113.66"),
        ("198.198.170.0/24", "198.198.170.5"),
    ]


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
def test_a_proc_that_does_not_know_our_own_shell_stops_the_look(shell: Shell, disk: Path) -> None:
    """Its sockets are those of another namespace of processes, or made up."""
    (disk / "proc/self").mkdir(parents=True)
    (disk / "proc/self/stat").write_text("1 (init) S 0 1 1 0\n", encoding="utf-8")
    script = catalog.script("connections", Platform.LINUX).replace("</proc/self", f'<"{disk}"/proc/self')
    done = subprocess.run(
        [*shell.command, "-s", "--", NONCE, "-"], input=script.encode(), capture_output=True, timeout=60, check=False
    )

    answer = answers.read(spec_of("connections"), done.stdout, nonce=NONCE, sysroot="-")

    assert answer.stopped is StoppedBy.DENIED
    assert "/proc/self" in {item.path for item in answer.unread_items}
