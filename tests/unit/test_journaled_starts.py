"""No program is started twice: intent before the first byte, and old starts are settled under their old ids."""

import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from controller.engine.journal import JournaledStarts
from controller.errors import HostError, LineError, Reason, StoreError
from controller.model.fleet import Platform
from controller.model.intent import IntentState, OpenStart
from controller.model.result import Fault, FindingState, Identity, TaskResult, ToolMode, ToolRun
from controller.tasks import tool_run
from controller.tasks.base import Record
from controller.transports.base import RunState
from controller.transports.canned import CannedHost
from tests.builders import NOON, a_finding, a_host, a_job, a_look, a_result, a_run
from tests.visits import (
    ABSENT,
    ELEVATED,
    RUNNING,
    TORN,
    MemoryJournal,
    Stage,
    a_cleaning,
    a_tool,
    an_intent_of,
    ended,
)

NO_DETECT = a_cleaning(a_tool(detect=None))
FULL = LineError(Reason.QUOTA_EXCEEDED, "no session left")


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits take no time; the clock goes on by them."""
    pauses: list[float] = []
    monkeypatch.setattr(tool_run, "time", SimpleNamespace(sleep=pauses.append, monotonic=lambda: sum(pauses)))
    return pauses


def staged(*states: RunState | HostError, left: tuple[str, ...] = (), **but: Any) -> Stage:
    """Build a host that will say `states`; `left` are cleanings whose end nobody saw."""
    stage = Stage(CannedHost(states=states))
    stage.journal.intents |= {name: an_intent_of(a_host(), name, **{"mode": ToolMode.CLEAN, **but}) for name in left}
    return stage


def clean(stage: Stage, attempt: int = 1) -> TaskResult:
    return stage.do(NO_DETECT, replace(a_job(NO_DETECT, apply=True), attempt=attempt))


def starts_of(journal: MemoryJournal, attempt: int = 1, so_far: tuple[TaskResult, ...] = ()) -> JournaledStarts:
    job = replace(a_job(), attempt=attempt)
    return JournaledStarts(job, journal, lambda: so_far, lambda: NOON, machine=ELEVATED.identity)


def begin(starts: JournaledStarts, task: int = 0, mode: ToolMode = ToolMode.CLEAN) -> ToolRun | str | OpenStart:
    arguments = a_cleaning(roots={Platform.LINUX: ("/home",)}).clean
    assert arguments
    return starts.begin(task, mode, arguments)


def test_the_intent_is_committed_before_the_first_byte_and_its_end_after_the_last() -> None:
    stage = staged(RUNNING, RUNNING, ended())

    clean(stage)

    assert stage.verbs == ["open", "put", "begin", "start", "poll", "poll", "finish"]


def test_one_run_id_goes_through_intent_start_poll_and_end() -> None:
    stage = staged(RUNNING, ended())

    (run,) = clean(stage).runs

    ids = {each.launch.run_id if each.launch else each.arguments[0] for each in stage.transport.sent[2:]}
    assert ids == {run.run_id} == set(stage.journal.intents)


def test_an_intent_says_all_that_settling_it_needs() -> None:
    journal, so_far = MemoryJournal(), (a_result(a_look()),)

    run_id = begin(starts_of(journal, attempt=2, so_far=so_far), task=3)

    intent = journal.intents[str(run_id)]
    expected = an_intent_of(a_host(), str(run_id), attempt=2, task=3, roots=("/home",), mode=ToolMode.CLEAN)
    assert intent == replace(expected, machine=ELEVATED.identity)
    assert journal.so_far[intent.run_id] == so_far


def test_every_start_has_an_id_of_its_own() -> None:
    ids = {str(begin(starts_of(MemoryJournal()))) for _ in range(20)}

    assert len(ids) == 20
    assert all(len(run_id) == 32 for run_id in ids)


def test_nothing_is_started_when_the_intent_cannot_be_committed() -> None:
    stage = staged(ended())
    stage.journal.broken = True

    with pytest.raises(StoreError):
        clean(stage)

    assert stage.verbs == ["open", "put"]


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize(
    "states",
    [(RUNNING, RUNNING, ended("REMOVED Lab.A x")), (ended("REMOVED Lab.A x"),)],
    ids=["it runs, or was not there and now runs", "it is over"],
)
def test_a_start_that_nobody_saw_the_end_of_is_settled_under_its_old_id(
    attempt: int, states: tuple[RunState, ...]
) -> None:
    stage = staged(*states, left=("r-old",))

    (run,) = clean(stage, attempt).runs

    assert (run.run_id, run.findings[0].threat) == ("r-old", "Lab.A")
    assert "begin" not in stage.verbs
    assert [run_id for run_id, *_ in stage.starts] == ["r-old"]
    assert stage.journal.open_intents("s1", "pc-01") == ()


@pytest.mark.parametrize("torn", [(TORN,), (RUNNING, TORN), (ABSENT,), (RUNNING, ABSENT)])
def test_a_run_that_was_torn_off_is_interrupted_and_never_started_again(torn: tuple[RunState, ...]) -> None:
    stage = staged(*torn, ended(), left=("r-old",))

    with pytest.raises(HostError) as caught:
        clean(stage)

    assert (caught.value.reason, caught.value.detail) == (Reason.CLEAN_INTERRUPTED, "run r-old")
    assert stage.journal.interrupted == {"r-old"}
    assert [run_id for run_id, *_ in stage.starts] == ["r-old"]

    with pytest.raises(HostError, match=r"clean\.interrupted: run r-old"):
        clean(stage)  # a resume of the same attempt
    (run,) = clean(stage, attempt=2).runs  # only a retry may make a new id
    assert run.run_id != "r-old"


@pytest.mark.parametrize("torn", [(TORN,), (RUNNING, TORN), (ABSENT,)])
def test_a_torn_run_is_interrupted_in_its_own_attempt_and_a_retry_starts_anew(torn: tuple[RunState, ...]) -> None:
    stage = staged(*torn, ended(), left=("r-old",))

    (run,) = clean(stage, attempt=2).runs

    assert [run_id for run_id, *_ in stage.starts] == ["r-old", run.run_id]
    assert stage.journal.interrupted == {"r-old"}
    with pytest.raises(HostError, match=r"clean\.interrupted: run r-old"):
        clean(stage)
    assert clean(stage, attempt=2).runs == (run,)


def test_what_a_retry_has_settled_stays_settled_when_the_retry_is_resumed() -> None:
    stage = staged(ended("REMOVED Lab.A x"), left=("r-old",))
    clean(stage, attempt=2)

    (run,) = clean(stage, attempt=2).runs

    assert (run.run_id, run.findings[0].threat) == ("r-old", "Lab.A")
    assert [run_id for run_id, *_ in stage.starts] == ["r-old"]
    assert stage.verbs == ["open", "put", "take over", "start", "finish", "open", "put"]


def test_a_start_of_another_sweep_is_taken_over_and_stays_with_its_own_attempt() -> None:
    stage = staged(RUNNING, ended("REMOVED Lab.A x"), left=("r-old",), sweep="s0", attempt=3)

    (run,) = clean(stage).runs

    assert run.run_id == "r-old"
    assert "begin" not in stage.verbs
    for sweep, attempt in (("s0", 3), ("s1", 1)):
        (start,) = stage.journal.starts_of(sweep, "pc-01", attempt)
        assert start.run == run


OTHERS: list[dict[str, Any]] = [
    {"mode": ToolMode.DETECT},
    {"roots": ("/home",)},
    {"sha256": "ee" * 32},
    {"sweep": "s0", "mode": ToolMode.DETECT},
]


@pytest.mark.parametrize("other", OTHERS)
def test_a_start_of_another_tool_mode_or_roots_is_waited_for_and_kept_with_its_own_attempt(
    other: dict[str, Any],
) -> None:
    stage = staged(RUNNING, ended("FOUND Lab.B y"), ended(), left=("r-old",), **other)

    (run,) = clean(stage, attempt=2).runs

    assert stage.verbs == ["open", "put", "poll", "poll", "finish", "begin", "start", "finish"]
    assert [run_id for run_id, *_ in stage.starts] == [run.run_id] != ["r-old"]
    kept = stage.journal.runs["r-old"]
    assert (kept.mode, kept.findings[0].threat) == (other.get("mode", ToolMode.CLEAN), "Lab.B")
    assert kept.log


@pytest.mark.parametrize(
    "but", [{"tool": a_tool(digest="t2")}, {"tool": a_tool(), "cleaner": "clamav"}], ids=["tool.yaml", "cleaner"]
)
def test_a_tool_that_is_called_or_read_otherwise_is_another(but: dict[str, Any]) -> None:
    journal = MemoryJournal(arguments=a_cleaning(but.pop("tool"), roots={}, **but).clean)
    journal.intents["r-old"] = an_intent_of(a_host(), "r-old", sweep="s0", mode=ToolMode.CLEAN, roots=("/home",))

    assert isinstance(begin(starts_of(journal)), OpenStart)

    journal.arguments = None
    assert begin(starts_of(journal)) == "r-old"


def test_another_start_that_was_torn_off_is_interrupted_before_a_new_one() -> None:
    stage = staged(TORN, ended(), left=("r-old",), sweep="s0", mode=ToolMode.DETECT)

    clean(stage)

    assert stage.journal.interrupted == {"r-old"}
    assert stage.verbs == ["open", "put", "poll", "interrupted", "begin", "start", "finish"]


def test_another_start_that_the_host_does_not_know_is_made_void_there_first_and_its_attempt_starts_anew() -> None:
    stage = staged(ABSENT, ABSENT, ended(), ended(), left=("r-old",), sweep="s0", mode=ToolMode.DETECT)

    clean(stage)

    assert stage.journal.closed == {"r-old": IntentState.VOID}
    assert stage.verbs == ["open", "put", "poll", "void", "void", "begin", "start", "finish"]
    dry = replace(a_job(NO_DETECT), sweep="s0")
    (run,) = stage.do(a_cleaning(), dry).runs
    assert (run.mode, run.run_id != "r-old") == (ToolMode.DETECT, True)


@pytest.mark.parametrize(
    ("late", "end"), [((RUNNING, RUNNING, ended()), None), ((ended("FOUND Lab.B y"),), None), ((TORN,), "r-old")]
)
def test_a_start_that_begins_while_it_would_be_made_void_is_settled_as_it_stands(
    late: tuple[RunState, ...], end: str | None
) -> None:
    stage = staged(ABSENT, *late, ended(), left=("r-old",), sweep="s0", mode=ToolMode.DETECT)

    clean(stage)

    assert stage.journal.interrupted == ({end} if end else set())
    assert ("r-old" in stage.journal.runs) is not bool(end)
    assert IntentState.VOID not in stage.journal.closed.values()


def test_a_start_of_a_visit_that_another_process_is_in_is_never_taken_over() -> None:
    stage = staged(RUNNING, ended("REMOVED Lab.A x"), ended(), left=("r-old",), sweep="s0")
    stage.journal.held.add("r-old")

    (run,) = clean(stage).runs

    assert run.run_id != "r-old"
    assert stage.verbs == ["open", "put", "poll", "poll", "finish", "begin", "start", "finish"]
    assert stage.journal.runs["r-old"].findings[0].threat == "Lab.A"


def test_a_held_start_that_has_not_begun_is_waited_for_and_never_made_void(pauses: list[float]) -> None:
    stage = staged(*[ABSENT] * 3, ended(), ended(), left=("r-old",), sweep="s0")
    stage.journal.held.add("r-old")

    clean(stage)

    assert stage.verbs == ["open", "put", *["poll"] * 4, "finish", "begin", "start", "finish"]
    assert len(pauses) == 3


def test_a_held_start_that_never_begins_ends_the_visit_as_busy(pauses: list[float]) -> None:
    stage = staged(*[ABSENT] * 50, left=("r-old",), sweep="s0")
    stage.journal.held.add("r-old")

    with pytest.raises(HostError) as caught:
        clean(stage)

    assert caught.value.reason is Reason.HOST_BUSY
    assert caught.value.detail == "sweep s0 is about to start 'quet' there, as run r-old"
    assert 300 < sum(pauses) <= 300 + 60
    assert not stage.journal.closed


def test_a_start_whose_process_died_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = staged(ABSENT, ended("REMOVED Lab.A x"), left=("r-old",), sweep="s0")
    stage.journal.held.add("r-old")
    monkeypatch.setattr("controller.tasks.tool_run.time.sleep", lambda _: stage.journal.held.clear())

    assert [run.run_id for run in clean(stage).runs] == ["r-old"]


def test_a_start_that_another_process_commits_just_before_ours_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = staged(ended(), ended(), left=("r-late",), sweep="s0")
    stage.journal.held.add("r-late")
    look, times = stage.journal.open_starts, itertools.count()
    monkeypatch.setattr(stage.journal, "open_starts", lambda *asked: look(*asked) if next(times) else ())

    (run,) = clean(stage).runs

    assert run.run_id != "r-late"
    assert list(stage.journal.runs) == ["r-late", run.run_id]


A_MACHINE = Identity(uuid="u-1", serial="s-1")


@pytest.mark.parametrize("sweep", ["s0", "s1"])
def test_a_start_that_was_given_to_another_machine_is_interrupted_and_never_asked_for_here(sweep: str) -> None:
    journal = MemoryJournal()
    journal.intents["r-old"] = an_intent_of(
        a_host(), "r-old", sweep=sweep, mode=ToolMode.CLEAN, roots=("/home",), machine=A_MACHINE
    )
    starts = JournaledStarts(a_job(), journal, lambda: (), lambda: NOON, machine=Identity(uuid="u-2", serial="s-2"))

    if sweep == "s1":
        for _ in range(2):
            with pytest.raises(HostError, match=r"clean\.interrupted: run r-old"):
                begin(starts)
    else:
        assert begin(starts) != "r-old"

    assert journal.interrupted == {"r-old"}
    assert not journal.taken


def test_an_end_that_another_process_kept_first_is_the_one_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = staged(RUNNING, ended("REMOVED Lab.B read later"), left=("r-old",))
    first = a_run(a_finding(), run_id="r-old")
    monkeypatch.setattr("controller.tasks.tool_run.time.sleep", lambda _: stage.journal.finish(first))

    assert clean(stage).runs == (first,)


def test_a_run_that_is_over_is_taken_over_without_a_start() -> None:
    stage = staged(left=("r-old",))
    over = a_run(a_finding(), run_id="r-old")
    stage.journal.runs["r-old"] = over

    result = clean(stage)

    assert result.runs == (over,)
    assert stage.verbs == ["open", "put"]


def test_the_fault_of_a_run_that_is_over_is_raised_again_and_the_run_recorded() -> None:
    stage, record = staged(left=("r-old",)), Record()
    over = a_run(run_id="r-old", fault=Fault(Reason.CLEANER_UNFINISHED, "no marker"))
    stage.journal.runs["r-old"] = over

    with pytest.raises(HostError) as caught:
        stage.do(NO_DETECT, a_job(NO_DETECT, apply=True), record=record)

    assert (caught.value.reason, caught.value.detail) == (Reason.CLEANER_UNFINISHED, "no marker")
    assert record.runs == [over]
    assert stage.starts == []


def test_a_retry_does_not_take_over_what_an_earlier_attempt_finished() -> None:
    stage = staged(ended(), left=("r-old",))
    stage.journal.runs["r-old"] = a_run(run_id="r-old")

    (run,) = clean(stage, attempt=2).runs

    assert run.run_id != "r-old"
    assert stage.verbs.count("start") == 1


def test_a_start_on_another_computer_is_no_matter_of_this_one() -> None:
    journal = MemoryJournal()
    journal.intents["r-old"] = replace(an_intent_of(a_host(), "r-old", mode=ToolMode.CLEAN), host="pc-02")

    assert isinstance(begin(starts_of(journal)), str)
    assert journal.intents["r-old"] in journal.open_intents("s1", "pc-02")


def test_a_start_of_another_task_with_the_same_tool_is_taken_over_for_this_one() -> None:
    journal = MemoryJournal()
    journal.intents["r-old"] = an_intent_of(a_host(), "r-old", mode=ToolMode.CLEAN, task=7, roots=("/home",))

    assert begin(starts_of(journal, attempt=2)) == "r-old"

    (start,) = journal.starts_of("s1", "pc-01", 2)
    assert (start.intent.task, start.taken) == (0, True)


def test_a_detection_of_an_earlier_attempt_is_kept_and_never_confirms_a_later_cleaning() -> None:
    task = a_cleaning()
    stage = staged(ended("REMOVED Lab.A /tmp/x"), FULL, ended(), ended("REMOVED Lab.B /tmp/y"), ended())
    job = a_job(task, apply=True)
    with pytest.raises(LineError):
        stage.do(task, job)
    (stale,) = stage.journal.open_intents("s1", "pc-01")

    result = stage.do(task, replace(job, attempt=2))

    assert [run.mode for run in result.runs] == [ToolMode.CLEAN, ToolMode.DETECT]
    assert stale.run_id not in {run.run_id for run in result.runs}
    assert stale.run_id in stage.journal.runs
    assert stage.journal.open_intents("s1", "pc-01") == ()


def test_an_open_detection_of_an_older_store_never_stands_for_a_look_at_what_this_attempt_cleaned() -> None:
    task = a_cleaning()
    stage = staged(ended("REMOVED Lab.A /tmp/x"), ended(), ended())
    job = a_job(task, apply=True)
    stage.journal.intents["r-now"] = an_intent_of(a_host(), "r-now", mode=ToolMode.CLEAN)
    stage.journal.intents["r-stale"] = an_intent_of(a_host(), "r-stale", mode=ToolMode.DETECT, sweep="s0")
    stage.journal.runs["r-now"] = a_run(a_finding(FindingState.REMOVED), run_id="r-now")

    result = stage.do(task, job)

    cleaned, confirmed = result.runs
    assert (cleaned.run_id, confirmed.run_id != "r-stale") == ("r-now", True)
    assert "r-stale" in stage.journal.runs


def test_a_detection_that_was_begun_in_this_attempt_is_settled_after_its_cleaning() -> None:
    task = a_cleaning()
    stage = staged(ended("REMOVED Lab.A /tmp/x"), FULL, ended())
    job = a_job(task, apply=True)
    with pytest.raises(LineError):
        stage.do(task, job)
    (open_still,) = stage.journal.open_intents("s1", "pc-01")

    result = stage.do(task, job)

    assert [run.mode for run in result.runs] == [ToolMode.CLEAN, ToolMode.DETECT]
    assert result.runs[1].run_id == open_still.run_id


@pytest.mark.parametrize("reason", [Reason.HOST_BUSY, Reason.TOOL_BLOCKED, Reason.FOLDER_UNSAFE])
def test_a_start_that_was_refused_keeps_its_id_for_the_next_time(reason: Reason) -> None:
    stage = staged(HostError(reason), ended())
    with pytest.raises(HostError):
        clean(stage)

    (run,) = clean(stage, attempt=2).runs

    assert list(stage.journal.intents) == [run.run_id]
