"""Short ways through a sweep: begin it, plan its visits, let canned results come back."""

from collections.abc import Callable
from typing import Any

from controller.app import sweep as sweeps
from controller.app.sweep import Course
from controller.engine.executors.serial import SerialExecutor
from controller.errors import Reason
from controller.model.result import Attempt
from controller.model.sweep import HostJob, Sweep
from controller.model.verdict import Judgement, Verdict
from controller.store.ledger import Ledger
from tests.builders import BAD, a_match, a_result, an_attempt
from tests.office import Office
from tests.visits import a_process, a_whole_look

Says = Callable[[HostJob], Attempt]


def clean(job: HostJob) -> Attempt:
    return an_attempt(*job.so_far, a_result(a_whole_look()), host=job.host.name, number=job.attempt)


def infected(job: HostJob) -> Attempt:
    return an_attempt(
        a_result(a_whole_look(a_process(sha256=BAD), matches=(a_match(),))), host=job.host.name, number=job.attempt
    )


def silent(job: HostJob) -> Attempt:
    return an_attempt(host=job.host.name, number=job.attempt, fault=Reason.REACH_TIMEOUT)


def each_says(**says: Says) -> Says:
    """Let `pc_01` and the like decide; any other host is clean."""
    return lambda job: says.get(job.host.name.replace("-", "_"), clean)(job)


def begun(office: Office, ledger: Ledger, **but: Any) -> Sweep:
    return sweeps.begin(office.prepare(**but), ledger)


def course(office: Office, ledger: Ledger, sweep: Sweep) -> Course:
    return sweeps.course_of(sweep, office.prepare(), ledger)


def retried(office: Office, ledger: Ledger, state: Verdict, says: Says = clean, **but: Any) -> tuple[str, ...]:
    """Visit again those in a state, in a sweep of their own, and return who that was."""
    prepared = office.prepare(again=True, **but)
    names = sweeps.to_retry(prepared, ledger, state).names
    sweep = sweeps.begin(prepared, ledger, only=names, retried=state)
    go(sweeps.course_of(sweep, prepared, ledger), ledger, says)
    return names


def go(course: Course, ledger: Ledger, says: Says = clean, *, hosts: int = 99) -> dict[str, Judgement]:
    """Visit at most `hosts` hosts of a course; the sweep is asked to stop during the visit to the last of them."""
    visited: list[str] = []

    def visit(job: HostJob) -> Attempt:
        visited.append(job.host.name)
        if len(visited) == hosts:
            executor.stop(30.0)
        return says(job)

    executor = SerialExecutor(visit)
    return dict(sweeps.visit(course, ledger, executor))


def owed(course: Course) -> list[tuple[str, int]]:
    return [(job.host.name, job.attempt) for job in course.jobs]


def is_over(ledger: Ledger) -> bool:
    return ledger.sweeps()[0].ended is not None
