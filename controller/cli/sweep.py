"""`lamsach sweep`: run a playbook on the hosts of an inventory."""

import os
import shlex
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from controller.app import sweep as sweeps
from controller.app.accounts import BUDGET
from controller.app.list_changes import kept_by_sweep, preview_of_sweep
from controller.app.preflight import Prepared, SweepRequest, prepare
from controller.app.status import remaining, worst
from controller.app.sweep import Course
from controller.cli import INTERRUPTED
from controller.cli.hints import going_on, hint, hinted
from controller.cli.interrupt import Interrupt, stops_on_signals
from controller.cli.list_changes import preview_lines
from controller.cli.lossy import lossy_stderr
from controller.cli.opened import opened
from controller.cli.opening import announcement, by_lists, closing, left_running, opening
from controller.cli.options import (
    FILE,
    STATUS,
    Number,
    Once,
    campaign_folder,
    inventory_option,
    limit_of,
    limit_option,
    store_option,
)
from controller.cli.printing import counted, note, put
from controller.cli.progress import progress
from controller.errors import OperatorError, StoreError
from controller.model.summary import SweepSummary
from controller.model.sweep import Sweep
from controller.model.text import shown
from controller.model.verdict import Verdict
from controller.reports.writers import csv, json, table
from controller.store.ledger import Ledger
from controller.store.lock import hold
from controller.tasks.look import FIRST_ANSWER_SECONDS

WRITERS: Final = {"table": table.write, "json": json.write, "csv": csv.write_hosts}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mode:
    """Whether a new sweep begins (of all, or of those in one state) or an older one goes on (`named`, or the only)."""

    resume: bool
    named: str
    retry: Verdict | None
    forks: int


@click.command()
@click.argument("playbook", type=FILE, required=False, envvar="LAMSACH_SWEEP_PLAYBOOK")
@inventory_option("Who to visit: a file, or a folder of files.")
@limit_option("Only these of the playbook's hosts.")
@click.option("--apply", is_flag=True, help="Really change hosts. Without it, changes are only listed.")
@click.option("--forks", default=32, show_default=True, type=click.IntRange(1, 1000), help="Hosts visited at a time.")
@click.option(
    "--logon-budget",
    default=BUDGET,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Refused logons of a shared account in 30 minutes; keep it below the domain's lockout threshold.",
)
@click.option(
    "--first-answer",
    "first_answer_seconds",
    default=FIRST_ANSWER_SECONDS,
    show_default=True,
    metavar="SECONDS",
    type=click.IntRange(1, 300),
    help="How long a host has for the first question, 'host'; give slow computers more.",
)
@store_option
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(list(WRITERS)))
@click.option("--resume", is_flag=True, help="Go on with the unfinished sweep of this playbook and inventory.")
@click.option(
    "--sweep",
    "named",
    cls=Once,
    again="and resume the others afterwards",
    metavar="ID",
    help="With --resume: which one.",
)
@click.option(
    "--retry",
    cls=Once,
    again="and retry the others afterwards",
    type=click.Choice(["unknown", "infected"]),
    help="A new sweep of the computers that are so in the campaign.",
)
@click.option("--list-here", is_flag=True, help="Judge this sweep alone by its lists; they do not come into force.")
@click.option(
    "--max-rejected",
    default=5.0,
    show_default=True,
    type=Number(0, 100),
    help="Percent of an IOC list's lines that may be bad.",
)
def sweep(
    playbook: Path | None,
    inventory: Path,
    limit: str | None,
    apply: bool,  # noqa: FBT001 - click passes options by name
    forks: int,
    logon_budget: int,
    first_answer_seconds: int,
    store: Path,
    form: str,
    resume: bool,  # noqa: FBT001
    named: str | None,
    retry: str | None,
    list_here: bool,  # noqa: FBT001
    max_rejected: float,
) -> int:
    """Run PLAYBOOK, or the campaign's, on the hosts of an inventory, and print one table per unit.

    \b
    Exit status: 0 all clean, 1 the sweep failed, 2 your mistake, 3 infected hosts remain,
    4 unknown hosts remain, 130 interrupted.

    \b
    Example:
      lamsach sweep playbooks/check-only.yml -i inventory/example --limit chi_cuc_son_duong
      lamsach sweep --apply
      lamsach sweep --apply --retry unknown
    """
    if playbook is None:
        raise OperatorError("no playbook is named; give one, or write 'playbook: FILE' into lamsach.yml.")
    mode = _mode(resume=resume, named=named, retry=retry, forks=forks)
    request = SweepRequest(
        playbook=playbook,
        inventory=inventory,
        limit=limit_of(limit),
        apply=apply,
        max_rejected=max_rejected / 100,
        logon_budget=logon_budget,
        first_answer_seconds=first_answer_seconds,
        again=resume or retry is not None,
        folder=campaign_folder(),
        list_here=list_here,
    )
    return _sweep(prepare(request), store, mode, form)


def _mode(*, resume: bool, named: str | None, retry: str | None, forks: int) -> _Mode:
    if resume and retry:
        raise OperatorError("'--resume' and '--retry' exclude each other; resume first, then retry.")
    if named is not None and not resume:
        raise OperatorError("'--sweep' says which sweep to go on with; give it with --resume, or leave it out.")
    if named is not None and not named.strip():
        raise OperatorError("'--sweep' is empty; name a sweep by its id, as lamsach sweeps lists it, or leave it out.")
    return _Mode(resume=resume, named=named or "", retry=Verdict(retry) if retry else None, forks=forks)


def _sweep(prepared: Prepared, store: Path, mode: _Mode, form: str) -> int:
    """Visit, print what came of it, and return the exit status."""
    with lossy_stderr() as screen:
        _announce_store(store, mode)
        with opened(store, create=True) as ledger:
            chosen = _choose(prepared, ledger, mode)
            if chosen is None:
                return STATUS[remaining(ledger, (host.name for host in prepared.inventory.hosts))]
            try:
                with hold(store, chosen.id):
                    course = sweeps.course_of(chosen, prepared, ledger)
                    click.echo(announcement(course, store, going_on=mode.resume), err=True)
                    click.echo(opening(course, prepared), err=True)
                    asked = _visit(course, prepared, ledger, mode.forks)
                    summary = sweeps.summary_of(ledger, chosen)
                    planned, under_way = sweeps.planned(ledger, chosen), sweeps.tools_under_way(ledger, chosen)
                    alone = sweeps.by_own_lists(ledger, chosen) if chosen.list_here else {}
            except StoreError as error:
                _name_tools_under_way(ledger, chosen)
                raise StoreError(f"{error}, then go on with: {going_on(chosen.id)}") from error
    result = WRITERS[form](summary)
    again = hint(f"lamsach report --sweep {chosen.id}")
    try:
        with suppress(BrokenPipeError):  # a reader that left does not change what came of the sweep
            put(hinted(result) if form == "table" else result, kept=f"it is kept; print it with: {again}")
    finally:
        if screen.lost:
            note(f"Standard error was not read: {counted(screen.lost, 'message')} of progress and log left out.")
        note(closing(planned, under_way, go_on=going_on(chosen.id) if asked.times else ""))
        if alone:
            note(by_lists(chosen, alone))
    if asked.times:
        # Threads that still talk to hosts must not hold us; all that came back is committed.
        os._exit(INTERRUPTED)
    return exit_status(summary, alone.values())


def _announce_store(store: Path, mode: _Mode) -> None:
    """Say where a new store is made; what goes on, or is visited again, is in a store that is there."""
    if store.exists():
        return
    if mode.resume or mode.retry:
        raise OperatorError(
            f"there is no store '{shown(str(store.absolute()))}', so there is nothing to resume or retry; name the "
            "campaign's with --store, or run this in its folder."
        )
    note(f"There is no store yet; this sweep makes '{shown(str(store.absolute()))}'.")


def _name_tools_under_way(ledger: Ledger, sweep: Sweep) -> None:
    """Name them after a failed write, as after an interruption; a store that cannot be read either has none to name."""
    with suppress(StoreError):
        for line in left_running(sweeps.tools_under_way(ledger, sweep)):
            note(line)


def exit_status(summary: SweepSummary, alone: Iterable[Verdict] = ()) -> int:
    """Say with the exit status what remains among the given hosts in the campaign, or by the sweep's lists `alone`."""
    judged = (line.judgement for row in summary.units for line in row.hosts if line.judgement)
    found = {worst(judged), *alone}
    return next((STATUS[each] for each in (Verdict.INFECTED, Verdict.UNKNOWN) if each in found), 0)


def _choose(prepared: Prepared, ledger: Ledger, mode: _Mode) -> Sweep | None:
    """Return the sweep to go on with, or a new one; None when no computer is to be visited again."""
    if mode.resume:
        return sweeps.to_resume(prepared, ledger, mode.named)
    only = _to_retry(prepared, ledger, mode.retry) if mode.retry else None
    if only == ():
        return None
    if not prepared.request.list_here:
        _announce_lists(prepared, ledger)
    return sweeps.begin(prepared, ledger, only=only, retried=mode.retry)


def _to_retry(prepared: Prepared, ledger: Ledger, state: Verdict) -> tuple[str, ...]:
    """Return whom to visit again, and say who is left to another sweep, and when there is none."""
    found = sweeps.to_retry(prepared, ledger, state)
    if found.left:
        note(f"Left to a sweep that runs now, {counted(len(found.left), 'computer')}: {shown(', '.join(found.left))}")
    if not found.names:
        note(
            f"No {'other ' if found.left else ''}computer of this playbook and --limit is {state} in the campaign; "
            "none is visited, and lamsach status shows what remains."
        )
    return found.names


def _announce_lists(prepared: Prepared, ledger: Ledger) -> None:
    """Say before the lists of a new sweep take effect which computers they make infected or unknown, and what stays."""
    files = sweeps.kept_files(prepared, ledger)
    for line in preview_lines(preview_of_sweep(ledger, files)):
        note(line)
    for each in kept_by_sweep(ledger, files):
        value = each.value[1]
        note(
            f"'{shown(value)}' stays in force although the newest version of '{shown(each.list_name)}' dropped it, "
            f"because a computer had shown it; lamsach iocs withdraw {shlex.quote(value)} --why TEXT ends that."
        )


def _visit(course: Course, prepared: Prepared, ledger: Ledger, forks: int) -> Interrupt:
    """Visit what the course owes, and show how far it is on standard error, which must be lossy."""
    hosts = [job.host for job in (*course.jobs, *course.gone)]
    executor = sweeps.executor_for(course, prepared, ledger, forks=forks)
    with (
        stops_on_signals(executor, sys.stderr.write) as asked,
        progress(hosts, course.sweep.units, sys.stderr) as shown_progress,
    ):
        for host, judgement in sweeps.visit(course, ledger, executor):
            shown_progress.advance(host, judgement)
    return asked
