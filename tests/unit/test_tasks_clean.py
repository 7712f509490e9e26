"""Cleaned means looked at again: a tool's own word confirms nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from controller.campaign.records import FullLookTask, Lists, ListVersion, Meeting, Order
from controller.errors import HostError, Reason
from controller.model.collector import Collector, Root, RootState
from controller.model.fleet import Connection, Platform
from controller.model.indicator import Grade, Kind, Observation
from controller.model.playbook import Effect, Task
from controller.model.result import TaskResult, TaskState, ToolMode
from controller.model.verdict import Judgement, Verdict
from controller.tasks.base import Record
from controller.tasks.clean import Clean
from controller.transports.base import Reply, RunPhase, RunState
from controller.transports.canned import CannedHost
from tests.builders import BAD, a_host, a_job, a_look, a_match, a_result, a_task, an_attempt
from tests.judging import judge
from tests.visits import (
    ELEVATED,
    Stage,
    a_cleaning,
    a_collector,
    a_file,
    a_files_task,
    a_process,
    a_tool,
    an_entered_root,
    cut,
    ended,
    framed,
    processes,
)

pytestmark = pytest.mark.usefixtures("known_nonce")

NO_DETECT = a_cleaning(a_tool(detect=None))
TMP = a_file("/tmp", "folder")


def clean(stage: Stage, task: Task = NO_DETECT, **but: Any) -> TaskResult:
    return stage.do(task, a_job(task, apply=True), **but)


def staged(*states: RunState, replies: tuple[Reply, ...] = ()) -> Stage:
    return Stage(CannedHost(replies=replies, states=states))


def judged(*results: TaskResult) -> Judgement:
    """Say what is said of a host with a harmless look first and these results behind it."""
    return judge([an_attempt(a_result(a_look()), *results)], (FullLookTask(name="clean", tool="quet"),))


def removed(path: str, *listed: Mapping[str, Any], **but: Any) -> tuple[TaskResult, Stage]:
    """Clean with a tool that has no detect-only mode and says that it removed `path`."""
    replies = (framed("files", *listed, **but),) if listed or but else ()
    stage = staged(ended(f"REMOVED Lab.A {path}"), replies=replies)
    return clean(stage), stage


@pytest.mark.parametrize(("apply", "effect"), [(True, Effect.CHANGE), (False, Effect.READ)])
def test_only_apply_makes_cleaning_a_change(apply: bool, effect: Effect) -> None:
    assert Clean().effect(NO_DETECT, apply=apply) is effect


def test_a_dry_run_detects_only_and_says_what_it_would_remove() -> None:
    stage, task = staged(ended("FOUND Lab.A /tmp/x")), a_cleaning()

    result = stage.do(task, a_job(task))

    assert stage.verbs == ["open", "put", "begin", "start", "finish"]
    assert [arguments for _, arguments in stage.starts] == ["--detect"]
    assert (result.state, result.plan) == (TaskState.DONE, ("remove Lab.A in /tmp/x",))
    assert judged(result).reason is Reason.FINDING_OPEN


def test_a_dry_run_never_runs_a_tool_without_a_detect_only_mode() -> None:
    task = a_cleaning(a_tool(detect=None), roots={Platform.LINUX: ("/home", "/tmp"), Platform.WINDOWS: ("C:\\Users",)})
    stage = staged()

    result = stage.do(task, a_job(task))

    assert (result.state, result.plan) == (TaskState.PLANNED, ("run 'quet' on /home, /tmp",))
    assert stage.verbs == ["open"]


def test_a_plan_without_roots_names_the_whole_computer() -> None:
    assert staged().do(NO_DETECT, a_job(NO_DETECT)).plan == ("run 'quet' on the computer",)


def test_a_tool_for_another_platform_is_skipped() -> None:
    stage = staged()

    result = stage.do(NO_DETECT, a_job(NO_DETECT, apply=True, host=a_host(connection=Connection.PSRP)))

    assert (result.state, stage.verbs) == (TaskState.SKIPPED, ["open"])


@pytest.mark.parametrize("apply", [True, False])
def test_without_rights_nothing_is_placed_or_started(apply: bool) -> None:
    stage, task = staged(), a_cleaning()
    ordinary = type(ELEVATED)(identity=ELEVATED.identity, elevated=False, free_bytes=1, clock=0)

    with pytest.raises(HostError) as caught:
        stage.do(task, a_job(task, apply=apply), greeting=ordinary)

    assert (caught.value.reason, stage.verbs) == (Reason.RIGHTS_MISSING, ["open"])


def test_cleaned_when_the_tool_detects_nothing_any_more() -> None:
    stage = staged(ended("REMOVED Lab.A /tmp/x"), ended())

    result = clean(stage, a_cleaning())

    assert [run.mode for run in result.runs] == [ToolMode.CLEAN, ToolMode.DETECT]
    assert [arguments for _, arguments in stage.starts] == ["--clean", "--detect"]
    assert judged(result).verdict is Verdict.CLEANED


def test_infected_when_the_tool_still_detects_it() -> None:
    result = clean(staged(ended("REMOVED Lab.A /tmp/x"), ended("FOUND Lab.A /tmp/x")), a_cleaning())

    assert judged(result).reason is Reason.FINDING_OPEN


def test_a_tool_that_handled_nothing_is_not_asked_again() -> None:
    stage = staged(ended())

    result = clean(stage, a_cleaning())

    assert stage.verbs == ["open", "put", "begin", "start", "finish"]
    assert judged(result).verdict is Verdict.CLEAN


def test_a_failed_second_detection_keeps_the_cleaning_and_confirms_nothing() -> None:
    record, stage = Record(), staged(ended("REMOVED Lab.A /tmp/x"), ended(exit_code=2))

    with pytest.raises(HostError, match=r"cleaner\.failed"):
        clean(stage, a_cleaning(), record=record)

    assert [run.mode for run in record.runs] == [ToolMode.CLEAN, ToolMode.DETECT]
    unsure = judged(a_result(*record.runs))
    assert (unsure.verdict, unsure.reason) == (Verdict.UNKNOWN, Reason.LOOK_MISSING)
    assert Reason.CLEAN_UNVERIFIED in unsure.reasons


def test_an_object_is_gone_when_its_whole_folder_was_listed_without_it() -> None:
    result, stage = removed("/tmp/x", TMP, a_file("/tmp/y"))

    (look,) = result.looks
    assert stage.asked[0][2:] == ("depth=1", "root=/tmp", "hashes=md5", "hashes=sha1")
    assert (look.gone, look.there, look.judged) == (("/tmp/x",), (), False)
    assert judged(result).verdict is Verdict.CLEANED


def test_an_object_that_is_still_listed_is_there() -> None:
    result, _ = removed("/tmp/x", TMP, a_file("/tmp/x"))

    assert (result.looks[0].gone, result.looks[0].there) == ((), ("/tmp/x",))
    assert judged(result).reason is Reason.FINDING_OPEN


@pytest.mark.parametrize(
    ("listed", "but"),
    [
        ((a_file("/tmp", "missing"),), {"roots": [Root(asked="/tmp", state=RootState.MISSING)]}),
        ((a_file("/tmp", "link"),), {"roots": [an_entered_root("/tmp")]}),
        ((a_file("/tmp", "mount"),), {"roots": [Root(asked="/tmp", state=RootState.REFUSED)]}),
        ((a_file("/"),), {"roots": [an_entered_root("/tmp")]}),
        ((TMP, a_file("/tmp/a")), {"stopped": "time"}),
        ((TMP,), {"stopped": "count"}),
        ((), {"stopped": "denied"}),
    ],
    ids=["no folder", "a link", "not entered", "another folder", "out of time", "too many", "no rights"],
)
def test_a_folder_that_was_not_listed_to_its_end_says_nothing(listed: Any, but: Mapping[str, Any]) -> None:
    result, _ = removed("/tmp/x", *listed, **but)

    assert (result.looks[0].gone, result.looks[0].there) == ((), ())
    assert "stopped" not in but or result.looks[0].stopped == but["stopped"]
    assert judged(result).reason is Reason.CLEAN_UNVERIFIED


def test_an_object_that_a_stopped_look_still_saw_is_there() -> None:
    result, _ = removed("/tmp/x", TMP, a_file("/tmp/x"), stopped="time")

    assert result.looks[0].there == ("/tmp/x",)
    assert judged(result).reason is Reason.FINDING_OPEN


@pytest.mark.parametrize("path", ["/tmp/tài li?u", "/tmp/\ufffd\ufffd", "tmp/x", "HKLM\\Software\\X", "x.exe"])
def test_an_object_that_is_no_whole_absolute_path_stays_unverified(path: str) -> None:
    result, stage = removed(path)

    assert (result.looks, stage.asked) == ((), [])
    assert judged(result).reason is Reason.CLEAN_UNVERIFIED


def test_each_folder_is_listed_once() -> None:
    log = ("REMOVED Lab.A /tmp/x", "REMOVED Lab.A /tmp/y", "REMOVED Lab.B /opt/z", "REMOVED Lab.C q?")
    replies = (framed("files", a_file("/opt", "folder")), framed("files", TMP, a_file("/tmp/y")))
    stage = staged(ended(*log), replies=replies)

    opt, tmp = clean(stage).looks

    assert [arguments[3] for arguments in stage.asked] == ["root=/opt", "root=/tmp"]
    assert (opt.gone, tmp.gone, tmp.there) == (("/opt/z",), ("/tmp/x",), ("/tmp/y",))


def test_what_the_second_look_shows_is_observed() -> None:
    log, tmp = ended("REMOVED Lab.A /tmp/x"), framed("files", TMP, a_file("/tmp/y", sha256="ab" * 32))

    (look,) = clean(staged(log, replies=(tmp,))).looks

    assert {each.value for each in look.observations} == {"/tmp", "tmp", "/tmp/y", "y", "ab" * 32}


@pytest.mark.parametrize("path", ["/tmp//x", "/tmp/./x"])
def test_an_object_is_named_as_the_tool_spelled_it(path: str) -> None:
    result, _ = removed(path, TMP)

    assert result.looks[0].gone == (path,)


def test_a_file_in_the_root_folder_is_looked_for_there() -> None:
    result, stage = removed("/x", a_file("/", "folder"))

    assert (stage.asked[0][3], result.looks[0].gone) == ("root=/", ("/x",))


def test_a_folder_that_cannot_be_asked_keeps_the_run() -> None:
    record = Record()
    stage = staged(ended("REMOVED Lab.A /tmp/x"), replies=(cut(framed("files", TMP)),))

    with pytest.raises(HostError, match=r"answer\.cut"):
        clean(stage, record=record)

    assert [run.findings[0].object for run in record.runs] == ["/tmp/x"]


def test_only_looks_that_matched_are_repeated() -> None:
    visited = a_look(a_match(grade=Grade.INFO), collector="files")
    matched, told = a_result(a_look(a_match())), a_result(visited)
    stage = staged(ended(), replies=(processes(), framed("autostart")))

    result = clean(stage, earlier=((a_task(), matched), (a_files_task("/tmp"), told), (a_task(), a_result())))

    look, starts = result.looks
    assert (look.key.collector, look.repeats, look.judged) == ("processes", True, True)
    assert starts.key.collector == "autostart"
    assert stage.verbs == ["open", "put", "begin", "start", "finish", "run", "run"]


def met_by_hash(seen: Observation) -> tuple[Meeting, ...]:
    return (Meeting(value=(Kind.SHA256, BAD)),) if seen.value == BAD else ()


@pytest.mark.parametrize(
    ("log", "row", "verdict"),
    [
        ("REMOVED Lab.A /tmp/x", a_process(), Verdict.CLEANED),
        ("REMOVED Lab.A /tmp/x", a_process("/tmp/x", BAD), Verdict.INFECTED),
        ("nothing found", a_process(), Verdict.INFECTED),
    ],
    ids=["removed and gone", "removed and it runs", "gone by itself"],
)
def test_what_ran_is_gone_when_the_tool_removed_it_and_nothing_would_start_it_again(
    log: str, row: Mapping[str, Any], verdict: Verdict
) -> None:
    before = Stage(CannedHost(replies=[processes(a_process("/tmp/x", BAD))])).do(a_task())
    confirmed = (framed("files", TMP),) if log.startswith("REMOVED") else ()
    replies = (*confirmed, processes(row), framed("autostart"), framed("files", TMP))
    stage = staged(ended(log), replies=replies)

    after = clean(stage, earlier=((a_task(), before),))

    assert [look.key.collector for look in after.looks[-3:]] == ["processes", "autostart", "files"]
    assert stage.asked[-1][2:4] == ("depth=1", "root=/tmp")
    lists = Lists(
        versions=(ListVersion(name="a", values=frozenset({(Kind.SHA256, BAD)}), order=Order(began=0, committed=0)),)
    )
    tasks = (FullLookTask(name="clean", tool="quet"),)
    assert judge([an_attempt(before, after)], tasks, lists=lists, met=met_by_hash).verdict is verdict


def test_a_look_that_was_only_collected_is_not_repeated() -> None:
    stage = staged(ended())

    clean(stage, earlier=((a_cleaning(), a_result(a_look(a_match()))),))

    assert "run" not in stage.verbs


def test_windows_does_not_tell_great_letters_from_small() -> None:
    task = a_cleaning(a_tool(detect=None, platforms=(Platform.WINDOWS,)))
    roots = [an_entered_root(r"c:\temp")]
    listed = framed("files", a_file(r"C:\Temp", "folder"), a_file(r"C:\Temp\xau.exe"), roots=roots)
    stage = staged(ended(r"REMOVED Lab.A c:\temp\XAU.exe", r"REMOVED Lab.A c:\temp\b.exe"), replies=(listed,))
    files = Collector(spec=a_collector("files").spec, scripts={Platform.WINDOWS: "a script"})

    job = a_job(task, apply=True, host=a_host(connection=Connection.PSRP))
    (look,) = stage.do(task, job, collector=lambda _: files).looks

    assert (look.there, look.gone) == ((r"c:\temp\XAU.exe",), (r"c:\temp\b.exe",))


SUMMARY = b"----------- SCAN SUMMARY -----------\nKnown viruses: 1\nInfected files: %d\n"
LARGE = b"/home/big: Heuristics.Limits.Exceeded.MaxFileSize FOUND\n"


def test_what_clamscan_passed_over_is_asked_for_although_its_cleaning_found_nothing() -> None:
    task = a_cleaning(a_tool(clean=(), detect=()), cleaner="clamav", roots={Platform.LINUX: ("/home",)})
    cleaned = RunState(phase=RunPhase.FINISHED, exit_code=0, log=SUMMARY % 0)
    looked = RunState(phase=RunPhase.FINISHED, exit_code=1, log=LARGE + SUMMARY % 1)
    stage = staged(cleaned, looked)

    with pytest.raises(HostError) as caught:
        clean(stage, task)

    assert caught.value.reason is Reason.CLEANER_PARTIAL
    assert [run.mode for run in stage.journal.runs.values()] == [ToolMode.CLEAN, ToolMode.DETECT]
