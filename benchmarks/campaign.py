"""What the state of every computer of a campaign costs the controller: CPU seconds.

    python -m benchmarks.campaign [COMPUTERS] [--json]

It writes a store of COMPUTERS (10,000 unless told), each visited once with five looks (some 260 rows and 800 values, of
which one in fourteen is its own), one in fifty of them with a listed hash. Then it measures, each in a new process:
`first`: the states and tables when nothing is kept yet; `kept`: the same again; `new list`: a second list comes into
force, so that everything is judged again; `after one visit`: one computer was visited since.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from controller.app.campaign import Campaign
from controller.collectors import catalog
from controller.collectors.answer import observations, read
from controller.indicators.text import values_in
from controller.loading import spec as specs
from controller.model.collector import CollectorSpec
from controller.model.fleet import Platform, RosterEntry, Unit
from controller.model.playbook import LookArguments, Module, Playbook, Task
from controller.model.result import Attempt, Evidence, Identity, Look, LookKey, TaskResult, TaskState
from controller.model.sweep import KeptFile, Sweep
from controller.reports.aggregate import summarise
from controller.reports.writers import csv, table
from controller.reports.writers import json as json_writer
from controller.store.ledger import Ledger

WHEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
ROWS: Final = {"processes": 60, "files": 110, "autostart": 50, "connections": 20, "dns_cache": 20}
OWN: Final = 1 / 14
BAD: Final = "9f" * 32
ROOT: Final = "/home"
_NONCE: Final = "0" * 16


def main() -> None:
    """Print a line for each measurement."""
    parser = argparse.ArgumentParser(description="Measure the state of every computer of a campaign.")
    parser.add_argument("computers", nargs="?", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(measure(asked.measure))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lamsach.db"
        figures = {"computers": asked.computers, **_figures(path, asked.computers)}
    if asked.json:
        print(json.dumps(figures))
        return
    for name, seconds in figures.items():
        print(f"{name:>16} {seconds:>8}")


def _figures(path: Path, computers: int) -> Mapping[str, float]:
    fill(path, computers)
    first, kept = _measured(path), _measured(path)
    with Ledger.open(path) as ledger:
        begin(ledger, "s2", computers, path="second.txt", text="3c" * 32)
    new_list = _measured(path)
    with Ledger.open(path) as ledger:
        ledger.finish_attempt("s2", _attempt(0, random.Random(0)))
    return {"first": first, "kept": kept, "new list": new_list, "after one visit": _measured(path)}


def _measured(path: Path) -> float:
    words = [sys.executable, "-m", "benchmarks.campaign", "--measure", str(path)]
    return float(subprocess.run(words, capture_output=True, encoding="utf-8", check=True).stdout)


def measure(path: Path) -> float:
    """Return the CPU seconds of states and tables, the opening of the store included."""
    began = time.process_time()
    with Ledger.open(path, create=False) as ledger:
        campaign = Campaign(ledger)
        states = campaign.judgements(entry.name for entry in campaign.roster)
        summary = summarise(campaign.units, campaign.roster, states)
        for write in (table.write, json_writer.write, csv.write_hosts, csv.write_units):
            write(summary)
    return round(time.process_time() - began, 2)


def fill(path: Path, computers: int) -> None:
    """Write a store of so many computers."""
    chance = random.Random(1)
    with Ledger.open(path) as ledger:
        begin(ledger, "s1", computers, path="first.txt", text=BAD)
        for number in range(computers):
            ledger.finish_attempt("s1", _attempt(number, chance))


def begin(ledger: Ledger, name: str, computers: int, *, path: str, text: str) -> None:
    """Begin a sweep of every computer with one list."""
    looks = {each: LookArguments(collector=each) for each in ROWS}
    looks["files"] = LookArguments(collector="files", roots={Platform.LINUX: (ROOT,)})
    tasks = tuple(Task(name=each, module=Module.CHECK_IOCS, look=look) for each, look in looks.items())
    playbook = Playbook(path="p.yml", digest="", name="measure", hosts="all", lists=(path,), tasks=tasks)
    sweep = Sweep(
        id=name,
        started=WHEN,
        operator="",
        apply=False,
        limit="",
        playbook=playbook,
        inventory="",
        inventory_digest="",
        roster=tuple(
            RosterEntry(name=_name(number), unit=f"u{number // 10}", platform=Platform.LINUX)
            for number in range(computers)
        ),
        units=tuple(Unit(id=f"u{number}", name=f"Chi cục {number}") for number in range((computers + 9) // 10)),
    )
    data = text.encode()
    kept = KeptFile(role="list", name=path, sha256=hashlib.sha256(data).hexdigest(), data=data, path=path)
    ledger.begin_sweep(sweep, (kept,))


def _name(number: int) -> str:
    return f"pc-{number:05}"


def _attempt(number: int, chance: random.Random) -> Attempt:
    tasks = tuple(
        TaskResult(index=index, name=collector, state=TaskState.DONE, looks=(_look(collector, number, chance),))
        for index, collector in enumerate(ROWS)
    )
    machine = Identity(machine_id=f"{number:032x}", uuid=f"u{number}", serial=f"s{number}")
    return Attempt(host=_name(number), number=1, started=WHEN, ended=WHEN, tasks=tasks, identity=machine)


def _look(collector: str, number: int, chance: random.Random) -> Look:
    spec = _SPECS[collector]
    is_bad = collector == "files" and number % 50 == 0
    rows = [msgspec.json.encode(row).decode() for row in _rows(spec, chance, is_bad=is_bad)]
    roots = [f'#root {{"state":"entered","asked":"{ROOT}","resolved":"{ROOT}","volume":""}}'] * (collector == "files")
    end = f"#end {len(rows)} unread=0 stopped=no roots={len(roots)} named=0"
    data = "\n".join((f"#begin {collector} 3 {_NONCE} -", *rows, *roots, end, "")).encode()
    answer = read(spec, data, nonce=_NONCE, sysroot="-")
    seen = observations(spec, answer, values_in)
    arguments = (f"root={ROOT}",) if collector == "files" else ()
    return Look(
        key=LookKey(collector=collector, arguments=arguments),
        rows=len(rows),
        answer=Evidence(sha256=hashlib.sha256(data).hexdigest(), data=data),
        observations=seen,
        gathered=frozenset(each.kind for each in seen),
        roots=answer.roots,
        revision=spec.revision,
    )


def _rows(spec: CollectorSpec, chance: random.Random, *, is_bad: bool) -> Iterator[Mapping[str, Any]]:
    empty = {"text": "", "integer": 0, "boolean": False, "texts": ()}
    blank = {column.name: empty[column.type] for column in spec.columns}
    if spec.name == "files":
        yield {**blank, "path": ROOT, "type": "folder"}
    if spec.name == "processes":
        yield {**blank, "pid": 9, "path": "/bin/sh", "own": True}
    for row in range(ROWS[spec.name]):
        number = chance.getrandbits(64) if chance.random() < OWN else row
        name, digest = f"{number:x}", hashlib.sha256(f"{spec.name}{number}".encode()).hexdigest()
        every: Mapping[str, Mapping[str, Any]] = {
            "processes": {"pid": row + 10, "path": f"/usr/bin/{name}", "sha256": digest, "command_line": f"{name} -d"},
            "files": {"path": f"{ROOT}/an/{name}", "type": "file", "sha256": BAD if is_bad and row == 3 else digest},
            "autostart": {"kind": "systemd", "name": name, "path": f"/usr/sbin/{name}", "sha256": digest},
            "connections": {"direction": "outbound", "remote_address": f"198.51.100.{number % 250}"},
            "dns_cache": {"name": f"{name}.example", "source": "cache", "type": "A"},
        }
        yield {**blank, **every[spec.name]}


_SPECS: Final = {name: specs.read(catalog.spec_text(name), name) for name in ROWS}

if __name__ == "__main__":
    main()
