"""As much of HTTP/1.1 as WinRM needs: one request after the other on a connection that stays open."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HEAD_LIMIT: Final = 64 * 1024
"""Bytes of request line and headers; more breaks the connection."""

_BODY_LIMIT: Final = 4 * 1024 * 1024
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
}
SOAP: Final = "application/soap+xml;charset=UTF-8"

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request; the names of its headers are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class BadRequestError(Exception):
    """What came is not HTTP; the connection is of no use any more."""


async def read_request(reader: asyncio.StreamReader) -> HttpRequest | None:
    """Return the next request, or None when the client has closed the connection.

    Raises:
        BadRequestError: what came is no request, or too large a one.

    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, path, _version = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        if not 0 <= size <= _BODY_LIMIT:
            raise BadRequestError(f"a body of {size} bytes")
        return HttpRequest(method, path, headers, await reader.readexactly(size))
    except asyncio.IncompleteReadError:
        return None
    except (asyncio.LimitOverrunError, ValueError) as error:
        raise BadRequestError(str(error)) from error


def answer(status: int, headers: Headers = (), body: bytes = b"", content_type: str = SOAP) -> bytes:
    """Return the bytes of an answer."""
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        "Server: Microsoft-HTTPAPI/2.0",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    if body:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + body
