"""Which files lie below the roots on a Windows PC: odd names, long paths, links, and what nobody lets us read."""

import unicodedata
from collections.abc import Mapping
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest

from controller.collectors import answer as answers
from controller.collectors import catalog
from controller.indicators.text import values_in
from controller.model.collector import Answer, RootState, StoppedBy, UnreadKind
from controller.model.fleet import Platform
from tests.scripts.asking import spec_of
from tests.scripts.windows_pc import Pc, new_pc

NAMES = (
    "plain",
    "hai chữ.exe",
    "[a] {b} [1-9].txt",
    "$(x) `id` ; & 'q' ~ #, %TEMP%",
    " leads with a blank",
    "ends with a blank ",
    "ends with a dot.",
    ".hidden",
    "con.txt",
    "x_x0041_y",
    "\U0001f600.exe",
    unicodedata.normalize("NFC", "Chi cục Thi hành án"),
    unicodedata.normalize("NFD", "Chi cục Thi hành án"),
    "#end 0 unread=0 stopped=no",
)
LONG = "\\".join(f"{number:02}{'d' * 40}" for number in range(10))


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    return new_pc(tmp_path)


def by_path(answer: Answer, column: str) -> Mapping[object, object]:
    return {row["path"]: row[column] for row in answer.rows}


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def test_every_name_comes_through_exactly_with_its_hash(pc: Pc) -> None:
    for name in NAMES:
        pc.file(rf"C:\x\{name}", name.encode())

    answer = pc.ask("files", r"root=C:\x", "hashes=md5,sha1")

    assert (answer.unread, answer.stopped) == (0, None)
    assert by_path(answer, "sha256") == {r"C:\x": "", **{rf"C:\x\{name}": digest(name.encode()) for name in NAMES}}
    by_name = {row["path"]: row for row in answer.rows}
    for name in NAMES:
        row = by_name[rf"C:\x\{name}"]
        assert (row["type"], row["size"]) == ("file", len(name.encode()))
        assert row["modified"] == int(pc.disk(rf"C:\x\{name}").stat().st_mtime)
        assert (row["md5"], row["sha1"]) == (md5(name.encode()).hexdigest(), sha1(name.encode()).hexdigest())


def test_folders_of_any_name_are_walked_however_long_their_path_is(pc: Pc) -> None:
    pc.file(rf"C:\x\[a] b\{LONG}\deep.exe", b"deep")
    pc.file(r"C:\x\empty ends with a dot.\y")

    answer = pc.ask("files", r"root=C:\x")

    assert (answer.unread, answer.stopped) == (0, None)
    assert by_path(answer, "sha256")[rf"C:\x\[a] b\{LONG}\deep.exe"] == digest(b"deep")
    assert by_path(answer, "type")[r"C:\x\empty ends with a dot.\y"] == "file"
    assert len(answer.rows) == 15


def test_where_powershell_takes_no_long_paths_they_are_unread(pc: Pc) -> None:
    r"""Then \\?\ is refused, and a name that ends with a dot would be read as the one without it."""
    pc.file(r"C:\x\a", b"a")
    pc.file(r"C:\x\a.", b"not a")
    pc.file(r"C:\x\b \c")
    pc.file(rf"C:\x\{LONG}\deep.exe")
    script = catalog.script("files", Platform.WINDOWS).replace("$null = [IO.File]::GetAttributes(", "throw (")

    answer = pc.ask("files", r"root=C:\x", script=script)

    sums = by_path(answer, "sha256")
    assert (sums[r"C:\x\a"], sums[r"C:\x\a."]) == (digest(b"a"), "")
    assert r"C:\x\b \c" not in sums
    assert (answer.unread, answer.stopped) == (3, None)


def test_a_root_is_listed_to_the_depth_that_is_asked_for(pc: Pc) -> None:
    pc.file(r"C:\tmp\near")
    pc.file(r"C:\tmp\deep\far")

    answer = pc.ask("files", "depth=1", "root=C:/tmp//")

    assert by_path(answer, "type") == {r"C:\tmp": "folder", r"C:\tmp\near": "file", r"C:\tmp\deep": "folder"}
    assert answer.stopped is None


def test_links_are_listed_and_not_followed_unless_they_are_a_root(pc: Pc) -> None:
    pc.file(r"C:\x\real\y", b"y")
    pc.disk(r"C:\x\to folder").symlink_to("real")
    pc.disk(r"C:\x\to file").symlink_to("real/y")
    pc.disk(r"C:\x\to nothing").symlink_to("gone")
    pc.disk(r"C:\x\to itself").symlink_to("../x")
    pc.disk(r"C:\root").symlink_to("x/real")

    answer = pc.ask("files", r"root=C:\x", r"root=C:\root")

    assert by_path(answer, "type") == {
        r"C:\x": "folder",
        r"C:\x\real": "folder",
        r"C:\x\real\y": "file",
        r"C:\x\to folder": "link",
        r"C:\x\to file": "link",
        r"C:\x\to nothing": "link",
        r"C:\x\to itself": "link",
        r"C:\root": "folder",
        r"C:\root\y": "file",
    }
    assert (answer.unread, answer.stopped) == (0, None)


def test_a_root_may_be_a_file_a_whole_disk_or_nothing(pc: Pc) -> None:
    pc.file(r"C:\x\y", b"y")

    answer = pc.ask("files", r"root=C:\x\y", r"root=C:\no such\folder", r"root=Q:\x", r"root=C:\\")

    assert answer.stopped is None
    assert [(row["path"], row["type"]) for row in answer.rows][:4] == [
        (r"C:\x\y", "file"),
        (r"C:\no such\folder", "missing"),
        (r"Q:\x", "missing"),
        ("C:\\", "folder"),
    ]
    assert by_path(answer, "type")[r"C:\Windows"] == "folder"
    assert r"Q:\x" not in {each.value for each in answers.observations(spec_of("files"), answer, values_in)}


def test_what_cannot_be_read_is_listed_and_counted(pc: Pc) -> None:
    """Hidden files and those that somebody writes to can be read; those that lie in a cloud are not fetched."""
    for name in ("hidden", "written", "locked", "denied", "in a cloud", r"folder\x"):
        pc.file(rf"C:\x\{name}", b"x")
    odd: dict[str, dict[str, object]] = {
        "hidden": {"Attributes": "Hidden, System"},
        "written": {"Locked": "Write"},
        "locked": {"Locked": True},
        "denied": {"AccessDenied": True},
        "in a cloud": {"Attributes": "Offline"},
        "folder": {"AccessDenied": True},
    }
    pc.state("files", *({"Path": rf"C:\x\{name}"} | state for name, state in odd.items()))

    elevated = pc.ask("files", r"root=C:\x")
    pc.mode(elevated=False)
    ordinary = pc.ask("files", r"root=C:\x")

    assert by_path(elevated, "sha256") == {
        r"C:\x": "",
        r"C:\x\hidden": digest(b"x"),
        r"C:\x\written": digest(b"x"),
        r"C:\x\locked": "",
        r"C:\x\denied": "",
        r"C:\x\in a cloud": "",
        r"C:\x\folder": "",
    }
    assert (elevated.unread, elevated.stopped) == (4, None)
    assert (ordinary.unread, ordinary.stopped) == (4, StoppedBy.DENIED)


def test_a_file_that_the_antivirus_refuses_is_named_with_its_error(pc: Pc) -> None:
    for name in ("infected", "deleted", "locked"):
        pc.file(rf"C:\x\{name}")
    pc.state(
        "files",
        {"Path": r"C:\x\infected", "HResult": "0x800700E1"},
        {"Path": r"C:\x\deleted", "HResult": "0x800700E2"},
        {"Path": r"C:\x\locked", "HResult": "0x80070020"},
    )

    answer = pc.ask("files", r"root=C:\x", r"root=C:\no such")

    assert {(item.kind, item.path, item.error) for item in answer.unread_items} == {
        (UnreadKind.FILE, r"C:\x\infected", 225),
        (UnreadKind.FILE, r"C:\x\deleted", 226),
        (UnreadKind.FILE, r"C:\x\locked", 32),
    }
    assert [(root.asked, root.state) for root in answer.roots] == [
        (r"C:\x", RootState.ENTERED),
        (r"C:\no such", RootState.MISSING),
    ]


def test_a_root_that_cannot_be_listed_stops_the_look(pc: Pc) -> None:
    """Nothing of what lies there may be called gone."""
    pc.file(r"C:\x\y")
    pc.state("files", {"Path": r"C:\x", "AccessDenied": True})

    assert pc.ask("files", "depth=1", r"root=C:\x").stopped is StoppedBy.DENIED


def test_when_no_file_at_all_can_be_read_the_look_is_stopped(pc: Pc) -> None:
    names = [rf"C:\x\{number}" for number in range(5)]
    for name in names:
        pc.file(name)
    pc.state("files", *({"Path": name, "Locked": True} for name in names))

    answer = pc.ask("files", r"root=C:\x")

    assert (answer.unread, answer.stopped) == (5, StoppedBy.DENIED)


@pytest.mark.parametrize(
    ("asked", "stopped", "rows"),
    [("max_files=9", StoppedBy.COUNT, 10), ("max_files=10", None, 11), ("seconds=0", StoppedBy.TIME, 0)],
)
def test_a_limit_that_was_reached_is_said(pc: Pc, asked: str, stopped: StoppedBy | None, rows: int) -> None:
    for number in range(10):
        pc.file(rf"C:\x\{number}")

    answer = pc.ask("files", r"root=C:\x", asked)

    assert (answer.stopped, len(answer.rows)) == (stopped, rows)


def test_a_powershell_that_is_constrained_sees_nothing_and_says_so(pc: Pc) -> None:
    pc.mode(languageMode="ConstrainedLanguage")
    pc.file(r"C:\x\y")

    answer = pc.ask("files", r"root=C:\x")

    assert (answer.rows, answer.stopped) == ((), StoppedBy.DENIED)


def test_wmi_and_the_language_of_windows_are_not_needed(pc: Pc) -> None:
    pc.mode(wmi="0x80070422", language="de-DE", accountNames={"S-1-5-32-544": "Quản trị viên"})
    pc.file(r"C:\x\y", b"y")

    answer = pc.ask("files", r"root=C:\x")

    assert by_path(answer, "sha256")[r"C:\x\y"] == digest(b"y")
    assert (answer.unread, answer.stopped) == (0, None)
