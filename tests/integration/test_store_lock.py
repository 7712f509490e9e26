import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.errors import StoreError, SweepError
from controller.store.lock import hold

HOLDER = """
import sys, time
from pathlib import Path
from controller.store.lock import hold
with hold(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def another_process_holding(store: Path, sweep: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(store), sweep]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def test_a_sweep_that_another_process_runs_is_refused_by_name_and_process(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with another_process_holding(store, "s1") as holder:
        with pytest.raises(SweepError, match=rf"'s1' is being run by process {holder.pid}; wait for it") as caught:
            hold(store, "s1").__enter__()
        with hold(store, "s2"), hold(tmp_path / "other.db", "s1"):
            pass

    assert caught.value.exit_status == 2


def test_kill_nine_frees_a_sweep(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with another_process_holding(store, "s1") as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(10)

        with hold(store, "s1"):
            assert (tmp_path / "store.db.locks" / "s1.lock").read_text() == f"{os.getpid()}\n"


def test_a_sweep_is_free_again_after_the_block(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with pytest.raises(KeyError), hold(store, "s1"):
        raise KeyError

    with hold(store, "s1"), pytest.raises(SweepError, match=str(os.getpid())), hold(store, "s1"):
        pass


def test_a_lock_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "store.db.locks").write_text("a file is in the way")

    with pytest.raises(StoreError, match="no lock can be made"), hold(tmp_path / "store.db", "s1"):
        pass


def test_a_lock_that_is_a_link_is_refused_and_its_target_left_alone(tmp_path: Path) -> None:
    (tmp_path / "store.db.locks").mkdir()
    (tmp_path / "victim").write_bytes(b"keep me")
    (tmp_path / "store.db.locks/s1.lock").symlink_to(tmp_path / "victim")

    with pytest.raises(StoreError, match="no lock can be made"):
        hold(tmp_path / "store.db", "s1").__enter__()

    assert (tmp_path / "victim").read_bytes() == b"keep me"
