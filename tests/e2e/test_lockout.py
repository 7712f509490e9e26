"""A wrong password on many computers does not lock the account (decision 22)."""

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.pc import Login
from controller.lab.process import Lab
from controller.store.ledger import Ledger
from tests.e2e.conftest import Site


def test_a_wrong_password_on_80_computers_is_refused_twice_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENGINE, raising=False)
    built = build_fleet(80, windows=40)
    pcs = tuple(replace(pc, faults=(), account="quantri", own_account=False, login=Login.PASSWORD) for pc in built.pcs)
    (tmp_path / "desk").mkdir()
    with Lab(tmp_path / "lab", replace(built, pcs=pcs)) as lab:
        (lab.folder / "secrets" / "quantri").write_text("not the password\n", encoding="utf-8")
        site = Site(lab.folder, tmp_path / "desk")
        first = Counter(host["reason"] for host in site.swept()["hosts"])
        again = Counter(host["reason"] for host in site.swept()["hosts"])
        logons = [json.loads(line) for line in (lab.folder / "logons.jsonl").read_text(encoding="utf-8").splitlines()]

    assert first == {"login.refused": 2, "account.stopped": 78}
    assert again == {"account.stopped": 80}
    assert [(each["account"], each["accepted"]) for each in logons] == [("quantri", False)] * 2


def test_a_smaller_budget_is_kept(tmp_path: Path) -> None:
    built = build_fleet(10)
    pcs = tuple(replace(pc, faults=(), account="quantri", own_account=False, login=Login.PASSWORD) for pc in built.pcs)
    (tmp_path / "desk").mkdir()
    with Lab(tmp_path / "lab", replace(built, pcs=pcs)) as lab:
        (lab.folder / "secrets" / "quantri").write_text("not the password\n", encoding="utf-8")
        site = Site(lab.folder, tmp_path / "desk")
        done = site.sweep("--logon-budget", "1")

    assert len(re.findall(r"login\.refused:", done.stdout)) == 1
    assert "account.stopped (9)" in done.stdout


HOSTS = 2000
PAM_DELAY = 1.5


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Site]:
    """2,000 computers that refuse the password, each after a second and a half, and a desk before them."""
    for name in ("lab", "desk"):
        (tmp_path / name).mkdir()
    words = [sys.executable, "-m", "tests.many_hosts", str(tmp_path / "lab"), str(HOSTS), str(PAM_DELAY)]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as serving:
        while not (tmp_path / "lab" / "ready").exists():
            assert serving.poll() is None
            time.sleep(0.05)
        yield Site(tmp_path / "lab", tmp_path / "desk")
        assert serving.stdin
        serving.stdin.close()


def killed_at(point: str, site: Site) -> "subprocess.Popen[str]":
    """Begin a sweep, of one computer at a time, that kills itself at a named point."""
    words = ("sweep", site.lab / "sweep.yml", "-i", site.lab / "inventory.yml", "--store", site.store, "--forks", "1")
    return subprocess.Popen(
        [sys.executable, "-m", "tests.killed", point, "1", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )


def test_two_sweeps_of_2000_computers_at_once_and_three_kills_cost_two_refusals_at_most(many: Site) -> None:
    """Killed between the commit of a logon and its proof, before an answer came, and before an answer was kept."""
    assert killed_at("after-logon", many).wait(60) == -signal.SIGKILL
    with many.begun() as first, killed_at("before-answer", many) as second:
        deadline = time.monotonic() + 20
        while not many.logons() and first.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        first.kill()
        second.kill()
    with Ledger.open(many.store) as ledger:
        killed = ledger.sweeps()[0].id
    resume = ("--resume", "--sweep", killed)
    with many.begun("--format", "json") as one, many.begun("--format", "json", *resume) as other:
        results = [json.loads(each.communicate(timeout=120)[0])["hosts"] for each in (one, other)]

    assert len(many.logons()) in {1, 2}
    for hosts in results:
        reasons = Counter(host["reason"] for host in hosts)
        assert reasons.keys() <= {"account.stopped", "login.refused"}
        assert reasons.total() == HOSTS
        assert reasons["login.refused"] <= 2
