"""What is logged, and what is told of an error, cannot act on a terminal or forge a line."""

import logging
import subprocess
import sys

from controller.cli.logs import OneLine, trace_of

HOSTILE = "x\x1b]0;title\x07\u202e\nERROR controller: forged"
BUG = """
import sys
from controller.cli import COMMANDS, main
from controller.cli import sweeps
def fails(*_, **__):
    raise {error}
sweeps.Ledger.open = fails
sys.argv[1:] = [{debug} "sweeps"]
main()
"""


def caught(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as same:
        return same


def is_plain(text: str) -> bool:
    return text.replace("\n", "").isprintable()


def test_a_record_is_one_line_whatever_a_host_said() -> None:
    record = logging.LogRecord("controller.x", logging.ERROR, "x.py", 1, "%s", (HOSTILE,), None)

    line = OneLine(tracebacks=True).format(record)

    assert is_plain(line)
    assert "\n" not in line


def test_the_traceback_of_an_error_and_of_its_cause_is_plain() -> None:
    error = ValueError(HOSTILE)
    error.__cause__ = caught(OSError(HOSTILE))

    told = trace_of(caught(error))

    assert is_plain(told)
    assert "direct cause" in told
    assert "ValueError: x\\x1b]0;title" in told


def test_neither_an_error_of_ours_nor_a_bug_is_told_raw_with_debug() -> None:
    for error in ('__import__("controller.errors").errors.LamsachError({0!r})', "ValueError({0!r})"):
        for debug in ("", '"--debug",'):
            program = BUG.format(error=error.format(HOSTILE), debug=debug)
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)

            assert done.returncode == 1
            assert is_plain(done.stderr), done.stderr
            assert "title" in done.stderr
            assert ("Traceback" in done.stderr) is bool(debug)
