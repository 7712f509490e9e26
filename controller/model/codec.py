"""Model values to JSON and back. The one place that knows the spelling in the store and between processes.

msgspec reads and writes the frozen dataclasses as they are and checks every type on the way in.
"""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def dumps(value: object) -> bytes:
    """Write a model value as one line of JSON, keys in the order of the fields."""
    return msgspec.json.encode(value)


def loads(data: bytes | str, kind: type[T]) -> T:
    """Read what `dumps` wrote.

    Raises:
        ValueError: the text is not a `kind`.

    """
    return msgspec.json.decode(data, type=kind)
