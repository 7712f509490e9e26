"""What one host's result costs the controller in the store: CPU milliseconds, commits and bytes.

    python benchmarks/store.py

CPU of this process only; it compares between machines better than a rate does.
"""

import hashlib
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from controller.model.indicator import Kind, Observation
from controller.model.playbook import Playbook
from controller.model.result import Attempt, Evidence, Look, LookKey, TaskResult, TaskState
from controller.model.sweep import Sweep
from controller.store.ledger import Ledger

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
ANSWER_BYTES = 62_000
NEW_VALUES = 0.15
"""Share of a host's values that no host before it had (measured fleets: 4.3 of 29 million)."""


def main() -> None:
    """Print one line for each number of observations."""
    print(f"{'observations':>12} {'hosts':>6} {'CPU ms':>7} {'p50 ms':>7} {'p99 ms':>7} {'kB/host':>8}")
    for observations, hosts in ((0, 300), (200, 300), (2900, 100)):
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder) / "store.db", observations, hosts)


def _measure(path: Path, observations: int, hosts: int) -> None:
    results = list(_results(observations, hosts))
    with Ledger.open(path) as ledger:
        ledger.begin_sweep(_sweep(), ())
        took = []
        cpu = time.process_time()
        for result in results:
            began = time.perf_counter()
            ledger.finish_attempt("s1", result)
            took.append(1000 * (time.perf_counter() - began))
        cpu = 1000 * (time.process_time() - cpu) / hosts
    took.sort()
    size = path.stat().st_size / hosts / 1000
    p50, p99 = took[hosts // 2], took[hosts * 99 // 100]
    print(f"{observations:>12} {hosts:>6} {cpu:>7.2f} {p50:>7.1f} {p99:>7.1f} {size:>8.1f}")


def _sweep() -> Sweep:
    playbook = Playbook(path="p.yml", digest="", name="measure", hosts="all", lists=(), tasks=())
    return Sweep(
        id="s1",
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


def _results(observations: int, hosts: int) -> Iterator[Attempt]:
    chance = random.Random(1)
    common = [_path(chance) for _ in range(10_000)]
    for host in range(hosts):
        values = [_path(chance) if chance.random() < NEW_VALUES else chance.choice(common) for _ in range(observations)]
        yield _result(f"pc-{host:05}", values, chance)


def _path(chance: random.Random) -> str:
    return f"c:\\windows\\system32\\{chance.getrandbits(64):016x}\\{chance.getrandbits(32):08x}.exe"


def _result(host: str, values: list[str], chance: random.Random) -> Attempt:
    lines = [f'{{"pid":{chance.randrange(65536)},"path":"{_path(chance)}"}}\n' for _ in range(ANSWER_BYTES // 70)]
    answer = "".join(lines).encode()
    look = Look(
        key=LookKey(collector="processes"),
        rows=len(values),
        answer=Evidence(sha256=hashlib.sha256(answer).hexdigest(), data=answer),
        observations=tuple(
            Observation(kind=Kind.PATH, value=value, collector="processes", where=f"pid {number}")
            for number, value in enumerate(values)
        ),
    )
    task = TaskResult(index=0, name="look", state=TaskState.DONE, looks=(look,))
    return Attempt(host=host, number=1, started=WHEN, ended=WHEN, tasks=(task,))


if __name__ == "__main__":
    main()
