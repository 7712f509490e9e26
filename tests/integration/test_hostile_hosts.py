"""A sweep over hosts that answer with what an attacker would send: none is called clean, and nobody else notices."""

import csv
import io
import json
import os
import pty
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.builders import BAD
from tests.hostile_hosts import MEGABYTE, Asked, HostileHost, drips, floods, inventory, looks, silent
from tests.office import CLEAN, HEAD, Office
from tests.visits import a_process

LAMSACH: Final = Path(sys.executable).with_name("lamsach")
LOOK: Final = "  - check_iocs: {collector: processes, seconds: 1}\n"

ACTS: Final = "\x1b]0;chiếm\x07\x1b[2J\x1b[8m\x9b1A\r\x00\u202e\u2066\x7f"
"""What acts on a terminal: a title, an empty screen, hidden letters, a line up, the other direction."""

IN_A_LINE: Final = ACTS.replace("\r", "")

_RAW: Final = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""All controls but the tab and the end of a line, and what changes the direction."""

FORMULA: Final = "=cmd|'/C calc'!A0"

NO_MORE_THAN: Final = 250 * 1024
"""KB of memory that the controller may take for all of these hosts at once; 180 MB were measured.

About 95 MB are the program itself. A host may cost 8 MB on each stream while it sends without end, as two of these
do, and 65 MB while the longest answer that is still taken is read and kept, as that of one is. One of the former, read
to its end, would take 300 MB alone.
"""


def row(**but: Any) -> str:
    """Build a row of processes."""
    return msgspec.json.encode({**a_process(), **but}).decode()


OURS: Final = row(own=True)
"""Our own session, which every living computer shows."""


def spoiled(old: str, new: str) -> HostileHost:
    """Build a host whose only row has `new` where it should have `old`."""
    return looks(lambda asked: asked.framed(row().replace(old, new, 1)))


def as_many_rows_as_fit() -> HostileHost:
    """Build a host whose answer stays just below the limit of a stream, each short row another program."""
    short = dict.fromkeys(("name", "sha256", "command_line", "user"), "")
    return looks(lambda asked: asked.framed(OURS, *(row(**short, path=f"/{number:x}") for number in range(58_000))))


class _Replays:
    """Says again what it said when it was asked for the first time."""

    def __init__(self) -> None:
        self._first = b""

    def __call__(self, asked: Asked) -> bytes:
        self._first = self._first or asked.honest()
        return self._first


DEEP: Final = 40_000
GARBLED, CUT, HUGE, LATE = "answer.garbled", "answer.cut", "answer.huge", "host.timeout"

UNKNOWN: Final[dict[str, tuple[HostileHost, str]]] = {
    "garbage": (looks(lambda _: random.Random(7).randbytes(2000)), GARBLED),
    "garbage-at-first": (HostileHost(answers={"host": lambda _: random.Random(8).randbytes(2000)}), GARBLED),
    "300-mb": (floods("stdout"), HUGE),
    "300-mb-of-errors": (floods("stderr"), HUGE),
    "nothing": (looks(lambda _: b""), CUT),
    "silent": (silent(), LATE),
    "byte-a-second": (drips(), LATE),
    "acts-in-errors": (looks(lambda _: b"", stderr=f"{ACTS} nobody@host\n".encode()), CUT),
    "acts-in-first-line": (looks(lambda _: f"#begin {ACTS}\n".encode()), GARBLED),
    "nested": (looks(lambda asked: asked.framed("[" * DEEP + "]" * DEEP)), GARBLED),
    "nested-in-a-column": (spoiled('"x"', "[" * DEEP + "]" * DEEP), GARBLED),
    "nested-in-a-stranger": (spoiled("{", '{"y":' + '{"y":' * DEEP + "1" + "}" * DEEP + ","), GARBLED),
    "column-twice": (spoiled("{", f'{{"sha256":"{BAD}",'), GARBLED),
    "nan": (spoiled("812", "NaN"), GARBLED),
    "1e400": (spoiled("812", "1e400"), GARBLED),
    "2-to-70": (spoiled("812", str(2**70)), GARBLED),
    "10000-digits": (spoiled("812", "9" * 10_000), GARBLED),
    "lone-surrogate": (spoiled('"x"', r'"\ud800"'), GARBLED),
    "raw-nul": (spoiled('"x"', '"\0"'), GARBLED),
    "200001-rows": (looks(lambda asked: asked.framed(*["{}"] * 200_001)), HUGE),
    "row-of-1-mb": (looks(lambda asked: asked.framed(row(name="x" * MEGABYTE))), HUGE),
    "wrong-nonce": (looks(lambda asked: asked.honest().replace(asked.nonce.encode(), b"0" * 16)), GARBLED),
    "replay": (looks(_Replays()), GARBLED),
    "other-collector": (looks(lambda asked: asked.honest().replace(b"begin processes", b"begin files")), GARBLED),
    "other-disk": (looks(lambda asked: asked.honest().replace(b" -\n", b" /mnt/clean\n", 1)), GARBLED),
    "no-end": (looks(lambda asked: asked.framed(row(), end="#end")), CUT),
    "ends-too-early": (looks(lambda asked: asked.framed(row(), rows=3)), CUT),
    "has-more-than-it-says": (looks(lambda asked: asked.framed(row(), row(), rows=1)), GARBLED),
    "less-than-none": (looks(lambda asked: asked.framed(row(), end="#end -1 unread=0 stopped=no")), CUT),
    "two-ends": (looks(lambda asked: asked.framed(row(), "#end 1 unread=0 stopped=no", rows=1)), GARBLED),
    "goes-on-behind-its-end": (looks(lambda asked: asked.honest() + b"{"), CUT),
    "whole-but-failed": (looks(Asked.honest, exit_code=1), GARBLED),
    "nothing-but-process-1": (looks(lambda asked: asked.framed(row(pid=1))), "look.stopped"),
    "no-rows": (looks(lambda asked: asked.framed()), "answer.empty"),
    "tool-log-of-garbage": (HostileHost(log=random.Random(9).randbytes(5000)), "cleaner.unreadable"),
}
"""Each hostile host of which nothing may be said, and the reason."""

FOUND: Final[dict[str, tuple[HostileHost, str]]] = {
    "acts-in-values": (
        looks(
            lambda asked: asked.framed(row(path=f"/tmp/{ACTS}", name=ACTS, command_line=ACTS, sha256=BAD)),
            log=f"FOUND Trojan{IN_A_LINE} /tmp/{IN_A_LINE}\nDONE\n".encode(),
        ),
        "match.found",
    ),
    "formula": (HostileHost(log=f"FOUND {FORMULA.replace(' ', '')} {FORMULA}\nDONE\n".encode()), "finding.open"),
    "good-infected": (looks(lambda asked: asked.framed(row(), row(sha256=BAD))), "match.found"),
}
"""Hosts whose values are hostile, in a form that is ours; and one that is merely infected."""

CLEAR: Final = {
    "as-many-rows-as-fit": as_many_rows_as_fit(),
    "nul": looks(lambda asked: asked.framed(OURS, row().replace('"x"', r'"\u0000"', 1))),
    "traversal": HostileHost(
        answers={
            "host": lambda asked: asked.greeting(computer_name="../../thoat"),
            "processes": lambda asked: asked.framed(OURS, row(path="../../../thoat", name="..\\..\\thoat")),
        }
    ),
    "good-clean": HostileHost(),
}
"""Hosts that are clean, though their values are made to lead elsewhere."""

HOSTS: Final = {name: host for name, (host, _) in {**UNKNOWN, **FOUND}.items()} | CLEAR
ON_A_TERMINAL: Final = "acts-*,formula,garbage*,good-*"


@dataclass(frozen=True)
class Swept:
    """A desk before hostile hosts, and what the sweep of all of them said."""

    desk: Path
    done: subprocess.CompletedProcess[bytes]
    peak: int

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        return {host["name"]: host for host in json.loads(self.done.stdout)["hosts"]}

    def judged(self, names: Iterable[str]) -> dict[str, tuple[str, str | None]]:
        """Return verdict and reason of some hosts; where a look is missing, why."""
        return {name: (self.hosts[name]["verdict"], why_of(self.hosts[name])) for name in names}

    def report(self, form: str) -> Path:
        """Write the reports of one format, and return their folder."""
        command: list[str | Path] = [LAMSACH, "report", "--format", form, "-o", form]
        done = subprocess.run(command, cwd=self.desk, capture_output=True, timeout=60, check=True)
        assert is_plain(done.stdout + done.stderr)
        return self.desk / form


def why_of(host: Mapping[str, Any]) -> str | None:
    """Return the reason of a host; of a visit that failed, why."""
    why: str | None = host["reason"]
    return host["not_reached_why"] or why if host["verdict"] != "infected" else why


def is_plain(said: bytes) -> bool:
    """Say whether nothing in it acts on a terminal, or turns its letters around."""
    return not _RAW.search(said.decode())


def sweep(*options: str | Path) -> list[str | Path]:
    return ["sweep", "playbook.yml", "-i", "inventory.yml", *options]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("desk")
    office = Office.furnished(folder)
    office.write("playbook.yml", HEAD + LOOK + CLEAN)
    with inventory(tmp_path_factory.mktemp("servers"), HOSTS) as text:
        office.write("inventory.yml", text)
        yield folder


@pytest.fixture(scope="module")
def swept(desk: Path) -> Swept:
    """Sweep once, so that there is something to replay, and then all of them."""
    first = subprocess.run([LAMSACH, *sweep("--limit", "replay")], cwd=desk, capture_output=True, check=False)
    assert first.returncode == 0, first.stderr
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.weighed", "peak", "--debug", *sweep("--format", "json", "--forks", "99")],
        cwd=desk,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.stdout, done.stderr.decode()
    return Swept(desk, done, int((desk / "peak").read_text()))


def test_a_host_that_gives_no_whole_answer_is_unknown_with_its_reason(swept: Swept) -> None:
    """One that was looked at to the end before stays clean through an answer that it replays."""
    verdicts = {name: "clean" if name == "replay" else "unknown" for name in UNKNOWN}
    assert swept.judged(UNKNOWN) == {name: (verdicts[name], reason) for name, (_, reason) in UNKNOWN.items()}


def test_what_a_hostile_host_shows_of_malware_counts(swept: Swept) -> None:
    assert swept.judged(FOUND) == {name: ("infected", reason) for name, (_, reason) in FOUND.items()}


def test_good_hosts_go_on_and_strange_names_do_not_matter(swept: Swept) -> None:
    assert swept.judged(CLEAR) == dict.fromkeys(CLEAR, ("clean", None))


def test_every_host_is_accounted_for_and_the_status_says_that_infected_ones_remain(swept: Swept) -> None:
    total = json.loads(swept.done.stdout)["total"]

    assert swept.hosts.keys() == HOSTS.keys()
    replayed = 1
    unknown, clean = len(UNKNOWN) - replayed, len(CLEAR) + replayed
    assert (total["unknown"], total["infected"], total["clean"]) == (unknown, len(FOUND), clean)
    assert swept.done.returncode == 3
    assert b"Traceback" not in swept.done.stderr
    assert b"bug" not in swept.done.stderr


def test_memory_stays_bounded_however_much_is_sent(swept: Swept) -> None:
    assert 0 < swept.peak < NO_MORE_THAN


def test_nothing_raw_reaches_the_streams_even_with_debug(swept: Swept) -> None:
    assert is_plain(swept.done.stdout)
    assert is_plain(swept.done.stderr)
    (finding,) = swept.hosts["acts-in-values"]["findings"]
    assert finding["threat"].startswith("Trojan")
    assert finding["object"].startswith("/tmp/")
    assert finding["object"].endswith("\ufffd")


def test_nothing_is_written_outside_of_the_desk_or_by_a_name_of_a_host(swept: Swept) -> None:
    names = {path.name for path in swept.desk.parent.rglob("*")}

    assert not {name for name in names if "thoat" in name}


@pytest.mark.parametrize("form", ["table", "json"])
def test_reports_for_people_and_programs_hold_nothing_raw(swept: Swept, form: str) -> None:
    for path in swept.report(form).iterdir():
        assert is_plain(path.read_bytes())


def test_the_spreadsheets_hold_no_formula_and_nothing_raw(swept: Swept) -> None:
    texts = [path.read_bytes() for path in swept.report("csv").iterdir()]

    cells = [
        cell
        for text in texts
        for line in csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=";")
        for cell in line
    ]
    assert all(is_plain(text.replace(b"\r\n", b"\n")) for text in texts)
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert any(cell.startswith(f"'{FORMULA[:4]}") for cell in cells)


def test_the_official_form_holds_no_field_and_nothing_raw(swept: Swept) -> None:
    (path,) = swept.report("docx").iterdir()
    with zipfile.ZipFile(path) as document:
        parts = {name: document.read(name) for name in document.namelist()}

    body = parts["word/document.xml"].decode()
    assert all(is_plain(data.replace(b"\r", b"")) for name, data in parts.items() if name.endswith((".xml", ".rels")))
    assert re.findall(r"instrText|fldSimple|DDEAUTO|altChunk|oleObject", body) == []
    assert all(name in body for name in UNKNOWN if name != "replay")


OWN_MOVES: Final = re.compile(r"\x1b\[(?:\?25[lh]|2K|\d*A|0?m|1m|31m)|\r")
"""What our own display of progress sends: cursor, line, bold and red."""


def test_nothing_raw_reaches_a_terminal(desk: Path) -> None:
    ours, theirs = pty.openpty()
    command = [LAMSACH, *sweep("--limit", ON_A_TERMINAL, "--store", "terminal.db")]
    with subprocess.Popen(
        command, cwd=desk, env=os.environ | {"TERM": "xterm"}, stdin=theirs, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        said = b"".join(_typed(ours))
    os.close(ours)

    assert running.returncode == 3
    assert "acts-in-values" in said.decode()
    assert is_plain(OWN_MOVES.sub("", said.decode()).encode())


def _typed(terminal: int) -> Iterator[bytes]:
    """Yield what is written to a terminal until nobody has it open any more."""
    try:
        while block := os.read(terminal, 65536):
            yield block
    except OSError:
        return
