"""`lamsach demo`: the main job on a small fleet on loopback, compared with what the fleet knows of itself."""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from controller.app import report as reports
from controller.app import sweep as sweeps
from controller.app.preflight import SweepRequest, prepare
from controller.cli.lab import heed_signals, serve_until_interrupted
from controller.cli.opening import opening
from controller.cli.options import STORE
from controller.cli.progress import progress
from controller.cli.report import written
from controller.errors import LamsachError
from controller.lab.engine import ENGINE, powershell
from controller.lab.extra import require_extra
from controller.lab.fleet import build_fleet
from controller.lab.layout import CLEANING
from controller.lab.process import Lab
from controller.model.summary import SweepSummary
from controller.reports.writers import table
from controller.store.ledger import Ledger

SIZE: Final = 16
WINDOWS: Final = 6


class DemoDiffersError(LamsachError):
    """The demo's result is not what its fleet knows of itself."""

    code = "demo"


@click.command()
@click.option("--keep", is_flag=True, help="Leave the lab up after the result, until interrupted.")
def demo(keep: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Run the main job on a small fleet on loopback: three Chi cục, some computers infected, off, or broken.

    It needs no root and touches nothing but a new temporary folder. Exit status: 0 when the result is what the
    fleet knows of itself, 1 with the differences when not. With `--keep` it prints a command to try, and ends when
    it is interrupted.

    \b
    Example:
      lamsach demo
      lamsach demo --keep
    """
    require_extra()
    engine = powershell()
    folder = Path(tempfile.mkdtemp(prefix="lamsach-demo-"))
    click.echo(f"Starting the lab's computers in {folder}: SSH and WinRM servers on loopback.")
    answers = f"by the PowerShell '{engine}'" if engine else f"as rendered; {ENGINE} names no PowerShell"
    click.echo(f"Its Windows computers answer {answers}.")
    with Lab(folder / "lab", build_fleet(SIZE, windows=WINDOWS)) as lab:
        _compare(_sweep(lab.folder, folder), lab.folder)
        if keep:
            heed_signals()
            serve_until_interrupted(lab, CLEANING, "--store", folder / STORE)


def _sweep(lab: Path, folder: Path) -> SweepSummary:
    """Do what `lamsach sweep` and `lamsach report` do."""
    prepared = prepare(SweepRequest(playbook=lab / "sweep.yml", inventory=lab / "inventory.yml"))
    store = folder / STORE
    with Ledger.open(store) as ledger:
        begun = sweeps.begin(prepared, ledger)
        course = sweeps.course_of(begun, prepared, ledger)
        click.echo(opening(course, prepared))
        executor = sweeps.executor_for(course, prepared, ledger, forks=32)
        with progress(prepared.given, begun.units, sys.stderr) as shown_progress:
            for host, judgement in sweeps.visit(course, ledger, executor):
                shown_progress.advance(host, judgement)
        reported = reports.summarised(ledger, [begun.id])
    click.echo()
    click.echo(table.write(reported.summary))
    click.echo(f"The record: {store}")
    for form in ("json", "csv", "docx"):
        for path in written(reported, form, folder / "reports"):
            click.echo(f"Report: {path}")
    return reported.summary


def _compare(summary: SweepSummary, lab: Path) -> None:
    """Hold the result against what the lab's computers know of themselves."""
    differences = list(_differences(summary, json.loads((lab / "expected.json").read_text(encoding="utf-8"))))
    if differences:
        raise DemoDiffersError("the demo differs from its own truth: " + "; ".join(differences))
    click.echo("The result is what the lab's computers know of themselves.")


def _differences(summary: SweepSummary, truth: Mapping[str, Any]) -> Iterator[str]:
    """Say where the summary and the truth part, host by host."""
    judged = {line.name: line.judgement for row in summary.units for line in row.hosts}
    for name in sorted(truth.keys() | judged.keys()):
        judgement, expected = judged.get(name), truth.get(name)
        got = {"verdict": judgement.verdict, "reason": judgement.reason} if judgement else None
        if got != expected:
            yield f"{name}: expected {expected}, got {got}"
