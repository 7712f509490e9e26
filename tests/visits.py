"""What a visit to one host is made of in tests: canned answers, a journal in memory, a worker around both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from controller import plugins
from controller.collectors import catalog
from controller.collectors.answer import observations, reread
from controller.engine.host import WorkerContext
from controller.engine.journal import Journal, JournaledStarts
from controller.engine.line import VisitLine
from controller.errors import StoreError
from controller.indicators.matcher import Matcher
from controller.indicators.text import values_in
from controller.loading import spec as specs
from controller.model.collector import Collector, Root, RootState, Unread
from controller.model.fleet import Host, Platform
from controller.model.indicator import Indicator, IocList, Kind
from controller.model.intent import AttemptStart, Intent, IntentState, OpenStart
from controller.model.playbook import CleanArguments, LookArguments, Module, Task, Tool
from controller.model.result import Greeting, Identity, Look, LookKey, TaskResult, ToolRun
from controller.model.sweep import HostJob
from controller.tasks.base import Judging, Line, Record, Starts, TaskContext
from controller.tasks.look import GREETING, greet, kept
from controller.transports.base import Reply, RunPhase, RunState
from controller.transports.canned import CannedHost, CannedTransport, Sent
from tests.builders import BAD, NOON, a_job

NONCE = "ab" * 8
"""What tests put in the place of the nonce; see the fixture `known_nonce`."""

TOOL_SUM = "cd" * 32
ELEVATED = Greeting(
    identity=Identity(computer_name="PC-01"), elevated=True, free_bytes=1 << 30, clock=0, boot_id="boot 7"
)
RUNNING, ABSENT, TORN = (RunState(phase=each) for each in (RunPhase.RUNNING, RunPhase.ABSENT, RunPhase.TORN))


@cache
def a_collector(name: str) -> Collector:
    """Return a real collector with its real script."""
    spec = specs.read(catalog.spec_text(name), name)
    return Collector(spec=spec, scripts={each: catalog.script(name, each) for each in catalog.platforms(name)})


def an_entered_root(path: str) -> Root:
    """Build a root that is there."""
    return Root(asked=path, state=RootState.ENTERED, resolved=path)


def framed(
    name: str,
    *rows: Mapping[str, Any],
    nonce: str = NONCE,
    sysroot: str = "-",
    unread: Sequence[Unread] = (),
    stopped: str = "no",
    roots: Sequence[Root] | None = None,
) -> Reply:
    """Build a whole answer; unless `roots` says otherwise, each row of a folder is a root that was entered."""
    folders = [row["path"] for row in rows if row.get("type") == "folder"]
    entered = [an_entered_root(each) for each in folders] if roots is None else roots
    lines = [
        f"#begin {name} 3 {nonce} {sysroot}",
        *(msgspec.json.encode(row).decode() for row in rows),
        *(f"#root {msgspec.json.encode(each).decode()}" for each in entered),
        *(f"#unread {msgspec.json.encode(each).decode()}" for each in unread),
        f"#end {len(rows)} unread={len(unread)} stopped={stopped} roots={len(entered)} named={len(unread)}\n",
    ]
    return Reply(exit_code=0, stdout="\n".join(lines).encode(), stderr=b"")


def cut(reply: Reply, **but: Any) -> Reply:
    """Cut an answer before its end line."""
    return replace(reply, stdout=reply.stdout[: reply.stdout.rindex(b"#end")], **but)


def greeted(**but: Any) -> Reply:
    """Build the answer to the first question."""
    row: dict[str, Any] = {
        **dict.fromkeys(("system", "kernel", "machine_id", "boot_id", "uuid", "serial"), ""),
        "computer_name": "PC-01",
        "platform": "linux",
        "user": "0",
        "elevated": True,
        "macs": [],
        "clock": int(NOON.timestamp()),
        "free_bytes": 1 << 30,
        "powershell": "",
        "language_mode": "",
    }
    return framed("host", {**row, **but})


def a_process(path: str = "/usr/bin/dung", sha256: str = "11" * 32, **but: Any) -> Mapping[str, Any]:
    """Build a row of `processes`."""
    row = {
        "pid": 812,
        "parent": 1,
        "name": "x",
        "path": path,
        "sha256": sha256,
        "sha1": "",
        "md5": "",
        "command_line": path,
        "user": "0",
        "deleted": False,
        "own": False,
    }
    return {**row, **but}


def a_file(path: str, kind: str = "file", **but: Any) -> Mapping[str, Any]:
    """Build a row of `files`."""
    row = {"path": path, "type": kind, "size": 1, "modified": 1, "sha256": "", "sha1": "", "md5": ""}
    return {**row, **but}


def processes(*rows: Mapping[str, Any], **but: Any) -> Reply:
    """Build an answer of `processes`; without rows, one harmless process. Our own session comes last."""
    us = a_process("/usr/bin/dash", pid=813, own=True)
    return framed("processes", *(rows or (a_process(),)), us, **but)


def a_whole_look(
    *rows: Mapping[str, Any], collector: str = "processes", arguments: tuple[str, ...] = (), **but: Any
) -> Look:
    """Build a look with the answer that it comes from; without rows, one harmless process."""
    reply = framed(collector, *(rows or (a_process(),)))
    spec = a_collector(collector).spec
    answer = reread(spec, reply.stdout, revision=spec.revision)
    seen = observations(spec, answer, values_in)
    made = Look(
        key=LookKey(collector=collector, arguments=arguments),
        rows=len(answer.rows),
        observations=seen,
        gathered=frozenset(each.kind for each in seen),
        revision=spec.revision,
        answer=kept(reply.stdout),
        roots=answer.roots,
    )
    return replace(made, **but)


def a_list(*values: tuple[Kind, str], name: str = "bad.txt") -> IocList:
    """Build a list of indicators; its digest is its name."""
    indicators = (Indicator(kind=kind, value=value, list=name, line=line) for line, (kind, value) in enumerate(values))
    return IocList(name=name, sha256=name, indicators=tuple(indicators))


def judging_by(*lists: IocList) -> Judging:
    """Build the judging of some lists."""
    return Judging(digests=tuple(each.sha256 for each in lists), match=Matcher(lists).match)


BY_BAD_HASH = judging_by(a_list((Kind.SHA256, BAD)))


def a_tool(**but: Any) -> Tool:
    """Build a tool with a detect-only mode, whose log the generic cleaner reads."""
    tool = Tool(
        name="quet",
        path="tool.yaml",
        digest="t1",
        platforms=(Platform.LINUX,),
        file="tools/quet.sh",
        sha256=TOOL_SUM,
        clean=("--clean",),
        detect=("--detect",),
        complete="DONE",
        found=r"^FOUND (?P<threat>\S+) (?P<object>.+)$",
        removed=r"^REMOVED (?P<threat>\S+) (?P<object>.+)$",
        exits={0: "done", 2: "failed"},
        seconds=300,
    )
    return replace(tool, **but)


def a_cleaning(tool: Tool | None = None, **but: Any) -> Task:
    """Build a task that cleans."""
    arguments = replace(CleanArguments(cleaner="generic", tool=tool or a_tool()), **but)
    return Task(name="clean", module=Module.CLEAN, clean=arguments)


def a_files_task(*roots: str, **but: Any) -> Task:
    """Build a look at files below `roots` of a Linux host."""
    arguments = replace(LookArguments(collector="files", roots={Platform.LINUX: roots}), **but)
    return Task(name="look at files", module=Module.CHECK_IOCS, look=arguments)


def ended(*log: str, exit_code: int = 0) -> RunState:
    """Build a run that came to its end with a whole log of those lines."""
    return RunState(phase=RunPhase.FINISHED, exit_code=exit_code, log="\n".join((*log, "DONE", "")).encode())


@dataclass
class MemoryJournal:
    """Keeps starts in memory, and writes each commit into the same list as what the host was asked."""

    sent: list[Sent] = field(default_factory=list)
    intents: dict[str, Intent] = field(default_factory=dict)
    taken: list[Intent] = field(default_factory=list)
    so_far: dict[str, tuple[TaskResult, ...]] = field(default_factory=dict)
    runs: dict[str, ToolRun] = field(default_factory=dict)
    closed: dict[str, IntentState] = field(default_factory=dict)
    arguments: CleanArguments | None = None
    held: set[str] = field(default_factory=set)
    broken: bool = False

    def begin(self, intent: Intent, so_far: Sequence[TaskResult]) -> bool:
        if self.broken:
            raise StoreError("the disk is full; free space")
        if any(each.intent.run_id != intent.run_id for each in self.open_starts(intent.sweep, intent.host)):
            return False
        self.intents[intent.run_id] = intent
        self.so_far[intent.run_id] = tuple(so_far)
        self._note(intent.host, "begin", intent.run_id)
        return True

    def take_over(self, intent: Intent, so_far: Sequence[TaskResult]) -> None:
        if intent not in self.taken:
            self.taken.append(intent)
        self._note(intent.host, "take over", intent.run_id)

    def finish(self, run: ToolRun) -> ToolRun:
        self._note(self.intents[run.run_id].host, "finish", run.run_id)
        return self.runs.setdefault(run.run_id, run)

    def interrupt(self, run_id: str) -> None:
        self._close(run_id, IntentState.INTERRUPTED)

    def void(self, run_id: str) -> None:
        self._close(run_id, IntentState.VOID)

    def open_starts(self, sweep: str, host: str) -> tuple[OpenStart, ...]:
        arguments = self.arguments or a_cleaning().clean
        assert arguments
        return tuple(
            OpenStart(intent=each, arguments=arguments, held=run_id in self.held and each.sweep != sweep)
            for run_id, each in self.intents.items()
            if each.host == host and self._state(run_id) is IntentState.BEGUN
        )

    def starts_of(self, sweep: str, host: str, attempt: int) -> tuple[AttemptStart, ...]:
        return tuple(
            AttemptStart(
                intent=replace(each, state=self._state(each.run_id)),
                run=self.runs.get(each.run_id),
                taken=each in self.taken,
            )
            for each in (*self.intents.values(), *self.taken)
            if (each.sweep, each.host, each.attempt) == (sweep, host, attempt)
        )

    @property
    def interrupted(self) -> set[str]:
        """The runs that were torn off."""
        return {run_id for run_id, state in self.closed.items() if state is IntentState.INTERRUPTED}

    def open_intents(self, sweep: str, host: str) -> tuple[Intent, ...]:
        """Return the starts of this host in this sweep that have no end."""
        return tuple(each.intent for each in self.open_starts(sweep, host) if each.intent.sweep == sweep)

    def _state(self, run_id: str) -> IntentState:
        return IntentState.FINISHED if run_id in self.runs else self.closed.get(run_id, IntentState.BEGUN)

    def _close(self, run_id: str, state: IntentState) -> None:
        if self._state(run_id) is IntentState.BEGUN:
            self.closed[run_id] = state
        self._note(self.intents[run_id].host, state, run_id)

    def _note(self, host: str, verb: str, run_id: str) -> None:
        self.sent.append(Sent(host, verb, arguments=(run_id,)))


@dataclass
class Stage:
    """One canned host called `pc-01`, the journal of its starts, and what may be handed to a worker or a task."""

    canned: CannedHost
    judging: Callable[[tuple[str, ...]], Judging] = lambda _: BY_BAD_HASH
    pushed: frozenset[str] = frozenset()
    now: datetime = NOON
    recognise: Callable[[str, Identity], Sequence[str]] = lambda *_: ()
    latest_commit: Callable[[], int] = lambda: 0

    def __post_init__(self) -> None:
        self.transport = CannedTransport({"pc-01": self.canned})
        self.journal = MemoryJournal(self.transport.sent)

    @property
    def verbs(self) -> list[str]:
        """What was asked of the host and committed, in order."""
        return [each.verb for each in self.transport.sent]

    @property
    def asked(self) -> list[tuple[str, ...]]:
        """The arguments of each script that was sent."""
        return [each.arguments for each in self.transport.sent if each.verb == "run"]

    @property
    def starts(self) -> list[tuple[str, ...]]:
        """Run id and arguments of each start that was sent."""
        launches = [each.launch for each in self.transport.sent if each.launch]
        return [(launch.run_id, *launch.arguments) for launch in launches]

    def worker(self) -> WorkerContext:
        return WorkerContext(
            open_session=lambda host: self.transport.open(host, None),
            greet=lambda session, host: greet(session, host, a_collector(GREETING)),
            recognise=self.recognise,
            context=self._context,
            module=lambda name: plugins.load("tasks", name)(),
            journal=self.journal,
            clock=lambda: self.now,
        )

    def do(self, task: Task, job: HostJob | None = None, *, record: Record | None = None, **but: Any) -> TaskResult:
        """Run one task in a session of its own, as task 0 of `job`."""
        job = job or a_job(task)
        with VisitLine(lambda: self.transport.open(job.host, None), lambda _: ELEVATED) as line:
            starts = JournaledStarts(job, self._journal(), lambda: (), lambda: self.now, machine=ELEVATED.identity)
            context = replace(self._context(job, line, ELEVATED, starts), record=record or Record(), **but)
            module = plugins.load("tasks", task.module)()
            result: TaskResult = module.run(0, task, context)
            return result

    def _journal(self) -> Journal:
        return self.journal

    def _context(self, job: HostJob, session: Line, greeting: Greeting, starts: Starts) -> TaskContext:
        return TaskContext(
            session=session,
            host=job.host,
            apply=job.apply,
            greeting=greeting,
            collector=a_collector,
            judging=self.judging,
            cleaner=lambda name: plugins.load("cleaners", name)(),
            starts=starts,
            latest_commit=self.latest_commit,
            pushed=self.pushed,
        )


def an_intent_of(host: Host, run_id: str, **but: Any) -> Intent:
    """Build the start of a cleaning by task 0 of attempt 1 of sweep s1."""
    fields: dict[str, Any] = {"sweep": "s1", "attempt": 1, "task": 0, "tool": "quet", "sha256": TOOL_SUM}
    return Intent(**{"run_id": run_id, "host": host.name, "roots": (), "begun": NOON, **fields, **but})
