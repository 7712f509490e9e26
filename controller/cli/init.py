"""`lamsach init`: make a campaign's folder, or name its playbook."""

import getpass
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from controller.app import init as campaigns
from controller.app.init import Plan
from controller.app.worker import now
from controller.cli.opened import opened
from controller.cli.options import FILE, PLACE, Once
from controller.cli.printing import counted, put
from controller.model.decision import PlaybookNamed
from controller.model.places import SETTINGS
from controller.model.text import shown
from controller.model.verdict import Verdict

_AGAIN: Final = "and run this once a campaign"


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--playbook", cls=Once, again=_AGAIN, type=FILE, help="The campaign's playbook: its full look.")
@click.option(
    "-i", "--inventory", cls=Once, again=_AGAIN, type=PLACE, help="Its inventory: a file, or a folder of files."
)
@click.option(
    "--store",
    cls=Once,
    again=_AGAIN,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Its store. [default: lamsach.db in DIR]",
)
def init(folder: Path, playbook: Path | None, inventory: Path | None, store: Path | None) -> None:
    """Make the folder DIR of a campaign, with a lamsach.yml that names its inventory, store and playbook.

    The playbook's tasks are the campaign's full look: a computer is clean or cleaned only when all of them were looked
    at to the end. What you do not name is made as an example to fill in. No file is overwritten.

    In a folder that is a campaign already, this names or changes its playbook, and says first how many computers get
    another state by it.

    \b
    Example:
      lamsach init campaign
      lamsach init . --playbook playbooks/mine.yml --inventory inventory/mine
    """
    plan = campaigns.plan(folder, playbook=playbook, inventory=inventory, store=store)
    campaigns.write(plan)
    decision = PlaybookNamed(playbook=campaigns.read_playbook(plan.playbook), operator=getpass.getuser(), made=now())
    with opened(plan.store, create=True) as ledger:
        changes = campaigns.to_name(ledger, decision)
        put("".join(f"{line}\n" for line in _lines(plan, decision, changes)))
        if changes is not None:
            ledger.decide(decision)
    put("".join(f"{line}\n" for line in _next(plan)))


def _lines(plan: Plan, decision: PlaybookNamed, changes: Mapping[tuple[Verdict, Verdict], int] | None) -> Iterator[str]:
    made = [str(path.relative_to(plan.folder)) for path, _ in plan.files]
    yield f"Campaign {shown(str(plan.folder))}" + (f": made {shown(', '.join(made))}." if made else ".")
    yield f"Store: {shown(str(plan.store))}"
    book = f"'{shown(decision.playbook.name)}' ({shown(str(plan.playbook))})"
    if changes is None:
        yield f"Playbook: {book}; it was named before, and has not changed since."
        return
    yield f"Playbook: {book}, which is named now."
    changed = [(pair, count) for pair, count in sorted(changes.items()) if pair[0] is not pair[1]]
    if total := sum(changes.values()):
        other = sum(count for _, count in changed)
        yield f"It changes the state of {other} of {counted(total, 'computer')}{':' if other else '.'}"
        yield from (f"  {count} from {before} to {after}" for (before, after), count in changed)


def _next(plan: Plan) -> Iterator[str]:
    for line in plan.missing:
        yield f"Add this line to {shown(str(plan.folder / SETTINGS))}: {shown(line)}"
    yield f"Next: cd {shown(shlex.quote(str(plan.folder)))}"
    made = {path.relative_to(plan.folder).as_posix() for path, _ in plan.files}
    if made & {"inventory/inventory.yml", "ioc_lists/campaign.txt"}:
        edit = [name for name in ("inventory/inventory.yml", "ioc_lists/campaign.txt") if name in made]
        yield f"  edit {' and '.join(edit)}: your computers, what you look for"
    if "ioc_lists/campaign.txt" in made:
        yield "  lamsach iocs check ioc_lists/campaign.txt"
    yield "  lamsach inventory list        who is in it, and how each is reached"
    yield "  lamsach hosts scan            the SSH keys of the computers; when they are right, with --accept"
    yield "  lamsach sweep --limit GROUP   a first sweep; nothing is changed without --apply"
    yield "  lamsach status                how far the campaign is"
