"""What must hold for every history of a computer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.campaign.cases import Status
from controller.campaign.lists import in_force, met_anywhere
from controller.campaign.questions import cover
from controller.campaign.records import LookRecord, Order, RunRecord, Weight
from controller.campaign.state import LATEST, PRECEDENCE, state_of
from controller.errors import Reason
from controller.model.case import CaseKey, LeftoverKey
from controller.model.decision import NoteKind
from controller.model.indicator import Kind
from controller.model.result import FindingState
from controller.model.verdict import Verdict
from tests.campaign_acts import (
    ANYTHING,
    LOOKING,
    PLAYBOOKS,
    ROOTS,
    WIDE,
    Act,
    cleanings,
    idle_runs,
    looks,
    visits,
)
from tests.campaigns import (
    ABSENT,
    ADDRESS,
    DOMAIN,
    HASH,
    OTHER_HASH,
    PROGRAM,
    URL,
    Campaign,
    Tasks,
    connection,
    entry,
    file,
    full_look,
    look,
    run,
    unread,
)

GOOD = {Verdict.CLEAN, Verdict.CLEANED}
few = settings(max_examples=60)


def begun(tasks: Tasks = WIDE, *acts: Act) -> Campaign:
    campaign = Campaign(tasks).add_list(HASH, ABSENT)
    for act in acts:
        act(campaign)
    return campaign


def owed(campaign: Campaign) -> set[CaseKey]:
    """The open matches and findings that were not handled; what a tool removes at a restart may be handled by one."""
    state = campaign.state
    waiting = {
        each.object
        for visit in campaign.history.visits
        for step in visit.steps
        if isinstance(step, RunRecord)
        for each in step.findings
        if each.state is FindingState.REBOOT
    }
    return {
        case.key
        for case in (*state.open, *state.vanished)
        if not case.handled
        and not isinstance(case.key, LeftoverKey)
        and case.key.object not in waiting
        and case.status in {Status.OPEN, Status.VANISHED}
    }


# nothing that only looks makes an infected computer clean


@few
@given(PLAYBOOKS, ANYTHING, st.lists(LOOKING, min_size=1, max_size=4))
def test_looking_alone_settles_nothing_whatever_was_before(tasks: Tasks, past: list[Act], acts: list[Act]) -> None:
    campaign = begun(tasks, *past)
    debts = owed(campaign)
    for act in acts:
        act(campaign)
        state = campaign.state
        assert debts <= {case.key for case in (*state.open, *state.vanished)}
        assert not debts or state.verdict not in GOOD
        debts |= owed(campaign)


HIDING: tuple[dict[str, Any], ...] = (
    {"excepted": ("/home/u",)},
    {"newer_than": "30d"},
    {"smaller_than": "1M"},
    {"only": "programs"},
    {"limits": ("time",)},
    {"whole": False},
    {"revision": 1},
    {"unread": (unread("/home/u", Weight.STOPS),)},
)
"""What may keep an honest look from listing a file that is there and is no program."""


@st.composite
def honest_looks(draw: st.DrawFn) -> LookRecord:
    """A look at files of a computer on which the file still lies: it lists it unless something hides it."""
    roots = draw(st.sampled_from(ROOTS))
    entered = tuple(root for root in roots if draw(st.integers(0, 3)))
    hiding: dict[str, Any] = draw(st.sampled_from(({}, *HIDING)))
    depth = draw(st.sampled_from([0, 0, 1]))
    is_hidden = bool(hiding) or not any(cover((root,), (PROGRAM,)) for root in entered)
    is_hidden |= depth == 1 and "/home/u" not in entered
    only = {"only": draw(st.sampled_from(["all", "names"]))} if "only" not in hiding else {}
    is_read = bool(draw(st.booleans())) and only.get("only") != "names"
    seen = file() if is_read else file(hashed=False, meetings=())
    rows = () if is_hidden else (seen,)
    return look("files", *rows, roots=roots, entered=entered, depth=depth, **{"revision": 2, **only, **hiding})


@settings(max_examples=200)
@given(st.lists(st.one_of(honest_looks(), cleanings(), st.just("note")), max_size=6), st.booleans())
def test_what_is_still_there_is_never_cleaned_whatever_tools_and_notes_claim(steps: list[Any], restarts: bool) -> None:
    campaign = begun(full_look("files", tool="quet")).visit(look("files", file(), revision=2), run())
    for step in steps:
        if restarts:
            campaign.restart()
        campaign.note() if step == "note" else campaign.later().visit(step)
        assert campaign.state.verdict not in GOOD


# a healthy computer stays clean


def healthy_question() -> st.SearchStrategy[Act]:
    return visits_that_fail() | visits(looks(contents=("good",)))


def visits_that_fail() -> st.SearchStrategy[Act]:
    return st.sampled_from(
        [
            lambda campaign: campaign.off(),
            lambda campaign: campaign.visit(look("files", whole=False), fault=Reason.CONNECTION_LOST),
            lambda campaign: campaign.visit(run(fault=Reason.CLEANER_FAILED)),
        ]
    )


@few
@given(st.lists(visits_that_fail(), max_size=4), st.lists(looks(contents=("good",)), max_size=4))
def test_a_healthy_done_computer_stays_clean_through_failures_and_one_off_questions(
    failures: list[Act], asked: list[LookRecord]
) -> None:
    campaign = begun(WIDE).full()
    for act in failures:
        act(campaign)
        assert campaign.word == "clean"
    for each in asked:
        one_off = replace(each, unread=(), rows=tuple(replace(row, meetings=()) for row in each.rows))
        campaign.later().visit(one_off)
        assert campaign.word == "clean"


# what the state does not depend on


@few
@given(ANYTHING, st.permutations([0, 1, 2]), st.data())
def test_the_order_in_which_different_lists_arrive_does_not_matter(
    acts: list[Act], order: list[int], data: st.DataObject
) -> None:
    campaign = Campaign(WIDE)
    campaign.add_list(HASH, name="0").add_list(OTHER_HASH, DOMAIN, name="1").add_list(ADDRESS, URL, name="2")
    for act in acts:
        act(campaign)
    numbers = data.draw(st.lists(st.integers(1, campaign.number), min_size=3, max_size=3))
    first, others = campaign.lists.versions[:3], campaign.lists.versions[3:]
    moved = tuple(
        replace(first[place], order=Order(began=numbers[place] - 1, committed=numbers[place])) for place in order
    )
    lists = replace(campaign.lists, versions=moved + others)

    assert state_of(campaign.history, lists, WIDE) == campaign.state


@few
@given(ANYTHING, st.data())
def test_the_sweep_of_a_visit_and_the_order_of_the_records_do_not_matter(acts: list[Act], data: st.DataObject) -> None:
    campaign = begun(WIDE, *acts)
    renamed = [replace(visit, sweep=data.draw(st.sampled_from("abc"))) for visit in campaign.history.visits]
    shuffled = replace(campaign.history, visits=tuple(data.draw(st.permutations(renamed))))

    assert state_of(shuffled, campaign.lists, WIDE) == campaign.state


@few
@given(st.lists(st.one_of(looks(), idle_runs(), cleanings()), max_size=5))
def test_one_visit_of_many_steps_is_like_many_visits_of_one(steps: list[Any]) -> None:
    together, apart = begun().visit(*steps), begun()
    for step in steps:
        apart.visit(step)

    assert (together.word, together.state.done, together.state.reasons) == (
        apart.word,
        apart.state.done,
        apart.state.reasons,
    )


@few
@given(PLAYBOOKS, ANYTHING)
def test_one_sighting_more_never_makes_a_computer_clean(tasks: Tasks, acts: list[Act]) -> None:
    campaign = begun(tasks, *acts)
    campaign.machine = "m1"
    campaign.visit(look("files", file(), roots=("/",), whole=False))
    force = in_force(campaign.lists, met_anywhere(campaign.history, campaign.lists), now=LATEST)
    is_harmless = any(note.kind is NoteKind.HARMLESS for note in campaign.history.notes)

    assert is_harmless or HASH not in force or campaign.state.verdict not in GOOD


# every state can be ended


def look_at_everything(campaign: Campaign) -> None:
    """What an operator can do: restart, the tool with --apply, and every question with wide roots."""
    campaign.later(25).restart()
    asked = [look("files", roots=("/",), only="names"), look("files", roots=("/",))]
    asked += [look(each) for each in ("processes", "connections", "dns_cache", "autostart")]
    campaign.visit(run(apply=True, roots=("/",)), *(replace(each, revision=2) for each in asked))


@few
@given(PLAYBOOKS, ANYTHING)
def test_an_operator_can_end_every_state(tasks: Tasks, acts: list[Act]) -> None:
    campaign = begun(tasks, *acts)
    campaign.add_list(ABSENT, name="last.txt")
    look_at_everything(campaign)
    campaign.note()
    look_at_everything(campaign)

    assert campaign.state.verdict in GOOD


def small() -> Campaign:
    return Campaign(full_look("files", "connections", "autostart", tool="quet")).add_list(HASH, ADDRESS)


REMEDIES: dict[Reason, tuple[Callable[[], Campaign], Act]] = {
    Reason.MATCH_FOUND: (
        lambda: small().full(files=(file(),)),
        lambda campaign: campaign.visit(run((PROGRAM, FindingState.REMOVED), apply=True), look("files")),
    ),
    Reason.LEFTOVER_AUTOSTART: (
        lambda: small().full(files=(file(),)).note().full(autostart=(entry(),)),
        lambda campaign: campaign.full(),
    ),
    Reason.FINDING_OPEN: (
        lambda: small().full().visit(run((PROGRAM, FindingState.FOUND))),
        lambda campaign: campaign.visit(run((PROGRAM, FindingState.REMOVED), apply=True), run()),
    ),
    Reason.REBOOT_PENDING: (
        lambda: small().full().visit(run((PROGRAM, FindingState.REBOOT), apply=True)),
        lambda campaign: campaign.restart().full(),
    ),
    Reason.CONTACT_SEEN: (
        lambda: small().full(connections=(connection(),)),
        lambda campaign: campaign.note().later(25).full(),
    ),
    Reason.LOOK_MISSING: (lambda: small().visit(look("files")), lambda campaign: campaign.full()),
    Reason.CLEAN_INTERRUPTED: (
        lambda: small().full().visit(run(apply=True, fault=Reason.CLEAN_INTERRUPTED)),
        lambda campaign: campaign.visit(run(apply=True)),
    ),
    Reason.CLEANER_CONTRADICTION: (
        lambda: small().full().visit(run(apply=True, contradiction=True)),
        lambda campaign: campaign.visit(run()),
    ),
    Reason.CLEAN_UNVERIFIED: (
        lambda: small().full().visit(run((PROGRAM, FindingState.REMOVED), apply=True)),
        lambda campaign: campaign.visit(run()),
    ),
    Reason.MATCH_VANISHED: (lambda: small().full(files=(file(),)).full(), lambda campaign: campaign.note()),
    Reason.LOOK_STOPPED: (
        lambda: small().visit(
            look("files", unread=(unread("/home/secret", Weight.STOPS),)), look("connections"), look("autostart"), run()
        ),
        lambda campaign: campaign.note(NoteKind.CHECKED, ("/home/secret", "")),
    ),
    Reason.LOOK_UNREAD: (
        lambda: small().full().visit(look("files", unread=(unread(),))),
        lambda campaign: campaign.note(NoteKind.CHECKED, (PROGRAM, "")),
    ),
    Reason.LIST_UNSEEN: (
        lambda: Campaign(full_look("files")).add_list(URL).full(),
        lambda campaign: campaign.add_list(HASH, name="b.txt"),
    ),
    Reason.LOOK_OUTDATED: (
        lambda: (
            Campaign(full_look("files"))
            .add_list((Kind.MD5, "m"))
            .visit(look("files", collected=frozenset(Kind) - {Kind.MD5}))
        ),
        lambda campaign: campaign.visit(look("files")),
    ),
    Reason.MATCH_REVIEW: (
        lambda: small().full().visit(look("files", unread=(unread("/home/u/x", Weight.SUSPICIOUS),))),
        lambda campaign: campaign.note(NoteKind.CHECKED, ("/home/u/x", "")),
    ),
}


@pytest.mark.parametrize("reason", PRECEDENCE)
def test_each_reason_has_a_command_that_ends_it(reason: Reason) -> None:
    make, command = REMEDIES[reason]
    campaign = make()
    assert campaign.word == reason

    command(campaign)

    assert reason not in campaign.state.reasons
    assert campaign.state.verdict in GOOD
