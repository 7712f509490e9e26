import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from controller.errors import StoreError
from controller.store.ledger import Ledger
from tests.builders import NOON, a_run, an_attempt
from tests.unit.store_values import an_intent, begun, evidence, looked, saw

WRITER = """
import sys
from pathlib import Path
from controller.store.ledger import Ledger
from tests.builders import a_result, a_run, an_attempt, NOON
from tests.unit.store_values import a_sweep, an_intent, looked, saw

name, times = sys.argv[2], int(sys.argv[3])
with Ledger.open(Path(sys.argv[1])) as ledger:
    ledger.begin_sweep(a_sweep(name), ())
    print("begun", flush=True)
    for number in range(times):
        host = run = f"{name}-{number}"  # a computer has one open start at a time
        task = looked(*(saw(f"/{name}/{number}/{each}") for each in range(50)), answer=run.encode() * 500)
        ledger.begin(an_intent(run, sweep=name, host=host), (task,))
        ledger.finish(a_run(run_id=run))
        ledger.finish_attempt(name, an_attempt(task, a_result(a_run(run_id=run), index=1), host=host))
        print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def writer(path: Path, name: str, times: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def assert_whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_kill_nine_in_the_middle_of_commits_leaves_nothing_half(path: Path) -> None:
    chance = random.Random(5)
    said = {}
    for round_ in range(3):
        name = f"s{round_}"
        with writer(path, name, 100_000) as process:
            assert process.stdout
            assert process.stdout.readline() == "begun\n"
            numbers = [int(process.stdout.readline()) for _ in range(4)]
            time.sleep(chance.random() / 3)
            process.send_signal(signal.SIGKILL)
            said[name] = numbers + [int(line) for line in process.stdout if line.endswith("\n")]

    assert_whole(path)
    with Ledger.open(path) as ledger:
        for name, numbers in said.items():
            kept = ledger.attempts(name)
            still_open = {each.host: each for each in ledger.open_attempts(name)}
            assert {f"{name}-{number}" for number in numbers} <= set(kept)
            assert len(still_open) <= 1
            for host, (attempt,) in kept.items():
                assert len(ledger.observations(name, host, 1)) == 50
                answer = attempt.looks[0].answer
                assert answer
                assert len(ledger.blob(answer.sha256)) > 1000
            for host, left in still_open.items():
                assert len(ledger.observations(name, host, 1)) == 50 * len(left.so_far)


def test_processes_that_write_at_once_hear_of_no_error(path: Path) -> None:
    """They also make the store at once."""
    processes = [writer(path, f"s{number}", 25) for number in range(4)]
    ends = [process.communicate(timeout=60) for process in processes]

    assert [(process.returncode, error) for process, (_, error) in zip(processes, ends, strict=True)] == [(0, "")] * 4
    assert_whole(path)
    with Ledger.open(path) as ledger:
        assert {line.id: line.finished for line in ledger.sweeps()} == {f"s{number}": 25 for number in range(4)}


def test_threads_share_a_ledger(path: Path) -> None:
    hosts = [f"pc-{number}" for number in range(40)]

    def visit(host: str) -> None:
        ledger.begin(an_intent(f"run-{host}", host=host), ())
        assert len(ledger.open_starts("s1", host)) == 1
        ledger.finish(a_run(run_id=f"run-{host}"))

    with begun(path) as ledger, ThreadPoolExecutor(16) as threads:
        for host, _ in zip(hosts, threads.map(visit, hosts), strict=True):
            ledger.finish_attempt("s1", an_attempt(host=host))

        assert set(ledger.attempts("s1")) == set(hosts)
        assert not any(ledger.open_starts("s1", host) for host in hosts)


def test_a_reader_is_not_kept_waiting_by_a_writer_nor_a_writer_by_it(path: Path) -> None:
    with begun(path) as ledger, Ledger.open(path, busy_seconds=0) as reader:
        ledger.finish_attempt("s1", an_attempt())
        with closing(sqlite3.connect(path, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")

            assert len(reader.attempts("s1")) == 1
            assert reader.sweeps()[0].finished == 1
        with closing(sqlite3.connect(path, isolation_level=None)) as another:
            another.execute("BEGIN")
            another.execute("SELECT count(*) FROM attempt").fetchall()

            ledger.finish_attempt("s1", an_attempt(number=2))
        assert len(reader.attempts("s1")["pc-01"]) == 2


def each_write(ledger: Ledger) -> Iterator[Callable[[], object]]:
    yield lambda: ledger.finish_attempt("s1", an_attempt(host="pc-09"))
    yield lambda: ledger.begin(an_intent("r9"), ())
    yield lambda: ledger.finish(a_run(run_id="r1"))
    yield lambda: ledger.end_sweep("s1", NOON)


def fill_the_disk(ledger: Ledger) -> None:
    for number in range(2, 1000):
        task = looked(saw(f"/{number}"), answer=os.urandom(20_000))
        ledger.finish_attempt("s1", an_attempt(task, number=number))


def test_a_full_disk_is_a_sentence_loses_nothing_and_ends_all_writing(path: Path) -> None:
    with begun(path, max_pages=120) as ledger:
        ledger.begin(an_intent("r1"), ())
        with pytest.raises(StoreError, match=r"its disk is full; free space there$"):
            fill_the_disk(ledger)

        assert ledger.broken
        for write in each_write(ledger):
            with pytest.raises(StoreError, match="its disk is full"):
                write()
        kept = len(ledger.attempts("s1")["pc-01"])

    assert_whole(path)
    with Ledger.open(path) as ledger:
        attempts = ledger.attempts("s1")["pc-01"]
        assert [each.number for each in attempts] == list(range(2, kept + 2))
        assert kept > 5
        assert all(ledger.blob(each.looks[0].answer.sha256) for each in attempts if each.looks[0].answer)
        assert [each.intent for each in ledger.open_starts("s1", "pc-01")] == [an_intent("r1")]
        for write in each_write(ledger):
            write()


def test_a_store_that_another_program_holds_too_long_ends_all_writing(path: Path) -> None:
    with begun(path, busy_seconds=0.05) as ledger:
        with closing(sqlite3.connect(path, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="another program holds it too long; wait for the other lamsach"):
                ledger.finish_attempt("s1", an_attempt())
        with pytest.raises(StoreError, match="another program holds it too long"):
            ledger.finish_attempt("s1", an_attempt())
        assert ledger.attempts("s1") == {}


def test_a_write_waits_for_another_program_that_is_quick_enough(path: Path) -> None:
    with (
        begun(path) as ledger,
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as another,
    ):
        another.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, another.execute, ("COMMIT",))
        release.start()
        ledger.finish_attempt("s1", an_attempt())
        release.join()

        assert len(ledger.attempts("s1")) == 1


@pytest.mark.parametrize("changed", [b"no zstd", zstandard.compress(b"another!!" * 100)])
def test_evidence_that_was_changed_on_the_disk_is_never_shown(path: Path, changed: bytes) -> None:
    piece = evidence(b"an answer" * 100)
    with begun(path) as ledger:
        ledger.begin(an_intent(), ())
        ledger.finish(a_run(log=piece))
        with closing(sqlite3.connect(path)) as disk, disk:
            disk.execute("UPDATE blob SET packed = ? WHERE sha256 = ?", (changed, piece.sha256))

        with pytest.raises(StoreError, match="is damaged; put back a copy"):
            ledger.blob(piece.sha256)
