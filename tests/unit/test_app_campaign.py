"""The state of each computer from a real store: over several sweeps, lists and playbooks."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.app import report as reports
from controller.app.campaign import Campaign
from controller.errors import Reason
from controller.model.collector import Root, RootState, StoppedBy, Unread, UnreadKind
from controller.model.decision import IdentityChange, Note, NoteKind, PlaybookNamed, Withdrawal
from controller.model.fleet import Platform
from controller.model.indicator import Kind
from controller.model.result import Finding, FindingState, Look, LookKey, ToolMode
from controller.model.sweep import Visit
from controller.reports.writers import json
from controller.store.ledger import Ledger
from tests.builders import BAD, NOON
from tests.campaign_store import (
    BAD_PATH,
    CLEAN,
    FILES,
    HOST,
    MACHINE,
    PROCESSES,
    Store,
    files,
    playbook,
)
from tests.visits import a_file, a_process, a_whole_look

BAD_FILE = a_file(BAD_PATH, sha256=BAD)
OTHER = "1a" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Ledger.open(tmp_path / "lamsach.db") as ledger:
        yield Store(ledger, tmp_path / "lamsach.db")


def test_two_dry_runs_never_make_an_infected_computer_cleaned(store: Store) -> None:
    store.sweep(BAD)
    store.visit(files(BAD_FILE))
    store.sweep("203.0.113.9", play=playbook(PROCESSES, path="quick.yml"), path="other.txt")
    store.visit(a_whole_look())

    assert store.word() == Reason.MATCH_FOUND
    assert store.state().done


def test_a_quick_look_at_one_computer_changes_no_other(store: Store) -> None:
    store.sweep(BAD)
    store.visit(files(BAD_FILE))
    store.visit(files(), host="pc-02")
    store.sweep(OTHER, play=playbook(PROCESSES, path="quick.yml"), hosts=(HOST, "pc-02"), path="other.txt")
    store.visit(a_whole_look(), host="pc-02")

    assert (store.word(), store.word("pc-02")) == (Reason.MATCH_FOUND, "clean")


def test_a_list_that_comes_later_judges_what_was_seen_before(store: Store) -> None:
    store.sweep()
    store.visit(files(BAD_FILE))
    assert store.word() == "clean"

    store.sweep(BAD, path="second.txt")

    assert store.word() == Reason.MATCH_FOUND
    (match,) = store.state().matches
    assert (match.list, match.list_path, match.place, match.where) == ("second.txt", "second.txt", "1", BAD_PATH)


def test_malware_that_leaves_the_roots_while_a_tool_names_nothing_is_not_cleaned(store: Store) -> None:
    store.tasks = (FILES, CLEAN)
    store.sweep(BAD)
    store.visit(files(BAD_FILE), store.run(), files())

    assert store.word() == Reason.MATCH_VANISHED


@pytest.mark.parametrize(
    ("state", "again", "word"),
    [
        (FindingState.REMOVED, files(), "cleaned"),
        (FindingState.REMOVED, files(BAD_FILE), Reason.MATCH_FOUND),
        (FindingState.FOUND, files(), Reason.MATCH_VANISHED),
        (FindingState.REMOVED, files(stopped=StoppedBy.TIME), Reason.MATCH_FOUND),
    ],
    ids=["removed", "still there", "only found", "not looked at again"],
)
def test_cleaned_is_what_a_tool_named_and_a_later_look_does_not_show(
    store: Store, state: FindingState, again: Look, word: str
) -> None:
    store.sweep(BAD)
    finding = Finding(tool="quet", threat="Lab.A", object=BAD_PATH, state=state)
    store.visit(files(BAD_FILE), store.run(finding), again)

    assert store.word() == word


def test_a_healthy_done_computer_stays_clean_through_visits_that_fail(store: Store) -> None:
    store.sweep(BAD)
    store.visit(files())
    store.sweep(BAD)
    store.visit(fault=Reason.REACH_TIMEOUT)
    store.visit(files(stopped=StoppedBy.TIME), fault=Reason.CONNECTION_LOST)

    judgement = store.state()
    assert (store.word(), judgement.done) == ("clean", True)
    assert judgement.broke is not None
    assert (judgement.broke.reason, judgement.broken_since) == (Reason.CONNECTION_LOST, NOON)


def test_a_computer_that_only_a_quick_look_saw_owes_the_full_look(store: Store) -> None:
    store.sweep(BAD)
    store.sweep(BAD, play=playbook(PROCESSES, path="quick.yml"))
    store.visit(a_whole_look())

    assert (store.word(), store.state().detail) == (Reason.LOOK_MISSING, "files")


def test_a_computer_without_a_visit_is_pending_and_one_that_never_answered_names_the_fault(store: Store) -> None:
    store.sweep(BAD)
    store.visit(host="pc-02", fault=Reason.LOGIN_REFUSED)

    assert (store.word(), store.word("pc-02")) == (Reason.HOST_PENDING, Reason.LOGIN_REFUSED)


def test_the_playbook_is_that_of_the_first_sweep_until_one_is_named(store: Store) -> None:
    store.sweep(BAD)
    store.visit(files())
    assert Campaign(store.ledger).named is None

    store.ledger.decide(PlaybookNamed(playbook=playbook(FILES, PROCESSES, path="k.yml"), operator="an", made=NOON))
    assert (store.word(), store.state().detail) == (Reason.LOOK_MISSING, "processes")

    store.sweep(BAD, play=playbook(FILES, path="k.yml"))
    assert store.word() == "clean"


def test_a_newer_version_of_a_list_keeps_what_was_met_until_it_is_withdrawn(store: Store) -> None:
    store.sweep(f"{BAD}\n{OTHER}")
    store.visit(files(BAD_FILE))
    store.visit(files(), host="pc-02")
    store.sweep("77" * 32)
    assert (store.word(), store.word("pc-02")) == (Reason.MATCH_FOUND, "clean")
    store.visit(files(a_file("/home/an/y", sha256=OTHER)), host="pc-02")
    assert store.word("pc-02") == "clean", "it was dropped before anybody met it"

    store.ledger.decide(Withdrawal(operator="an", made=NOON, why="nhầm", values=((Kind.SHA256, BAD),)))

    assert store.word() == "clean"


def test_kept_states_and_meetings_may_be_deleted(store: Store) -> None:
    store.sweep(BAD)
    store.visit(files(BAD_FILE))
    store.visit(files(), host="pc-02")
    first = json.write(reports.summarised(store.ledger, ()).summary)
    assert set(store.ledger.states()) == {HOST, "pc-02"}
    assert store.ledger.meetings()[1]

    store.ledger.forget_states()

    assert store.ledger.states() == {}
    assert json.write(reports.summarised(store.ledger, ()).summary) == first


def test_a_kept_state_is_used_until_something_that_it_follows_from_changes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.sweep(BAD)
    store.visit(files(BAD_FILE))
    store.visit(files(), host="pc-02")
    made: list[str] = []
    visits = Ledger.visits

    def noted(ledger: Ledger, host: str) -> tuple[Visit, ...]:
        made.append(host)
        return visits(ledger, host)

    monkeypatch.setattr(Ledger, "visits", noted)
    store.state()
    assert sorted(made) == [HOST, "pc-02"]
    made.clear()
    store.state()
    assert made == []
    store.visit(files(), host="pc-02")
    store.state()
    assert made == ["pc-02"]
    made.clear()
    note = _note(store)
    made.clear()
    store.ledger.decide(note)
    store.state()
    assert made == [HOST]


def _note(store: Store) -> Note:
    state, _ = Campaign(store.ledger).state(HOST)
    return Note(
        host=HOST,
        kind=NoteKind.HANDLED,
        operator="an",
        made=NOON,
        at=NOON,
        matches=tuple(case.key for case in state.open),  # type: ignore[misc]
        began=store.ledger.latest_commit(),
    )


def test_a_note_and_a_look_after_it_close_what_was_met(store: Store) -> None:
    store.sweep(BAD)
    store.visit(files(BAD_FILE))
    store.ledger.decide(_note(store))
    assert store.word() == Reason.MATCH_FOUND

    store.visit(files())

    assert store.word() == "cleaned"


def test_another_machine_begins_a_new_history_and_leaves_the_old_matters_open(store: Store) -> None:
    store.sweep(BAD)
    store.visit(files(BAD_FILE))
    store.ledger.change_identity(IdentityChange(host=HOST, operator="an", made=NOON, before=MACHINE))
    assert store.word() == Reason.LOOK_MISSING

    store.visit(files(), machine=replace(MACHINE, machine_id="m2"))

    assert (store.word(), store.state().replaced) == ("clean", (BAD_PATH,))


def test_what_an_older_program_passed_over_in_a_text_is_met_without_a_new_visit(store: Store) -> None:
    store.tasks = (PROCESSES,)
    store.sweep("http://bad.example/a.hta")
    row = a_process(command_line="mshta http://bad.example/a.hta")
    look = a_whole_look(row)
    old = tuple(each for each in look.observations if each.kind not in {Kind.URL, Kind.DOMAIN, Kind.NAME})
    store.visit(replace(look, observations=old))
    assert store.word() == "clean"

    with sqlite3.connect(store.path) as database:
        database.execute("UPDATE look SET reading = NULL")

    assert store.word() == Reason.MATCH_FOUND


# how answers become records


def test_a_folder_that_is_reached_through_a_link_is_compared_by_its_own_path(store: Store) -> None:
    linked = (Root(asked="/home", state=RootState.ENTERED, resolved="/data/home"),)
    store.sweep(BAD)
    finding = Finding(tool="quet", threat="Lab.A", object="/data/home/an/x.bin", state=FindingState.REMOVED)
    store.visit(files(BAD_FILE, roots=linked), store.run(finding), files(roots=linked))

    assert store.word() == "cleaned"


def test_a_root_that_is_no_folder_shows_nothing_as_gone(store: Store) -> None:
    store.sweep(BAD)
    finding = Finding(tool="quet", threat="Lab.A", object=BAD_PATH, state=FindingState.REMOVED)
    roots = (Root(asked="/home", state=RootState.ENTERED, resolved="/home"),)
    link = a_whole_look(a_file("/home", "link"), collector="files", arguments=("root=/home",), roots=roots)
    store.visit(files(BAD_FILE), store.run(finding), link)

    assert store.word() == Reason.MATCH_FOUND


@pytest.mark.parametrize(
    ("items", "but", "word"),
    [
        ((Unread(kind=UnreadKind.FILE, path="/home/an/a", error=13),), {}, "clean"),
        ((Unread(kind=UnreadKind.PROGRAM, path="/home/an/a", error=13),), {}, Reason.LOOK_UNREAD),
        ((Unread(kind=UnreadKind.FOLDER, path="/home/an/a", error=13),), {"stopped": StoppedBy.DENIED}, "look.stopped"),
        ((Unread(kind=UnreadKind.LINK, path="/home/l"),), {"stopped": StoppedBy.DENIED}, Reason.LOOK_STOPPED),
        ((Unread(kind=UnreadKind.FILE, path="C:\\x.exe", error=225),), {}, Reason.FINDING_OPEN),
        ((), {"stopped": StoppedBy.COUNT}, Reason.LOOK_STOPPED),
        ((), {"stopped": StoppedBy.DENIED}, Reason.LOOK_STOPPED),
    ],
)
def test_what_could_not_be_read_weighs_as_section_8_says(
    store: Store, items: tuple[Unread, ...], but: dict[str, Any], word: str
) -> None:
    store.sweep(BAD)
    store.visit(files(unread=len(items), unread_items=items, **but))

    assert store.word() == word


def test_a_file_that_cannot_be_read_at_a_listed_path_is_met(store: Store) -> None:
    store.sweep(BAD_PATH)
    items = (Unread(kind=UnreadKind.FILE, path=BAD_PATH, error=13),)
    store.visit(files(unread=1, unread_items=items))

    assert store.word() == Reason.MATCH_FOUND


def test_roots_that_are_all_missing_or_refused_stop_the_look(store: Store) -> None:
    store.sweep(BAD)
    for state, host in ((RootState.MISSING, HOST), (RootState.REFUSED, "pc-02")):
        root = Root(asked="/home", state=state)
        store.visit(files(roots=(root,), stopped=StoppedBy.MISSING if host == HOST else StoppedBy.DENIED), host=host)

    assert (store.word(), store.word("pc-02")) == (Reason.LOOK_STOPPED, Reason.LOOK_STOPPED)


def test_a_checked_item_makes_the_look_complete_until_it_changes(store: Store) -> None:
    store.sweep(BAD)
    locked = Unread(kind=UnreadKind.FOLDER, path="/home/khóa", error=13)
    store.visit(files(unread=1, unread_items=(locked,), stopped=StoppedBy.DENIED))
    items = (("/home/khóa", "folder 13"),)
    note = Note(host=HOST, kind=NoteKind.CHECKED, operator="an", made=NOON, at=NOON, items=items)
    store.ledger.decide(note)
    assert store.word() == "clean"

    store.visit(files(unread=1, unread_items=(replace(locked, error=5),), stopped=StoppedBy.DENIED))
    assert store.word() == "clean", "the complete look still answers"


def test_windows_paths_meet_whatever_their_letters_and_separators(store: Store) -> None:
    store.sweep(BAD, platform=Platform.WINDOWS)
    finding = Finding(tool="quet", threat="Lab.A", object="c:/users/AN/X.exe", state=FindingState.REMOVED)
    before = files(a_file("C:\\Users\\an\\x.exe", sha256=BAD), root="C:\\Users")
    store.visit(before, store.run(finding, mode=ToolMode.CLEAN), files(root="C:\\Users"))

    assert store.word() == "cleaned"
    assert [match.where for match in store.state().met] == ["C:\\Users\\an\\x.exe"]


def test_an_answer_that_cannot_be_read_again_loses_nothing_that_was_met(store: Store) -> None:
    store.sweep(BAD)
    look = files(BAD_FILE)
    store.visit(replace(look, answer=None))

    assert store.word() == Reason.MATCH_FOUND


def test_a_process_that_is_gone_by_itself_stays_infected_with_the_day_it_was_seen(store: Store) -> None:
    store.tasks = (PROCESSES,)
    store.sweep(BAD)
    store.visit(a_whole_look(a_process(BAD_PATH, BAD)))
    store.visit(a_whole_look())

    assert store.word() == Reason.MATCH_FOUND


def test_a_collected_answer_counts_like_any_other(store: Store) -> None:
    store.tasks = (PROCESSES,)
    store.sweep(BAD)
    store.visit(a_whole_look(), replace(files(BAD_FILE), judged=False))

    assert store.word() == Reason.MATCH_FOUND


def test_two_lists_of_one_name_in_two_folders_are_two_lists(store: Store) -> None:
    store.sweep(BAD, path="a/bad.txt")
    store.visit(files(BAD_FILE))
    store.sweep(OTHER, path="b/bad.txt")

    assert store.word() == Reason.MATCH_FOUND
    assert len({use.path for use in Campaign(store.ledger).lists.uses}) == 2


def test_the_key_of_a_look_may_hold_arguments_that_decide_nothing(store: Store) -> None:
    store.sweep(BAD)
    store.visit(files(key=LookKey(collector="files", arguments=("max_files=9", "root=/home", "seconds=5"))))

    assert store.word() == "clean"


def test_a_root_that_is_turned_to_another_folder_takes_no_sighting_along(store: Store) -> None:
    one = (Root(asked="/home", state=RootState.ENTERED, resolved="/data1"),)
    two = (Root(asked="/home", state=RootState.ENTERED, resolved="/data2"),)
    store.sweep(BAD)
    store.visit(files(BAD_FILE, roots=one))
    store.visit(files(roots=two))

    assert store.word() == Reason.MATCH_FOUND
    assert [match.where for match in store.state().matches] == [BAD_PATH]


def test_what_another_program_commits_while_states_are_made_is_compared_first(store: Store) -> None:
    store.sweep(BAD)
    campaign = Campaign(store.ledger)
    assert campaign.judgements()[HOST].reason is Reason.HOST_PENDING

    store.visit(files(BAD_FILE))

    assert campaign._made(HOST).judgement.reason is Reason.MATCH_FOUND


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM meeting WHERE observation <> 0",
        "UPDATE meeting SET body = x'00' WHERE observation <> 0",
        "UPDATE meeting SET body = x'00' WHERE observation = 0",
        "UPDATE host_state SET body = x'00'",
    ],
)
def test_kept_rows_that_are_gone_or_damaged_are_made_again(store: Store, statement: str) -> None:
    store.sweep(BAD)
    store.visit(files(BAD_FILE))
    assert store.word() == Reason.MATCH_FOUND

    with sqlite3.connect(store.path) as database:
        database.execute(statement)
        if "meeting" in statement:
            database.execute("DELETE FROM host_state")

    assert store.word() == Reason.MATCH_FOUND
