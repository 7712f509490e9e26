"""Where an option's value comes from: the option, else `LAMSACH_*`, else `lamsach.yml`, else its default."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from controller.loading import settings


def defaults(commands: Iterable[str], file: Path) -> Mapping[str, Mapping[str, object]]:
    """Return click's default map for `commands`, from a settings file.

    Raises:
        OperatorError: the file cannot be taken.

    """
    given = settings.load(file)
    below = {"scan": given, "accept": given, "list": given}
    return {name: {**given, **below} for name in commands}
