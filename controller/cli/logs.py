"""What is logged, and where: warnings of ours to stderr, everything with `--debug`; never a host's letters raw."""

import logging
import sys
import traceback
from typing import TextIO

from controller.model.text import shown


class OneLine(logging.Formatter):
    """Escapes every line it prints: what a host said must not forge a line, or act on a terminal."""

    def __init__(self, *, tracebacks: bool) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, and its traceback below only when that was asked for."""
        message = shown(f"{record.levelname} {record.name}: {record.getMessage()}", limit=4000)
        if not (self._tracebacks and record.exc_info):
            return message
        return f"{message}\n{_escaped(self.formatException(record.exc_info))}"


class _StandardError(logging.StreamHandler[TextIO]):
    """Logs to the standard error of the moment: while a sweep runs, that one never waits for a terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        self.stream = sys.stderr
        super().emit(record)


def start_logging(*, debug: bool) -> None:
    """Log to stderr. Libraries stay at WARNING: below that they print what goes over the line."""
    screen = _StandardError()
    screen.setFormatter(OneLine(tracebacks=debug))
    logging.basicConfig(level=logging.WARNING, handlers=[screen], force=True)
    logging.getLogger("controller").setLevel(logging.DEBUG if debug else logging.ERROR)


def trace_of(error: BaseException) -> str:
    """Return the traceback of `error` and of what led to it, each line fit for a terminal."""
    return _escaped("".join(traceback.format_exception(error)))


def _escaped(trace: str) -> str:
    return "\n".join(shown(line, limit=4000) for line in trace.splitlines())
