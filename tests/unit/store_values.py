"""Values for the tests of the store."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from controller.model.fleet import Order, Platform, RosterEntry, Unit
from controller.model.indicator import Kind, Observation
from controller.model.intent import Intent
from controller.model.playbook import CleanArguments, LookArguments, Module, Playbook, Task, Tool
from controller.model.result import Evidence, Look, LookKey, TaskResult, TaskState, ToolMode
from controller.model.sweep import Blindness, KeptFile, Sweep
from controller.store.ledger import Ledger
from tests.builders import NOON

MINUTE = timedelta(minutes=1)


def evidence(data: bytes) -> Evidence:
    return Evidence(sha256=hashlib.sha256(data).hexdigest(), data=data)


def saw(value: str, where: str = "pid 1", kind: Kind = Kind.PATH) -> Observation:
    return Observation(kind=kind, value=value, collector="processes", where=where)


def looked(*observations: Observation, answer: bytes = b"an answer", index: int = 0) -> TaskResult:
    look = Look(
        key=LookKey(collector="processes"), rows=len(observations), observations=observations, answer=evidence(answer)
    )
    return TaskResult(index=index, name="look", state=TaskState.DONE, looks=(look,))


def an_intent(run_id: str = "r1", **but: Any) -> Intent:
    fields: dict[str, Any] = {
        "run_id": run_id,
        "sweep": "s1",
        "host": "pc-01",
        "attempt": 1,
        "task": 1,
        "tool": "quet",
        "sha256": "ab" * 32,
        "mode": ToolMode.CLEAN,
        "roots": ("/",),
        "begun": NOON,
    }
    return Intent(**{**fields, **but})


def a_playbook(path: str = "p1.yml") -> Playbook:
    roots = {Platform.LINUX: ("/home",)}
    tool = Tool(
        name="quet",
        path="tool.yaml",
        digest="t1",
        platforms=(Platform.LINUX,),
        file="quet",
        sha256="ab" * 32,
        clean=("-c",),
        exits={0: "done", 3: "reboot"},
    )
    look = LookArguments(collector="processes", roots=roots, max_files=5)
    return Playbook(
        path=path,
        digest="d1",
        name="rà quét",
        hosts="all",
        lists=("bad.txt",),
        tasks=(
            Task(name="look", module=Module.CHECK_IOCS, look=look),
            Task(name="clean", module=Module.CLEAN, clean=CleanArguments(cleaner="generic", tool=tool, roots=roots)),
        ),
    )


def a_sweep(name: str = "s1", **but: Any) -> Sweep:
    fields: dict[str, Any] = {
        "id": name,
        "started": NOON,
        "operator": "người vận hành",
        "apply": True,
        "limit": "",
        "playbook": a_playbook(),
        "inventory": "inventory/example",
        "inventory_digest": "i1",
        "roster": (
            RosterEntry(name="pc-01", unit="u1", platform=Platform.LINUX, users=("an",)),
            RosterEntry(name="pc-02", unit="u1", platform=Platform.WINDOWS),
            RosterEntry(name="pc-03", unit="", platform=Platform.LINUX, given=False),
        ),
        "units": (Unit(id="u1", name="Chi cục Một", name_lines=("Chi cục", "Một"), headcount=7),),
        "order": Order(number="12/KH", basis=("a", "b")),
        "rejected": 2,
        "blind": (Blindness(kind="url", unseen=3, total=3),),
        "program": "0.1.0",
    }
    return Sweep(**{**fields, **but})


def some_files() -> tuple[KeptFile, ...]:
    return tuple(
        KeptFile(role=role, name=name, sha256=hashlib.sha256(data).hexdigest(), data=data)
        for role, name, data in (
            ("playbook", "playbooks/sweep.yml", b"- name: x\n"),
            ("list", "bad.txt", b"bad.example\n" * 500),
            ("list", "same again.txt", b"bad.example\n" * 500),
            ("tool", "tool.yaml", b""),
        )
    )


@contextmanager
def begun(path: Path, **settings: Any) -> Iterator[Ledger]:
    """Open a ledger in which sweep s1 has begun."""
    with Ledger.open(path, **settings) as ledger:
        ledger.begin_sweep(a_sweep(), some_files())
        yield ledger
