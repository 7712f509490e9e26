"""Bring a store to the revision this program knows, by Alembic; refuse one that is newer."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, insert, select

from controller import __version__
from controller.errors import StoreError
from controller.model.text import shown
from controller.store.file import copy
from controller.store.tables import lamsach_upgrade

MIGRATIONS: Final = Path(__file__).with_name("migrations")


def bring_up(writer: Engine, path: Path) -> None:
    """Bring the store to the newest revision, in one transaction; an older store is copied first.

    The copy is `<file>.before-<revision>`, the revision it was brought to.

    Raises:
        StoreError: a newer program made it, or the copy could not be written.

    """
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    with writer.begin() as connection:
        revision = _revision(connection)
        if revision == head:  # another program was faster
            return
        if revision is not None:
            _refuse_newer(connection, scripts, revision, path)
            copy(path, path.with_name(f"{path.name}.before-{head}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.execute(insert(lamsach_upgrade).values(revision=head, program=__version__, at=datetime.now(UTC)))


def refuse(reader: Engine, path: Path) -> NoReturn:
    """Say why a store of another revision cannot be read where it cannot be written.

    Raises:
        StoreError: always.

    """
    scripts = ScriptDirectory.from_config(_config())
    with reader.begin() as connection:
        revision = _revision(connection)
        if revision is not None:
            _refuse_newer(connection, scripts, revision, path)
    raise StoreError(
        f"store '{shown(str(path))}' is of revision '{shown(revision or 'none')}', and it cannot be written there, so "
        f"it is not brought to revision '{scripts.get_current_head()}' that lamsach {__version__} reads; copy it into "
        "a folder of yours that has room, and name the copy with --store"
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(connection: Connection, scripts: ScriptDirectory, revision: str, path: Path) -> None:
    if revision in {script.revision for script in scripts.walk_revisions()}:
        return
    written = connection.scalar(select(lamsach_upgrade.c.program).where(lamsach_upgrade.c.revision == revision))
    maker = shown(written or "(unknown)")
    raise StoreError(
        f"store '{shown(str(path))}' is of lamsach {maker} (revision '{shown(revision)}'), and this is lamsach"
        f" {__version__} (revision '{scripts.get_current_head()}'); use lamsach {maker} or newer"
    )
