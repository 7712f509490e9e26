"""One visit, one attempt: whatever fails becomes data, and nothing is asked of a host beyond that."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from controller.engine.host import run_host
from controller.errors import HostError, LineError, Reason
from controller.model.playbook import Module, Task
from controller.model.result import Attempt, Fault, Identity, TaskState
from controller.tasks.check_iocs import CheckIocs
from controller.tasks.look import kept
from controller.transports.base import Reply, RunPhase, RunState
from controller.transports.canned import CannedHost
from tests.builders import BAD, NOON, a_finding, a_job, a_look, a_match, a_result, a_run, a_task
from tests.visits import Stage, a_cleaning, a_file, a_process, a_tool, cut, ended, framed, greeted, processes

pytestmark = pytest.mark.usefixtures("known_nonce")

LOST = LineError(Reason.CONNECTION_LOST, "the line ended")
FULL = LineError(Reason.QUOTA_EXCEEDED, "no session left")
"""Ends a visit at once, also while a tool runs."""
BUSY = HostError(Reason.HOST_BUSY, "run r9")


def visit(stage: Stage, *tasks: Task, **but: Any) -> Attempt:
    return run_host(replace(a_job(*tasks), **but), stage.worker())


def states(attempt: Attempt) -> list[TaskState]:
    return [task.state for task in attempt.tasks]


def test_a_whole_visit_is_one_attempt_with_what_was_seen() -> None:
    stage = Stage(CannedHost(replies=[greeted(), processes(a_process(sha256=BAD))], host_key="SHA256:abc"))

    attempt = visit(stage, attempt=3)

    assert (attempt.host, attempt.number, attempt.fault, states(attempt)) == ("pc-01", 3, None, [TaskState.DONE])
    assert (attempt.started, attempt.ended, attempt.notes) == (NOON, NOON, ())
    assert attempt.identity
    assert (attempt.identity.computer_name, attempt.identity.host_key) == ("PC-01", "SHA256:abc")
    assert [match.value for match in attempt.looks[0].matches] == [BAD]
    assert stage.verbs == ["open", "run", "run"]


@pytest.mark.parametrize("reason", [Reason.REACH_TIMEOUT, Reason.LOGIN_REFUSED, Reason.HOSTKEY_CHANGED])
def test_a_host_that_does_not_let_us_in_is_one_attempt_with_its_reason(reason: Reason) -> None:
    stage = Stage(CannedHost(opens=[LineError(reason, "no")]))

    attempt = visit(stage, a_task(), a_cleaning(), apply=True)

    assert (attempt.fault, attempt.tasks, attempt.identity) == (Fault(reason, "no"), (), None)
    assert stage.verbs == ["open"]


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        (cut(greeted()), Reason.ANSWER_CUT),
        (framed("host"), Reason.ANSWER_EMPTY),
        (framed("host", stopped="denied"), Reason.ANSWER_EMPTY),
        (framed("processes"), Reason.ANSWER_GARBLED),
        (greeted(powershell="nonsense"), Reason.ANSWER_GARBLED),
        (greeted(powershell="9" * 5000), Reason.ANSWER_GARBLED),
        (greeted(powershell="5.1." + "9" * 5000), Reason.ANSWER_GARBLED),
        (greeted(powershell="٥.١"), Reason.ANSWER_GARBLED),
        (HostError(Reason.HOST_TIMEOUT, "30 s"), Reason.HOST_TIMEOUT),
        (LOST, Reason.CONNECTION_LOST),
    ],
)
def test_a_host_that_does_not_greet_gets_no_task(greeting: Reply | HostError, reason: Reason) -> None:
    stage = Stage(CannedHost(replies=[greeting]))

    attempt = visit(stage, a_task(), a_cleaning(), apply=True)

    assert attempt.fault
    assert attempt.fault.reason is reason
    assert (attempt.tasks, attempt.identity, stage.verbs) == ((), None, ["open", "run"])
    assert attempt.refused == (kept(greeting.stdout) if isinstance(greeting, Reply) else None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("powershell", "9" * 5000),
        ("powershell", "5.1 \x1b[2J"),
        ("language_mode", "x" * 5000),
        ("computer_name", "x" * 5000),
        ("serial", "x" * 5000),
        ("macs", ["x" * 5000]),
        ("elevated", 1),
        ("clock", "1"),
        ("clock", 2**70),
    ],
)
def test_a_first_answer_out_of_bounds_names_its_column(column: str, value: object) -> None:
    answer = greeted(**{column: value})
    attempt = visit(Stage(CannedHost(replies=[answer])), a_task())

    assert attempt.fault
    assert attempt.fault.reason is Reason.ANSWER_GARBLED
    assert f"$.{column}" in attempt.fault.detail
    assert attempt.refused == kept(answer.stdout)


def test_a_first_answer_of_two_machines_is_none() -> None:
    row = greeted().stdout.splitlines()[1].decode()
    both = framed("host", *map(json.loads, (row, row.replace("PC-01", "PC-02"))))

    attempt = visit(Stage(CannedHost(replies=[both])), a_task())

    assert attempt.fault
    assert attempt.fault.reason is Reason.ANSWER_GARBLED
    assert attempt.fault.detail.startswith("'host' has 2 rows; at most 1 is expected")
    assert attempt.identity is None


def test_a_first_answer_as_long_as_a_real_one_can_be_is_taken() -> None:
    """Linux gives up to a page of what the firmware says, whatever its maker wrote there."""
    attempt = visit(Stage(CannedHost(replies=[greeted(serial="Đ" * 4096), processes()])), a_task())

    assert (attempt.fault, states(attempt)) == (None, [TaskState.DONE])


def test_a_machine_that_is_another_gets_no_task_and_is_told_apart() -> None:
    def another(name: str, identity: Identity) -> NoReturn:
        raise HostError(Reason.IDENTITY_MISMATCH, f"{name} is {identity.computer_name}")

    stage = Stage(CannedHost(replies=[greeted()]), recognise=another)

    attempt = visit(stage, a_task(), a_cleaning(), apply=True)

    assert (attempt.fault, attempt.tasks) == (Fault(Reason.IDENTITY_MISMATCH, "pc-01 is PC-01"), ())
    assert attempt.identity
    assert stage.verbs == ["open", "run"]


@pytest.mark.parametrize("failure", [cut(processes()), HostError(Reason.HOST_TIMEOUT, "135 s")])
def test_a_look_that_fails_ends_that_look_only(failure: Reply | HostError) -> None:
    stage = Stage(CannedHost(replies=[greeted(), failure, processes()]))

    attempt = visit(stage, a_task(), a_task())

    assert (attempt.fault, states(attempt)) == (None, [TaskState.FAILED, TaskState.DONE])
    assert [task.index for task in attempt.tasks] == [0, 1]
    assert attempt.tasks[0].refused == (kept(failure.stdout) if isinstance(failure, Reply) else None)
    assert stage.verbs == ["open", "run", "run", "run"]


def test_a_lost_line_ends_the_visit_and_keeps_what_came_before() -> None:
    stage = Stage(CannedHost(replies=[greeted(), processes(a_process(sha256=BAD)), LOST, processes()]))

    attempt = visit(stage, a_task(), a_task(), a_task())

    lost = Fault(Reason.CONNECTION_LOST, "the line ended")
    assert (attempt.fault, [task.fault for task in attempt.tasks]) == (lost, [None, lost])
    assert len(attempt.looks[0].matches) == 1
    assert stage.verbs == ["open", "run", "run", "run"]


def test_a_session_that_ends_after_a_tool_ended_keeps_its_run() -> None:
    host = CannedHost(replies=[greeted()], states=[ended("REMOVED Lab.A /tmp/x"), FULL])
    stage = Stage(host)

    attempt = visit(stage, a_cleaning(), apply=True)

    assert [run.findings[0].object for run in attempt.tasks[0].runs] == ["/tmp/x"]
    assert attempt.fault == attempt.tasks[0].fault == Fault(Reason.QUOTA_EXCEEDED, "no session left")


def test_a_machine_that_is_another_after_the_line_broke_counts_for_nothing() -> None:
    def only_the_first(name: str, identity: Identity) -> Sequence[str]:
        if identity.computer_name != "PC-01":
            raise LineError(Reason.IDENTITY_MISMATCH, f"{name} is {identity.computer_name}")
        return ()

    running = RunState(phase=RunPhase.RUNNING)
    host = CannedHost(replies=[greeted(), greeted(computer_name="PC-02")], states=[running, LOST])
    stage = Stage(host, recognise=only_the_first)

    attempt = visit(stage, a_cleaning(), apply=True)

    assert attempt.fault == Fault(Reason.IDENTITY_MISMATCH, "pc-01 is PC-02")
    assert stage.verbs.count("poll") == 1
    assert len(stage.journal.open_intents("s1", "pc-01")) == 1


def test_notes_on_the_machine_are_kept_once_however_often_it_was_met() -> None:
    running = RunState(phase=RunPhase.RUNNING)
    host = CannedHost(replies=[greeted(), greeted()], states=[running, LOST, ended()])
    stage = Stage(host, recognise=lambda name, identity: (f"{name} has a dock",))

    assert visit(stage, a_cleaning()).notes == ("pc-01 has a dock",)


def test_a_line_lost_while_looking_again_keeps_the_looks_before_it() -> None:
    replies: list[Reply | HostError] = [greeted(), processes(a_process(sha256=BAD))]
    replies += [framed("files", a_file("/tmp", "folder")), LOST]
    stage = Stage(CannedHost(replies=replies, states=[ended("REMOVED Lab.A /tmp/x")]))

    attempt = visit(stage, a_task(), a_cleaning(a_tool(detect=None)), apply=True)

    assert [look.gone for look in attempt.tasks[1].looks] == [("/tmp/x",)]


def test_a_bug_is_told_and_logged_and_ends_the_visit(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(CannedHost(replies=[greeted()]))  # a look finds no reply, which is nobody's HostError

    attempt = visit(stage, a_task(), a_task())

    assert attempt.fault
    assert attempt.fault.reason is Reason.BUG
    assert attempt.fault.detail.startswith("LookupError: ")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "pc-01: the controller failed")
    ]
    assert [task.fault for task in attempt.tasks] == [attempt.fault]
    assert stage.verbs == ["open", "run", "run"]


def test_a_bug_between_two_tasks_belongs_to_neither() -> None:
    stage = Stage(CannedHost(replies=[greeted(), processes()]))
    modules = {Module.CHECK_IOCS: CheckIocs()}

    attempt = run_host(a_job(a_task(), a_cleaning()), replace(stage.worker(), module=modules.__getitem__))

    assert attempt.fault
    assert attempt.fault.reason is Reason.BUG
    assert states(attempt) == [TaskState.DONE]


def test_a_bug_after_a_tool_ended_keeps_its_run() -> None:
    stage = Stage(CannedHost(replies=[greeted()], states=[ended("REMOVED Lab.A /tmp/x")]))  # nothing to detect with

    attempt = visit(stage, a_cleaning(), apply=True)

    assert attempt.fault
    assert attempt.fault.reason is Reason.BUG
    assert [run.findings[0].object for run in attempt.tasks[0].runs] == ["/tmp/x"]


def test_a_store_that_fails_ends_the_visit_with_nothing_started() -> None:
    stage = Stage(CannedHost(replies=[greeted(), processes(), processes()]))
    stage.journal.broken = True

    attempt = visit(stage, a_task(), a_cleaning(), a_task(), apply=True)

    assert attempt.fault == Fault(Reason.HOST_PENDING, "the disk is full; free space")
    assert states(attempt) == [TaskState.DONE]
    assert stage.verbs == ["open", "run", "run", "put"]


def test_a_change_that_fails_ends_changes_but_not_looks() -> None:
    stage = Stage(CannedHost(replies=[greeted(), processes()], states=[BUSY]))

    attempt = visit(stage, a_cleaning(), a_task(), a_cleaning(), apply=True)

    assert states(attempt) == [TaskState.FAILED, TaskState.DONE, TaskState.SKIPPED]
    assert attempt.tasks[2].notes == ("not begun, since an earlier change failed",)
    assert stage.verbs == ["open", "run", "put", "begin", "start", "run"]


def test_a_detect_only_run_that_fails_ends_nothing() -> None:
    stage = Stage(CannedHost(replies=[greeted()], states=[BUSY, ended()]))

    attempt = visit(stage, a_cleaning(), a_cleaning(a_tool(name="khac")))

    assert states(attempt) == [TaskState.FAILED, TaskState.DONE]


def test_tasks_that_are_over_are_not_run_again() -> None:
    over = a_result(a_look(a_match()))
    stage = Stage(CannedHost(replies=[greeted(), processes()]))

    attempt = visit(stage, a_task(), a_task(), so_far=(over,))

    assert attempt.tasks[0] == over
    assert (states(attempt), attempt.tasks[1].index) == ([TaskState.DONE, TaskState.DONE], 1)
    assert stage.verbs == ["open", "run", "run"]


def test_a_change_that_failed_before_a_resume_still_ends_changes() -> None:
    stage = Stage(CannedHost(replies=[greeted()]))

    attempt = visit(stage, a_cleaning(), a_cleaning(), so_far=(a_result(fault=Reason.CLEANER_FAILED),), apply=True)

    assert states(attempt) == [TaskState.FAILED, TaskState.SKIPPED]
    assert stage.verbs == ["open", "run"]


def test_a_start_is_committed_with_the_results_that_came_before_it() -> None:
    over = a_result(a_look(a_match()))
    stage = Stage(CannedHost(replies=[greeted(), processes()], states=[ended()]))

    attempt = visit(stage, a_task(), a_task(), a_cleaning(), so_far=(over,), apply=True)

    (so_far,) = stage.journal.so_far.values()
    assert so_far == attempt.tasks[:2]


def test_looks_of_tasks_before_a_resume_are_repeated_after_cleaning() -> None:
    over = a_result(a_look(a_match()))
    stage = Stage(CannedHost(replies=[greeted(), processes()], states=[ended()]))

    attempt = visit(stage, a_task(), a_cleaning(), so_far=(over,), apply=True)

    assert [look.repeats for look in attempt.tasks[1].looks] == [True]


def test_runs_that_ended_before_a_resume_are_taken_over() -> None:
    states: list[RunState | HostError] = [ended("REMOVED Lab.A /tmp/x"), FULL, ended()]
    stage = Stage(CannedHost(replies=[greeted(), greeted()], states=states))
    visit(stage, a_cleaning(), apply=True)

    attempt = visit(stage, a_cleaning(), apply=True)

    assert [run.mode for run in attempt.tasks[0].runs] == ["clean", "detect"]
    assert [arguments for _, arguments in stage.starts] == ["--clean", "--detect", "--detect"]
    assert len({run_id for run_id, _ in stage.starts}) == 2


@pytest.mark.parametrize(
    ("off", "notes"),
    [(300, ()), (-300, ()), (301, ("its clock is +301 s off",)), (-86400, ("its clock is -86400 s off",))],
)
def test_a_clock_that_is_off_is_noted(off: int, notes: tuple[str, ...]) -> None:
    clock = int((NOON + timedelta(seconds=off)).timestamp())
    stage = Stage(CannedHost(replies=[greeted(clock=clock), processes()]))

    assert visit(stage).notes == notes


def test_a_reboot_or_an_open_finding_is_no_failed_change() -> None:
    stage = Stage(CannedHost(replies=[greeted()], states=[ended()]))
    so_far = (a_result(a_run(a_finding())),)

    attempt = visit(stage, a_cleaning(), a_cleaning(), so_far=so_far, apply=True)

    assert states(attempt) == [TaskState.DONE, TaskState.DONE]


@pytest.mark.parametrize(
    ("version", "mode", "reason"),
    [
        ("4.0", "FullLanguage", Reason.POWERSHELL_OLD),
        ("5.0.10586.117", "FullLanguage", Reason.POWERSHELL_OLD),
        ("", "", None),
        ("5.1.19041.5486", "FullLanguage", None),
        ("7.4.1", "FullLanguage", None),
        ("5.1.19041.5486", "ConstrainedLanguage", Reason.POWERSHELL_CONSTRAINED),
        ("5.1.19041.5486", "", Reason.POWERSHELL_CONSTRAINED),
        ("7.5.0-preview.3", "FullLanguage", None),
    ],
)
def test_a_powershell_our_scripts_cannot_run_in_is_asked_nothing_more(
    version: str, mode: str, reason: Reason | None
) -> None:
    stage = Stage(CannedHost(replies=[greeted(powershell=version, language_mode=mode), processes()]))

    attempt = run_host(a_job(), stage.worker())

    assert (attempt.fault.reason if attempt.fault else None) is reason
    assert stage.verbs == (["open", "run"] if reason else ["open", "run", "run"])
    assert attempt.identity is not None
