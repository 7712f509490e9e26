from pathlib import Path

import pytest

from controller.store.ledger import Ledger
from tests.builders import NOON
from tests.unit.store_values import MINUTE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_refusals_are_counted_by_account_and_time_over_all_runs_of_the_program(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.note_refusal("an@x", NOON)
        ledger.note_refusal("binh@x", NOON)
    with Ledger.open(path) as ledger:
        ledger.note_refusal("an@x", NOON + MINUTE)

        assert ledger.refusals_since("an@x", NOON) == 2
        assert ledger.refusals_since("an@x", NOON + MINUTE) == 1
        assert ledger.refusals_since("an@x", NOON + 2 * MINUTE) == 0
        assert ledger.refusals_since("chi@x", NOON) == 0
