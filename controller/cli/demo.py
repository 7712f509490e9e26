"""`lamsach demo`: the main job on a small fleet on loopback, compared with what the fleet knows of itself."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from tabulate import tabulate

from controller.app import report as reports
from controller.app import sweep as sweeps
from controller.app.preflight import SweepRequest, prepare
from controller.cli.demo_truth import JobTruth, agree
from controller.cli.lab import heed_signals, serve_until_interrupted
from controller.cli.progress import progress
from controller.cli.report import written
from controller.lab.engine import ENGINE, powershell
from controller.lab.expected import Step
from controller.lab.extra import require_extra
from controller.lab.fleet import demo_fleet
from controller.lab.layout import CLEANING
from controller.lab.process import Lab
from controller.model.places import STORE
from controller.model.summary import HostLine, SweepSummary
from controller.model.text import shown
from controller.model.verdict import Verdict
from controller.reports.aggregate import within
from controller.reports.figures import Figures, count
from controller.reports.writers import table
from controller.store.ledger import Ledger
from controller.store.lock import hold

_FORKS: Final = 4
"""Few at a time: the computers share this machine with the sweep, and each should answer within its limit."""

_LAB: Final = "lab"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sweep:
    """One of the sweeps that the demo makes, and the step of the main job that it is."""

    step: Step
    title: str
    playbook: str = "sweep.yml"
    apply: bool = False


_SWEEPS: Final = (
    _Sweep(step=Step.LOOK, title="look at every computer; nothing is changed"),
    _Sweep(step=Step.CLEAN, title="clean every computer with the lab's tool", playbook=CLEANING, apply=True),
    _Sweep(step=Step.LOOK_AGAIN, title="look at every computer again"),
)


@click.command()
@click.option("--keep", is_flag=True, help="Leave the lab up after the result, until interrupted.")
@click.option(
    "--first-answer",
    "seconds",
    default=5,
    show_default=True,
    metavar="SECONDS",
    type=click.IntRange(1, 300),
    help="How long a computer has for the first question; give it more on a slow or busy machine.",
)
def demo(keep: bool, seconds: int) -> None:  # noqa: FBT001 - click passes options by name
    """Run the main job on a small fleet on loopback: three Chi cục, some computers infected, off, or broken.

    It looks at every computer, cleans with a tool, looks again, and writes the official forms. It needs no root and
    touches nothing but a new temporary folder. Exit status: 0 when every step ends as the lab knows that it must,
    1 with the differences when not. With `--keep` it prints a command to try, and ends when it is interrupted.

    \b
    Example:
      lamsach demo
      lamsach demo --keep
    """
    require_extra()
    engine = powershell()
    fleet = demo_fleet()
    folder = Path(tempfile.mkdtemp(prefix="lamsach-demo-"))
    answers = f"by the PowerShell '{engine}'" if engine else f"from prepared texts, for {ENGINE} names no PowerShell"
    click.echo(f"A campaign on {len(fleet.pcs)} made-up computers on loopback; its Windows computers answer {answers}.")
    click.echo("A computer ends as clean, cleaned or infected, or as unknown when it was not looked at to the end.")
    click.echo(f"Everything lies in {folder}; each step shows the command that does the same there.")
    with Lab(folder / _LAB, fleet) as lab:
        truth = JobTruth(lab.folder)
        for number, each in enumerate(_SWEEPS, start=1):
            _sweep(each, number, seconds, folder, truth)
        _report(len(_SWEEPS) + 1, folder, truth)
        if keep:
            heed_signals()
            serve_until_interrupted(lab, CLEANING, "--store", folder / STORE, "--first-answer", str(seconds))


def _sweep(sweep: _Sweep, number: int, seconds: int, folder: Path, truth: JobTruth) -> None:
    """Do what `lamsach sweep` does, and print in a few lines what came of it."""
    command = f"lamsach sweep {_LAB}/{sweep.playbook} -i {_LAB}/inventory.yml --first-answer {seconds}"
    _heading(number, sweep.title, f"{command} --apply" if sweep.apply else command)
    request = SweepRequest(
        playbook=folder / _LAB / sweep.playbook,
        inventory=folder / _LAB / "inventory.yml",
        apply=sweep.apply,
        first_answer_seconds=seconds,
    )
    prepared = prepare(request)
    with Ledger.open(folder / STORE) as ledger:
        begun = sweeps.begin(prepared, ledger)
        with hold(folder / STORE, begun.id):
            course = sweeps.course_of(begun, prepared, ledger)
            executor = sweeps.executor_for(course, prepared, ledger, forks=_FORKS)
            with progress(prepared.given, begun.units, sys.stderr) as shown_progress:
                for host, judgement in sweeps.visit(course, ledger, executor):
                    shown_progress.advance(host, judgement)
        summary = sweeps.summary_of(ledger, begun)
    for line in _outcome(summary):
        click.echo(f"  {line}")
    agree(truth.verdicts(summary, sweep.step))


def _report(number: int, folder: Path, truth: JobTruth) -> None:
    """Do what `lamsach report` does over all sweeps: tables, and the official form of each unit."""
    with Ledger.open(folder / STORE, create=False) as ledger:
        reported = reports.summarised(ledger, ())
    _heading(number, "report on the three sweeps together", "lamsach report --format docx -o reports")
    click.echo(f"\n{table.write(reported.summary).decode()}")
    figures = _figures(reported.summary)
    click.echo(f"{_shown(figures)}\n")
    for path in (path for form in ("json", "csv", "docx") for path in written(reported, form, folder / "reports")):
        click.echo(f"Report: {path}")
    click.echo(f"The record of all visits: {folder / STORE}")
    click.echo(f"The lab's inventory, playbooks, lists and computers: {folder / _LAB}")
    click.echo(f"Go on in {folder}: 'lamsach sweeps', 'lamsach report', or 'lamsach show NAME' for one computer.")
    agree(truth.verdicts(reported.summary, Step.REPORT))
    agree(truth.figures(reported.summary, figures))
    agree(truth.computers())
    click.echo(
        "The result is what the lab's computers know of themselves: every verdict after each step, the figures of"
    )
    click.echo(
        "the forms, the malware and autostart entries that are left, and one start of the tool on each computer that"
        " could be looked at."
    )


def _heading(number: int, title: str, command: str) -> None:
    click.echo(f"\nStep {number} of {len(_SWEEPS) + 1}: {title}.\n  $ {command}")


def _outcome(summary: SweepSummary) -> Iterator[str]:
    """Yield a line for each verdict: how many computers have it, which, and the reason of those that are not well."""
    lines = [line for row in summary.units for line in row.hosts if line.judgement]
    for verdict in Verdict:
        if named := [_named(line) for line in lines if line.verdict is verdict]:
            yield f"{len(named)} {verdict}: {', '.join(named)}"


def _named(line: HostLine) -> str:
    if not line.judgement or not line.judgement.reason:
        return shown(line.name)
    broke = f"; {line.judgement.broke.reason}" if line.judgement.broke else ""
    return f"{shown(line.name)} ({line.judgement.reason}{broke})"


def _figures(summary: SweepSummary) -> Mapping[str, Figures]:
    """Count what each unit's form says; a unit counts the computers of the units below it, too."""
    ids = [row.unit.id for row in summary.units]
    return {each: count([line for row in within(summary, each).units for line in row.hosts]) for each in ids}


def _shown(figures: Mapping[str, Figures]) -> str:
    cells = [
        (unit, its.roster, its.done, its.found, its.cleaned, its.found - its.cleaned) for unit, its in figures.items()
    ]
    headings = ("form of", "computers", "done", "found", "handled", "left")
    return tabulate(cells, headers=headings, tablefmt="simple")
