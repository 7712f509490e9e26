"""What the store adds to the promise of a journal (tests/contract/test_journals.py): evidence, files, refusals."""

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import StoreError
from controller.model.intent import OpenStart
from controller.model.result import ToolMode
from controller.store.ledger import Ledger
from controller.store.lock import hold
from tests.builders import a_run, an_attempt
from tests.unit.store_values import a_playbook, a_sweep, an_intent, begun, evidence, looked, saw, some_files


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def ledger(store: Path) -> Iterator[Ledger]:
    with begun(store) as ledger:
        ledger.begin_sweep(a_sweep("s2"), some_files())
        yield ledger


def test_hosts_with_an_open_start_are_named_whichever_sweep_made_it(ledger: Ledger) -> None:
    for run_id, host, sweep in (("r1", "pc-02", "s1"), ("r3", "pc-01", "s2"), ("r4", "pc-03", "s1"), ("r5", "a", "s2")):
        ledger.begin(an_intent(run_id, host=host, sweep=sweep), ())
    ledger.finish(a_run(run_id="r1"))
    ledger.interrupt("r4")

    assert ledger.hosts_under_way() == ("a", "pc-01")


def test_both_attempts_keep_what_they_had_when_a_start_is_taken_over(ledger: Ledger) -> None:
    before, after = looked(saw("/before"), answer=b"before"), looked(saw("/after"), answer=b"after")
    ledger.begin(an_intent("r1"), (before,))

    ledger.take_over(an_intent("r1", sweep="s2", attempt=1), (after,))

    for sweep, data, seen in (("s1", b"before", "/before"), ("s2", b"after", "/after")):
        (still_open,) = ledger.open_attempts(sweep)
        (look,) = still_open.so_far[0].looks
        assert look.answer
        assert (still_open.number, look.answer.sha256) == (1, evidence(data).sha256)
        assert ledger.observations(sweep, "pc-01", 1) == (saw(seen),)


def test_a_start_can_be_taken_over_from_an_attempt_that_has_ended(ledger: Ledger) -> None:
    ledger.begin(an_intent("r1"), ())
    ended = an_attempt(looked(saw("/a")))
    ledger.finish_attempt("s1", ended)

    ledger.take_over(an_intent("r1", attempt=2), ())
    ledger.finish(a_run(run_id="r1"))

    assert len(ledger.attempts("s1")["pc-01"]) == 1
    assert [each.number for each in ledger.open_attempts("s1")] == [2]


@pytest.mark.parametrize("intent", [an_intent("never-begun"), an_intent("r1", host="pc-02")])
def test_only_a_start_of_this_computer_can_be_taken_over(ledger: Ledger, intent: object) -> None:
    ledger.begin(an_intent("r1"), ())

    with pytest.raises(StoreError, match="was never begun on"):
        ledger.take_over(intent, ())  # type: ignore[arg-type]


def test_an_open_start_says_how_its_log_is_read(ledger: Ledger) -> None:
    ledger.begin(an_intent("r1"), ())

    assert ledger.open_starts("s2", "pc-01") == (
        OpenStart(intent=an_intent("r1"), arguments=a_playbook().tasks[1].clean),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("task", [0, 9])
def test_an_open_start_of_a_task_without_a_tool_is_a_damaged_store(ledger: Ledger, task: int) -> None:
    ledger.begin(an_intent("r1", task=task), ())

    with pytest.raises(StoreError, match=f"a start of task {task + 1} of sweep 's1', which runs no tool; put back"):
        ledger.open_starts("s1", "pc-01")


def test_a_start_is_held_while_another_process_runs_its_sweep_and_its_visit_has_no_end(
    ledger: Ledger, store: Path
) -> None:
    ledger.begin(an_intent("r1"), ())
    ledger.begin(an_intent("r2", host="pc-02"), ())
    ledger.finish_attempt("s1", an_attempt(host="pc-02"))

    def held(sweep: str, host: str = "pc-01") -> bool:
        return ledger.open_starts(sweep, host)[0].held

    assert not held("s2")
    with hold(store, "s1"):
        assert held("s2")
        assert not held("s1")  # whoever runs the sweep is not kept waiting by itself
        assert not held("s2", "pc-02")
    assert not held("s2")


def test_to_ask_who_holds_a_sweep_keeps_no_one_from_holding_it(ledger: Ledger, store: Path) -> None:
    ledger.begin(an_intent("r1"), ())
    with hold(store, "s1"):
        pass
    asking = multiprocessing.get_context("fork").Process(target=ask_for_ever, args=(store,))
    asking.start()
    try:
        for _ in range(300):
            with hold(store, "s1"):
                pass
    finally:
        asking.kill()
        asking.join()


def ask_for_ever(store: Path) -> None:
    with Ledger.open(store) as ledger:
        while True:
            ledger.open_starts("s2", "pc-01")


def test_a_start_commits_the_evidence_and_observations_so_far(ledger: Ledger) -> None:
    ledger.begin(an_intent(), (looked(saw("/a"), answer=b"so far"),))

    assert ledger.blob(evidence(b"so far").sha256) == b"so far"
    assert ledger.observations("s1", "pc-01", 1) == (saw("/a"),)


def test_a_finished_run_is_kept_with_its_log(ledger: Ledger) -> None:
    run = a_run(log=evidence(b"found and removed"))
    ledger.begin(an_intent("r1"), ())
    ledger.finish(run)
    ledger.begin(an_intent("r0", mode=ToolMode.DETECT), ())
    ledger.finish(a_run(run_id="r0"))

    assert [start.run for start in ledger.starts_of("s1", "pc-01", 1)] == [
        replace(run, log=replace(evidence(b"found and removed"), data=b"")),
        a_run(run_id="r0"),
    ]
    assert ledger.blob(evidence(b"found and removed").sha256) == b"found and removed"
    assert ledger.starts_of("s1", "pc-02", 1) == ledger.starts_of("s1", "pc-01", 2) == ()


@pytest.mark.parametrize(
    "contradict",
    [
        lambda ledger: ledger.begin(an_intent("open", tool="another"), ()),
        lambda ledger: ledger.begin(an_intent("open", host="pc-02"), ()),
        lambda ledger: ledger.begin(an_intent("finished"), ()),
        lambda ledger: ledger.begin(an_intent("torn"), ()),
        lambda ledger: ledger.finish(a_run(run_id="nobody")),
        lambda ledger: ledger.interrupt("nobody"),
        lambda ledger: ledger.void("nobody"),
    ],
)
def test_a_run_id_has_one_start(ledger: Ledger, contradict: Callable[[Ledger], None]) -> None:
    ledger.begin(an_intent("finished"), ())
    ledger.finish(a_run(run_id="finished"))
    ledger.begin(an_intent("torn"), ())
    ledger.interrupt("torn")
    ledger.begin(an_intent("open"), ())

    with pytest.raises(StoreError, match="report it"):
        contradict(ledger)

    assert [each.intent for each in ledger.open_starts("s1", "pc-01")] == [an_intent("open")]
    assert [start.run for start in ledger.starts_of("s1", "pc-01", 1) if start.run] == [a_run(run_id="finished")]
    assert not ledger.broken
