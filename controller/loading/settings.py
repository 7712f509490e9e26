"""Read `lamsach.yml`: the files of a campaign, and the defaults of options."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from controller.errors import OperatorError
from controller.loading import nodes
from controller.loading.fields import Fields

PATHS: Final = ("inventory", "store", "playbook")
"""The settings that are paths."""

NUMBERS: Final = {
    "forks": (1, 1000),
    "logon_budget": (1, 100),
    "first_answer_seconds": (1, 300),
    "max_rejected": (0, 100),
}
"""The settings that are whole numbers, and the smallest and the largest value of each."""


def load(path: Path) -> Mapping[str, str | int]:
    """Return the settings that the file gives, by the names of the options; paths begin at its own folder.

    Raises:
        OperatorError: with the place of the first thing that cannot be taken.

    """
    fields = Fields(nodes.read(path, OperatorError).root, "settings", (*PATHS, *NUMBERS))
    paths = {name: str(path.parent / fields.text(name)) for name in PATHS if fields.get(name)}
    numbers = {name: fields.integer(name, low, high) for name, (low, high) in NUMBERS.items()}
    return {**paths, **{name: value for name, value in numbers.items() if value is not None}}
