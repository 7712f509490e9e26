"""Windows hosts that break off, stand still, drip, flood or lie: each ends in time, in bounds, and rightly named."""

import gzip
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.errors import HostError, LineError, Reason
from controller.lab.winrm import http
from controller.lab.winrm.shell import Streams
from controller.model.fleet import Host
from controller.transports import psrp_line, psrp_wsman
from controller.transports.psrp import PsrpTransport
from tests.ssh_servers import speaking
from tests.winrm_servers import (
    HASTY,
    OUTPUT,
    POOL_WARNING,
    SECRET,
    Canned,
    Service,
    fragments,
    saying,
    serving,
    text,
)


def reason_of(service: Service, *, seconds: float = 5) -> HostError:
    with service.open(HASTY) as session, pytest.raises(HostError) as caught:
        session.run("anything", seconds=seconds)
    return caught.value


# what a script may answer


def test_strings_come_in_order_as_lines(tmp_path: Path) -> None:
    with saying(tmp_path, text("một"), text("hai\nba")) as service, service.open() as session:
        reply = session.run("anything", seconds=5)

    assert (reply.exit_code, reply.stdout, reply.stderr) == (0, "một\nhai\nba\n".encode(), b"")


def test_more_than_we_take_is_huge_and_the_session_lives_on(tmp_path: Path) -> None:
    many = [text("x" * 1_000_000)] * 9
    with saying(tmp_path, *many) as service, service.open() as session:
        for _ in range(2):
            with pytest.raises(HostError) as caught:
                session.run("anything", seconds=20)

            assert caught.value.reason is Reason.ANSWER_HUGE
            assert not isinstance(caught.value, LineError)


HUGE = {
    "one string": text("x" * 5_000_000),
    "many tags": (OUTPUT, "<a>" * 30_000),
}


@pytest.mark.parametrize("message", HUGE.values(), ids=HUGE)
def test_an_object_that_no_script_of_ours_makes_is_not_even_parsed(tmp_path: Path, message: tuple[int, str]) -> None:
    with saying(tmp_path, message) as service:
        assert reason_of(service).reason is Reason.ANSWER_HUGE


BROKEN = {
    "no XML": (OUTPUT, "<S>"),
    "deep": (OUTPUT, '<Obj RefId="0"><LST>' * 3000 + "</LST></Obj>" * 3000),
    "a reference to nothing": (OUTPUT, '<Ref RefId="7" />'),
    "no number": (OUTPUT, "<I32>seven</I32>"),
    "an empty number": (OUTPUT, "<I32 />"),
    "no kind of message": (0x00049999, "<S>x</S>"),
    "a state that there is not": (0x00041006, '<Obj RefId="0"><MS /></Obj>'),
    "laughs": (
        OUTPUT,
        '<!DOCTYPE a [<!ENTITY b0 "haha">'
        + "".join(f'<!ENTITY b{each + 1} "{f"&b{each};" * 20}">' for each in range(6))
        + "]><S>&b6;</S>",
    ),
}


@pytest.mark.parametrize("message", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_no_psrp_is_never_a_whole_one(tmp_path: Path, message: tuple[int, str]) -> None:
    with saying(tmp_path, message) as service:
        assert reason_of(service).reason is Reason.CONNECTION_LOST


FRAGMENTS = {
    "cut": b"\0" * 7,
    "out of order": fragments(9, text("x"))[:8] + b"\0" * 7 + b"\5" + fragments(9, text("x"))[16:],
    "shorter than it says": fragments(9, text("x"))[:-3],
}


@pytest.mark.parametrize("raw", FRAGMENTS.values(), ids=FRAGMENTS)
def test_broken_fragments_are_a_lost_line(tmp_path: Path, raw: bytes) -> None:
    with saying(tmp_path, raw=raw) as service:
        error = reason_of(service)

    assert isinstance(error, LineError)
    assert error.reason is Reason.CONNECTION_LOST


def test_a_warning_of_the_shell_is_not_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    warning = (
        '<Obj RefId="0"><MS><S N="InformationalRecord_Message">\x1bclean</S>'
        '<B N="InformationalRecord_SerializeInvocationInfo">false</B></MS></Obj>'
    )
    message = POOL_WARNING, warning.replace("\x1b", "_x001B_")
    with saying(tmp_path, message, text("x")) as service, service.open(HASTY) as session:
        session.run("anything", seconds=5)

    assert capfd.readouterr() == ("", "")


# what a line may do


def test_a_script_that_says_nothing_is_stopped_when_its_time_is_over(tmp_path: Path) -> None:
    began = time.monotonic()
    with saying(tmp_path, ends=False) as service:
        error = reason_of(service, seconds=1)

    assert error.reason is Reason.HOST_TIMEOUT
    assert not isinstance(error, LineError)
    assert time.monotonic() - began < 4


class Dying(Canned):
    """Ends the connections to its PC in the middle of a script."""

    service: Service

    async def command(self, command_id: str, data: bytes) -> None:
        await super().command(command_id, data)
        self.service.cut()


def test_a_line_cut_in_the_middle_of_a_script_is_lost_and_the_script_is_not_sent_again(tmp_path: Path) -> None:
    sent = []

    def backend(streams: Streams) -> Canned:
        sent.append(Dying(streams, [text("x")]))
        return sent[-1]

    with serving(tmp_path, lambda _: backend) as service:
        Dying.service = service
        error = reason_of(service)

    assert isinstance(error, LineError)
    assert error.reason is Reason.CONNECTION_LOST
    assert [each._number for each in sent] == [4]  # two of the opening, an output, a state


def test_an_answer_that_did_not_arrive_is_asked_for_again_after_a_fresh_logon(tmp_path: Path) -> None:
    with saying(tmp_path, text("whole"), ends=True) as service:
        with service.open() as session:
            lost = iter([True])
            cuts = service.endpoint.cuts
            service.endpoint.cuts = lambda request: (request.verb == "Receive" and next(lost, False)) or cuts(request)  # type: ignore[method-assign]
            reply = session.run("anything", seconds=10)

        assert service.tries == [True, True]
    assert reply.stdout == b"whole\n"


def test_scripts_that_are_over_wait_for_the_end_of_the_shell_but_not_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psrp_line, "_KEPT", 2)
    with saying(tmp_path, text("x")) as service, service.open() as session:
        held = []
        for _ in range(4):
            assert session.run("anything", seconds=5).stdout == b"x\n"
            held += [len(shell.streams.commands) for shell in service.endpoint._shells.values()]

    assert held == [1, 2, 2, 2]
    assert not service.endpoint.shells


def test_a_line_that_breaks_behind_an_answer_does_not_cost_us_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psrp_line, "_KEPT", 0)

    class Breaking(Canned):
        async def forget(self, command_id: str) -> None:
            service.cut()

    def backend(streams: Streams) -> Canned:
        return Breaking(streams, [text("whole")])

    with serving(tmp_path, lambda _: backend) as service, service.open(HASTY) as session:
        assert session.run("anything", seconds=5).stdout == b"whole\n"
        with pytest.raises(LineError):
            session.run("anything", seconds=5)


def test_an_idle_line_logs_on_afresh_before_it_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psrp_wsman, "_STALE", -1.0)
    with saying(tmp_path, text("x")) as service, service.open() as session:
        assert session.run("anything", seconds=5).stdout == b"x\n"
        assert set(service.tries) == {True}
        assert len(service.tries) > 2


PLAIN = {200: Reason.CONNECTION_LOST, 500: Reason.CONNECTION_LOST, 404: Reason.REACH_REFUSED}


@pytest.mark.parametrize(("status", "reason"), PLAIN.items())
def test_an_answer_that_is_not_encrypted_on_an_encrypted_line_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, reason: Reason
) -> None:
    """Whoever does not know the password cannot encrypt, and could say anything."""
    whole = http.answer

    def plain(_status: int, headers: http.Headers = (), *_: object) -> bytes:
        return whole(status, headers, b"<s:Fault/>")

    with saying(tmp_path, text("x")) as service, service.open() as session:
        monkeypatch.setattr(http, "answer", plain)
        with pytest.raises(LineError) as caught:
            session.run("anything", seconds=5)

    assert caught.value.reason is reason
    assert "Fault" not in caught.value.detail
    assert ("is not encrypted as the request was" in caught.value.detail) == (status != 404)


# servers below WinRM


def silence(line: socket.socket) -> None:
    pass


def drip(head: bytes) -> Callable[[socket.socket], None]:
    def talk(line: socket.socket) -> None:
        line.sendall(head)
        try:
            while True:
                line.sendall(b".")
                time.sleep(0.05)
        except OSError:
            pass

    return talk


def flood(head: bytes) -> Callable[[socket.socket], None]:
    def talk(line: socket.socket) -> None:
        try:
            line.sendall(head)
            while True:
                line.sendall(b"x" * 65536)
        except OSError:
            pass

    return talk


def bomb(line: socket.socket) -> None:
    packed = gzip.compress(b"0" * 50_000_000)
    head = f"HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    line.recv(65536)
    line.sendall(head + packed)


def ssh(line: socket.socket) -> None:
    line.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def hang_up(line: socket.socket) -> None:
    line.close()


def unsealed(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    line.recv(65536)


TALKS: dict[str, tuple[Callable[[socket.socket], None], Reason]] = {
    "silence": (silence, Reason.REACH_TIMEOUT),
    "a drip in the head": (drip(b"HTTP/1.1 200 OK\r\nX: "), Reason.HOST_TIMEOUT),
    "a drip in the body": (drip(b"HTTP/1.1 500 No\r\nContent-Length: 99999\r\n\r\n"), Reason.HOST_TIMEOUT),
    "a flood": (flood(b"HTTP/1.1 500 No\r\nContent-Length: 999999999\r\n\r\n"), Reason.ANSWER_HUGE),
    "a flood without a length": (flood(b"HTTP/1.1 500 No\r\n\r\n"), Reason.ANSWER_HUGE),
    "a flood in the head": (flood(b"HTTP/1.1 200 OK\r\nX: "), Reason.CONNECTION_LOST),
    "a bomb": (bomb, Reason.CONNECTION_LOST),
    "another protocol": (ssh, Reason.CONNECTION_LOST),
    "an end": (hang_up, Reason.CONNECTION_LOST),
    "nobody asked who we are": (unsealed, Reason.CONNECTION_LOST),
}


def reason_of_logon(port: int, **but: Any) -> LineError:
    host = Host(name="pc-01", address="127.0.0.1", port=port, user="lan", **but)
    with pytest.raises(LineError) as caught, PsrpTransport(patience=HASTY).open(host, SECRET):
        pass
    return caught.value


@pytest.mark.parametrize(("talk", "reason"), TALKS.values(), ids=TALKS)
def test_a_port_that_does_not_speak_winrm(talk: Callable[[socket.socket], None], reason: Reason) -> None:
    began = time.monotonic()
    with speaking(lambda line: threading.Thread(target=talk, args=(line,), daemon=True).start()) as port:
        assert reason_of_logon(port).reason is reason
    assert time.monotonic() - began < 5


def test_a_port_that_does_not_speak_tls() -> None:
    with speaking(silence) as port:
        assert reason_of_logon(port, tls=True).reason is Reason.REACH_TIMEOUT


def test_a_closed_port_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert reason_of_logon(port).reason is Reason.REACH_REFUSED
