"""`lamsach hosts`: enrol the SSH keys of hosts."""

from pathlib import Path

import click
from tabulate import tabulate

from controller.app import hosts as enrolment
from controller.app.hosts import Standing
from controller.cli.options import inventory_option, limit_of, limit_option
from controller.cli.printing import put
from controller.model.text import shown


@click.group()
def hosts() -> None:
    """Enrol the SSH keys of hosts: without it no host is logged on to.

    \b
    Example:
      lamsach hosts scan -i inventory/example
    """


@hosts.command()
@inventory_option("Whom to ask: a file, or a folder of files.")
@limit_option("Only these hosts.")
@click.option("--accept", is_flag=True, help="Add the new keys to the file of known hosts.")
def scan(inventory: Path, limit: str | None, accept: bool) -> int:  # noqa: FBT001 - click passes options by name
    """Print the fingerprints of the hosts' SSH keys; compare them with what the computers themselves show.

    A changed key is never added: find out why it changed, remove the old line, and scan again.

    \b
    Exit status: 0 every host's key is known now, 1 some are new, changed or silent.

    \b
    Example:
      lamsach hosts scan -i inventory/example --limit chi_cuc_son_duong
      lamsach hosts scan -i inventory/example --limit chi_cuc_son_duong --accept
    """
    scanned = list(enrolment.scan(inventory, limit_of(limit)))
    rows = [
        (
            shown(each.host.name),
            each.standing,
            each.key.type if each.key else "",
            each.key.fingerprint if each.key else f"{each.why}: {each.why.sentence}" if each.why else "",
        )
        for each in scanned
    ]
    headings = ("name", "key", "type", "fingerprint")
    put(tabulate(rows, headers=headings, tablefmt="simple", disable_numparse=True) + "\n")
    standings = {each.standing for each in scanned}
    if accept:
        click.echo(f"{enrolment.enrol(scanned)} keys added.")
        standings.discard(Standing.NEW)
    return 0 if standings <= {Standing.KNOWN} else 1
