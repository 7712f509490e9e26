"""A benchmark that is asked for nothing says so; one that no other test runs still runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("numbers", [("0", "0"), ("-1", "5"), ("5", "-1")])
def test_a_sweep_of_no_computer_is_refused_in_a_sentence(numbers: tuple[str, str]) -> None:
    ssh, winrm = numbers
    words = [sys.executable, "-m", "benchmarks.sweep", "--ssh", ssh, "--winrm", winrm]

    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, encoding="utf-8", check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: '--ssh {ssh} --winrm {winrm}' leaves no computer to sweep; ask for one or more." in done.stderr


def test_the_cost_of_reading_a_store_again_is_measured() -> None:
    words = [sys.executable, "-m", "benchmarks.rereading", "--hosts", "2", "--files", "5", "--json"]

    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, encoding="utf-8", check=True)

    assert json.loads(done.stdout)["looks"] == 6


def test_the_cost_of_waiting_results_is_measured() -> None:
    words = [sys.executable, "-m", "benchmarks.handover", "--hosts", "12", "--forks", "2", "--json"]

    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, encoding="utf-8", check=True)

    measured = json.loads(done.stdout)
    assert [cost["hosts"] for cost in measured["costs"]] == [12]
    assert measured["memory_ratio"] == 1.0
