"""How `lamsach lab up` ends, whenever it is interrupted, and what it refuses before it begins."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli import cli
from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.pc import LabFault

LAMSACH = Path(sys.executable).with_name("lamsach")
RENDERED = {name: value for name, value in os.environ.items() if name != ENGINE}


def interrupted(folder: Path, name: str, number: signal.Signals, *, ssh: int) -> int:
    """Begin to serve, interrupt as soon as the file `name` is there, and return the exit status."""
    words: list[str | Path] = [LAMSACH, "lab", "up", "--ssh", str(ssh), "--winrm", "0", "--dir", folder]
    with subprocess.Popen(words, env=RENDERED, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (folder / name).exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(number)
        return process.wait(30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_from_the_moment_its_truth_is_there_an_interrupt_is_the_usual_end(
    tmp_path: Path, number: signal.Signals
) -> None:
    assert interrupted(tmp_path / "D", "truth.json", number, ssh=2) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_before_it_serves_leaves_no_truth(tmp_path: Path, number: signal.Signals) -> None:
    assert interrupted(tmp_path / "D", "fleet.json", number, ssh=30) == 130
    assert not (tmp_path / "D" / "truth.json").exists()


@pytest.mark.parametrize("command", [["lab", "up", "--dir", "D"], ["demo"]])
def test_a_powershell_that_cannot_be_run_is_refused_before_anything_is_made(tmp_path: Path, command: list[str]) -> None:
    environment = RENDERED | {ENGINE: "/nope", "TMPDIR": str(tmp_path)}

    done = subprocess.run(
        [LAMSACH, *command], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error[operator]: '/nope' cannot be run; name a PowerShell in {ENGINE}, or nothing.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["lab", "up", "--dir", "D"], ["demo"]])
def test_without_the_extra_lab_the_command_to_install_it_is_named_before_anything_is_made(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "asyncssh.py").write_text(
        "raise ModuleNotFoundError('no asyncssh here')\n", encoding="utf-8"
    )
    (tmp_path / "desk").mkdir()
    environment = RENDERED | {"PYTHONPATH": str(tmp_path / "hidden"), "TMPDIR": str(tmp_path / "desk")}

    done = subprocess.run(
        [LAMSACH, *command], cwd=tmp_path / "desk", env=environment, capture_output=True, encoding="utf-8", check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error[operator]: the lab needs asyncssh, which cannot be imported (no asyncssh here); "
        "run: pip install 'lamsach[lab]'\n"
    )
    assert list((tmp_path / "desk").iterdir()) == []


def test_a_powershell_that_nobody_needs_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RENDERED, ENGINE, "/nope")

    assert interrupted(tmp_path / "D", "truth.json", signal.SIGINT, ssh=1) == 0


def test_the_help_says_truly_from_which_size_on_every_fault_occurs() -> None:
    said = " ".join(CliRunner().invoke(cli, ["lab", "up", "--help"]).output.split())
    found = re.search(r"With the default seed every fault occurs from (\d+) computers on", said)

    assert found
    count = int(found[1])
    for windows in range(0, count + 1, 10):
        fleet = build_fleet(count, clean=True, windows=windows)
        assert {fault for pc in fleet.pcs for fault in pc.faults} == set(LabFault), windows
    assert "new or empty, with no space in its path" in said
