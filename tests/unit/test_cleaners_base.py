"""Arguments and logs, as all adapters need them."""

import pytest

from controller.cleaners import base
from controller.cleaners.generic import GenericCleaner
from controller.errors import PlaybookError, Reason
from controller.model.fleet import Platform
from controller.model.playbook import Tool
from controller.model.result import ToolMode


def a_tool(*clean: str) -> Tool:
    return Tool(
        name="t", path="tool.yaml", digest="d", platforms=(Platform.LINUX,), file="t", sha256="0" * 64, clean=clean
    )


def test_an_argument_is_repeated_for_each_value_and_other_braces_are_letters() -> None:
    values = {"roots": ["/a b", "/{folder}"], "folder": ["/f"]}

    filled = base.filled(("-x", "--in={roots}", "{folder}/{folder}", "{}", "{ROOTS}"), values)

    assert filled == ("-x", "--in=/a b", "--in=/{folder}", "/f//f", "{}", "{ROOTS}")


def test_a_placeholder_nobody_fills_is_the_operators_error() -> None:
    with pytest.raises(PlaybookError, match=r"tool\.yaml:1:1: .*'\{root\}'.*use '\{roots\}', '\{folder\}'"):
        base.refuse_unknown(a_tool("{root}"), ("roots", "folder"))


def test_a_tool_without_a_detect_only_mode_is_never_started_in_one() -> None:
    with pytest.raises(ValueError, match="no detect-only mode"):
        GenericCleaner().arguments(a_tool(), ToolMode.DETECT, base.Places(roots=(), folder="/f"))


@pytest.mark.parametrize(
    ("sysroot", "path", "there"),
    [("", "/home", "/home"), ("/mnt/d", "/home", "/mnt/d/home"), ("/mnt/d/", "/", "/mnt/d/")],
)
def test_a_path_is_looked_for_on_the_disk_that_stands_for_the_host(sysroot: str, path: str, there: str) -> None:
    assert base.below(sysroot, path) == there
    assert base.without(sysroot, there) == path


def test_a_path_beside_that_disk_stays_as_it_is() -> None:
    assert base.without("/mnt/d", "/mnt/different/x") == "/mnt/different/x"


@pytest.mark.parametrize(
    ("log", "encoding", "text"),
    [
        ("độc".encode(), "", "độc"),
        ("độc".encode("utf-8-sig"), "", "độc"),
        ("độc".encode("utf-16"), "", "độc"),
        ("độc".encode("utf-16"), "cp1258", "độc"),
        ("độc".encode("utf-16-le"), "utf-16-le", "độc"),
        (b"caf\xe9", "", "caf\ufffd"),
        (b"caf\xe9", "cp1252", "café"),
    ],
)
def test_a_log_is_decoded_by_its_mark_or_as_its_tool_writes_it(log: bytes, encoding: str, text: str) -> None:
    assert base.decoded(log, encoding) == text


def test_only_a_line_end_ends_a_line() -> None:
    assert base.lines_of("a\r\nb\u2028c\x0bd\x85e\n") == ("a", "b\u2028c\x0bd\x85e", "")


def test_a_long_line_is_cut_and_shows_it_and_no_log_has_endless_lines() -> None:
    (line,) = base.lines_of("x" * (base.LINE_LIMIT + 1))

    assert line == "x" * base.LINE_LIMIT + "\ufffd"
    assert len(base.lines_of("\n" * (base.LINES_LIMIT * 2))) == base.LINES_LIMIT + 1


TERMINAL = {
    "colours": ("\x1b[1;31mFOUND\x1b[0m Bad \x1b[38;5;9m/x\x1b[m", ["FOUND Bad /x"]),
    "colours of grep": ("\x1b[01;31m\x1b[KFOUND\x1b[m\x1b[K Bad /x", ["FOUND Bad /x"]),
    "a progress line": ("10%\r100%\r\x1b[31mFOUND Bad /x\x1b[0m", ["10%\ufffd", "100%\ufffd", "FOUND Bad /x"]),
    "a finding that is overwritten": ("FOUND Bad /x\r100%", ["FOUND Bad /x\ufffd", "100%"]),
    "backspaces": ("10%\b\b\b\b20%\b\b\b\bFOUND Bad /x", ["10%\ufffd", "20%\ufffd", "FOUND Bad /x"]),
    "an erased line": ("10%\x1b[2K\x1b[1GFOUND Bad /x", ["10%\ufffd", "FOUND Bad /x"]),
    "a title": ("\x1b]0;scanning\x07FOUND Bad /x\x1b]8;;\x1b\\", ["FOUND Bad /x"]),
    "a hidden cursor": ("\x1b[?25lFOUND Bad /x\x1b[?25h", ["FOUND Bad /x"]),
    "padding": ("\0\0\0FOUND Bad /x\0\0", ["FOUND Bad /x"]),
    "a byte order mark": ("\ufeffFOUND Bad /x", ["FOUND Bad /x"]),
    "line ends of Windows": ("FOUND Bad /x\r", ["FOUND Bad /x"]),
}


@pytest.mark.parametrize(("line", "texts"), TERMINAL.values(), ids=TERMINAL)
def test_what_a_terminal_shows_is_what_a_pattern_sees(line: str, texts: list[str]) -> None:
    assert base.lines_of(f"begun\n{line}\nDONE") == ("begun", *texts, "DONE")


@pytest.mark.parametrize("sequence", ["\x1b", "\x1b]0;never ended", "\x1b[31", "\x1bPx\x1b\\", "\x1b[4:3~"])
def test_a_log_with_a_control_sequence_that_is_not_known_is_refused(sequence: str) -> None:
    fault = base.unreadable(a_tool(), base.lines_of(f"begun\n{sequence}\nDONE\n"))

    assert fault
    assert fault.reason is Reason.CLEANER_UNREADABLE
    assert "'\\x1b" in fault.detail
    assert "'detect' and 'clean' in tool.yaml" in fault.detail


def test_parts_of_a_line_are_counted_too() -> None:
    assert len(base.lines_of("x\r" * (base.LINES_LIMIT * 2))) == base.LINES_LIMIT + 1
