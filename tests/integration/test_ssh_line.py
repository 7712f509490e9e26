"""Lines that break, stand still or never end, and ports that nobody answers."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import HostError, LineError, Reason
from controller.model.fleet import Secret
from controller.transports.ssh import Patience, SshTransport, fetch_host_key
from tests.builders import a_host
from tests.ssh_servers import PASSWORD, Process, asking, serving, speaking
from tests.sshd import Sshd

HASTY = Patience(connect=0.5, logon=1, grace=0.5)


def test_a_line_cut_in_the_middle_of_a_script_is_lost(sshd: Sshd, tmp_path: Path) -> None:
    with SshTransport().open(sshd.host(sysroot=tmp_path), None) as session:
        threading.Timer(0.3, sshd.cut).start()
        with pytest.raises(LineError) as first:
            session.run("echo half an answer; sleep 3", seconds=4)
        with pytest.raises(LineError) as second:
            session.run("echo", seconds=3)

    assert first.value.reason is Reason.CONNECTION_LOST
    assert second.value.reason is Reason.CONNECTION_LOST


def test_a_host_that_stands_still_is_given_up_in_time(sshd: Sshd, tmp_path: Path) -> None:
    with SshTransport(patience=HASTY).open(sshd.host(sysroot=tmp_path), None) as session:
        sshd.freeze()
        began = time.monotonic()
        with pytest.raises(HostError) as caught:
            session.run("echo", seconds=1)
    took = time.monotonic() - began
    sshd.cut()

    assert caught.value.reason is Reason.HOST_TIMEOUT
    assert took < 5


async def drip(process: Process) -> None:
    while True:
        process.stdout.write(b".")
        await asyncio.sleep(0.1)


async def end_without_a_word(process: Process) -> None:
    process.close()


def test_one_byte_now_and_then_does_not_hold_us_past_the_deadline(tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        serving(tmp_path, drip) as server,
        SshTransport(patience=HASTY).open(server.host(), Secret(PASSWORD)) as session,
        pytest.raises(HostError) as caught,
    ):
        session.run("anything", seconds=1)

    assert caught.value.reason is Reason.HOST_TIMEOUT
    assert not isinstance(caught.value, LineError)
    assert time.monotonic() - began < 4


def test_an_answer_without_an_exit_status_is_a_lost_line(tmp_path: Path) -> None:
    with (
        serving(tmp_path, end_without_a_word) as server,
        SshTransport(patience=HASTY).open(server.host(), Secret(PASSWORD)) as session,
        pytest.raises(LineError) as caught,
    ):
        session.run("anything", seconds=3)

    assert caught.value.reason is Reason.CONNECTION_LOST


def test_an_answer_cut_after_its_exit_status_is_a_lost_line(tmp_path: Path) -> None:
    with (
        asking(tmp_path) as server,
        SshTransport(patience=HASTY).open(server.host(), Secret(PASSWORD)) as session,
        pytest.raises(LineError) as caught,
    ):
        session.run("anything", seconds=3)

    assert caught.value.reason is Reason.CONNECTION_LOST


def test_a_file_that_the_host_did_not_ask_for_is_not_sent(tmp_path: Path) -> None:
    """Until its shell has read the whole script, the beginning of the file would be read with it, and be lost."""
    heard: list[bytes] = []

    async def refuse(process: Process) -> None:
        came = b""
        with suppress(TimeoutError):
            while block := await asyncio.wait_for(process.stdin.read(1 << 16), 0.3):
                came += block
        heard.append(came)
        if len(heard) == 1:
            process.stdout.write(b"#lamsach need 0\n")
        else:
            process.stderr.write(b"somebody else writes it\n")
        process.exit(0 if len(heard) == 1 else 63)

    (tmp_path / "tool").write_bytes(b"x" * 100_000)
    with (
        serving(tmp_path, refuse) as server,
        SshTransport().open(server.host(), Secret(PASSWORD)) as session,
        pytest.raises(HostError) as caught,
    ):
        session.put(tmp_path / "tool", sha256="0" * 64, file_name="tool")

    assert (caught.value.reason, caught.value.detail) == (Reason.PUSH_FAILED, "somebody else writes it")
    assert [b"exec 4<&0" in came for came in heard] == [False, True]
    assert b"x" * 50 not in heard[1]


def reason_of_logon(address: str = "127.0.0.1", port: int | None = None) -> Reason:
    host = replace(a_host(), address=address, port=port, user="lan")
    with pytest.raises(LineError) as caught, SshTransport(patience=HASTY).open(host, Secret("x")):
        pass
    return caught.value.reason


def test_a_closed_port_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert reason_of_logon(port=port) is Reason.REACH_REFUSED


def test_an_address_that_no_route_leads_to() -> None:
    assert reason_of_logon(address="255.255.255.255") is Reason.REACH_ROUTE


def test_a_name_that_cannot_be_one() -> None:
    assert reason_of_logon(address="pc..lan") is Reason.REACH_NAME


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert reason_of_logon(address="pc-99.lan") is Reason.REACH_NAME


def test_a_port_that_does_not_answer_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        place = full.getsockname()
        with socket.create_connection(place), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(place)

            assert reason_of_logon(port=place[1]) is Reason.REACH_TIMEOUT


def silence(line: socket.socket) -> None:
    pass


def http(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 200)


def hang_up(line: socket.socket) -> None:
    line.close()


def endless_line(line: socket.socket) -> None:
    try:
        while True:
            line.sendall(b"x" * 65536)
    except OSError:
        pass


def huge_packet(line: socket.socket) -> None:
    line.sendall(b"SSH-2.0-x\r\n\xff\xff\xff\xf4\x04")
    endless_line(line)


def nonsense(line: socket.socket) -> None:
    line.sendall(b"SSH-2.0-\xff\r\n\0\0\0\x0c\x0a\x14\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")


TALKS = {
    silence: Reason.REACH_TIMEOUT,
    http: Reason.CONNECTION_LOST,
    hang_up: Reason.CONNECTION_LOST,
    endless_line: Reason.CONNECTION_LOST,
    huge_packet: Reason.CONNECTION_LOST,
    nonsense: Reason.CONNECTION_LOST,
}


@pytest.mark.parametrize(("talk", "reason"), TALKS.items(), ids=[talk.__name__ for talk in TALKS])
def test_a_port_that_does_not_speak_ssh(talk: Callable[[socket.socket], None], reason: Reason) -> None:
    began = time.monotonic()
    with speaking(talk) as port:
        assert reason_of_logon(port=port) is reason
    assert time.monotonic() - began < 4


def test_no_word_of_a_host_reaches_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with speaking(http) as port:
        reason_of_logon(port=port)

    assert capfd.readouterr() == ("", "")


def test_a_host_key_is_fetched_without_logging_on(sshd: Sshd, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert fetch_host_key("127.0.0.1", server.port) == server.key
        assert server.tries == []
    assert fetch_host_key("127.0.0.1", sshd.port) == sshd.host_key


def test_a_key_of_the_type_we_know_is_fetched_to_be_compared(tmp_path: Path) -> None:
    with serving(tmp_path, key_types=("ssh-ed25519", "ssh-rsa")) as server:
        assert fetch_host_key("127.0.0.1", server.port, known_types=("ssh-rsa",)) == server.key


def test_fetching_the_key_of_a_silent_port_ends_in_time() -> None:
    with speaking(silence) as port, pytest.raises(LineError) as caught:
        fetch_host_key("127.0.0.1", port, patience=HASTY)

    assert caught.value.reason is Reason.REACH_TIMEOUT
