"""The lab as a process: it stands up fast, beside others, and leaves nothing behind."""

import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import LamsachError, OperatorError
from controller.lab.fleet import build_fleet
from controller.lab.process import Lab
from tests.lab_client import SECONDS, Operator


def test_two_labs_stand_side_by_side(tmp_path: Path) -> None:
    with Lab(tmp_path / "one", build_fleet(3)) as one, Lab(tmp_path / "two", build_fleet(3)) as two:
        operators = [Operator(lab.folder) for lab in (one, two)]
        addresses = [host["ansible_host"] for operator in operators for host in operator.hosts.values()]
        assert len(set(addresses)) == 6
        for operator in operators:
            assert operator.run("sd-pc01", "hostname; cat disk/etc/hostname").out == b"sd-pc01\nsd-pc01\n"


def test_twelve_computers_stand_within_ten_seconds(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    with Lab(tmp_path / "D", build_fleet(12)) as lab:
        seconds = time.monotonic() - began
        assert len(Operator(lab.folder).hosts) == 12
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sys.stdout.write(f"12 computers: {seconds:.2f} s until ready, {cpu:.2f} s CPU\n")
    assert seconds < 10


def test_when_the_lab_ends_nothing_that_its_computers_ran_is_left(tmp_path: Path) -> None:
    with Lab(tmp_path / "D", build_fleet(2)) as lab:
        ended = Operator(lab.folder).run(
            "tp-pc01", "setsid sh -c 'sleep 60 & wait' >/dev/null 2>&1 </dev/null & echo $!"
        )
        detached, pid = int(ended.out), lab.pid
        assert Path(f"/proc/{detached}").exists()
    assert not Path(f"/proc/{detached}").exists()
    assert not Path(f"/proc/{pid}").exists()


def test_the_lab_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from controller.lab.fleet import build_fleet\n"
        "from controller.lab.process import Lab\n"
        "with Lab(pathlib.Path(sys.argv[1]), build_fleet(1)) as lab:\n"
        "    print(lab.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "D")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        lab = int(parent.stdout.readline())
        assert Path(f"/proc/{lab}").exists()
        parent.kill()
    assert _gone_or_zombie(lab)


def _gone_or_zombie(pid: int) -> bool:
    """An orphan of a killed parent may stay a zombie where process 1 does not reap; it runs no more either way."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except FileNotFoundError:
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(OperatorError, match=r"is not empty; name a new one"), Lab(tmp_path, build_fleet(1)):
        pass


def test_a_lab_that_cannot_come_up_says_where_its_log_is(tmp_path: Path) -> None:
    fleet = build_fleet(1)
    twice = replace(fleet, pcs=fleet.pcs * 2)
    with pytest.raises(LamsachError, match=r"did not come up; read '.*lab\.log'"), Lab(tmp_path / "D", twice):
        pass
    assert "FileExistsError" in (tmp_path / "D" / "lab.log").read_text(encoding="utf-8")
