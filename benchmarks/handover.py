"""What finished visits cost while they wait to be committed: memory must not grow with the fleet.

    python -m benchmarks.handover [--hosts 1000 3000] [--forks 64] [--json]

Stub hosts answer at once, so that visits end faster than results are committed: every visit is real (`run_host`, the
shipped collectors `host` and `processes`, judging, an answer of 76 kB), only the line to the host is not. Each size of
fleet is swept by a process of its own, whose peak memory the system tells.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from controller.app import sweep as sweeps
from controller.app.preflight import Prepared, SweepRequest, prepare
from controller.app.worker import worker_context
from controller.engine.executors.threads import ThreadExecutor
from controller.engine.host import run_host
from controller.model.fleet import Host
from controller.model.result import Attempt
from controller.store.ledger import Ledger
from controller.transports.base import Reply

ROWS: Final = 230
"""Rows of `processes`, which make an answer of 76 kB; one in fourteen names a file that only this host has."""

_OWN: Final = 14
_PLAYBOOK: Final = "name: measure\nhosts: all\nioc_lists: [bad.txt]\ntasks:\n  - check_iocs: {collector: processes}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One sweep: peak memory, committed hosts a second, and how long a commit took at the median and at the 99th."""

    hosts: int
    forks: int
    peak_mb: float
    hosts_per_second: float
    commit_p50_ms: float
    commit_p99_ms: float
    cpu_ms_per_host: float


def main() -> None:
    """Print a table, and the memory of the largest fleet over that of the smallest."""
    asked = _arguments()
    if asked.one:
        print(json.dumps(asdict(_measure(asked.one, asked.forks))))
        return
    costs = [_in_a_process(hosts, asked.forks) for hosts in asked.hosts]
    ratio = round(costs[-1].peak_mb / costs[0].peak_mb, 2)
    if asked.json:
        print(json.dumps({"costs": [asdict(each) for each in costs], "memory_ratio": ratio}, indent=2))
        return
    print(
        f"{'hosts':>6} {'forks':>6} {'peak MB':>8} {'hosts/s':>8} {'commit p50':>11} {'p99 ms':>7} {'CPU ms/host':>12}"
    )
    for cost in costs:
        print(
            f"{cost.hosts:>6} {cost.forks:>6} {cost.peak_mb:>8} {cost.hosts_per_second:>8} {cost.commit_p50_ms:>11}"
            f" {cost.commit_p99_ms:>7} {cost.cpu_ms_per_host:>12}"
        )
    print(f"Memory of {costs[-1].hosts} hosts over that of {costs[0].hosts}: {ratio}")


class TimedLedger(Ledger):
    """A ledger that notes how long each commit of a result takes, in milliseconds."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.took: list[float] = []

    def finish_attempt(self, sweep: str, attempt: Attempt) -> None:
        """Commit, and note how long it took."""
        began = time.perf_counter()
        super().finish_attempt(sweep, attempt)
        self.took.append(1000 * (time.perf_counter() - began))


class StubSession:
    """A host that answers each question at once."""

    host_key = ""

    def __init__(self, host: Host) -> None:
        self._host = host

    def run(self, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Reply:  # noqa: ARG002 - the protocol's
        """Answer the first question with who we are, and any other with what runs."""
        rows = [self._who()] if "COLLECTOR=host" in script else [self._process(number) for number in range(ROWS)]
        collector = "host" if len(rows) == 1 else "processes"
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        answer = f"#begin {collector} 2 {arguments[0]} -\n{text}#end {len(rows)} unread=0 stopped=no\n"
        return Reply(exit_code=0, stdout=answer.encode(), stderr=b"")

    def _who(self) -> Mapping[str, Any]:
        texts = ("system", "kernel", "machine_id", "boot_id", "powershell", "language_mode")
        return {
            **dict.fromkeys(texts, ""),
            "computer_name": self._host.name,
            "platform": "linux",
            "user": "0",
            "elevated": True,
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, self._host.name)),
            "serial": f"serial of {self._host.name}",
            "macs": [],
            "clock": int(time.time()),
            "free_bytes": 1 << 30,
        }

    def _process(self, number: int) -> Mapping[str, Any]:
        place = self._host.name if number % _OWN == 0 else "common"
        path = f"/opt/{place}/{number:04}/program-with-a-name-of-usual-length"
        return {
            "pid": number + 1,
            "parent": 1,
            "name": path.rpartition("/")[2],
            "path": path,
            "sha256": hashlib.sha256(path.encode()).hexdigest(),
            "sha1": "",
            "md5": "",
            "command_line": path,
            "user": "0",
            "deleted": False,
            "own": number == 0,
        }


def _in_a_process(hosts: int, forks: int) -> Cost:
    words = (sys.executable, "-m", "benchmarks.handover", "--one", str(hosts), "--forks", str(forks))
    done = subprocess.run(words, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, check=True)
    return Cost(**json.loads(done.stdout))


def _measure(hosts: int, forks: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        prepared = _prepared(Path(folder), hosts)
        with TimedLedger.open(Path(folder, "store.db")) as ledger:
            course = sweeps.course_of(sweeps.begin(prepared, ledger), prepared, ledger)
            worker = replace(worker_context(prepared, ledger), open_session=_open)
            executor = ThreadExecutor(partial(run_host, worker=worker), forks=forks)
            cpu, wall = time.process_time(), time.monotonic()
            verdicts = [judgement.verdict for _, judgement in sweeps.visit(course, ledger, executor)]
            cpu, wall = time.process_time() - cpu, time.monotonic() - wall
            took = sorted(ledger.took)
    assert verdicts == ["clean"] * hosts
    return Cost(
        hosts=hosts,
        forks=forks,
        peak_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        hosts_per_second=round(hosts / wall, 1),
        commit_p50_ms=round(took[len(took) // 2], 1),
        commit_p99_ms=round(took[len(took) * 99 // 100], 1),
        cpu_ms_per_host=round(1000 * cpu / hosts, 1),
    )


def _prepared(folder: Path, hosts: int) -> Prepared:
    (folder / "bad.txt").write_text(f"{'ab' * 32}\n", encoding="utf-8")
    (folder / "playbook.yml").write_text(_PLAYBOOK, encoding="utf-8")
    (folder / "secret").write_text("not used\n", encoding="utf-8")
    names = "".join(f"    pc-{number:05}: {{}}\n" for number in range(hosts))
    account = "{ansible_user: an, lamsach_account: local, lamsach_secret: 'file:secret'}"
    text = f"all:\n  vars: {account}\n  hosts:\n{names}"
    (folder / "inventory.yml").write_text(text, encoding="utf-8")
    return prepare(SweepRequest(playbook=folder / "playbook.yml", inventory=folder / "inventory.yml"))


@contextmanager
def _open(host: Host) -> Iterator[Any]:
    yield StubSession(host)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.handover", description=__doc__)
    parser.add_argument("--hosts", type=int, nargs="+", default=[1000, 3000], help="sizes of fleet, smallest first")
    parser.add_argument("--forks", type=int, default=64, help="hosts visited at a time")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if min(*asked.hosts, asked.forks) < 1:
        parser.error("there is nothing to measure; ask for one host or more, and for one fork or more.")
    return asked


if __name__ == "__main__":
    main()
