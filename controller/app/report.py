"""Make the reports of one or several sweeps from the store alone."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from controller.app.campaign import Campaign
from controller.errors import LamsachError, OperatorError
from controller.model.fleet import Order
from controller.model.summary import SweepSummary
from controller.model.sweep import Sweep
from controller.reports.aggregate import summarise, within
from controller.reports.form import unit_form
from controller.reports.writers import docx
from controller.reports.written import Written, read_written
from controller.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The state of a campaign; `newest` is its newest sweep, whose order the report answers."""

    summary: SweepSummary
    newest: Sweep


def summarised(ledger: Ledger, names: Sequence[str], unit: str = "", inventory: str = "") -> Reported:
    """Sum up every computer of the roster by its state in the campaign, without the retired ones.

    The roster is that of the newest sweep of `inventory` (its path, resolved), or of the newest one. `names` (ids of
    sweeps, unique beginnings, or `last`) narrow the computers to those that these sweeps were given, `unit` to one unit
    and those below it; neither changes a state.

    Raises:
        OperatorError: there is no such sweep or unit, or no sweep at all.

    """
    ledger.resolve("last")
    campaign = Campaign(ledger)
    chosen = [ledger.sweep(each) for each in dict.fromkeys(map(ledger.resolve, names))] or list(campaign.sweeps)
    newest = max(chosen, key=lambda sweep: sweep.started) if names else campaign.newest(inventory)
    given = {entry.name for sweep in chosen for entry in sweep.roster if entry.given} if names else set(campaign.every)
    roster = [replace(entry, given=entry.name in given) for entry in newest.roster]
    states = campaign.judgements(entry.name for entry in roster if entry.given)
    retired = {name for name, state in states.items() if state.retired}
    roster = [entry for entry in roster if entry.name not in retired]
    states = {name: state for name, state in states.items() if name not in retired}
    summary = summarise(newest.units, roster, states, [sweep.id for sweep in chosen])
    return Reported(summary=within(summary, unit) if unit else summary, newest=newest)


def write_forms(reported: Reported, folder: Path, template: Path | None = None) -> tuple[Path, ...]:
    """Write the official form of every unit into `folder`, and return the paths.

    Texts that people wrote into an earlier copy are kept. A copy that was changed outside of its places for people
    is moved aside, never overwritten.

    Raises:
        OperatorError: an earlier copy or the template cannot be read.

    """
    own = template.read_bytes() if template else None
    units = [row.unit for row in reported.summary.units if row.unit.id]
    return tuple(_write_form(reported, unit.id, folder / f"{unit.id}.docx", own) for unit in units)


def _write_form(reported: Reported, unit: str, path: Path, template: bytes | None) -> Path:
    newest = reported.newest
    form = unit_form(reported.summary, unit, order=newest.order or Order(), made=newest.started)
    written = _written(path)
    if written.elsewhere:
        path.rename(_aside(path))
    write_file(path, docx.write(form, written=written, template=template))
    return path


def _written(path: Path) -> Written:
    if not path.exists():
        return Written()
    if not path.is_file():
        raise OperatorError(f"'{path}' is in the way: it is no file; remove it, or name another folder with -o")
    try:
        return read_written(path.read_bytes())
    except OperatorError as error:
        raise OperatorError(f"'{path}' is in the way: {error}") from error


def _aside(path: Path) -> Path:
    """The first free name beside `path`."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.{number}{path.suffix}")).exists():
        number += 1
    return aside


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file or none, which only its owner can read, as only he can read the store.

    The folder may be one that others can write. So it is written under a name that nobody can foresee, and renamed; a
    link that lies at `path` is replaced, and its target is left alone.

    Raises:
        LamsachError: it cannot be written there.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as on_failure:
            number, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            on_failure.callback(Path(part).unlink, missing_ok=True)
            with os.fdopen(number, "wb") as file:
                file.write(data)
            Path(part).replace(path)
            on_failure.pop_all()
    except OSError as error:
        raise LamsachError(f"'{path}' cannot be written ({error.strerror}); name another folder with -o.") from error
