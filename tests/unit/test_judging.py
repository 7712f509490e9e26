"""Which visits of a sweep say something about the machine that a name has now."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.app.judging import judged, judged_attempts
from controller.errors import Reason
from controller.model.decision import IdentityChange
from controller.model.result import Attempt, Identity
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from tests.builders import NOON, a_look, a_match, a_result, a_run, an_attempt
from tests.unit.store_values import an_intent, begun

FIRST = Identity(computer_name="PC-01", uuid="u1", serial="s1", macs=("a1",))
SECOND = Identity(computer_name="PC-02", uuid="u2", serial="s2", macs=("a2",))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with begun(tmp_path / "store.db") as opened:
        yield opened


def clean(ledger: Ledger, number: int = 1, began: int | None = None) -> Attempt:
    look = replace(a_look(), began=ledger.latest_commit() if began is None else began)
    return replace(an_attempt(a_result(look), number=number), identity=FIRST)


def accept(ledger: Ledger, host: str = "pc-01") -> None:
    ledger.change_identity(IdentityChange(host=host, operator="an", made=NOON, before=FIRST))


def verdict(ledger: Ledger, host: str = "pc-01") -> tuple[Verdict, Reason | None]:
    judgement = judged(ledger, "s1")[host]
    return judgement.verdict, judgement.reason


def test_the_visits_to_a_replaced_machine_say_nothing_about_the_new_one(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", clean(ledger))
    assert verdict(ledger) == (Verdict.CLEAN, None)
    accept(ledger)

    assert verdict(ledger) == (Verdict.UNKNOWN, Reason.HOST_PENDING)
    assert "visit it with --retry unknown" in judged(ledger, "s1")["pc-01"].detail
    ledger.finish_attempt("s1", clean(ledger, 2))
    assert verdict(ledger) == (Verdict.CLEAN, None)


def test_accepting_ends_the_doubt_of_earlier_visits(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", replace(an_attempt(fault=Reason.IDENTITY_MISMATCH), identity=SECOND))
    assert verdict(ledger) == (Verdict.UNKNOWN, Reason.IDENTITY_MISMATCH)
    accept(ledger)
    ledger.finish_attempt("s1", an_attempt(number=2, fault=Reason.REACH_TIMEOUT))

    assert verdict(ledger) == (Verdict.UNKNOWN, Reason.REACH_TIMEOUT)


def test_what_the_old_machine_had_is_not_closed_by_the_new_one(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", replace(an_attempt(a_result(a_look(a_match()))), identity=FIRST))
    accept(ledger)
    ledger.finish_attempt("s1", clean(ledger, 2))

    assert verdict(ledger) == (Verdict.CLEAN, None)
    assert judged(ledger, "s1")["pc-01"].met == ()


def test_a_visit_that_was_under_way_while_its_machine_was_replaced_says_nothing(ledger: Ledger) -> None:
    before = ledger.latest_commit()
    accept(ledger)
    ledger.finish_attempt("s1", clean(ledger, began=before))

    assert verdict(ledger) == (Verdict.UNKNOWN, Reason.HOST_PENDING)


def test_a_visit_that_goes_on_with_results_of_the_old_machine_says_nothing(ledger: Ledger) -> None:
    ledger.begin(an_intent(), ())
    accept(ledger)
    run = ledger.finish(a_run())
    ledger.finish_attempt("s1", an_attempt(a_result(run, a_look())))

    assert verdict(ledger) == (Verdict.UNKNOWN, Reason.HOST_PENDING)


def test_another_name_keeps_its_visits(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", clean(ledger))
    accept(ledger, "pc-02")

    assert verdict(ledger) == (Verdict.CLEAN, None)


def test_of_two_names_of_one_machine_the_newcomer_is_unknown_and_the_other_is_judged() -> None:
    good = an_attempt(a_result(a_look()))
    judgements = judged_attempts(
        {
            "a": [replace(good, host="a", identity=FIRST)],
            "b": [replace(an_attempt(host="b", fault=Reason.IDENTITY_TWICE), identity=FIRST)],
            "c": [replace(good, host="c", identity=SECOND)],
        },
        {},
    )

    assert {name: (each.verdict, each.reason) for name, each in judgements.items()} == {
        "a": (Verdict.CLEAN, None),
        "b": (Verdict.UNKNOWN, Reason.IDENTITY_TWICE),
        "c": (Verdict.CLEAN, None),
    }


def test_a_machine_is_counted_once_when_its_first_name_left_and_another_took_it(ledger: Ledger) -> None:
    for name in ("pc-01", "pc-02"):
        ledger.finish_attempt("s1", replace(clean(ledger), host=name))

    assert verdict(ledger, "pc-01") == (Verdict.UNKNOWN, Reason.IDENTITY_TWICE)
    assert verdict(ledger, "pc-02") == (Verdict.CLEAN, None)
