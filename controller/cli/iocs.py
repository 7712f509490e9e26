"""`lamsach iocs`: look at IOC lists before a sweep depends on them, and change which of them are in force."""

import getpass
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
from tabulate import tabulate

from controller.app import list_changes
from controller.app.in_force import NAMED
from controller.app.list_changes import ListInForce, PlannedWithdrawal
from controller.app.lists import Checked, check_lists
from controller.app.worker import now
from controller.cli.list_changes import preview_lines
from controller.cli.opened import opened
from controller.cli.options import FILE, Number, Once, store_option
from controller.cli.printing import complain, counted, put
from controller.errors import ListError, OperatorError
from controller.model.case import Value
from controller.model.decision import Withdrawal
from controller.model.indicator import IocList, Kind
from controller.model.text import shown, shown_json
from controller.reports.vietnamese import hanoi_time

_DIGEST: Final = 12
"""Digits of a SHA-256 that tell the versions of a list apart for people."""


@click.group()
def iocs() -> None:
    """Check IOC lists before a sweep depends on them; add, list, withdraw and restore them.

    \b
    Example:
      lamsach iocs check ioc_lists/example.txt
      lamsach iocs list
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


_dry_run: Final = click.option("--dry-run", is_flag=True, help="Only print what would change.")
_DONE: Final = "Done; it takes effect from now on."
_NOT_DONE: Final = "Dry run: nothing was changed."


@iocs.command()
@click.argument("file", type=FILE)
@click.option(
    "--name",
    cls=Once,
    again="and add one list at a time",
    help="What the list is called. [default: the file's name]",
)
@click.option(
    "--max-rejected",
    default=5.0,
    show_default=True,
    type=Number(0, 100),
    help="Percent of its lines that may be bad.",
)
@_dry_run
@store_option
def add(file: Path, name: str | None, max_rejected: float, dry_run: bool, store: Path) -> None:  # noqa: FBT001
    """Bring the list FILE into force for the whole campaign, without a sweep.

    The file is kept in the store. A newer file of the same name replaces it; what the newer one drops although a
    computer showed it stays in force until it is withdrawn. What computers showed on earlier visits is compared with
    the list, too: it prints first how many of them become infected or unknown by it.

    \b
    Example:
      lamsach iocs add ioc_lists/example.txt --name a05 --dry-run
    """
    if name is not None and not name.strip():
        raise OperatorError("'--name' is empty; name the list, or leave it out.")
    with opened(store) as ledger:
        planned = list_changes.plan_list(
            ledger,
            str(file),
            name=(name or "").strip(),
            operator=getpass.getuser(),
            made=now(),
            max_rejected=max_rejected / 100,
        )
        listed = planned.listed
        lines = [f"{shown(planned.added.name)}: {counted(len(listed.indicators), 'value')}, {listed.sha256[:_DIGEST]}"]
        if listed.rejected:
            lines.append(f"{counted(len(listed.rejected), 'line')} rejected: 'lamsach iocs check' says why.")
        lines += [f"The list '{shown(path)}' stays in force beside it." for path in planned.same_name]
        put("".join(f"{line}\n" for line in (*lines, *preview_lines(planned.preview))))
        if not dry_run:
            ledger.add_list(planned.added, planned.data)
    click.echo(_NOT_DONE if dry_run else _DONE)


_Command = Callable[..., Any]


def _change_options(command: _Command) -> _Command:
    """Add what `withdraw` and `restore` have in common."""
    options = (
        click.argument("values", nargs=-1, metavar="VALUE..."),
        click.option(
            "--list",
            "list_name",
            cls=Once,
            again="and change one list at a time",
            metavar="NAME",
            help="Instead of VALUE: a whole list.",
        ),
        click.option(
            "--why",
            cls=Once,
            again="and say all in one text",
            required=True,
            metavar="TEXT",
            help="The reason; it is kept.",
        ),
        click.option("--line", is_flag=True, help="Also the other values of the same lines."),
        _dry_run,
        store_option,
    )
    for each in reversed(options):
        command = each(command)
    return command


@iocs.command()
@_change_options
def withdraw(
    values: tuple[str, ...],
    list_name: str | None,
    why: str,
    line: bool,  # noqa: FBT001 - click passes options by name
    dry_run: bool,  # noqa: FBT001
    store: Path,
) -> None:
    """Let VALUE, or a whole list, count no more: it was a false alarm.

    A value is withdrawn from all lists and from their later versions; its matches weigh nothing any more, and what
    followed from them neither. A list is withdrawn with its later versions; values that another list names, too, stay
    in force by that one. It prints first how many computers change by it.

    \b
    Example:
      lamsach iocs withdraw hxxp://update.example[.]vn/a --why "máy chủ cập nhật của phần mềm kế toán"
      lamsach iocs withdraw --list a05 --why "thay bằng công văn mới" --dry-run
    """
    _change(values, list_name, why, line=line, dry_run=dry_run, store=store, restores=False)


@iocs.command()
@_change_options
def restore(
    values: tuple[str, ...],
    list_name: str | None,
    why: str,
    line: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    store: Path,
) -> None:
    """Let VALUE, or a whole list, that was withdrawn count again.

    \b
    Example:
      lamsach iocs restore update.example.vn --why "đã xác minh: là máy chủ điều khiển"
    """
    _change(values, list_name, why, line=line, dry_run=dry_run, store=store, restores=True)


def _change(
    values: tuple[str, ...],
    list_name: str | None,
    why: str,
    *,
    line: bool,
    dry_run: bool,
    store: Path,
    restores: bool,
) -> None:
    if bool(values) == (list_name is not None):
        raise OperatorError("give values, or '--list'; one of both.")
    if not all(each.strip() for each in (why, *values, *([] if list_name is None else [list_name]))):
        raise OperatorError("a value, '--list' or '--why' is empty; write something there.")
    with opened(store) as ledger:
        planned = list_changes.plan_withdrawal(
            ledger,
            values,
            list_name=list_name or "",
            why=unicodedata.normalize("NFC", why.strip()),
            operator=getpass.getuser(),
            made=now(),
            whole_lines=line,
            restores=restores,
        )
        put("".join(f"{each}\n" for each in _planned_lines(planned)))
        if not dry_run:
            ledger.decide(planned.withdrawal)
    click.echo(_NOT_DONE if dry_run else _DONE)


def _planned_lines(planned: PlannedWithdrawal) -> Iterator[str]:
    withdrawal = planned.withdrawal
    word = "restore" if withdrawal.restores else "withdraw"
    for kind, value in withdrawal.values:
        yield f"{word} {kind} {shown(value)}"
    if withdrawal.list_name:
        yield f"{word} the list '{shown(withdrawal.list_name)}'"
    yield from (f"The list '{shown(path)}' stays as it is." for path in planned.same_name)
    for each in planned.beside:
        yield (
            f"stays as it is: {each.kind} {shown(each.value)}, of the same line ({shown(each.list)}:{each.line});"
            " --line takes it with it"
        )
    yield from preview_lines(planned.preview)


@iocs.command("list")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@store_option
def list_(form: str, store: Path) -> None:
    """Print the lists of the campaign: which version of each is in force, since when, and what was withdrawn.

    \b
    Example:
      lamsach iocs list --format json
    """
    with opened(store) as ledger:
        lists = list_changes.lists_in_force(ledger)
    put(_lists_as_json(lists) if form == "json" else "".join(f"{line}\n" for line in _lists_as_table(lists)))


def _lists_as_table(lists: Sequence[ListInForce]) -> Iterator[str]:
    if not lists:
        yield "No list is in force: no sweep used one, and none was added with 'lamsach iocs add'."
        return
    rows = [
        (
            shown(each.use.name),
            _path(each),
            each.use.sha256[:_DIGEST],
            f"{hanoi_time(each.since)}, {shown(each.how)}, {shown(each.who)}" if each.since else "",
            len(each.values),
            len(each.met),
        )
        for each in lists
    ]
    yield tabulate(rows, headers=("list", "path", "version", "in force since", "values", "met"), tablefmt="simple")
    for each in lists:
        yield from _list_lines(each)


def _list_lines(each: ListInForce) -> Iterator[str]:
    name = shown(each.use.name)
    if each.withdrawal:
        yield f"{name}: withdrawn as a whole, {_why(each.withdrawal)}"
    for withdrawn in each.withdrawn:
        yield f"{name}: withdrawn {_shown(withdrawn.value)}, {_why(withdrawn.withdrawal)}"
    for kept in each.kept:
        yield (
            f"{name}: {_shown(kept.value)} is not in this version, and stays in force because a computer showed it;"
            " if it is a false alarm: lamsach iocs withdraw"
        )


def _path(each: ListInForce) -> str:
    """The path that identifies a list; one that was added has only its name."""
    return "" if each.use.path.startswith(NAMED) else shown(each.use.path)


def _why(withdrawal: Withdrawal) -> str:
    return f"{hanoi_time(withdrawal.made)}, {shown(withdrawal.operator)}: {shown(withdrawal.why)}"


def _shown(value: Value) -> str:
    return f"{value[0]} {shown(value[1])}"


def _lists_as_json(lists: Sequence[ListInForce]) -> str:
    return (
        shown_json(json.dumps({"lists": [_list_fields(each) for each in lists]}, ensure_ascii=False, indent=2)) + "\n"
    )


def _list_fields(each: ListInForce) -> dict[str, object]:
    return {
        "list": each.use.name,
        "path": each.use.path,
        "sha256": each.use.sha256,
        "since": each.since.isoformat() if each.since else None,
        "how": each.how,
        "operator": each.who,
        "values": len(each.values),
        "met": _value_fields(each.met),
        "withdrawn": _withdrawal_fields(each.withdrawal) if each.withdrawal else None,
        "withdrawn_values": [
            {"kind": of.value[0], "value": of.value[1], **_withdrawal_fields(of.withdrawal)} for of in each.withdrawn
        ],
        "kept_although_dropped": _value_fields(kept.value for kept in each.kept),
    }


def _value_fields(values: Iterable[Value]) -> list[dict[str, str]]:
    return [{"kind": kind, "value": value} for kind, value in sorted(values)]


def _withdrawal_fields(withdrawal: Withdrawal) -> dict[str, str]:
    return {"made": withdrawal.made.isoformat(), "operator": withdrawal.operator, "why": withdrawal.why}
