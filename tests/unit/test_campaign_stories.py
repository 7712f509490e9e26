"""The stories of the campaign rules, section 10: what a computer is called after each step."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from controller.campaign.records import Weight
from controller.errors import Reason
from controller.model.decision import NoteKind
from controller.model.indicator import Kind
from controller.model.result import FindingState
from tests.campaigns import (
    ABSENT,
    ADDRESS,
    DOMAIN,
    FILES,
    FILES_AND_TOOL,
    HASH,
    PROGRAM,
    URL,
    Campaign,
    cached,
    connection,
    entry,
    file,
    full_look,
    look,
    process,
    run,
    unread,
)

REMOVED, FOUND, REBOOT = FindingState.REMOVED, FindingState.FOUND, FindingState.REBOOT
Story = Callable[[], Iterator[str]]
STORIES: Final[list[tuple[int, tuple[str, ...], Story]]] = []


def story(number: int, *words: str) -> Callable[[Story], Story]:
    """Put a story under its number of section 10 into the table, with what the computer must be called."""

    def add(each: Story) -> Story:
        STORIES.append((number, words, each))
        return each

    return add


def unreached(campaign: Campaign) -> str:
    """The word, and since which day it was not reached and why."""
    state = campaign.state
    assert state.unreached_since
    return f"{campaign.word}, not reached since {state.unreached_since.day}: {state.unreached_why}"


@story(1, "clean", "clean, not reached since 16: reach.timeout", "clean, not reached since 16: connection.lost")
def clean_then_off_then_broken() -> Iterator[str]:
    campaign = Campaign().add_list(HASH).full()
    yield campaign.word
    yield unreached(campaign.later().off())
    broken = look("processes"), look("files", whole=False)
    yield unreached(campaign.later().visit(*broken, fault=Reason.CONNECTION_LOST))


@story(2, "look.stopped", "clean")
def stopped_by_its_limit_then_complete() -> Iterator[str]:
    campaign = Campaign(FILES).add_list(HASH).visit(look("files", limits=("count",)))
    yield campaign.word
    yield campaign.visit(look("files")).word


@story(3, "clean")
def another_unit_gets_a_list_with_values_that_no_look_sees() -> Iterator[str]:
    yield Campaign().add_list(HASH).full().add_list((Kind.MD5, "other"), URL, name="unit.txt").word


@story(4, "match.found", "match.found", "clean")
def a_new_version_of_the_list_drops_a_wrong_value() -> Iterator[str]:
    campaign = Campaign(FILES).add_list(HASH).visit(look("files", file()))
    yield campaign.word
    yield campaign.add_list(ABSENT).word
    yield campaign.withdraw(HASH).word


@story(5, "clean", "contact.seen", "15", "contact.seen", "cleaned")
def a_later_list_names_an_old_connection() -> Iterator[str]:
    tasks = full_look("connections", "autostart", tool="quet")
    campaign = Campaign(tasks).add_list(ABSENT, (Kind.ADDRESS, "192.0.2.1"))
    yield campaign.full(connections=(connection(),)).later().full().word
    yield campaign.later().add_list(ADDRESS, name="b.txt").word
    campaign.later().visit(run(apply=True), look("connections"), look("autostart"))
    yield str(campaign.state.open[0].last_seen.day)
    yield campaign.later().note().word
    yield campaign.later().full().word


@story(6, "match.vanished", "cleaned", "match.found")
def deleted_by_hand_noted_and_back() -> Iterator[str]:
    campaign = Campaign(FILES).add_list(HASH).full(files=(file(),)).later().full()
    yield campaign.word
    yield campaign.note().word
    yield campaign.later().full(files=(file(),)).word


@story(7, "match.vanished")
def moved_away_before_the_tool_came() -> Iterator[str]:
    campaign = Campaign(FILES_AND_TOOL).add_list(HASH).full(files=(file(),))
    yield campaign.later().visit(run(apply=True), look("files")).word


@story(8, "finding.open", "finding.open", "cleaned")
def the_tool_fails_and_later_succeeds_over_wider_roots() -> Iterator[str]:
    campaign = Campaign(FILES_AND_TOOL).add_list(HASH).visit(look("files"), run((PROGRAM, FOUND)))
    yield campaign.word
    failed = run((PROGRAM, FindingState.FAILED), apply=True, fault=Reason.CLEANER_FAILED)
    yield campaign.visit(failed).word
    yield campaign.visit(run((PROGRAM, REMOVED), apply=True, roots=("/",)), run(roots=("/",))).word


@story(9, "finding.open", "match.vanished")
def dry_runs_only() -> Iterator[str]:
    campaign = Campaign(FILES_AND_TOOL).add_list(HASH).visit(look("files"), run((PROGRAM, FOUND)))
    yield campaign.word
    yield campaign.visit(look("files"), run()).word


@story(10, "contact.seen", "contact.seen", "cleaned", "contact.seen")
def a_name_in_the_dns_cache() -> Iterator[str]:
    campaign = Campaign(full_look("dns_cache", "autostart")).add_list(DOMAIN).full(dns_cache=(cached(),))
    yield campaign.word
    yield campaign.note().later(1).full(dns_cache=(cached(),)).word
    yield campaign.later(24).full().word
    yield campaign.later(48).full(dns_cache=(cached(),)).word


@story(11, "match.found", "match.found")
def a_running_program_that_the_tool_does_not_name() -> Iterator[str]:
    campaign = Campaign(full_look("processes", "autostart", tool="quet")).add_list(HASH)
    yield campaign.full(processes=(process(),)).word
    looks = look("processes"), look("autostart"), look("files", roots=("/opt",))
    yield campaign.visit(run(apply=True), *looks).word


@story(12, "match.found", "match.found", "cleaned")
def on_a_stick_that_was_destroyed() -> Iterator[str]:
    both = ("/home", "/media/stick")
    campaign = Campaign(full_look("files", roots=both)).add_list(HASH)
    yield campaign.visit(look("files", file("/media/stick/a"), roots=both)).word
    yield campaign.visit(look("files", roots=both, entered=("/home",))).word
    yield campaign.note(NoteKind.GONE).word


@story(13, "match.found", "cleaned")
def the_genuine_program_is_back_at_its_place() -> Iterator[str]:
    campaign = Campaign(FILES).add_list(HASH).full(files=(file(),))
    yield campaign.word
    yield campaign.note().later().full(files=(file(content="genuine"),)).word


@story(14, "look.missing, 1 replaced", "clean, 1 replaced", "clean, 0 replaced")
def replaced_by_another_machine() -> Iterator[str]:
    campaign = Campaign().add_list(HASH).full(files=(file(),)).accept().visit(look("processes"))
    yield f"{campaign.word}, {len(campaign.state.replaced)} replaced"
    campaign.full()
    yield f"{campaign.word}, {len(campaign.state.replaced)} replaced"
    campaign.note()
    yield f"{campaign.word}, {len(campaign.state.replaced)} replaced"


@story(15, "match.found", "match.vanished match.review", "clean")
def a_false_alarm_is_withdrawn() -> Iterator[str]:
    campaign = Campaign().add_list(HASH, ABSENT).full(files=(file(),), autostart=(entry(),))
    yield campaign.word
    campaign.full(files=(file(content="other"),), autostart=(entry(),))
    yield " ".join(campaign.state.reasons)
    yield campaign.withdraw(HASH).word


@story(16, "look.missing")
def only_a_quick_look() -> Iterator[str]:
    yield Campaign().add_list(HASH).visit(look("processes")).word


@story(17, "identity.mismatch, 1 open", "match.found")
def another_machine_answers_once() -> Iterator[str]:
    campaign = Campaign().add_list(HASH).full(files=(file(),))
    campaign.visit(look("files"), doubt=Reason.IDENTITY_MISMATCH)
    yield f"{campaign.word}, {len(campaign.state.open)} open"
    yield campaign.full(files=(file(),)).word


@story(18, "clean")
def healthy_through_failures_and_other_questions() -> Iterator[str]:
    campaign = Campaign().add_list(HASH).full().off()
    campaign.visit(look("files", roots=("/srv",), limits=("time",)))
    yield campaign.add_list((Kind.SHA256, "new"), name="new.txt").word


@story(19, "match.found")
def a_look_that_began_before_the_sighting_closes_nothing() -> Iterator[str]:
    campaign = Campaign(FILES_AND_TOOL).add_list(HASH)
    began = campaign.number
    campaign.visit(look("files", file())).note()
    yield campaign.visit(look("files"), run(apply=True), began=began).word


@story(20, "match.found", "finding.open")
def the_payload_cannot_be_opened_after_the_removal() -> Iterator[str]:
    removal = run((PROGRAM, REMOVED), apply=True), run(), look("files", unread=(unread(),))
    yield Campaign(FILES_AND_TOOL).add_list(HASH).visit(look("files", file()), *removal).word
    yield Campaign(FILES_AND_TOOL).add_list(ABSENT).visit(look("files"), *removal).word


@story(21, "clean.interrupted", "clean, 1 run")
def killed_while_the_tool_ran() -> Iterator[str]:
    campaign = Campaign(FILES_AND_TOOL).add_list(HASH)
    torn = run(apply=True, run_id="r1", ended=False)
    yield campaign.visit(look("files"), torn, fault=Reason.HOST_PENDING, sweep="first").word
    campaign.visit(run(apply=True, run_id="r1"), look("files"), sweep="retry")
    ids = {step.run_id for visit in campaign.history.visits for step in visit.steps if hasattr(step, "run_id")}
    yield f"{campaign.word}, {len(ids)} run"


@story(22, "cleaned", "cleaned", "clean", "clean")
def a_new_revision_of_the_collector() -> Iterator[str]:
    campaign = Campaign(FILES).add_list(HASH).full(files=(file(),)).note().full()
    yield campaign.word
    yield campaign.visit(look("files", revision=2, limits=("time",))).word
    campaign = Campaign(FILES).add_list(HASH).full()
    yield campaign.word
    yield campaign.visit(look("files", revision=2, roots=("/home/u",))).word


@story(23, "reboot.pending", "reboot.pending", "cleaned")
def removed_at_the_restart() -> Iterator[str]:
    campaign = Campaign(FILES_AND_TOOL).add_list(ABSENT)
    yield campaign.visit(look("files"), run((PROGRAM, REBOOT), apply=True)).word
    yield campaign.full().word
    yield campaign.restart().full().word


@story(25, "look.stopped", "clean", "look.stopped")
def a_folder_that_no_account_may_list() -> Iterator[str]:
    secret, other = (unread(path, Weight.STOPS) for path in ("/home/secret", "/home/other"))
    campaign = Campaign(FILES).add_list(HASH).visit(look("files", unread=(secret,)))
    yield campaign.word
    yield campaign.note(NoteKind.CHECKED, ("/home/secret", "")).word
    campaign = Campaign(FILES).add_list(HASH).visit(look("files", unread=(other,)))
    yield campaign.note(NoteKind.CHECKED, ("/home/secret", "")).word


@story(26, "finding.open", "match.review", "cleaned")
def refused_by_the_antivirus_and_later_readable() -> Iterator[str]:
    refused = look("files", unread=(unread(weight=Weight.ANTIVIRUS_REFUSED),))
    campaign = Campaign(FILES).add_list(HASH).full().visit(refused)
    yield campaign.word
    yield campaign.later().visit(look("files", file(content="readable"))).word
    yield campaign.note().word


@pytest.mark.parametrize(
    ("number", "words", "tell"), STORIES, ids=[f"{number}-{each.__name__}" for number, _, each in STORIES]
)
def test_a_story_of_the_campaign_rules(number: int, words: tuple[str, ...], tell: Story) -> None:
    assert tuple(tell()) == words


def test_every_story_is_in_the_table_but_the_dock_which_is_judged_by_the_identity_rules() -> None:
    assert [number for number, _, _ in STORIES] == [number for number in range(1, 27) if number != 24]
