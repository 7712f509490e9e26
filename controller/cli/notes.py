"""`lamsach note`: what people did about a computer, beside what was seen of it."""

import getpass
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from controller.app import notes
from controller.app.notes import NoteRequest, PlannedNote
from controller.app.worker import now
from controller.campaign.cases import Case, HostState, described
from controller.cli.opened import opened
from controller.cli.options import Once, store_option
from controller.cli.printing import put
from controller.errors import OperatorError
from controller.model.decision import NoteKind
from controller.model.text import shown
from controller.reports.vietnamese import HANOI, hanoi_time

_MOST_CASES: Final = 20
"""Lines of what one note covers that a screen still serves."""


@click.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option(
    "--unit",
    cls=Once,
    again="or name the unit above them",
    metavar="ID",
    help="Instead of NAME: every computer of this unit and of those below it that the note can settle.",
)
@click.option("--handled", cls=Once, again="and say all in one text", metavar="TEXT", help="What was done about it.")
@click.option(
    "--gone",
    cls=Once,
    again="and write one note for each",
    metavar="OBJECT",
    help="This file, folder, drive or entry does not exist any more; you vouch for it.",
)
@click.option(
    "--checked",
    cls=Once,
    again="and write one note for each",
    metavar="ITEM",
    help="You looked at this item, which a look could not read.",
)
@click.option(
    "--harmless",
    cls=Once,
    again="and write one note for each",
    metavar="VALUE|THREAT|OBJECT",
    help="This match or finding is none, on this computer only.",
)
@click.option("--retired", is_flag=True, help="It is out of service, and leaves the figures.")
@click.option("--undo", cls=Once, again="and undo one note at a time", metavar="NUMBER", help="Take back a note.")
@click.option("--why", cls=Once, again="and say all in one text", metavar="TEXT", help="The reason.")
@click.option(
    "--by", cls=Once, again="and name one person", metavar="WHO", help="Whose word it is. [default: your account]"
)
@click.option(
    "--at",
    cls=Once,
    again="and write one note for each time",
    metavar="TIME",
    help="When it was handled: 2026-11-20 (its beginning) or '2026-11-20 16:30'; Hanoi time unless it has a zone, "
    "as +00:00. [default: now]",
)
@click.option("--dry-run", is_flag=True, help="Only print what the note would change.")
@store_option
def note(
    names: tuple[str, ...],
    unit: str | None,
    why: str | None,
    by: str | None,
    at: str | None,
    dry_run: bool,  # noqa: FBT001 - click passes options by name
    store: Path,
    **kinds: str | bool | None,
) -> None:
    """Write down what was done about a computer, with one of --handled, --gone, --checked, --harmless or --retired.

    A note covers the matches and findings that are open or vanished when it is written, and no later ones. It prints
    the state of each computer without the note and with it. No note is deleted; --undo takes one back, by the number
    that was printed when it was written.

    \b
    Example:
      lamsach note sd-pc04 --handled "xóa tay, đổi mật khẩu"
      lamsach note sd-pc04 --gone 'E:\\' --why "USB đã hủy, có biên bản"
      lamsach note sd-pc04 --checked 'C:\\Khoa' --why "thư mục mã hóa của phòng, đã xem"
      lamsach note sd-pc04 --harmless 9f86d081884c7d659a2feaa0c55ad015 --why "phần mềm kế toán của tỉnh"
      lamsach note --unit cc-son-duong --handled "đã cài lại toàn bộ" --at "2026-11-20 16:30"
      lamsach note sd-pc04 --undo 118 --why "nhầm máy"
    """
    kind, subject = _chosen(kinds)
    made = now()
    request = NoteRequest(
        kind=kind,
        operator=getpass.getuser(),
        made=made,
        by=_text(by, "--by"),
        at=_moment(_text(at, "--at"), made) if at is not None else None,
        object="" if kind is NoteKind.HANDLED else subject,
        text=_reason(kind, subject, why),
    )
    if bool(names) == (unit is not None):
        raise OperatorError("give the names of computers, or '--unit'; one of both.")
    with opened(store) as ledger:
        planned = notes.plan(ledger, names, request) if unit is None else notes.plan_for_unit(ledger, unit, request)
        put("".join(f"{line}\n" for each in planned for line in _lines(each)))
        numbers = [] if dry_run else notes.write(ledger, planned)
    for each, number in zip(planned, numbers, strict=False):
        click.echo(f"Note {number} on {shown(each.note.host)} is written; --undo {number} takes it back.")
    if dry_run:
        click.echo("Dry run: nothing was written.")


def _chosen(kinds: Mapping[str, str | bool | None]) -> tuple[NoteKind, str]:
    """Return the kind of note that was asked for, and what it names; `--retired` names nothing more."""
    asked = [(kind, kinds[kind]) for kind in NoteKind if kinds[kind] not in {None, False}]
    chosen = [(kind, _text(text, f"--{kind}") if isinstance(text, str) else "") for kind, text in asked]
    if len(chosen) != 1:
        there = ", ".join(f"--{kind}" for kind in NoteKind)
        what = f"{len(chosen)} kinds of note at once" if chosen else "no kind of note"
        raise OperatorError(f"this asks for {what}; give one of {there}.")
    return chosen[0]


def _reason(kind: NoteKind, subject: str, why: str | None) -> str:
    """Return why the note is written; `--handled` says it itself, and one who vouches with `--gone` need not."""
    if kind is NoteKind.HANDLED:
        if why is not None:
            raise OperatorError("'--handled' takes the reason itself; put both into one text, and leave out --why.")
        return subject
    if why is None and kind is not NoteKind.GONE:
        raise OperatorError(f"'--{kind}' needs --why: the next one who reads the record wants to know the reason.")
    return _text(why, "--why")


def _text(text: str | None, option: str) -> str:
    """Return what an option was given, NFC; nothing when it was left out."""
    if text is None:
        return ""
    if not text.strip():
        raise OperatorError(f"'{option}' is empty; write something behind it, or leave it out.")
    return unicodedata.normalize("NFC", text.strip())


def _moment(text: str, made: datetime) -> datetime:
    """Return a moment that is not later than now; a day stands for its beginning."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise OperatorError(f"'{shown(text)}' is no time; write --at as 2026-11-20 or '2026-11-20 16:30'.") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=HANOI)
    if moment > made:
        raise OperatorError(f"'--at' is {hanoi_time(moment)}, which is later than now, {hanoi_time(made)}; correct it.")
    return moment.astimezone(UTC)


def _lines(planned: PlannedNote) -> Iterator[str]:
    before, after, covered = planned.before, planned.after, planned.note.covers
    yield f"{shown(planned.note.host)}: {_state(before)} -> {_state(after)}"
    every = (*before.open, *before.vanished, *before.replaced, *before.closed)
    yield from _listed("covers", [case for case in every if case.key in covered])
    if planned.undone:
        yield f"  takes back note {planned.undone.committed}: {shown(notes.noted(planned.undone))}"
    yield from _listed("does not cover, because it was seen later:", planned.later)
    for name in dict.fromkeys(name for name, _ in planned.note.items):
        yield f"  settles {shown(name)} until it changes"
    if not covered.isdisjoint(case.key for case in after.open):
        yield "  what to do next: look again with the campaign's playbook; what is handled closes when it is not seen"
    elif after.reason and not after.retired:
        yield f"  what to do next: {after.reason.remedy}"


def _listed(word: str, cases: Sequence[Case]) -> Iterator[str]:
    for case in cases[:_MOST_CASES]:
        yield f"  {word} {shown(described(case.key))}, last seen {hanoi_time(case.last_seen)}"
    if len(cases) > _MOST_CASES:
        yield f"  {word} {len(cases) - _MOST_CASES} more"


def _state(state: HostState) -> str:
    reason = f" ({state.reason})" if state.reason else ""
    return f"{state.verdict}{reason}{', retired' if state.retired else ''}"
