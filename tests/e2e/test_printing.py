"""A result that cannot be printed is said to be kept; a reader that left is no trouble."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import LAMSACH, Site


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
        f"it is kept in 'lamsach.db': lamsach report --sweep {listed}."
    )
    assert "sd-pc01" in site.lamsach("report", "--sweep", listed, "--format", "json").stdout


def test_every_other_result_that_cannot_be_printed_is_a_sentence_too(site: Site) -> None:
    site.sweep("--limit", "sd-pc01")
    inventory = site.lab / "inventory.yml"
    elsewhere = "free space there, or print elsewhere."
    commands: dict[tuple[str | Path, ...], str] = {
        ("report",): "it is kept in 'lamsach.db': lamsach report prints it elsewhere.",
        ("report", "--format", "csv", "-o", "out"): "the reports are in 'out' all the same.",
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
