"""Reach a port without logging on: the TCP half of SSH, on a socket that knows its limits."""

import errno
import math
import socket
import time
from typing import Any, Final

from controller.transports.ssh_errors import VENDOR, line_error

_GREETING: Final = 256 * 1024
_LOST_AFTER_MS: Final = 20_000
_KEEPALIVE: Final = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))


class LineSocket(socket.socket):
    """A socket that a host can neither hold for ever nor flood.

    Past `deadline` (of the monotonic clock), or when more than `allowance` bytes came in, the line is dead.
    Both are set anew for every exchange: paramiko alone has no deadline for several of its waits, retries a
    send without end, and takes packets of any size.
    """

    def __init__(self, family: int) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self.deadline = math.inf
        self.allowance = _GREETING
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            self.setsockopt(socket.IPPROTO_TCP, option, value)
        # Without it a pulled cable is noticed only after minutes.
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _LOST_AFTER_MS)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive, within deadline and allowance.

        Raises:
            ConnectionAbortedError: one of them is used up.

        """
        self._in_time()
        block = super().recv(bufsize, flags)
        # sshd begins with Nagle's delay on: an ACK of ours that waits costs 40 ms a host.
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.allowance -= len(block)
        if self.allowance < 0:
            raise _aborted("it sent more than we take")
        return block

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Send, within the deadline.

        Raises:
            ConnectionAbortedError: it has passed.

        """
        self._in_time()
        return super().send(data, flags)

    def hang_up(self) -> None:
        """Close it, waking whoever waits on it; harmless when it is closed already."""
        try:
            self.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster
        finally:
            self.close()

    def _in_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise _aborted("its time is up")


def _aborted(why: str) -> OSError:
    # Not ETIMEDOUT: that is a TimeoutError, which paramiko takes for "try again".
    return OSError(errno.ECONNABORTED, why)


def connect(address: str, port: int, *, seconds: float) -> LineSocket:
    """Open a TCP connection; nothing is said on it yet, and no account is touched.

    The addresses of a name share `seconds`; when all fail, the error of the best one is told.

    Raises:
        LineError: one of `reach.*`.

    """
    deadline = time.monotonic() + seconds
    try:
        places = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except VENDOR as error:
        raise line_error(error) from error
    errors = []
    for left, (family, _, _, _, place) in zip(range(len(places), 0, -1), places, strict=True):
        try:
            return _connected(family, place, (deadline - time.monotonic()) / left)
        except OSError as error:
            errors.append(error)
    raise line_error(errors[0]) from errors[0]


def _connected(family: int, place: Any, seconds: float) -> LineSocket:
    sock = LineSocket(family)
    sock.settimeout(max(seconds, 0.1))
    try:
        sock.connect(place)
    except OSError:
        sock.close()
        raise
    return sock
