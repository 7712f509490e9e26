"""The MIME form in which WinRM carries sealed messages (MS-WSMV 2.2.9.1)."""

import re
import struct
from collections.abc import Iterator
from typing import Final, Protocol

from spnego.exceptions import SpnegoError

PROTOCOL: Final = "application/HTTP-SPNEGO-session-encrypted"
SEALED_TYPE: Final = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'
_BOUNDARY: Final = re.compile(rb"--\s*Encrypted Boundary\r\n")
_END: Final = b"--Encrypted Boundary--\r\n"
_LENGTH: Final = re.compile(rb"Length=(\d+)")


class _Sealed(Protocol):
    @property
    def header(self) -> bytes: ...
    @property
    def data(self) -> bytes: ...
    @property
    def padding_length(self) -> int: ...


class SealError(Exception):
    """A body that is not sealed as it should be."""


class Seal(Protocol):
    """The security context of a logon, as pyspnego has it."""

    def wrap_winrm(self, data: bytes) -> _Sealed:
        """Seal a message."""
        ...

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        """Open a message."""
        ...


def is_sealed(content_type: str) -> bool:
    """Say whether a body of this type is sealed."""
    return content_type.startswith(("multipart/encrypted", "multipart/x-multi-encrypted"))


def unsealed(body: bytes, seal: Seal) -> bytes:
    """Open `body`, whose parts come in twos: what it was, and the sealed bytes.

    Raises:
        SealError: it is not in this form, sealed by somebody else, or of another length than it says.

    """
    try:
        return b"".join(_parts(body, seal))
    except (SpnegoError, ValueError, struct.error) as error:
        raise SealError(str(error)) from error


def _parts(body: bytes, seal: Seal) -> Iterator[bytes]:
    parts = [part for part in _BOUNDARY.split(body) if part]
    for told, sealed in zip(parts[::2], parts[1::2], strict=True):
        length = _LENGTH.search(told)
        content = sealed.removesuffix(_END).partition(b"\r\n")[2]  # behind its Content-Type
        if not length or len(content) < 4:
            raise ValueError("not a sealed message")
        (size,) = struct.unpack_from("<i", content)
        plain = seal.unwrap_winrm(content[4 : 4 + size], content[4 + size :])
        if len(plain) != int(length[1]):
            raise ValueError("a sealed message of another length than it says")
        yield plain


def sealed(body: bytes, seal: Seal) -> bytes:
    """Seal `body`; it travels with the type `SEALED_TYPE`."""
    done = seal.wrap_winrm(body)
    told = f"OriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(body) + done.padding_length}"
    head = (
        f"--Encrypted Boundary\r\n\tContent-Type: {PROTOCOL}\r\n\t{told}\r\n"
        "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
    )
    return head.encode() + struct.pack("<i", len(done.header)) + done.header + done.data + _END
