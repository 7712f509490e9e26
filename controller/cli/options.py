"""Options that several commands share, so that each means the same everywhere."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from controller.cli.hints import remember_store
from controller.errors import OperatorError
from controller.model.places import STORE
from controller.model.verdict import Verdict

STATUS: Final = {Verdict.INFECTED: 3, Verdict.UNKNOWN: 4, Verdict.CLEAN: 0}
"""The exit status that says what remains."""

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
PLACE: Final = click.Path(exists=True, path_type=Path)


class Number(click.FloatRange):
    """A number from `low` to `high`. Click's own range lets `nan` through: it compares with no bound."""

    name = "number"

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low, high)
        self._low, self._high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number.

        Raises:
            click.BadParameter: it is none, or out of the range.

        """
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not self._low <= number <= self._high:
            self.fail(f"'{value}' is no number from {self._low:g} to {self._high:g}.", param, ctx)
        return number


class Once(click.Option):
    """An option that takes one value, once: given again, the last would silently take the place of the others.

    `again` says what to do instead.
    """

    def __init__(self, param_decls: Sequence[str] | None = None, *, again: str, **attributes: Any) -> None:
        super().__init__(param_decls, **attributes)
        self._again = again

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:  # noqa: ARG002 - click's signature
        """Let the parser keep every value that is given."""
        parser.add_option(obj=self, opts=self.opts, dest=self.name, action="append", nargs=self.nargs)

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """Return the one value.

        Raises:
            OperatorError: there are several.

        """
        given = opts.get(self.name or "", ())
        if len(given) > 1:
            name = self.opts[-1]
            raise OperatorError(f"'{name}' is given {len(given)} times; give {name} once, {self._again}.")
        return super().consume_value(ctx, {**opts, self.name: given[0]} if given else opts)


store_option: Final = click.option(
    "--store",
    default=STORE,
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    callback=remember_store,
    help="The record of all sweeps.",
)


unit_option: Final = click.option(
    "--unit",
    cls=Once,
    again="or name the unit above them",
    default=None,
    metavar="ID",
    help="Only this unit and those below it.",
)


def check_unit(unit: str | None) -> None:
    """Check the value of `--unit`.

    Raises:
        OperatorError: it is empty, which must never mean all.

    """
    if unit is not None and not unit.strip():
        raise OperatorError("'--unit' is empty; name a unit, or leave it out.")


def campaign_folder() -> Path | None:
    """Return the folder of the `lamsach.yml` that counts; None when there is none."""
    file = click.get_current_context().find_root().obj
    return file.parent if isinstance(file, Path) else None


_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def inventory_option(text: str) -> _Decorator:
    """Return `-i`, with its line of help."""
    again = "and put several files into one folder"
    return click.option("-i", "--inventory", cls=Once, again=again, required=True, type=PLACE, help=text)


def limit_option(text: str) -> _Decorator:
    """Return `--limit`, with its line of help; its value goes through `limit_of`."""
    again = "and join patterns with ','"
    return click.option("--limit", cls=Once, again=again, default=None, metavar="PATTERN", help=text)


def limit_of(pattern: str | None) -> str:
    """Return the pattern of `--limit`, or nothing when it was left out.

    Raises:
        OperatorError: it is empty, which must never mean all.

    """
    if pattern is not None and not pattern.strip(" ,:"):
        raise OperatorError("'--limit' is empty; name hosts or groups, or leave out --limit to choose all hosts.")
    return pattern or ""
