"""Nothing of a vendor's library may leave the SSH transport."""

import errno
import inspect
import socket
from types import ModuleType

import paramiko.auth_strategy
import paramiko.ssh_exception
import pytest

from controller.errors import LineError, Reason
from controller.transports.ssh_errors import ERRNOS, TRANSLATION, VENDOR, line_error, reason_of, translated


def raised_by(module: ModuleType) -> list[type[Exception]]:
    """List the exception classes that a library defines."""
    return [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Exception) and each.__module__ == module.__name__
    ]


THEIRS = raised_by(paramiko.ssh_exception) + raised_by(paramiko.auth_strategy)


@pytest.mark.parametrize("error", THEIRS, ids=lambda each: each.__qualname__)
def test_every_error_of_paramiko_is_translated(error: type[Exception]) -> None:
    """An upgrade that adds a class fails here, not in the field."""
    assert issubclass(error, VENDOR)
    assert any(issubclass(error, theirs) for theirs, _ in TRANSLATION)


def test_there_are_errors_to_translate() -> None:
    assert len(THEIRS) > 10


def test_narrow_classes_stand_above_wide_ones() -> None:
    for above, (theirs, _) in enumerate(TRANSLATION):
        assert not any(issubclass(later, theirs) for later, _ in TRANSLATION[above + 1 :]), theirs


REASONS = {
    "wrong key": (paramiko.BadHostKeyException("h", None, None), Reason.HOSTKEY_CHANGED),
    "refused": (paramiko.AuthenticationException("no"), Reason.LOGIN_REFUSED),
    "not that way": (paramiko.BadAuthenticationType("no", ["publickey"]), Reason.ACCESS_DENIED),
    "no more channels": (paramiko.ChannelException(2, "Connect failed"), Reason.QUOTA_EXCEEDED),
    "nothing in common": (paramiko.ssh_exception.IncompatiblePeer("no cipher"), Reason.SSH_INCOMPATIBLE),
    "broken protocol": (paramiko.SSHException("what"), Reason.CONNECTION_LOST),
    "end": (EOFError(), Reason.CONNECTION_LOST),
    "no address": (socket.gaierror(socket.EAI_NONAME, "no"), Reason.REACH_NAME),
    "no name": (UnicodeError("label too long"), Reason.REACH_NAME),
    "timeout": (TimeoutError("timed out"), Reason.REACH_TIMEOUT),
    "refuses": (OSError(errno.ECONNREFUSED, ""), Reason.REACH_REFUSED),
    "no route": (OSError(errno.EHOSTUNREACH, ""), Reason.REACH_ROUTE),
    "no network": (OSError(errno.ENETUNREACH, ""), Reason.REACH_ROUTE),
    "timed out": (OSError(errno.ETIMEDOUT, ""), Reason.REACH_TIMEOUT),
    "reset": (OSError(errno.ECONNRESET, ""), Reason.CONNECTION_LOST),
    "pipe": (OSError(errno.EPIPE, ""), Reason.CONNECTION_LOST),
    "an errno nobody foresaw": (OSError(errno.EMFILE, ""), Reason.CONNECTION_LOST),
}


@pytest.mark.parametrize(("error", "reason"), REASONS.values(), ids=REASONS)
def test_an_error_means_one_reason(error: Exception, reason: Reason) -> None:
    assert isinstance(error, VENDOR)
    assert reason_of(error) is reason


NETWORK_ERRNOS = [
    name
    for name in dir(errno)
    if name.startswith(("ENET", "EHOST", "ECONN")) or name in {"ETIMEDOUT", "EPIPE", "EADDRNOTAVAIL"}
]


@pytest.mark.parametrize("name", sorted({*NETWORK_ERRNOS} - {"ENETRESET"}))
def test_every_errno_of_a_network_has_a_reason(name: str) -> None:
    assert getattr(errno, name) in ERRNOS


def test_a_hosts_words_are_made_fit_to_be_shown() -> None:
    error = line_error(paramiko.SSHException("\x1b[2Jclean\r\n" + "x" * 10_000))

    assert "\x1b" not in error.detail
    assert "\n" not in error.detail
    assert len(error.detail) < 500


def test_our_own_errors_pass_untouched() -> None:
    with pytest.raises(KeyError), translated():
        raise KeyError("ours")
    with pytest.raises(LineError), translated():
        raise EOFError
