"""A store on a disk that is full is read as it is, and whoever must write hears that the disk is full."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from controller.model.result import Identity
from controller.store.ledger import Ledger
from tests.builders import NOON, an_attempt
from tests.e2e.conftest import LAMSACH
from tests.full_disk import FILL, TAKE_ALL_NAMES, on_small_disk
from tests.integration.test_store_old import KEPT, unpacked
from tests.unit.store_values import begun

ON_FULL_DISK = f'cp -r "$1"/. "$disk"; shift; {FILL}; exec "$@" --store "$disk/store.db"'
ROOT = Path(__file__).parents[2]
NO_SPACE = "its disk is full; free space there"
Lamsach = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one result, in a folder of its own."""
    folder = tmp_path / "store"
    folder.mkdir()
    with begun(folder / "store.db") as ledger:
        ledger.finish_attempt("s1", an_attempt())
    return folder / "store.db"


@pytest.fixture
def lamsach(store: Path, tmp_path: Path) -> Lamsach:
    """Run lamsach on a copy of the store's folder, on a disk that is full."""
    return lambda *words: on_small_disk(
        tmp_path / "disk", ON_FULL_DISK, store.parent, LAMSACH, *words, cwd=store.parent
    )


@pytest.mark.parametrize(
    ("words", "shows"),
    [(["sweeps"], "s1 "), (["show", "pc-01"], "sweep s1"), (["report"], "3 of 3 computers given")],
)
def test_a_command_that_reads_works(lamsach: Lamsach, words: Sequence[str], shows: str) -> None:
    done = lamsach(*words)

    assert (done.returncode, done.stderr) == (0, "")
    assert shows in done.stdout


@pytest.mark.parametrize("index", ["whole", "empty"])
def test_results_that_a_killed_sweep_left_in_a_side_file_are_read(store: Path, lamsach: Lamsach, index: str) -> None:
    kept = store.parent.with_name("kept")
    with Ledger.open(store) as writer:
        writer.finish_attempt("s1", an_attempt(host="pc-02"))
        shutil.copytree(store.parent, kept)
    shutil.rmtree(store.parent)
    kept.rename(store.parent)
    if index == "empty":
        store.with_name("store.db-shm").write_bytes(b"")

    done = lamsach("sweeps")

    assert (done.returncode, done.stderr) == (0, "")
    assert " 2/2 " in done.stdout


def test_a_command_that_writes_says_that_the_disk_is_full_and_nothing_of_a_sweep(store: Path, lamsach: Lamsach) -> None:
    machine = Identity(computer_name="PC-01", uuid="4c4c4544-0042-3510-8052-b4c04f4d3132", serial="ABC123")
    with Ledger.open(store) as ledger:
        ledger.recognise("pc-01", machine, ["pc-01"], NOON)

    done = lamsach("identity", "accept", "pc-01")

    assert done.returncode == 1
    assert done.stderr.endswith(f"store.db' cannot be used: {NO_SPACE}\n")
    assert "resume" not in done.stderr


def test_a_store_of_an_older_lamsach_needs_room_to_be_read(store: Path, lamsach: Lamsach) -> None:
    store.write_bytes(unpacked(KEPT))

    done = lamsach("sweeps")

    assert done.returncode == 1
    assert NO_SPACE in done.stderr


MAKING = """
import sys
from pathlib import Path
from controller.errors import StoreError
from controller.store.file import make
from controller.store.lock import hold
store = Path(sys.argv[1])
for attempt in (make, lambda path: hold(path, "s1").__enter__()):
    try:
        attempt(store)
    except StoreError as error:
        print(error)
"""


def test_a_store_or_lock_that_cannot_be_made_for_want_of_room_asks_for_room(tmp_path: Path) -> None:
    script = f'{TAKE_ALL_NAMES}; exec "$@" "$disk/store.db"'
    done = on_small_disk(tmp_path / "disk", script, sys.executable, "-c", MAKING, cwd=ROOT)

    assert done.stderr == ""
    assert [line.partition(" (")[2] for line in done.stdout.splitlines()] == [
        "No space left on device); free space there"
    ] * 2


LIMITED = """
import sys
from pathlib import Path
from controller.errors import StoreError
from controller.store.ledger import Ledger
from tests.builders import an_attempt
with Ledger.open(Path(sys.argv[1])) as ledger:
    try:
        for number in range(2, 10_000):
            ledger.finish_attempt("s1", an_attempt(number=number))
    except StoreError as error:
        print(error)
"""


def test_a_limit_of_the_size_of_files_is_not_taken_for_a_broken_disk(store: Path) -> None:
    limit = store.stat().st_size + 500_000
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, store],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert "it is as large as a file may be there; raise the limit (ulimit -f)" in done.stdout
