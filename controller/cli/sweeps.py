"""`lamsach sweeps`: what a store holds."""

from pathlib import Path

import click
from tabulate import tabulate

from controller.cli.options import store_option
from controller.cli.printing import put
from controller.model.sweep import Sweep
from controller.model.text import shown
from controller.reports.vietnamese import minute_in_hanoi
from controller.store.ledger import Ledger


@click.command()
@store_option
def sweeps(store: Path) -> None:
    """List the sweeps that a store holds, newest first.

    A sweep that is not ended goes on with lamsach sweep --resume --sweep ID.

    \b
    Example:
      lamsach sweeps --store lamsach.db
    """
    with Ledger.open(store, create=False) as ledger:
        lines = ledger.sweeps()
        open_lines = [line for line in lines if line.ended is None and ledger.is_writable]  # an archive runs none
        running = {line.id for line in open_lines if ledger.is_held(line.id)}
        rows = [
            (
                line.id,
                minute_in_hanoi(line.started),
                "ended" if line.ended else "running" if line.id in running else "not ended",
                f"{line.finished}/{line.given}",
                _whom(ledger.sweep(line.id)),
                "apply" if line.apply else "dry run",
                shown(line.operator),
                shown(line.playbook),
            )
            for line in lines
        ]
    headings = ("sweep", "begun (Hanoi)", "state", "computers", "of", "mode", "operator", "playbook")
    put(tabulate(rows, headers=headings, tablefmt="simple", disable_numparse=True) + "\n")


def _whom(sweep: Sweep) -> str:
    """Say which computers of the playbook it was begun for, and whether its lists are only its own."""
    retried = f"{sweep.retried} ones" if sweep.retried else ""
    words = ", ".join(each for each in (sweep.limit, retried) if each) or "all"
    return shown(f"{words}; --list-here" if sweep.list_here else words, limit=30)
