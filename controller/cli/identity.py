"""`lamsach identity`: which machine stands behind a name."""

import getpass
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import click

from controller.app import identities
from controller.app.identities import Replacement
from controller.app.worker import now
from controller.cli.options import store_option
from controller.cli.printing import put
from controller.model.result import Attempt, Identity
from controller.model.text import shown
from controller.store.ledger import Ledger


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

    Prints what is known of the old machine and what answered last, and begins a new history: earlier visits are kept,
    and say nothing about the new machine.

    \b
    Example:
      lamsach identity accept sd-pc04
      lamsach sweep playbooks/sweep.yml -i inventory/example --retry unknown
    """
    with Ledger.open(store, create=False) as ledger:
        found = identities.replacements(ledger, [unicodedata.normalize("NFC", host) for host in hosts])
        put("".join(f"{line}\n" for each in found for line in _lines(each)))
        identities.accept(ledger, found, getpass.getuser(), now())
    click.echo("Done; the next machine that answers to each of these names is taken for theirs.")


def _lines(replacement: Replacement) -> Iterator[str]:
    yield shown(replacement.host)
    if replacement.known:
        yield f"  known until now: {_described(replacement.known)}"
    else:
        yield "  accepted already: no machine has been recognised since"
    if replacement.answer and replacement.answer.identity:
        yield f"  answered last: {_described(replacement.answer.identity)}; {_ended(replacement.answer)}"
    if not replacement.listed:
        yield "  the newest sweep does not have this name; it may have left the inventory"


def _ended(attempt: Attempt) -> str:
    when = f"{attempt.started:%Y-%m-%d %H:%M} UTC"
    return f"{when}, {attempt.fault.reason}" if attempt.fault else when


def _described(identity: Identity) -> str:
    parts = {
        "UUID": identity.uuid,
        "serial number": identity.serial,
        "network cards": ", ".join(identity.macs),
        "machine id": identity.machine_id,
        "SSH host key": identity.host_key,
    }
    known = [f"{name} {shown(value)}" for name, value in parts.items() if value]
    return "; ".join([f"'{shown(identity.computer_name)}'", *known])
