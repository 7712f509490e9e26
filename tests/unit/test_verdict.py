"""The rules that turn what came back into a verdict (decisions 1 to 7)."""

# ruff: noqa: E501 - a table reads best with one case a line

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Reason
from controller.model.collector import Root, RootState, StoppedBy, Unread, UnreadKind
from controller.model.indicator import Grade
from controller.model.result import Attempt, Fault, FindingState, Look, ToolMode, ToolRun
from controller.model.verdict import Judgement, Verdict, judge
from tests.builders import a_finding, a_look, a_match, a_result, a_run, an_attempt

CLEAN, CLEANED, INFECTED, UNKNOWN = Verdict.CLEAN, Verdict.CLEANED, Verdict.INFECTED, Verdict.UNKNOWN
DIRTY, EMPTY = a_look(a_match()), a_look()
REMOVED, FOUND = a_finding(FindingState.REMOVED), a_finding(FindingState.FOUND)
REBOOT = a_finding(FindingState.REBOOT)
DETECTS_NOTHING = a_run(mode=ToolMode.DETECT)
ELSEWHERE = a_run(mode=ToolMode.DETECT, roots=("/home",))

MISSING = Root(asked="/hom", state=RootState.MISSING)


def unread(kind: UnreadKind, path: str = "/x", error: int = 13) -> dict[str, Any]:
    return {"unread": 1, "unread_items": (Unread(kind=kind, path=path, error=error),)}


UNREAD_PROGRAM = unread(UnreadKind.PROGRAM)
CASES = [
    ("never visited", [], UNKNOWN, Reason.HOST_PENDING),
    ("nothing found", [an_attempt(a_result(EMPTY))], CLEAN, None),
    ("no task at all", [an_attempt()], UNKNOWN, Reason.LOOK_NONE),
    ("only collected", [an_attempt(a_result(a_look(judged=False)))], UNKNOWN, Reason.LOOK_NONE),
    ("switched off", [an_attempt(fault=Reason.REACH_TIMEOUT)], UNKNOWN, Reason.REACH_TIMEOUT),
    ("a match", [an_attempt(a_result(DIRTY))], INFECTED, Reason.MATCH_FOUND),
    ("a match, then the line broke", [an_attempt(a_result(DIRTY), fault=Reason.CONNECTION_LOST)], INFECTED, Reason.MATCH_FOUND),
    ("nothing, then the line broke", [an_attempt(a_result(EMPTY), fault=Reason.CONNECTION_LOST)], UNKNOWN, Reason.CONNECTION_LOST),
    ("one look of two failed", [an_attempt(a_result(EMPTY), a_result(fault=Reason.ANSWER_CUT))], UNKNOWN, Reason.ANSWER_CUT),
    ("matched, cleaned, looked again", [an_attempt(a_result(DIRTY), a_result(EMPTY))], CLEANED, None),
    ("another question found nothing", [an_attempt(a_result(DIRTY), a_result(a_look(collector="files")))], INFECTED, Reason.MATCH_FOUND),
    ("matched, second look stopped", [an_attempt(a_result(DIRTY), a_result(a_look(stopped=StoppedBy.TIME)))], UNKNOWN, Reason.LOOK_STOPPED),
    ("a stopped look", [an_attempt(a_result(a_look(stopped=StoppedBy.DENIED)))], UNKNOWN, Reason.LOOK_STOPPED),
    ("a stopped look with a match", [an_attempt(a_result(a_look(a_match(), stopped=StoppedBy.COUNT)))], INFECTED, Reason.MATCH_FOUND),
    ("a program was not read", [an_attempt(a_result(a_look(**UNREAD_PROGRAM)))], UNKNOWN, Reason.LOOK_UNREAD),
    ("a file was not read", [an_attempt(a_result(a_look(**unread(UnreadKind.FILE))))], CLEAN, None),
    ("refused by its antivirus", [an_attempt(a_result(a_look(**unread(UnreadKind.FILE, error=225))))], UNKNOWN, Reason.LOOK_UNREAD),
    ("deleted by its antivirus", [an_attempt(a_result(a_look(**unread(UnreadKind.FILE, error=226))))], UNKNOWN, Reason.LOOK_UNREAD),
    ("a program was not read once", [an_attempt(a_result(a_look(**UNREAD_PROGRAM))), an_attempt(a_result(EMPTY))], CLEAN, None),
    ("unread program, and a match", [an_attempt(a_result(a_look(a_match(), **UNREAD_PROGRAM)))], INFECTED, Reason.MATCH_FOUND),
    ("unread program, and a weak sign", [an_attempt(a_result(a_look(a_match(grade=Grade.SUSPECT), **UNREAD_PROGRAM)))], UNKNOWN, Reason.LOOK_UNREAD),
    ("unread program, then a stopped look", [an_attempt(a_result(a_look(**UNREAD_PROGRAM)), a_result(a_look(collector="files", stopped=StoppedBy.TIME)))], UNKNOWN, Reason.LOOK_STOPPED),
    ("no root exists", [an_attempt(a_result(a_look(stopped=StoppedBy.MISSING)))], UNKNOWN, Reason.LOOK_STOPPED),
    ("one root does not exist", [an_attempt(a_result(a_look(roots=(MISSING,))))], CLEAN, None),
    ("too much was not read", [an_attempt(a_result(a_look(stopped=StoppedBy.UNREAD)))], UNKNOWN, Reason.LOOK_STOPPED),
    ("a weak sign", [an_attempt(a_result(a_look(a_match(grade=Grade.SUSPECT))))], UNKNOWN, Reason.MATCH_REVIEW),
    ("a listed visitor", [an_attempt(a_result(a_look(a_match(grade=Grade.INFO))))], CLEAN, None),
    ("a listed visitor, once", [an_attempt(a_result(a_look(a_match(grade=Grade.INFO)))), an_attempt(a_result(EMPTY))], CLEAN, None),
    ("a probable sign", [an_attempt(a_result(a_look(a_match(grade=Grade.PROBABLE))))], INFECTED, Reason.MATCH_FOUND),
    ("matched, retry came to nothing", [an_attempt(a_result(DIRTY)), an_attempt(fault=Reason.REACH_TIMEOUT)], INFECTED, Reason.MATCH_FOUND),
    ("unreachable, then clean", [an_attempt(fault=Reason.REACH_TIMEOUT), an_attempt(a_result(EMPTY))], CLEAN, None),
    ("matched, then clean on retry", [an_attempt(a_result(DIRTY)), an_attempt(a_result(EMPTY))], CLEANED, None),
    ("another computer answered", [an_attempt(a_result(EMPTY)), an_attempt(a_result(DIRTY), fault=Reason.IDENTITY_MISMATCH)], UNKNOWN, Reason.IDENTITY_MISMATCH),
    ("not recognised", [an_attempt(a_result(EMPTY)), an_attempt(fault=Reason.IDENTITY_UNSURE)], UNKNOWN, Reason.IDENTITY_UNSURE),
    ("under another name already", [an_attempt(a_result(EMPTY)), an_attempt(fault=Reason.IDENTITY_TWICE)], UNKNOWN, Reason.IDENTITY_TWICE),
    ("infected, then another computer answered", [an_attempt(a_result(DIRTY)), an_attempt(fault=Reason.IDENTITY_MISMATCH)], UNKNOWN, Reason.IDENTITY_MISMATCH),
    ("another computer answered, then ours is infected still", [an_attempt(a_result(DIRTY)), an_attempt(fault=Reason.IDENTITY_MISMATCH), an_attempt(a_result(DIRTY))], INFECTED, Reason.MATCH_FOUND),
    ("another computer answered, then nothing did", [an_attempt(a_result(EMPTY)), an_attempt(fault=Reason.IDENTITY_MISMATCH), an_attempt(fault=Reason.REACH_TIMEOUT)], UNKNOWN, Reason.IDENTITY_MISMATCH),
    ("another computer once, then ours", [an_attempt(fault=Reason.IDENTITY_MISMATCH), an_attempt(a_result(EMPTY))], CLEAN, None),
    ("ours, until the line broke and another answered", [an_attempt(a_result(DIRTY), fault=Reason.IDENTITY_MISMATCH), an_attempt(a_result(EMPTY))], CLEANED, None),
    ("a tool found", [an_attempt(a_result(EMPTY), a_result(a_run(FOUND, mode=ToolMode.DETECT)))], INFECTED, Reason.FINDING_OPEN),
    ("removed, by its word only", [an_attempt(a_result(EMPTY), a_result(a_run(REMOVED)))], UNKNOWN, Reason.CLEAN_UNVERIFIED),
    ("removed, detects nothing after", [an_attempt(a_result(EMPTY), a_result(a_run(REMOVED), DETECTS_NOTHING))], CLEANED, None),
    ("removed, detected elsewhere only", [an_attempt(a_result(EMPTY), a_result(a_run(REMOVED), ELSEWHERE))], UNKNOWN, Reason.CLEAN_UNVERIFIED),
    ("detected, then not, never removed", [an_attempt(a_result(EMPTY), a_result(a_run(FOUND, mode=ToolMode.DETECT), DETECTS_NOTHING))], INFECTED, Reason.FINDING_OPEN),
    ("removed, found again", [an_attempt(a_result(EMPTY), a_result(a_run(REMOVED), a_run(FOUND, mode=ToolMode.DETECT)))], INFECTED, Reason.FINDING_OPEN),
    ("removed, seen gone", [an_attempt(a_result(EMPTY), a_result(a_run(REMOVED), a_look(collector="files", judged=False, gone=("/tmp/x",))))], CLEANED, None),
    ("removed, seen there", [an_attempt(a_result(EMPTY), a_result(a_run(REMOVED), a_look(collector="files", judged=False, there=("/tmp/x",))))], INFECTED, Reason.FINDING_OPEN),
    ("failed, though it looks gone", [an_attempt(a_result(EMPTY), a_result(a_run(a_finding(FindingState.FAILED)), a_look(collector="files", judged=False, gone=("/tmp/x",))))], INFECTED, Reason.FINDING_OPEN),
    ("a restart is due", [an_attempt(a_result(EMPTY), a_result(a_run(REBOOT)))], INFECTED, Reason.REBOOT_PENDING),
    ("a restart is due, another is open", [an_attempt(a_result(EMPTY), a_result(a_run(REBOOT, a_finding(path="/tmp/y"))))], INFECTED, Reason.FINDING_OPEN),
    ("restarted, then nothing seen", [an_attempt(a_result(EMPTY), a_result(a_run(REBOOT))), an_attempt(a_result(EMPTY), a_result(a_run()))], CLEANED, None),
    ("restarted, but the tool broke", [an_attempt(a_result(EMPTY), a_result(a_run(REBOOT))), an_attempt(a_result(EMPTY), a_result(a_run(fault=Fault(Reason.CLEANER_FAILED)), fault=Reason.CLEANER_FAILED))], INFECTED, Reason.REBOOT_PENDING),
    ("removed by hand before the retry", [an_attempt(a_result(EMPTY), a_result(a_run(FOUND, mode=ToolMode.DETECT))), an_attempt(a_result(EMPTY), a_result(DETECTS_NOTHING))], CLEANED, None),
    ("found, and elsewhere nothing on the retry", [an_attempt(a_result(EMPTY), a_result(a_run(FOUND, mode=ToolMode.DETECT))), an_attempt(a_result(EMPTY), a_result(ELSEWHERE))], INFECTED, Reason.FINDING_OPEN),
    ("log and exit code disagree", [an_attempt(a_result(EMPTY), a_result(a_run(contradiction=True)))], UNKNOWN, Reason.CLEANER_CONTRADICTION),
    ("a contradicting detection confirms nothing", [an_attempt(a_result(EMPTY), a_result(a_run(REMOVED), a_run(mode=ToolMode.DETECT, contradiction=True)))], UNKNOWN, Reason.CLEANER_CONTRADICTION),
    ("an incomplete detection confirms nothing", [an_attempt(a_result(EMPTY), a_result(a_run(REMOVED), a_run(mode=ToolMode.DETECT, fault=Fault(Reason.CLEANER_UNFINISHED))))], UNKNOWN, Reason.CLEAN_UNVERIFIED),
    ("torn off midway", [an_attempt(a_result(EMPTY), a_result(fault=Reason.CLEAN_INTERRUPTED))], UNKNOWN, Reason.CLEAN_INTERRUPTED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attempts", "verdict", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_first_rule_that_holds_decides(attempts: list[Attempt], verdict: Verdict, reason: Reason | None) -> None:
    judged = judge(attempts)

    assert (judged.verdict, judged.reason) == (verdict, reason)


def test_open_matches_stay_listed_while_it_is_in_doubt_which_computer_answered() -> None:
    judged = judge([an_attempt(a_result(DIRTY)), an_attempt(fault=Reason.IDENTITY_MISMATCH)])

    assert judged.matches == judged.met == DIRTY.matches
    assert not judged.done


def test_done_counts_infected_hosts_whose_tasks_ended() -> None:
    assert judge([an_attempt(a_result(DIRTY))]).done
    assert not judge([an_attempt(a_result(DIRTY), fault=Reason.CONNECTION_LOST)]).done
    assert not judge([an_attempt(a_result(a_look(a_match(), stopped=StoppedBy.TIME)))]).done
    assert not judge([]).done


def test_a_verdict_without_its_reason_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="unknown"):
        Judgement(verdict=Verdict.UNKNOWN)
    with pytest.raises(ValueError, match="clean"):
        Judgement(verdict=Verdict.CLEAN, reason=Reason.BUG)


looks = st.builds(
    a_look,
    collector=st.sampled_from(["processes", "files"]),
    judged=st.booleans(),
    stopped=st.sampled_from([None, *StoppedBy]),
    matches=st.sampled_from([(), (a_match(),), (a_match(grade=Grade.SUSPECT),), (a_match(grade=Grade.INFO),)]),
    gone=st.sampled_from([(), ("/tmp/x",)]),
    there=st.sampled_from([(), ("/tmp/x",)]),
)
runs = st.builds(
    a_run,
    mode=st.sampled_from(ToolMode),
    contradiction=st.booleans(),
    findings=st.sampled_from([(), *((a_finding(state),) for state in FindingState)]),
)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    events: list[list[Look | ToolRun]] = draw(st.lists(st.lists(st.one_of(looks, runs), max_size=3), max_size=3))
    faults = st.sampled_from([None, None, Reason.ANSWER_CUT, Reason.IDENTITY_MISMATCH])
    tasks = (a_result(*each, fault=draw(faults)) for each in events)
    return an_attempt(*tasks, fault=draw(faults))


@given(st.lists(attempts(), max_size=3))
def test_silence_is_never_health(visits: list[Attempt]) -> None:
    judged = judge(visits)

    if judged.verdict in {CLEAN, CLEANED}:
        newest = visits[-1]
        assert newest.first_fault is None
        last = {look.key: look for visit in visits for look in visit.looks}
        assert any(look.judged for look in last.values())
        assert not any(look.stopped or any(match.grade.weighs for match in look.matches) for look in last.values())
    if judged.verdict is CLEAN:
        assert not judged.findings
        assert not judged.matches


@given(st.lists(attempts(), max_size=2), attempts())
def test_a_new_sighting_is_never_talked_away(visits: list[Attempt], newest: Attempt) -> None:
    if newest.fault or not newest.looks:
        return
    *_, last = newest.looks
    if any(match.grade in {Grade.CONFIRMED, Grade.PROBABLE} for match in last.matches):
        assert judge([*visits, newest]).verdict is INFECTED


def test_what_broke_the_newest_visit_stands_beside_what_was_found() -> None:
    failed = a_result(index=1, fault=Reason.CLEANER_UNFINISHED)

    assert judge([an_attempt(a_result(DIRTY), failed)]).broke == Fault(Reason.CLEANER_UNFINISHED)
    assert judge([an_attempt(a_result(DIRTY), failed), an_attempt(a_result(DIRTY))]).broke is None
    assert judge([an_attempt(a_result(EMPTY), failed)]).broke is None


@pytest.mark.parametrize(
    ("look", "detail"),
    [
        (
            a_look(stopped=StoppedBy.DENIED, **unread(UnreadKind.MOUNT, "/home/nas")),
            "processes: denied, mount /home/nas",
        ),
        (a_look(stopped=StoppedBy.TIME, **unread(UnreadKind.FILE)), "processes: time"),
        (a_look(stopped=StoppedBy.MISSING, roots=(MISSING,)), "processes: missing, /hom"),
        (a_look(stopped=StoppedBy.UNREAD, unread=999), "processes: unread"),
        (a_look(**unread(UnreadKind.PROGRAM, "/home/an/x")), "processes: /home/an/x"),
    ],
)
def test_a_detail_names_what_was_left_out(look: Look, detail: str) -> None:
    assert judge([an_attempt(a_result(look))]).detail == detail


def test_what_stopped_a_look_is_named_before_single_items() -> None:
    items = (Unread(kind=UnreadKind.FILE, path="/a"), Unread(kind=UnreadKind.FOLDER, path="/b", error=13))
    look = a_look(stopped=StoppedBy.DENIED, unread=2, unread_items=items)

    assert judge([an_attempt(a_result(look))]).detail == "processes: denied, folder /b and 1 more"


def test_unread_items_and_missing_roots_of_the_newest_looks_are_shown_beside_the_verdict() -> None:
    first = a_look(**unread(UnreadKind.FILE, "/old"))
    newest = a_look(roots=(MISSING,), **unread(UnreadKind.FILE, "/new"))

    judged = judge([an_attempt(a_result(first)), an_attempt(a_result(newest))])

    assert (judged.verdict, judged.unread, judged.missing_roots) == (CLEAN, 1, ("/hom",))
    assert [item.path for item in judged.unread_items] == ["/new"]
