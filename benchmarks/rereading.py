"""What it costs to read kept answers again after a new program learned to see more in them.

    python -m benchmarks.rereading [--hosts 300] [--files 2000] [--json]

Each host has three looks: 170 processes and 600 autostart entries with command lines of some 90 letters, of which 95 %
are those of every host, and `--files` files. CPU of this process only.
"""

import argparse
import hashlib
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from controller.app.preflight import collector_of
from controller.app.rereading import reread
from controller.collectors import answer as answers
from controller.model.collector import ColumnType
from controller.model.playbook import Playbook
from controller.model.result import Attempt, Evidence, Look, LookKey, TaskResult, TaskState
from controller.model.sweep import Sweep
from controller.store.ledger import Ledger

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
PROCESSES, ENTRIES, SHARED = 170, 600, 0.95


def main() -> None:
    """Fill a store as an older program left it, read all its answers again, and print what that took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        _fill(path, asked.hosts, asked.files)
        before = path.stat().st_size
        with Ledger.open(path) as ledger:
            cpu, wall = time.process_time(), time.perf_counter()
            done = reread(ledger, lambda *_: None).done
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        grown = path.stat().st_size - before
    measured = {
        "looks": done,
        "looks_per_second": round(done / wall, 1),
        "cpu_ms_per_look": round(1000 * cpu / max(done, 1), 2),
        "grown_kb_per_host": round(grown / 1000 / asked.hosts, 1),
    }
    print(json.dumps(measured) if asked.json else "\n".join(f"{name:>18} {value}" for name, value in measured.items()))


def _fill(path: Path, hosts: int, files: int) -> None:
    chance = random.Random(1)
    shared = [_command(chance) for _ in range(PROCESSES + ENTRIES)]
    with Ledger.open(path) as ledger:
        ledger.begin_sweep(_sweep(), ())
        for number in range(hosts):
            texts = [each if chance.random() < SHARED else _command(chance) for each in shared]
            paths = [f"C:\\x\\{chance.getrandbits(40):x}" for _ in range(files)]
            rows = {"processes": texts[:PROCESSES], "autostart": texts[PROCESSES:], "files": paths}
            looks = [_look(collector, _rows(collector, number, each)) for collector, each in rows.items() if each]
            tasks = tuple(
                TaskResult(index=index, name="look", state=TaskState.DONE, looks=(look,))
                for index, look in enumerate(looks)
            )
            attempt = Attempt(host=f"pc-{number:05}", number=1, started=WHEN, ended=WHEN, tasks=tasks)
            ledger.finish_attempt("s", attempt)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE look SET reading = NULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _command(chance: random.Random) -> str:
    name = f"{chance.getrandbits(32):08x}"
    return (
        f'"C:\\Program Files\\Vendor {name[:4]}\\{name}.exe" --type=service /prefetch:7 --url=https://{name}.example/a'
    )


def _rows(collector: str, number: int, texts: list[str]) -> Iterator[dict[str, Any]]:
    empty = {ColumnType.INTEGER: number, ColumnType.BOOLEAN: False}
    columns = {column.name: empty.get(column.type, "") for column in collector_of(collector).spec.columns}
    for place, text in enumerate(texts):
        digest = hashlib.sha256(text.encode()).hexdigest()
        own = {"path": text.split('"')[-2] if '"' in text else text, "sha256": digest, "pid": place, "type": "file"}
        own |= {"command": text, "command_line": text, "name": str(place), "kind": "run", "location": "HKLM"}
        yield {**columns, **{name: value for name, value in own.items() if name in columns}}


def _look(collector: str, rows: Iterator[dict[str, Any]]) -> Look:
    lines = [msgspec.json.encode(row) for row in rows]
    answer = b"\n".join(
        (f"#begin {collector} 3 77ab -".encode(), *lines, b"#end %d unread=0 stopped=no roots=0 named=0\n" % len(lines))
    )
    kept = Evidence(sha256=hashlib.sha256(answer).hexdigest(), data=answer)
    spec = collector_of(collector).spec
    seen = answers.observations(spec, answers.reread(spec, answer, revision=spec.revision), lambda _: ())
    key = LookKey(collector=collector)
    return Look(key=key, rows=len(lines), answer=kept, revision=spec.revision, observations=seen)


def _sweep() -> Sweep:
    return Sweep(
        id="s",
        started=WHEN,
        operator="",
        apply=False,
        limit="",
        playbook=Playbook(path="p.yml", digest="", name="measure", hosts="all", lists=(), tasks=()),
        inventory="",
        inventory_digest="",
        roster=(),
        units=(),
    )


if __name__ == "__main__":
    main()
