"""What an adapter to a cleanup tool is, and what all adapters need: its arguments, and its log as lines."""

import codecs
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, product, zip_longest
from typing import Final, Protocol

from controller.errors import PlaybookError, Reason, Where
from controller.model.playbook import Tool
from controller.model.result import Fault, Finding, ToolMode
from controller.model.text import shown

LINE_LIMIT: Final = 8 * 1024
"""Letters of a line that are read; the patterns of a tool meet text that a hostile host wrote."""
LINES_LIMIT: Final = 200_000
"""Lines of a log that are read."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_INVISIBLE: Final = re.compile(
    r"""
    \x1b\[ [0-9;:]* m                      # SGR: colours
    | \x1b\[ 0? K                          # EL: erase from here on, which follows each colour of grep
    | \x1b\[ \??[0-9;]* [hlnqr]            # modes, reports
    | \x1b\] [^\x07\x1b]* (?: \x07 | \x1b\\ )  # OSC: titles, links
    | \x1b [()] [0-9A-B]                   # character sets
    | \0                                   # padding
    """,
    re.VERBOSE,
)
"""Sequences of ECMA-48 that leave no mark on the screen, and NUL."""
_OVERWRITTEN: Final = re.compile(r"(?:[\r\b]|\x1b\[[0-9;]*[A-HJKSTdf])+")
"""What moves the cursor within a line, or erases it: another text begins there."""
_ESCAPE: Final = "\x1b"
_NAMED, _NAMED_LENGTH = 3, 300
_BOM: Final = "\ufeff"
_PLACEHOLDER: Final = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a tool works on one host: what it looks at, the product's folder, and the disk that stands for the host.

    `roots` are as the playbook writes them. `sysroot` is empty for a running system.
    """

    roots: tuple[str, ...]
    folder: str
    sysroot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReport:
    """What a tool's log and exit code say together.

    `fault` says that the run is no answer (`cleaner.*`, `answer.huge`); what it found before that still counts, but
    what it did not find is not confirmed gone.
    `contradiction` says that the log and the exit code disagree.
    """

    findings: tuple[Finding, ...] = ()
    fault: Fault | None = None
    contradiction: bool = False


class Cleaner(Protocol):
    """Knows how to call one tool, and how to read what it says. Strings in, values out.

    `confirms_always` asks for a detect-only run after every run in mode `clean`, also after one that handled nothing:
    for a tool that only there says what it passed over.
    """

    confirms_always: bool

    def check(self, tool: Tool, roots: Sequence[str]) -> None:
        """Make sure, before any host is touched, that `tool` can be called for `roots` and its log be read.

        Raises:
            PlaybookError: it cannot.

        """
        ...

    def arguments(self, tool: Tool, mode: ToolMode, places: Places) -> tuple[str, ...]:
        """Return the complete argument list of a start. `tool` passed `check`."""
        ...

    def read(self, tool: Tool, mode: ToolMode, exit_code: int, log: bytes, places: Places) -> ToolReport:
        """Read what a run that came to its end left; it never raises for anything the host wrote."""
        ...


def mode_arguments(tool: Tool, mode: ToolMode) -> tuple[str, ...]:
    """Return the argument list that the tool has for a mode.

    Raises:
        ValueError: it has no detect-only mode, and must not be started in one.

    """
    if mode is ToolMode.CLEAN:
        return tool.clean
    if tool.detect is None:
        raise ValueError(f"'{tool.name}' has no detect-only mode")
    return tool.detect


def placeholders(arguments: Iterable[str]) -> frozenset[str]:
    """Return the names that stand in braces in an argument list; other braces are plain letters."""
    return frozenset(name for each in arguments for name in _PLACEHOLDER.findall(each))


def filled(arguments: Iterable[str], values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Replace placeholders once; an argument that names one with several values is repeated for each of them."""
    return tuple(each for argument in arguments for each in _filled(argument, values))


def _filled(argument: str, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    parts = _PLACEHOLDER.split(argument)
    plain, names = parts[::2], parts[1::2]
    for chosen in product(*(values[name] for name in names)):
        yield "".join(chain.from_iterable(zip_longest(plain, chosen, fillvalue="")))


def refuse_unknown(tool: Tool, known: Collection[str]) -> None:
    """Refuse a placeholder that nobody fills.

    Raises:
        PlaybookError: there is one.

    """
    for name in sorted(placeholders((*tool.clean, *(tool.detect or ()))) - set(known)):
        names = ", ".join(f"'{{{each}}}'" for each in known)
        raise tool_error(tool, f"its arguments name '{{{name}}}', which nothing stands for; use {names}")


def tool_error(tool: Tool, message: str) -> PlaybookError:
    """Make the error for a tool.yaml that cannot be used."""
    return PlaybookError(message, where=Where(tool.path, 1))


def below(sysroot: str, path: str) -> str:
    """Return where a path of the host lies on the disk that stands for it."""
    return sysroot.rstrip("/") + "/" + path.lstrip("/") if sysroot else path


def without(sysroot: str, path: str) -> str:
    """Undo `below`; a path that does not lie on that disk stays as it is."""
    prefix = sysroot.rstrip("/") + "/"
    return "/" + path.removeprefix(prefix) if sysroot and path.startswith(prefix) else path


def decoded(log: bytes, encoding: str) -> str:
    """Return a log as text: by its byte order mark, else in `encoding`, else UTF-8; what cannot be read is U+FFFD."""
    mark, marked = next(((mark, each) for mark, each in _MARKS if log.startswith(mark)), (b"", ""))
    return log.removeprefix(mark).decode(marked or encoding or "utf-8", errors="replace")


class LogLine(str):
    """A text of a log as a terminal showed it.

    `altered` says that control sequences were taken out of it. A name may have held them: a path in such a line is not
    certain, and cannot confirm that its object is gone. What moves the cursor begins another text, so a line may be
    several; the last of them, `is_last`, has the whole line without the moves in `joined`, for a name that held one
    must not hide its finding.
    """

    altered: bool = False
    is_last: bool = True
    joined: str = ""


def lines_of(text: str) -> tuple[LogLine, ...]:
    """Part a log into the texts that a terminal showed, one after the other, without colours and padding.

    Lines end at a line feed only, for a file name may hold every other separator. A carriage return within a line, and
    whatever else moves the cursor, begins another text: a progress line must not hide the finding that follows or
    precedes it. A text that was cut, by its length or by such a move, ends with U+FFFD, since an object at its end may
    be more than we see. No more than `LINES_LIMIT` + 1 lines are returned, so that the caller sees that there were too
    many.
    """
    lines = text.split("\n", LINES_LIMIT + 1)[: LINES_LIMIT + 1]
    return tuple(islice(chain.from_iterable(map(_texts, lines)), LINES_LIMIT + 1))


def _texts(line: str) -> Iterator[LogLine]:
    visible, taken_out = _INVISIBLE.subn("", line.removesuffix("\r"))
    *overwritten, last = (each.removeprefix(_BOM) for each in _OVERWRITTEN.split(visible))
    texts = [each[:LINE_LIMIT] + "\ufffd" for each in overwritten if each.strip()]
    texts.append(last if len(last) <= LINE_LIMIT else last[:LINE_LIMIT] + "\ufffd")
    for number, text in enumerate(texts, start=1):
        part = LogLine(text)
        part.altered, part.is_last = taken_out > 0 or len(texts) > 1, number == len(texts)
        if part.is_last and len(texts) > 1:
            part.joined = _OVERWRITTEN.sub("", visible)[:LINE_LIMIT]
        yield part


def partial(passed_over: Sequence[str]) -> Fault | None:
    """Say what a tool passed over by its own word, or return None when that is nothing."""
    if not passed_over:
        return None
    named = "; ".join(shown(each)[:_NAMED_LENGTH] for each in passed_over[:_NAMED])
    more = f" and {len(passed_over) - _NAMED} more" if len(passed_over) > _NAMED else ""
    return Fault(Reason.CLEANER_PARTIAL, f"not looked at: {named}{more}")


def unreadable(tool: Tool, lines: Sequence[str]) -> Fault | None:
    """Say why patterns for lines cannot read a log to its end; None when they can.

    A sequence that `lines_of` does not know may hide or split any text, so a log that holds one is no answer.
    """
    if len(lines) > LINES_LIMIT:
        return Fault(Reason.ANSWER_HUGE, f"the log of '{tool.name}' has more than {LINES_LIMIT} lines")
    for line in lines:
        _, escape, behind = line.partition(_ESCAPE)
        if escape:
            return Fault(
                Reason.CLEANER_UNREADABLE,
                f"the log of '{tool.name}' holds the control sequence '{shown(escape + behind[:8])}'; add "
                "the tool's switch for plain text to 'detect' and 'clean' in tool.yaml, or name a file as 'log'",
            )
    return None
