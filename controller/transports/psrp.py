"""Windows over WinRM: reach, recognise, log on."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Final

from pypsrp.exceptions import AuthenticationError

from controller.errors import LineError, Reason
from controller.model.fleet import Host, Secret
from controller.transports.base import Admission
from controller.transports.probe import LineSocket, connect
from controller.transports.psrp_errors import VENDOR, line_error
from controller.transports.psrp_http import Limits, fingerprint, tls_context
from controller.transports.psrp_line import Line
from controller.transports.psrp_session import PsrpSession
from controller.transports.psrp_wsman import BoundedPool, BoundedWSMan, quiet

HTTP_PORT: Final = 5985
HTTPS_PORT: Final = 5986


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many seconds a host has to take our connection, to open a shell, and past a script's own time."""

    connect: float = 5.0
    logon: float = 60.0
    grace: float = 10.0


class PsrpTransport:
    """Opens one shell a host, by NTLM and a password, for all that is asked of it.

    No environment, no proxy, no other way to log on, no certificate that nobody vouches for.
    One object serves all threads: a file of certificates is read once.
    """

    def __init__(self, *, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._reading = Lock()
        quiet()

    @contextmanager
    def open(self, host: Host, secret: Secret | None, admission: Admission = nullcontext) -> Iterator[PsrpSession]:
        """Log on to `host` with `secret`.

        `admission` is held while a proof of ours is on its way: once in a logon, and again whenever the connection
        has to be opened anew.

        Raises:
            LineError: it cannot be reached, is not who its certificate should say, or refuses us.

        """
        if secret is None or not host.user:
            raise LineError(Reason.LOGIN_REFUSED, "there is no user, or no secret, to log on with")
        port = host.port or (HTTPS_PORT if host.tls else HTTP_PORT)
        context = self._context(host.ca_file) if host.tls else None
        dial = _Dial(host.address, port, self._patience.connect)
        try:
            limits = Limits(dial, admission)
            pool = BoundedPool(BoundedWSMan(host, port, secret.reveal(), limits, context))
            line = Line(pool, limits, grace=self._patience.grace)
            try:
                self._log_on(pool, limits)
                yield PsrpSession(line, host_key=fingerprint(limits.certificate))
            finally:
                line.close()
        finally:
            dial.drop()

    def _context(self, ca_file: str) -> ssl.SSLContext:
        with self._reading:
            if ca_file not in self._contexts:
                self._contexts[ca_file] = tls_context(ca_file)
        return self._contexts[ca_file]

    def _log_on(self, pool: BoundedPool, limits: Limits) -> None:
        """Open the shell, which is also the first time that our proof goes out."""
        limits.deadline = time.monotonic() + self._patience.logon
        try:
            pool.open()
        except VENDOR as error:
            raise line_error(error, _why(error, limits)) from error


class _Dial:
    """Reaches a port before anything is said, and hands that connection to whoever dials first."""

    def __init__(self, address: str, port: int, seconds: float) -> None:
        self._connect = partial(connect, address, port, seconds=seconds)
        self._ready: LineSocket | None = self._connect()

    def __call__(self) -> LineSocket:
        ready, self._ready = self._ready, None
        return ready or self._connect()

    def drop(self) -> None:
        """Close what nobody took."""
        if self._ready is not None:
            self._ready.hang_up()
            self._ready = None


def _why(error: BaseException, limits: Limits) -> Reason | None:
    """Say what ended a logon."""
    if isinstance(error, AuthenticationError):
        return Reason.LOGIN_REFUSED
    reason = limits.tripped or line_error(error).reason
    silent = not limits.heard and reason is Reason.HOST_TIMEOUT
    return Reason.REACH_TIMEOUT if silent else reason
