"""Kept answers are read again when a program learns to see more in them: each once, and none stops the others."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from controller.app import rereading
from controller.app.rereading import Reread, reread
from controller.model.indicator import Kind
from controller.model.result import Look, LookKey, TaskResult, TaskState
from controller.store.ledger import Ledger
from controller.store.observations import READING
from tests.builders import an_attempt
from tests.unit.store_values import an_intent, begun, evidence
from tests.visits import a_process, framed

URL = "http://bad.example/a"
HOSTS = tuple(f"pc-{number:02}" for number in range(1, 6))


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    with begun(tmp_path / "store.db"):
        yield tmp_path / "store.db"


def looked(*rows: Any, nonce: str = "77ab", collector: str = "processes") -> TaskResult:
    """Build a look as an older program kept it: with a whole answer, and without what stands in texts."""
    answer = framed("processes", *rows, nonce=nonce).stdout
    look = Look(key=LookKey(collector=collector), rows=len(rows), answer=evidence(answer), revision=2)
    return TaskResult(index=0, name="look", state=TaskState.DONE, looks=(look,))


def kept(path: Path, *hosts: str, **but: Any) -> None:
    """Keep one old look of each host."""
    with Ledger.open(path) as ledger:
        for host in hosts:
            rows = a_process(), a_process("/usr/bin/curl", command_line=f"curl {URL} -o {host}", **but)
            ledger.finish_attempt("s1", an_attempt(looked(*rows, nonce=f"aa{host}"), host=host))
    sql(path, "UPDATE look SET reading = NULL")


def sql(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def seen(path: Path, host: str) -> dict[str, int | None]:
    with Ledger.open(path, create=False) as ledger:
        return {each.value: each.row for each in ledger.observations("s1", host, 1) if each.kind is Kind.URL}


def run(path: Path, steps: list[tuple[int, int]] | None = None) -> Reread:
    with Ledger.open(path, create=False) as ledger:
        return reread(ledger, lambda done, of: (steps if steps is not None else []).append((done, of)))


def test_what_an_older_program_passed_over_is_found_with_its_row(path: Path) -> None:
    kept(path, *HOSTS)
    assert seen(path, "pc-03") == {}

    steps: list[tuple[int, int]] = []
    assert run(path, steps) == Reread(done=5)

    assert [seen(path, host) for host in HOSTS] == [{URL: 2}] * 5
    assert steps == [(5, 5)]
    assert sql(path, "SELECT DISTINCT reading FROM look") == [(READING,)]


def test_a_look_of_this_program_is_not_read_again(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.finish_attempt("s1", an_attempt(looked(a_process())))

    assert run(path) == Reread()


def test_a_look_that_a_start_committed_and_whose_visit_never_ended_is_read_again(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.begin(an_intent(), [looked(a_process(command_line=URL))])
    sql(path, "UPDATE look SET reading = NULL")

    assert run(path) == Reread(done=1)
    assert seen(path, "pc-01") == {URL: 1}


def test_a_file_that_the_sweep_placed_is_still_no_observation(path: Path) -> None:
    row = a_process("/var/lib/lamsach/tools/x/quet", "ab" * 32, command_line=f"quet {URL}")
    with Ledger.open(path) as ledger:
        ledger.finish_attempt("s1", an_attempt(looked(row)))
    sql(path, "UPDATE look SET reading = NULL")

    run(path)

    assert seen(path, "pc-01") == {}


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("DELETE FROM blob WHERE sha256 = '{sha}'", "keeps nothing under"),
        ("UPDATE blob SET packed = X'00' WHERE sha256 = '{sha}'", "is damaged"),
        ("UPDATE look SET collector = 'gone' WHERE attempt = 2", "there is no collector 'gone'"),
        ("UPDATE look SET collector = 'files' WHERE attempt = 2", "no answer of 'files'"),
        ("UPDATE look SET position = 7 WHERE attempt = 2", "no record of its visit"),
    ],
)
def test_an_answer_that_cannot_be_read_keeps_its_sightings_and_stops_no_other(
    path: Path, damage: str, why: str
) -> None:
    kept(path, *HOSTS[:3])
    before = sql(path, "SELECT seen FROM look WHERE attempt = 2")
    (second,) = (
        each for (each,) in sql(path, "SELECT sha256 FROM blob ORDER BY rowid") if b"aapc-02" in _data(path, each)
    )
    sql(path, damage.format(sha=second))

    first, again = run(path), run(path)

    assert (first.done, first.left, first.unreadable) == (2, 0, 1)
    assert why in first.why
    assert "'pc-02' in sweep 's1'" in first.why
    assert again == Reread(unreadable=1, why=first.why)
    assert sql(path, "SELECT seen, reading FROM look WHERE attempt = 2") == [(*before[0], -READING)]
    assert seen(path, "pc-03") == {URL: 2}


def _data(path: Path, sha256: str) -> bytes:
    with Ledger.open(path) as ledger:
        return ledger.blob(sha256)


def test_an_answer_that_an_older_reading_could_not_read_is_tried_again(path: Path) -> None:
    kept(path, *HOSTS)
    sql(path, f"UPDATE look SET reading = {1 - READING}")

    assert run(path) == Reread(done=5)


KILLED = """
import os, signal, sys
from pathlib import Path
from controller.app import rereading
from controller.store.ledger import Ledger
rereading._AT_ONCE = 2
with Ledger.open(Path(sys.argv[1]), create=False) as ledger:
    rereading.reread(ledger, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_run_that_is_killed_loses_nothing_and_the_next_one_goes_on(path: Path) -> None:
    kept(path, *HOSTS)

    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert sql(path, "SELECT count(*) FROM look WHERE reading IS NOT NULL") == [(2,)]

    assert run(path) == Reread(done=3)
    assert [seen(path, host) for host in HOSTS] == [{URL: 2}] * 5


def test_two_programs_at_once_do_no_harm(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "_AT_ONCE", 2)
    kept(path, *HOSTS)
    others: list[Reread] = []

    with Ledger.open(path) as ledger:
        mine = reread(ledger, lambda *_: others.append(run(path)))

    assert (mine.done, [each.done for each in others]) == (2, [3])
    assert [seen(path, host) for host in HOSTS] == [{URL: 2}] * 5


def test_what_a_newer_program_read_meanwhile_stays(path: Path) -> None:
    kept(path, "pc-01")
    sql(path, f"UPDATE look SET reading = {READING + 1}")
    before = sql(path, "SELECT * FROM look")

    with Ledger.open(path) as ledger:
        ledger.replace_sightings({1: ()})
        ledger.replace_sightings({1: None})

    assert sql(path, "SELECT * FROM look") == before
    assert run(path) == Reread()


def test_a_store_that_may_not_be_written_says_how_many_looks_are_of_an_older_reading(path: Path) -> None:
    kept(path, *HOSTS)
    sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    archive = path.parent / "archive" / "store.db"
    archive.parent.mkdir()
    archive.write_bytes(path.read_bytes())
    before = archive.read_bytes()
    archive.chmod(0o400)
    archive.parent.chmod(0o500)
    try:
        assert run(archive) == Reread(left=5)
    finally:
        archive.parent.chmod(0o700)
    assert archive.read_bytes() == before


def test_many_sightings_are_written_in_several_transactions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "_MOST_SEEN", 3)
    kept(path, *HOSTS)

    steps: list[tuple[int, int]] = []
    run(path, steps)

    assert steps == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
