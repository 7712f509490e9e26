"""An office whose canned computers give real answers, visited sweep by sweep into a real store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from click.testing import CliRunner, Result

from controller.app import sweep as sweeps
from controller.app.campaign import Campaign
from controller.cli import cli
from controller.engine.host import run_host
from controller.model.collector import Unread
from controller.model.result import Attempt, ToolRun
from controller.model.sweep import HostJob, KeptFile
from controller.store.ledger import Ledger
from controller.transports.base import Reply
from controller.transports.canned import CannedHost
from tests.builders import BAD, NOON, a_result
from tests.office import HEAD, Office
from tests.sweeping import go
from tests.visits import Stage, a_file, a_process, framed, greeted, processes

FILES: Final = "  - check_iocs: {collector: files, roots: {linux: [/home]}}\n"
PROCESSES: Final = "  - check_iocs: {collector: processes}\n"
AUTOSTART: Final = "  - check_iocs: {collector: autostart}\n"
PROGRAM: Final = "/home/an/bad.bin"
GOOD: Final = "11" * 32


def bad_file(path: str = PROGRAM, sha256: str = BAD) -> Mapping[str, Any]:
    return a_file(path, sha256=sha256)


def files(*rows: Mapping[str, Any], unread: Sequence[Unread] = (), stopped: str = "no") -> Reply:
    """Build an answer of `files` below /home, which has one healthy file."""
    healthy = a_file("/home/an/thư.txt", sha256=GOOD)
    return framed("files", a_file("/home", "folder"), healthy, *rows, unread=unread, stopped=stopped)


def running(*rows: Mapping[str, Any]) -> Reply:
    return processes(a_process(), *rows)


def entries(*rows: Mapping[str, Any]) -> Reply:
    return framed("autostart", *rows)


def an_entry(path: str = PROGRAM, **but: Any) -> Mapping[str, Any]:
    row = {"kind": "cron", "name": "updater", "path": path, "command": path, "user": "an", "enabled": True}
    return {**row, "sha256": "", "sha1": "", "md5": "", "location": "/etc/crontab", **but}


@dataclass
class Answering:
    """Each visit is a day later than the one before; `says` gives a computer's answers, one for each task."""

    office: Office
    ledger: Ledger
    now: datetime = NOON
    usual: tuple[Reply, ...] = field(default_factory=lambda: (files(),))

    def playbook(self, tasks: str, lists: str = "bad.txt") -> None:
        self.office.write("playbook.yml", HEAD.replace("bad.txt", lists) + tasks)

    def sweep(
        self,
        says: Mapping[str, tuple[Reply, ...] | None] | None = None,
        runs: Mapping[str, ToolRun] | None = None,
        **but: Any,
    ) -> None:
        """Visit every computer; None is one that is switched off. `runs` are what a tool did there at the end."""
        self.now += timedelta(days=1)
        prepared = self.office.prepare(**but)
        prepared = replace(prepared, files=tuple(map(_with_path, prepared.files)))
        sweep = sweeps.begin(prepared, self.ledger)
        course = sweeps.course_of(sweep, prepared, self.ledger)
        answers, ran = says or {}, runs or {}

        def visit(job: HostJob) -> Attempt:
            attempt = self._visit(job, answers.get(job.host.name, self.usual))
            run = ran.get(job.host.name)
            return replace(attempt, tasks=(*attempt.tasks, a_result(run, index=9))) if run else attempt

        go(course, self.ledger, visit, hosts=len(course.jobs) + 1)

    def _visit(self, job: HostJob, replies: tuple[Reply, ...] | None) -> Attempt:
        canned = CannedHost(replies=[greeted(), *(replies or ())])
        stage = Stage(canned, now=self.now, latest_commit=self.ledger.latest_commit)
        if replies is None:
            stage.transport._lines.clear()
        else:
            stage.transport._lines[job.host.name] = stage.transport._lines.pop("pc-01")
        return run_host(job, stage.worker())

    def word(self, host: str = "pc-01") -> str:
        """Its state in one word: the reason, or `clean` or `cleaned`."""
        judgement = Campaign(self.ledger).judgement(host)
        return judgement.reason or judgement.verdict

    def words(self) -> dict[str, str]:
        return {host: each.reason or each.verdict for host, each in Campaign(self.ledger).judgements().items()}

    def run(self, *words: str) -> Result:
        """Run a command line on the store."""
        return CliRunner().invoke(cli, [*words, "--store", str(self.office.folder / "lamsach.db")])

    def done(self, *words: str) -> str:
        """Run a command line that must end well, and return what it printed."""
        result = self.run(*words)
        assert result.exception is None, result.exception
        assert result.return_value in {None, 0}, result.output
        return result.stdout


def _with_path(file: KeptFile) -> KeptFile:
    return replace(file, path=file.name) if file.role == "list" and not file.path else file
