"""Of which revision a store is, told without Alembic: its import costs more than a quarter of a short command."""

from typing import Final

from sqlalchemy import Connection, column, inspect, select, table

HEAD: Final = "0003"
"""The newest revision in migrations/, whose tables this program uses."""

_VERSION: Final = table("alembic_version", column("version_num"))
_REVISIONS: Final = select(_VERSION.c.version_num)


def is_newest(connection: Connection) -> bool:
    """Say whether the store is of this program's revision; a new one, still empty, is not."""
    return inspect(connection).has_table(_VERSION.name) and connection.scalars(_REVISIONS).all() == [HEAD]
