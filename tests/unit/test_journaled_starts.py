"""No program is started twice: intent before the first byte, and old starts are settled under their old ids."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from controller.engine.journal import JournaledStarts
from controller.errors import HostError, LineError, Reason, StoreError
from controller.model.result import Fault, TaskResult, ToolMode, ToolRun
from controller.tasks import tool_run
from controller.tasks.base import Record
from controller.transports.base import RunState
from controller.transports.canned import CannedHost
from tests.builders import NOON, a_finding, a_host, a_job, a_look, a_result, a_run
from tests.visits import ABSENT, RUNNING, TORN, MemoryJournal, Stage, a_cleaning, a_tool, an_intent_of, ended

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
    return JournaledStarts(replace(a_job(), attempt=attempt), journal, lambda: so_far, lambda: NOON)


def begin(starts: JournaledStarts, task: int = 0, mode: ToolMode = ToolMode.CLEAN) -> ToolRun | str:
    return starts.begin(task, mode, tool="quet", sha256="ab" * 32, roots=("/home",))


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
    expected = an_intent_of(
        a_host(), str(run_id), attempt=2, task=3, sha256="ab" * 32, roots=("/home",), mode=ToolMode.CLEAN
    )
    assert intent == expected
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


def test_what_a_retry_has_settled_stays_settled_when_the_retry_is_resumed() -> None:
    stage = staged(ended("REMOVED Lab.A x"), left=("r-old",))
    clean(stage, attempt=2)

    (run,) = clean(stage, attempt=2).runs

    assert (run.run_id, run.findings[0].threat) == ("r-old", "Lab.A")
    assert [run_id for run_id, *_ in stage.starts] == ["r-old"]
    assert stage.verbs == ["open", "put", "adopt", "start", "finish", "open", "put"]


def test_a_torn_run_that_a_retry_has_settled_needs_another_retry() -> None:
    stage = staged(TORN, ended(), left=("r-old",))
    for _ in range(2):
        with pytest.raises(HostError, match=r"clean\.interrupted: run r-old"):
            clean(stage, attempt=2)

    (run,) = clean(stage, attempt=3).runs

    assert [run_id for run_id, *_ in stage.starts] == ["r-old", run.run_id]


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


@pytest.mark.parametrize("other", [{"task": 1}, {"mode": ToolMode.DETECT}, {"host": "pc-02"}, {"sweep": "s2"}])
def test_a_start_of_another_task_mode_host_or_sweep_is_not_this_one(other: dict[str, Any]) -> None:
    journal = MemoryJournal()
    intent = {"mode": ToolMode.CLEAN, **other}
    journal.intents["r-old"] = replace(an_intent_of(a_host(), "r-old", mode=ToolMode.CLEAN), **intent)

    assert begin(starts_of(journal)) != "r-old"


def test_a_detection_of_an_earlier_attempt_never_confirms_a_later_cleaning() -> None:
    task = a_cleaning()
    stage = staged(ended("REMOVED Lab.A /tmp/x"), FULL, ended("REMOVED Lab.B /tmp/y"), ended())
    job = a_job(task, apply=True)
    with pytest.raises(LineError):
        stage.do(task, job)
    (stale,) = stage.journal.open_intents("s1", "pc-01")

    result = stage.do(task, replace(job, attempt=2))

    assert [run.mode for run in result.runs] == [ToolMode.CLEAN, ToolMode.DETECT]
    assert stale.run_id not in {run.run_id for run in result.runs}
    assert stage.journal.interrupted == {stale.run_id}
    assert stage.journal.open_intents("s1", "pc-01") == ()


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
