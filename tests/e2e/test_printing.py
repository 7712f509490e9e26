"""What cannot be printed is kept, and the message says where; a reader that left, or does not read, ends nothing."""

import json
import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from controller.store.ledger import Ledger
from tests.e2e.conftest import LAMSACH, Site
from tests.waiting import wait_until


def printed_to(out: int, site: Site, *words: str | Path) -> tuple[int, str]:
    """Run one command line with its standard output at `out`; return its exit status and what it complained of."""
    with os.fdopen(out, "wb") as stream:
        done = subprocess.run(
            [LAMSACH, *words], cwd=site.desk, stdout=stream, stderr=subprocess.PIPE, encoding="utf-8", check=False
        )
    return done.returncode, done.stderr


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def closed_pipe() -> int:
    ours, theirs = os.pipe()
    os.close(ours)
    return theirs


def sweep_of(site: Site) -> list[str | Path]:
    return ["sweep", site.lab / "sweep.yml", "-i", site.lab / "inventory.yml", "--limit", "sd-pc01"]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_sweep_whose_result_cannot_be_printed_says_where_it_is_kept(site: Site, form: str) -> None:
    status, said = printed_to(full_disk(), site, *sweep_of(site), "--format", form)
    listed = site.lamsach("sweeps").stdout.splitlines()[2].split()[0]

    assert status == 1
    assert said.splitlines()[-1] == (
        "error[lamsach]: the result cannot be printed (No space left on device); "
        f"it is kept; print it with: lamsach report --sweep {listed}"
    )
    assert "sd-pc01" in site.lamsach("report", "--sweep", listed, "--format", "json").stdout


def test_commands_that_are_advised_reach_the_store_that_was_named(site: Site) -> None:
    named = ("--store", "kho 1.db")
    status, said = printed_to(full_disk(), site, *sweep_of(site), *named)
    listed = site.lamsach("sweeps", *named).stdout.splitlines()[2].split()[0]
    shows = site.lamsach("show", "sd-pc01", *named).stdout.splitlines()[-1]
    unknown = site.lamsach("report", "--sweep", "none", *named).stderr
    never = site.lamsach("show", "none", *named).stderr

    advised = f"lamsach report --store 'kho 1.db' --sweep {listed}"
    assert (status, said.splitlines()[-1].partition(" it with: ")[2]) == (1, advised)
    assert "sd-pc01" in site.lamsach(*shlex.split(advised)[1:]).stdout
    assert shows.endswith(": lamsach show --store 'kho 1.db' sd-pc01 --kept N")
    assert "; lamsach sweeps --store 'kho 1.db' lists those it holds" in unknown
    assert "; 'lamsach report --store 'kho 1.db' --format csv -o FOLDER' lists the computers." in never


def test_every_other_result_that_cannot_be_printed_is_a_sentence_too(site: Site) -> None:
    site.sweep("--limit", "sd-pc01")
    inventory = site.lab / "inventory.yml"
    elsewhere = "free space there, or print elsewhere"
    commands: dict[tuple[str | Path, ...], str] = {
        ("report", "--sweep", "last", "--sweep", "2", "--unit", "chi-cuc-son-duong", "--format", "json"): (
            "print it elsewhere with: lamsach report --sweep last --sweep 2 --unit chi-cuc-son-duong --format json"
        ),
        ("report",): "print it elsewhere with: lamsach report",
        ("report", "--format", "csv", "-o", "out"): "the reports are in 'out' all the same",
        ("sweeps",): elsewhere,
        ("show", "sd-pc01"): elsewhere,
        ("show", "sd-pc01", "--kept", "1"): elsewhere,
        ("iocs", "check", site.lab / "iocs.txt"): elsewhere,
        ("lab", "up", "--ssh", "1", "--winrm", "0", "--dir", "lab"): elsewhere,
        ("hosts", "scan", "-i", inventory, "--limit", "sd-pc01"): elsewhere,
        **{
            ("inventory", "list", "-i", inventory, "--format", form): elsewhere
            for form in ("table", "names", "ansible")
        },
    }

    for words, rest in commands.items():
        status, said = printed_to(full_disk(), site, *words)
        sentence = f"error[lamsach]: the result cannot be printed (No space left on device); {rest}\n"
        assert (status, said) == (1, sentence), words


def test_a_reader_that_left_is_no_trouble(site: Site) -> None:
    site.sweep("--limit", "sd-pc01")

    assert printed_to(closed_pipe(), site, "report")[1] == ""
    assert printed_to(closed_pipe(), site, "inventory", "list", "-i", site.lab / "inventory.yml")[1] == ""
    assert "error" not in printed_to(closed_pipe(), site, *sweep_of(site))[1]


# progress and notes, on standard error


def is_over(site: Site) -> bool:
    if not site.store.exists():
        return False
    with Ledger.open(site.store) as ledger:
        lines = ledger.sweeps()
        return bool(lines) and lines[0].ended is not None


def infected_one(site: Site) -> list[str | Path]:
    return ["sweep", site.lab / "sweep.yml", "-i", site.lab / "inventory.yml", "--limit", "tp-pc01"]


CLOSED_THEN = "import os, sys; os.close(2); os.execv(sys.argv[1], sys.argv[1:])"
"""A caller that gives us no standard error at all, as `2>&-` does."""


@pytest.mark.parametrize("gone", [closed_pipe, full_disk, None])
def test_a_standard_error_that_fails_ends_the_progress_and_not_the_sweep(
    site: Site, gone: Callable[[], int] | None
) -> None:
    words = [LAMSACH, *infected_one(site), "--format", "json"]
    err = gone() if gone else None
    words = words if gone else [sys.executable, "-c", CLOSED_THEN, *words]
    done = subprocess.run(words, cwd=site.desk, stdout=subprocess.PIPE, stderr=err, timeout=60, check=False)
    if err is not None:
        os.close(err)

    assert done.returncode == 3
    assert [(host["name"], host["verdict"]) for host in json.loads(done.stdout)["hosts"]] == [("tp-pc01", "infected")]
    assert is_over(site)


def test_a_pipe_that_nobody_reads_any_more_leaves_the_sweep_and_its_exit_status_alone(site: Site) -> None:
    """As `lamsach sweep … 2>&1 | head -1` does."""
    pipe = closed_pipe()
    words = [LAMSACH, *infected_one(site)]
    done = subprocess.run(words, cwd=site.desk, stdout=pipe, stderr=pipe, timeout=60, check=False)
    os.close(pipe)

    assert done.returncode == 3
    assert is_over(site)


def fill(descriptor: int) -> None:
    """Write until a terminal or a pipe takes no more."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b".")
    os.set_blocking(descriptor, True)


@pytest.mark.parametrize("make", [os.pipe, pty.openpty])
def test_a_standard_error_that_is_not_read_holds_up_neither_visits_nor_results(
    site: Site, make: Callable[[], tuple[int, int]]
) -> None:
    """A terminal stopped with Ctrl-S, or a program that reads standard error last."""
    reader, writer = make()
    fill(writer)
    out = site.desk / "out.json"
    words = [LAMSACH, *infected_one(site), "--format", "json"]
    with out.open("wb") as stdout, subprocess.Popen(words, cwd=site.desk, stdout=stdout, stderr=writer) as sweep:
        os.close(writer)
        try:
            wait_until(lambda: is_over(site) and out.stat().st_size)
            running = sweep.poll() is None
        except AssertionError:
            sweep.kill()
            raise
        with suppress(OSError):  # a terminal whose last writer is gone gives EIO, a pipe an end
            while os.read(reader, 65536):
                pass
    os.close(reader)

    assert running
    assert sweep.returncode == 3
    assert [host["verdict"] for host in json.loads(out.read_bytes())["hosts"]] == ["infected"]
