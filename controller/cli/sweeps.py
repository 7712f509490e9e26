"""`lamsach sweeps`: what a store holds."""

from pathlib import Path

import click
from tabulate import tabulate

from controller.cli.options import store_option
from controller.cli.printing import put
from controller.model.text import shown
from controller.store.ledger import Ledger


@click.command()
@store_option
def sweeps(store: Path) -> None:
    """List the sweeps that a store holds, newest first.

    \b
    Example:
      lamsach sweeps --store lamsach.db
    """
    with Ledger.open(store, create=False) as ledger:
        rows = [
            (
                line.id,
                f"{line.started:%Y-%m-%d %H:%M} UTC",
                "ended" if line.ended else "not ended",
                f"{line.finished}/{line.given}",
                "apply" if line.apply else "dry run",
                shown(line.operator),
                shown(line.playbook),
            )
            for line in ledger.sweeps()
        ]
    headings = ("sweep", "begun", "state", "hosts", "mode", "operator", "playbook")
    put(tabulate(rows, headers=headings, tablefmt="simple", disable_numparse=True) + "\n")
