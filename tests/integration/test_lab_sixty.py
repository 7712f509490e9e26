"""Sixty computers of the mix, served by `lamsach lab up` and cleaned by `lamsach sweep`, against their own truth."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controller.lab.engine import ENGINE
from controller.lab.pc import CLEANUP_FAULTS, LabFault

LAMSACH = Path(sys.executable).with_name("lamsach")
RENDERED = {name: value for name, value in os.environ.items() if name != ENGINE}
UNSEEN = set(LabFault) - CLEANUP_FAULTS
"""The faults of computers of which nothing can be said; on the others it is the cleaning that fails or is not whole."""

EVERY_FAULT = 19
"""The seed of a mix of sixty in which every fault occurs, and one computer hangs: it costs the most time."""

FEW_FILES = 'ulimit -Sn 50; exec "$0" "$@"'
"""Fewer open files than sixty computers need, until the lab raises its own limit."""


@dataclass(frozen=True, slots=True)
class Served:
    """A lab that is up: its process, what it printed, and its folder."""

    process: subprocess.Popen[str]
    said: str
    folder: Path

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """Serve as many computers as the test asks for, and a mix of its choice."""
    ssh, winrm, seed = map(str, request.param)
    folder = tmp_path / "phòng-lab"
    options: list[str | Path] = ["--ssh", ssh, "--winrm", winrm, "--seed", seed, "--dir", folder]
    words: list[str | Path] = ["sh", "-c", FEW_FILES, LAMSACH, "lab", "up", *options]
    with subprocess.Popen(words, env=RENDERED, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout
        try:
            yield Served(process, process.stdout.readline(), folder)
        finally:
            process.kill()


@pytest.mark.parametrize("served", [(40, 20, EVERY_FAULT)], indirect=True)
def test_sixty_computers_of_the_mix_are_judged_as_they_are(served: Served, tmp_path: Path) -> None:
    printed = shlex.split(served.said.partition("Try: ")[2])
    command: list[str | Path] = [
        LAMSACH,
        *printed[1:],
        "--forks",
        "32",
        "--first-answer",
        "20",
        "--format",
        "json",
        "--store",
        tmp_path / "store.db",
    ]
    done = subprocess.run(command, env=RENDERED, capture_output=True, encoding="utf-8", timeout=90, check=False)
    assert done.stdout, done.stderr
    hosts = {host["name"]: host for host in json.loads(done.stdout)["hosts"]}
    truth, expected = served.read("truth.json"), served.read("expected.json")

    assert {name: {key: host[key] for key in ("verdict", "reason")} for name, host in hosts.items()} == expected
    assert len(hosts) == 60
    assert {fault for pc in truth.values() for fault in pc["faults"]} == set(LabFault)
    assert {name for name, host in hosts.items() if host["verdict"] in ("infected", "cleaned")} == {
        name for name, pc in truth.items() if pc["infected"] and not UNSEEN & set(pc["faults"])
    }
    assert {name for name, pc in truth.items() if UNSEEN & set(pc["faults"])} <= {
        name for name, host in hosts.items() if host["verdict"] == "unknown"
    }


@pytest.mark.parametrize("served", [(2, 2, 1)], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lab_serves_until_it_is_interrupted(served: Served, number: signal.Signals) -> None:
    truth = served.read("truth.json")
    assert [pc.keys() for pc in truth.values()] == [{"infected", "faults", "folder"}] * 4
    assert all((served.folder / pc["folder"]).is_dir() for pc in truth.values())
    assert {"inventory.yml", "known_hosts", "ca.pem", "secrets", "sweep.yml", "iocs.txt"} <= {
        path.name for path in served.folder.iterdir()
    }

    served.process.send_signal(number)

    assert served.process.wait(10) == 0


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("full", "is not empty; name a new one."),
        ("full/mine/lab", "cannot be made (Not a directory); name another one."),
        ("phòng lab", "has a space in its path; name one without."),
    ],
)
def test_a_folder_that_does_not_serve_is_the_operators_mistake(name: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    words: list[str | Path] = [LAMSACH, "lab", "up", "--ssh", "1", "--winrm", "0", "--dir", tmp_path / name]

    done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=30, check=False)

    assert done.returncode == 2
    assert f"the lab's folder '{tmp_path / name}' {sentence}" in done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["full", "mine"]
