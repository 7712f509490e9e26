"""Nothing of a vendor's library may leave the WinRM transport."""

import errno
import inspect
import socket
import ssl
from types import ModuleType
from xml.etree.ElementTree import ParseError

import pypsrp.exceptions
import pypsrp.negotiate
import pytest
import requests.exceptions
import spnego.exceptions
import urllib3.exceptions

from controller.errors import HostError, LineError, Reason
from controller.transports.psrp_errors import TRANSLATION, VENDOR, line_error, reason_of


def raised_by(module: ModuleType) -> list[type[Exception]]:
    """List the exception classes that a library defines, without its warnings."""
    return [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Exception) and not issubclass(each, Warning) and each.__module__ == module.__name__
    ]


LIBRARIES = (pypsrp.exceptions, requests.exceptions, urllib3.exceptions, spnego.exceptions, ssl)
THEIRS = [each for library in LIBRARIES for each in raised_by(library)] + [ParseError, socket.gaierror]


@pytest.mark.parametrize("error", THEIRS, ids=lambda each: f"{each.__module__}.{each.__qualname__}")
def test_every_error_of_the_libraries_is_translated(error: type[Exception]) -> None:
    """An upgrade that adds a class fails here, not in the field."""
    assert issubclass(error, VENDOR)
    assert issubclass(error, OSError) or any(issubclass(error, theirs) for theirs, _ in TRANSLATION)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda each: each.__name__)
def test_there_are_errors_to_translate(library: ModuleType) -> None:
    assert len(raised_by(library)) > 5 or library is ssl


def test_narrow_classes_stand_above_wide_ones() -> None:
    for above, (theirs, _) in enumerate(TRANSLATION):
        assert not any(issubclass(later, theirs) for later, _ in TRANSLATION[above + 1 :]), theirs


def a_fault(code: int) -> pypsrp.exceptions.WSManFaultError:
    return pypsrp.exceptions.WSManFaultError(code, "PC-01", "reason", None, None, None)


def a_status(code: int) -> pypsrp.exceptions.WinRMTransportError:
    return pypsrp.exceptions.WinRMTransportError("http", code, "")


REASONS = {
    "refused": (pypsrp.exceptions.AuthenticationError("no"), Reason.LOGIN_REFUSED),
    "access denied": (a_fault(5), Reason.ACCESS_DENIED),
    "access denied, as HRESULT": (a_fault(0x80070005), Reason.ACCESS_DENIED),
    "no remote shells": (a_fault(2150859180), Reason.ACCESS_DENIED),
    "too many shells": (a_fault(2150859173), Reason.QUOTA_EXCEEDED),
    "too many users": (a_fault(2150859179), Reason.QUOTA_EXCEEDED),
    "too many commands": (a_fault(2150859241), Reason.QUOTA_EXCEEDED),
    "out of time": (a_fault(2150858793), Reason.HOST_TIMEOUT),
    "the shell is gone": (a_fault(2150858843), Reason.CONNECTION_LOST),
    "aborted": (a_fault(995), Reason.CONNECTION_LOST),
    "forbidden": (a_status(403), Reason.ACCESS_DENIED),
    "no such place": (a_status(404), Reason.REACH_REFUSED),
    "no service": (a_status(503), Reason.REACH_REFUSED),
    "dead encryption": (a_status(400), Reason.CONNECTION_LOST),
    "a broken fragment": (pypsrp.exceptions.FragmentError("x"), Reason.CONNECTION_LOST),
    "a bad certificate": (requests.exceptions.SSLError("x"), Reason.TLS_FAILED),
    "no answer": (requests.exceptions.ReadTimeout("x"), Reason.HOST_TIMEOUT),
    "cut": (requests.exceptions.ChunkedEncodingError("x"), Reason.CONNECTION_LOST),
    "elsewhere": (requests.exceptions.TooManyRedirects("x"), Reason.CONNECTION_LOST),
    "a bad seal": (spnego.exceptions.BadMICError(context_msg="x"), Reason.CONNECTION_LOST),
    "no XML": (ParseError("x"), Reason.CONNECTION_LOST),
    "too deep": (RecursionError(), Reason.CONNECTION_LOST),
    "no number": (ValueError(), Reason.CONNECTION_LOST),
    "reset": (OSError(errno.ECONNRESET, ""), Reason.CONNECTION_LOST),
    "no route": (OSError(errno.EHOSTUNREACH, ""), Reason.REACH_ROUTE),
}


@pytest.mark.parametrize(("error", "reason"), REASONS.values(), ids=REASONS)
def test_an_error_means_one_reason(error: Exception, reason: Reason) -> None:
    assert isinstance(error, VENDOR)
    assert reason_of(error) is reason


def test_our_own_errors_are_none_of_theirs() -> None:
    assert not isinstance(HostError(Reason.BUG), VENDOR)


def test_the_words_are_those_of_the_first_cause() -> None:
    outer = requests.exceptions.SSLError("HTTPSConnectionPool(host='192.0.2.1')")
    outer.__cause__ = ssl.SSLError("certificate verify failed")
    error = line_error(outer)

    assert error.reason is Reason.TLS_FAILED
    assert "certificate verify failed" in error.detail
    assert "HTTPSConnectionPool" not in error.detail


def test_a_hosts_words_are_made_fit_to_be_shown() -> None:
    error = line_error(pypsrp.exceptions.WinRMError("\x1b[2Jclean\r\n" + "x" * 10_000))

    assert isinstance(error, LineError)
    assert "\x1b" not in error.detail
    assert "\n" not in error.detail
    assert len(error.detail) < 500
