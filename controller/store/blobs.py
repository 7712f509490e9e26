"""Raw answers, tool logs and operators' files: compressed, once for each SHA-256."""

import hashlib
from collections.abc import Iterable
from typing import Final

import zstandard
from sqlalchemy import Connection, bindparam, insert, select

from controller.errors import StoreError
from controller.model.result import Evidence
from controller.store.tables import blob

_LEVEL: Final = 3

_IS_KEPT: Final = select(blob.c.size).where(blob.c.sha256 == bindparam("sha256"))
_ADD: Final = insert(blob)


def keep(connection: Connection, pieces: Iterable[Evidence]) -> None:
    """Keep each piece that is not kept yet; one that is may come without its data.

    Raises:
        StoreError: the data of a new piece is not what its SHA-256 says.

    """
    for piece in pieces:
        if connection.scalar(_IS_KEPT, {"sha256": piece.sha256}) is not None:
            continue
        if hashlib.sha256(piece.data).hexdigest() != piece.sha256:
            raise StoreError(f"evidence '{piece.sha256}' came without its data; report it, with the log")
        packed = zstandard.compress(piece.data, _LEVEL)
        connection.execute(_ADD, {"sha256": piece.sha256, "size": len(piece.data), "packed": packed})


def fetch(connection: Connection, sha256: str) -> bytes:
    """Return what is kept under `sha256`.

    Raises:
        StoreError: nothing is, or it is damaged.

    """
    row = connection.execute(select(blob.c.packed, blob.c.size).where(blob.c.sha256 == sha256)).one_or_none()
    if row is None:
        raise StoreError(f"the store keeps nothing under '{sha256}'; look into the store that the sweep was written to")
    try:
        found = zstandard.decompress(row.packed, max_output_size=row.size)
    except zstandard.ZstdError as error:
        raise _damaged(sha256) from error
    if hashlib.sha256(found).hexdigest() != sha256:
        raise _damaged(sha256)
    return found


def _damaged(sha256: str) -> StoreError:
    return StoreError(f"what the store keeps under '{sha256}' is damaged; put back a copy of the store")
