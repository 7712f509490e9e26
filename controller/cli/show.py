"""`lamsach show`: everything the store knows of one computer, for people."""

import os
import shlex
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click

from controller.app.notes import noted
from controller.app.record import HostRecord, kept_data, record_of
from controller.cli.hints import hint
from controller.cli.opened import opened
from controller.cli.options import store_option
from controller.cli.printing import put
from controller.errors import Reason
from controller.model.collector import Root, RootState, Unread
from controller.model.indicator import Match
from controller.model.result import Attempt, Evidence, Fault, Look, TaskResult, ToolRun
from controller.model.text import shown
from controller.reports.lines import first_unread

_WHOLE_LINE: Final = 1_000_000


@click.command()
@click.argument("host")
@click.option("--sweep", default="", metavar="ID", help="Only the visits of this sweep; the state is that of all.")
@click.option("--kept", type=click.IntRange(min=1), metavar="N", help="Print the kept answer or log with this number.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="With --kept: a new file for it.")
@store_option
def show(host: str, sweep: str, kept: int | None, output: Path | None, store: Path) -> None:
    """Show what is known of HOST: its verdict, every visit, what was seen, and what it rests on.

    \b
    Example:
      lamsach show sd-pc04
      lamsach show sd-pc04 --kept 2
      lamsach show sd-pc04 --kept 2 -o answer.txt
    """
    if output and kept is None:
        raise click.UsageError("'--output' needs --kept, which says what to write.")
    with opened(store) as ledger:
        record = record_of(ledger, unicodedata.normalize("NFC", host), sweep)
        if kept is None:
            put("".join(f"{line}\n" for line in _lines(record)))
            return
        data = kept_data(ledger, record, kept)
    if output:
        _write(output, data)
        return
    lines = data.decode("utf-8", errors="replace").splitlines()
    put("".join(f"{shown(line, limit=_WHOLE_LINE)}\n" for line in lines))


def _write(path: Path, data: bytes) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise click.UsageError(f"'{path}' cannot be written ({error.strerror}); name a new file.") from error


def _lines(record: HostRecord) -> Iterator[str]:
    judgement = record.judgement
    yield shown(record.host)
    if judgement.reason:
        yield f"{judgement.verdict}: {_fault(Fault(judgement.reason, judgement.detail))}"
        yield f"what to do: {hint(judgement.reason.remedy)}"
    else:
        yield judgement.verdict
    if judgement.broke and judgement.broken_since:
        yield f"not reached since {judgement.broken_since:%Y-%m-%d %H:%M} UTC: {_fault(judgement.broke)}"
    yield from (f"open{line}" for line in map(_match, judgement.matches))
    closed = [match for match in judgement.met if match not in judgement.matches]
    yield from (f"settled{line}" for line in map(_match, closed))
    yield from (f"left behind: {shown(each)}" for each in judgement.leftovers)
    yield from (f"open on the machine before: {shown(each)}" for each in judgement.replaced)
    if judgement.unread:
        yield f"unread: {judgement.unread} ({shown(first_unread(judgement, most=3)) or 'not named'})"
    for note in record.notes:
        yield f"note {note.committed}: {shown(noted(note))}"
    numbers = {piece.sha256: number for number, piece in enumerate(record.evidence, start=1)}
    for visit in record.visits:
        yield ""
        yield f"sweep {visit.sweep}"
        yield from _attempt(visit.attempt, numbers)
    if numbers:
        name = shlex.quote(shown(record.host))
        yield hint(f"\n[N] is a kept answer or log: lamsach show {name} --kept N")


def _attempt(attempt: Attempt, numbers: dict[str, int]) -> Iterator[str]:
    is_open = attempt.fault is not None and attempt.fault.reason is Reason.VISIT_OPEN
    times = f"{attempt.started:%Y-%m-%d %H:%M:%S} " + (
        "UTC, without end" if is_open else f"to {attempt.ended:%H:%M:%S} UTC"
    )
    yield f"visit {attempt.number}, {times}"
    for note in attempt.notes:
        yield f"  note: {shown(note)}"
    for task in attempt.tasks:
        yield from _indented(_task(task, numbers), 2)
    if attempt.fault and not is_open:
        yield f"  ended by {_fault(attempt.fault)}{_number(attempt.refused, numbers)}"


def _task(task: TaskResult, numbers: dict[str, int]) -> Iterator[str]:
    yield f"{task.index + 1}. {shown(task.name)}: {task.state}{_number(task.refused, numbers)}"
    if task.fault:
        yield f"   {_fault(task.fault)}"
    for note in task.notes:
        yield f"   note: {shown(note)}"
    for run in task.runs:
        yield from _indented(_run(run, numbers), 3)
    for look in task.looks:
        yield from _indented(_look(look, numbers), 3)
    for step in task.plan:
        yield f"   would {shown(step)}"


def _run(run: ToolRun, numbers: dict[str, int]) -> Iterator[str]:
    said = "; its log and its exit code disagree" if run.contradiction else ""
    yield f"{shown(run.tool)} {run.mode}, exit {run.exit_code}{said}{_number(run.log, numbers)}"
    for finding in run.findings:
        yield f"  {finding.state}: {shown(finding.threat)} in {shown(finding.object)}"


def _look(look: Look, numbers: dict[str, int]) -> Iterator[str]:
    asked = shown(" ".join((look.key.collector, *look.key.arguments)))
    how = "looked again at" if look.repeats else "looked at" if look.judged else "collected"
    stopped = f", stopped: {look.stopped}" if look.stopped else ""
    yield f"{how} {asked}: {look.rows} rows, {look.unread} unread{stopped}{_number(look.answer, numbers)}"
    yield from map(_root, (each for each in look.roots if each.state is not RootState.ENTERED))
    yield from map(_unread, look.unread_items)
    yield from map(_match, look.matches)
    for word, objects in (("gone", look.gone), ("still there", look.there)):
        for each in objects:
            yield f"  {word}: {shown(each)}"


def _root(root: Root) -> str:
    why = "does not exist" if root.state is RootState.MISSING else "could not be entered"
    return f"  root {shown(root.asked)} {why}"


def _unread(item: Unread) -> str:
    error = f" (error {item.error})" if item.error else ""
    return f"  unread: {item.kind} {shown(item.path)}{error}"


def _match(match: Match) -> str:
    known = match.seen in match.where or match.seen == match.value
    seen = match.where if known and match.where else f"{match.where} {match.seen}".strip()
    version = f", version {match.list_sha256[:12]}" if match.list_sha256 else ""
    named = f"{shown(match.list_path or match.list)}:{match.place or match.line}{version}"
    return f"  {match.grade}: {match.kind} {shown(match.value)} ({named}) in {shown(seen)}"


def _fault(fault: Fault) -> str:
    detail = f" ({shown(fault.detail)})" if fault.detail else ""
    return f"{fault.reason}: {fault.reason.sentence}{detail}"


def _number(piece: Evidence | None, numbers: dict[str, int]) -> str:
    return f" [{numbers[piece.sha256]}]" if piece else ""


def _indented(lines: Iterable[str], by: int) -> Iterator[str]:
    return (" " * by + line for line in lines)
