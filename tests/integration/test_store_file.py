import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from controller.errors import OperatorError, StoreError
from controller.store import database, revision, upgrade
from controller.store.ledger import Ledger
from controller.store.tables import metadata
from tests.builders import an_attempt
from tests.unit.store_values import an_intent, begun

FOURTH = """
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("attempt") as attempt:
        attempt.add_column(sa.Column("colour", sa.Text, nullable=True))
"""

OPENED: Final = """
import sys
from pathlib import Path
from controller.store import database
database.open(Path(sys.argv[1]), create=False).dispose()
print("alembic" in sys.modules)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def rows(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


def change(path: Path, order: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(order)


def test_a_new_store_has_the_settings_that_make_a_commit_last(path: Path) -> None:
    engine = database.open(path)

    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_the_migrations_make_the_tables_that_the_program_uses(path: Path) -> None:
    engine = database.open(path)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []


def test_the_revision_that_the_program_names_is_the_newest_of_the_migrations() -> None:
    assert ScriptDirectory(str(upgrade.MIGRATIONS)).get_heads() == [revision.HEAD]


def test_a_store_of_the_programs_own_revision_is_opened_without_alembic(path: Path) -> None:
    with begun(path):
        pass

    command = [sys.executable, "-c", OPENED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False"]


def test_only_its_owner_may_read_a_store_and_what_stands_beside_it(path: Path) -> None:
    with begun(path):
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}

    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


def test_a_missing_folder_is_a_mistake_of_the_operator(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"the folder of store '.*/nowhere/store.db' does not exist; make it"):
        database.open(tmp_path / "nowhere" / "store.db")


def test_who_only_reads_makes_no_store(path: Path) -> None:
    with pytest.raises(OperatorError, match="there is no store"):
        database.open(path, create=False)

    assert not path.exists()


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    garbage = b"To whom it may concern\n" * 500
    path.write_bytes(garbage)

    with pytest.raises(StoreError, match="it is no database, or damaged; name another file"):
        database.open(path)

    assert path.read_bytes() == garbage


def test_somebody_elses_database_is_refused_and_left_alone(path: Path) -> None:
    change(path, "CREATE TABLE song (title TEXT)")
    before = path.read_bytes()

    with pytest.raises(StoreError, match="not a store of lamsach; name another file"):
        database.open(path)

    assert path.read_bytes() == before


def test_a_folder_is_no_store(path: Path) -> None:
    path.mkdir()

    with pytest.raises(OperatorError, match="is not a file; name another one with --store"):
        database.open(path)


def test_a_damaged_store_is_a_sentence(path: Path) -> None:
    with begun(path) as ledger:
        for number in range(30):
            ledger.finish_attempt("s1", an_attempt(number=number))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    with pytest.raises(StoreError, match="it is damaged; keep it for repair"), Ledger.open(path) as ledger:
        ledger.attempts("s1")


def test_a_store_cut_short_is_a_sentence(path: Path) -> None:
    with begun(path):
        pass
    path.write_bytes(path.read_bytes()[:10_000])

    with pytest.raises(StoreError, match="damaged"), Ledger.open(path) as ledger:
        ledger.sweeps()


def test_an_odd_file_name_is_only_a_name(tmp_path: Path) -> None:
    path = tmp_path / "đợt 1?mode=memory#%.db"

    with begun(path):
        pass

    assert rows(path, "SELECT id FROM sweep") == [("s1",)]


def test_a_newer_store_names_the_program_to_use_and_is_left_alone(path: Path) -> None:
    with begun(path):
        pass
    change(path, "UPDATE alembic_version SET version_num = '0009'")
    change(path, "INSERT INTO lamsach_upgrade VALUES ('0009', '7.1.0', 0)")

    sentence = r"is of lamsach 7.1.0 \(revision '0009'\), and this is lamsach .* \(revision '0003'\); use lamsach 7.1.0"
    with pytest.raises(StoreError, match=sentence):
        database.open(path)

    assert rows(path, "SELECT version_num FROM alembic_version") == [("0009",)]


def become_next_program(folder: Path, monkeypatch: pytest.MonkeyPatch, fourth: str = FOURTH) -> None:
    """Be the next version of the program: one more revision."""
    migrations = folder / "100% migrations"
    shutil.copytree(upgrade.MIGRATIONS, migrations)
    (migrations / "versions" / "0004_fourth.py").write_text(fourth)
    monkeypatch.setattr(upgrade, "MIGRATIONS", migrations)
    monkeypatch.setattr(upgrade, "__version__", "0.2.0")
    monkeypatch.setattr(revision, "HEAD", "0004")


def test_an_older_store_is_copied_and_then_brought_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with begun(path) as ledger:
        ledger.finish_attempt("s1", an_attempt())

    become_next_program(path.parent, monkeypatch)
    with Ledger.open(path) as ledger:
        assert ledger.attempts("s1") == {"pc-01": (an_attempt(),)}
        ledger.begin(an_intent("r2", attempt=2), ())

    copy = path.with_name("store.db.before-0004")
    assert rows(path, "SELECT colour FROM attempt") == [(None,), (None,)]
    assert rows(path, "SELECT revision, program FROM lamsach_upgrade ORDER BY revision")[1] == ("0004", "0.2.0")
    assert rows(copy, "SELECT version_num FROM alembic_version") == [("0003",)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    monkeypatch.undo()
    with Ledger.open(copy) as ledger:
        assert ledger.attempts("s1") == {"pc-01": (an_attempt(),)}
    assert not list(path.parent.glob("*.part*"))


def test_the_copy_of_an_older_store_is_written_under_no_name_that_others_could_foresee(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun(path):
        pass
    victim, planted = path.with_name("victim"), path.with_name("store.db.before-0003.part")
    victim.write_bytes(b"keep me")
    planted.symlink_to(victim)

    become_next_program(path.parent, monkeypatch)
    with Ledger.open(path):
        pass

    assert (planted.is_symlink(), victim.read_bytes()) == (True, b"keep me")


def test_a_store_stays_as_it_was_when_it_cannot_be_brought_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with begun(path):
        pass

    become_next_program(path.parent, monkeypatch, FOURTH + "    op.execute('INSERT INTO nowhere VALUES (1)')\n")
    with pytest.raises(StoreError, match="no such table: nowhere"):
        database.open(path)
    monkeypatch.undo()

    with Ledger.open(path) as ledger:
        assert [line.id for line in ledger.sweeps()] == ["s1"]
    assert rows(path, "SELECT * FROM attempt") == []
