"""HTTP to one host, tamed: our sockets, our trust, one proof; no proxy, no redirect, nothing unpacked."""

import math
import os
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any, Final, NoReturn

from pypsrp.exceptions import WinRMTransportError
from pypsrp.negotiate import HTTPNegotiateAuth
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ContentDecodingError
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.wait import wait_for_read

from controller.errors import LineError, Reason
from controller.model.text import shown
from controller.transports.probe import LineSocket
from controller.transports.psrp_errors import VENDOR, line_error

ANSWER_LIMIT: Final = 1024 * 1024
"""Bytes of one HTTP answer that we take; Windows cuts its answers at the envelope size we name, 498 KB."""

_SILENCE: Final = 25.0  # longer than Windows may think about one request of ours
_PROOF: Final = b64encode(b"NTLMSSP\0\3\0")[:12]  # how the third message of NTLM begins


@dataclass(slots=True)
class Limits:
    """What one host may take of our time and memory, and how far our logon came.

    `deadline` (of the monotonic clock) holds for the conversation, `allowance` for one answer; both are checked at
    every read and write, so that neither a drip nor a flood can hold us. `tripped` is the reason when one was met.
    `dial` opens a TCP connection; `sock` is the last one. `certificate` is what the host showed under TLS.
    `admission` is held while a proof is on its way; `proved` says that one went out, `accepted` that the last one was.
    """

    dial: Callable[[], LineSocket]
    admission: Callable[[], AbstractContextManager[None]] = nullcontext
    deadline: float = math.inf
    allowance: int = ANSWER_LIMIT
    tripped: Reason | None = None
    heard: bool = False
    proved: bool = False
    accepted: bool = False
    certificate: bytes = b""
    sock: socket.socket | None = None

    def left(self) -> float:
        """Return how many seconds the next read or write may take.

        Raises:
            TimeoutError: none are left.

        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            self.tripped = Reason.HOST_TIMEOUT
            raise TimeoutError("its time is up")
        return min(left, _SILENCE)

    def hang_up(self) -> None:
        """Close the connection, whoever still holds it; harmless when it is closed already."""
        if self.sock is not None and self.sock.fileno() >= 0:
            with suppress(OSError):  # the other side was faster
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            os.close(self.sock.detach())  # an answer that nobody reads would hold it open

    def took(self, count: int) -> None:
        """Count bytes that came.

        Raises:
            ConnectionAbortedError: they were too many.

        """
        self.heard = True
        self.allowance -= count
        if self.allowance < 0:
            self.tripped = Reason.ANSWER_HUGE
            raise ConnectionAbortedError("it sent more than we take")


class _Limited:
    """What both kinds of socket do before they move a byte."""

    limits: Limits

    def recv_into(self, *buffer: Any) -> int:
        """Receive, within deadline and allowance."""
        self.settimeout(self.limits.left())  # type: ignore[attr-defined]  # the socket's
        try:
            count: int = super().recv_into(*buffer)  # type: ignore[misc]
        except TimeoutError:
            self.limits.left()
            raise
        self.limits.took(count)
        return count

    def send(self, *block: Any) -> int:
        """Send some, within the deadline."""
        self.settimeout(self.limits.left())  # type: ignore[attr-defined]
        return int(super().send(*block))  # type: ignore[misc]

    def sendall(self, *block: Any) -> None:
        """Send all, within the deadline."""
        self.settimeout(self.limits.left())  # type: ignore[attr-defined]
        super().sendall(*block)  # type: ignore[misc]


class _PlainSocket(_Limited, socket.socket):
    pass


class _TlsSocket(_Limited, ssl.SSLSocket):
    pass


class _PlainConnection(HTTPConnection):
    def __init__(self, *args: Any, limits: Limits, **named: Any) -> None:
        super().__init__(*args, **named)
        self._limits = limits

    def _new_conn(self) -> socket.socket:
        return _dialled(self._limits)


class _TlsConnection(HTTPSConnection):
    def __init__(self, *args: Any, limits: Limits, **named: Any) -> None:
        super().__init__(*args, **named)
        self._limits = limits

    def _new_conn(self) -> socket.socket:
        return _dialled(self._limits)

    def connect(self) -> None:
        super().connect()
        sock: Any = self.sock
        sock.limits, self._limits.sock = self._limits, sock
        self._limits.certificate = sock.getpeercert(True)  # noqa: FBT003  # ssl's way to ask for the bytes


def _dialled(limits: Limits) -> socket.socket:
    """Open a connection; its keepalive and timeouts of TCP go with the descriptor."""
    limits.hang_up()
    sock = _PlainSocket(fileno=limits.dial().detach())
    sock.limits, limits.sock = limits, sock
    sock.settimeout(limits.left())  # TLS shakes hands within it
    return sock


def _pool(kind: Any, connection: Any, limits: Limits, *args: Any, **named: Any) -> Any:
    pool = kind(*args, **named)
    pool.ConnectionCls = partial(connection, limits=limits)
    return pool


class _Adapter(HTTPAdapter):
    """One connection at a time, over our sockets. Whom to trust is in `context`, and nowhere else."""

    def __init__(self, limits: Limits, context: ssl.SSLContext | None, user: str) -> None:
        self._limits, self._context, self._user = limits, context, user
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **named: Any) -> None:  # noqa: FBT001, FBT002  # requests' signature
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **named)
        pools: dict[str, Any] = {
            "http": partial(_pool, HTTPConnectionPool, _PlainConnection, self._limits),
            "https": partial(_pool, HTTPSConnectionPool, _TlsConnection, self._limits),
        }
        self.poolmanager.pool_classes_by_scheme = pools

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002  # requests' signature
        """Leave the trust to our context; requests would load its own bundle into it."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Send one request; the body of the answer is still to be read.

        Raises:
            LineError: the logon was refused or not answered, or the answer to an encrypted request is not encrypted.
            WinRMTransportError: HTTP.sys refuses an encrypted request.

        """
        proves = _PROOF in _encoded(request.headers.get("Authorization") or "")
        response = self._prove(request) if proves else self._send(request)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise ContentDecodingError("it packs its answers")
        if _is_sealed(request.headers) and not _is_sealed(response.headers) and response.status_code != 401:
            _refuse_plain(response)
        return response

    def _send(self, request: PreparedRequest) -> Response:
        self._limits.allowance = ANSWER_LIMIT
        return super().send(request, stream=True, timeout=_SILENCE)

    def _prove(self, request: PreparedRequest) -> Response:
        """Send our proof, admitted, whoever above us wants it sent. After one that was not accepted none follows.

        Raises:
            LineError: `login.refused` or `login.unanswered`; or `connection.lost`, and nothing was sent.

        """
        limits, began = self._limits, time.monotonic()
        if limits.proved and not limits.accepted:
            raise LineError(Reason.LOGIN_UNANSWERED, "it did not answer our logon before, and is not asked again")
        with limits.admission():
            limits.deadline += time.monotonic() - began  # to wait for our turn takes none of the host's time
            if limits.sock is None or wait_for_read(limits.sock, timeout=0.0):  # urllib3 would open another line
                raise LineError(Reason.CONNECTION_LOST, "it hung up before our proof was sent")
            limits.proved, limits.accepted = True, False
            try:
                response = self._send(request)
            except VENDOR as error:
                raise line_error(error, Reason.LOGIN_UNANSWERED) from error
            if response.status_code == 401:
                raise LineError(Reason.LOGIN_REFUSED, f"it refused NTLM of the user '{self._user}'")
            limits.accepted = True
        return response


class _Ntlm(HTTPNegotiateAuth):
    """NTLM, and nothing else; a host that does not offer it has not seen our proof."""

    def response_hook(self, response: Response, **named: Any) -> Response:
        """Answer a challenge.

        Raises:
            LineError: `access.denied`; it wants another proof.

        """
        offered = response.headers.get("WWW-Authenticate", "")
        if response.status_code == 401 and not {"negotiate", "ntlm"} & _schemes(offered):
            raise LineError(Reason.ACCESS_DENIED, f"it takes no NTLM; it offers '{shown(offered)}'")
        answered: Response = super().response_hook(response, **named)  # type: ignore[no-untyped-call]  # pypsrp
        return answered


def _is_sealed(headers: Mapping[str, Any]) -> bool:
    """Say whether a body travels in the form in which NTLM encrypts it (MS-WSMV 2.2.9.1)."""
    return str(headers.get("Content-Type", "")).startswith(("multipart/encrypted;", "multipart/x-multi-encrypted;"))


def _refuse_plain(response: Response) -> NoReturn:
    """Refuse an answer in the clear to an encrypted request: whoever does not know the password can make one.

    HTTP.sys, which stands before WinRM, answers with a status only; that is passed on without its text.
    """
    response.close()
    if response.status_code >= 400 and response.status_code != 500:
        raise WinRMTransportError("http", response.status_code, "")
    raise LineError(Reason.CONNECTION_LOST, "its answer is not encrypted as the request was; it is not read")


def _schemes(offered: str) -> set[str]:
    return {each.split()[0].lower() for each in offered.split(",") if each.split()}


def _encoded(header: str | bytes) -> bytes:
    return header if isinstance(header, bytes) else header.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who we are, and whether messages are encrypted by it (where TLS does not)."""

    user: str
    password: str = field(repr=False)
    encrypts: bool


def session(limits: Limits, context: ssl.SSLContext | None, proof: Proof) -> Session:
    """Make a session of requests that looks at no environment and follows nobody."""
    made = Session()
    made.trust_env = False
    made.max_redirects = 0
    made.headers.clear()
    made.headers.update({"User-Agent": "lamsach", "Accept-Encoding": "identity"})
    adapter = _Adapter(limits, context, proof.user)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    made.auth = _Ntlm(proof.user, proof.password, auth_provider="ntlm", wrap_required=proof.encrypts)
    return made


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Make a context that trusts the certificates of `ca_file`, or else the system's.

    Raises:
        LineError: `tls.failed`; the file cannot be used.

    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise LineError(Reason.TLS_FAILED, f"'{ca_file}' cannot be used: {error.strerror or error}") from error
    context.sslsocket_class = _TlsSocket
    return context


def fingerprint(certificate: bytes) -> str:
    """Spell a certificate as keys of hosts are spelled; empty when there is none."""
    return "SHA256:" + b64encode(sha256(certificate).digest()).decode().rstrip("=") if certificate else ""
