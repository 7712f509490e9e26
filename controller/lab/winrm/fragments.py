"""The bytes of PSRP: messages, and the fragments that carry them (MS-PSRP 2.2.1 and 2.2.4)."""

import re
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

HEAD: Final = struct.Struct(">QQBI")
"""Object id, fragment id, start and end flags, length of what follows."""

_MESSAGE: Final = struct.Struct("<II16s16s")
_MARK: Final = b"\xef\xbb\xbf"
_LARGEST: Final = 32 * 1024 - HEAD.size
_TO_CLIENT: Final = 1
_ENDED: Final = re.compile(rb'N="PipelineState">[345]<')
_NOBODY: Final = uuid.UUID(int=0)


class Edge(IntFlag):
    """Where in its message a fragment stands."""

    START = 1
    END = 2


class MessageType(IntEnum):
    """The messages that the lab reads or writes."""

    SESSION_CAPABILITY = 0x00010002
    INIT_RUNSPACE_POOL = 0x00010004
    CREATE_PIPELINE = 0x00021006
    APPLICATION_PRIVATE_DATA = 0x00021009
    RUNSPACE_POOL_STATE = 0x00021005
    PIPELINE_INPUT = 0x00041002
    END_OF_PIPELINE_INPUT = 0x00041003
    PIPELINE_OUTPUT = 0x00041004
    ERROR_RECORD = 0x00041005
    PIPELINE_STATE = 0x00041006


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `kind` may be a number that `MessageType` does not know. `xml` is its CLIXML, without a mark."""

    kind: int
    pool: uuid.UUID
    pipeline: uuid.UUID
    xml: bytes


@dataclass(frozen=True, slots=True)
class Fragment:
    """One fragment of a message."""

    object_id: int
    edge: Edge
    blob: bytes


def fragments(data: bytes) -> Iterator[Fragment]:
    """Yield the whole fragments that `data` is made of.

    Raises:
        ValueError: it is not made of whole fragments.

    """
    start = 0
    while start < len(data):
        if len(data) - start < HEAD.size:
            raise ValueError("a cut fragment")
        object_id, _, edge, size = HEAD.unpack_from(data, start)
        start += HEAD.size + size
        if start > len(data):
            raise ValueError("a cut fragment")
        yield Fragment(object_id, Edge(edge & 3), data[start - size : start])


class Joiner:
    """Puts the messages of one stream together again; counts what PowerShell's quotas count.

    Its limits are PowerShell's own: bytes of one object, and bytes of all that one command is sent.
    """

    OBJECT_LIMIT: Final = 10 * 1024 * 1024
    TOTAL_LIMIT: Final = 50 * 1024 * 1024

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._total = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield every message that `data` completes.

        Raises:
            ValueError: it is not made of whole fragments, or over a limit.

        """
        self._total += len(data)
        if self._total > self.TOTAL_LIMIT:
            raise ValueError(
                "The total data received from the remote client exceeded the allowed maximum."
                f" The allowed maximum is {self.TOTAL_LIMIT}."
            )
        for fragment in fragments(data):
            if Edge.START in fragment.edge:
                self._parts, self._size = [], 0
            self._parts.append(fragment.blob)
            self._size += len(fragment.blob)
            if self._size > self.OBJECT_LIMIT:
                raise ValueError(
                    "The current deserialized object size of the data received from the remote client exceeded the"
                    f" allowed maximum object size. The allowed maximum object size is {self.OBJECT_LIMIT}."
                )
            if Edge.END in fragment.edge:
                yield _message(b"".join(self._parts))


class EndWatch:
    """Sees in the output of a command that its pipeline has ended: no other sign tells it."""

    def __init__(self) -> None:
        self._state: list[bytes] | None = None

    def sees_end(self, data: bytes) -> bool:
        """Take more output; say whether it holds the end of the message that tells how the pipeline ended."""
        return any(self._takes(fragment) for fragment in fragments(data))

    def _takes(self, fragment: Fragment) -> bool:
        if Edge.START in fragment.edge:
            kind = int.from_bytes(fragment.blob[4:8], "little")
            self._state = [] if kind == MessageType.PIPELINE_STATE else None
        if self._state is None:
            return False
        self._state.append(fragment.blob)
        return Edge.END in fragment.edge and bool(_ENDED.search(b"".join(self._state)))


def _message(blob: bytes) -> Message:
    if len(blob) < _MESSAGE.size:
        raise ValueError("a cut message")
    _, kind, pool, pipeline = _MESSAGE.unpack_from(blob)
    xml = blob[_MESSAGE.size :].removeprefix(_MARK)
    return Message(kind, uuid.UUID(bytes_le=pool), uuid.UUID(bytes_le=pipeline), xml)


class Splitter:
    """Writes the messages of a server; object ids go on from one to the next."""

    def __init__(self, pool: uuid.UUID) -> None:
        self._pool = pool
        self._object_id = 0

    def split(self, kind: MessageType, xml: str, pipeline: uuid.UUID = _NOBODY) -> Iterator[bytes]:
        """Yield a message in fragments as large as Windows makes them."""
        self._object_id += 1
        head = _MESSAGE.pack(_TO_CLIENT, kind, self._pool.bytes_le, pipeline.bytes_le)
        blob = head + _MARK + xml.encode()
        for number, start in enumerate(range(0, len(blob), _LARGEST)):
            part = blob[start : start + _LARGEST]
            edge = (Edge.START if start == 0 else 0) | (Edge.END if start + _LARGEST >= len(blob) else 0)
            yield HEAD.pack(self._object_id, number, edge, len(part)) + part
