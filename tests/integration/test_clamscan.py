"""The real clamscan, with a signature of our own: no network, no official database."""

import gzip
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.cleaners.base import Places, ToolReport
from controller.cleaners.clamav import QUARANTINE, ClamavCleaner
from controller.errors import Reason
from controller.model.fleet import Platform
from controller.model.playbook import Tool
from controller.model.result import Finding, FindingState, ToolMode

BAD = b"a file that only our own signature calls bad, 7d1f"
THREAT = "Lamsach.Test.UNOFFICIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    exit_code: int
    report: ToolReport


Scan = Callable[[ToolMode, Sequence[Path]], Scanned]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with two bad files and a good one; one bad name has a colon, the word FOUND and Vietnamese letters."""
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    (home / "a.bin").write_bytes(BAD)
    (home / "sub" / "độc: x FOUND.bin").write_bytes(BAD)
    (home / "good.txt").write_bytes(b"good")
    return home


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """Run the adapter's own command line, and read what comes back by the adapter."""
    program = shutil.which("clamscan")
    if program is None:
        pytest.skip("needs clamscan: install Debian's package clamav")
    folder = tmp_path / "ours"
    (folder / QUARANTINE).mkdir(parents=True)
    (folder / "own.ndb").write_text(f"Lamsach.Test:0:*:{BAD.hex()}\n")
    own = ("-d", "{folder}/own.ndb")
    tool = Tool(
        name="clamscan",
        path="tool.yaml",
        digest="d",
        platforms=(Platform.LINUX,),
        file=program,
        sha256="0" * 64,
        clean=own,
        detect=own,
    )

    def scan(mode: ToolMode, roots: Sequence[Path]) -> Scanned:
        cleaner, places = ClamavCleaner(), Places(roots=tuple(map(str, roots)), folder=str(folder))
        cleaner.check(tool, places.roots)
        ended = subprocess.run(
            [program, *cleaner.arguments(tool, mode, places)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=60,
        )
        return Scanned(
            exit_code=ended.returncode,
            report=cleaner.read(tool, mode, ended.returncode, ended.stdout, places),
        )

    return scan


def findings(home: Path, state: FindingState) -> set[Finding]:
    return {
        Finding(tool="clamscan", threat=THREAT, object=str(path), state=state)
        for path in (home / "a.bin", home / "sub" / "độc: x FOUND.bin")
    }


def test_a_look_finds_and_touches_nothing(scan: Scan, home: Path) -> None:
    scanned = scan(ToolMode.DETECT, [home])

    assert scanned.exit_code == 1
    assert set(scanned.report.findings) == findings(home, FindingState.FOUND)
    assert (scanned.report.fault, scanned.report.contradiction) == (None, False)
    assert (home / "a.bin").read_bytes() == BAD


def test_cleaning_moves_into_the_quarantine_and_a_second_look_at_everything_finds_nothing(
    scan: Scan, home: Path, tmp_path: Path
) -> None:
    cleaned = scan(ToolMode.CLEAN, [home])
    again = scan(ToolMode.DETECT, [tmp_path])

    assert set(cleaned.report.findings) == findings(home, FindingState.QUARANTINED)
    assert (cleaned.exit_code, cleaned.report.fault, cleaned.report.contradiction) == (1, None, False)
    assert sorted(path.name for path in home.rglob("*")) == ["good.txt", "sub"]
    assert len(list((tmp_path / "ours" / QUARANTINE).iterdir())) == 2
    assert (again.exit_code, again.report) == (0, ToolReport())


def zipped(content: bytes, *names: str, encrypted: bool = False) -> bytes:
    """Make an archive of files with one content; an encrypted one only says so in its headers."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    raw = bytearray(buffer.getvalue())
    if encrypted:
        raw[6] |= 1
        raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def large(place: Path) -> None:
    with (place / "big.bin").open("wb") as file:
        file.write(BAD)
        file.truncate(101 * 1024 * 1024)


def crowded(place: Path) -> None:
    (place / "many.zip").write_bytes(zipped(b"a", *map(str, range(10_001))))


def nested(place: Path) -> None:
    content = gzip.compress(BAD)
    for _ in range(20):
        content = gzip.compress(content)
    (place / "deep.gz").write_bytes(content)


def locked(place: Path) -> None:
    (place / "bí mật.zip").write_bytes(zipped(BAD[:9], "a.txt", encrypted=True))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (large, "Limits.Exceeded.MaxFileSize"),
        (crowded, "Limits.Exceeded.MaxFiles"),
        (nested, "Limits.Exceeded.MaxRecursion"),
        (locked, "Encrypted.Zip"),
    ],
)
def test_what_its_limits_pass_over_is_not_clean_and_not_moved(
    scan: Scan, tmp_path: Path, make: Callable[[Path], None], why: str
) -> None:
    place = tmp_path / "x"
    place.mkdir()
    make(place)
    (name,) = place.iterdir()

    looked, cleaned = scan(ToolMode.DETECT, [place]), scan(ToolMode.CLEAN, [place])

    assert looked.report.fault
    assert looked.report.fault.reason is Reason.CLEANER_PARTIAL
    assert looked.report.fault.detail == f"not looked at: {name}: Heuristics.{why}"
    assert looked.report.findings == cleaned.report.findings == ()
    assert list(place.iterdir()) == [name]


def test_no_folder_is_too_deep(scan: Scan, tmp_path: Path) -> None:
    place = tmp_path / "x" / "/".join("n" * 40)
    place.mkdir(parents=True)
    (place / "a.bin").write_bytes(BAD)

    assert [each.object for each in scan(ToolMode.DETECT, [tmp_path / "x"]).report.findings] == [str(place / "a.bin")]


def test_without_a_quarantine_nothing_is_called_handled(scan: Scan, home: Path, tmp_path: Path) -> None:
    (tmp_path / "ours" / QUARANTINE).rmdir()

    scanned = scan(ToolMode.CLEAN, [home])

    # clamscan 1.4.3 finds and cannot move; 1.4.6 refuses to begin.
    assert set(scanned.report.findings) == findings(home, FindingState.FAILED) or scanned.report.fault
    assert not any(finding.state.handled for finding in scanned.report.findings)
    assert (home / "a.bin").read_bytes() == BAD


def test_a_root_that_is_not_there_is_no_answer_although_the_other_was_read(
    scan: Scan, home: Path, tmp_path: Path
) -> None:
    absent = tmp_path / "absent"

    alone = scan(ToolMode.DETECT, [absent])
    beside = scan(ToolMode.DETECT, [home, absent])

    assert (alone.exit_code, beside.exit_code) == (2, 1)
    for scanned in (alone, beside):
        assert scanned.report.fault
        assert scanned.report.fault.reason is Reason.CLEANER_FAILED
        assert str(absent) in scanned.report.fault.detail
    assert set(beside.report.findings) == findings(home, FindingState.FOUND)


def test_without_its_signatures_a_scan_is_no_answer(scan: Scan, home: Path, tmp_path: Path) -> None:
    (tmp_path / "ours" / "own.ndb").unlink()

    scanned = scan(ToolMode.DETECT, [home])

    assert scanned.exit_code == 2
    assert scanned.report.fault
    assert scanned.report.fault.reason is Reason.CLEANER_FAILED


def test_a_line_end_in_a_name_leaves_the_finding_open_when_it_was_only_looked_at(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "new\nline.bin").write_bytes(BAD)

    looked = scan(ToolMode.DETECT, [tmp_path / "x"])
    cleaned = scan(ToolMode.CLEAN, [tmp_path / "x"])

    assert [(each.object, each.state) for each in looked.report.findings] == [("line.bin", FindingState.FOUND)]
    assert [(each.object, each.state) for each in cleaned.report.findings] == [("line.bin", FindingState.QUARANTINED)]
    assert not looked.report.contradiction
    assert not cleaned.report.contradiction
