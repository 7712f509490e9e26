"""What an operator's day brings: signals, a full disk, a broken store, a terminal, patterns."""

import csv
import io
import json
import os
import pty
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from controller.lab.samples import MARKER
from controller.store.ledger import Ledger
from tests.e2e.conftest import LAMSACH, Site
from tests.e2e.test_cleaning import ONE, tool
from tests.e2e.test_sweep import QUICK
from tests.full_disk import FILL, on_small_disk
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
LONG = "head -c 400000 /dev/urandom | base64"
FIRST = "cuc-pc01"
"""The computer that a sweep of all visits first."""


@pytest.fixture(scope="module")
def whole(lab: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a sweep says that nothing came between."""
    return Site(lab, tmp_path_factory.mktemp("whole")).swept("--limit", QUICK)


@contextmanager
def slow(site: Site, host: str, seconds: float) -> Iterator[None]:
    """Let one computer take its time over the first question."""
    shim = site.lab / "pcs" / host / "shims" / "df"
    shim.write_text(f'#!/bin/sh\nsleep {seconds}\nPATH=/usr/bin:/bin exec df "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    try:
        yield
    finally:
        shim.unlink()


def going_on(site: Site, *options: str | Path) -> str:
    """Return the command that goes on with a sweep of those options, as the program prints it."""
    files = (site.lab / "sweep.yml", "-i", site.lab / "inventory.yml")
    return shlex.join(["lamsach", "sweep", *map(str, (*files, *options)), "--resume"]) + " --sweep "


def untimed(hosts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out when a computer was not reached: it is not the same in two sweeps."""
    return [{name: value for name, value in host.items() if name != "not_reached_since"} for host in hosts]


def finished(site: Site) -> int:
    with Ledger.open(site.store) as ledger:
        return ledger.sweeps()[0].finished


# signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_begins_no_new_host_keeps_what_came_back_and_resume_ends_it(
    site: Site, whole: dict[str, Any], number: signal.Signals
) -> None:
    before = len(site.logons())
    with (
        slow(site, FIRST, 1.5),
        site.begun("--limit", QUICK, "--forks", "1", "--format", "csv") as sweep,
    ):
        wait_until(lambda: site.logons()[before:])
        sweep.send_signal(number)
        printed, said = sweep.communicate(timeout=20)

    assert sweep.returncode == 130
    assert "Stopping: no new host begins" in said
    assert site.logons()[before:] == [FIRST]
    rows = list(csv.DictReader(io.StringIO(printed.removeprefix("\ufeff")), delimiter=";"))
    assert {row["name"]: (row["verdict"], row["reason"]) for row in rows} == {
        host["name"]: ("clean", "") if host["name"] == FIRST else ("unknown", "host.pending") for host in whole["hosts"]
    }

    resumed = site.swept("--resume")

    assert untimed(resumed["hosts"]) == untimed(whole["hosts"])
    assert resumed["total"] == whole["total"]
    assert f"Interrupted; go on with: {going_on(site, '--limit', QUICK, '--forks', '1', '--format', 'csv')}" in said
    assert site.logons()[before:].count(FIRST) == 1


def test_a_sweep_that_is_held_is_not_resumed_but_another_runs_beside_it_and_two_signals_end_it(site: Site) -> None:
    before = len(site.logons())
    with site.begun("--limit", "nh-pc01,sd-pc01", "--format", "csv") as sweep:
        wait_until(lambda: "nh-pc01" in site.logons()[before:] and site.store.exists() and finished(site) == 1)

        held = site.sweep("--resume")
        beside = site.sweep("--limit", "sd-pc01")
        sweep.send_signal(signal.SIGINT)
        time.sleep(0.5)
        still_waiting = sweep.poll() is None
        sweep.send_signal(signal.SIGINT)
        printed, said = sweep.communicate(timeout=10)

    assert (held.returncode, held.stdout) == (2, "")
    assert f"is being run by process {sweep.pid}; wait for it, or stop it" in held.stderr
    assert beside.returncode == 0
    assert (still_waiting, sweep.returncode) == (True, 130)
    assert "sd-pc01;clean;" in printed
    assert "nh-pc01;unknown;host.pending" in printed
    assert f"go on with: {going_on(site, '--limit', 'nh-pc01,sd-pc01', '--format', 'csv')}" in said


def test_a_tool_under_way_is_left_running_named_and_waited_for_by_resume(cleaning: Site) -> None:
    runs = cleaning.lab / "pcs" / "tp-pc01" / "tool-runs.txt"
    (cleaning.lab / "pcs" / "tp-pc01" / "tool-seconds").write_text("3\n", encoding="utf-8")
    with cleaning.begun("--apply", "--limit", "tp-pc01") as sweep:
        wait_until(runs.exists)
        sweep.send_signal(signal.SIGINT)
        time.sleep(0.5)
        sweep.send_signal(signal.SIGINT)
        printed, said = sweep.communicate(timeout=10)

    assert sweep.returncode == 130
    assert "A tool may still run on tp-pc01: its end is not known yet; --resume, --retry unknown or the next" in said
    assert "match.found" in printed  # what was seen before the tool began is kept, and counts

    (host,) = cleaning.swept("--resume")["hosts"]

    assert host["verdict"] == "cleaned"
    assert [line.split()[1] for line in runs.read_text(encoding="utf-8").splitlines()] == ["clean", "detect"]


# the store


def test_two_sweeps_side_by_side_on_one_store_both_end_well(site: Site, whole: dict[str, Any]) -> None:
    with site.begun("--limit", QUICK, "--format", "csv") as one, site.begun("--limit", QUICK, "--format", "csv") as two:
        ends = [each.communicate(timeout=60) for each in (one, two)]

    assert (one.returncode, two.returncode) == (3, 3), ends
    with Ledger.open(site.store) as ledger:
        lines = ledger.sweeps()
    assert [(line.finished, line.given, line.ended is not None) for line in lines] == [(9, 9, True)] * 2
    site.lamsach("report", "--sweep", lines[0].id, "--sweep", lines[1].id, "--format", "json", "-o", "both")
    report = json.loads((site.desk / "both" / "lamsach.json").read_text(encoding="utf-8"))
    assert untimed(report["hosts"]) == untimed(whole["hosts"])


def test_a_full_disk_is_a_sentence_with_a_remedy_loses_nothing_and_resume_ends_it(
    site: Site, whole: dict[str, Any]
) -> None:
    site.swept("--limit", "sd-pc01")
    with closing(sqlite3.connect(site.store)) as store:
        (pages,) = store.execute("PRAGMA page_count").fetchone()
    files = ("sweep", site.lab / "sweep.yml", "-i", site.lab / "inventory.yml", "--store", site.store)

    full = subprocess.run(
        [sys.executable, "-m", "tests.bounded", str(pages + 3), *files, "--limit", QUICK, "--forks", "1"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    kept = finished(site)
    before = len(site.logons())

    assert (full.returncode, full.stdout) == (1, "")
    go_on = going_on(site, "--limit", QUICK, "--forks", "1", "--store", site.store)
    assert f"its disk is full; free space there, then go on with: {go_on}" in full.stderr
    assert "Traceback" not in full.stderr
    assert 0 < kept < 9
    assert untimed(site.swept("--resume")["hosts"]) == untimed(whole["hosts"])
    assert FIRST not in site.logons()[before:]


FILLED = f"""
PATH=$(dirname "$1"):$PATH
store="$disk/lamsach.db"
head -c 450000 /dev/zero >"$disk/room"
{FILL}
rm "$disk/room"
"$@" --limit '{QUICK}' --forks 1 --store "$store" 2>first.err; echo $?
{FILL}
lamsach sweeps --store "$store"; echo $?
"$@" --limit sd-pc01 --store "$store" 2>second.err; echo $?
rm "$disk/fill"
eval "$(sed -n 's/.* then go on with: //p' first.err)" --format json >resumed.json 2>resumed.err; echo $?
"""


def test_a_disk_that_gets_full_loses_no_result_is_read_from_and_names_the_command_to_go_on_with(
    site: Site, whole: dict[str, Any]
) -> None:
    words = ("sweep", site.lab / "sweep.yml", "-i", site.lab / "inventory.yml")
    before = len(site.logons())
    done = on_small_disk(site.desk / "disk", FILLED, LAMSACH, *words, cwd=site.desk)

    first, *listed, sweeps, second, resumed = done.stdout.splitlines()
    kept = re.search(r" not ended +([0-9])/9 ", "\n".join(listed))
    assert (first, sweeps, second, resumed, done.stderr) == ("1", "0", "1", "3", "")
    assert kept
    assert 0 < int(kept[1]) < 9
    assert "Traceback" not in (site.desk / "first.err").read_text(encoding="utf-8")
    said = (site.desk / "second.err").read_text(encoding="utf-8")
    assert said.endswith("lamsach.db' cannot be used: its disk is full; free space there\n")
    resumed_hosts = json.loads((site.desk / "resumed.json").read_bytes())["hosts"]
    assert untimed(resumed_hosts) == untimed(whole["hosts"])
    assert site.logons()[before:].count(FIRST) == 1


def test_a_tool_whose_end_a_full_disk_kept_out_is_named_and_its_end_is_read_later(cleaning: Site) -> None:
    """The tool leaves a log that the disk has no room for; what came before it fits."""
    lengthy = tool(cleaning, clean=f"echo \"$LAMSACH_RUN_ID\" >>'{cleaning.desk}/ran'; {LONG}; echo DONE")
    options = ("--limit", ONE, "--format", "json", "--store", cleaning.store)
    files = ("sweep", lengthy, "-i", cleaning.lab / "inventory.yml", *options)
    cleaning.lamsach(*files)
    with closing(sqlite3.connect(cleaning.store)) as store:
        (pages,) = store.execute("PRAGMA page_count").fetchone()

    full = subprocess.run(
        [sys.executable, "-m", "tests.bounded", str(pages + 60), *files, "--apply"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert (full.returncode, full.stdout) == (1, "")
    assert "its disk is full; free space there, then go on with: lamsach sweep " in full.stderr
    assert f"A tool may still run on {ONE}: its end is not known yet; --resume, --retry unknown or" in full.stderr
    (host,) = json.loads(cleaning.lamsach(*files, "--resume").stdout)["hosts"]
    assert (host["verdict"], host["reason"]) == ("clean", None)
    assert len((cleaning.desk / "ran").read_text(encoding="utf-8").splitlines()) == 1


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to look like one\n" * 100)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as store:
        store.execute("CREATE TABLE other (number)")


def newer(path: Path) -> None:
    with Ledger.open(path):
        pass
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
        store.execute("INSERT INTO lamsach_upgrade VALUES ('9999', '99.0', '2030-01-01 00:00:00')")


@pytest.mark.parametrize(
    ("command", "spoil", "status", "sentence"),
    [
        ("sweep", garbage, 1, "it is no database, or damaged; name another file with --store"),
        ("report", garbage, 1, "it is no database, or damaged; name another file with --store"),
        ("sweep", foreign, 1, "is a database, but not a store of lamsach; name another file"),
        ("sweep", newer, 1, "use lamsach 99.0 or newer"),
        ("sweeps", newer, 1, "use lamsach 99.0 or newer"),
        ("sweep", Path.mkdir, 2, "'lamsach.db' is a directory"),
        ("sweeps", Path.touch, 2, "lamsach.db' is empty and no store; name the one that the sweep wrote with --store"),
    ],
)
def test_a_store_that_cannot_be_used_is_a_sentence_and_stays_as_it_is(
    site: Site, command: str, spoil: Callable[[Path], None], status: int, sentence: str
) -> None:
    spoil(site.store)
    before = site.store.read_bytes() if site.store.is_file() else b""
    visited = len(site.logons())

    done = site.sweep("--limit", "sd-pc01") if command == "sweep" else site.lamsach(command)

    assert (done.returncode, done.stdout) == (status, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert (site.store.read_bytes() if site.store.is_file() else b"") == before
    assert len(site.logons()) == visited


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; run it as an ordinary user")
def test_a_store_that_may_not_be_written_is_reported_from_and_not_swept_into(site: Site) -> None:
    site.swept("--limit", "sd-pc01")
    archive = site.desk / "archive"
    archive.mkdir()
    store = site.store.rename(archive / "lamsach.db")
    store.chmod(0o400)
    archive.chmod(0o500)
    visited = len(site.logons())

    read = [site.lamsach(*words, "--store", store) for words in (["report"], ["sweeps"], ["show", "sd-pc01"])]
    swept = site.sweep("--limit", "sd-pc01", "--store", store)
    resumed = site.sweep("--resume", "--store", store)
    archive.chmod(0o700)

    assert [(each.returncode, each.stderr) for each in read] == [(0, "")] * 3
    assert all("sd-pc01" in read[each].stdout for each in (0, 2))
    for each in (swept, resumed):
        assert (each.returncode, each.stdout) == (1, "")
        assert "it may not be written; give your account the right to write it and its folder" in each.stderr
    assert len(site.logons()) == visited


# a terminal


def on_a_terminal(site: Site, *words: str | Path) -> tuple[int, bytes]:
    """Run lamsach with a terminal for all three streams; return its exit status and everything it wrote there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [LAMSACH, *words], cwd=site.desk, stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(theirs)
        written = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
    return process.returncode, written


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when nobody holds the other end any more
        return b""


def test_a_terminal_shows_live_rows_and_nothing_that_a_host_made_up_gets_through_raw(cleaning: Site) -> None:
    nasty = "\x1b]0;đã bị chiếm\x07\x1b[31m.bin"
    home = next((cleaning.lab / "pcs" / "sd-pc01" / "disk" / "home").iterdir())
    (home / nasty).write_text(f"{MARKER} Lab.\x1b[7mNasty\nunknown to every list\n", encoding="utf-8")

    status, written = on_a_terminal(
        cleaning, "sweep", cleaning.lab / "sweep.yml", "-i", cleaning.lab / "inventory.yml", "--limit", "sd-pc01"
    )

    assert status == 3
    assert b"\x1b[1mdone" in written  # rich prints headings of live rows bold
    text = written.decode("utf-8")
    assert "huyện Sơn Dương" in text
    assert "1/1 hosts, 1 infected, 0 unknown" in text
    assert f"Lab.Nasty in /home/{home.name}/.bin\ufffd: found" in text
    assert [each for each in ("\x1b]", "\x07", "\x1b[31m", "\x1b[7m") if each in text] == []


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_what_is_printed_to_a_pipe_holds_no_escape_and_progress_is_plain_lines(site: Site, form: str) -> None:
    done = site.sweep("--format", form, "--limit", "sd-pc01,tp-pc01")

    assert "\x1b" not in done.stdout + done.stderr
    assert "2/2 hosts, 1 infected, 0 unknown" in done.stderr


def test_csv_has_a_row_for_each_computer_that_a_spreadsheet_reads(site: Site) -> None:
    done = site.sweep("--format", "csv", "--limit", "sd-pc01,tp-pc01,tp-pc03")

    first, second, third = csv.DictReader(io.StringIO(done.stdout.removeprefix("\ufeff")), delimiter=";")
    assert done.stdout.startswith("\ufeff")
    assert [row["name"] for row in (first, second, third)] == ["tp-pc01", "tp-pc03", "sd-pc01"]
    assert (first["verdict"], first["reason"], second["reason"]) == ("infected", "match.found", "reach.refused")
    assert third["verdict"] == "clean"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Chi cục Thi hành án dân sự huyện Na Hang", "\x1b]0;x\x07"), ("nh-pc03", "\x9b31m"), ("nh-pc03", "\u202e")],
)
def test_a_unit_or_host_whose_name_has_letters_that_nobody_sees_is_refused_and_not_shown_raw(
    site: Site, name: str, letters: str
) -> None:
    inventory = site.copied()
    text = inventory.read_text(encoding="utf-8")
    hostile = json.dumps(f"{letters}{name}")
    inventory.write_text(re.sub(rf'(?m)"?{name}"?(:?)$', lambda match: hostile + match[1], text), encoding="utf-8")

    status, written = on_a_terminal(site, "sweep", "sweep.yml", "-i", inventory, "--limit", "sd-pc01")

    assert (status, b"error[operator.inventory]" in written) == (2, True)
    assert letters not in written.decode("utf-8")


# patterns


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [
        ("chi_cuc_son_duong:&*pc01", ["sd-pc01"]),
        ("chi_cuc_son_duong:!sd-pc03", ["sd-pc01", "sd-kế-toán"]),
        ("sd-pc0*", ["sd-pc01", "sd-pc03"]),
        ("~(sd|tp)-pc0[13]$:!tp-pc03", ["tp-pc01", "sd-pc01", "sd-pc03"]),
        ("chi_cuc_son_duong[0:1]", ["sd-pc01", "sd-kế-toán"]),
        ("chi_cuc_son_duong[-1],cuc-pc01", ["cuc-pc01", "sd-pc03"]),
        ("@chọn.txt", ["tp-pc01", "sd-pc01"]),
    ],
)
def test_limit_takes_patterns_as_ansible_does(site: Site, pattern: str, hosts: list[str]) -> None:
    (site.desk / "chọn.txt").write_text("sd-pc01\ntp-pc01\n", encoding="utf-8")

    assert sorted(host["name"] for host in site.swept("--limit", pattern)["hosts"]) == sorted(hosts)
