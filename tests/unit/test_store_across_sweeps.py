from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.model.logon import Logon, Refusal, Standing
from controller.store.ledger import Ledger
from tests.builders import NOON
from tests.unit.store_values import MINUTE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(path) as ledger:
        yield ledger


def test_logons_are_counted_by_account_over_all_runs_of_the_program(path: Path) -> None:
    def asking(account: str) -> Logon:
        return Logon(account=account, proof="mine", host="pc-01", begun=NOON + MINUTE)

    with Ledger.open(path) as ledger:
        for account, accepted in (("an", False), ("an", True), ("binh", None)):
            number = ledger.begin_logon(replace(asking(account), begun=NOON), 30 * MINUTE, lambda _: True)
            assert isinstance(number, int)
            if accepted is not None:
                ledger.end_logon(number, NOON + (MINUTE / 2 if accepted else MINUTE / 4), accepted=accepted)
    with Ledger.open(path) as ledger:
        an, binh = (ledger.standing(asking(account), 30 * MINUTE) for account in ("an", "binh"))
        assert an.refusals == (Refusal("pc-01", NOON + MINUTE / 4),)
        assert not an.open
        assert [(each.host, each.begun, each.ended, each.own) for each in binh.open] == [("pc-01", NOON, None, True)]
        assert ledger.standing(asking("chi"), 30 * MINUTE) == Standing()


def test_a_logon_that_may_not_start_leaves_nothing_in_the_store(ledger: Ledger) -> None:
    asking = Logon(account="an", proof="mine", host="pc-01", begun=NOON)

    assert ledger.begin_logon(asking, 30 * MINUTE, lambda _: False) == Standing()
    assert ledger.standing(asking, 30 * MINUTE) == Standing()
    number = ledger.begin_logon(asking, 30 * MINUTE, lambda _: True)
    assert isinstance(number, int)
    ledger.drop_logon(number)
    assert ledger.standing(asking, 30 * MINUTE) == Standing()
