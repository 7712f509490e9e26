"""What paramiko and the socket may raise, and the one reason that each of them means."""

import errno
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from paramiko import ssh_exception as ssh

from controller.errors import LineError, Reason
from controller.model.text import shown

VENDOR: Final = (ssh.SSHException, OSError, EOFError, UnicodeError)
"""Everything that leaves these libraries; `ssh_logon.LineTransport` sees to it that nothing else does."""

# The first row that fits wins, so narrow classes stand above wide ones.
TRANSLATION: Final[tuple[tuple[type[BaseException], Reason], ...]] = (
    (ssh.BadHostKeyException, Reason.HOSTKEY_CHANGED),
    (ssh.BadAuthenticationType, Reason.ACCESS_DENIED),  # no proof of ours was looked at
    (ssh.AuthenticationException, Reason.LOGIN_REFUSED),
    (ssh.ChannelException, Reason.QUOTA_EXCEEDED),
    (ssh.IncompatiblePeer, Reason.SSH_INCOMPATIBLE),
    (ssh.SSHException, Reason.CONNECTION_LOST),
    (ssh.NoValidConnectionsError, Reason.REACH_REFUSED),
    (socket.gaierror, Reason.REACH_NAME),
    (UnicodeError, Reason.REACH_NAME),
    (TimeoutError, Reason.REACH_TIMEOUT),
    (EOFError, Reason.CONNECTION_LOST),
)

ERRNOS: Final[Mapping[int, Reason]] = MappingProxyType(
    {
        errno.ECONNREFUSED: Reason.REACH_REFUSED,
        errno.ENETUNREACH: Reason.REACH_ROUTE,
        errno.EHOSTUNREACH: Reason.REACH_ROUTE,
        errno.ENETDOWN: Reason.REACH_ROUTE,
        errno.EHOSTDOWN: Reason.REACH_ROUTE,
        errno.EADDRNOTAVAIL: Reason.REACH_ROUTE,
        errno.EACCES: Reason.REACH_ROUTE,  # a firewall of our own
        errno.EPERM: Reason.REACH_ROUTE,
        errno.ETIMEDOUT: Reason.REACH_TIMEOUT,
        errno.ECONNRESET: Reason.CONNECTION_LOST,
        errno.ECONNABORTED: Reason.CONNECTION_LOST,
        errno.EPIPE: Reason.CONNECTION_LOST,
    }
)


def reason_of(error: BaseException) -> Reason:
    """Say what a vendor's error means for the host; an error nobody foresaw is a lost connection."""
    by_class = next((reason for theirs, reason in TRANSLATION if isinstance(error, theirs)), None)
    if by_class is None and isinstance(error, OSError):
        return ERRNOS.get(error.errno or 0, Reason.CONNECTION_LOST)
    return by_class or Reason.CONNECTION_LOST


def line_error(error: BaseException, reason: Reason | None = None) -> LineError:
    """Turn a vendor's error into ours; its words may be the host's, so they are made fit to be shown."""
    return LineError(reason or reason_of(error), shown(str(error) or type(error).__name__))


@contextmanager
def translated() -> Iterator[None]:
    """Let nothing of paramiko or the socket past this line. Wrap one call, never a caller's code."""
    try:
        yield
    except VENDOR as error:
        raise line_error(error) from error
