"""`lamsach identity`: which machine stands behind a name."""

from pathlib import Path

import click

from controller.app import identities
from controller.cli.options import store_option


@click.group()
def identity() -> None:
    """Say that another machine stands behind a name now.

    \b
    Example:
      lamsach identity accept sd-pc04
    """


@identity.command()
@click.argument("hosts", nargs=-1, required=True, metavar="HOST...")
@store_option
def accept(hosts: tuple[str, ...], store: Path) -> None:
    """Take whichever machine answers next for that of HOST: it was replaced, rightly so.

    \b
    Example:
      lamsach identity accept sd-pc04
      lamsach sweep playbooks/sweep.yml -i inventory/example --retry unknown
    """
    identities.accept(store, hosts)
    click.echo("Done; the next machine that answers to each of these names is taken for theirs.")
