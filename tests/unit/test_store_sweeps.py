from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import StoreError, SweepError
from controller.model.sweep import SweepLine
from controller.store.ledger import Ledger
from tests.builders import NOON, an_attempt
from tests.unit.store_values import MINUTE, a_playbook, a_sweep, an_intent, some_files


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "store.db") as ledger:
        yield ledger


def test_a_sweep_and_its_files_come_back_whole(ledger: Ledger) -> None:
    ledger.begin_sweep(a_sweep(), some_files())

    assert ledger.sweep("s1") == a_sweep()
    assert ledger.kept_files("s1") == some_files()


def test_a_sweep_begins_once(ledger: Ledger) -> None:
    ledger.begin_sweep(a_sweep(), ())

    with pytest.raises(StoreError, match="a sweep 's1' already"):
        ledger.begin_sweep(a_sweep(operator="another"), ())

    assert ledger.sweep("s1") == a_sweep()
    assert not ledger.broken


def test_a_file_that_is_not_what_its_hash_says_begins_nothing(ledger: Ledger) -> None:
    wrong = replace(some_files()[0], data=b"something else")

    with pytest.raises(StoreError, match="without its data"):
        ledger.begin_sweep(a_sweep(), (wrong,))

    assert ledger.sweeps() == ()


def test_sweeps_are_listed_newest_first_with_how_far_they_came(ledger: Ledger) -> None:
    ledger.begin_sweep(a_sweep("old"), ())
    ledger.begin_sweep(a_sweep("new", started=NOON + MINUTE), ())
    ledger.finish_attempt("old", an_attempt(number=1))
    ledger.finish_attempt("old", an_attempt(number=2))
    ledger.end_sweep("old", NOON + 2 * MINUTE)

    line = SweepLine(
        id="old",
        started=NOON,
        ended=NOON + 2 * MINUTE,
        operator="người vận hành",
        playbook="rà quét",
        apply=True,
        given=2,
        finished=1,
    )
    assert ledger.sweeps() == (replace(line, id="new", started=NOON + MINUTE, ended=None, finished=0), line)


def test_the_unfinished_are_found_by_playbook_and_inventory(ledger: Ledger) -> None:
    ledger.begin_sweep(a_sweep("a"), ())
    ledger.begin_sweep(a_sweep("b", started=NOON + MINUTE), ())
    ledger.begin_sweep(a_sweep("c", started=NOON + 2 * MINUTE, playbook=a_playbook("p2.yml")), ())
    ledger.begin_sweep(a_sweep("d", started=NOON + 2 * MINUTE, inventory="elsewhere"), ())
    ledger.end_sweep("b", NOON + MINUTE)

    ledger.begin_sweep(a_sweep("e", started=NOON + 3 * MINUTE), ())

    assert ledger.unfinished("p1.yml", "inventory/example") == ("e", "a")
    assert ledger.unfinished("p3.yml", "inventory/example") == ()


def test_a_new_attempt_opens_an_ended_sweep_again(ledger: Ledger) -> None:
    ledger.begin_sweep(a_sweep(), ())
    ledger.end_sweep("s1", NOON)
    ledger.begin(an_intent(attempt=2), ())

    assert ledger.unfinished("p1.yml", "inventory/example") == ("s1",)


def test_a_result_that_comes_without_a_start_opens_an_ended_sweep_again(ledger: Ledger) -> None:
    ledger.begin_sweep(a_sweep(), ())
    ledger.end_sweep("s1", NOON)
    ledger.finish_attempt("s1", an_attempt())

    assert ledger.unfinished("p1.yml", "inventory/example") == ("s1",)


@pytest.mark.parametrize(
    ("text", "found"), [("last", "20220916-x"), ("20220915", "20220915"), ("20220916", "20220916-x")]
)
def test_a_sweep_is_named_by_id_prefix_or_last(ledger: Ledger, text: str, found: str) -> None:
    for name, started in (("20220915", NOON), ("20220915-b", NOON), ("20220916-x", NOON + MINUTE)):
        ledger.begin_sweep(a_sweep(name, started=started), ())

    assert ledger.resolve(text) == found


@pytest.mark.parametrize(
    ("text", "sentence"), [("2022", "write more of it"), ("%", "no sweep '%'"), ("", "no sweep ''")]
)
def test_a_name_for_several_or_no_sweeps_is_refused(ledger: Ledger, text: str, sentence: str) -> None:
    ledger.begin_sweep(a_sweep("20220915"), ())
    ledger.begin_sweep(a_sweep("20220916"), ())

    with pytest.raises(SweepError, match=sentence):
        ledger.resolve(text)


def test_an_empty_store_has_no_last_sweep(ledger: Ledger) -> None:
    with pytest.raises(SweepError, match="no sweep yet"):
        ledger.resolve("last")


def test_an_unknown_sweep_is_a_mistake(ledger: Ledger) -> None:
    with pytest.raises(SweepError, match="no sweep 's9'"):
        ledger.sweep("s9")
