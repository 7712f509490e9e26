"""What is printed: results to their last byte, and counts."""

import os
import sys
from typing import TextIO

import click

from controller.errors import LamsachError, OperatorError
from controller.model.text import shown


def put(result: str | bytes, *, kept: str = "free space there, or print elsewhere") -> None:
    """Print a result as it is. `kept` says how to get it all the same.

    Raises:
        LamsachError: it cannot be printed to its end.
        BrokenPipeError: whoever read it has left, which click takes for an end without a word.

    """
    try:
        click.echo(result, nl=False)
    except OSError as error:
        _discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        raise LamsachError(f"the result cannot be printed ({error.strerror}); {kept}") from error


def note(text: str, *, red: bool = False) -> None:
    """Print a sentence to standard error; a reader of it that left, or a full disk there, is no failure of ours."""
    try:
        click.echo(click.style(text, fg="red") if red else text, err=True)
    except OSError:
        _discard(sys.stderr)


def complain(error: LamsachError) -> None:
    """Print the code and the sentence of an error to standard error."""
    note(f"error[{error.code}]: {shown(str(error), limit=2000)}", red=True)


def complain_of_usage(error: click.ClickException) -> None:
    """Print what click says of the words of a command line, in the form of all our errors."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # no word at all: the help is the answer
        error.show()
        return
    if isinstance(error, click.UsageError) and error.ctx:
        note(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n")
    complain(OperatorError(error.format_message()))


def open_standard_streams() -> None:
    """Open what our caller closed (`2>&-`), as /dev/null: else the next file or line to a host takes its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _discard(stream: TextIO) -> None:
    """Send what follows to /dev/null: Python tries what is left in its buffer once more at our end, and complains."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def counted(count: int, noun: str) -> str:
    """Return `1 key`, `2 keys`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
