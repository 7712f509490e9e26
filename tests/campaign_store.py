"""A campaign of some computers in a real store: sweeps with lists, visits with whole answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from controller.app.campaign import Campaign
from controller.errors import Reason
from controller.model.fleet import Platform, RosterEntry
from controller.model.playbook import LookArguments, Module, Playbook, Task
from controller.model.result import Identity, Look, ToolMode, ToolRun
from controller.model.sweep import KeptFile
from controller.model.verdict import Judgement
from controller.store.ledger import Ledger
from tests.builders import NOON, a_result, a_run, an_attempt
from tests.unit.store_values import a_sweep
from tests.visits import a_cleaning, a_file, a_tool, a_whole_look

HOST = "pc-01"
HOME = "/home"
BAD_PATH = "/home/an/x.bin"
MACHINE = Identity(computer_name="PC1", machine_id="m1", uuid="u-1", serial="S-1")

FILES = Task(
    name="files",
    module=Module.CHECK_IOCS,
    look=LookArguments(collector="files", roots={Platform.LINUX: (HOME,), Platform.WINDOWS: ("C:\\Users",)}),
)
PROCESSES = Task(name="processes", module=Module.CHECK_IOCS, look=LookArguments(collector="processes"))
CLEAN = replace(a_cleaning(a_tool(), roots={Platform.LINUX: (HOME,)}), name="clean")


def playbook(*tasks: Task, path: str = "sweep.yml", lists: Sequence[str] = ("bad.txt",)) -> Playbook:
    """Build a playbook that is one version of the file at `path`."""
    digest = sha256(repr((path, tasks)).encode()).hexdigest()
    return Playbook(path=path, digest=digest, name=path, hosts="all", lists=tuple(lists), tasks=tasks)


def files(*rows: Mapping[str, Any], root: str = HOME, **but: Any) -> Look:
    """Build a look at the files below one root."""
    return a_whole_look(
        a_file(root, "folder"), *rows, *_padding(root), **{"collector": "files", "arguments": (f"root={root}",), **but}
    )


def _padding(root: str) -> list[Mapping[str, Any]]:
    return [a_file(f"{root}/an", "folder")]


@dataclass
class Store:
    """A store that sweeps are written into, one after the other."""

    ledger: Ledger
    path: Path
    tasks: tuple[Task, ...] = (FILES,)
    number: int = 0

    def sweep(
        self,
        text: str = "",
        *,
        play: Playbook | None = None,
        path: str = "bad.txt",
        hosts: Sequence[str] = (HOST, "pc-02"),
        platform: Platform = Platform.LINUX,
    ) -> str:
        """Begin a sweep; its list is `text`, a line a value, from the file at `path`."""
        self.number += 1
        name = f"s{self.number}"
        data = (text or "77" * 32).encode()
        kept = KeptFile(role="list", name=path, sha256=sha256(data).hexdigest(), data=data, path=path)
        self.ledger.begin_sweep(
            a_sweep(
                name,
                started=NOON + timedelta(hours=self.number),
                playbook=play or playbook(*self.tasks),
                roster=tuple(RosterEntry(name=host, unit="u1", platform=platform) for host in hosts),
            ),
            (kept,),
        )
        return name

    def visit(
        self, *steps: Look | ToolRun, host: str = HOST, machine: Identity | None = None, fault: Reason | None = None
    ) -> None:
        """Visit a computer in the newest sweep; each step is a task of its own."""
        machine = machine or replace(MACHINE, uuid=f"u-{host}", serial=f"S-{host}")
        began = self.ledger.latest_commit()
        results = tuple(
            replace(a_result(replace(step, began=began), index=index), name=step_name(step))
            for index, step in enumerate(steps)
        )
        earlier = len(self.ledger.attempts(f"s{self.number}").get(host, ()))
        attempt = an_attempt(*results, host=host, number=earlier + 1, fault=fault)
        self.ledger.finish_attempt(
            f"s{self.number}", replace(attempt, identity=None if fault and not steps else machine)
        )

    def run(self, *findings: Any, mode: ToolMode = ToolMode.CLEAN, **but: Any) -> ToolRun:
        """Build a run of the tool of `CLEAN`, which is committed with its visit."""
        run = a_run(*findings, mode=mode, roots=(HOME,), run_id=f"r{self.ledger.latest_commit()}{mode}", **but)
        return replace(run, began=self.ledger.latest_commit(), committed=self.ledger.latest_commit() + 1)

    def state(self, host: str = HOST) -> Judgement:
        """Return the state of a computer now."""
        return Campaign(self.ledger).judgements()[host]

    def word(self, host: str = HOST) -> str:
        """Return its state in one word."""
        judgement = self.state(host)
        return str(judgement.reason or judgement.verdict)


def step_name(step: Look | ToolRun) -> str:
    """Return the name of the task that a step belongs to."""
    return step.key.collector if isinstance(step, Look) else "clean"
