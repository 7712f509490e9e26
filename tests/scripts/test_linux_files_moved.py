"""What is renamed, moved or removed while it is looked at is listed and hashed all the same, or named as unread."""

import shutil
import subprocess
import sys
from errno import ENOENT
from hashlib import sha256
from pathlib import Path

import pytest

from controller.model.collector import Answer, Unread, UnreadKind
from tests.scripts.asking import Shell

EVIL = sha256(b"evil").hexdigest()
BOTH = ["sh", "busybox"]
REAL = 'PATH="${PATH#*:}"; exec'


def sums(answer: Answer) -> dict[object, object]:
    return {row["path"]: row["sha256"] for row in answer.rows if row["type"] == "file"}


@pytest.fixture
def folders(disk: Path) -> Path:
    for name in ("one", "two"):
        (disk / name).mkdir()
        (disk / name / "other").write_bytes(b"other")
    return disk


def once(shell: Shell, program: str, when: str, what: str) -> None:
    """Let `what` happen the first time that the program is called with words of this pattern."""
    happened = shell.shims / f"{program} happened"
    shell.shim(
        program,
        f'case "$*" in {when}) [ -e "{happened}" ] || {{ : >"{happened}"; {what}; }} ;; esac\n{REAL} {program} "$@"',
    )


@pytest.mark.parametrize("program", ["stat", "sha256sum"])
def test_a_file_that_is_renamed_before_it_is_read_is_read_under_its_new_name(
    shell: Shell, folders: Path, program: str
) -> None:
    (folders / "one/a").write_bytes(b"evil")
    once(shell, program, "*/one/a*", f'mv "{folders}/one/a" "{folders}/one/b"')

    answer = shell.ask("files", "root=/one", sysroot=str(folders))

    assert sums(answer)["/one/b"] == EVIL
    assert (answer.unread, answer.stopped) == (0, None)


@pytest.mark.parametrize("roots", [("root=/",), ("root=/one", "root=/two")])
def test_a_folder_that_moves_to_where_we_were_already_is_listed(
    shell: Shell, folders: Path, roots: tuple[str, ...]
) -> None:
    (folders / "two/shifty/deep").mkdir(parents=True)
    (folders / "two/shifty/deep/a").write_bytes(b"evil")
    real = shutil.which("find")
    move = f'mv "{folders}/two/shifty" "{folders}/one/shifty"'
    shell.shim(
        "find",
        f'case "$*" in *"-maxdepth 1"*) exec {real} "$@" ;; */two*) {move}; exec {real} "$@" ;; esac\n'
        f'{real} "$@" | tr "\\0" "\\n" | grep -v shifty | tr "\\n" "\\0"; [ "$1" != "{folders}" ] || {move}',
    )

    answer = shell.ask("files", *roots, sysroot=str(folders))

    assert sums(answer)["/one/shifty/deep/a"] == EVIL
    assert (answer.unread, answer.stopped) == (0, None)


def test_a_limit_of_depth_holds_for_what_is_listed_again(shell: Shell, folders: Path) -> None:
    once(shell, "stat", "*/one/other*", f'mkdir -p "{folders}/one/new/deep" && echo >"{folders}/one/new/deep/x"')

    answer = shell.ask("files", "root=/one", "depth=1", sysroot=str(folders))

    assert {row["path"] for row in answer.rows} == {"/one", "/one/other", "/one/new"}
    assert (answer.unread, answer.stopped) == (0, None)


@pytest.mark.parametrize("shell", ["sh", "mawk", "gawk"], indirect=True)
def test_a_file_that_another_one_stands_for_while_it_is_hashed_is_hashed_again(shell: Shell, folders: Path) -> None:
    """The sum that was read under a name is not that of the file that was listed under it."""
    (folders / "one/a").write_bytes(b"evil")
    real, happened = shutil.which("sha256sum"), shell.shims / "happened"
    shell.shim(
        "sha256sum",
        f'case "$*" in */one/a*) [ -e "{happened}" ] || {{\n: >"{happened}"; cd "{folders}"\n'
        f'mv one/a hidden; printf good >one/a; {real} "$@"; mv hidden one/a; exit; }} ;; esac\nexec {real} "$@"',
    )

    answer = shell.ask("files", "root=/one", sysroot=str(folders))

    assert [row["sha256"] for row in answer.rows if row["path"] == "/one/a"] == [sha256(b"good").hexdigest(), EVIL]
    assert (answer.unread, answer.stopped) == (0, None)


@pytest.mark.parametrize("shell", BOTH, indirect=True)
def test_a_walk_that_find_gives_up_because_a_folder_moved_is_made_level_by_level(shell: Shell, folders: Path) -> None:
    (folders / "one/deep/deeper").mkdir(parents=True)
    (folders / "one/deep/deeper/a").write_bytes(b"evil")
    words = "find: failed to read file names from file system at or below '/x': No such file or directory"
    again = f'*"-maxdepth 1"*) exec {shutil.which("find")} "$@"'
    shell.shim("find", f'case "$*" in {again} ;; esac; printf "%s\\0" "$1"; echo "{words}" >&2')

    answer = shell.ask("files", "root=/one", sysroot=str(folders))

    assert sums(answer)["/one/deep/deeper/a"] == EVIL
    assert (answer.unread, answer.stopped) == (0, None)


@pytest.mark.parametrize("shell", ["sh"], indirect=True)
def test_a_file_whose_name_changes_in_every_list_is_an_unread_program(shell: Shell, folders: Path) -> None:
    (folders / "one/a").write_bytes(b"evil")
    shell.shim("id", "echo 0")
    rename = f'cd "{folders}/one"; if [ -e a ]; then mv a b; else mv b a; fi'
    shell.shim("stat", f'case "$*" in */one/[ab]*) ({rename}) ;; esac\n{REAL} stat "$@"')

    answer = shell.ask("files", "root=/one", sysroot=str(folders))

    assert answer.unread_items == (Unread(kind=UnreadKind.PROGRAM, path="/one", error=ENOENT),)
    assert answer.stopped is None


WRITER = """
import itertools, pathlib, sys, time
for number in itertools.count():
    file = pathlib.Path(sys.argv[1], f"temporary {number}")
    file.write_text(str(number))
    time.sleep(0.01)
    file.unlink()
    time.sleep(0.01)
"""


@pytest.mark.parametrize("shell", ["sh"], indirect=True)
def test_a_program_that_makes_and_removes_files_all_the_time_costs_nothing(shell: Shell, folders: Path) -> None:
    shell.shim("id", "echo 0")
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folders / "one")]) as writer:
        answer = shell.ask("files", "root=/one", sysroot=str(folders))
        writer.kill()

    assert sums(answer)["/one/other"] == sha256(b"other").hexdigest()
    assert (answer.unread, answer.stopped) == (0, None)


def test_a_root_that_is_gone_at_the_end_of_the_look_is_refused(shell: Shell, folders: Path) -> None:
    once(shell, "sha256sum", "*/one/other*", f'mv "{folders}/one" "{folders}/three"')

    answer = shell.ask("files", "root=/one", "root=/two", sysroot=str(folders))

    assert answer.unread_items[0] == Unread(kind=UnreadKind.FOLDER, path="/one", error=ENOENT)
    assert answer.stopped is not None
