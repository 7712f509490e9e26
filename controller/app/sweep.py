"""Begin a sweep or go on with one, visit its hosts, and sum up what the store holds of it."""

import getpass
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

from controller import __version__
from controller.app.campaign import Campaign
from controller.app.preflight import Prepared, check_reachable
from controller.app.worker import now, worker_context
from controller.engine.executors.base import Executor, RunHost
from controller.engine.executors.threads import ThreadExecutor
from controller.engine.host import run_host
from controller.errors import Reason, StoreError, SweepError
from controller.model.fleet import Host, Inventory, RosterEntry
from controller.model.result import Attempt, Fault
from controller.model.summary import SweepSummary
from controller.model.sweep import HostJob, OpenAttempt, Sweep
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import summarise
from controller.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A sweep and the visits that it still owes; `gone` are hosts that are no longer in the inventory."""

    sweep: Sweep
    jobs: tuple[HostJob, ...]
    gone: tuple[HostJob, ...] = ()
    new: tuple[str, ...] = ()


def begin(prepared: Prepared, ledger: Ledger) -> Sweep:
    """Write down what is about to happen, and only then return."""
    if prepared.request.again:
        check_reachable(prepared.inventory, prepared.given)
    started = now()
    request = prepared.request
    given = {host.name for host in prepared.given}
    sweep = Sweep(
        id=f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        started=started,
        operator=getpass.getuser(),
        apply=request.apply,
        limit=request.limit,
        playbook=prepared.playbook,
        inventory=prepared.inventory.path,
        inventory_digest=prepared.inventory.digest,
        roster=tuple(_roster(prepared.inventory, given)),
        units=prepared.inventory.units,
        order=prepared.inventory.order,
        rejected=prepared.rejected,
        blind=prepared.blind,
        program=__version__,
    )
    ledger.begin_sweep(sweep, prepared.files)
    return sweep


def unfinished(prepared: Prepared, ledger: Ledger) -> Sweep | None:
    """Return the newest sweep of this playbook and inventory to go on with: an unfinished one before a finished one.

    Raises:
        SweepError: the playbook, a list or a tool is another one now, or the options contradict the sweep.

    """
    path, inventory = prepared.playbook.path, prepared.inventory.path
    return _same(ledger.unfinished(path, inventory) or ledger.newest(path, inventory), prepared, ledger)


def newest(prepared: Prepared, ledger: Ledger) -> Sweep:
    """Return the newest sweep of this playbook and inventory.

    Raises:
        SweepError: as `unfinished`, or there is none.

    """
    sweep = _same(ledger.newest(prepared.playbook.path, prepared.inventory.path), prepared, ledger)
    if sweep is None:
        raise SweepError("the store has no sweep of this playbook and inventory; begin one without --retry.")
    return sweep


def course_of(sweep: Sweep, prepared: Prepared, ledger: Ledger, retry: Verdict | None = None) -> Course:
    """Return the visits that a sweep owes: hosts without a result, or those with the verdict `retry`.

    Call it while the sweep is held. Roster, units and mode are the sweep's; only how a host is reached is read
    anew. A host that was not visited yet is unknown. A visit without end goes on when unknown ones are retried, also
    where it found the host infected: how a tool that it started came out is not known.

    Raises:
        OperatorError: a host that is owed a visit cannot be reached as the inventory says.

    """
    finished = ledger.attempts(sweep.id)
    broken_off = {each.host: each for each in ledger.open_attempts(sweep.id)}
    given = [entry.name for entry in sweep.roster if entry.given]
    if retry is None:
        owed = [name for name in given if name not in finished or name in broken_off]
    else:
        states = Campaign(ledger).judgements(given)
        unended = broken_off if retry is Verdict.UNKNOWN else {}
        owed = [name for name in given if states[name].verdict is retry or name in unended]
    return _course(sweep, owed, prepared, finished, broken_off)


def executor_for(course: Course, prepared: Prepared, ledger: Ledger, *, forks: int) -> Executor:
    """Visit hosts from `forks` threads of this process."""
    visit: RunHost = partial(run_host, worker=worker_context(prepared, ledger))
    return ThreadExecutor(visit, forks=max(1, min(forks, len(course.jobs))))


def visit(course: Course, ledger: Ledger, executor: Executor) -> Iterator[tuple[str, Judgement]]:
    """Yield each host and what is said of it once its attempt is committed; the iterator is the progress feed.

    Attempts are committed in a thread of their own, so that a consumer that is slow, stops or raises delays no
    commit: the feed holds one judgement a host at most. Whoever closes the iterator early ends the sweep: no new host
    begins, those under way are left, and what came back is committed before the iterator is closed.

    Raises:
        StoreError: a result could not be written; no further host begins.

    """
    feed: SimpleQueue[tuple[str, Judgement] | None] = SimpleQueue()

    def commit() -> None:
        try:
            for each in _committed(course, ledger, executor):
                feed.put(each)
        finally:
            feed.put(None)

    with ThreadPoolExecutor(1, thread_name_prefix="commit") as thread:
        committing = thread.submit(commit)
        try:
            yield from iter(feed.get, None)
        finally:
            executor.stop(0.0)
            committing.result()


def _committed(course: Course, ledger: Ledger, executor: Executor) -> Iterator[tuple[str, Judgement]]:
    sweep, campaign = course.sweep, Campaign(ledger)
    for job in course.gone:
        moment = now()
        fault = Fault(Reason.HOST_GONE)
        attempt = Attempt(
            host=job.host.name, number=job.attempt, started=moment, ended=moment, tasks=job.so_far, fault=fault
        )
        ledger.finish_attempt(sweep.id, attempt)
        yield attempt.host, campaign.judgement(attempt.host)
    results = executor.run(course.jobs)
    try:
        for attempt in results:
            _commit(attempt, sweep, ledger)
            yield attempt.host, campaign.judgement(attempt.host)
    finally:
        executor.stop(0.0)
        for attempt in results:  # the failure over one result must not lose those that came back behind it
            with suppress(StoreError):
                _commit(attempt, sweep, ledger)
    finished = ledger.attempts(sweep.id)
    if all(entry.name in finished for entry in sweep.roster if entry.given):
        ledger.end_sweep(sweep.id, now())


def _commit(attempt: Attempt, sweep: Sweep, ledger: Ledger) -> None:
    """Keep a result; a visit that ended since the store failed is none, and is owed still."""
    if attempt.fault and attempt.fault.reason is Reason.HOST_PENDING:
        raise StoreError(attempt.fault.detail)
    ledger.finish_attempt(sweep.id, attempt)


def summary_of(ledger: Ledger, sweep: Sweep) -> SweepSummary:
    """Sum up the computers that `sweep` was given, by their state in the campaign."""
    given = [entry.name for entry in sweep.roster if entry.given]
    return summarise(sweep.units, sweep.roster, Campaign(ledger).judgements(given), sweeps=(sweep.id,))


def planned(ledger: Ledger, sweep: Sweep) -> tuple[tuple[str, str], ...]:
    """What `--apply` would do: host and sentence, as the newest attempt of each host left it."""
    attempts = ledger.attempts(sweep.id)
    return tuple((host, each) for host, visits in attempts.items() for task in visits[-1].tasks for each in task.plan)


def tools_under_way(ledger: Ledger, sweep: Sweep) -> tuple[str, ...]:
    """The given hosts on which a tool was started, in any sweep of the store, whose end is not known yet."""
    given = {entry.name for entry in sweep.roster if entry.given}
    return tuple(host for host in ledger.hosts_under_way() if host in given)


def _course(
    sweep: Sweep,
    names: Sequence[str],
    prepared: Prepared,
    finished: Mapping[str, Sequence[Attempt]],
    broken_off: Mapping[str, OpenAttempt],
) -> Course:
    reachable = {host.name: host for host in prepared.inventory.hosts}
    units = {entry.name: entry.unit for entry in sweep.roster}
    jobs: list[HostJob] = []
    gone: list[HostJob] = []
    for name in names:
        host = reachable.get(name, Host(name=name, address="", unit=units[name]))
        started = broken_off.get(name)
        number = started.number if started else len(finished.get(name, ())) + 1
        job = HostJob(
            sweep=sweep.id,
            host=host,
            tasks=prepared.playbook.tasks,
            apply=sweep.apply,
            attempt=number,
            so_far=started.so_far if started else (),
        )
        (jobs if name in reachable else gone).append(job)
    check_reachable(prepared.inventory, [job.host for job in jobs])
    new = tuple(name for name in reachable if name not in units)
    return Course(sweep=sweep, jobs=tuple(jobs), gone=tuple(gone), new=new)


def _same(found: str | None, prepared: Prepared, ledger: Ledger) -> Sweep | None:
    """A sweep has one playbook, one set of lists and tools, and one mode, to its end."""
    if found is None:
        return None
    sweep = ledger.sweep(found)
    kept = {(file.role, file.sha256) for file in ledger.kept_files(sweep.id)}
    there = {(file.role, file.sha256): file.name for file in prepared.files}
    changed = [name for key, name in there.items() if key not in kept]
    if changed or len(kept) != len(there):
        what = f"'{changed[0]}'" if changed else "the set of lists and tools"
        raise SweepError(f"{what} has changed since sweep '{sweep.id}' began; start a new sweep.")
    request = prepared.request
    if request.apply and not sweep.apply:
        raise SweepError(f"sweep '{sweep.id}' was begun without --apply; start a new sweep.")
    if request.limit and request.limit != sweep.limit:
        begun = f"with --limit '{sweep.limit}'" if sweep.limit else "without --limit"
        raise SweepError(f"sweep '{sweep.id}' was begun {begun}; leave it out, or start a new sweep.")
    return sweep


def _roster(inventory: Inventory, given: Collection[str]) -> Iterator[RosterEntry]:
    for host in inventory.hosts:
        yield RosterEntry(
            name=host.name, unit=host.unit, platform=host.platform, users=host.users, given=host.name in given
        )
