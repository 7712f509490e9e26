"""Where an option's value comes from: the option, else `LAMSACH_*`, else `lamsach.yml`, else its default."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from controller.loading import settings

_OWN: Final = "init"
"""The command that takes nothing from the file: it makes another campaign, or reads that campaign's own file."""


def defaults(commands: Iterable[str], file: Path) -> Mapping[str, Mapping[str, object]]:
    """Return click's default map for `commands`, from a settings file.

    Raises:
        OperatorError: the file cannot be taken.

    """
    given = settings.load(file)
    below = dict.fromkeys(("scan", "accept", "list", "add", "withdraw", "restore"), given)
    return {name: {**given, **below} for name in commands if name != _OWN}
