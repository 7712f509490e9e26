"""`lamsach iocs`: look at IOC lists before a sweep depends on them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

import click
from tabulate import tabulate

from controller.app.lists import Checked, check_lists
from controller.cli.printing import complain, counted, put
from controller.errors import ListError, OperatorError
from controller.model.indicator import IocList, Kind
from controller.model.text import shown


@click.group()
def iocs() -> None:
    """Check IOC lists before a sweep depends on them.

    \b
    Example:
      lamsach iocs check ioc_lists/example.txt
    """


@iocs.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def check(files: tuple[str, ...], form: str) -> int:
    """Count the indicators of each kind in FILE, and name every line that is rejected, with the reason.

    \b
    Exit status: 0 every line can be used, 2 at least one is rejected, or a list cannot be read or holds no indicator.

    \b
    Example:
      lamsach iocs check ioc_lists/example.txt --format json
    """
    checked = tuple(check_lists(files))
    put(_as_json(checked) if form == "json" else "".join(f"{line}\n" for line in _as_table(checked)))
    for error in _errors(checked):
        complain(error)
    return 0 if all(each.usable for each in checked) else OperatorError.exit_status


def _errors(checked: Sequence[Checked]) -> Iterator[ListError]:
    """Yield what keeps each list from use."""
    for each in checked:
        if each.error:
            yield each.error
        elif each.listed and (count := len(each.listed.rejected)):
            lines = counted(count, "line")
            yield ListError(f"{lines} of the list '{each.path}' cannot be used, as named above; correct each line.")


def _counts(listed: IocList) -> dict[str, int]:
    kinds = Counter(indicator.kind for indicator in listed.indicators)
    return {kind: kinds[kind] for kind in Kind if kinds[kind]}


def _as_table(checked: Sequence[Checked]) -> Iterator[str]:
    read = [(each.path, each.listed) for each in checked if each.listed]
    kinds = [kind for kind in Kind if any(kind in _counts(listed) for _, listed in read)]
    rows = [
        (
            shown(path),
            len(listed.indicators),
            *(_counts(listed).get(kind, 0) for kind in kinds),
            listed.comments,
            len(listed.rejected),
        )
        for path, listed in read
    ]
    if rows:
        yield tabulate(rows, headers=("list", "accepted", *kinds, "comments", "rejected"), tablefmt="simple")
    for path, listed in read:
        for each in listed.rejected:
            yield f"{shown(path)}:{each.line}: '{shown(each.text, limit=100)}': {shown(each.why)}"


def _as_json(checked: Sequence[Checked]) -> str:
    return json.dumps({"lists": [_as_fields(each) for each in checked]}, ensure_ascii=True, indent=2) + "\n"


def _as_fields(checked: Checked) -> dict[str, object]:
    """Return one list; what is not known of a list that cannot be read is left out."""
    fields: dict[str, object] = {"list": checked.path, "error": str(checked.error) if checked.error else None}
    if listed := checked.listed:
        fields |= {
            "sha256": listed.sha256,
            "accepted": len(listed.indicators),
            "kinds": _counts(listed),
            "comments": listed.comments,
            "rejected": [{"line": each.line, "text": each.text, "why": each.why} for each in listed.rejected],
        }
    return fields
