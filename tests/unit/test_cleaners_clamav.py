"""What clamscan says, from logs as version 1.4.3 wrote them."""

from dataclasses import replace

import pytest

from controller.cleaners.base import LINES_LIMIT, Places, ToolReport
from controller.cleaners.clamav import ClamavCleaner
from controller.errors import PlaybookError, Reason
from controller.model.fleet import Platform
from controller.model.playbook import Tool
from controller.model.result import FindingState, ToolMode

TOOL = Tool(
    name="clamscan",
    path="tool.yaml",
    digest="d" * 64,
    platforms=(Platform.LINUX,),
    file="clamscan",
    sha256="0" * 64,
    clean=("-d", "{folder}/own.ndb"),
    detect=("-d", "{folder}/own.ndb"),
)
PLACES = Places(roots=("/home", "/srv"), folder="/var/lib/us")


def summary(infected: int, *, viruses: int = 1, errors: int = 0) -> str:
    return (
        f"\n----------- SCAN SUMMARY -----------\nKnown viruses: {viruses}\nEngine version: 1.4.3\n"
        f"Scanned directories: 2\nScanned files: 4\nInfected files: {infected}\n"
        + (f"Total errors: {errors}\n" if errors else "")
        + "Data scanned: 0.00 MB\nData read: 0.00 MB (ratio 0.00:1)\nTime: 0.009 sec (0 m 0 s)\n"
    )


def read(log: str, code: int, mode: ToolMode = ToolMode.CLEAN, places: Places = PLACES) -> ToolReport:
    return ClamavCleaner().read(TOOL, mode, code, log.encode(), places)


def found(report: ToolReport) -> list[tuple[str, str, str]]:
    return [(each.threat, each.object, each.state) for each in report.findings]


FOUND = "/home/a: Own.Test.UNOFFICIAL FOUND\n"
MOVED = "/home/a: moved to '/var/lib/us/quarantine/a'\n"


def test_what_was_found_and_moved_is_quarantined_although_the_exit_code_is_1() -> None:
    report = read(FOUND + MOVED + summary(1), 1)

    assert found(report) == [("Own.Test.UNOFFICIAL", "/home/a", FindingState.QUARANTINED)]
    assert (report.fault, report.contradiction) == (None, False)


def test_what_could_not_be_moved_has_failed() -> None:
    log = FOUND + "ERROR: Can't unlink '/home/a' after copy: Permission denied\n" + summary(1)

    assert found(read(log, 1)) == [("Own.Test.UNOFFICIAL", "/home/a", FindingState.FAILED)]


def test_a_look_only_finds() -> None:
    report = read(FOUND + summary(1), 1, ToolMode.DETECT)

    assert found(report) == [("Own.Test.UNOFFICIAL", "/home/a", FindingState.FOUND)]
    assert not report.contradiction


def test_nothing_found_is_fine() -> None:
    assert read(summary(0), 0) == ToolReport()


@pytest.mark.parametrize(
    ("log", "code", "mode"),
    [
        (FOUND + MOVED + summary(1), 0, ToolMode.CLEAN),
        (summary(0), 1, ToolMode.CLEAN),
        (FOUND + summary(2), 1, ToolMode.CLEAN),
        (FOUND + FOUND + summary(1), 1, ToolMode.DETECT),
        (FOUND + MOVED + summary(1), 1, ToolMode.DETECT),
    ],
)
def test_log_summary_exit_code_and_mode_must_agree(log: str, code: int, mode: ToolMode) -> None:
    assert read(log, code, mode).contradiction


@pytest.mark.parametrize(
    ("log", "code", "reason", "detail"),
    [
        ("", 0, Reason.CLEANER_UNFINISHED, "an empty log"),
        (FOUND, 137, Reason.CLEANER_UNFINISHED, "exit 137"),
        (summary(0) + FOUND, 0, Reason.CLEANER_UNFINISHED, "no summary"),
        ("ERROR: Can't parse command line options\n", 2, Reason.CLEANER_UNFINISHED, "command line"),
        ("ERROR: Malformed database\n" + summary(0, viruses=0), 2, Reason.CLEANER_FAILED, "no signatures"),
        ("WARNING: /srv: Can't access file\n" + summary(0), 2, Reason.CLEANER_FAILED, "'/srv' is not there"),
        (FOUND + "WARNING: /srv: Can't access file\n" + summary(1), 1, Reason.CLEANER_FAILED, "'/srv' is not there"),
        (FOUND + summary(1, errors=2), 1, Reason.CLEANER_FAILED, "2 items"),
        (summary(0), 2, Reason.CLEANER_FAILED, "exit 2"),
        (summary(0), 137, Reason.CLEANER_FAILED, "exit 137"),
        ("\n" * LINES_LIMIT + summary(0), 0, Reason.ANSWER_HUGE, "lines"),
    ],
)
def test_a_run_that_did_not_see_everything_is_no_answer(log: str, code: int, reason: Reason, detail: str) -> None:
    report = read(log, code, ToolMode.DETECT)

    assert report.fault
    assert report.fault.reason is reason
    assert detail in report.fault.detail
    assert len(report.findings) == log.count(" FOUND")


def test_colons_and_the_word_found_in_a_name_confuse_nobody() -> None:
    log = "/home/bé: x FOUND.bin: Own Test.UNOFFICIAL FOUND\n" + summary(1)

    assert found(read(log, 1, ToolMode.DETECT)) == [
        ("Own Test.UNOFFICIAL", "/home/bé: x FOUND.bin", FindingState.FOUND)
    ]


def test_of_two_names_that_look_alike_the_one_that_was_not_moved_decides() -> None:
    """A line end in a name leaves only its last part: `/home/x⏎a` and `/home/y⏎a` are both `a`."""
    twice = "/home/x\na: T FOUND\n/home/y\na: T FOUND\n"

    assert found(read(twice + "/home/y\na: moved to '/q/y\na'\n" + summary(2), 1)) == [("T", "a", FindingState.FAILED)]


def test_a_summary_that_stands_in_a_file_name_is_not_the_end() -> None:
    """The name goes on after its forged summary, so a finding follows it."""
    forged = "/home/x" + summary(0) + "y: T FOUND\n"

    assert read(forged, 0).fault
    assert not read(forged + summary(1), 1, ToolMode.DETECT).fault


def test_the_command_line_never_scans_the_quarantine_and_moves_only_when_cleaning() -> None:
    places = replace(PLACES, sysroot="/mnt/pc")

    look = ClamavCleaner().arguments(TOOL, ToolMode.DETECT, places)
    clean = ClamavCleaner().arguments(TOOL, ToolMode.CLEAN, places)

    assert look == (
        *("--recursive", "--infected", "--stdout", "--max-dir-recursion=4096"),
        *("--exclude-dir=^/var/lib/us/quarantine$", "--alert-exceeds-max=yes", "--alert-encrypted=yes"),
        *("-d", "/var/lib/us/own.ndb", "--", "/mnt/pc/home", "/mnt/pc/srv"),
    )
    assert set(clean) - set(look) == {"--move=/var/lib/us/quarantine"}
    assert not any(each.startswith("--alert") for each in clean)  # else users' large files would be moved
    assert ClamavCleaner.confirms_always


@pytest.mark.parametrize(
    ("own", "judged"), [((), True), (("-d", "x"), False), (("-dx",), False), (("--database=x",), False)]
)
def test_the_age_of_signatures_is_judged_only_for_the_official_ones(own: tuple[str, ...], judged: bool) -> None:
    arguments = ClamavCleaner().arguments(replace(TOOL, clean=own), ToolMode.CLEAN, PLACES)

    assert ("--fail-if-cvd-older-than=7" in arguments) is judged


def test_objects_lose_the_sysroot() -> None:
    report = read("/mnt/pc" + FOUND + summary(1), 1, places=replace(PLACES, sysroot="/mnt/pc"))

    assert [each.object for each in report.findings] == ["/home/a"]


def test_a_whole_tool_passes_the_check() -> None:
    ClamavCleaner().check(TOOL, ["/home"])
    ClamavCleaner().check(replace(TOOL, clean=("--exclude-dir=^/proc", "--max-filesize=100M")), ["/"])


@pytest.mark.parametrize(
    "argument",
    [
        "--remove",
        "--rem=yes",
        "--move=/x",
        "--copy=/x",
        "--no-summary",
        "--quiet",
        "-l",
        "-ri",
        "-f",
        "--file-list=x",
        "--alert-exceeds-max=no",
        "--alert-encrypted-doc=no",
        "--heuristic-alerts=no",
        "--max-dir-recursion=3",
        "--",
    ],
)
def test_an_argument_that_takes_over_what_the_cleaner_decides_is_refused(argument: str) -> None:
    for tool in (replace(TOOL, detect=(argument,)), replace(TOOL, clean=(argument,))):
        with pytest.raises(PlaybookError, match="decided by the cleaner itself"):
            ClamavCleaner().check(tool, ["/home"])


@pytest.mark.parametrize(
    ("tool", "roots", "why"),
    [
        (TOOL, [], "add 'roots'"),
        (TOOL, ["home"], "whole paths"),
        (replace(TOOL, log="/var/log/x"), ["/home"], "stdout"),
        (replace(TOOL, detect=None), ["/home"], "has no 'detect'"),
        (replace(TOOL, clean=("{roots}",)), ["/home"], r"'\{roots\}'"),
    ],
)
def test_a_tool_that_cannot_be_called_is_refused_before_any_host(tool: Tool, roots: list[str], why: str) -> None:
    with pytest.raises(PlaybookError, match=why):
        ClamavCleaner().check(tool, roots)


OVER = "/home/big: Heuristics.Limits.Exceeded.MaxFileSize FOUND\n"
ENCRYPTED = "/home/bí mật.zip: Heuristics.Encrypted.Zip FOUND\n"


@pytest.mark.parametrize("log", [OVER, ENCRYPTED, FOUND + OVER, OVER + FOUND])
def test_what_a_limit_made_it_pass_over_is_no_finding_and_not_clean(log: str) -> None:
    report = read(log + summary(log.count(" FOUND")), 1, ToolMode.DETECT)

    assert [each.object for each in report.findings] == ["/home/a"] * log.count("Own.Test")
    assert report.fault
    assert report.fault.reason is Reason.CLEANER_PARTIAL
    assert "Heuristics." in report.fault.detail
    assert not report.contradiction


def test_other_heuristics_are_findings() -> None:
    log = "/home/a: Heuristics.Phishing.Email.SpoofedDomain FOUND\n" + summary(1)

    assert len(read(log, 1, ToolMode.DETECT).findings) == 1
