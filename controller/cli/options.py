"""Options that several commands share, so that each means the same everywhere."""

from pathlib import Path
from typing import Final

import click

from controller.errors import OperatorError

STORE: Final = "lamsach.db"

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
PLACE: Final = click.Path(exists=True, path_type=Path)

store_option: Final = click.option(
    "--store",
    default=STORE,
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The record of all sweeps.",
)


def limit_of(pattern: str | None) -> str:
    """Return the pattern of `--limit`, or nothing when it was left out.

    Raises:
        OperatorError: it is empty, which must never mean all.

    """
    if pattern is not None and not pattern.strip(" ,:"):
        raise OperatorError("'--limit' is empty; name hosts or groups, or leave it out.")
    return pattern or ""
