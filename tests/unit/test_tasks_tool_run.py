"""One start of a tool: what is sent, how long it is waited for, and what is kept of it."""

from types import SimpleNamespace

import pytest

from controller.errors import HostError, LineError, Reason
from controller.model.fleet import Platform
from controller.model.result import TaskResult, ToolMode
from controller.tasks import tool_run
from controller.tasks.look import kept
from controller.transports.base import RunPhase, RunState
from controller.transports.canned import CannedHost
from tests.builders import a_job
from tests.visits import RUNNING, Stage, a_cleaning, a_tool, ended

NO_DETECT = a_cleaning(a_tool(detect=None))
LOST = LineError(Reason.CONNECTION_LOST, "the line ended")


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits take no time; the clock goes on by them."""
    pauses: list[float] = []
    monkeypatch.setattr(tool_run, "time", SimpleNamespace(sleep=pauses.append, monotonic=lambda: sum(pauses)))
    return pauses


def staged(*states: RunState | LineError) -> Stage:
    """Build a host that will say `states`."""
    return Stage(CannedHost(states=states))


def clean(stage: Stage) -> TaskResult:
    return stage.do(NO_DETECT, a_job(NO_DETECT, apply=True))


def test_waiting_asks_ever_less_often_but_at_least_once_a_minute(pauses: list[float]) -> None:
    stage = staged(*[RUNNING] * 25, ended())
    slow = a_cleaning(a_tool(detect=None), seconds=3600)

    stage.do(slow, a_job(slow, apply=True))

    assert stage.verbs.count("poll") == 25
    assert pauses[:3] == pytest.approx([0.2, 0.3, 0.45])
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60.0


def test_waiting_ends_when_its_time_is_over_and_the_run_stays_open(pauses: list[float]) -> None:
    stage = staged(*[RUNNING] * 100)

    with pytest.raises(HostError) as caught:
        clean(stage)

    (intent,) = stage.journal.open_intents("s1", "pc-01")
    assert caught.value.reason is Reason.HOST_TIMEOUT
    assert caught.value.detail == f"the tool still runs after 300 s, as run {intent.run_id}"
    assert 360 < sum(pauses) <= 360 + 60
    assert not stage.journal.interrupted


@pytest.mark.parametrize("states", [(LOST, RUNNING), (RUNNING, LOST), (RUNNING, LOST, LOST, RUNNING)])
def test_a_line_that_breaks_while_a_tool_runs_is_opened_again_and_the_run_goes_on(
    states: tuple[RunState | LineError, ...],
) -> None:
    stage = staged(*states, ended())

    assert clean(stage).runs[0].exit_code == 0

    assert stage.verbs.count("open") == 1 + states.count(LOST)
    assert len({run_id for run_id, *_ in stage.starts}) == len(stage.journal.intents) == 1
    assert stage.verbs[-1] == "finish"


def test_a_line_that_stays_broken_ends_the_visit_after_some_minutes_and_the_run_stays_open(
    pauses: list[float],
) -> None:
    off = LineError(Reason.REACH_TIMEOUT, "no answer")
    stage = Stage(CannedHost(opens=[None, *[off] * 50], states=[RUNNING, LOST]))

    with pytest.raises(LineError) as caught:
        clean(stage)

    assert caught.value.reason is Reason.REACH_TIMEOUT
    assert 300 < sum(pauses) <= 300 + 2 * 60
    assert len(stage.journal.open_intents("s1", "pc-01")) == 1
    assert not stage.journal.interrupted


@pytest.mark.parametrize("reason", [Reason.LOGIN_REFUSED, Reason.HOSTKEY_CHANGED, Reason.IDENTITY_MISMATCH])
def test_a_line_that_is_refused_the_second_time_is_not_tried_a_third(reason: Reason) -> None:
    stage = Stage(CannedHost(opens=[None, LineError(reason, "no")], states=[RUNNING, LOST]))

    with pytest.raises(LineError) as caught:
        clean(stage)

    assert caught.value.reason is reason
    assert stage.verbs.count("open") == 2


def test_the_time_of_the_task_goes_before_that_of_the_tool() -> None:
    stage = staged(ended())
    task = a_cleaning(a_tool(detect=None), seconds=7)

    stage.do(task, a_job(task, apply=True))

    (launch,) = (each.launch for each in stage.transport.sent if each.launch)
    assert launch.seconds == 7


def test_what_is_started_is_what_the_tool_says() -> None:
    stage = staged(RunState(phase=RunPhase.FINISHED, exit_code=0, log=b"DONE"))

    clean(stage)

    put = next(each for each in stage.transport.sent if each.verb == "put")
    launch = next(each.launch for each in stage.transport.sent if each.launch)
    assert (put.script, put.arguments) == ("tools/quet.sh", ("cd" * 32, "quet.sh"))
    assert (launch.sha256, launch.file_name, launch.mode, launch.log) == (
        "cd" * 32,
        "quet.sh",
        ToolMode.CLEAN,
        "stdout",
    )


def test_a_run_is_what_the_tool_left() -> None:
    tool = a_tool(detect=None, log="/var/log/quet.log", clean=("--clean", "{roots}"))
    task = a_cleaning(tool, roots={Platform.LINUX: ("/home", "/tmp")})
    state = ended("FOUND Lab.A /tmp/x")  # and yet it says that all is done
    stage = staged(state)

    (run,) = stage.do(task, a_job(task, apply=True)).runs

    (launch,) = (each.launch for each in stage.transport.sent if each.launch)
    assert (launch.log, launch.arguments) == ("/var/log/quet.log", ("--clean", "/home", "/tmp"))
    assert (run.tool, run.mode, run.exit_code, run.roots) == ("quet", ToolMode.CLEAN, 0, ("/home", "/tmp"))
    assert (run.contradiction, run.fault, run.log) == (True, None, kept(state.log))
    assert stage.journal.runs == {run.run_id: run}
    assert stage.journal.intents[run.run_id].roots == run.roots


@pytest.mark.parametrize(
    ("state", "reason", "detail"),
    [
        (
            RunState(phase=RunPhase.FINISHED, exit_code=124, log=b"DONE\n", overdue=("71 updater", "72 tray")),
            Reason.HOST_TIMEOUT,
            "ended by us after 300 s: process 71 updater, 72 tray",
        ),
        (
            RunState(phase=RunPhase.FINISHED, exit_code=0, log=b"DONE\n" * 2**18, cut=True),
            Reason.ANSWER_HUGE,
            "the tool wrote more into its log than the 1.2 MiB that we take",
        ),
    ],
)
def test_a_run_that_was_ended_or_whose_log_was_cut_is_no_answer_whatever_it_says(
    state: RunState, reason: Reason, detail: str
) -> None:
    stage = staged(state)

    with pytest.raises(HostError) as caught:
        clean(stage)

    assert (caught.value.reason, caught.value.detail) == (reason, detail)
    (run,) = stage.journal.runs.values()
    assert run.fault
    assert run.fault.reason is reason


def test_a_tool_that_does_not_end_although_its_host_ends_it_is_named(pauses: list[float]) -> None:
    stage = staged(*[RunState(phase=RunPhase.RUNNING, overdue=("71 updater",))] * 100)

    with pytest.raises(HostError, match=r"still runs after 300 s, as run [0-9a-z-]+: process 71 updater"):
        clean(stage)
