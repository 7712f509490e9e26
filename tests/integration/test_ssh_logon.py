"""Logging on: only to a host we know, with one proof, once."""

import asyncio
import getpass
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import HostError, LineError, Reason
from controller.model.fleet import Host, Secret
from controller.transports.ssh import Patience, SshTransport
from tests.builders import noting
from tests.ssh_servers import PASSWORD, asking, serving
from tests.sshd import Sshd, make_key

ALL = ("password", "keyboard-interactive", "publickey")


def refusal(host: Host, secret: Secret | None) -> LineError:
    with pytest.raises(LineError) as caught, SshTransport().open(host, secret):
        pass
    return caught.value


def test_the_right_password_logs_on(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        with SshTransport().open(server.host(), Secret(PASSWORD)) as session:
            assert session.run("anything", seconds=5).exit_code == 0
            assert session.host_key == server.key.fingerprint

        assert server.tries == [("password", PASSWORD)]


def test_a_server_that_asks_for_the_password_gets_it(tmp_path: Path) -> None:
    with asking(tmp_path) as server:
        with SshTransport().open(server.host(), Secret(PASSWORD)) as session:
            assert session.host_key == server.key.fingerprint

        assert server.tries == [("keyboard-interactive", PASSWORD)]


@pytest.mark.parametrize("secret", ["sai", "hai câu"], ids=["refused", "asked for more"])
def test_a_question_is_answered_exactly_once(tmp_path: Path, secret: str) -> None:
    with asking(tmp_path) as server:
        error = refusal(server.host(), Secret(secret))

        assert server.tries == [("keyboard-interactive", secret)]
    assert error.reason is Reason.LOGIN_REFUSED


def test_a_server_that_sends_texts_without_end_is_given_up_after_a_few(tmp_path: Path) -> None:
    with asking(tmp_path, endless=True) as server:
        error = refusal(server.host(), Secret(PASSWORD))

        assert len(server.tries) == 8
    assert error.reason is Reason.LOGIN_REFUSED
    assert "more than 8 texts" in error.detail


@pytest.mark.parametrize("methods", [ALL, ("password",)], ids="+".join)
def test_a_wrong_password_is_tried_exactly_once(tmp_path: Path, methods: tuple[str, ...]) -> None:
    with serving(tmp_path, methods=methods) as server:
        error = refusal(server.host(), Secret("sai"))

        assert [secret for _, secret in server.tries] == ["sai"]
    assert error.reason is Reason.LOGIN_REFUSED


def test_a_server_that_takes_keys_only_is_shown_no_password(tmp_path: Path) -> None:
    with serving(tmp_path, methods=("publickey",)) as server:
        assert refusal(server.host(), Secret(PASSWORD)).reason is Reason.ACCESS_DENIED
        assert server.tries == []


def test_a_refused_key_costs_no_try_of_the_password(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    with serving(tmp_path, methods=ALL) as server:
        error = refusal(replace(server.host(), key_file=str(tmp_path / "key")), Secret(PASSWORD))

        assert server.tries == []
    assert error.reason is Reason.LOGIN_REFUSED


def test_an_unknown_host_is_shown_no_password(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        error = refusal(server.host(known=False), Secret(PASSWORD))

        assert server.tries == []
    assert error.reason is Reason.HOSTKEY_UNKNOWN
    assert server.key.fingerprint in error.detail


def test_nobody_is_admitted_to_an_unknown_host_and_a_refusal_is_seen_by_who_admits(tmp_path: Path) -> None:
    seen: list[Reason] = []

    with serving(tmp_path) as server:
        for known in (False, True):
            with (
                pytest.raises(LineError),
                SshTransport().open(server.host(known=known), Secret("sai"), lambda: noting(seen)),
            ):
                pass

    assert seen == [Reason.LOGIN_REFUSED]


async def silence() -> None:
    await asyncio.sleep(30)


@pytest.mark.parametrize("answer", [None, silence], ids=["it hangs up", "it says nothing"])
@pytest.mark.parametrize("secret", [PASSWORD, "sai"])
def test_a_host_that_does_not_answer_a_password_may_have_refused_it(
    tmp_path: Path, answer: Callable[[], Awaitable[None]] | None, secret: str
) -> None:
    seen: list[Reason] = []
    with serving(tmp_path) as server:
        server.before_answer = answer or server.hang_up
        with (
            pytest.raises(LineError) as caught,
            SshTransport(patience=Patience(logon=0.5)).open(server.host(), Secret(secret), lambda: noting(seen)),
        ):
            pass

        assert [tried for _, tried in server.tries] == [secret]
    assert [caught.value.reason, *seen] == [Reason.LOGIN_UNANSWERED] * 2


def test_a_host_that_hangs_up_while_we_wait_to_be_admitted_sees_no_password(tmp_path: Path) -> None:
    seen: list[Reason] = []

    @contextmanager
    def slowly() -> Iterator[None]:
        with noting(seen):
            asyncio.run_coroutine_threadsafe(server.hang_up(), server.connections[0]._loop).result(5)
            time.sleep(0.3)
            yield

    with serving(tmp_path) as server:
        with pytest.raises(LineError), SshTransport().open(server.host(), Secret(PASSWORD), slowly):
            pass

        assert server.tries == []
    assert seen == [Reason.CONNECTION_LOST]


def test_a_password_without_a_user_is_not_sent(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        error = refusal(replace(server.host(), user=""), Secret(PASSWORD))

        assert server.tries == []
        assert server.connections == []
    assert error.reason is Reason.LOGIN_REFUSED


def test_a_key_without_a_user_logs_on_under_the_operators_own_name(sshd: Sshd) -> None:
    """As Ansible does, whose ssh takes the same name; the sshd of the tests serves that account."""
    with SshTransport().open(replace(sshd.host(), user=""), None) as session:
        assert session.run("id -un", seconds=5).stdout.decode().strip() == getpass.getuser()


def test_who_waits_to_be_admitted_uses_up_none_of_the_hosts_time(tmp_path: Path) -> None:
    @contextmanager
    def slowly() -> Iterator[None]:
        time.sleep(1.2)
        yield

    hasty = SshTransport(patience=Patience(logon=0.3))
    with serving(tmp_path) as server, hasty.open(server.host(), Secret(PASSWORD), slowly) as session:
        assert session.run("anything", seconds=5).exit_code == 0


def test_a_host_with_another_key_is_shown_no_password(tmp_path: Path) -> None:
    with serving(tmp_path) as old, serving(tmp_path) as server:
        text = Path(old.host().known_hosts).read_text().replace(str(old.port), str(server.port))
        (tmp_path / "known").write_text(text)
        error = refusal(replace(server.host(), known_hosts=str(tmp_path / "known")), Secret(PASSWORD))

        assert server.tries == []
    assert error.reason is Reason.HOSTKEY_CHANGED


@pytest.mark.parametrize("known", ["ecdsa-sha2-nistp256", "ssh-rsa"])
def test_the_key_type_we_know_is_asked_for_first(tmp_path: Path, known: str) -> None:
    with (
        serving(tmp_path, key_types=("ssh-ed25519", known)) as server,
        SshTransport().open(server.host(), Secret(PASSWORD)) as session,
    ):
        assert session.host_key == server.key.fingerprint


def test_a_known_hosts_that_cannot_be_read_trusts_nobody(sshd: Sshd, tmp_path: Path) -> None:
    error = refusal(replace(sshd.host(), known_hosts=str(tmp_path)), None)

    assert error.reason is Reason.HOSTKEY_UNKNOWN


def test_the_operators_own_known_hosts_is_the_default(sshd: Sshd) -> None:
    host = replace(sshd.host(), known_hosts="")
    with SshTransport(known_hosts=sshd.known_hosts).open(host, None) as session:
        assert session.host_key == sshd.host_key.fingerprint


@pytest.mark.parametrize("text", [None, "not a key", ""])
def test_a_key_file_that_is_none_is_a_refusal_that_names_it(sshd: Sshd, tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "key"
    if text is not None:
        path.write_text(text)
    error = refusal(replace(sshd.host(), key_file=str(path)), None)

    assert error.reason is Reason.LOGIN_REFUSED
    assert str(path) in error.detail


@pytest.mark.parametrize(
    "only", ["Ciphers chacha20-poly1305@openssh.com", "KexAlgorithms sntrup761x25519-sha512@openssh.com"]
)
def test_a_server_that_has_no_algorithm_in_common_with_us_says_so(tmp_path: Path, only: str) -> None:
    sshd = Sshd(tmp_path, more=only)
    try:
        error = refusal(sshd.host(), None)
    finally:
        sshd.stop()

    assert error.reason is Reason.SSH_INCOMPATIBLE
    assert "no acceptable" in error.detail


def test_without_a_key_file_and_a_secret_nothing_is_tried(sshd: Sshd) -> None:
    assert refusal(replace(sshd.host(), key_file=""), None).reason is Reason.LOGIN_REFUSED


def test_a_host_that_wants_a_second_proof_asks_nothing_of_our_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sshd = Sshd(tmp_path, more="PasswordAuthentication yes\nAuthenticationMethods publickey,password")
    try:
        error = refusal(sshd.host(), None)
    finally:
        sshd.stop()

    assert error.reason is Reason.LOGIN_REFUSED
    assert capfd.readouterr() == ("", "")


SUDO = """#!/bin/sh
[ "$1 $2" = "-n --" ] && [ -e "${0%/*}/allowed" ] || { echo "sudo: a password is required" >&2; exit 1; }
shift 2
AS=root exec "$@"
"""


def test_becoming_root_works_without_a_password_or_lacks_rights(tmp_path: Path) -> None:
    sshd = Sshd(tmp_path)
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text(SUDO)
    sudo.chmod(0o755)
    try:
        with SshTransport().open(replace(sshd.host(), become=True), None) as session:
            with pytest.raises(HostError) as caught:
                session.run("echo $AS", seconds=5)
            sudo.with_name("allowed").touch()
            reply = session.run("echo $AS", seconds=5)
    finally:
        sshd.stop()

    assert caught.value.reason is Reason.RIGHTS_MISSING
    assert reply.stdout == b"root\n"
