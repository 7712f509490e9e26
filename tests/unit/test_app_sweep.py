"""A sweep is begun once, goes on where it was, and is over when every given host has its result."""

import hashlib
import threading
from pathlib import Path

import pytest

from controller import plugins
from controller.app import sweep as sweeps
from controller.app.worker import worker_context
from controller.engine.executors.base import Executor
from controller.engine.executors.serial import SerialExecutor
from controller.engine.executors.threads import ThreadExecutor
from controller.engine.journal import JournaledStarts
from controller.engine.line import VisitLine
from controller.errors import Reason, StoreError
from controller.model.fleet import Platform
from controller.model.result import Attempt, Identity
from controller.model.sweep import HostJob
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from controller.tasks.base import TaskContext
from controller.transports.canned import CannedHost, CannedTransport
from tests.builders import BAD, a_job, an_attempt
from tests.office import CLEAN, HEAD, LOOK, VARS, Office
from tests.sweeping import begun, clean, course, each_says, go, infected, is_over, owed
from tests.visits import ELEVATED, a_process, greeted, processes


def test_what_a_sweep_begins_with_is_kept(office: Office, ledger: Ledger) -> None:
    office.write("bad.txt", f"{BAD}\nC:\\x\\e.exe\n{'0' * 10}\n")

    sweep = begun(office, ledger, limit="pc-01,pc-03", max_rejected=0.5)

    assert ledger.sweep(sweep.id) == sweep
    assert {entry.name: (entry.unit, entry.given) for entry in sweep.roster} == {
        "pc-01": ("cc-mot", True),
        "pc-02": ("cc-mot", False),
        "pc-03": ("", True),
    }
    assert {entry.platform for entry in sweep.roster} == {Platform.LINUX}
    assert [unit.name for unit in sweep.units] == ["Chi cục Một"]
    assert (sweep.limit, sweep.apply, sweep.rejected) == ("pc-01,pc-03", False, 1)
    assert [(each.platform, each.kind, each.unseen) for each in sweep.blind] == [("linux", "path", 1)]
    assert [file.data for file in ledger.kept_files(sweep.id)][1] == (office.folder / "bad.txt").read_bytes()


def test_variables_of_hosts_are_not_kept(office: Office, ledger: Ledger, tmp_path: Path) -> None:
    office.write("inventory.yml", f"all:\n{VARS}  hosts:\n    pc-01: {{ghi_chu: khong-duoc-ghi}}\n")

    go(course(office, ledger, begun(office, ledger)), ledger)

    assert not any(b"khong-duoc-ghi" in file.read_bytes() for file in tmp_path.glob("lamsach.db*") if file.is_file())


def test_nothing_is_visited_before_the_sweep_is_written_down(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger)

    assert not is_over(ledger)
    assert sweeps.summary_of(ledger, sweep).total.unknown == 3


@pytest.mark.usefixtures("known_nonce")
def test_a_whole_sweep_over_canned_hosts(office: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    canned = CannedTransport(
        {
            "pc-01": CannedHost(replies=[greeted(), processes(a_process("/tmp/x", BAD))]),
            "pc-02": CannedHost(replies=[greeted(), processes()]),
        }
    )
    load = plugins.load
    monkeypatch.setattr(plugins, "load", lambda *what: (lambda: canned) if what[0] == "transports" else load(*what))
    prepared = office.prepare()
    sweep = sweeps.begin(prepared, ledger)
    planned = sweeps.course_of(sweep, prepared, ledger)

    seen = dict(sweeps.visit(planned, ledger, sweeps.executor_for(planned, prepared, ledger, forks=3)))

    assert {host: (judgement.verdict, judgement.reason) for host, judgement in seen.items()} == {
        "pc-01": (Verdict.INFECTED, Reason.MATCH_FOUND),
        "pc-02": (Verdict.CLEAN, None),
        "pc-03": (Verdict.UNKNOWN, Reason.REACH_TIMEOUT),
    }
    assert is_over(ledger)
    counts = sweeps.summary_of(ledger, sweep).total
    assert (counts.given, counts.clean, counts.infected, counts.unknown) == (3, 1, 1, 1)


def test_a_host_is_told_of_only_after_its_result_is_kept(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger)

    for host, _ in sweeps.visit(course(office, ledger, sweep), ledger, SerialExecutor(clean)):
        assert host in ledger.attempts(sweep.id)


def test_a_sweep_is_over_only_when_every_given_host_has_its_result(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger, limit="pc-01,pc-02")
    assert len(go(course(office, ledger, sweep), ledger, hosts=1)) == 1
    assert not is_over(ledger)

    go(course(office, ledger, sweep), ledger)

    assert is_over(ledger)
    assert ledger.attempts(sweep.id).keys() == {"pc-01", "pc-02"}


@pytest.mark.parametrize("threads", [False, True])
def test_a_result_that_cannot_be_written_ends_the_handing_out_of_jobs(
    office: Office, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, threads: bool
) -> None:
    office.invite("pc-01", "pc-02", *(f"x-{number}" for number in range(20)))
    planned = course(office, ledger, begun(office, ledger))
    visited: list[str] = []
    gate = threading.Semaphore(1)

    def says(job: HostJob) -> Attempt:
        gate.acquire(timeout=5)
        visited.append(job.host.name)
        return clean(job)

    def full(*_: object) -> None:
        raise StoreError("the disk is full; free space")

    monkeypatch.setattr(ledger, "finish_attempt", full)
    executor: Executor = ThreadExecutor(says, forks=1) if threads else SerialExecutor(says)

    with pytest.raises(StoreError, match="the disk is full"):
        list(sweeps.visit(planned, ledger, executor))

    gate.release(30)
    for thread in threading.enumerate():
        if thread.name == "host-0":
            thread.join(timeout=5)
    assert len(visited) <= 2  # the one that was told of, and one that was under way
    assert not is_over(ledger)


def test_a_visit_that_the_store_ended_is_no_result(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger)

    def says(job: HostJob) -> Attempt:
        return an_attempt(host=job.host.name, fault=Reason.HOST_PENDING)

    with pytest.raises(StoreError):
        go(course(office, ledger, sweep), ledger, says)

    assert ledger.attempts(sweep.id) == {}
    assert owed(course(office, ledger, sweep)) == [("pc-03", 1), ("pc-01", 1), ("pc-02", 1)]


def context_of(office: Office, ledger: Ledger) -> TaskContext:
    """Make what a task on `pc-01` is handed."""
    worker, job = worker_context(office.prepare(), ledger), a_job()
    canned = CannedTransport({"pc-01": CannedHost()})
    with VisitLine(lambda: canned.open(job.host, None), lambda _: ELEVATED) as line:
        return worker.context(
            job, line, ELEVATED, JournaledStarts(job, ledger, lambda: (), worker.clock, machine=Identity())
        )


def test_a_task_is_judged_by_its_own_lists_or_by_all(office: Office, ledger: Ledger) -> None:
    office.write("playbook.yml", HEAD.replace("[bad.txt]", "[bad.txt, b.txt, c.txt]") + LOOK)
    for name, value in (("b.txt", "c" * 31 + "d"), ("c.txt", "d" * 63 + "e")):
        office.write(name, value)
    files = (office.folder / name for name in ("bad.txt", "b.txt", "c.txt"))
    sums = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    judging = context_of(office, ledger).judging

    assert judging(()).digests == tuple(sorted(sums.values()))
    assert judging((str(office.folder / "bad.txt"),)).digests == (sums["bad.txt"],)


def test_only_what_we_push_is_ours(office: Office, ledger: Ledger) -> None:
    assert context_of(office, ledger).pushed == frozenset()

    office.write("playbook.yml", HEAD + LOOK + CLEAN)

    assert context_of(office, ledger).pushed == {hashlib.sha256(b"#!/bin/sh\n").hexdigest()}


def test_a_visit_asks_what_could_close_what_is_open_though_the_playbook_does_not(
    office: Office, ledger: Ledger
) -> None:
    first = begun(office, ledger)
    go(course(office, ledger, first), ledger, each_says(pc_01=infected))

    jobs = {job.host.name: job.tasks for job in course(office, ledger, begun(office, ledger)).jobs}

    own, *more = jobs["pc-01"]
    assert [task.look.collector for task in more if task.look] == ["autostart", "files"]
    folders = more[1].look
    assert folders
    assert (folders.roots, folders.depth) == ({Platform.LINUX: ("/usr/bin",)}, 1)
    assert jobs["pc-02"] == (own,)
