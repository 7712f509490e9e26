"""What copies a pushed file to where it belongs, on a Windows PC that a PowerShell plays.

The one call that only Windows has, `FileInfo.Replace`, is a stand-in of the test's own; it refuses what Windows
refuses, and notes that it was called.
"""

import hashlib
import subprocess
import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pytest

from controller.transports.placed import said
from tests.scripts.windows_pc import Pc, Said, engine, new_pc
from tests.winrm_servers import WindowsPc, windows

SCRIPT = (files("controller.tasks") / "scripts" / "windows_place.ps1").read_text(encoding="utf-8")
SOURCE = r"C:\ProgramData\lamsach\tools\ab\tệp.exe"
NEW = b"ch\xc3\xa0o\r\n"
FULL, FAILED, BLOCKED = 62, 63, 65
REPLACED = r"C:\replaced"

WINDOWS = """Update-TypeData -TypeName System.IO.FileInfo -MemberType ScriptMethod -MemberName Replace -Force -Value {
    param($Path, $Backup)
    $readOnly = [IO.File]::GetAttributes($Path) -band [IO.FileAttributes]::ReadOnly
    if ($readOnly) { throw [UnauthorizedAccessException]::new() }
    STANDIN
}"""
REPLACES = r"""[IO.File]::Delete($Path)
    [IO.File]::Move($this.FullName, $Path)
    [IO.File]::AppendAllText('C:\replaced', $Path)"""


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    pc = new_pc(tmp_path / "pc")
    pc.file(SOURCE, NEW)
    return pc


def place(
    pc: Pc, dest: str, *, sha256: str = hashlib.sha256(NEW).hexdigest(), replaces: str = REPLACES, before: str = ""
) -> tuple[str | int, str]:
    """Run it; return its word, or the code of its refusal, and the sentence below."""
    pc.script("place", SCRIPT)
    words = "' '".join((SOURCE, sha256, "-", dest))
    return heard(pc.session(WINDOWS.replace("STANDIN", replaces), before, f"& ./place.ps1 '{words}'"))


def heard(done: Said) -> tuple[str | int, str]:
    assert (done.exit_code, done.stderr) == (0, "")
    first, _, rest = done.stdout.decode().partition("\n")
    mark, word, *code = first.split()
    assert mark == "#lamsach"
    return (int(code[0]) if code else word), rest.strip()


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def replaced(pc: Pc) -> bool:
    return pc.disk(REPLACED).exists()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_new_file_is_placed_below_folders_that_are_made_for_it(pc: Pc, form: str) -> None:
    dest = "C:\\Công cụ\\[phần] mềm\\-đọc tôi.exe" if form == "NFC" else unicodedata.normalize("NFD", r"C:\ệ\đọc.exe")

    assert place(pc, dest) == ("placed", "")
    assert pc.disk(dest).read_bytes() == NEW
    assert left_in(pc.disk(dest).parent) == [dest.rpartition("\\")[2]]
    assert not replaced(pc)


def test_a_file_that_is_there_already_is_left_alone(pc: Pc) -> None:
    pc.file(r"C:\x.exe", NEW)
    before = pc.disk(r"C:\x.exe").stat()

    assert place(pc, r"C:\X.EXE") == ("same", "")
    after = pc.disk(r"C:\x.exe").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("attributes", ["Archive", "ReadOnly", "ReadOnly, Hidden, System"])
def test_a_file_that_is_replaced_hands_on_its_acl_and_its_attributes(pc: Pc, attributes: str) -> None:
    pc.file(r"C:\x.exe", b"old")
    pc.state("files", {"Path": r"C:\x.exe", "Attributes": attributes})

    assert place(pc, r"C:\x.exe") == ("placed", "")
    assert pc.disk(r"C:\x.exe").read_bytes() == NEW
    assert replaced(pc)
    assert pc.session(r"[IO.File]::GetAttributes('C:\x.exe')").stdout.decode().strip() == attributes
    assert not pc.disk(r"C:\x.exe.lamsach-part").exists()


def test_what_an_earlier_try_left_is_cleared_away(pc: Pc) -> None:
    pc.file(r"C:\a\x.exe.lamsach-part", b"half")

    assert place(pc, r"C:\a\x.exe") == ("placed", "")
    assert left_in(pc.disk(r"C:\a")) == ["x.exe"]
    assert pc.disk(r"C:\a\x.exe").read_bytes() == NEW


def test_a_link_where_an_earlier_try_would_lie_leads_nowhere(pc: Pc) -> None:
    pc.file(r"C:\a\elsewhere", b"keep me")
    pc.disk(r"C:\a\x.exe.lamsach-part").symlink_to("elsewhere")

    assert place(pc, r"C:\a\x.exe") == ("placed", "")
    assert pc.disk(r"C:\a\elsewhere").read_bytes() == b"keep me"
    assert left_in(pc.disk(r"C:\a")) == ["elsewhere", "x.exe"]


@pytest.mark.parametrize("old", [None, b"old"])
def test_a_wrong_checksum_leaves_what_was_there_and_nothing_half(pc: Pc, old: bytes | None) -> None:
    pc.disk(r"C:\a").mkdir()
    if old:
        pc.file(r"C:\a\x.exe", old)

    assert place(pc, r"C:\a\x.exe", sha256="0" * 64) == (FAILED, "the checksum is wrong")
    assert {path.name: path.read_bytes() for path in pc.disk(r"C:\a").iterdir()} == ({"x.exe": old} if old else {})


@pytest.mark.parametrize("target", ["folder", "file", "nowhere"])
def test_a_folder_or_a_link_in_its_place_is_left_alone(pc: Pc, target: str) -> None:
    pc.disk(r"C:\a\folder").mkdir(parents=True)
    pc.file(r"C:\a\file", b"keep me")
    pc.disk(r"C:\a\x").symlink_to(target)

    for dest in (r"C:\a\x", r"C:\a\folder"):
        assert place(pc, dest) == (FAILED, f"'{dest}' is not a plain file; it is left alone")
    assert pc.disk(r"C:\a\x").is_symlink()
    assert pc.disk(r"C:\a\file").read_bytes() == b"keep me"
    assert left_in(pc.disk(r"C:\a")) == ["file", "folder", "x"]
    assert left_in(pc.disk(r"C:\a\folder")) == []


LINKED = r"'C:\Users\a\Desktop' is a link or a mounted volume; name the folder itself in 'dest'"


def test_no_link_on_the_way_is_followed(pc: Pc) -> None:
    """Any user can make a junction, and we would write through it with the rights of an administrator."""
    pc.file(r"C:\Secret\keep", b"keep me")
    pc.disk(r"C:\Users\a").mkdir(parents=True)
    pc.disk(r"C:\Users\a\Desktop").symlink_to("../../Secret")

    assert place(pc, r"C:\Users\a\Desktop\x\y.exe") == (FAILED, LINKED)
    assert left_in(pc.disk(r"C:\Secret")) == ["keep"]


EXCHANGES = r"""function New-Object($Type) {
    $made = Microsoft.PowerShell.Utility\New-Object $Type -ArgumentList $args[0]
    if ($Type -eq 'IO.FileStream') {
        [IO.Directory]::Move('C:\Users\a\Desktop', 'C:\Users\a\real')
        [IO.Directory]::Move('C:\Users\a\trap', 'C:\Users\a\Desktop')
    }
    $made
}"""


def test_a_folder_that_is_exchanged_for_a_link_before_it_is_held_is_not_written(pc: Pc) -> None:
    """Afterwards Windows refuses to rename it; here a user is fast, just before the file that holds it is open."""
    pc.file(r"C:\Secret\keep", b"keep me")
    pc.disk(r"C:\Users\a\Desktop").mkdir(parents=True)
    pc.disk(r"C:\Users\a\trap").symlink_to("../../Secret")

    assert place(pc, r"C:\Users\a\Desktop\x.exe", before=EXCHANGES) == (FAILED, LINKED)
    assert left_in(pc.disk(r"C:\Secret")) == ["keep"]


CLOSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "held so that nobody may read it": ({"Locked": True}, "another program uses it [0x80070020]"),
    "held so that nobody may replace it": ({"Locked": "Write"}, "another program uses it [0x80070020]"),
    "closed to us": ({"AccessDenied": True}, "[0x80070005]"),
}


@pytest.mark.parametrize(("how", "why"), CLOSED.values(), ids=CLOSED)
def test_a_file_that_cannot_be_replaced_stays_and_it_is_said_why(pc: Pc, how: Mapping[str, object], why: str) -> None:
    pc.file(r"C:\a\x.exe", b"old")
    pc.state("files", {"Path": r"C:\a\x.exe", **how})

    code, sentence = place(pc, r"C:\a\x.exe")

    assert code == FAILED
    assert sentence.startswith(r"'C:\a\x.exe' cannot be ")
    assert sentence.endswith(why)
    assert pc.disk(r"C:\a\x.exe").read_bytes() == b"old"
    assert left_in(pc.disk(r"C:\a")) == ["x.exe"]


REFUSED = {"virus": ("0x800700e1", BLOCKED), "no room": ("0x80070070", FULL), "another": ("0x80070037", FAILED)}


@pytest.mark.parametrize(("hresult", "code"), REFUSED.values(), ids=REFUSED)
def test_what_windows_refuses_is_told_by_its_number_in_any_language(pc: Pc, hresult: str, code: int) -> None:
    pc.file(r"C:\a\x.exe", b"old")
    fails = f"throw (New-Object IO.IOException 'không được', ({hresult}))"

    assert place(pc, r"C:\a\x.exe", replaces=fails) == (
        code,
        rf"'C:\a\x.exe' cannot be replaced: không được [{hresult}]",
    )
    assert pc.disk(r"C:\a\x.exe").read_bytes() == b"old"
    assert left_in(pc.disk(r"C:\a")) == ["x.exe"]


def test_a_file_that_stays_is_as_read_only_as_before(pc: Pc) -> None:
    pc.file(r"C:\x.exe", b"old")
    pc.state("files", {"Path": r"C:\x.exe", "Attributes": "ReadOnly"})

    assert place(pc, r"C:\x.exe", replaces="throw 'no'")[0] == FAILED
    assert pc.session(r"[IO.File]::GetAttributes('C:\x.exe')").stdout.decode().strip() == "ReadOnly"


def test_an_old_file_that_windows_took_away_and_did_not_replace_is_replaced_by_us(pc: Pc) -> None:
    """ERROR_UNABLE_TO_MOVE_REPLACEMENT: by then the new file is the only one there is."""
    pc.file(r"C:\a\x.exe", b"old")

    torn = "[IO.File]::Delete($Path); throw (New-Object IO.IOException 'torn', (0x80070498))"

    assert place(pc, r"C:\a\x.exe", replaces=torn) == ("placed", "")
    assert pc.disk(r"C:\a\x.exe").read_bytes() == NEW
    assert left_in(pc.disk(r"C:\a")) == ["x.exe"]


def test_a_file_where_a_folder_should_be_is_left_alone(pc: Pc) -> None:
    pc.file(r"C:\a", b"keep me")

    code, sentence = place(pc, r"C:\a\b\x.exe")

    assert (code, sentence.startswith("'C:\\a\\b\\' cannot be made: ")) == (FAILED, True)
    assert pc.disk(r"C:\a").read_bytes() == b"keep me"


def test_a_path_that_is_too_long_for_windows_is_refused(pc: Pc) -> None:
    dest = "C:\\" + "\\".join(["ệ" * 60] * 5) + "\\x.exe"

    code, sentence = place(pc, dest)

    assert (code, sentence.startswith("'C:\\ệ"), " cannot be " in sentence) == (FAILED, True, True)
    assert not pc.disk(dest).exists()


def test_over_winrm_it_answers_as_our_own_scripts_do(tmp_path: Path) -> None:
    served = WindowsPc(tmp_path)
    pc = new_pc(served.place)
    pc.file(SOURCE, NEW)
    pc.file(r"C:\old.exe", b"old")
    words = (SOURCE, hashlib.sha256(NEW).hexdigest(), "-")

    with windows(served) as service, service.open() as session:
        session.run(WINDOWS.replace("STANDIN", REPLACES), seconds=60)
        answers = [said(session.run(SCRIPT, (*words, dest), seconds=60)) for dest in (r"C:\mới\x.exe", r"C:\old.exe")]
        again = said(session.run(SCRIPT, (*words, r"C:\mới\x.exe"), seconds=60))

    assert answers == [("placed", None, b"")] * 2
    assert again == ("same", None, b"")
    assert pc.disk(r"C:\mới\x.exe").read_bytes() == pc.disk(r"C:\old.exe").read_bytes() == NEW


def test_it_is_windows_powershell_5_1_in_ascii_and_nothing_newer(tmp_path: Path) -> None:
    assert SCRIPT.isascii()
    linter = Path(engine()).with_name("pslint")
    if not linter.exists():
        pytest.skip("needs pslint: it lies beside the PowerShell of the tests")
    path = tmp_path / "sent.ps1"
    path.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([linter, "--target", "5.1", path], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")
