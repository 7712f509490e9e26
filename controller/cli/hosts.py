"""`lamsach hosts`: enrol the SSH keys of hosts."""

from collections.abc import Iterator
from pathlib import Path

import click
from tabulate import tabulate

from controller.app import hosts as enrolment
from controller.app.hosts import Scan, Standing
from controller.cli.options import inventory_option, limit_of, limit_option
from controller.cli.printing import counted, put
from controller.errors import Reason
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

    A changed key is never added: find out why it changed, remove the old line, and scan again. Computers that are
    reached over WinRM have no SSH key, and are only counted.

    \b
    Exit status: 0 every SSH host's key is known now, 1 some are new, changed or silent.

    \b
    Example:
      lamsach hosts scan -i inventory/example --limit chi_cuc_son_duong
      lamsach hosts scan -i inventory/example --limit chi_cuc_son_duong --accept
    """
    scanned = enrolment.scan(inventory, limit_of(limit))
    put("".join(f"{line}\n" for line in _lines(scanned)))
    standings = {each.standing for each in scanned.hosts}
    if accept:
        put(f"{counted(enrolment.enrol(scanned.hosts), 'key')} added.\n", kept="the new keys are added all the same")
        standings.discard(Standing.NEW)
    return 0 if standings <= {Standing.KNOWN} else 1


def _lines(scanned: Scan) -> Iterator[str]:
    rows = [
        (
            shown(each.host.name),
            each.standing,
            each.key.type if each.key else "",
            each.key.fingerprint if each.key else f"{each.why}: {each.why.sentence}" if each.why else "",
        )
        for each in scanned.hosts
    ]
    yield tabulate(rows, headers=("name", "key", "type", "fingerprint"), tablefmt="simple", disable_numparse=True)
    changed = [each for each in scanned.hosts if each.standing is Standing.CHANGED]
    yield from (f"{shown(each.host.name)}: changed: {shown(each.detail)}" for each in changed)
    if changed:
        yield f"What to do about a changed key: {Reason.HOSTKEY_CHANGED.remedy}."
    if scanned.keyless:
        yield f"Reached over WinRM, where there is no SSH key: {counted(scanned.keyless, 'computer')}."
