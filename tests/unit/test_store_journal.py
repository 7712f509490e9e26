from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.engine.journal import Journal
from controller.errors import StoreError
from controller.model.intent import IntentState
from controller.model.result import ToolMode
from controller.store.ledger import Ledger
from tests.builders import NOON, a_run, an_attempt
from tests.unit.store_values import an_intent, begun, evidence, looked, saw


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with begun(tmp_path / "store.db") as ledger:
        yield ledger


def test_the_ledger_is_the_journal_that_the_engine_asks_for(ledger: Ledger) -> None:
    journal: Journal = ledger
    journal.begin(an_intent(), ())

    assert journal.open_intents("s1", "pc-01") == (an_intent(),)


def test_hosts_with_a_start_nobody_saw_the_end_of_are_named(ledger: Ledger) -> None:
    for run_id, host in (("r1", "pc-02"), ("r2", "pc-02"), ("r3", "pc-01"), ("r4", "pc-03")):
        ledger.begin(an_intent(run_id, host=host), ())
    ledger.finish(a_run(run_id="r3"))
    ledger.interrupt("r4")

    assert ledger.hosts_under_way("s1") == ("pc-02",)


def test_a_start_is_settled_in_a_later_attempt(ledger: Ledger) -> None:
    seen = looked(saw("/tmp/x"))
    ledger.begin(an_intent("r1"), ())
    ledger.begin(an_intent("r2"), ())
    ledger.finish_attempt("s1", an_attempt())

    ledger.adopt("r1", 2, (seen,), NOON)

    (still_open,) = ledger.open_attempts("s1")
    assert (still_open.number, [task.name for task in still_open.so_far]) == (2, ["look"])
    assert [(each.run_id, each.attempt) for each in ledger.open_intents("s1", "pc-01")] == [("r2", 1), ("r1", 2)]
    ledger.finish(a_run(run_id="r1"))
    assert [run.run_id for _, run in ledger.finished_runs("s1", "pc-01", 2)] == ["r1"]
    assert ledger.finished_runs("s1", "pc-01", 1) == ()


def test_only_a_start_without_an_end_can_be_settled_elsewhere(ledger: Ledger) -> None:
    ledger.begin(an_intent("r1"), ())
    ledger.finish(a_run(run_id="r1"))

    for name in ("r1", "never-begun"):
        with pytest.raises(StoreError, match=f"run '{name}' is not open, and cannot be settled"):
            ledger.adopt(name, 2, (), NOON)

    assert [run.run_id for _, run in ledger.finished_runs("s1", "pc-01", 1)] == ["r1"]


def test_a_start_that_was_torn_off_is_known_to_its_attempt(ledger: Ledger) -> None:
    ledger.begin(an_intent("r1"), ())
    ledger.interrupt("r1")

    assert [each.run_id for each in ledger.interrupted_starts("s1", "pc-01", 1)] == ["r1"]
    assert ledger.interrupted_starts("s1", "pc-01", 2) == ledger.interrupted_starts("s1", "pc-02", 1) == ()


def test_starts_without_an_end_come_oldest_first_and_only_of_this_host(ledger: Ledger) -> None:
    for name in ("z", "a", "m", "k"):
        ledger.begin(an_intent(name), ())
    ledger.begin(an_intent("other", host="pc-02"), ())
    ledger.finish(a_run(run_id="a"))
    ledger.interrupt("m")

    assert [each.run_id for each in ledger.open_intents("s1", "pc-01")] == ["z", "k"]
    assert ledger.open_intents("s2", "pc-01") == ()


def test_a_start_commits_the_evidence_and_observations_so_far(ledger: Ledger) -> None:
    ledger.begin(an_intent(), (looked(saw("/a"), answer=b"so far"),))

    assert ledger.blob(evidence(b"so far").sha256) == b"so far"
    assert ledger.observations("s1", "pc-01", 1) == (saw("/a"),)


def test_a_finished_run_is_kept_with_its_log(ledger: Ledger) -> None:
    run = a_run(log=evidence(b"found and removed"))
    ledger.begin(an_intent("r1"), ())
    ledger.begin(an_intent("r0", mode=ToolMode.DETECT), ())
    ledger.finish(a_run(run_id="r0"))
    ledger.finish(run)

    ended = {"state": IntentState.FINISHED}
    assert ledger.finished_runs("s1", "pc-01", 1) == (
        (an_intent("r1", **ended), replace(run, log=replace(evidence(b"found and removed"), data=b""))),
        (an_intent("r0", mode=ToolMode.DETECT, **ended), a_run(run_id="r0")),
    )
    assert ledger.blob(evidence(b"found and removed").sha256) == b"found and removed"
    assert ledger.finished_runs("s1", "pc-02", 1) == ledger.finished_runs("s1", "pc-01", 2) == ()


def test_saying_the_same_twice_is_fine(ledger: Ledger) -> None:
    ledger.begin(an_intent("r1"), ())
    ledger.begin(an_intent("r1"), ())
    ledger.begin(an_intent("r2"), ())
    for _ in range(2):
        ledger.finish(a_run(run_id="r1"))
        ledger.interrupt("r2")

    assert ledger.open_intents("s1", "pc-01") == ()
    assert [run for _, run in ledger.finished_runs("s1", "pc-01", 1)] == [a_run()]


@pytest.mark.parametrize(
    "contradict",
    [
        lambda ledger: ledger.begin(an_intent("open", tool="another"), ()),
        lambda ledger: ledger.begin(an_intent("open", host="pc-02"), ()),
        lambda ledger: ledger.begin(an_intent("finished"), ()),
        lambda ledger: ledger.begin(an_intent("torn"), ()),
        lambda ledger: ledger.finish(a_run(run_id="finished", exit_code=9)),
        lambda ledger: ledger.finish(a_run(run_id="torn")),
        lambda ledger: ledger.finish(a_run(run_id="nobody")),
        lambda ledger: ledger.interrupt("finished"),
        lambda ledger: ledger.interrupt("nobody"),
    ],
)
def test_a_run_id_has_one_start_and_one_end(ledger: Ledger, contradict: Callable[[Ledger], None]) -> None:
    for name in ("open", "finished", "torn"):
        ledger.begin(an_intent(name), ())
    ledger.finish(a_run(run_id="finished"))
    ledger.interrupt("torn")

    with pytest.raises(StoreError, match="report it"):
        contradict(ledger)

    assert ledger.open_intents("s1", "pc-01") == (an_intent("open"),)
    assert [run for _, run in ledger.finished_runs("s1", "pc-01", 1)] == [a_run(run_id="finished")]
    assert not ledger.broken
