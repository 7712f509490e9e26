"""Begin a sweep or go on with one, visit its hosts, and sum up what the store holds of it."""

import getpass
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import Final

from controller import __version__
from controller.app.campaign import Campaign
from controller.app.lists import identity_of
from controller.app.preflight import Prepared, check_reachable
from controller.app.worker import now, worker_context
from controller.engine.executors.base import Executor, RunHost
from controller.engine.executors.threads import ThreadExecutor
from controller.engine.host import run_host
from controller.errors import Reason, StoreError, SweepError
from controller.model.fleet import Host, Inventory, Platform, RosterEntry
from controller.model.playbook import LookArguments, Module, Playbook, Task
from controller.model.result import Attempt, Fault
from controller.model.summary import SweepSummary
from controller.model.sweep import HostJob, KeptFile, OpenAttempt, Sweep
from controller.model.text import shown
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import summarise
from controller.store.ledger import Ledger
from controller.tasks.clean import AUTOSTART, FILES

_MOST_NAMED: Final = 3
"""Of other sweeps that have not ended, so many are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A sweep and the visits that it still owes; `gone` are hosts that are no longer in the inventory."""

    sweep: Sweep
    jobs: tuple[HostJob, ...]
    gone: tuple[HostJob, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The hosts to visit again, and those of the same state that a running sweep is still to visit."""

    names: tuple[str, ...]
    left: tuple[str, ...] = ()


def begin(
    prepared: Prepared, ledger: Ledger, *, only: Collection[str] | None = None, retried: Verdict | None = None
) -> Sweep:
    """Write down what is about to happen, and only then return.

    `only` narrows the given hosts to these names; they were chosen because their state is `retried`.
    """
    hosts = [host for host in prepared.given if only is None or host.name in only]
    if prepared.request.again:
        check_reachable(prepared.inventory, hosts)
    started = now()
    request = prepared.request
    given = {host.name for host in hosts}
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
        retried=retried,
        list_here=request.list_here,
    )
    ledger.begin_sweep(sweep, kept_files(prepared, ledger))
    return sweep


def kept_files(prepared: Prepared, ledger: Ledger) -> tuple[KeptFile, ...]:
    """Return the files that a sweep keeps, each list under the path that identifies it over its versions."""
    folder = prepared.request.folder or ledger.folder
    role = "list here" if prepared.request.list_here else "list"
    paths = iter(dict.fromkeys(prepared.playbook.lists))
    return tuple(
        replace(file, role=role, path=identity_of(next(paths), folder)) if file.role == "list" else file
        for file in prepared.files
    )


def to_resume(prepared: Prepared, ledger: Ledger, name: str = "") -> Sweep:
    """Return the unfinished sweep of this playbook and inventory, or the one that `name` (id, unique beginning) names.

    Raises:
        SweepError: there is none, or several and no `name`; the playbook, a list or a tool is another one now; or the
            options contradict the sweep.

    """
    found = ledger.unfinished(prepared.playbook.path, prepared.inventory.path)
    if name:
        wanted = ledger.resolve(name)
        if wanted not in found:
            raise _not_to_resume(ledger.sweep(wanted), prepared)
        found = (wanted,)
    if not found:
        raise _nothing_to_resume(prepared, ledger)
    if len(found) > 1:
        raise SweepError(
            f"{len(found)} sweeps of this playbook and inventory have not ended: {', '.join(found)}; "
            f"choose one: --resume --sweep {found[0]}."
        )
    return _same(ledger.sweep(found[0]), prepared, ledger)


def to_retry(prepared: Prepared, ledger: Ledger, state: Verdict) -> Retry:
    """Return which of the given hosts have that state in the campaign, whatever sweep they were in.

    A host that no sweep reached is unknown; so is one on which a tool was started whose end is not known yet, also
    where it is infected. A retired one is left alone, and one that a running sweep is still to visit is left to it.
    """
    names = [host.name for host in prepared.given]
    states = Campaign(ledger).judgements(names)
    under_way = set(ledger.hosts_under_way()) if state is Verdict.UNKNOWN else set()
    chosen = [
        name for name in names if (states[name].verdict is state or name in under_way) and not states[name].retired
    ]
    busy = _owed_by_running_sweeps(ledger)
    return Retry(
        names=tuple(name for name in chosen if name not in busy), left=tuple(name for name in chosen if name in busy)
    )


def course_of(sweep: Sweep, prepared: Prepared, ledger: Ledger) -> Course:
    """Return the visits that a sweep owes: those that have no result.

    Call it while the sweep is held. Roster, units and mode are the sweep's; only how a host is reached is read
    anew. A visit that was broken off after it had started a tool goes on behind what it had committed then.

    Raises:
        OperatorError: a host that is owed a visit cannot be reached as the inventory says.

    """
    finished = ledger.attempts(sweep.id)
    broken_off = {each.host: each for each in ledger.open_attempts(sweep.id)}
    given = [entry.name for entry in sweep.roster if entry.given]
    owed = [name for name in given if name not in finished or name in broken_off]
    return _course(sweep, owed, prepared, broken_off, Campaign(ledger).judgements(owed))


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


def by_own_lists(ledger: Ledger, sweep: Sweep) -> Mapping[str, Verdict]:
    """Return what the lists of a sweep alone say of each given host: of its visits in this sweep, and nothing else.

    A match that its looks showed makes a host infected, also when a tool removed it afterwards.
    """
    given = [entry.name for entry in sweep.roster if entry.given]
    return {
        name: _by_own_lists([visit.attempt for visit in ledger.visits(name) if visit.sweep == sweep.id])
        for name in given
    }


def _by_own_lists(attempts: Sequence[Attempt]) -> Verdict:
    looks = [look for attempt in attempts if not attempt.in_doubt for look in attempt.looks if look.judged]
    matches = [match for look in looks for match in look.matches]
    if any(match.grade.infects for match in matches):
        return Verdict.INFECTED
    is_whole = bool(looks) and attempts[-1].first_fault is None and not any(look.stopped for look in looks)
    return Verdict.UNKNOWN if not is_whole or any(match.grade.weighs for match in matches) else Verdict.CLEAN


def _course(
    sweep: Sweep,
    names: Sequence[str],
    prepared: Prepared,
    broken_off: Mapping[str, OpenAttempt],
    states: Mapping[str, Judgement],
) -> Course:
    reachable = {host.name: host for host in prepared.inventory.hosts}
    units = {entry.name: entry.unit for entry in sweep.roster}
    jobs: list[HostJob] = []
    gone: list[HostJob] = []
    for name in names:
        host = reachable.get(name, Host(name=name, address="", unit=units[name]))
        started = broken_off.get(name)
        job = HostJob(
            sweep=sweep.id,
            host=host,
            tasks=(*prepared.playbook.tasks, *_to_close(states[name], prepared.playbook, host.platform)),
            apply=sweep.apply,
            attempt=started.number if started else 1,
            so_far=started.so_far if started else (),
        )
        (jobs if name in reachable else gone).append(job)
    check_reachable(prepared.inventory, [job.host for job in jobs])
    new = tuple(name for name in reachable if name not in units)
    return Course(sweep=sweep, jobs=tuple(jobs), gone=tuple(gone), new=new)


def _to_close(state: Judgement, playbook: Playbook, platform: Platform) -> Iterator[Task]:
    """Yield the looks without which what is open on a computer could never close, behind those of the playbook.

    A process, a connection or an autostart entry that was left behind closes only with a look at what starts by itself,
    and at the folder of the program (campaign rules, section 5); the playbook may ask neither.
    """
    asked = {task.look.collector for task in playbook.tasks if task.look and task.module is Module.CHECK_IOCS}
    if state.asks_starts and AUTOSTART not in asked:
        look = LookArguments(collector=AUTOSTART)
        yield Task(name="what starts by itself, for what is open", module=Module.CHECK_IOCS, look=look)
    if state.asks_folders:
        look = LookArguments(collector=FILES, roots={platform: state.asks_folders}, depth=1)
        yield Task(name="the folders of programs that were met", module=Module.CHECK_IOCS, look=look)


def _not_to_resume(sweep: Sweep, prepared: Prepared) -> SweepError:
    if (sweep.playbook.path, sweep.inventory) == (prepared.playbook.path, prepared.inventory.path):
        return SweepError(f"sweep '{sweep.id}' has ended; begin a new one, or visit again what it left with --retry.")
    return SweepError(f"sweep '{sweep.id}' is of {_files_of(sweep)}; resume it with these, or leave out --sweep.")


def _nothing_to_resume(prepared: Prepared, ledger: Ledger) -> SweepError:
    """Name the sweeps that could be meant: another folder or spelling must not look like a campaign without any."""
    others = [ledger.sweep(line.id) for line in ledger.sweeps() if line.ended is None]
    beside = "".join(f"; not ended is '{each.id}' of {_files_of(each)}" for each in others[:_MOST_NAMED])
    return SweepError(
        f"store '{shown(str(ledger.path.absolute()))}' has no unfinished sweep of playbook "
        f"'{shown(prepared.playbook.path)}' and inventory '{shown(prepared.inventory.path)}'{beside}; "
        "begin a new sweep without --resume."
    )


def _files_of(sweep: Sweep) -> str:
    return f"playbook '{shown(sweep.playbook.path)}' and inventory '{shown(sweep.inventory)}'"


def _owed_by_running_sweeps(ledger: Ledger) -> set[str]:
    """Return the hosts that a sweep which another process runs now is still to visit."""
    running = [ledger.sweep(line.id) for line in ledger.sweeps() if line.ended is None and ledger.is_held(line.id)]
    return {
        entry.name
        for sweep in running
        for finished in [ledger.attempts(sweep.id)]
        for entry in sweep.roster
        if entry.given and entry.name not in finished
    }


def _same(sweep: Sweep, prepared: Prepared, ledger: Ledger) -> Sweep:
    """A sweep has one playbook, one set of lists and tools, and one mode, to its end."""
    kept = {file.sha256 for file in ledger.kept_files(sweep.id)}
    there = {file.sha256: file.name for file in prepared.files}
    changed = [name for key, name in there.items() if key not in kept]
    if changed or len(kept) != len(there):
        what = f"'{changed[0]}'" if changed else "the set of lists and tools"
        raise SweepError(f"{what} has changed since sweep '{sweep.id}' began; start a new sweep.")
    request = prepared.request
    if request.apply and not sweep.apply:
        raise SweepError(f"sweep '{sweep.id}' was begun without --apply; start a new sweep.")
    if request.list_here and not sweep.list_here:
        raise SweepError(f"sweep '{sweep.id}' was begun without --list-here; start a new sweep.")
    if request.limit and request.limit != sweep.limit:
        begun = f"with --limit '{sweep.limit}'" if sweep.limit else "without --limit"
        raise SweepError(f"sweep '{sweep.id}' was begun {begun}; leave it out, or start a new sweep.")
    return sweep


def _roster(inventory: Inventory, given: Collection[str]) -> Iterator[RosterEntry]:
    for host in inventory.hosts:
        yield RosterEntry(
            name=host.name, unit=host.unit, platform=host.platform, users=host.users, given=host.name in given
        )
