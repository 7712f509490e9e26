import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from controller.model.indicator import Kind
from controller.store import attempts, database, observations
from controller.store.ledger import Ledger
from controller.store.observations import Known
from tests.builders import an_attempt
from tests.unit.store_values import begun, looked, saw


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    with begun(tmp_path / "store.db"):
        yield tmp_path / "store.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    engine = database.open(path)
    yield engine
    engine.dispose()


def finish(engine: Engine, known: Known, host: str, *values: str) -> None:
    with engine.begin() as connection:
        attempts.finish(connection, "s1", an_attempt(looked(*map(saw, values)), host=host), known)


def seen(path: Path, host: str) -> list[str]:
    with Ledger.open(path) as ledger:
        return [each.value for each in ledger.observations("s1", host, 1)]


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_a_result_that_was_rolled_back_leaves_nothing_that_a_later_one_could_point_at(
    path: Path, engine: Engine
) -> None:
    known: Known = {}
    finish(engine, known, "pc-01", "/shared")
    with engine.connect() as connection:
        torn = an_attempt(looked(saw("/shared"), saw("/torn")), looked(saw("/torn"), index=1), host="pc-02")
        attempts.finish(connection, "s1", torn, known)
        connection.rollback()

    finish(engine, known, "pc-03", "/takes the row number of torn")
    finish(engine, known, "pc-04", "/torn", "/shared")
    finish(engine, known, "pc-05", "/shared", "/torn")

    assert seen(path, "pc-03") == ["/takes the row number of torn"]
    assert seen(path, "pc-04") == ["/torn", "/shared"]
    assert seen(path, "pc-05") == ["/shared", "/torn"]
    assert rows(path, "SELECT count(*) FROM observation") == [(3,)]


def test_two_programs_that_take_turns_on_one_store_share_its_values(path: Path) -> None:
    with Ledger.open(path) as one, Ledger.open(path) as two:
        for number in range(6):
            ledger = (one, two)[number % 2]
            mine, others = f"/of/{number}", [f"/of/{before}" for before in range(number)]
            values = [saw(value) for value in ("/common", *others, mine)]
            ledger.finish_attempt("s1", an_attempt(looked(*values), host=f"pc-{number}"))

    for number in range(6):
        assert seen(path, f"pc-{number}") == ["/common", *(f"/of/{each}" for each in range(number + 1))]
    assert rows(path, "SELECT count(*) FROM observation") == [(7,)]


def test_a_value_is_remembered_once_it_was_met_in_the_store(engine: Engine) -> None:
    known: Known = {}
    finish(engine, known, "pc-01", "/a", "/b")
    assert known == {}

    finish(engine, known, "pc-02", "/b", "/c")
    assert known == {"path\0/b": 2}


def test_what_is_remembered_is_bounded_whatever_hosts_say(
    path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observations, "_REMEMBERED", 5)
    known: Known = {}
    long = "/" + "x" * 1000
    values = [*(f"/{number}" for number in range(12)), long]
    finish(engine, known, "pc-0", *values)

    for number, part in enumerate((values[:3], values[2:6], values[4:8], values), 1):
        finish(engine, known, f"pc-{number}", *part)
        assert 0 < len(known) <= 5
        assert seen(path, f"pc-{number}") == part
    assert not any(long in text for text in known)


def test_looks_of_one_result_share_their_values(path: Path, engine: Engine) -> None:
    both = an_attempt(looked(saw("/a")), looked(saw("/b"), saw("/a"), saw("/a", kind=Kind.NAME), index=1))
    with engine.begin() as connection:
        attempts.finish(connection, "s1", both, {})

    assert seen(path, "pc-01") == ["/a", "/b", "/a", "/a"]
    assert rows(path, "SELECT kind, value FROM observation") == [("path", "/a"), ("path", "/b"), ("name", "/a")]


def test_values_that_an_earlier_program_kept_are_found_again(path: Path, engine: Engine) -> None:
    digest = hashlib.blake2b(b"path\0/a", digest_size=16).hexdigest()
    rows(path, f"INSERT INTO observation VALUES (77, X'{digest}', 'path', '/a')")

    finish(engine, {}, "pc-01", "/b", "/a")

    assert seen(path, "pc-01") == ["/b", "/a"]
    assert rows(path, "SELECT id, value FROM observation") == [(77, "/a"), (78, "/b")]
