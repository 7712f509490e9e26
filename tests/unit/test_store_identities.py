"""The record of which machine answered to which name, and who owns its marks."""

import multiprocessing
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import Reason
from controller.model.decision import IdentityChange
from controller.model.identity import Recognition
from controller.model.result import Identity
from controller.store.ledger import Ledger
from tests.builders import NOON, an_attempt
from tests.unit.store_values import MINUTE, a_sweep, begun

ONE = Identity(computer_name="PC1", machine_id="m", uuid="u-1", serial="S-1", macs=("02:00:00:00:00:0a",))
NAMES = ("pc-01", "pc-02", "pc-03")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with begun(path) as ledger:
        yield ledger


def reason(found: Recognition) -> Reason | None:
    return found.doubt.reason if found.doubt else None


def test_what_answers_show_is_added_up_over_all_runs_of_the_program(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.recognise("pc-01", replace(ONE, uuid="", serial=""), NAMES, NOON)
    with Ledger.open(path) as ledger:
        ledger.recognise("pc-01", replace(ONE, machine_id=""), NAMES, NOON + MINUTE)

        assert ledger.identity("pc-01") == ONE
        assert ledger.identity("pc-02") is None


def test_an_answer_in_doubt_changes_nothing(ledger: Ledger) -> None:
    ledger.recognise("pc-01", ONE, NAMES, NOON)

    assert reason(ledger.recognise("pc-01", Identity(uuid="u-2", serial="S-2"), NAMES, NOON)) is (
        Reason.IDENTITY_MISMATCH
    )
    assert reason(ledger.recognise("pc-02", replace(ONE, macs=("02:00:00:00:00:0b",)), NAMES, NOON)) is (
        Reason.IDENTITY_TWICE
    )
    assert (ledger.identity("pc-01"), ledger.identity("pc-02")) == (ONE, None)
    assert reason(ledger.recognise("pc-03", Identity(macs=("02:00:00:00:00:0b",)), NAMES, NOON)) is None


def test_a_network_card_belongs_to_the_name_that_showed_it_first_until_that_leaves(ledger: Ledger) -> None:
    dock = "02:00:00:00:00:dd"
    first, second = replace(ONE, macs=(dock,)), Identity(uuid="u-2", serial="S-2", macs=("02:00:00:00:00:0b",))
    ledger.recognise("pc-01", first, NAMES, NOON)
    ledger.recognise("pc-02", second, NAMES, NOON)
    borrowed = replace(second, macs=(*second.macs, dock))

    assert ledger.recognise("pc-02", borrowed, NAMES, NOON).notes
    assert ledger.identity("pc-02") == second
    assert ledger.recognise("pc-02", borrowed, ("pc-02", "pc-03"), NOON).notes == ()
    assert ledger.identity("pc-02") == borrowed
    assert reason(ledger.recognise("pc-03", Identity(macs=(dock,)), ("pc-02", "pc-03"), NOON)) is Reason.IDENTITY_TWICE


def test_a_name_that_comes_back_does_not_take_its_machine_from_the_name_that_has_it_now(ledger: Ledger) -> None:
    ledger.recognise("pc-01", ONE, NAMES, NOON)

    assert reason(ledger.recognise("pc-02", ONE, ("pc-02", "pc-03"), NOON)) is None
    assert reason(ledger.recognise("pc-01", ONE, NAMES, NOON)) is Reason.IDENTITY_TWICE
    assert reason(ledger.recognise("pc-02", ONE, NAMES, NOON)) is None
    ledger.change_identity(IdentityChange(host="pc-02", operator="an", made=NOON, before=ONE))
    assert reason(ledger.recognise("pc-01", ONE, NAMES, NOON)) is None


def test_a_change_begins_a_new_record_and_keeps_what_was_known(ledger: Ledger) -> None:
    ledger.recognise("pc-01", ONE, NAMES, NOON)
    change = IdentityChange(host="pc-01", operator="an", made=NOON + MINUTE, before=ONE)
    ledger.change_identity(change)

    assert ledger.identity("pc-01") is None
    assert ledger.decisions("pc-01") == (replace(change, committed=2),)
    assert ledger.identity_changes() == {"pc-01": 2}
    assert reason(ledger.recognise("pc-02", ONE, NAMES, NOON)) is None


def test_the_newest_answer_is_that_of_the_newest_visit_of_any_sweep_that_answered(ledger: Ledger) -> None:
    assert ledger.newest_answer("pc-01") is None
    ledger.begin_sweep(a_sweep("s2"), ())
    newer = replace(an_attempt(fault=Reason.IDENTITY_UNSURE), identity=Identity(computer_name="NEW"))
    ledger.finish_attempt("s1", replace(an_attempt(), identity=ONE))
    ledger.finish_attempt("s2", newer)
    ledger.finish_attempt("s1", an_attempt(number=2, fault=Reason.REACH_TIMEOUT))

    assert ledger.newest_answer("pc-01") == newer
    assert ledger.newest_answer("pc-02") is None


def test_of_two_visits_that_meet_one_machine_at_once_one_is_the_newcomer(ledger: Ledger) -> None:
    together = threading.Barrier(2)
    found: dict[str, Reason | None] = {}

    def visit(name: str) -> None:
        together.wait()
        found[name] = reason(ledger.recognise(name, ONE, NAMES, NOON))

    threads = [threading.Thread(target=visit, args=(name,)) for name in NAMES[:2]]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(map(str, found.values())) == ["None", Reason.IDENTITY_TWICE]


def _visit_all(path: Path, name: str, machines: int) -> list[int]:
    """Meet machines one after the other under names of one process; return those that were taken."""
    names = [f"{each}-{number}" for each in ("a", "b") for number in range(machines)]
    with Ledger.open(path) as ledger:
        answers = (
            (number, ledger.recognise(f"{name}-{number}", Identity(macs=(f"mac{number}",)), names, NOON))
            for number in range(machines)
        )
        return [number for number, found in answers if found.doubt is None]


def test_two_programs_on_one_store_never_take_one_machine_for_two_names(ledger: Ledger, path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        a, b = pool.starmap(_visit_all, [(path, "a", 40), (path, "b", 40)])

    assert sorted(a + b) == list(range(40))
