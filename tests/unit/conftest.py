"""Fixtures that several unit tests share."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from controller.store.ledger import Ledger
from controller.tasks import look
from tests.office import Office
from tests.visits import NONCE


@pytest.fixture
def known_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every question carry the nonce that canned answers have."""
    monkeypatch.setattr(look, "secrets", SimpleNamespace(token_hex=lambda _: NONCE))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An operator's folder with three hosts, a look, a list and a tool."""
    return Office.furnished(tmp_path)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new store beside the operator's files."""
    with Ledger.open(tmp_path / "lamsach.db") as ledger:
        yield ledger
