"""A visit goes on only when the machine is the one its name stands for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.app.identities import Recogniser, accept
from controller.app.judging import judged_attempts
from controller.errors import LineError, OperatorError, Reason
from controller.model.result import Identity
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from tests.builders import NOON, a_look, a_result, an_attempt

FIRST = Identity(computer_name="PC-01", uuid="u1", serial="s1", macs=("a1",), machine_id="cloned")
SECOND = Identity(computer_name="PC-02", uuid="u2", serial="s2", macs=("a2",), machine_id="cloned")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "store.db") as opened:
        yield opened


def reason(ledger: Ledger, host: str, identity: Identity, names: tuple[str, ...] = ("a", "b")) -> Reason | None:
    try:
        Recogniser(ledger, names, lambda: NOON).recognise(host, identity)
    except LineError as error:
        return error.reason
    return None


def test_swapped_addresses_are_noticed_and_not_learned(ledger: Ledger) -> None:
    assert [reason(ledger, "a", FIRST), reason(ledger, "b", SECOND)] == [None, None]
    for _ in range(2):
        assert reason(ledger, "a", SECOND) is Reason.IDENTITY_MISMATCH
        assert reason(ledger, "b", FIRST) is Reason.IDENTITY_MISMATCH

    assert [reason(ledger, "a", FIRST), reason(ledger, "b", SECOND)] == [None, None]


def test_cloned_disks_are_two_machines(ledger: Ledger) -> None:
    assert reason(ledger, "a", FIRST) is None
    assert reason(ledger, "b", SECOND) is None


def test_the_second_name_of_a_machine_is_refused_and_then_the_first_too(ledger: Ledger) -> None:
    assert reason(ledger, "a", FIRST) is None
    assert reason(ledger, "b", FIRST) is Reason.IDENTITY_TWICE
    assert reason(ledger, "a", FIRST) is Reason.IDENTITY_TWICE


def test_a_name_that_left_the_inventory_is_in_nobodys_way(ledger: Ledger) -> None:
    assert reason(ledger, "old", FIRST) is None

    assert reason(ledger, "a", FIRST) is None


def test_a_replaced_computer_is_taken_once_it_was_accepted(ledger: Ledger, tmp_path: Path) -> None:
    assert reason(ledger, "a", FIRST) is None
    assert reason(ledger, "a", SECOND) is Reason.IDENTITY_MISMATCH
    accept(tmp_path / "store.db", ["a"])

    assert reason(ledger, "a", SECOND) is None
    assert reason(ledger, "a", FIRST) is Reason.IDENTITY_MISMATCH


def test_accepting_an_unknown_name_forgets_nobody(ledger: Ledger, tmp_path: Path) -> None:
    assert reason(ledger, "a", FIRST) is None
    with pytest.raises(OperatorError, match="knows no machine of host 'zz'"):
        accept(tmp_path / "store.db", ["a", "zz"])

    assert ledger.identity("a") == FIRST


def test_both_names_of_one_machine_are_unknown_even_when_one_was_called_clean() -> None:
    clean = an_attempt(a_result(a_look()), host="a")
    said = judged_attempts(
        {
            "a": [replace(clean, identity=FIRST)],
            "b": [replace(an_attempt(host="b", fault=Reason.IDENTITY_TWICE), identity=FIRST)],
            "c": [replace(clean, host="c", identity=SECOND)],
        }
    )

    assert {name: (each.verdict, each.reason) for name, each in said.items()} == {
        "a": (Verdict.UNKNOWN, Reason.IDENTITY_TWICE),
        "b": (Verdict.UNKNOWN, Reason.IDENTITY_TWICE),
        "c": (Verdict.CLEAN, None),
    }
