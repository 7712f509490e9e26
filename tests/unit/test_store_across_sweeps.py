from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.model.result import Identity
from controller.store.ledger import Ledger
from tests.builders import NOON
from tests.unit.store_values import MINUTE

ONE = Identity(
    computer_name="PC1", machine_id="m", uuid="U-1", serial="S-1", macs=("02:00:00:00:00:0A", "02:00:00:00:00:0b")
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(path) as ledger:
        yield ledger


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


def test_a_machine_is_remembered_as_it_was_last_seen(ledger: Ledger) -> None:
    newer = Identity(computer_name="PC1B", uuid="U-2", serial="S-2")
    ledger.remember_identity("pc-01", ONE, NOON)
    ledger.remember_identity("pc-01", newer, NOON + MINUTE)

    assert ledger.identity("pc-01") == newer
    assert ledger.identity("pc-02") is None
    assert ledger.hosts_with(ONE) == ()
    assert ledger.hosts_with(newer) == ("pc-01",)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Identity(uuid="u-1", serial="s-1"), True),
        (Identity(macs=("ff:00:00:00:00:00", "02:00:00:00:00:0a")), True),
        (Identity(uuid="U-1"), False),
        (Identity(uuid="U-1", serial="S-9"), False),
        (Identity(serial="S-1"), False),
        (Identity(machine_id="m", computer_name="PC1"), False),
        (Identity(), False),
    ],
)
def test_two_names_are_one_machine_when_uuid_with_serial_or_a_mac_agrees(
    ledger: Ledger, other: Identity, same: bool
) -> None:
    assert ledger.remember_identity("pc-01", ONE, NOON) == ()

    assert ledger.hosts_with(other) == (("pc-01",) if same else ())
    assert ledger.remember_identity("pc-02", other, NOON) == (("pc-01",) if same else ())


def test_accepting_forgets_the_machine_behind_a_name(ledger: Ledger) -> None:
    ledger.remember_identity("pc-01", ONE, NOON)

    assert ledger.accept_identity("pc-01")
    assert not ledger.accept_identity("pc-01")
    assert ledger.identity("pc-01") is None
    assert ledger.hosts_with(ONE) == ()
