"""pypsrp's WS-Management and PSRP, bounded: what is repeated, what a message may hold, how text is read."""

import logging
import re
import ssl
import struct
import time
from functools import lru_cache, partial
from typing import Final, Self
from xml.etree import ElementTree as ET

from pypsrp.complex_objects import Command, ObjectMeta
from pypsrp.exceptions import WinRMTransportError
from pypsrp.messages import Message
from pypsrp.powershell import Fragmenter, RunspacePool
from pypsrp.serializer import Serializer
from pypsrp.wsman import WSMan, _TransportHTTP
from requests import Session
from requests.exceptions import ChunkedEncodingError, Timeout
from requests.exceptions import ConnectionError as NoConnectionError

from controller.errors import HostError, Reason
from controller.model.fleet import Host
from controller.transports.base import STREAM_LIMIT
from controller.transports.psrp_http import Limits, Proof, session

ENVELOPE: Final = 498 * 1024  # 2 KB below Windows' own limit: an encrypted message is longer than it says
OPERATION: Final = 15
IDLE: Final = 180
"""Seconds after which the host itself ends a shell that we left behind."""

_REPEATS: Final = 2
_STALE: Final = 60.0  # HTTP.sys drops a silent connection after 120 s, and the encryption with it
_OBJECT_LIMIT: Final = 4 * 1024 * 1024
_TAG_LIMIT: Final = 20_000
_HEAD: Final = struct.Struct(">QQBI")
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE: Final = re.compile("_(?=[xX])|[\x00-\x1f\x7f-\x9f\ud800-\udfff\U00010000-\U0010ffff]")


def quiet() -> None:
    """Keep the libraries off the terminal: what they warn of are a host's own words."""
    for name in ("pypsrp", "requests", "urllib3", "spnego"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class BoundedWSMan(WSMan):
    """WS-Management with one host, by NTLM: encrypted by it on HTTP, by TLS on HTTPS."""

    def __init__(self, host: Host, port: int, password: str, limits: Limits, context: ssl.SSLContext | None) -> None:
        super().__init__(host.address, max_envelope_size=ENVELOPE, operation_timeout=OPERATION, auth="ntlm")
        self.transport = _Transport(host, port, password, limits, context)


class _Transport(_TransportHTTP):
    """Sends envelopes over our own session, and repeats what may be repeated."""

    def __init__(self, host: Host, port: int, password: str, limits: Limits, context: ssl.SSLContext | None) -> None:
        super().__init__(host.address, port, host.user, password, ssl=context is not None, auth="ntlm")
        proof = Proof(user=host.user, password=password, encrypts=self.wrap_required)
        self._make_session = partial(session, limits, context, proof)
        self._limits = limits
        self._spoke = time.monotonic()

    def send(self, message: bytes, *, retries_on_read_timeout: int = 0, timeout: object = None) -> bytes:  # noqa: ARG002  # ours
        """Send one envelope. pypsrp marks a Receive by its retries; only that may be sent again, with its own id."""
        if self.encryption and time.monotonic() - self._spoke > _STALE:
            self._begin_anew()
        left = _REPEATS if retries_on_read_timeout and self._limits.accepted else 0
        while True:
            try:
                answer: bytes = super().send(message)
            except (NoConnectionError, ChunkedEncodingError, Timeout, WinRMTransportError) as error:
                if not left or not self._is_lost(error):
                    raise
                left -= 1
                self._begin_anew()
            else:
                self._spoke = time.monotonic()
                return answer

    def _is_lost(self, error: Exception) -> bool:
        """Say whether only the connection is gone; 400 is what Windows says when it knows its key no more."""
        return self._limits.tripped is None and getattr(error, "code", 400) == 400

    def _begin_anew(self) -> None:
        """Log on again; the shell on the host lives on."""
        self.close()
        self.session = self.encryption = None

    def _build_session(self) -> Session:
        return self._make_session()


class BoundedPool(RunspacePool):
    """One runspace, for one script after the other. A host's prompts and warnings are not answered."""

    def __init__(self, connection: WSMan) -> None:
        super().__init__(connection, no_profile=True, idle_timeout=IDLE)
        self._serializer = _Text()
        self._parts = self._fragmenter = _Parts(connection.max_payload_size, self._serializer)

    @property
    def block(self) -> int:
        """The bytes that fill one message when they go up as base64."""
        return int((self._fragmenter.max_size - 1024) * 3 // 4)

    def begin_script(self) -> None:
        """Forget what is left of the last one, and give the next one its full allowance."""
        self._parts.clear()

    def _process_runspacepool_warning(self, message: Message) -> None:
        """Pass over it; pypsrp would print the host's words."""


class _Parts(Fragmenter):
    """Puts messages together, in linear time, and refuses what no script of ours answers."""

    def __init__(self, max_size: int, serializer: Serializer) -> None:
        super().__init__(max_size, serializer)
        self.clear()

    def clear(self) -> None:
        self._parts: dict[int, list[bytes]] = {}
        self._seen = 0

    def defragment(self, data: bytes) -> list[Message]:
        """Take fragments; return the messages that are whole now.

        Raises:
            HostError: `answer.huge`.

        """
        self._seen += len(data)
        if self._seen > 4 * STREAM_LIMIT:  # both streams, and what CLIXML adds to them
            raise HostError(Reason.ANSWER_HUGE, f"more than {4 * STREAM_LIMIT} bytes of PSRP")
        messages = []
        start = 0
        while start < len(data):
            object_id, number, flags, size = _HEAD.unpack_from(data, start)
            start += _HEAD.size + size
            parts = self._parts.setdefault(object_id, [])
            if number != len(parts):
                raise ValueError(f"fragment {number} came where {len(parts)} was due")
            parts.append(data[start - size : start])
            if flags & 2:
                messages.append(self._message(b"".join(self._parts.pop(object_id))))
        return messages

    def _message(self, raw: bytes) -> Message:
        if len(raw) > _OBJECT_LIMIT or raw.count(b"<") > _TAG_LIMIT:
            raise HostError(Reason.ANSWER_HUGE, f"one object of {len(raw)} bytes")
        return Message.unpack(raw, self.serializer)


class Script(Command):
    """A script to run. pypsrp copies each command twice, deep, for a writer of XML that it does not use any more."""

    def __init__(self, text: str, version: str) -> None:
        super().__init__(text, version, is_script=True, use_local_scope=True)

    def __deepcopy__(self, memo: object) -> Self:
        """Return itself."""
        return self


class _Text(Serializer):
    """CLIXML's text as PowerShell writes it: a name may hold half a pair of UTF-16, or what only looks escaped."""

    def deserialize(self, element: ET.Element | str, metadata: ObjectMeta | None = None, clear: bool = True) -> object:  # noqa: FBT001, FBT002  # pypsrp's signature
        """Read a value.

        Raises:
            ParseError: it is no XML; pypsrp would take it for a string.

        """
        return super().deserialize(ET.fromstring(element) if isinstance(element, str) else element, metadata, clear)  # noqa: S314  # bounded, and expat stops what grows

    def _serialize_string(self, value: str | None) -> str | None:
        return None if value is None else _TO_ESCAPE.sub(lambda found: _escaped(found[0]), value)

    def _deserialize_string(self, value: str | None) -> str:
        text = value or ""
        if "_x" not in text:
            return text
        halves = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@lru_cache(maxsize=256)  # a script has some hundred ends of lines
def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"_x{units[start : start + 4]}_" for start in range(0, len(units), 4))
