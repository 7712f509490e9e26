"""Make a campaign's folder, or name the playbook of one that is there; no file is ever overwritten."""

import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from controller.app.campaign import Campaign
from controller.app.preflight import collectors_of
from controller.errors import LamsachError, OperatorError, PlaybookError
from controller.loading import inventory as inventories
from controller.loading import pattern as patterns
from controller.loading import playbook as playbooks
from controller.loading import settings
from controller.model.decision import PlaybookNamed
from controller.model.places import SETTINGS, STORE
from controller.model.playbook import Module, Playbook
from controller.model.text import shown
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger

_SKELETON: Final[Traversable] = files("controller.app") / "skeleton"
_INVENTORY: Final = ("inventory/inventory.yml", "inventory/known_hosts.txt")
_PLAYBOOK: Final = ("playbooks/campaign.yml", "ioc_lists/campaign.txt")
_PLAIN: Final = re.compile(r"[A-Za-z/][\w./-]{5,}")
"""A path that YAML takes for a text as it is written: its words like `false` have five letters at most."""

_HEAD: Final = """\
# This folder is a campaign: lamsach finds this file from here and from every folder below.
# Paths begin at this folder. docs/campaign.md says what a campaign is.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `init` is about to do, checked; nothing is touched yet.

    `files` are new ones with what they hold, in the order in which they are written. `playbook` and `inventory` may be
    among them; `inventory` is None where neither option nor `lamsach.yml` names one. `missing` are lines that an
    existing `lamsach.yml` lacks.
    """

    folder: Path
    files: tuple[tuple[Path, bytes], ...]
    playbook: Path
    inventory: Path | None
    store: Path
    missing: tuple[str, ...] = ()


def plan(folder: Path, *, playbook: Path | None, inventory: Path | None, store: Path | None) -> Plan:
    """Return what would be done in `folder`: where a file is not given, what `lamsach.yml` names, else an example.

    Raises:
        OperatorError: `lamsach.yml` names another file than an option does, or no playbook; an example would take the
            place of a file; or a given file cannot be used.

    """
    folder = folder.resolve()
    given = {"inventory": inventory, "store": store, "playbook": playbook}
    options = {name: Path(os.path.normpath(path.absolute())) for name, path in given.items() if path}
    if store and not store.absolute().parent.is_dir():
        raise OperatorError(f"the folder of store '{shown(str(store))}' does not exist; make it, or name another file.")
    made = _existing(folder, options) if (folder / SETTINGS).exists() else _new(folder, options)
    if made.playbook not in {path for path, _ in made.files}:
        _check(made.playbook, made.inventory if made.inventory and made.inventory.exists() else None)
    return made


def write(plan: Plan) -> None:
    """Make the folder and the new files; what appeared there meanwhile is left as it is.

    Raises:
        LamsachError: one cannot be written.

    """
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
        for path, data in plan.files:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
    except OSError as error:
        raise LamsachError(
            f"'{shown(str(error.filename))}' cannot be made ({error.strerror}); see what lies there, or name another "
            "folder."
        ) from error


def to_name(ledger: Ledger, decision: PlaybookNamed) -> Mapping[tuple[Verdict, Verdict], int] | None:
    """Return how many computers go from which state to which when the playbook is named; None when it is so already."""
    now = Campaign(ledger)
    if now.named and now.playbook == decision.playbook:
        return None
    then = Campaign(ledger, named=replace(decision, committed=ledger.latest_commit() + 1)).judgements()
    return Counter((state.verdict, then[host].verdict) for host, state in now.judgements().items())


def read_playbook(path: Path) -> Playbook:
    """Return a playbook as a sweep would keep it.

    Raises:
        PlaybookError: it cannot be used for a sweep, or asks nothing that is judged.

    """
    book = playbooks.load(path)
    collectors_of(book)
    judging = {Module.CHECK_IOCS, Module.CLEAN}
    if not any(task.module in judging for task in book.playbook.tasks):
        raise PlaybookError(
            f"'{shown(str(path))}' has no task 'check_iocs' or 'clean', so it can call no computer clean; "
            "name the playbook of the full look."
        )
    return replace(book.playbook, path=str(path.resolve()))


def _check(playbook: Path, inventory: Path | None) -> None:
    book = read_playbook(playbook)
    if inventory:
        patterns.select(inventories.load(inventory), book.hosts)


def _existing(folder: Path, options: Mapping[str, Path]) -> Plan:
    """Read the `lamsach.yml` that is there; it is the operator's, so a line that it lacks is only printed."""
    file = folder / SETTINGS
    named = {name: Path(str(value)) for name, value in settings.load(file).items() if name in settings.PATHS}
    for name, path in options.items():
        if name in named and named[name].resolve() != path.resolve():
            raise OperatorError(
                f"'{shown(str(file))}' names the {name} '{shown(str(named[name]))}'; write "
                f"'{_line(name, path, folder)}' there, then run this again without --{name}."
            )
    paths = {**named, **options}
    if "playbook" not in paths:
        raise OperatorError(
            f"'{shown(str(file))}' names no playbook; give the campaign's: lamsach init {shown(str(folder))} "
            "--playbook FILE."
        )
    return Plan(
        folder=folder,
        files=(),
        playbook=paths["playbook"],
        inventory=paths.get("inventory"),
        store=paths.get("store", folder / STORE),
        missing=tuple(_line(name, path, folder) for name, path in options.items() if name not in named),
    )


def _new(folder: Path, options: Mapping[str, Path]) -> Plan:
    if folder.exists() and not folder.is_dir():
        raise OperatorError(f"'{shown(str(folder))}' is a file; name a folder.")
    examples = {"inventory": _INVENTORY, "playbook": _PLAYBOOK}
    parts = [part for name, group in examples.items() if name not in options for part in group]
    for part in parts:
        if os.path.lexists(folder / part):
            raise OperatorError(
                f"'{shown(str(folder / part))}' is there already and is not overwritten; name the campaign's files "
                "with --inventory and --playbook."
            )
    paths = {
        "inventory": folder / "inventory",
        "store": folder / STORE,
        "playbook": folder / _PLAYBOOK[0],
        **options,
    }
    text = _HEAD + "".join(f"{_line(name, path, folder)}\n" for name, path in paths.items())
    return Plan(
        folder=folder,
        files=(
            *((folder / part, (_SKELETON / part).read_bytes()) for part in parts),
            (folder / SETTINGS, text.encode()),
        ),
        playbook=paths["playbook"],
        inventory=paths["inventory"],
        store=paths["store"],
    )


def _line(name: str, path: Path, folder: Path) -> str:
    """Return a line of `lamsach.yml`; a path below the folder is written from there, so that the folder can move."""
    text = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
    return f"{name}: {text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)}"
