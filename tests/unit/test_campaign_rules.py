"""Single sentences of the campaign rules that no story of section 10 shows, each on the smallest history."""

from dataclasses import replace

import pytest

from controller.campaign.lists import in_force
from controller.campaign.questions import answers
from controller.campaign.records import EnteredRoot, Lists, Meeting, Weight
from controller.campaign.state import LATEST, state_of
from controller.errors import Reason
from controller.model.case import FindingKey, MatchKey
from controller.model.decision import NoteKind
from controller.model.indicator import Grade, Kind
from controller.model.result import FindingState
from tests.campaigns import (
    ABSENT,
    FILES,
    FILES_AND_TOOL,
    HASH,
    OTHER_HASH,
    PROGRAM,
    URL,
    Campaign,
    entry,
    file,
    full_look,
    look,
    meeting,
    process,
    run,
    unread,
)

REMOVED, FOUND, REBOOT = FindingState.REMOVED, FindingState.FOUND, FindingState.REBOOT


def infected(*tools: str) -> Campaign:
    """A computer on which the full look met one file."""
    return Campaign(full_look("files", tool=tools[0] if tools else "")).add_list(HASH).full(files=(file(),))


# questions


def test_a_wider_question_answers_a_narrower_one_and_not_the_other_way() -> None:
    wide, narrow = look("files", roots=("/",)).question, look("files", roots=("/home/u",), only="programs").question

    assert answers(wide, narrow)
    assert not answers(narrow, wide)
    assert not answers(look("files", only="names").question, narrow)
    assert not answers(look("files", roots=("/",), excepted=("/home/u/x",)).question, narrow)
    assert not answers(look("files", roots=("/",), newer_than="30d").question, narrow)
    assert not answers(look("files", roots=("/",), depth=1).question, narrow)


def test_an_exception_for_one_folder_outdates_no_computer_that_looked_at_all() -> None:
    campaign = Campaign(FILES).add_list(HASH).full()
    campaign.tasks = full_look("files", excepted=("/home/secret",))

    assert campaign.word == "clean"


# gone


def test_a_look_of_another_volume_under_the_same_path_shows_nothing_as_gone() -> None:
    stick, other = (EnteredRoot(path="/media/stick", volume=volume) for volume in ("A1B2", "C3D4"))
    tasks = full_look("files", roots=("/media/stick",))
    campaign = Campaign(tasks).add_list(HASH)
    campaign.visit(look("files", file("/media/stick/a"), roots=("/media/stick",), entered=(stick,))).note()

    assert campaign.visit(look("files", roots=("/media/stick",), entered=(other,))).word == "match.found"
    assert campaign.visit(look("files", roots=("/media/stick",), entered=(stick,))).word == "cleaned"


@pytest.mark.parametrize(
    "empty",
    [
        look("files", whole=False),
        look("files", limits=("time",)),
        look("files", newer_than="30d"),
        look("files", excepted=("/home/u",)),
        look("files", only="programs"),
        look("files", revision=1),
        look("files", roots=("/srv",)),
        look("files", entered=()),
        look("files", depth=1),
        look("files", unread=(unread("/home/u", Weight.STOPS),)),
        look("processes"),
    ],
    ids=[
        "broken-off",
        "stopped",
        "newer",
        "except",
        "programs",
        "revision",
        "roots",
        "missing",
        "depth",
        "closed",
        "other",
    ],
)
def test_a_look_that_would_not_have_listed_the_file_does_not_show_it_gone(empty: object) -> None:
    campaign = Campaign(FILES).add_list(HASH).visit(look("files", file(), revision=2)).note()

    assert campaign.visit(empty).word in {"match.found", "look.stopped"}  # type: ignore[arg-type]
    assert campaign.state.open[0].key == MatchKey(HASH, "files", PROGRAM)


def test_a_folder_that_a_person_checked_shows_nothing_in_it_as_gone() -> None:
    campaign = infected()
    closed = look("files", unread=(unread("/home/u", Weight.STOPS),))
    campaign.visit(run((PROGRAM, REMOVED), apply=True), closed)

    assert campaign.note(NoteKind.CHECKED, ("/home/u", ""), covers=frozenset()).word == "match.found"


# handled


def test_a_dry_run_that_says_removed_handles_nothing() -> None:
    assert infected("quet").visit(run((PROGRAM, REMOVED)), look("files"), run()).word == "match.vanished"


def test_a_removal_with_a_contradiction_handles_nothing() -> None:
    torn = run((PROGRAM, REMOVED), apply=True, contradiction=True)

    assert infected("quet").visit(torn, look("files"), run()).word == "match.vanished"


def test_after_a_reboot_only_a_look_under_another_boot_confirms() -> None:
    campaign = infected().visit(run((PROGRAM, REBOOT), apply=True), look("files"), run())

    assert campaign.restart().visit(fault=Reason.CONNECTION_LOST).word == "match.found"
    assert campaign.full().word == "cleaned"


def test_a_program_may_run_on_until_the_restart_after_its_file_was_removed() -> None:
    campaign = Campaign(full_look("processes", "files", "autostart")).add_list(HASH).full(processes=(process(),))
    campaign.visit(run((PROGRAM, REMOVED), apply=True), look("processes", process()))

    assert campaign.full().word == "match.found"
    assert campaign.restart().full().word == "cleaned"


def test_a_note_alone_closes_no_running_program_that_no_autostart_was_asked_for() -> None:
    campaign = Campaign(full_look("processes")).add_list(HASH).full(processes=(process(),))

    assert campaign.note().full().word == "match.found"


def test_a_note_does_not_cover_what_a_later_list_names() -> None:
    row = file(meetings=meeting(HASH, OTHER_HASH))
    campaign = Campaign(FILES).add_list(HASH).full(files=(row,)).note().full()
    assert campaign.word == "cleaned"

    assert campaign.add_list(OTHER_HASH, name="b.txt").word == "match.vanished"


def test_a_note_on_a_finding_may_come_after_the_run_that_no_longer_names_it() -> None:
    campaign = Campaign(FILES_AND_TOOL).add_list(ABSENT).visit(look("files"), run((PROGRAM, FOUND)))

    assert campaign.visit(look("files"), run()).note().word == "cleaned"


def test_a_tool_that_says_cleaned_explains_other_content_at_the_path() -> None:
    campaign = infected("quet").visit(run((PROGRAM, FindingState.CLEANED), apply=True))

    assert campaign.full(files=(file(content="good"),)).word == "cleaned"


def test_what_the_antivirus_deletes_does_not_settle_a_match_on_the_same_file() -> None:
    campaign = infected().visit(look("files", unread=(unread(weight=Weight.ANTIVIRUS_DELETED),))).full()

    assert campaign.word == "match.vanished"


def test_a_file_that_the_antivirus_refused_and_that_is_no_longer_listed_needs_a_note() -> None:
    refused = look("files", unread=(unread(weight=Weight.ANTIVIRUS_REFUSED),))
    campaign = Campaign(FILES).add_list(ABSENT).full().visit(refused).full()

    assert campaign.word == "match.vanished"
    assert campaign.note().word == "cleaned"


# weak evidence, and what follows


def test_a_suspect_match_never_infects() -> None:
    weak = file(meetings=(Meeting(value=(Kind.PATH, PROGRAM), grade=Grade.SUSPECT),))

    assert Campaign(FILES).add_list((Kind.PATH, PROGRAM)).full(files=(weak,)).word == "match.review"


def test_a_visitor_weighs_nothing() -> None:
    told = file(meetings=(Meeting(value=HASH, grade=Grade.INFO),))

    assert Campaign(FILES).add_list(HASH).full(files=(told,)).word == "clean"


def test_an_entry_whose_own_command_meets_a_list_is_not_closed_by_its_absence() -> None:
    campaign = Campaign(full_look("autostart")).add_list(URL, HASH).full(autostart=(entry("Run/A", "", URL),))

    assert campaign.full().word == "match.vanished"


def test_a_disabled_entry_that_is_left_behind_is_for_a_person() -> None:
    campaign = Campaign(full_look("files", "autostart")).add_list(HASH).full(files=(file(),)).note()

    assert campaign.full(autostart=(entry(disabled=True),)).word == "match.review"


# lists


def test_a_value_that_was_met_stays_in_force_until_it_is_withdrawn_and_can_be_restored() -> None:
    campaign = infected().add_list(ABSENT)
    assert campaign.word == "match.found"

    assert campaign.withdraw(HASH).word == "clean"
    assert campaign.withdraw(HASH, restores=True).word == "match.found"


def test_a_value_that_another_computer_showed_stays_in_force_too() -> None:
    campaign = Campaign(FILES).add_list(HASH).add_list(ABSENT)

    assert HASH not in in_force(campaign.lists, {}, now=LATEST)
    assert HASH in in_force(campaign.lists, {HASH: 1}, now=LATEST)


def test_a_withdrawn_list_leaves_the_same_value_of_another_list_in_force() -> None:
    campaign = infected().add_list(HASH, name="b.txt").withdraw(list_name="a.txt")

    assert campaign.word == "match.found"
    assert campaign.withdraw(list_name="b.txt").word == "list.unseen"


def test_the_version_that_came_into_force_last_counts_also_when_it_is_an_older_file() -> None:
    campaign = Campaign(FILES).add_list(HASH).add_list(ABSENT).add_list(HASH)

    assert campaign.full(files=(file(),)).word == "match.found"


# machines


def test_a_reinstalled_computer_stays_infected_until_a_note_made_since() -> None:
    campaign = infected().note()
    campaign.machine = "reinstalled"

    assert campaign.full().word == "match.found"
    assert campaign.note().word == "cleaned"


def test_two_systems_on_one_computer_keep_their_own_histories() -> None:
    campaign = Campaign(FILES).add_list(HASH).full()
    campaign.machine = "second"
    assert campaign.full(files=(file(),)).word == "match.found"

    campaign.machine = "m1"
    assert campaign.full().word == "match.found"
    campaign.machine = "second"
    assert campaign.full().word == "match.vanished"


def test_a_replaced_computer_that_is_a_clone_owes_the_full_look_again() -> None:
    campaign = Campaign(full_look("files", "processes")).add_list(HASH).full()

    assert campaign.accept("m1").visit(look("processes")).word == "look.missing"


def test_an_accept_ends_the_doubt_of_earlier_visits() -> None:
    campaign = Campaign(FILES).add_list(HASH).full().visit(doubt=Reason.IDENTITY_MISMATCH)
    assert campaign.word == "identity.mismatch"

    assert campaign.accept().word == "look.missing"


# the full look


def test_more_single_unread_items_than_the_bound_stop_a_look() -> None:
    items = tuple(unread(f"/home/{number}", Weight.COUNTED) for number in range(21))
    few, many = (look("files", unread=items, visited=visited) for visited in (2_200, 2_000))

    assert Campaign(FILES).add_list(HASH).visit(few).word == "clean"
    assert Campaign(FILES).add_list(HASH).visit(few).state.unread == 21
    assert Campaign(FILES).add_list(HASH).visit(many).word == "look.stopped"
    assert Campaign(FILES).add_list(HASH).visit(replace(few, visited=10**6, unread=items * 10)).word == "look.stopped"


def test_a_checked_item_counts_again_when_it_has_changed() -> None:
    campaign = Campaign(FILES).add_list(HASH).visit(look("files", unread=(unread(mark="10 bytes"),)))
    assert campaign.note(NoteKind.CHECKED, (PROGRAM, "10 bytes"), covers=frozenset()).word == "clean"

    assert campaign.visit(look("files", unread=(unread(mark="11 bytes"),))).word == "look.unread"


def test_a_computer_on_which_no_value_in_force_can_be_seen_is_clean_after_a_tool_only() -> None:
    assert Campaign(FILES).add_list(URL).full().word == "list.unseen"
    assert Campaign(FILES_AND_TOOL).add_list(URL).full().word == "clean"


def test_an_empty_full_look_is_never_clean() -> None:
    assert Campaign(()).add_list(HASH).visit().word == "list.unseen"


def test_a_computer_that_never_answered_is_called_by_what_kept_it() -> None:
    assert Campaign(FILES).add_list(HASH).word == "look.missing"
    assert Campaign(FILES).add_list(HASH).off().word == "reach.timeout"


def test_results_that_a_start_committed_count_before_the_visit_ends() -> None:
    campaign = Campaign(FILES_AND_TOOL).add_list(HASH).visit(look("files", file()), run(apply=True))

    assert state_of(campaign.history, campaign.lists, campaign.tasks, now=2).reason is Reason.MATCH_FOUND


def test_a_retired_computer_is_marked_and_keeps_its_state() -> None:
    campaign = infected().note(NoteKind.RETIRED, covers=frozenset())

    assert (campaign.state.retired, campaign.word) == (True, "match.found")


def test_findings_are_kept_apart_by_tool_threat_and_object() -> None:
    campaign = Campaign(FILES_AND_TOOL).add_list(ABSENT).full().visit(run((PROGRAM, FOUND)))

    assert campaign.shown_keys == {FindingKey("quet", "Trojan", PROGRAM)}


def test_nothing_is_in_force_without_lists() -> None:
    assert in_force(Lists(), {HASH: 1}, now=LATEST) == frozenset()


def test_a_visit_that_does_not_show_which_machine_it_was_belongs_to_the_one_before_or_after() -> None:
    campaign = Campaign(FILES).add_list(HASH)
    campaign.machine = ""
    campaign.full(files=(file(),))
    campaign.machine = "m1"
    campaign.visit(look("files", file()), run((PROGRAM, FindingState.REMOVED), apply=True), look("files"))
    assert campaign.word == "cleaned"

    campaign.machine = ""
    assert campaign.full().word == "cleaned"
