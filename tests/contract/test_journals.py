"""What every record of starts promises: the store, and the one in memory that tests of visits use."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.engine.journal import Journal
from controller.errors import StoreError
from controller.model.intent import Intent, IntentState
from controller.model.result import ToolMode
from controller.store.ledger import Ledger
from tests.builders import a_look, a_result, a_run
from tests.unit.store_values import a_sweep, an_intent, some_files
from tests.visits import MemoryJournal


@pytest.fixture(params=["store", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    with Ledger.open(tmp_path / "store.db") as ledger:
        for name in ("s1", "s2"):
            ledger.begin_sweep(a_sweep(name), some_files())
        yield ledger


def still_open(journal: Journal, host: str = "pc-01") -> list[Intent]:
    return [each.intent for each in journal.open_starts("s1", host)]


def state_of(journal: Journal, sweep: str = "s1", attempt: int = 1) -> list[tuple[str, IntentState, bool]]:
    starts = journal.starts_of(sweep, "pc-01", attempt)
    return [(each.intent.run_id, each.intent.state, each.taken) for each in starts]


def test_a_start_is_open_until_its_end_in_whichever_sweep(journal: Journal) -> None:
    assert journal.begin(an_intent("r1", sweep="s2"), ())
    assert journal.begin(an_intent("r2", host="pc-02"), ())

    assert still_open(journal) == [an_intent("r1", sweep="s2")]
    assert state_of(journal, "s2") == [("r1", IntentState.BEGUN, False)]
    assert journal.finish(a_run(run_id="r1")) == a_run(run_id="r1")

    assert still_open(journal) == []
    assert [start.run for start in journal.starts_of("s2", "pc-01", 1)] == [a_run(run_id="r1")]
    assert still_open(journal, "pc-02") == [an_intent("r2", host="pc-02")]


def test_no_start_is_committed_beside_an_open_one_on_the_same_computer(journal: Journal) -> None:
    journal.begin(an_intent("r1", sweep="s2"), ())

    assert not journal.begin(an_intent("r2"), (a_result(a_look()),))
    assert (still_open(journal), state_of(journal)) == ([an_intent("r1", sweep="s2")], [])

    journal.finish(a_run(run_id="r1"))
    assert journal.begin(an_intent("r2"), ())
    assert journal.begin(an_intent("r2"), ())


def test_a_start_that_is_taken_over_counts_for_both_attempts_and_has_one_end(journal: Journal) -> None:
    made = an_intent("r1", sweep="s2", mode=ToolMode.DETECT)
    asked = replace(made, sweep="s1", attempt=4, task=0)
    journal.begin(made, ())

    for _ in range(2):
        journal.take_over(asked, ())

    assert still_open(journal) == [made]
    assert state_of(journal, attempt=4) == [("r1", IntentState.BEGUN, True)]
    journal.finish(a_run(run_id="r1"))
    for sweep, attempt, intent in (("s2", 1, made), ("s1", 4, asked)):
        (start,) = journal.starts_of(sweep, "pc-01", attempt)
        assert (start.intent, start.run) == (replace(intent, state=IntentState.FINISHED), a_run(run_id="r1"))


@pytest.mark.parametrize(
    ("close", "state"),
    [
        (lambda journal: journal.interrupt("r1"), IntentState.INTERRUPTED),
        (lambda journal: journal.void("r1"), IntentState.VOID),
    ],
    ids=["interrupt", "void"],
)
def test_a_start_without_an_end_is_closed_once_and_an_end_that_was_read_wins(
    journal: Journal, close: Callable[[Journal], None], state: IntentState
) -> None:
    journal.begin(an_intent("r1"), ())

    for _ in range(2):
        close(journal)

    assert state_of(journal) == [("r1", state, False)]
    assert still_open(journal) == []
    journal.void("r1")
    journal.interrupt("r1")
    assert state_of(journal) == [("r1", state, False)]

    journal.finish(a_run(run_id="r1"))
    close(journal)
    assert state_of(journal) == [("r1", IntentState.FINISHED, False)]


def test_of_two_who_read_the_same_end_the_first_one_counts(journal: Journal) -> None:
    journal.begin(an_intent("r1"), ())
    journal.finish(a_run(run_id="r1"))

    assert journal.finish(a_run(run_id="r1", exit_code=9)) == a_run(run_id="r1")

    assert [start.run for start in journal.starts_of("s1", "pc-01", 1)] == [a_run(run_id="r1")]


def test_a_start_that_nobody_made_has_no_end(journal: Journal) -> None:
    for act in (lambda: journal.finish(a_run()), lambda: journal.interrupt("r1"), lambda: journal.void("r1")):
        with pytest.raises((StoreError, KeyError)):
            act()
