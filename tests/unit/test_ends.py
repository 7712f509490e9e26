"""What the remedy of a reason says ends it: the very command line, on a real store."""

from collections.abc import Callable

import pytest

from controller.app.campaign import Campaign
from controller.campaign.state import PRECEDENCE
from controller.errors import Reason
from controller.model.collector import Unread, UnreadKind
from controller.model.result import FindingState, ToolMode, ToolRun
from controller.store.ledger import Ledger
from tests.answering import AUTOSTART, FILES, PROGRAM, Answering, an_entry, bad_file, entries, files
from tests.builders import BAD, a_finding, a_run
from tests.office import Office
from tests.visits import framed

ALL = FILES + "  - check_iocs: {collector: connections}\n" + AUTOSTART
NO_CONNECTION = framed("connections")
HEALTHY = (files(), NO_CONNECTION, entries())
FOLDER = Unread(kind=UnreadKind.FOLDER, path="/home/khóa", error=13)
UNREAD = Unread(kind=UnreadKind.PROGRAM, path="/home/an/x.bin", error=13)
ENTRY = "/etc/crontab updater"
CONTACT = framed(
    "connections",
    {
        **dict.fromkeys(("local_address", "name", "path"), ""),
        "direction": "outbound",
        "state": "established",
        "local_port": 40000,
        "remote_address": "203.0.113.7",
        "remote_port": 443,
        "pid": 0,
        "own": False,
    },
)


@pytest.fixture(autouse=True)
def _canned(known_nonce: None) -> None:
    """Answers are canned."""


@pytest.fixture
def unit(office: Office, ledger: Ledger) -> Answering:
    office.write("bad.txt", f"{BAD}\n203.0.113.7\nsuspect.exe\n")
    answering = Answering(office, ledger, usual=HEALTHY)
    answering.playbook(ALL)
    return answering


def note(*words: str) -> Callable[[Answering], object]:
    return lambda unit: unit.done("note", "pc-01", *words)


def withdraw(value: str) -> Callable[[Answering], object]:
    return lambda unit: unit.done("iocs", "withdraw", value, "--why", "báo nhầm")


def look(unit: Answering) -> None:
    unit.sweep()


HANDLED = note("--handled", "xóa tay")
ENDS = [
    (Reason.MATCH_FOUND, [(files(bad_file()), NO_CONNECTION, entries())], [HANDLED, look], "cleaned"),
    (Reason.MATCH_FOUND, [(files(bad_file()), NO_CONNECTION, entries())], [withdraw(BAD)], "clean"),
    (Reason.CONTACT_SEEN, [(files(), CONTACT, entries())], [HANDLED, look], "cleaned"),
    (Reason.CONTACT_SEEN, [(files(), CONTACT, entries())], [withdraw("203.0.113.7")], "clean"),
    (Reason.MATCH_VANISHED, [(files(bad_file()), NO_CONNECTION, entries()), HEALTHY], [HANDLED], "cleaned"),
    (
        Reason.MATCH_VANISHED,
        [(files(bad_file()), NO_CONNECTION, entries()), HEALTHY],
        [note("--gone", PROGRAM)],
        "cleaned",
    ),
    (
        Reason.MATCH_REVIEW,
        [(files(bad_file("/home/an/suspect.exe", "11" * 32)), NO_CONNECTION, entries())],
        [note("--harmless", "/home/an/suspect.exe", "--why", "đã xem")],
        "clean",
    ),
    (
        Reason.MATCH_REVIEW,
        [(files(bad_file("/home/an/suspect.exe", "11" * 32)), NO_CONNECTION, entries())],
        [HANDLED, look],
        "cleaned",
    ),
    (
        Reason.LOOK_STOPPED,
        [(files(unread=(FOLDER,), stopped="denied"), NO_CONNECTION, entries())],
        [note("--checked", "/home/khóa", "--why", "đã xem")],
        "clean",
    ),
    (
        Reason.LOOK_UNREAD,
        [(files(unread=(UNREAD,)), NO_CONNECTION, entries())],
        [note("--checked", "/home/an/x.bin", "--why", "đã xem")],
        "clean",
    ),
    (
        Reason.LEFTOVER_AUTOSTART,
        [
            (files(bad_file()), NO_CONNECTION, entries(an_entry())),
            (files(), NO_CONNECTION, entries(an_entry())),
            HANDLED,
        ],
        [note("--harmless", ENTRY, "--why", "đã xem")],
        "cleaned",
    ),
    (
        Reason.LEFTOVER_AUTOSTART,
        [
            (files(bad_file()), NO_CONNECTION, entries(an_entry())),
            (files(), NO_CONNECTION, entries(an_entry())),
            HANDLED,
        ],
        [look],
        "cleaned",
    ),
    (Reason.LOOK_MISSING, [(files(),)], [look], "clean"),
]


@pytest.mark.parametrize(
    ("reason", "acts", "ends", "word"), ENDS, ids=lambda each: each if isinstance(each, str) else ""
)
def test_the_remedy_of_a_reason_ends_it(
    unit: Answering, reason: Reason, acts: list[object], ends: list[Callable[[Answering], object]], word: str
) -> None:
    for act in acts:
        act(unit) if callable(act) else unit.sweep({"pc-01": act})  # type: ignore[dict-item]
    assert unit.word() == reason

    for end in ends:
        end(unit)
    assert unit.word() == word, Campaign(unit.ledger).judgement("pc-01")


FOUND = a_run(a_finding(path="/home/an/x"), mode=ToolMode.DETECT)
REMOVED = a_run(a_finding(FindingState.REMOVED, path="sector 1"))
FINDING_ENDS = [
    (Reason.FINDING_OPEN, FOUND, [HANDLED, look], "cleaned"),
    (Reason.FINDING_OPEN, FOUND, [note("--harmless", "Lab.A", "--why", "đã xem")], "clean"),
    (Reason.FINDING_OPEN, FOUND, [note("--harmless", "/home/an/x", "--why", "đã xem")], "clean"),
    (Reason.CLEAN_UNVERIFIED, REMOVED, [note("--gone", "sector 1")], "cleaned"),
]


@pytest.mark.parametrize(("reason", "run", "ends", "word"), FINDING_ENDS)
def test_the_remedy_of_a_finding_ends_it(
    unit: Answering, reason: Reason, run: ToolRun, ends: list[Callable[[Answering], object]], word: str
) -> None:
    unit.sweep({"pc-01": (files(bad_file("/home/an/x", "11" * 32)), NO_CONNECTION, entries())}, runs={"pc-01": run})
    assert unit.word() == reason

    for end in ends:
        end(unit)
    assert unit.word() == word


def test_the_remedy_names_the_command_that_ends_each_reason() -> None:
    commands = (
        "--retry ",
        "lamsach note ",
        "lamsach iocs ",
        "lamsach sweep ",
        "look again",
        "run the campaign's playbook",
    )

    assert [each for each in PRECEDENCE if not any(command in each.remedy for command in commands)] == []
