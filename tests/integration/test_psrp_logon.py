"""Logging on to Windows: by NTLM and a password, once, and to nobody whose certificate is not vouched for."""

import logging
import re
import socket
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import spnego

from controller.errors import LineError, Reason
from controller.lab.winrm.faults import FaultError
from controller.lab.winrm.logon import keep_accounts
from controller.lab.winrm.shell import Streams
from controller.model.fleet import Host, Secret
from controller.transports import psrp_wsman
from controller.transports.psrp import PsrpTransport
from tests.builders import noting
from tests.ssh_servers import speaking
from tests.winrm_servers import HASTY, SECRET, Canned, saying, serving, text


def refusal(host: Host, secret: Secret | None = SECRET) -> LineError:
    with pytest.raises(LineError) as caught, PsrpTransport(patience=HASTY).open(host, secret):
        pass
    return caught.value


@pytest.mark.parametrize("tls", [False, True], ids=["encrypted by NTLM", "TLS"])
def test_the_right_password_logs_on_once_for_all_scripts(tmp_path: Path, tls: bool) -> None:
    with saying(tmp_path, text("chào"), tls=tls) as service:
        with service.open() as session:
            assert [session.run("anything", seconds=5).stdout for _ in range(3)] == ["chào\n".encode()] * 3
            assert service.endpoint.shells == 1
            assert bool(session.host_key) == tls

        assert service.tries == [True]
        assert service.endpoint.shells == 0


def test_the_fingerprint_of_a_certificate_is_spelled_like_that_of_a_key(tmp_path: Path) -> None:
    with saying(tmp_path, tls=True) as service, service.open() as first, service.open() as second:
        assert first.host_key == second.host_key
        assert first.host_key.startswith("SHA256:")
        assert len(first.host_key) == 50


@pytest.mark.parametrize("tls", [False, True], ids=["encrypted by NTLM", "TLS"])
def test_a_wrong_password_is_tried_exactly_once(tmp_path: Path, tls: bool) -> None:
    with saying(tmp_path, tls=tls) as service:
        error = refusal(service.host(), Secret("sai"))

        assert service.tries == [False]
    assert error.reason is Reason.LOGIN_REFUSED


def test_an_account_that_is_not_let_in_is_refused(tmp_path: Path) -> None:
    with saying(tmp_path, judge=lambda _: False) as service:
        assert refusal(service.host()).reason is Reason.LOGIN_REFUSED


def test_without_a_user_and_a_secret_nothing_is_tried(tmp_path: Path) -> None:
    with saying(tmp_path) as service:
        assert refusal(service.host(), None).reason is Reason.LOGIN_REFUSED
        assert refusal(service.host(user="")).reason is Reason.LOGIN_REFUSED
        assert service.tries == []


def test_a_certificate_that_nobody_vouches_for_sees_no_proof(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with saying(tmp_path, tls=True) as service, saying(tmp_path / "other", tls=True) as other:
        errors = [refusal(service.host(ca_file=path)) for path in ("", other.ca_file)]

        assert service.tries == []
    assert {error.reason for error in errors} == {Reason.TLS_FAILED}
    assert all("certificate verify failed" in error.detail for error in errors)


def test_a_certificate_for_another_name_sees_no_proof(tmp_path: Path) -> None:
    with saying(tmp_path, tls=True) as service:
        host = service.host()
        error = refusal(Host(**{**{name: getattr(host, name) for name in host.__slots__}, "address": "localhost"}))

        assert service.tries == []
    assert error.reason is Reason.TLS_FAILED


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "not one"])
def test_a_file_of_certificates_that_is_none_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with saying(tmp_path) as service:
        error = refusal(service.host(tls=True, ca_file=str(path)))

    assert error.reason is Reason.TLS_FAILED
    assert str(path) in error.detail


FAULTS = {
    5: Reason.ACCESS_DENIED,
    2150859173: Reason.QUOTA_EXCEEDED,
    2150859180: Reason.ACCESS_DENIED,
    995: Reason.CONNECTION_LOST,
}


@pytest.mark.parametrize(("code", "reason"), FAULTS.items())
def test_a_host_that_lets_us_in_may_refuse_a_shell(tmp_path: Path, code: int, reason: Reason) -> None:
    class Refusing(Canned):
        async def open(self, creation: bytes) -> None:
            raise FaultError(code, "No.", "w:AccessDenied")

    def backend(streams: Streams) -> Canned:
        return Refusing(streams, [])

    with serving(tmp_path, lambda _: backend) as service:
        assert refusal(service.host()).reason is reason
        assert service.tries == [True]


def test_a_refusal_is_seen_by_who_admits(tmp_path: Path) -> None:
    seen: list[Reason] = []

    with (
        saying(tmp_path) as service,
        pytest.raises(LineError),
        PsrpTransport().open(service.host(), Secret("sai"), lambda: noting(seen)),
    ):
        pass

    assert seen == [Reason.LOGIN_REFUSED]


# servers below WinRM


def answers(*said: bytes) -> Callable[[socket.socket], None]:
    """Answer one request after the other, and hang up behind the last answer."""

    def talk(line: socket.socket) -> None:
        line.settimeout(5)
        for each in said:
            line.recv(1 << 20)
            line.sendall(each)
        line.recv(1 << 20)
        line.close()

    return talk


def offers(scheme: bytes) -> bytes:
    return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: " + scheme + b"\r\n\r\n"


def reason_by(*said: bytes, tls: bool = False) -> LineError:
    with speaking(answers(*said)) as port:
        return refusal(Host(name="pc-01", address="127.0.0.1", port=port, user="lan", tls=tls))


def test_a_host_that_takes_no_ntlm_sees_no_proof_of_ours() -> None:
    for scheme in (b'Basic realm="WSMAN"', b"Kerberos"):
        error = reason_by(offers(scheme))

        assert error.reason is Reason.ACCESS_DENIED
        assert scheme.decode().split()[0] in error.detail


def test_a_line_that_breaks_before_our_proof_went_out_is_lost() -> None:
    assert reason_by(offers(b"Negotiate")).reason is Reason.CONNECTION_LOST


@pytest.mark.parametrize("before", [0, 1, 2], ids=["first logon", "while the shell opens", "in the session"])
def test_a_host_that_does_not_answer_our_proof_may_have_refused_it_and_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """Every envelope logs on anew here; pypsrp sends one again when its connection broke, and that must not prove."""
    monkeypatch.setattr(psrp_wsman, "_STALE", -1.0)
    seen: list[Reason] = []

    def judge(_: bool) -> bool:
        if len(service.tries) > before:
            service.cut()
        return True

    with saying(tmp_path, text("x"), judge=judge) as service:
        with (
            pytest.raises(LineError) as caught,
            PsrpTransport(patience=HASTY).open(service.host(), SECRET, lambda: noting(seen)) as session,
        ):
            session.run("anything", seconds=5)

        assert len(service.tries) == before + 1
    assert [caught.value.reason, *seen] == [Reason.LOGIN_UNANSWERED] * 2


def test_every_proof_in_a_session_is_admitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psrp_wsman, "_STALE", -1.0)
    seen: list[bool] = []

    @contextmanager
    def admission() -> Iterator[None]:
        seen.append(len(seen) == len(service.tries))
        yield

    with saying(tmp_path, text("x")) as service:
        with PsrpTransport().open(service.host(), SECRET, admission) as session:
            session.run("anything", seconds=5)

        assert seen == [True] * len(service.tries)
        assert len(seen) > 2


def test_who_waits_to_be_admitted_uses_up_none_of_the_hosts_time(tmp_path: Path) -> None:
    @contextmanager
    def slowly() -> Iterator[None]:
        time.sleep(HASTY.logon + 0.2)
        yield

    with (
        saying(tmp_path, text("x")) as service,
        PsrpTransport(patience=HASTY).open(service.host(), SECRET, slowly) as session,
    ):
        assert session.run("anything", seconds=5).stdout == b"x\n"


@pytest.mark.parametrize("tls", [False, True])
def test_a_host_that_hangs_up_while_we_wait_to_be_admitted_sees_no_proof(tmp_path: Path, tls: bool) -> None:
    seen: list[Reason] = []

    @contextmanager
    def slowly() -> Iterator[None]:
        with noting(seen):
            service.loop.call_soon_threadsafe(service.cut)
            time.sleep(0.3)
            yield

    with saying(tmp_path, tls=tls) as service:
        with pytest.raises(LineError), PsrpTransport().open(service.host(), SECRET, slowly):
            pass

        assert service.tries == []
    assert seen == [Reason.CONNECTION_LOST]


def test_a_host_that_is_silent_before_it_asks_for_a_proof_takes_nobodys_turn() -> None:
    seen: list[Reason] = []
    with (
        speaking(lambda line: None) as port,
        pytest.raises(LineError) as caught,
        PsrpTransport(patience=HASTY).open(
            Host(name="pc-01", address="127.0.0.1", port=port, user="lan"), SECRET, lambda: noting(seen)
        ),
    ):
        pass

    assert caught.value.reason is Reason.REACH_TIMEOUT
    assert seen == []


def test_a_host_that_asks_on_whatever_we_send_has_refused_the_one_proof_it_gets(tmp_path: Path) -> None:
    keep_accounts(tmp_path / "accounts", {"lan": SECRET.reveal()})
    context = spnego.server(protocol="ntlm")
    asked: list[bytes] = []

    def talk(line: socket.socket) -> None:
        challenge = b""
        while request := line.recv(1 << 20):
            asked.append(request)
            token = re.search(rb"Authorization: \S+ (\S+)", request)
            if token and not challenge:
                challenge = b64encode(context.step(b64decode(token[1])) or b"")
            line.sendall(offers(b"Negotiate " + challenge))

    with speaking(talk) as port:
        error = refusal(Host(name="pc-01", address="127.0.0.1", port=port, user="lan"))

    assert error.reason is Reason.LOGIN_REFUSED
    assert error.detail == "it refused NTLM of the user 'lan'"
    assert len(asked) == 3  # without a logon, with our offer, with our proof


def test_nobody_is_followed_to_another_place(tmp_path: Path) -> None:
    with saying(tmp_path) as other:
        place = f"http://127.0.0.1:{other.port}/wsman".encode()
        moved = b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: " + place + b"\r\n\r\n"
        error = reason_by(moved)

        assert other.tries == []
    assert error.reason is Reason.CONNECTION_LOST


def test_tls_with_a_port_that_has_none_fails() -> None:
    assert reason_by(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", tls=True).reason is Reason.TLS_FAILED


@pytest.mark.parametrize(("status", "reason"), [(b"404", Reason.REACH_REFUSED), (b"503", Reason.REACH_REFUSED)])
def test_a_port_without_the_remote_service_refuses(status: bytes, reason: Reason) -> None:
    assert reason_by(b"HTTP/1.1 " + status + b" No\r\nContent-Length: 0\r\n\r\n").reason is reason


def test_a_proxy_of_the_environment_is_passed_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none"))
    for tls in (False, True):
        with saying(tmp_path, text("x"), tls=tls) as service, service.open() as session:
            assert session.run("anything", seconds=5).stdout == b"x\n"


def test_no_word_of_a_host_reaches_the_terminal(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    reason_by(b"HTTP/1.1 500 \x1b[2Jclean\r\nContent-Length: 5\r\n\r\nclean")

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
