"""`lamsach note`: what each kind of note settles, what it does not, and what ends it."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from controller.app.campaign import Campaign
from controller.app.worker import now
from controller.errors import OperatorError
from controller.model.collector import Root, RootState, Unread, UnreadKind
from controller.model.decision import IdentityChange, Note
from controller.model.result import Identity
from controller.store.ledger import Ledger
from controller.transports.base import Reply
from tests.answering import (
    AUTOSTART,
    FILES,
    GOOD,
    PROCESSES,
    PROGRAM,
    Answering,
    an_entry,
    bad_file,
    entries,
    files,
    running,
)
from tests.builders import BAD
from tests.office import Office
from tests.visits import a_file, a_process, framed

INFECTED = {"pc-01": (files(bad_file()),)}
FOLDER = Unread(kind=UnreadKind.FOLDER, path="/home/khóa", error=13)
NO_FOLDER = {"pc-01": (files(unread=(FOLDER,), stopped="denied"),)}
HANDLED = ("note", "pc-01", "--handled", "xóa tay")


@pytest.fixture(autouse=True)
def _canned(known_nonce: None) -> None:
    """Answers are canned."""


@pytest.fixture
def unit(office: Office, ledger: Ledger) -> Answering:
    """Three computers, of which a sweep looks at the files."""
    answering = Answering(office, ledger)
    answering.playbook(FILES)
    return answering


def notes(unit: Answering, host: str = "pc-01") -> list[Note]:
    return [each for each in unit.ledger.decisions(host) if isinstance(each, Note)]


def refused(result: Result) -> str:
    assert isinstance(result.exception, OperatorError), result.output
    return str(result.exception)


# handled


def test_what_was_handled_closes_when_a_later_look_does_not_show_it(unit: Answering) -> None:
    unit.sweep(INFECTED)
    assert unit.word() == "match.found"

    printed = unit.done(*HANDLED)
    assert unit.word() == "match.found"
    unit.sweep()

    assert unit.word() == "cleaned"
    assert "pc-01: infected (match.found) -> infected (match.found)" in printed
    assert f"covers {BAD} in {PROGRAM} (files), last seen 2022-09-16 19:00 Hanoi time" in printed
    assert "look again" in printed


def test_a_note_after_the_look_closes_at_once_and_what_is_seen_again_opens(unit: Answering) -> None:
    unit.sweep(INFECTED)
    unit.sweep()
    assert unit.word() == "match.vanished"

    assert "pc-01: unknown (match.vanished) -> cleaned" in unit.done(*HANDLED)
    assert unit.word() == "cleaned"
    unit.sweep(INFECTED)

    assert unit.word() == "match.found"


def test_a_note_covers_no_match_that_a_later_list_names(unit: Answering) -> None:
    other = "22" * 32
    unit.sweep({"pc-01": (files(bad_file(), bad_file("/home/an/other", other)),)})
    unit.done(*HANDLED)
    unit.office.write("more.txt", f"{other}\n")
    unit.done("iocs", "add", str(unit.office.folder / "more.txt"))
    unit.sweep()

    assert unit.word() == "match.vanished"


def test_what_another_sweep_commits_while_a_note_is_planned_is_not_covered(
    unit: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.sweep(INFECTED)
    write = Ledger.decide

    def late(ledger: Ledger, note: Note) -> None:
        unit.sweep(INFECTED)
        write(ledger, note)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "decide", late)
        unit.done(*HANDLED)
    unit.sweep()

    assert unit.word() == "match.vanished"


def test_a_dry_run_writes_nothing(unit: Answering) -> None:
    unit.sweep(INFECTED)
    unit.sweep()

    assert "-> cleaned" in unit.done(*HANDLED, "--dry-run")
    assert unit.word() == "match.vanished"
    assert notes(unit) == []


def test_a_note_keeps_who_wrote_it_whose_word_it_is_and_when(unit: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "trực-ban")
    unit.sweep(INFECTED)
    before = now()
    unit.done(*HANDLED, "--by", "Ngu\u0061\u0302\u0303n")

    (note,) = notes(unit)
    assert (note.operator, note.by, note.text, note.object) == ("trực-ban", "Nguẫn", "xóa tay", "")
    assert before <= note.made == note.at <= now()


# --at


def test_a_match_seen_after_the_time_of_a_note_is_named_and_not_covered(unit: Answering) -> None:
    unit.sweep(INFECTED)
    unit.sweep({"pc-01": (files(bad_file("/home/an/later")),)})
    printed = unit.done(*HANDLED, "--at", "2022-09-16 19:30")
    unit.sweep()

    assert f"covers {BAD} in {PROGRAM} (files)" in printed
    assert f"does not cover, because it was seen later: {BAD} in /home/an/later (files)" in printed
    assert unit.word() == "match.vanished"
    assert [key.object for key in notes(unit)[0].matches] == [PROGRAM]


@pytest.mark.parametrize(
    ("at", "covers"),
    [
        ("2022-09-16 19:00", True),
        ("2022-09-16T12:00+00:00", True),
        ("2022-09-17", True),
        ("2022-09-16 18:59", False),
        ("2022-09-16 12:00", False),
        ("2022-09-16", False),
    ],
)
def test_a_time_without_a_zone_is_that_of_hanoi_and_a_day_begins_at_midnight(
    unit: Answering, at: str, covers: bool
) -> None:
    """The computer was seen at 12:00 UTC."""
    unit.sweep(INFECTED)
    result = unit.run(*HANDLED, "--at", at)

    assert len(notes(unit)) == covers
    if not covers:
        assert "was seen again later, at 2022-09-16 19:00 Hanoi time" in refused(result)


def test_a_time_to_come_or_none_at_all_is_refused(unit: Answering) -> None:
    unit.sweep(INFECTED)
    tomorrow = f"{now() + timedelta(days=1):%Y-%m-%d}"

    assert "later than now" in refused(unit.run(*HANDLED, "--at", tomorrow))
    assert "is no time; write --at as" in refused(unit.run(*HANDLED, "--at", "hôm qua"))
    assert "'--at' is empty" in refused(unit.run(*HANDLED, "--at", " "))


# gone


def test_what_is_gone_counts_as_handled_and_looked_for(unit: Answering) -> None:
    unit.sweep(INFECTED)

    assert "-> cleaned" in unit.done("note", "pc-01", "--gone", PROGRAM)
    assert unit.word() == "cleaned"


def test_a_folder_stands_for_what_was_met_in_it_and_for_nothing_else(unit: Answering) -> None:
    unit.sweep({"pc-01": (files(bad_file("/home/usb/a"), bad_file("/home/usb/b"), bad_file("/home/usb2")),)})
    unit.done("note", "pc-01", "--gone", "/home/usb/")

    assert [key.object for key in notes(unit)[0].matches] == ["/home/usb/a", "/home/usb/b"]
    assert unit.word() == "match.found"


def test_an_object_that_was_not_met_is_refused_with_those_that_were(unit: Answering) -> None:
    unit.sweep(INFECTED)

    assert f"'pc-01' has no match and no finding that is open at '/home/x'; it has '{PROGRAM}'." in refused(
        unit.run("note", "pc-01", "--gone", "/home/x")
    )
    assert notes(unit) == []


def test_the_file_behind_a_process_and_behind_an_entry_names_them(unit: Answering) -> None:
    unit.playbook(FILES + PROCESSES + AUTOSTART)
    met = (files(bad_file()), running(a_process(PROGRAM, BAD)), entries(an_entry(sha256=BAD)))
    unit.usual = (files(), running(), entries())
    unit.sweep({"pc-01": met})
    unit.done("note", "pc-01", "--gone", PROGRAM)

    (note,) = notes(unit)
    assert sorted(key.collector for key in note.matches) == ["autostart", "files", "processes"]
    assert [key.image for key in note.leftovers] == [PROGRAM]


def test_paths_of_windows_are_compared_without_regard_to_letters_and_strokes(unit: Answering) -> None:
    host = "pc-04: {ansible_connection: psrp, lamsach_account: local}\n"
    inventory = unit.office.folder / "inventory.yml"
    inventory.write_text(inventory.read_text("utf-8").replace("  hosts:\n", f"  hosts:\n    {host}", 1), "utf-8")
    unit.playbook("  - check_iocs: {collector: files, roots: {windows: ['E:\\'], linux: [/home]}}\n")
    drive = Root(asked="E:\\", state=RootState.ENTERED, resolved="E:\\")
    met = framed("files", a_file("E:\\", "folder"), a_file("E:\\Tệp\\Bad.EXE", sha256=BAD), roots=(drive,))
    unit.sweep({"pc-04": (met,)})
    assert unit.word("pc-04") == "match.found"

    unit.done("note", "pc-04", "--gone", "e:/tệp/BAD.exe", "--dry-run")
    unit.done("note", "pc-04", "--gone", "E:\\", "--why", "USB đã hủy")
    assert unit.word("pc-04") == "cleaned"


# checked


def test_a_folder_that_could_not_be_listed_is_settled_until_it_changes(unit: Answering) -> None:
    unit.sweep(NO_FOLDER)
    assert unit.word() == "look.stopped"

    printed = unit.done("note", "pc-01", "--checked", "/home/khóa/", "--why", "đã xem")
    assert "pc-01: unknown (look.stopped) -> clean" in printed
    unit.sweep(NO_FOLDER)

    assert unit.word() == "clean"
    assert notes(unit)[0].items == (("/home/khóa", "folder 13"),)


def test_a_checked_program_is_unread_again_when_it_changed(unit: Answering) -> None:
    def locked(error: int) -> dict[str, tuple[Reply, ...]]:
        return {"pc-01": (files(unread=(Unread(kind=UnreadKind.PROGRAM, path="/home/an/x", error=error),)),)}

    unit.sweep(locked(13))
    assert unit.word() == "look.unread"
    unit.done("note", "pc-01", "--checked", "/home/an/x", "--why", "đã xem")
    assert unit.word() == "clean"
    unit.sweep(locked(5))
    assert unit.word() == "look.unread"

    unit.done("note", "pc-01", "--checked", "/home/an/x", "--why", "đã xem lại")
    assert unit.word() == "clean"


def test_an_item_that_was_read_meanwhile_is_refused_with_those_that_were_not(unit: Answering) -> None:
    check = ("note", "pc-01", "--checked", "/home/khóa", "--why", "đã xem")
    unit.sweep(NO_FOLDER)
    other = Unread(kind=UnreadKind.FOLDER, path="/home/b", error=13)
    unit.sweep({"pc-01": (files(unread=(other,), stopped="denied"),)})

    assert "no item '/home/khóa' that its newest looks could not read; it has '/home/b'." in refused(unit.run(*check))


def test_a_collector_that_cannot_answer_at_all_is_checked_by_its_name(unit: Answering) -> None:
    unit.playbook(FILES + AUTOSTART)
    unit.usual = (files(), framed("autostart", stopped="denied"))
    unit.sweep()
    assert unit.word() == "look.stopped"

    unit.done("note", "pc-01", "--checked", "autostart", "--why", "đã xem tay")
    assert unit.word() == "clean"


# harmless


@pytest.mark.parametrize("subject", [BAD, BAD.upper(), PROGRAM])
def test_what_is_harmless_on_one_computer_is_met_on_the_others(unit: Answering, subject: str) -> None:
    unit.sweep({host: (files(bad_file()),) for host in ("pc-01", "pc-02")})
    unit.done("note", "pc-01", "--harmless", subject, "--why", "phần mềm của tỉnh")
    unit.sweep(INFECTED)

    assert unit.words() == {"pc-01": "clean", "pc-02": "match.vanished", "pc-03": "clean"}


def test_the_same_value_in_another_place_and_another_value_in_this_one_are_met(unit: Answering) -> None:
    unit.sweep(INFECTED)
    unit.done("note", "pc-01", "--harmless", BAD, "--why", "phần mềm của tỉnh")
    assert unit.word() == "clean"

    unit.sweep({"pc-01": (files(bad_file("/home/an/copy")),)})
    assert unit.word() == "match.found"


def test_other_content_at_a_path_that_is_harmless_is_met(unit: Answering) -> None:
    unit.office.write("bad.txt", f"{PROGRAM}\n")
    unit.sweep(INFECTED)
    unit.done("note", "pc-01", "--harmless", PROGRAM, "--why", "phần mềm của tỉnh")
    unit.sweep(INFECTED)
    assert unit.word() == "clean"

    unit.sweep({"pc-01": (files(bad_file(sha256="5c" * 32)),)})
    assert unit.word() == "match.found"


def test_a_match_that_is_closed_may_turn_out_to_have_been_none(unit: Answering) -> None:
    unit.sweep(INFECTED)
    unit.sweep()
    unit.done(*HANDLED)
    assert unit.word() == "cleaned"

    unit.done("note", "pc-01", "--harmless", BAD, "--why", "báo nhầm")
    assert unit.word() == "clean"


def test_nothing_harmless_of_that_name_is_refused_with_what_there_is(unit: Answering) -> None:
    unit.sweep(INFECTED)

    message = refused(unit.run("note", "pc-01", "--harmless", GOOD, "--why", "x"))
    assert f"it has '{PROGRAM}', '{BAD}'." in message


# retired


def test_a_retired_computer_is_back_by_undoing_that_and_not_by_a_visit(unit: Answering) -> None:
    unit.sweep(INFECTED)
    unit.done("note", "pc-01", "--retired", "--why", "máy hỏng, có biên bản")
    unit.sweep(INFECTED)

    assert Campaign(unit.ledger).judgement("pc-01").retired
    assert "is retired already" in refused(unit.run("note", "pc-01", "--retired", "--why", "x"))

    undo(unit)
    assert not Campaign(unit.ledger).judgement("pc-01").retired


def test_another_machine_that_is_accepted_under_the_name_is_in_service(unit: Answering) -> None:
    unit.sweep()
    unit.done("note", "pc-01", "--retired", "--why", "máy hỏng")
    unit.ledger.change_identity(IdentityChange(host="pc-01", operator="an", made=now(), before=Identity()))

    assert not Campaign(unit.ledger).judgement("pc-01").retired


# undo


def undo(unit: Answering) -> str:
    """Take back the newest note on pc-01."""
    return unit.done("note", "pc-01", "--undo", str(notes(unit)[-1].committed), "--why", "nhầm")


@pytest.mark.parametrize(
    ("words", "before", "with_it"),
    [
        (("--handled", "xóa tay"), "match.vanished", "cleaned"),
        (("--gone", PROGRAM), "match.vanished", "cleaned"),
        (("--harmless", BAD, "--why", "x"), "match.vanished", "clean"),
    ],
)
def test_a_note_that_was_taken_back_counts_for_nothing(
    unit: Answering, words: tuple[str, ...], before: str, with_it: str
) -> None:
    unit.sweep(INFECTED)
    unit.sweep()
    assert unit.word() == before
    unit.done("note", "pc-01", *words)
    assert unit.word() == with_it

    printed = undo(unit)
    assert unit.word() == before
    assert f"takes back note {notes(unit)[0].committed}: {words[0]} {words[1]}" in printed
    assert f"pc-01: {with_it} -> unknown (match.vanished)" in printed


def test_what_was_checked_by_mistake_stops_the_look_again(unit: Answering) -> None:
    unit.sweep(NO_FOLDER)
    unit.done("note", "pc-01", "--checked", "/home/khóa", "--why", "đã xem")
    undo(unit)

    assert unit.word() == "look.stopped"


def test_show_prints_every_note_with_its_number_and_whose_word_it_is(unit: Answering) -> None:
    unit.sweep(INFECTED)
    unit.done("note", "pc-01", "--gone", PROGRAM, "--why", "đã \x1bhủy", "--by", "An")
    undo(unit)
    (gone, taken_back), printed = notes(unit), unit.done("show", "pc-01")

    assert f"\nnote {gone.committed}: --gone {PROGRAM} đã \\x1bhủy, An, 20" in printed
    assert f"\nnote {taken_back.committed}: --undo {gone.committed} nhầm, " in printed


def test_only_a_note_of_this_computer_that_counts_is_taken_back(unit: Answering) -> None:
    unit.sweep({host: (files(bad_file()),) for host in ("pc-01", "pc-02")})
    unit.done("note", "pc-02", "--handled", "x")
    printed = unit.done(*HANDLED, "--by", "An")
    number, other = (str(notes(unit, host)[0].committed) for host in ("pc-01", "pc-02"))
    assert f"Note {number} on pc-01 is written" in printed

    message = refused(unit.run("note", "pc-01", "--undo", other, "--why", "x"))
    assert f"'pc-01' has no note with number '{other}' that counts; it has '{number}: --handled xóa tay, An," in message
    undo(unit)
    assert "no note with number" in refused(unit.run("note", "pc-01", "--undo", number, "--why", "x"))
    assert "no note with number" in refused(
        unit.run("note", "pc-01", "--undo", str(notes(unit)[-1].committed), "--why", "x")
    ), "an undoing is not undone: the note is written again"


# whom, and which


def test_a_note_on_a_unit_covers_those_of_it_on_which_there_is_something(unit: Answering) -> None:
    unit.sweep({host: (files(bad_file()),) for host in ("pc-02", "pc-03")})

    assert "everything that this note names on 'pc-02' was seen again later" in refused(
        unit.run("note", "--unit", "cc-mot", "--handled", "x", "--at", "2022-09-15")
    )
    assert unit.done("note", "--unit", "cc-mot", "--handled", "cài lại").count("is written") == 1
    assert [len(notes(unit, host)) for host in ("pc-01", "pc-02", "pc-03")] == [0, 1, 0]
    unit.sweep()
    assert "no computer of unit 'cc-mot' has anything" in refused(
        unit.run("note", "--unit", "cc-mot", "--gone", "/home/x")
    )
    assert "there is no unit 'cc-hai'; name one of: cc-mot." in refused(
        unit.run("note", "--unit", "cc-hai", "--handled", "x")
    )


def test_one_wrong_name_among_several_writes_nothing(unit: Answering) -> None:
    unit.sweep(INFECTED)
    message = refused(unit.run("note", "pc-01", "pc-2", "--handled", "x"))

    assert message == (
        "no inventory of this store has a computer 'pc-2'; correct the name: did you mean 'pc-02'? Nothing was written."
    )
    assert notes(unit) == []


def test_a_name_may_be_typed_in_either_form_of_unicode(office: Office, ledger: Ledger) -> None:
    office.invite("pc-01", "văn-thư")
    unit = Answering(office, ledger)
    unit.playbook(FILES)
    unit.sweep({"văn-thư": (files(bad_file()),)})
    unit.done("note", "va\u0306n-thu\u031b", "văn-thư", "--handled", "x")

    assert len(notes(unit, "văn-thư")) == 1


def test_a_computer_with_nothing_open_is_refused_with_its_state(unit: Answering) -> None:
    unit.sweep({"pc-02": None})

    assert "'pc-01' has no match and no finding that is open: it is clean;" in refused(unit.run(*HANDLED))
    said = refused(unit.run("note", "pc-02", "--handled", "x"))
    assert "it is unknown, reach.timeout; switch it on, then --retry unknown" in said
    assert "NAME --retired --why TEXT." in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pc-01",), "no kind of note; give one of --handled, --gone, --checked, --harmless, --retired, --undo."),
        (("pc-01", "--handled", "x", "--retired", "--why", "y"), "2 kinds of note at once"),
        (("pc-01", "--handled", " "), "'--handled' is empty"),
        (("pc-01", "--gone", ""), "'--gone' is empty"),
        (("pc-01", "--handled", "x", "--why", "y"), "'--handled' takes the reason itself"),
        (("pc-01", "--checked", "x"), "'--checked' needs --why"),
        (("pc-01", "--harmless", "x"), "'--harmless' needs --why"),
        (("pc-01", "--retired"), "'--retired' needs --why"),
        (("pc-01", "--retired", "--why", ""), "'--why' is empty"),
        (("pc-01", "--undo", "3"), "'--undo' needs --why"),
        (("pc-01", "--gone", "a", "--gone", "b"), "'--gone' is given 2 times"),
        (("pc-01", "--unit", "cc-mot", "--handled", "x"), "names of computers, or '--unit'; one of both"),
        (("--handled", "x"), "names of computers, or '--unit'; one of both"),
        (("pc-01", "--handled", "x", "--by", ""), "'--by' is empty"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(unit: Answering, words: tuple[str, ...], message: str) -> None:
    assert message in refused(unit.run("note", *words))


def test_an_error_ends_the_program_with_one_sentence(unit: Answering) -> None:
    """`controller.cli` has a function `note` of its own, which a module of that name would hide."""
    unit.sweep(INFECTED)
    command = [
        str(Path(sys.executable).with_name("lamsach")),
        "note",
        "pc-9",
        "--handled",
        "x",
        "--store",
        "lamsach.db",
    ]
    done = subprocess.run(command, cwd=unit.office.folder, capture_output=True, encoding="utf-8", check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("error[operator]: no inventory of this store has a computer 'pc-9'")
    assert done.stderr.count("\n") == 1


def test_what_a_host_called_its_file_is_shown_without_control(unit: Answering) -> None:
    unit.sweep({"pc-01": (files(bad_file("/home/\x1b[31mđỏ")),)})

    assert "/home/\\x1b[31mđỏ" in unit.done(*HANDLED)
