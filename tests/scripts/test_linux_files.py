"""Which files lie below the roots: names of any bytes, limits that are said, nothing followed out of them."""

import os
import shutil
import unicodedata
from errno import EACCES, EIO, ELOOP, ENAMETOOLONG, EPERM
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest

from controller.collectors import answer as answers
from controller.indicators.text import values_in
from controller.model.collector import Answer, RootState, StoppedBy, Unread, UnreadKind
from tests.scripts.asking import Shell, spec_of

NAMES = (
    "plain",
    "hai chữ.exe",
    "tab\tname",
    "two\nlines",
    "\nnewline first, and last\n",
    "quote\"and'quote",
    "back\\slash",
    "back\\nslash n",
    "return\rhere",
    "-n",
    "$(touch x) `id` ; & | * ? [a] {b} ~ #",
    " spaces ",
    "\x01\x1b[31m\x7f",
    unicodedata.normalize("NFC", "Chi cục Thi hành án"),
    unicodedata.normalize("NFD", "Chi cục Thi hành án"),
    "#end 0 unread=0 stopped=no",
    "x\n#end 0 unread=0 stopped=no\n",
    "81a4 1 1:1 5 5 ",
)


def by_path(answer: Answer, column: str) -> dict[object, object]:
    """The rows without /etc, which every disk has."""
    return {row["path"]: row[column] for row in answer.rows if row["path"] != "/etc"}


def test_every_name_comes_through_exactly_with_its_hash(shell: Shell, disk: Path) -> None:
    for name in NAMES:
        (disk / name).write_text(name, encoding="utf-8")

    answer = shell.ask("files", "root=/", "hashes=md5,sha1", sysroot=str(disk))

    assert by_path(answer, "sha256") == {
        "/": "",
        **{f"/{name}": sha256(name.encode()).hexdigest() for name in NAMES},
    }
    by_name = {row["path"]: row for row in answer.rows}
    for name in NAMES:
        row = by_name[f"/{name}"]
        assert (row["type"], row["size"]) == ("file", len(name.encode()))
        assert row["modified"] == int((disk / name).stat().st_mtime)
        assert (row["md5"], row["sha1"]) == (md5(name.encode()).hexdigest(), sha1(name.encode()).hexdigest())
    assert (answer.unread, answer.stopped) == (0, None)


def test_depth_lists_a_folder_and_not_what_is_below_its_folders(shell: Shell, disk: Path) -> None:
    (disk / "tmp" / "deep").mkdir(parents=True)
    (disk / "tmp" / "near").touch()
    (disk / "tmp" / "deep" / "far").touch()

    answer = shell.ask("files", "depth=1", "root=/tmp", sysroot=str(disk))

    assert by_path(answer, "type") == {"/tmp": "folder", "/tmp/near": "file", "/tmp/deep": "folder"}
    assert answer.stopped is None


def test_odd_folders_are_walked_too(shell: Shell, disk: Path) -> None:
    (disk / "a\nb" / "c\\d").mkdir(parents=True)
    (disk / "a\nb" / "c\\d" / "e").write_bytes(b"e")

    answer = shell.ask("files", "root=/a\nb", sysroot=str(disk))

    assert by_path(answer, "type") == {"/a\nb": "folder", "/a\nb/c\\d": "folder", "/a\nb/c\\d/e": "file"}


def test_bytes_that_are_not_utf8_are_marked_and_hashed(shell: Shell, disk: Path) -> None:
    Path(os.fsdecode(bytes(disk) + b"/c\xff\xc3")).write_bytes(b"x")

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert by_path(answer, "sha256")["/c\ufffd\ufffd"] == sha256(b"x").hexdigest()


def test_the_running_system_is_looked_at_as_well(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")

    answer = shell.ask("files", f"root={tmp_path}/")

    assert by_path(answer, "type") == {str(tmp_path): "folder", f"{tmp_path}/x": "file"}


def test_links_are_listed_and_not_followed(shell: Shell, disk: Path) -> None:
    (disk / "real").mkdir()
    (disk / "real" / "x").write_bytes(b"x")
    (disk / "to folder").symlink_to("real")
    (disk / "to nothing").symlink_to("gone")

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    types = by_path(answer, "type")
    assert types == {"/": "folder", "/real": "folder", "/real/x": "file", "/to folder": "link", "/to nothing": "link"}


def test_a_root_that_is_a_link_to_a_folder_is_that_folder(shell: Shell, disk: Path) -> None:
    (disk / "usr/bin").mkdir(parents=True)
    (disk / "usr/bin/x").write_bytes(b"x")
    (disk / "bin").symlink_to("usr/bin")

    answer = shell.ask("files", "root=/bin", sysroot=str(disk))

    assert by_path(answer, "type") == {"/bin": "folder", "/bin/x": "file"}


def links_of_a_disk(disk: Path) -> None:
    """Links as servers have them, and links that lead nowhere; /outside lies on the machine that looks, too."""
    (disk.parent / "outside").mkdir()
    (disk.parent / "outside" / "ours").write_bytes(b"ours")
    for folder in ("srv/home/an", "etc"):
        (disk / folder).mkdir(parents=True)
    (disk / "srv/home/an/x").write_bytes(b"x")
    links = {
        "home": "/srv/home",
        "absolute": "/home/../home",
        "climbs": "../../../../srv/home",
        "file": "/home/an/x",
        "dangling": "/nonexistent",
        "outside": str(disk.parent / "outside"),
        "away": "/proc/1/cwd",
        "loop": "pool",
        "pool": "/loop",
    }
    for name, target in links.items():
        (disk / name).symlink_to(target)


@pytest.mark.parametrize("root", ["/home", "/absolute", "/climbs", "/../climbs", "/home/../home"])
def test_links_in_the_path_of_a_root_are_followed_within_a_mounted_disk(shell: Shell, disk: Path, root: str) -> None:
    links_of_a_disk(disk)

    answer = shell.ask("files", f"root={root}/", f"root={root}/an", sysroot=str(disk))

    listed = {f"{root}": "folder", f"{root}/an": "folder", f"{root}/an/x": "file"}
    assert by_path(answer, "type") == listed
    entered = [(root.state, root.resolved) for root in answer.roots]
    assert entered == [(RootState.ENTERED, "/srv/home"), (RootState.ENTERED, "/srv/home/an")]
    assert (answer.unread, answer.stopped) == (0, None)


def test_a_root_that_is_a_link_to_a_file_is_that_file(shell: Shell, disk: Path) -> None:
    links_of_a_disk(disk)

    on_disk = shell.ask("files", "root=/file", sysroot=str(disk))
    (disk / "beside").symlink_to(disk / "srv/home/an/x")
    running = shell.ask("files", f"root={disk}/beside")

    assert by_path(on_disk, "sha256") == {"/file": sha256(b"x").hexdigest()}
    assert [root.resolved for root in on_disk.roots] == ["/srv/home/an/x"]
    assert by_path(running, "sha256") == {f"{disk}/beside": sha256(b"x").hexdigest()}


@pytest.mark.parametrize("root", ["/dangling", "/dangling/below", "/outside", "/outside/ours", "/away"])
def test_a_root_whose_target_is_not_on_the_disk_is_missing(shell: Shell, disk: Path, root: str) -> None:
    """What the same path holds on the machine that the disk is mounted on is not looked at."""
    links_of_a_disk(disk)

    answer = shell.ask("files", f"root={root}", sysroot=str(disk))

    assert by_path(answer, "type") == {root: "missing"}
    assert [root.state for root in answer.roots] == [RootState.MISSING]


@pytest.mark.parametrize("root", ["/loop", "/loop/below"])
def test_a_root_whose_links_never_end_is_refused(shell: Shell, disk: Path, root: str) -> None:
    links_of_a_disk(disk)

    on_disk = shell.ask("files", f"root={root}", sysroot=str(disk))
    (disk / "pool").unlink()
    (disk / "pool").symlink_to("loop")
    running = shell.ask("files", f"root={disk}{root}")

    assert on_disk.unread_items == (Unread(kind=UnreadKind.LINK, path=root, error=ELOOP),)
    assert running.unread_items == (Unread(kind=UnreadKind.LINK, path=f"{disk}{root}", error=ELOOP),)
    for answer in (on_disk, running):
        assert (answer.rows, answer.stopped) == ((), StoppedBy.DENIED)
        assert [root.state for root in answer.roots] == [RootState.REFUSED]


def test_a_root_of_the_running_system_that_leads_nowhere_is_missing(shell: Shell, disk: Path) -> None:
    (disk / "dangling").symlink_to("/nonexistent")

    answer = shell.ask("files", f"root={disk}/dangling")

    assert [root.state for root in answer.roots] == [RootState.MISSING]


def test_a_root_that_is_neither_a_folder_nor_a_file_is_refused(shell: Shell, disk: Path) -> None:
    """So is one that became a link after its links were followed."""
    os.mkfifo(disk / "fifo")
    (disk / "late").mkdir()

    fifo = shell.ask("files", "root=/fifo", sysroot=str(disk))
    shell.shim("find", f'rmdir "{disk}/late" 2>/dev/null && ln -s /etc "{disk}/late"; printf "%s\\0" "$1"')
    late = shell.ask("files", "root=/late", sysroot=str(disk))

    for answer, path, kind in ((fifo, "/fifo", UnreadKind.OTHER), (late, "/late", UnreadKind.LINK)):
        assert [root.state for root in answer.roots] == [RootState.REFUSED]
        assert (answer.unread_items, answer.stopped) == ((Unread(kind=kind, path=path),), StoppedBy.DENIED)


def test_a_root_that_does_not_exist_is_said_and_is_not_an_observation(shell: Shell, disk: Path) -> None:
    answer = shell.ask("files", "root=/no such/folder/", "root=/", sysroot=str(disk))

    assert by_path(answer, "type") == {"/no such/folder": "missing", "/": "folder"}
    assert answer.stopped is None
    assert {each.value for each in answers.observations(spec_of("files"), answer, values_in)} == {"/", "/etc", "etc"}


def test_a_root_may_be_one_file(shell: Shell, disk: Path) -> None:
    (disk / "x").write_bytes(b"x")

    assert by_path(shell.ask("files", "root=/x", sysroot=str(disk)), "type") == {"/x": "file"}


def test_more_files_than_asked_for_is_said(shell: Shell, disk: Path) -> None:
    for number in range(10):
        (disk / str(number)).write_bytes(b"x")

    fewer = shell.ask("files", "root=/", "max_files=9", sysroot=str(disk))
    enough = shell.ask("files", "root=/", "max_files=10", sysroot=str(disk))

    assert [row["sha256"] != "" for row in fewer.rows if row["type"] == "file"] == [True] * 9
    assert (fewer.stopped, enough.stopped) == (StoppedBy.COUNT, None)


def test_a_look_without_time_says_so(shell: Shell, disk: Path) -> None:
    (disk / "x").write_bytes(b"x")

    assert shell.ask("files", "root=/", "seconds=0", sysroot=str(disk)).stopped is StoppedBy.TIME


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
def test_a_look_ends_when_its_time_is_up_while_it_hashes(shell: Shell, disk: Path) -> None:
    (disk / "x").write_bytes(b"x")
    shell.shim("sha256sum", f"[ $# = 0 ] || exec sleep 30; exec {shutil.which('sha256sum')}")

    answer = shell.ask("files", "root=/", "seconds=3", sysroot=str(disk))

    assert answer.stopped is StoppedBy.TIME
    assert by_path(answer, "sha256")["/x"] == ""


def test_a_path_that_is_too_long_stops_the_look_and_is_named(shell: Shell, disk: Path) -> None:
    """A path longer than any program may name; root cannot read it either."""
    place = os.open(disk, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=place)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)
    shell.shim("id", "echo 0")

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert len(answer.rows) > 10
    assert answer.stopped is StoppedBy.DENIED
    first = answer.unread_items[0]
    assert (first.kind, first.error, first.path[:12]) == (UnreadKind.NAME, ENAMETOOLONG, "/" + "d" * 11)


def test_a_file_that_cannot_be_read_is_listed_and_counted(shell: Shell, disk: Path) -> None:
    (disk / "x").write_bytes(b"x")
    (disk / "locked").write_bytes(b"y")
    shell.shim("id", "echo 0")
    shell.shim(
        "sha256sum",
        f'for last; do shift; case $last in */locked) ;; *) set -- "$@" "$last" ;; esac; done\n'
        f'exec {shutil.which("sha256sum")} "$@"',
    )

    as_root = shell.ask("files", "root=/", sysroot=str(disk))
    shell.shim("id", "echo 1000")
    as_user = shell.ask("files", "root=/", sysroot=str(disk))

    assert by_path(as_root, "sha256") == {"/": "", "/x": sha256(b"x").hexdigest(), "/locked": ""}
    assert (as_root.unread, as_root.stopped) == (1, None)
    assert as_root.unread_items == (Unread(kind=UnreadKind.FILE, path="/locked"),)
    assert (as_user.unread, as_user.stopped) == (1, StoppedBy.DENIED)


def test_hard_links_share_one_hash_and_each_is_listed(shell: Shell, disk: Path) -> None:
    (disk / "a").write_bytes(b"x")
    (disk / "b").hardlink_to(disk / "a")

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert by_path(answer, "sha256") == {"/": "", "/a": sha256(b"x").hexdigest(), "/b": sha256(b"x").hexdigest()}


def test_a_batch_that_is_lost_stops_the_look(shell: Shell, disk: Path) -> None:
    """Hundreds of files are not a single item that could not be read."""
    (disk / "x").write_bytes(b"x")
    shell.shim("stat", 'case "$*" in *-L*) echo 1 ;; *) kill -KILL $$ ;; esac')

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert answer.rows == ()
    assert answer.stopped is StoppedBy.DENIED
    assert "a batch of names is lost" in {item.path for item in answer.unread_items}


def test_when_no_file_at_all_can_be_hashed_the_look_is_stopped(shell: Shell, disk: Path) -> None:
    """Something kills the hash program: that is not five files that could not be read."""
    for number in range(5):
        (disk / str(number)).write_bytes(b"x")
    shell.shim("sha256sum", f"[ $# = 0 ] || kill -KILL $$; exec {shutil.which('sha256sum')}")

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert (answer.unread, answer.stopped) == (5, StoppedBy.DENIED)


def test_names_that_grow_when_they_are_quoted_are_hashed(shell: Shell, disk: Path) -> None:
    names = [f"{number:03}" + "'" * 250 for number in range(200)]
    for name in names:
        (disk / name).write_bytes(b"x")

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert by_path(answer, "sha256") == {"/": "", **{f"/{name}": sha256(b"x").hexdigest() for name in names}}


def test_a_root_that_had_no_turn_is_not_forgotten(shell: Shell, disk: Path) -> None:
    """The time may be up just between two roots."""
    for name in ("a", "b"):
        (disk / name).mkdir()
    clock = disk.parent / "clock"
    clock.write_text("0\n", encoding="utf-8")
    shell.shim("date", f'cat "{clock}"')
    batch = 'shift 3; shell=$1; shift; "$shell" "$@" "$(tr -d "\\0")"'
    shell.shim("find", 'printf "%s\\0" "$1"')
    shell.shim("xargs", f'{batch}; echo 1000 >"{clock}"')

    assert shell.ask("files", "root=/a", "root=/b", sysroot=str(disk)).stopped is StoppedBy.TIME


def test_a_search_that_dies_midway_stops_the_look(shell: Shell, disk: Path) -> None:
    (disk / "x").write_bytes(b"x")
    shell.shim("find", 'printf "%s\\0" "$1" "$1/x"; kill -KILL $$')

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert by_path(answer, "type") == {"/": "folder", "/x": "file"}
    assert answer.stopped is StoppedBy.DENIED


def test_a_search_that_finds_not_even_its_root_stops_the_look(shell: Shell, disk: Path) -> None:
    shell.shim("find", "exit 0")

    assert shell.ask("files", "root=/", sysroot=str(disk)).stopped is StoppedBy.DENIED


def test_proc_and_sys_are_left_out(shell: Shell, disk: Path) -> None:
    for folder in ("proc/1", "sys/class", "home/proc"):
        (disk / folder).mkdir(parents=True)

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert by_path(answer, "type") == {"/": "folder", "/home": "folder", "/home/proc": "folder"}


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
def test_thousands_of_files_are_all_listed_in_few_calls(shell: Shell, disk: Path, tmp_path: Path) -> None:
    for number in range(3000):
        (disk / str(number)).touch()
    (disk / "and\none").touch()
    calls = tmp_path / "calls"
    shell.shim("sha256sum", f'echo $# >>"{calls}"; exec {shutil.which("sha256sum")} "$@"')

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    expected = {"/", "/etc", "/and\none", *(f"/{number}" for number in range(3000))}
    assert {row["path"] for row in answer.rows} == expected
    assert (answer.unread, answer.stopped) == (0, None)
    assert len(calls.read_text().split()) < 25


def unhashable(shell: Shell, *endings: str) -> None:
    """Let the hash program fail for names with one of these endings, as it does for a file that may not be read."""
    passed = "|".join(f"*{each}" for each in endings)
    shell.shim("id", "echo 0")
    shell.shim(
        "sha256sum",
        f'for last; do shift; case $last in {passed}) ;; *) set -- "$@" "$last" ;; esac; done\n'
        f'exec {shutil.which("sha256sum")} "$@"',
    )


PROGRAMS = {"/runs": b"x", "/elf": b"\x7fELF\x02", "/windows": b"MZ\x90", "/script": b"#!/bin/sh", "/lib.so.1": b"x"}


def test_a_program_that_cannot_be_read_is_told_from_other_files(shell: Shell, disk: Path) -> None:
    for path, content in {**PROGRAMS, "/letter.odt": b"PK"}.items():
        (disk / path.lstrip("/")).write_bytes(content)
    (disk / "runs").chmod(0o755)
    (disk / "read").write_bytes(b"x")
    unhashable(shell, *PROGRAMS, "/letter.odt")

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    kinds = {item.path: item.kind for item in answer.unread_items}
    assert kinds == {**dict.fromkeys(PROGRAMS, UnreadKind.PROGRAM), "/letter.odt": UnreadKind.FILE}
    assert answer.stopped is None


AGAIN = f'case "$*" in *"-maxdepth 1"*) exec {shutil.which("find")} "$@" ;; esac'


REFUSALS = {
    "Permission denied": Unread(kind=UnreadKind.PROGRAM, path="/letter.odt", error=EACCES),
    "Operation not permitted": Unread(kind=UnreadKind.PROGRAM, path="/letter.odt", error=EPERM),
    "Input/output error": Unread(kind=UnreadKind.FILE, path="/letter.odt", error=EIO),
    "Required key not available": Unread(kind=UnreadKind.FILE, path="/letter.odt", error=126),
}


@pytest.mark.parametrize("words", REFUSALS)
def test_a_file_that_even_root_may_not_open_counts_as_a_program(shell: Shell, disk: Path, words: str) -> None:
    """An antivirus or SELinux refuses it, and nothing else says what it is."""
    (disk / "letter.odt").write_bytes(b"PK")
    unhashable(shell, "/letter.odt")
    refused = f"echo \"head: cannot open '$3' for reading: {words}\" >&2; exit 1"
    shell.shim("head", f'if [ "$1" = -c ]; then {refused}; fi; exec {shutil.which("head")} "$@"')

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert (answer.unread_items, answer.stopped) == ((REFUSALS[words],), None)


def test_a_file_that_vanishes_before_it_is_read_is_not_unread(shell: Shell, disk: Path) -> None:
    (disk / "here").write_bytes(b"x")
    (disk / "gone").write_bytes(b"x")
    shell.shim("id", "echo 0")
    shell.shim("sha256sum", f'rm -f "{disk}/gone"; exec {shutil.which("sha256sum")} "$@"')
    shell.shim(
        "find",
        f'{AGAIN}; printf "%s\\0" "$1" "{disk}/never" "{disk}/here"; touch "{disk}/gone"; printf "{disk}/gone\\0"',
    )

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert by_path(answer, "sha256")["/here"] != ""
    assert (answer.unread, answer.stopped) == (0, None)


COMPLAINTS = (
    (r"find: '{disk}/Thi h\303\240nh \303\241n/x': Permission denied", UnreadKind.FOLDER, "/Thi hành án/x", EACCES),
    ("find: {disk}/a: b: Permission denied", UnreadKind.FOLDER, "/a: b", EACCES),
    ("find: '{disk}/d': Transport endpoint is not connected", UnreadKind.FOLDER, "/d", 107),
    ("find: '{disk}/d': Something new", UnreadKind.FOLDER, "/d", 0),
    ("find: '{disk}/d': File name too long", UnreadKind.NAME, "/d", ENAMETOOLONG),
    ("words without a form", UnreadKind.FOLDER, "words without a form", 0),
)


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
def test_a_folder_that_cannot_be_listed_stops_the_look_and_is_named(shell: Shell, disk: Path) -> None:
    """The words are those of GNU and of busybox; CI's account could not make a folder that root may not list."""
    lines = "\n".join(line.replace("{disk}", str(disk)) for line, *_ in COMPLAINTS)
    shell.shim("id", "echo 0")
    shell.shim("find", f'printf "%s\\0" "$1"; cat >&2 <<"END"\n{lines}\nEND')

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    expected = [Unread(kind=kind, path=path, error=error) for _, kind, path, error in COMPLAINTS]
    assert list(answer.unread_items) == expected
    assert answer.stopped is StoppedBy.DENIED


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
@pytest.mark.parametrize("words", ["No such file or directory", "File system loop detected; it is walked already"])
def test_what_vanished_or_was_walked_already_is_no_unread_item(shell: Shell, disk: Path, words: str) -> None:
    line = f"find: '{disk}/x': {words}" if "loop" not in words else f"find: {words}"
    shell.shim("id", "echo 0")
    shell.shim("find", f'{AGAIN}; printf "%s\\0" "$1"; echo "{line}" >&2')

    answer = shell.ask("files", "root=/", sysroot=str(disk))

    assert (answer.unread, answer.stopped) == (0, None)


def test_a_root_that_cannot_be_listed_was_refused(shell: Shell, disk: Path) -> None:
    (disk / "closed").mkdir(mode=0o000)

    answer = shell.ask("files", "root=/closed", sysroot=str(disk))

    (disk / "closed").chmod(0o755)
    assert [(root.asked, root.state) for root in answer.roots] == [("/closed", RootState.REFUSED)]
    assert answer.unread_items[0] == Unread(kind=UnreadKind.FOLDER, path="/closed", error=EACCES)
    assert answer.stopped is StoppedBy.DENIED


def test_each_root_is_told_as_it_was_asked_and_as_it_lies(shell: Shell, disk: Path) -> None:
    (disk / "usr/bin").mkdir(parents=True)
    (disk / "bin").symlink_to("usr/bin")

    answer = shell.ask("files", "root=/bin//", "root=/opt", sysroot=str(disk))

    roots = [(root.asked, root.state, root.resolved) for root in answer.roots]
    assert roots == [("/bin//", RootState.ENTERED, "/usr/bin"), ("/opt", RootState.MISSING, "")]


def test_fifos_sockets_and_devices_are_never_opened(shell: Shell, disk: Path) -> None:
    """Whoever opens a fifo waits for somebody who writes."""
    os.mkfifo(disk / "fifo")

    answer = shell.ask("files", "root=/", "seconds=30", sysroot=str(disk))

    assert by_path(answer, "type")["/fifo"] == "other"
    assert (answer.unread, answer.stopped) == (0, None)
