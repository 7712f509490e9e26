"""A wrong password on two hundred computers does not lock the account (decision 22)."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.pc import Login
from controller.lab.process import Lab
from tests.e2e.conftest import Site


def test_a_wrong_password_on_200_computers_is_refused_twice_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENGINE, raising=False)
    built = build_fleet(200, windows=50)
    pcs = tuple(replace(pc, faults=(), account="quantri", own_account=False, login=Login.PASSWORD) for pc in built.pcs)
    (tmp_path / "desk").mkdir()
    with Lab(tmp_path / "lab", replace(built, pcs=pcs)) as lab:
        (lab.folder / "secrets" / "quantri").write_text("not the password\n", encoding="utf-8")
        site = Site(lab.folder, tmp_path / "desk")
        first = Counter(host["reason"] for host in site.swept()["hosts"])
        again = Counter(host["reason"] for host in site.swept()["hosts"])
        logons = [json.loads(line) for line in (lab.folder / "logons.jsonl").read_text(encoding="utf-8").splitlines()]

    assert first == {"login.refused": 2, "account.stopped": 198}
    assert again == {"account.stopped": 200}
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
