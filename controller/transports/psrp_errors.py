"""What pypsrp and all it stands on may raise, and the one reason that each of them means."""

import http.client
import ssl
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from xml.etree.ElementTree import ParseError

from pypsrp import exceptions as psrp
from requests import exceptions as http_errors
from spnego import exceptions as spnego
from urllib3 import exceptions as urllib3_errors

from controller.errors import LineError, Reason
from controller.model.text import shown
from controller.transports.ssh_errors import reason_of as reason_of_socket

_BROKEN: Final = (
    AssertionError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
)
"""What the parsers below us raise at an answer that breaks the protocol; they foresee none."""

VENDOR: Final = (
    psrp.WinRMError,
    http_errors.RequestException,
    urllib3_errors.HTTPError,
    spnego.SpnegoError,
    spnego.FeatureMissingError,
    spnego.NativeError,
    ParseError,
    http.client.HTTPException,
    OSError,
    *_BROKEN,
)
"""Everything that leaves these libraries."""

# The first row that fits wins, so narrow classes stand above wide ones.
TRANSLATION: Final[tuple[tuple[type[BaseException], Reason], ...]] = (
    (psrp.AuthenticationError, Reason.LOGIN_REFUSED),
    (psrp.WinRMError, Reason.CONNECTION_LOST),
    (http_errors.SSLError, Reason.TLS_FAILED),
    (http_errors.Timeout, Reason.HOST_TIMEOUT),
    (http_errors.RequestException, Reason.CONNECTION_LOST),
    (urllib3_errors.SSLError, Reason.TLS_FAILED),
    (urllib3_errors.TimeoutError, Reason.HOST_TIMEOUT),
    (urllib3_errors.HTTPError, Reason.CONNECTION_LOST),
    (urllib3_errors.ProxySchemeUnsupported, Reason.CONNECTION_LOST),
    (spnego.SpnegoError, Reason.CONNECTION_LOST),
    (spnego.FeatureMissingError, Reason.CONNECTION_LOST),
    (spnego.NativeError, Reason.CONNECTION_LOST),
    (ParseError, Reason.CONNECTION_LOST),
    (http.client.HTTPException, Reason.CONNECTION_LOST),
    (ssl.SSLError, Reason.TLS_FAILED),
    (TimeoutError, Reason.HOST_TIMEOUT),
)

_TIMED_OUT: Final = 0x80338029
_ACCESS_DENIED: Final = (0x5, 0x80070005, 0x80338104)
_QUOTAS: Final = (
    0x8033803F,  # quota limit
    0x803381A5,  # shells of one user
    0x803381A6,  # operations
    0x803381A7,  # requests of one user
    0x803381A8,  # requests of all
    0x803381AB,  # users with shells
    0x803381E4,  # of the plugin, up to 0x803381EA: shells, users, shells, operations, …, commands of a shell, minimum
    0x803381E5,
    0x803381E6,
    0x803381E7,
    0x803381E8,
    0x803381E9,
    0x803381EA,
)

FAULTS: Final[Mapping[int, Reason]] = MappingProxyType(
    {
        _TIMED_OUT: Reason.HOST_TIMEOUT,
        0x803381AC: Reason.ACCESS_DENIED,  # remote shells are not allowed
        **dict.fromkeys(_ACCESS_DENIED, Reason.ACCESS_DENIED),
        **dict.fromkeys(_QUOTAS, Reason.QUOTA_EXCEEDED),
    }
)
"""The codes of WS-Management's faults that mean more than a broken line."""

STATUSES: Final[Mapping[int, Reason]] = MappingProxyType(
    {
        403: Reason.ACCESS_DENIED,
        404: Reason.REACH_REFUSED,  # HTTP.sys answers, and the remote service does not run
        503: Reason.REACH_REFUSED,
    }
)
"""The statuses of HTTP that mean more than a broken line."""


def reason_of(error: BaseException) -> Reason:
    """Say what a vendor's error means for the host; an error nobody foresaw is a lost connection."""
    if isinstance(error, psrp.WSManFaultError):
        return FAULTS.get(error.code, Reason.CONNECTION_LOST)
    if isinstance(error, psrp.WinRMTransportError):
        return STATUSES.get(error.code, Reason.CONNECTION_LOST)
    first = _first_cause(error)
    if isinstance(error, (http_errors.ConnectionError, http_errors.ChunkedEncodingError)) and first is not error:
        return reason_of(first)
    by_class = next((reason for theirs, reason in TRANSLATION if isinstance(error, theirs)), None)
    if by_class is None and isinstance(error, OSError):
        return reason_of_socket(error)
    return by_class or Reason.CONNECTION_LOST


def line_error(error: BaseException, reason: Reason | None = None) -> LineError:
    """Turn a vendor's error into ours; its words may be the host's, so they are made fit to be shown."""
    return LineError(reason or reason_of(error), shown(str(_first_cause(error)) or type(error).__name__))


def _first_cause(error: BaseException) -> BaseException:
    """Return what was raised first; requests and urllib3 wrap it in words about themselves."""
    while isinstance(error, (http_errors.RequestException, urllib3_errors.HTTPError)):
        cause = error.__cause__ or error.__context__
        if cause is None:
            break
        error = cause
    return error
