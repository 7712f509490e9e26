"""The order of commits: looks, runs and decisions are numbered over all sweeps and programs of one store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.model.case import FindingKey, LeftoverKey, MatchKey
from controller.model.decision import (
    CampaignDecision,
    Decision,
    IdentityChange,
    ListAdded,
    Note,
    NoteKind,
    PlaybookNamed,
    Withdrawal,
)
from controller.model.indicator import Kind
from controller.model.playbook import Playbook
from controller.model.result import Identity, Look, ToolRun
from controller.store.ledger import Ledger
from tests.builders import NOON, a_finding, a_result, a_run, an_attempt
from tests.unit.store_values import an_intent, begun, looked, saw


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with begun(tmp_path / "s.db") as ledger:
        yield ledger


def pieces(ledger: Ledger, number: int = 1) -> tuple[list[Look], list[ToolRun]]:
    """Return the looks and runs of an attempt of pc-01 as the store gives them back."""
    (attempt,) = (each for each in ledger.attempts("s1")["pc-01"] if each.number == number)
    return list(attempt.looks), [run for task in attempt.tasks for run in task.runs]


def test_each_visit_is_numbered_by_the_order_of_its_commit_not_of_its_clock(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", replace(an_attempt(looked(saw("/a"))), started=NOON, ended=NOON))
    ledger.finish_attempt("s1", replace(an_attempt(looked(saw("/b")), number=2), ended=NOON.replace(year=2020)))

    assert [pieces(ledger, number)[0][0].committed for number in (1, 2)] == [2, 3]
    assert ledger.latest_commit() == 3


def test_a_look_that_a_start_committed_keeps_that_number_in_the_result_of_its_visit(ledger: Ledger) -> None:
    first, second = looked(), looked(saw("/b"), index=1)
    ledger.begin(an_intent("r1"), (first,))
    ledger.decide(a_note())
    ledger.finish_attempt("s1", an_attempt(first, second))

    assert [look.committed for look in pieces(ledger)[0]] == [2, 4]


def test_a_run_carries_the_numbers_of_its_start_and_of_its_end(ledger: Ledger) -> None:
    ledger.begin(an_intent("r1"), ())
    ledger.decide(a_note())
    run = ledger.finish(a_run(a_finding()))
    ledger.finish_attempt("s1", an_attempt(a_result(run)))

    assert (run.began, run.committed) == (2, 4)
    assert [(each.began, each.committed) for each in pieces(ledger)[1]] == [(2, 4)]


def test_the_same_end_again_keeps_the_first_numbers(ledger: Ledger) -> None:
    ledger.begin(an_intent("r1"), ())
    first = ledger.finish(a_run())
    again = ledger.finish(a_run())

    assert (again.began, again.committed) == (first.began, first.committed) == (2, 3)
    assert ledger.latest_commit() == 3


def test_the_same_result_again_takes_no_number(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.finish_attempt("s1", an_attempt(looked(saw("/a"))))

    assert ledger.latest_commit() == 2


def test_programs_that_share_a_store_share_its_numbers(ledger: Ledger, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "s.db") as other:
        other.finish_attempt("s1", an_attempt())
        ledger.finish_attempt("s1", an_attempt(host="pc-02"))

        assert (ledger.latest_commit(), other.latest_commit()) == (3, 3)


def test_a_refused_write_takes_no_number(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", an_attempt())
    with pytest.raises(Exception, match="another result"):
        ledger.finish_attempt("s1", an_attempt(a_result()))

    assert ledger.latest_commit() == 2


def a_note(host: str = "pc-01") -> Note:
    return Note(
        host=host,
        kind=NoteKind.HANDLED,
        operator="quản trị",
        made=NOON,
        at=NOON,
        object="/tmp/x",
        text="đã xóa tay",
        matches=(MatchKey((Kind.PATH, "/tmp/x"), "files", "/tmp/x"),),
        findings=(FindingKey("quet", "Bad", "/tmp/x"),),
        leftovers=(LeftoverKey("cron a", "/tmp/x"),),
        items=(("/srv/x", "folder 13"),),
        began=7,
    )


def test_decisions_about_a_computer_come_back_in_their_order(ledger: Ledger) -> None:
    change = IdentityChange(host="pc-01", operator="root", made=NOON, before=Identity(serial="A1", macs=("a", "b")))
    given: list[Decision] = [a_note(), a_note("pc-02"), change]
    for each in given:
        ledger.decide(each)

    assert ledger.decisions("pc-01") == (replace(a_note(), committed=2), replace(change, committed=4))
    assert ledger.decisions("pc-03") == ()


def test_decisions_about_the_campaign_come_back_in_their_order(ledger: Ledger) -> None:
    playbook = Playbook(path="/k/p.yml", digest="0" * 64, name="kiểm tra", hosts="all", lists=(), tasks=())
    given: list[CampaignDecision] = [
        PlaybookNamed(playbook=playbook, operator="root", made=NOON),
        ListAdded(name="thư A05", sha256="1" * 64, operator="root", made=NOON),
        Withdrawal(operator="root", made=NOON, why="nhầm", values=((Kind.PATH, "/tmp/x"),)),
    ]
    for each in given:
        ledger.decide(each)

    assert ledger.campaign_decisions() == tuple(
        replace(each, committed=number) for number, each in enumerate(given, start=2)
    )
    assert ledger.decisions("pc-01") == ()


def test_an_observation_remembers_the_row_it_came_from(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", an_attempt(looked(replace(saw("/a"), row=3), saw("/b"))))

    assert [each.row for each in ledger.observations("s1", "pc-01", 1)] == [3, None]
