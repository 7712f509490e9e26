"""The door of one PC: its connections, who has logged on to them, and what they ask."""

import asyncio
import socket
import ssl
from typing import Any, Final

from controller.lab.winrm import encryption, http, soap
from controller.lab.winrm.endpoint import MAX_ENVELOPE, MAX_TIMEOUT, Endpoint
from controller.lab.winrm.logon import Judge, Logon

_SLACK: Final = 1024
"""Bytes that a sealed message may be longer than a plain one."""

_PATH: Final = "/wsman"
_HOUSEKEEPING_SECONDS: Final = 1.0
_HANDSHAKE_SECONDS: Final = 120.0
"""How long a connection may stay silent before its TLS begins; Windows has the same patience."""


_TOO_LARGE: Final = 413
_UNSEALED: Final = 401
_UNREADABLE: Final = 400


class _RefusedError(Exception):
    """A message that is not worked on; `status` says so in HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Tls:
    """A certificate to serve, and the channel bindings that follow from it."""

    def __init__(self, context: ssl.SSLContext, binding: bytes) -> None:
        self.context = context
        self.binding = binding


class Listener:
    """Serves one PC on a bound socket, plain or over TLS.

    Without TLS a message must be sealed; under TLS a logon must hold the bindings of that very TLS.
    """

    def __init__(self, endpoint: Endpoint, judge: Judge, tls: Tls | None = None) -> None:
        self._endpoint = endpoint
        self._judge = judge
        self._tls = tls
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._housekeeping: asyncio.Task[None] | None = None

    async def listen(self, opened: socket.socket) -> None:
        """Begin to serve."""
        over: dict[str, Any] = {}
        if self._tls:
            over = {"ssl": self._tls.context, "ssl_handshake_timeout": _HANDSHAKE_SECONDS}
        self._server = await asyncio.start_server(self._serve, sock=opened, limit=http.HEAD_LIMIT, **over)
        self._housekeeping = asyncio.create_task(self._keep_house())

    async def close(self) -> None:
        """Stop serving, and end every shell."""
        if self._housekeeping:
            self._housekeeping.cancel()
        if self._server:
            self._server.close()
        await self.reboot()

    async def reboot(self) -> None:
        """Break every connection and end every shell, as a restart of the PC does."""
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._endpoint.reboot()

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            await self._endpoint.reap()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logon = Logon(self._judge, self._tls.binding if self._tls else b"")
        self._writers.add(writer)
        try:
            while (request := await http.read_request(reader)) and await self._answer(request, logon, writer):
                pass
        except (ConnectionError, ssl.SSLError, http.BadRequestError):
            writer.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, request: http.HttpRequest, logon: Logon, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; say whether the connection is still of use."""
        if request.method != "POST" or not request.path.startswith(_PATH):
            return await _send(writer, http.answer(404))
        answered = logon.step(request.headers.get("authorization", ""))
        if not answered.accepted:
            return await _send(writer, http.answer(401, answered.headers))
        if not request.body:
            return await _send(writer, http.answer(200, answered.headers))
        try:
            message, sealed = self._read(request, logon)
        except _RefusedError as refused:
            await _send(writer, http.answer(refused.status, answered.headers))
            return refused.status == _TOO_LARGE
        return await self._converse(message, logon, answered.headers, sealed=sealed, writer=writer)

    def _read(self, request: http.HttpRequest, logon: Logon) -> tuple[soap.Request, bool]:
        """Return the message and whether it was sealed.

        A sealed one that is too large is refused unread, so that the client's cipher is ahead of ours from then on.
        """
        sealed = encryption.is_sealed(request.headers.get("content-type", ""))
        if len(request.body) > MAX_ENVELOPE + (_SLACK if sealed else 0):
            raise _RefusedError(_TOO_LARGE)
        if not (sealed or self._tls):
            raise _RefusedError(_UNSEALED)
        try:
            plain = _opened(request.body, logon) if sealed else request.body
            return soap.parse(plain, default_timeout=MAX_TIMEOUT), sealed
        except (encryption.SealError, ValueError) as error:
            raise _RefusedError(_UNREADABLE) from error

    async def _converse(
        self, message: soap.Request, logon: Logon, headers: http.Headers, *, sealed: bool, writer: asyncio.StreamWriter
    ) -> bool:
        status, body = await self._endpoint.answer(message, logon.account)
        content_type = http.SOAP
        if sealed and logon.seal:
            content_type, body = encryption.SEALED_TYPE, encryption.sealed(body, logon.seal)
        answer = http.answer(status, headers, body, content_type)
        if self._endpoint.cuts(message):
            await _send(writer, answer[: len(answer) // 2])
            writer.transport.abort()
            return False
        return await _send(writer, answer)


def _opened(body: bytes, logon: Logon) -> bytes:
    if not logon.seal:
        raise encryption.SealError("nobody has logged on")
    return encryption.unsealed(body, logon.seal)


async def _send(writer: asyncio.StreamWriter, answer: bytes) -> bool:
    writer.write(answer)
    await writer.drain()
    return True
