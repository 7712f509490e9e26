"""A store of an older program is read again before a command tells states, and what could not be is said."""

import sqlite3
from pathlib import Path

import pytest

from controller.cli.opened import opened
from controller.store.ledger import Ledger
from tests.campaign_store import PROCESSES, Store
from tests.visits import a_process, a_whole_look


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "lamsach.db"
    with Ledger.open(path) as ledger:
        store = Store(ledger, path, (PROCESSES,))
        store.sweep()
        store.visit(a_whole_look(a_process()), a_whole_look(a_process(path="/x")))
    change(path, "UPDATE look SET reading = NULL")
    return path


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(statement)


def test_a_short_reading_says_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(path) as ledger:
        assert ledger.readings().older == 0

    assert capsys.readouterr().err == ""


def test_a_long_reading_says_how_far_it_is(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.cli.opened._EVERY", 0.0)
    with opened(path):
        pass

    assert "2 of 2 are read again. It may be interrupted" in capsys.readouterr().err


def test_answers_that_cannot_be_read_again_are_counted(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(path, "UPDATE blob SET packed = x'00' WHERE rowid IN (SELECT MAX(rowid) FROM blob)")
    with opened(path):
        pass

    assert "1 kept answer cannot be read again" in capsys.readouterr().err
