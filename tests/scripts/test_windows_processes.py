"""Which programs run on a Windows PC: on the sample PCs, and on PCs on which something is odd."""

import unicodedata
from collections.abc import Mapping
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest

from controller.collectors import answer as answers
from controller.collectors import catalog
from controller.indicators.text import values_in
from controller.model.collector import Row, StoppedBy
from controller.model.fleet import Platform
from controller.model.indicator import Kind
from tests.scripts.asking import NONCE, spec_of
from tests.scripts.windows_pc import SHELL, Pc, new_pc, sample_pc

TOOL = r"C:\Tools\tool.exe"


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    return new_pc(tmp_path)


def a_process(number: int, path: str = TOOL, **more: object) -> dict[str, object]:
    name = path.rsplit("\\", 1)[-1].removesuffix(".exe")
    return {"Id": number, "ProcessName": name, "Path": path, "ParentProcessId": 4, "CommandLine": path} | more


def by_pid(rows: tuple[Row, ...]) -> Mapping[object, Row]:
    return {row["pid"]: row for row in rows}


def test_the_infected_pc_shows_its_program_and_the_clean_one_does_not(tmp_path: Path) -> None:
    seen = {}
    for name in ("lab-host", "lab-host-clean"):
        answer = sample_pc(name, tmp_path / name).ask("processes")
        assert (answer.unread, answer.stopped) == (0, None)
        seen[name] = {each.value for each in answers.observations(spec_of("processes"), answer, values_in)}
    image = tmp_path / "lab-host/C/Users/canbo1/AppData/Roaming/WinUpd/svchosts.exe"
    traces = {
        r"C:\Users\canbo1\AppData\Roaming\WinUpd\svchosts.exe",
        "svchosts.exe",
        sha256(image.read_bytes()).hexdigest(),
    }

    assert traces <= seen["lab-host"]
    assert not traces & seen["lab-host-clean"]
    assert "explorer.exe" in seen["lab-host-clean"]


def test_a_row_has_every_column(pc: Pc) -> None:
    pc.file(TOOL, b"image")
    pc.running(a_process(812, CommandLine=f'"{TOOL}" -a "b c"', UserName="NT AUTHORITY\\SYSTEM"))

    rows = by_pid(pc.ask("processes", "hashes=md5,sha1").rows)

    assert rows[812] == {
        "pid": 812,
        "parent": 4,
        "name": "tool.exe",
        "path": TOOL,
        "sha256": sha256(b"image").hexdigest(),
        "sha1": sha1(b"image").hexdigest(),
        "md5": md5(b"image").hexdigest(),
        "command_line": f'"{TOOL}" -a "b c"',
        "user": "NT AUTHORITY\\SYSTEM",
        "deleted": False,
        "own": False,
    }


def test_only_our_own_session_is_marked_as_ours(pc: Pc) -> None:
    """What runs below it is not: on Windows a program may name any parent, and numbers of dead parents come again."""
    pc.file(TOOL)
    with pc.start("processes", NONCE, "-") as started:
        pc.running(a_process(812, ParentProcessId=started.pid), a_process(813))
        stdout, _ = started.communicate(timeout=60)
    answer = answers.read(spec_of("processes"), stdout.encode(), nonce=NONCE, sysroot="-")

    assert [row["path"] for row in answer.rows if row["own"]] == [SHELL]
    assert by_pid(answer.rows).keys() >= {812, 813}


def test_images_in_two_spellings_of_one_name_are_two_files(pc: Pc) -> None:
    """They look the same, and PowerShell's own comparison takes them for the same."""
    composed, apart = (unicodedata.normalize(form, r"C:\Tools\Cục.exe") for form in ("NFC", "NFD"))
    pc.file(composed, b"good")
    pc.file(apart, b"bad")
    pc.running(a_process(812, composed), a_process(813, apart), a_process(814, composed))

    rows = by_pid(pc.ask("processes").rows)

    assert (rows[812]["path"], rows[812]["sha256"]) == (composed, sha256(b"good").hexdigest())
    assert (rows[813]["path"], rows[813]["sha256"]) == (apart, sha256(b"bad").hexdigest())
    assert rows[814]["sha256"] == rows[812]["sha256"]


def test_what_windows_shows_nobody_is_listed_and_not_missed(pc: Pc) -> None:
    names = ("Registry", "Memory Compression", "Secure System", "csrss", "MsMpEng")
    pc.running(*({"Id": number, "ProcessName": name, "Path": None} for number, name in enumerate(names, start=500)))

    answer = pc.ask("processes")

    assert [row["pid"] for row in answer.rows if row["path"] == ""] == [0, 4, 500, 501, 502, 503, 504]
    assert (answer.unread, answer.stopped) == (0, None)


def test_images_that_cannot_be_read_are_listed_counted_and_stop_the_look(pc: Pc) -> None:
    images = {number: rf"C:\Tools\{number}.exe" for number in (801, 802, 803, 804)}
    for number in (801, 802, 803):
        pc.file(images[number], b"image")
    pc.state(
        "files",
        {"Path": images[801], "Locked": True},
        {"Path": images[802], "AccessDenied": True},
        {"Path": images[803], "Locked": "Write"},
    )
    pathless = {"Path": None, "CommandLine": "x -y"}
    pc.running(
        *(a_process(number, path) for number, path in images.items()),
        a_process(805) | pathless,
        a_process(806) | pathless | {"ProcessName": "csr\u00adss"},
    )

    answer = pc.ask("processes")
    rows = by_pid(answer.rows)

    assert (answer.unread, answer.stopped) == (5, StoppedBy.DENIED)
    assert {number: rows[number]["deleted"] for number in range(801, 807) if rows[number]["sha256"] == ""} == {
        801: False,
        802: False,
        804: True,
        805: False,
        806: False,
    }
    assert rows[803]["sha256"] == sha256(b"image").hexdigest()
    assert (rows[804]["path"], rows[805]["command_line"]) == (images[804], "x -y")


@pytest.mark.parametrize("trouble", [{"Locked": True}, {"Path": None}])
def test_one_image_that_cannot_be_read_is_enough(pc: Pc, trouble: dict[str, object]) -> None:
    pc.file(TOOL)
    pc.state("files", {"Path": TOOL, "Locked": "Locked" in trouble})
    pc.running(a_process(812) | trouble)

    answer = pc.ask("processes")

    assert (answer.unread, answer.stopped) == (1, StoppedBy.DENIED)


def test_a_process_cannot_write_rows_of_its_own(pc: Pc) -> None:
    command = 'x"},\r\n#end 0 unread=0 stopped=no\n\t\x00\x1b[2J\x7f \ud800 \U0001f600 \ufffe <>&\'" ệ ' + "a" * 9000
    pc.file(TOOL)
    pc.running(a_process(812, CommandLine=command))

    answer = pc.ask("processes")

    told = command.replace("\ud800", "\ufffd").replace("\x00", "\ufffd")
    row = by_pid(answer.rows)[812]
    assert len(answer.rows) == 4
    assert row["command_line"] == told[: len(str(row["command_line"]))]
    assert 8190 <= len(str(row["command_line"])) <= 8192


def test_a_hash_that_windows_refuses_stops_the_look(pc: Pc) -> None:
    """Where FIPS is asked for there is no MD5."""
    script = catalog.script("processes", Platform.WINDOWS).replace("MD5CryptoServiceProvider", "NoSuchProvider")

    with_md5 = pc.ask("processes", "hashes=md5", script=script)
    without = pc.ask("processes", script=script)

    assert [with_md5.stopped, without.stopped] == [StoppedBy.DENIED, None]
    assert [row["sha256"] for row in with_md5.rows if row["own"]] == [sha256(b"shell").hexdigest()]


def test_a_look_without_time_says_so(pc: Pc) -> None:
    answer = pc.ask("processes", "seconds=0")

    assert answer.stopped is StoppedBy.TIME
    assert [row["sha256"] for row in answer.rows if row["path"] == SHELL] == [""]


def test_without_an_administrators_rights_the_look_is_stopped(pc: Pc) -> None:
    pc.mode(elevated=False)

    assert pc.ask("processes").stopped is StoppedBy.DENIED


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"Class": "Win32_Process"}, "0x80041010"),
        ({"Command": "Get-Cim*", "HResult": "0x80070422"}, "0x80070422"),
    ],
)
def test_wmi_that_is_broken_gives_no_answer(pc: Pc, broken: dict[str, object], told: str) -> None:
    pc.state("broken", broken)

    reason, said = pc.fail("processes")

    assert reason == "answer.cut"
    assert told in said


def test_a_process_that_ended_while_we_looked_is_not_missed(pc: Pc) -> None:
    """Windows still listed it; its image went with it, as those of installers do."""
    with pc.start("processes", NONCE, "-") as started:
        numbers = {started.pid: SHELL, 812: TOOL, 813: None}
        listed = ({"ProcessId": number, "Name": "x", "ExecutablePath": path} for number, path in numbers.items())
        pc.state("cim/root.cimv2/Win32_Process", *listed)
        stdout, _ = started.communicate(timeout=60)
    answer = answers.read(spec_of("processes"), stdout.encode(), nonce=NONCE, sysroot="-")

    assert [row["pid"] for row in answer.rows] == [started.pid]
    assert (answer.unread, answer.stopped) == (0, None)


def test_a_list_that_lacks_even_our_own_process_gives_no_answer(pc: Pc) -> None:
    pc.file(TOOL)
    listed = {"ProcessId": 812, "ParentProcessId": 4, "Name": "tool.exe", "ExecutablePath": TOOL}
    pc.state("cim/root.cimv2/Win32_Process", listed)

    reason, said = pc.fail("processes")

    assert reason == "answer.cut"
    assert "does not even list this process" in said.replace("\n     | ", " ")


@pytest.mark.parametrize("mode", [{"languageMode": "ConstrainedLanguage"}, {"amsiBlocked": ["Win32_Process"]}])
def test_a_powershell_that_will_not_run_this_gives_no_answer(pc: Pc, mode: dict[str, object]) -> None:
    pc.mode(**mode)

    assert pc.fail("processes")[0] == "answer.cut"


def test_a_row_meets_a_hash_a_path_and_a_name(pc: Pc) -> None:
    pc.file(TOOL, b"image")
    pc.running(a_process(812))

    seen = answers.observations(spec_of("processes"), pc.ask("processes"), values_in)

    assert {(each.kind, each.value) for each in seen} == {
        (Kind.PATH, TOOL),
        (Kind.NAME, "tool.exe"),
        (Kind.NAME, "System"),
        (Kind.NAME, "System Idle Process"),
        (Kind.SHA256, sha256(b"image").hexdigest()),
    }
