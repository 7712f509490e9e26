"""A tool that only its tool.yaml describes."""

from dataclasses import replace

import pytest

from controller.cleaners.base import LINES_LIMIT, Places, ToolReport
from controller.cleaners.generic import GenericCleaner
from controller.errors import PlaybookError, Reason
from controller.model.fleet import Platform
from controller.model.playbook import Tool
from controller.model.result import Finding, FindingState, ToolMode

TOOL = Tool(
    name="sweeper",
    path="tool.yaml",
    digest="d" * 64,
    platforms=(Platform.LINUX,),
    file="sweeper.sh",
    sha256="0" * 64,
    clean=("--clean", "{roots}"),
    detect=("--look", "{roots}"),
    complete="finished",
    found=r"^found (?P<threat>\S+) in (?P<object>.+)$",
    removed=r"^removed (?P<threat>\S+) in (?P<object>.+)$",
    exits={0: "done", 3: "reboot", 9: "failed"},
)
PLACES = Places(roots=("/home", "/tmp"), folder="/var/lib/us")
LOGS = {
    "nothing": "begun\nfinished\n",
    "found": "begun\nfound A in /x\nremoved A in /x\nfound B in /y\nfinished\n",
    "removed": "begun\nfound A in /x\nremoved A in /x\nfound B in /y\nremoved B in /y\nfinished\n",
}
STATES = {"nothing": [], "found": ["removed", "found"], "removed": ["removed", "removed"]}
CODES = {"done": 0, "reboot": 3, "failed": 9, "unheard of": 77}
FINE, DISAGREE, FAILED, RESTART = "fine", "contradiction", "cleaner.failed", "restart"
TABLE = [
    ("done", "nothing", FINE, FINE),
    ("done", "found", FINE, DISAGREE),
    ("done", "removed", DISAGREE, FINE),
    ("reboot", "nothing", DISAGREE, DISAGREE),
    ("reboot", "found", DISAGREE, RESTART),
    ("reboot", "removed", DISAGREE, RESTART),
    ("failed", "nothing", FAILED, FAILED),
    ("failed", "found", FAILED, FAILED),
    ("failed", "removed", DISAGREE, DISAGREE),
    ("unheard of", "nothing", FAILED, FAILED),
    ("unheard of", "found", FAILED, FAILED),
    ("unheard of", "removed", DISAGREE, DISAGREE),
]
CELLS = [(exits, log, mode, cell) for exits, log, *cells in TABLE for mode, cell in zip(ToolMode, cells, strict=True)]


def read(log: str | bytes, *, mode: ToolMode = ToolMode.CLEAN, code: int = 0, tool: Tool = TOOL) -> ToolReport:
    return GenericCleaner().read(tool, mode, code, log.encode() if isinstance(log, str) else log, PLACES)


@pytest.mark.parametrize(("exits", "log", "mode", "cell"), CELLS)
def test_log_and_exit_code_are_weighed_as_the_table_says(exits: str, log: str, mode: ToolMode, cell: str) -> None:
    report = read(LOGS[log], mode=mode, code=CODES[exits])

    assert report.contradiction is (cell == DISAGREE)
    assert (report.fault and report.fault.reason) == (Reason.CLEANER_FAILED if cell == FAILED else None)
    states = ["reboot"] * len(STATES[log]) if cell == RESTART else STATES[log]
    assert [each.state for each in report.findings] == states


@pytest.mark.parametrize("code", CODES.values())
@pytest.mark.parametrize("mode", ToolMode)
@pytest.mark.parametrize("cut", ["", "begun\nfound A in /x\n", "finished\nfound A in /x\n", "it is not finished\n"])
def test_without_its_marker_behind_the_last_finding_a_log_is_unfinished(cut: str, mode: ToolMode, code: int) -> None:
    report = read(cut, mode=mode, code=code)

    assert report.fault
    assert report.fault.reason is Reason.CLEANER_UNFINISHED
    assert len(report.findings) == cut.count("found")


def test_a_finding_that_comes_again_after_its_removal_is_open() -> None:
    (finding,) = read("found A in /x\nremoved A in /x\nfound A in /x\nfinished\n", code=9).findings

    assert finding == Finding(tool="sweeper", threat="A", object="/x", state=FindingState.FOUND)


def test_an_unknown_code_is_named() -> None:
    fault = read(LOGS["nothing"], code=77).fault

    assert fault
    assert fault.detail == "'sweeper' ended with 77, which is not in its table"


def test_a_utf16_log_is_read() -> None:
    assert [each.object for each in read("found A in /độc\nfinished\n".encode("utf-16"), code=9).findings] == ["/độc"]


def test_a_log_with_too_many_lines_is_no_answer() -> None:
    fault = read("found A in /x\nfinished\n" + "\n" * LINES_LIMIT).fault

    assert fault
    assert fault.reason is Reason.ANSWER_HUGE


def test_roots_go_below_the_sysroot_and_objects_lose_it_again() -> None:
    places = replace(PLACES, sysroot="/mnt/pc")
    cleaner = GenericCleaner()

    assert cleaner.arguments(TOOL, ToolMode.DETECT, places) == ("--look", "/mnt/pc/home", "/mnt/pc/tmp")
    report = cleaner.read(TOOL, ToolMode.DETECT, 0, b"found A in /mnt/pc/home/x\nfinished\n", places)
    assert [each.object for each in report.findings] == ["/home/x"]


def test_folder_and_log_are_filled_in() -> None:
    tool = replace(TOOL, clean=("-l", "{log}", "--work={folder}"), log="/var/log/sweeper.log")

    assert GenericCleaner().arguments(tool, ToolMode.CLEAN, PLACES) == (
        "-l",
        "/var/log/sweeper.log",
        "--work=/var/lib/us",
    )


def test_a_whole_tool_passes_the_check() -> None:
    GenericCleaner().check(TOOL, ["/home"])
    GenericCleaner().check(replace(TOOL, clean=("--clean",), detect=None), [])


@pytest.mark.parametrize(
    ("tool", "roots", "why"),
    [
        (replace(TOOL, clean=("{root}",)), ["/x"], r"'\{root\}'"),
        (replace(TOOL, detect=("{run}", "{roots}")), ["/x"], r"'\{run\}'"),
        (replace(TOOL, detect=("--look",)), ["/x"], r"add '\{roots\}'"),
        (TOOL, [], "add 'roots' to the task"),
        (replace(TOOL, clean=("{roots}", "{log}")), ["/x"], "a path under 'log'"),
        (replace(TOOL, complete=""), ["/x"], "'complete'"),
        (replace(TOOL, exits={}), ["/x"], "'exit'"),
        (replace(TOOL, exits={0: "done", 1: "dunno"}), ["/x"], "'exit'"),
        (replace(TOOL, found="("), ["/x"], "'found' is no pattern"),
        (replace(TOOL, removed="(?P<object>.)"), ["/x"], "'removed' has no group 'threat'"),
        (replace(TOOL, skipped="("), ["/x"], "'skipped' is no pattern"),
        (replace(TOOL, encoding="klingon"), ["/x"], "'klingon' is no encoding"),
        (replace(TOOL, encoding="base64"), ["/x"], "'base64' is no encoding"),
    ],
)
def test_a_tool_that_cannot_be_called_or_read_is_refused_before_any_host(
    tool: Tool, roots: list[str], why: str
) -> None:
    with pytest.raises(PlaybookError, match=why):
        GenericCleaner().check(tool, roots)


def test_a_coloured_finding_behind_progress_counts() -> None:
    log = "10%\r100%\r\x1b[31mfound A in /x\x1b[0m\nfinished\n"

    assert [(each.object, each.state) for each in read(log, mode=ToolMode.DETECT).findings] == [("/x\ufffd", "found")]


def test_a_path_in_a_coloured_line_confirms_nothing_and_is_one_object_with_its_plain_spelling() -> None:
    log = "\x1b[31mfound A in /x\x1b[0m\nremoved A in /x\nfound B in /y\nremoved B in /y\nfinished\n"

    findings = read(log).findings

    assert [(each.object, each.state) for each in findings] == [
        ("/x\ufffd", FindingState.REMOVED),
        ("/y", FindingState.REMOVED),
    ]


@pytest.mark.parametrize("move", ["\r", "\x1b[2J", "\x1b[1A\r"])
def test_a_name_that_moves_the_cursor_does_not_hide_its_finding(move: str) -> None:
    behind = read(f"found {move}A in /tmp/x\nfinished\n", mode=ToolMode.DETECT)

    assert [(each.threat, each.object) for each in behind.findings] == [("A", "/tmp/x\ufffd")]


def test_a_finding_that_progress_overwrote_counts() -> None:
    (finding,) = read("found A in /x\r100%\nfinished\n", mode=ToolMode.DETECT).findings

    assert (finding.threat, finding.state) == ("A", FindingState.FOUND)


def test_a_log_that_may_hide_a_finding_is_no_answer() -> None:
    report = read("found A in /x\n\x1bPhidden\nfinished\n", mode=ToolMode.DETECT)

    assert report.fault
    assert report.fault.reason is Reason.CLEANER_UNREADABLE
    assert len(report.findings) == 1


TWO_PASSES = "found A in /x\nremoved A in /x\nfinished\nfound B in /y\n"


def test_a_log_of_two_passes_is_whole_when_the_second_is() -> None:
    whole, cut = read(f"{TWO_PASSES}removed B in /y\nfinished\n"), read(TWO_PASSES)

    assert [each.state for each in whole.findings] == ["removed", "removed"]
    assert whole.fault is None
    assert [each.state for each in cut.findings] == ["removed", "found"]
    assert cut.fault
    assert cut.fault.reason is Reason.CLEANER_UNFINISHED


def test_a_finding_of_the_second_pass_is_open_although_the_first_removed_it() -> None:
    (finding,) = read(f"{TWO_PASSES.replace('B in /y', 'A in /x')}finished\n", code=9).findings

    assert finding.state is FindingState.FOUND


SKIPPING = replace(TOOL, skipped="^skipped: ")


@pytest.mark.parametrize("mode", ToolMode)
def test_what_the_tool_says_it_skipped_is_not_clean(mode: ToolMode) -> None:
    report = read("begun\nskipped: /big\nskipped: /locked\nfinished\n", mode=mode, tool=SKIPPING)

    assert report.fault
    assert report.fault.reason is Reason.CLEANER_PARTIAL
    assert report.fault.detail == "not looked at: skipped: /big; skipped: /locked"


def test_what_a_tool_found_beside_what_it_skipped_counts() -> None:
    report = read("found A in /x\nskipped: /big\nfinished\n", mode=ToolMode.DETECT, tool=SKIPPING)

    assert [each.object for each in report.findings] == ["/x"]
    assert report.fault


def test_a_tool_that_skipped_nothing_is_as_before() -> None:
    assert read(LOGS["nothing"], tool=SKIPPING) == read(LOGS["nothing"])


def test_many_skipped_items_are_counted_not_listed() -> None:
    fault = read("skipped: /x\n" * 1000 + "finished\n", tool=SKIPPING).fault

    assert fault
    assert fault.detail.endswith("; skipped: /x and 997 more")
