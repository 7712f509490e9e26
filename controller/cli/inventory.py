"""`lamsach inventory`: what an inventory says, before anything is done with it."""

import json
from pathlib import Path

import click
from tabulate import tabulate

from controller.app import inventory as inventories
from controller.app.inventory import Listed
from controller.cli.options import inventory_option, limit_of, limit_option
from controller.cli.printing import put
from controller.model.fleet import Host
from controller.model.text import shown, shown_json


@click.group()
def inventory() -> None:
    """List the hosts of an inventory, and what Ansible would read there.

    \b
    Example:
      lamsach inventory list -i inventory/example
    """


@inventory.command("list")
@inventory_option("A file, or a folder of files.")
@limit_option("Only these hosts.")
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "names", "ansible"]))
def list_hosts(inventory: Path, limit: str | None, form: str) -> None:
    """Print the hosts of an inventory, and how each is reached.

    `ansible` is what `ansible-inventory --list` prints, `names` one host a line. Nothing is connected to, and no
    secret is read: the table says only which sort of proof a host is shown.

    \b
    Example:
      lamsach inventory list -i inventory/example --limit chi_cuc_son_duong
      lamsach inventory list -i inventory/example --format ansible
    """
    listed = inventories.listed(inventory, limit_of(limit))
    write = {"table": _table, "names": _names, "ansible": _ansible}[form]
    put(write(listed))


def _table(listed: Listed) -> str:
    rows = [
        (
            shown(host.name),
            shown(host.unit),
            shown(host.address) + (f":{host.port}" if host.port else ""),
            shown(listed.connection(host)),
            shown(host.user),
            _proof(host),
        )
        for host in listed.hosts
    ]
    headings = ("name", "unit", "address", "connection", "user", "logs on by")
    return tabulate(rows, headers=headings, tablefmt="simple", disable_numparse=True) + "\n"


def _names(listed: Listed) -> str:
    """As they are written, so that `--limit @FILE` finds them again; the reader of inventories refuses odd letters."""
    return "".join(f"{host.name}\n" for host in listed.hosts)


def _ansible(listed: Listed) -> str:
    """As Ansible's, but with letters as they are."""
    return shown_json(json.dumps(listed.as_ansible(), sort_keys=True, indent=4, ensure_ascii=False)) + "\n"


def _proof(host: Host) -> str:
    """Return the sort of proof, never the proof: with a key file a password is not used."""
    return "key" if host.key_file else "secret" if host.secret else "none"
