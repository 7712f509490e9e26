"""A store that may not be written is read as it is, and refused for a sweep with the way out.

The rights of an ordinary user are taken away with chmod: a file system that is mounted read-only refuses the same.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controller.errors import OperatorError, StoreError
from controller.store import database
from controller.store.ledger import Ledger
from tests.builders import an_attempt
from tests.integration.test_store_old import KEPT, unpacked
from tests.unit.store_values import begun

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; run it as an ordinary user")

NOT_WRITTEN = "it may not be written; give your account the right to write it and its folder, or name another file"


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A store with one result in a folder of its own, which is given back at the end."""
    folder = tmp_path / "archive"
    folder.mkdir()
    with begun(folder / "store.db") as ledger:
        ledger.finish_attempt("s1", an_attempt())
    yield folder / "store.db"
    folder.chmod(0o700)


def lock_file(path: Path) -> None:
    path.chmod(0o400)


def lock_folder(path: Path) -> None:
    path.parent.chmod(0o500)


def lock_both(path: Path) -> None:
    lock_file(path)
    lock_folder(path)


LOCKS = pytest.mark.parametrize("lock", [lock_file, lock_folder, lock_both])
Lock = Callable[[Path], None]


@LOCKS
def test_it_is_read_whole_and_nothing_is_left_beside_it(path: Path, lock: Lock) -> None:
    lock(path)

    for _ in range(2):
        with Ledger.open(path, create=False) as ledger:
            assert ledger.attempts("s1") == {"pc-01": (an_attempt(),)}
            assert [line.id for line in ledger.sweeps()] == ["s1"]

    assert [each.name for each in path.parent.iterdir()] == ["store.db"]


@LOCKS
def test_who_wants_to_write_is_refused_with_the_way_out(path: Path, lock: Lock) -> None:
    lock(path)

    with pytest.raises(StoreError, match=NOT_WRITTEN):
        database.open(path)
    with pytest.raises(StoreError, match=NOT_WRITTEN), Ledger.open(path, create=False) as ledger:
        ledger.finish_attempt("s1", an_attempt(number=2))

    assert [each.name for each in path.parent.iterdir()] == ["store.db"]


def test_an_odd_name_is_read_too(path: Path) -> None:
    odd = path.rename(path.with_name("đợt 1?mode=memory#%.db"))
    lock_both(odd)

    with Ledger.open(odd, create=False) as ledger:
        assert ledger.attempts("s1").keys() == {"pc-01"}


def test_what_a_sweep_writes_at_the_same_time_is_read_with_it(path: Path) -> None:
    with Ledger.open(path) as writer:
        writer.finish_attempt("s1", an_attempt(host="pc-02"))
        lock_both(path)

        with Ledger.open(path, create=False) as ledger:
            assert ledger.attempts("s1").keys() == {"pc-01", "pc-02"}


@pytest.fixture
def killed(path: Path) -> Path:
    """The store of a sweep that was killed: its newest result is in -wal only."""
    copy = path.parent / "killed"
    copy.mkdir()
    with Ledger.open(path) as writer:
        writer.finish_attempt("s1", an_attempt(host="pc-02"))
        for each in path.parent.glob("store.db*"):
            shutil.copy(each, copy)
    return copy / path.name


@LOCKS
def test_results_of_a_killed_sweep_are_read_with_it(killed: Path, lock: Lock) -> None:
    lock(killed)

    with Ledger.open(killed, create=False) as ledger:
        assert ledger.attempts("s1").keys() == {"pc-01", "pc-02"}
    killed.parent.chmod(0o700)


def test_results_that_cannot_be_read_are_not_left_out_in_silence(killed: Path) -> None:
    killed.with_name("store.db-shm").unlink()
    lock_both(killed)

    with pytest.raises(StoreError, match=r"its newest results are in 'store.db-wal'.*copy both files into a folder"):
        database.open(killed, create=False)
    killed.parent.chmod(0o700)


def test_what_was_read_while_another_program_wrote_is_thrown_away(path: Path) -> None:
    """Only an account with more rights can write a store that we may not: here, we give ourselves the right back."""
    lock_file(path)

    with Ledger.open(path, create=False) as ledger:
        assert len(ledger.attempts("s1")) == 1
        path.chmod(0o600)
        with closing(sqlite3.connect(path, isolation_level=None)) as another:
            another.execute("UPDATE attempt SET host = 'pc-09'")
            another.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        with pytest.raises(StoreError, match="was changed by another program while it was read; run this again"):
            ledger.attempts("s1")


def test_an_older_store_is_refused_with_the_way_out(path: Path) -> None:
    path.write_bytes(unpacked(KEPT))
    lock_both(path)

    with pytest.raises(
        StoreError, match=r"is of revision '0001', and it cannot be written there.*copy it into a folder"
    ):
        database.open(path, create=False)


def test_a_newer_store_names_the_program_to_use(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0009'")
        connection.execute("INSERT INTO lamsach_upgrade VALUES ('0009', '7.1.0', 0)")
    lock_both(path)

    with pytest.raises(StoreError, match=r"is of lamsach 7.1.0 \(revision '0009'\)"):
        database.open(path, create=False)


def test_what_is_no_file_is_refused_at_once(path: Path) -> None:
    """A pipe would keep us waiting for somebody who writes into it."""
    pipe = path.with_name("pipe")
    os.mkfifo(pipe)

    for odd in (Path("/dev/null"), pipe):
        for create in (True, False):
            with pytest.raises(OperatorError, match=r"is not a file; name another one with --store"):
                database.open(odd, create=create)


def test_an_empty_file_and_one_of_another_program_are_refused(path: Path) -> None:
    path.write_bytes(b"")
    lock_both(path)
    with pytest.raises(OperatorError, match="is empty and no store; name the one that the sweep wrote"):
        database.open(path, create=False)

    path.chmod(0o600)
    path.write_bytes(b"To whom it may concern\n" * 500)
    lock_file(path)
    with pytest.raises(StoreError, match="it is no database, or damaged"):
        database.open(path, create=False)
