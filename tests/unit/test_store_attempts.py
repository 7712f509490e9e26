import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import StoreError
from controller.model.indicator import Observation
from controller.model.result import Attempt, Evidence, Look, TaskResult, ToolRun
from controller.store.ledger import Ledger
from tests.builders import NOON, a_match, a_result, a_run, an_attempt
from tests.unit.store_values import MINUTE, an_intent, begun, evidence, looked, saw


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with begun(tmp_path / "store.db") as ledger:
        yield ledger


def light(task: TaskResult) -> TaskResult:
    """The task as it is read back."""
    looks = (replace(look, observations=(), answer=bare(look.answer)) for look in task.looks)
    runs = (replace(run, log=bare(run.log)) for run in task.runs)
    return replace(task, looks=tuple(looks), runs=tuple(runs), refused=bare(task.refused))


def bare(kept: Evidence | None) -> Evidence | None:
    return replace(kept, data=b"") if kept else None


def test_a_result_comes_back_with_its_evidence_and_observations_kept_beside_it(ledger: Ledger) -> None:
    task = looked(saw("/a"), saw("/b"), saw("/a", "pid 2"))
    attempt = an_attempt(task, a_result(a_run(log=evidence(b"a log")), index=1))

    ledger.finish_attempt("s1", attempt)

    assert ledger.attempts("s1") == {"pc-01": (replace(attempt, tasks=tuple(map(light, attempt.tasks))),)}
    assert ledger.observations("s1", "pc-01", 1) == (saw("/a"), saw("/b"), saw("/a", "pid 2"))
    assert ledger.blob(evidence(b"a log").sha256) == b"a log"
    assert ledger.blob(evidence(b"an answer").sha256) == b"an answer"
    assert ledger.open_attempts("s1") == ()


st.register_type_strategy(Evidence, st.binary(max_size=50).map(evidence))
TASKS = st.builds(TaskResult, index=st.integers(0, 99), runs=..., looks=..., refused=..., notes=..., fault=...)
ATTEMPTS = st.builds(
    Attempt,
    number=st.just(1),
    started=st.just(NOON),
    ended=st.just(NOON),
    tasks=st.lists(TASKS, max_size=3, unique_by=lambda task: task.index).map(tuple),
    fault=...,
    identity=...,
    refused=...,
)


@settings(max_examples=25, deadline=None)
@given(attempt=ATTEMPTS)
def test_any_result_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, attempt: Attempt) -> None:
    with begun(tmp_path_factory.mktemp("any") / "store.db") as ledger:
        ledger.finish_attempt("s1", attempt)

        lightened = replace(attempt, tasks=tuple(map(light, attempt.tasks)), refused=bare(attempt.refused))
        assert ledger.attempts("s1") == {attempt.host: (lightened,)}
        if attempt.refused:
            assert ledger.blob(attempt.refused.sha256) == attempt.refused.data


def test_evidence_stands_nowhere_else_in_a_result_than_where_the_store_takes_it_out() -> None:
    fields = {(Look, "answer"), (ToolRun, "log"), (TaskResult, "refused"), (Attempt, "refused")}

    assert set(_fields_of_evidence(Attempt)) == fields


def _fields_of_evidence(kind: type) -> Iterator[tuple[type, str]]:
    for name, hint in get_type_hints(kind).items():
        for part in (hint, *get_args(hint)):
            if part is Evidence:
                yield kind, name
            elif is_dataclass(part) and isinstance(part, type):
                yield from _fields_of_evidence(part)


@pytest.mark.parametrize(
    "text", ["a\0b", "\udc80.exe", "\ud800", "'; DROP TABLE blob; --", "{{7*7}}", "x" * 100_000, "🦠"]
)
def test_whatever_a_host_says_can_be_kept(ledger: Ledger, text: str) -> None:
    task = replace(looked(saw(text, text)), notes=(text,))
    attempt = an_attempt(task, a_result(a_run(exit_code=2**70, run_id=text), index=1))

    ledger.finish_attempt("s1", attempt)
    ledger.finish_attempt("s1", attempt)

    (kept,) = ledger.attempts("s1")["pc-01"]
    assert kept.tasks[1].runs[0].exit_code == 2**70
    (seen,) = ledger.observations("s1", "pc-01", 1)
    odd = any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)
    assert (seen == Observation(kind=seen.kind, value=text, collector="processes", where=text)) is not odd


def test_a_value_seen_on_many_hosts_is_kept_once(ledger: Ledger, tmp_path: Path) -> None:
    for host in ("pc-01", "pc-02", "pc-03"):
        ledger.finish_attempt("s1", an_attempt(looked(saw("/a"), saw("/b")), host=host))

    assert _count(tmp_path, "observation") == 2
    assert _count(tmp_path, "look") == 3
    assert ledger.observations("s1", "pc-03", 1) == (saw("/a"), saw("/b"))


def test_more_observations_than_fit_one_question_are_kept(ledger: Ledger) -> None:
    seen = tuple(saw(f"/file/{number}", f"row {number}") for number in range(6_000))

    ledger.finish_attempt("s1", an_attempt(looked(*seen)))

    assert ledger.observations("s1", "pc-01", 1) == seen


def test_a_finished_result_is_never_overwritten(ledger: Ledger) -> None:
    first = an_attempt(looked(saw("/a")))
    ledger.finish_attempt("s1", first)
    ledger.finish_attempt("s1", first)

    with pytest.raises(StoreError, match="attempt 1 of host 'pc-01' in sweep 's1' has another result already"):
        ledger.finish_attempt("s1", replace(first, ended=NOON + MINUTE))
    with pytest.raises(StoreError, match="is finished already"):
        ledger.begin(an_intent(), ())

    assert [each.ended for each in ledger.attempts("s1")["pc-01"]] == [NOON]
    assert not ledger.broken


def test_attempts_come_oldest_first_and_one_that_never_began_is_kept_too(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", an_attempt(number=2))
    ledger.finish_attempt("s1", an_attempt(number=1))
    ledger.finish_attempt("s1", an_attempt(number=10))

    assert [each.number for each in ledger.attempts("s1")["pc-01"]] == [1, 2, 10]


def test_an_open_attempt_shows_what_its_newest_start_committed(ledger: Ledger) -> None:
    ledger.begin(an_intent("r0", host="pc-02"), ())
    first, second = looked(saw("/a")), looked(index=1, answer=b"more")
    ledger.begin(an_intent("r1"), (first,))
    ledger.finish(a_run(run_id="r1"))
    ledger.begin(an_intent("r2"), (first, second))

    two, one = ledger.open_attempts("s1")

    assert (one.host, one.number, one.so_far) == ("pc-01", 1, (light(first), light(second)))
    assert (two.host, two.number, two.so_far) == ("pc-02", 1, ())


def test_a_resumed_attempt_is_finished_with_what_was_read_back_and_loses_nothing(ledger: Ledger) -> None:
    ledger.begin(an_intent(), (looked(saw("/before"), answer=b"before"),))
    (left,) = ledger.open_attempts("s1")

    ledger.finish_attempt("s1", an_attempt(*left.so_far, looked(saw("/after"), index=1, answer=b"after")))

    assert ledger.observations("s1", "pc-01", 1) == (saw("/before"), saw("/after"))
    assert ledger.blob(evidence(b"before").sha256) == b"before"


def test_what_a_start_committed_is_not_kept_twice(ledger: Ledger) -> None:
    task = looked(saw("/a"))
    ledger.begin(an_intent(), (task,))
    ledger.finish_attempt("s1", an_attempt(task))

    assert ledger.observations("s1", "pc-01", 1) == (saw("/a"),)


def test_evidence_without_its_data_is_refused_and_nothing_of_the_result_stays(ledger: Ledger) -> None:
    lost = a_run(log=Evidence(sha256="ab" * 32, data=b""))
    ledger.begin(an_intent(), ())

    with pytest.raises(StoreError, match="without its data"):
        ledger.finish_attempt("s1", an_attempt(looked(saw("/a")), a_result(lost, index=1)))

    assert ledger.attempts("s1") == {}
    assert ledger.observations("s1", "pc-01", 1) == ()


def test_matches_stand_in_the_result_itself(ledger: Ledger) -> None:
    ledger.finish_attempt("s1", an_attempt(a_result(replace(looked().looks[0], matches=(a_match(),)))))

    assert ledger.attempts("s1")["pc-01"][0].looks[0].matches == (a_match(),)


def test_nothing_kept_under_a_hash_is_a_sentence(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="keeps nothing under 'ff"):
        ledger.blob("ff" * 32)


def test_an_attempt_of_an_unknown_sweep_is_refused(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        ledger.finish_attempt("s9", an_attempt())


def _count(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)
