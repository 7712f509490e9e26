"""The lab's WinRM, seen through a plain pypsrp client: it behaves as Windows was recorded to."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import RunspacePool
from pypsrp.shell import SignalCode

from controller.lab.winrm.certificates import issue
from controller.lab.winrm.clixml import Asked
from controller.lab.winrm.rendered import ScriptError
from tests.winrm_client import ACCOUNT, Answered, Served, asked, begun

NOT_THERE, QUOTA, TOO_LARGE = 2150858843, 2150859173, 413


async def respond(question: Asked, inputs: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """A PowerShell that knows five words."""
    word, *rest = question.script.split()
    if word == "echo":
        for each in (*question.arguments, *rest):
            yield each
    elif word == "count":
        yield str(sum([len(each) async for each in inputs]))
    elif word == "emit":
        for _ in range(int(rest[0])):
            yield "x" * 1024 * 1024
    elif word == "sleep":
        await asyncio.sleep(60)
    else:
        raise ScriptError(f"không hiểu '{word}'", "CommandNotFoundException")


@pytest.fixture(name="served")
def _served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("NTLM_USER_FILE", "")
    with Served(tmp_path, respond) as served:
        yield served


@pytest.fixture(params=["http", "tls"], name="way")
def _way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_texts_come_back_as_they_went(served: Served, way: str) -> None:
    texts = ["một hai", "", "a\r\nb\tc", "_x0041_ <&> ]]>", "\U0001f600", "\x01\x1b[2J"]
    with served.ways[way].logged_on() as pool:
        assert asked(pool, "echo ế", texts) == Answered([*texts, "ế"], [], failed=False)


def test_five_megabytes_come_out_and_go_in(served: Served, way: str) -> None:
    block = os.urandom(100 * 1024)
    with served.ways[way].logged_on() as pool:
        assert sum(len(each) for each in asked(pool, "emit 5").output) == 5 * 1024 * 1024
        assert asked(pool, "count", stdin=[block] * 50).output == [str(50 * len(block))]


def test_one_pool_serves_many_scripts(served: Served, way: str) -> None:
    with served.ways[way].logged_on() as pool:
        assert [asked(pool, f"echo {number}").output for number in range(20)] == [[str(n)] for n in range(20)]
    assert served.endpoint.shells == 0
    assert served.logons == [(ACCOUNT, True)]


def test_a_script_that_fails_says_why(served: Served, way: str) -> None:
    with served.ways[way].logged_on() as pool:
        pipeline = begun(pool, "gõ nhầm")
        pipeline.invoke()
    assert pipeline.state == PSInvocationState.FAILED
    assert "không hiểu 'gõ'" in str(pipeline.streams.error[0])


def test_a_wrong_password_is_one_refusal(served: Served, way: str) -> None:
    wrong = replace(served.ways[way], password="không phải")
    with pytest.raises(AuthenticationError), wrong.logged_on():
        pass
    assert served.logons == [(ACCOUNT, False)]


def test_an_account_that_is_not_there_is_one_refusal(served: Served, way: str) -> None:
    nobody = replace(served.ways[way], account="không-có")
    with pytest.raises(AuthenticationError), nobody.logged_on():
        pass
    assert served.logons == [("không-có", False)]


def test_a_certificate_that_nobody_vouches_for_is_refused_before_any_logon(served: Served, tmp_path: Path) -> None:
    stranger = tmp_path / "other.pem"
    issue(["127.0.0.1"], stranger, tmp_path / "other-server.pem")
    with pytest.raises(requests.exceptions.SSLError), replace(served.ways["tls"], ca=stranger).logged_on():
        pass
    assert served.logons == []


def test_a_message_that_is_not_sealed_is_refused_without_tls(served: Served) -> None:
    with served.ways["http"].left() as pool:
        pool.connection.transport.wrap_required = False
        with pytest.raises(WinRMError):
            asked(pool, "echo 1")


def test_a_running_script_is_stopped(served: Served, way: str) -> None:
    with served.ways[way].logged_on() as pool:
        pipeline = begun(pool, "sleep")
        pipeline.begin_invoke()
        pool.shell.signal(SignalCode.TERMINATE, str(pipeline.id).upper())
        assert asked(pool, "echo again").output == ["again"]


def test_a_script_that_says_nothing_keeps_a_client_waiting_only_for_its_own_time(served: Served) -> None:
    with served.ways["http"].logged_on() as pool:
        pool.connection.operation_timeout = 1
        pipeline = begun(pool, "sleep")
        pipeline.begin_invoke()
        before = time.monotonic()
        pipeline.poll_invoke(timeout=1)
        assert 0.9 < time.monotonic() - before < 5
        assert pipeline.state == PSInvocationState.RUNNING


def test_a_shell_that_nobody_cares_for_is_ended(served: Served) -> None:
    with served.ways["http"].left(idle_timeout=1) as pool:
        assert asked(pool, "echo 1").output == ["1"]
        _wait_for(lambda: served.endpoint.shells == 0)
        with pytest.raises(WSManFaultError) as caught:
            asked(pool, "echo 2")
    assert caught.value.code == NOT_THERE


def test_a_shell_that_works_is_not_forgotten(served: Served) -> None:
    with served.ways["http"].left(idle_timeout=1) as pool:
        pipeline = begun(pool, "sleep")
        pipeline.begin_invoke()
        pipeline.poll_invoke(timeout=3)
        assert served.endpoint.shells == 1


def test_a_restart_breaks_the_line_and_ends_the_shell(served: Served, way: str) -> None:
    with served.ways[way].left() as pool:
        pipeline = begun(pool, "sleep")
        pipeline.begin_invoke()
        served.reboot()
        with pytest.raises((requests.exceptions.RequestException, WinRMError)):
            pipeline.poll_invoke()
    assert served.endpoint.shells == 0


def test_an_account_has_thirty_shells(served: Served) -> None:
    with served.ways["tls"].left() as first:
        for _ in range(29):
            RunspacePool(first.connection).open()
        with pytest.raises(WSManFaultError) as caught:
            RunspacePool(first.connection).open()
    assert caught.value.code == QUOTA


def test_a_request_over_the_quota_of_windows_is_refused(served: Served) -> None:
    with served.ways["tls"].logged_on() as pool:
        pool._fragmenter.max_size = 1024 * 1024
        with pytest.raises(WinRMTransportError) as caught:
            asked(pool, "echo 1", ["x" * 600_000])
    assert caught.value.code == TOO_LARGE


def test_an_answer_is_cut_behind_its_limit_however_often_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("NTLM_USER_FILE", "")
    with Served(tmp_path, respond, cut_after=2000) as served:
        with served.ways[way].left() as pool:
            assert asked(pool, "echo short").output == ["short"]
        for _ in range(2):
            with served.ways[way].left() as pool, pytest.raises(requests.exceptions.RequestException):
                asked(pool, "emit 1")


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
