"""What is printed: results to their last byte, and counts."""

import os
import sys

import click

from controller.errors import LamsachError


def put(result: str | bytes, *, kept: str = "free space there, or print elsewhere") -> None:
    """Print a result as it is. `kept` says how to get it all the same.

    Raises:
        LamsachError: it cannot be printed to its end.
        BrokenPipeError: whoever read it has left, which click takes for an end without a word.

    """
    try:
        click.echo(result, nl=False)
    except BrokenPipeError:
        raise
    except OSError as error:
        # Else Python tries the rest of its buffer once more at our end, and complains in its own words.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise LamsachError(f"the result cannot be printed ({error.strerror}); {kept}.") from error


def counted(count: int, noun: str) -> str:
    """Return `1 key`, `2 keys`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
