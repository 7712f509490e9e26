"""Options that several commands share, so that each means the same everywhere."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from controller.errors import OperatorError

STORE: Final = "lamsach.db"

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
PLACE: Final = click.Path(exists=True, path_type=Path)


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
    help="The record of all sweeps.",
)

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
        raise OperatorError("'--limit' is empty; name hosts or groups, or leave it out.")
    return pattern or ""
