"""What one host's result costs the controller in the store: CPU milliseconds, commits and bytes.

    python benchmarks/store.py [VALUES]

CPU of this process only; it compares between machines better than a rate does. No fleet was measured: of a host's
values 62 % are taken to be those of every host, 31 % to come from a pool that hosts share, and 7 % to be its own.
Drawn so, every seventh value of a sweep of 10,000 hosts is new to the store when it comes. Hence the store holds a
pool of VALUES (200,000 unless told; such a sweep ends with 4 million) before the first host, and a host brings 62 %
that every host has, 23 % that only the store has, and 15 % that are new. `again` visits the same hosts with a new
ledger: other row texts, another answer, and one value in fifty is new.
"""

import hashlib
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from controller.model.indicator import Kind, Observation
from controller.model.playbook import Playbook
from controller.model.result import Attempt, Evidence, Look, LookKey, TaskResult, TaskState
from controller.model.sweep import Sweep
from controller.store.ledger import Ledger

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
ANSWER_BYTES = 62_000
"""The least an answer holds; one with many observations is longer, since it holds their values."""
COMMON, NEW, NEW_AGAIN = 0.62, 0.15, 0.02
AT_ONCE = 50_000


def main() -> None:
    """Print two lines for each number of observations: a first sweep, and the same hosts again."""
    chance = random.Random(1)
    pool = [_path(chance) for _ in range(int((sys.argv[1:] or ["200000"])[0]))]
    print(f"{'observations':>12} {'sweep':>6} {'hosts':>6} {'CPU ms':>7} {'p50 ms':>7} {'p99 ms':>7} {'kB/host':>8}")
    with tempfile.TemporaryDirectory() as folder:
        filled, path = Path(folder) / "pool.db", Path(folder) / "store.db"
        _fill(filled, pool)
        for observations, hosts in ((0, 300), (200, 300), (2900, 100)):
            shutil.copy(filled, path)
            values = list(_values(observations, hosts, pool, chance))
            _measure(path, "first", values, chance)
            _measure(path, "again", [_changed(each, chance) for each in values], chance)


def _measure(path: Path, sweep: str, values: Sequence[Sequence[str]], chance: random.Random) -> None:
    results = [_result(f"pc-{number:05}", each, chance) for number, each in enumerate(values)]
    before = path.stat().st_size
    with Ledger.open(path) as ledger:
        ledger.begin_sweep(_sweep(sweep), ())
        took = []
        cpu = time.process_time()
        for result in results:
            began = time.perf_counter()
            ledger.finish_attempt(sweep, result)
            took.append(1000 * (time.perf_counter() - began))
        cpu = 1000 * (time.process_time() - cpu) / len(results)
    took.sort()
    size = (path.stat().st_size - before) / len(results) / 1000
    p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
    print(
        f"{len(values[0]):>12} {sweep:>6} {len(results):>6} {cpu:>7.2f} {p50:>7.1f} {p99:>7.1f} {size:>8.1f}",
        flush=True,
    )


def _fill(path: Path, pool: Sequence[str]) -> None:
    with Ledger.open(path) as ledger:
        ledger.begin_sweep(_sweep("pool"), ())
        for start in range(0, len(pool), AT_ONCE):
            ledger.finish_attempt("pool", _result(f"pool-{start}", pool[start : start + AT_ONCE], random.Random(start)))


def _values(observations: int, hosts: int, pool: Sequence[str], chance: random.Random) -> Iterator[list[str]]:
    common = [_path(chance) for _ in range(round(COMMON * observations))]
    new = round(NEW * observations)
    for _ in range(hosts):
        shared = (chance.choice(pool) for _ in range(observations - len(common) - new))
        yield [*common, *shared, *(_path(chance) for _ in range(new))]


def _changed(values: Sequence[str], chance: random.Random) -> list[str]:
    return [_path(chance) if chance.random() < NEW_AGAIN else each for each in values]


def _sweep(name: str) -> Sweep:
    playbook = Playbook(path="p.yml", digest="", name="measure", hosts="all", lists=(), tasks=())
    return Sweep(
        id=name,
        started=WHEN,
        operator="",
        apply=False,
        limit="",
        playbook=playbook,
        inventory="",
        inventory_digest="",
        roster=(),
        units=(),
    )


def _path(chance: random.Random) -> str:
    return f"c:\\windows\\system32\\{chance.getrandbits(64):016x}\\{chance.getrandbits(32):08x}.exe"


def _result(host: str, values: Sequence[str], chance: random.Random) -> Attempt:
    others = (_path(chance) for _ in range(ANSWER_BYTES // 75 - len(values)))
    rows = [(chance.randrange(65536), value) for value in (*values, *others)]
    answer = "".join(f'{{"pid":{pid},"path":"{path}"}}\n' for pid, path in rows).encode()
    look = Look(
        key=LookKey(collector="processes"),
        rows=len(values),
        answer=Evidence(sha256=hashlib.sha256(answer).hexdigest(), data=answer),
        observations=tuple(
            Observation(kind=Kind.PATH, value=value, collector="processes", where=f"pid {pid}")
            for pid, value in rows[: len(values)]
        ),
    )
    task = TaskResult(index=0, name="look", state=TaskState.DONE, looks=(look,))
    return Attempt(host=host, number=1, started=WHEN, ended=WHEN, tasks=(task,))


if __name__ == "__main__":
    main()
