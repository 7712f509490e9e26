"""`lamsach report`: the record, as tables and as the official form."""

from pathlib import Path
from typing import Final

import click

from controller.app import report as reports
from controller.app.report import Reported
from controller.cli.hints import hinted, this_command
from controller.cli.opened import opened
from controller.cli.options import PLACE, check_unit, store_option, unit_option
from controller.cli.printing import put
from controller.errors import OperatorError
from controller.reports.writers import csv, json, table

PRINTED: Final = {"table": table.write, "json": json.write}
"""What needs no folder: one document each, which a screen or a pipe takes."""


@click.command()
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="ID",
    help="Only the computers of a sweep (the beginning of its id); may be repeated. The state is that of all sweeps.",
)
@unit_option
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "docx"]), default="table", show_default=True
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write into; csv and docx need one, table and json are printed without.",
)
@click.option(
    "-i", "--inventory", default=None, type=PLACE, help="Whose computers to report: a file, or a folder of files."
)
@store_option
@click.option(
    "--template", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Your office's own form for docx."
)
def report(
    sweeps: tuple[str, ...],
    unit: str | None,
    form: str,
    output: Path | None,
    inventory: Path | None,
    store: Path,
    template: Path | None,
) -> int:
    """Report from the store alone: per unit the official form, and the roll-up of all of them.

    Every computer of the inventory is shown by its state over all sweeps of the store.

    \b
    Example:
      lamsach report --format docx -o reports
      lamsach report --sweep 20220915 --sweep 20220919 --unit cc-son-duong
    """
    if form not in PRINTED and output is None:
        raise OperatorError(f"'--format {form}' writes files; name a folder for them with -o.")
    check_unit(unit)
    if sweeps and form == "docx":
        raise OperatorError(
            "'--sweep' narrows what is shown, and a form holds the whole campaign; leave '--sweep' out."
        )
    if not all(each.strip() for each in sweeps):
        raise OperatorError("'--sweep' is empty; name a sweep by its id, as lamsach sweeps lists it, or leave it out.")
    with opened(store) as ledger:
        reported = reports.summarised(ledger, sweeps, unit or "", str(inventory.resolve()) if inventory else "")
    if output is None:
        document = PRINTED[form](reported.summary)
        put(hinted(document) if form == "table" else document, kept=f"print it elsewhere with: {this_command()}")
        return 0
    paths = written(reported, form, output, template)
    put("".join(f"{path}\n" for path in paths), kept=f"the reports are in '{output}' all the same")
    return 0


def written(reported: Reported, form: str, folder: Path, template: Path | None = None) -> tuple[Path, ...]:
    """Write the reports of one format into `folder`, and return their paths."""
    if form == "docx":
        return reports.write_forms(reported, folder, template)
    summary = reported.summary
    documents = {
        "table": {"lamsach.txt": table.write},
        "csv": {"hosts.csv": csv.write_hosts, "units.csv": csv.write_units, "matches.csv": csv.write_matches},
        "json": {"lamsach.json": json.write},
    }[form]
    for name, write in documents.items():
        reports.write_file(folder / name, write(summary))
    return tuple(folder / name for name in documents)
