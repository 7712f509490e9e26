"""What every writer of a summary promises."""

from typing import Protocol

from controller.model.summary import SweepSummary


class Writer(Protocol):
    """A summary in, one document out.

    The promise, checked by `tests/contract/test_writers.py`: the same summary gives the same bytes, whatever the
    clock and the locale; every host that was given is there once; what a host said cannot act where it is shown.
    """

    def __call__(self, summary: SweepSummary, /) -> bytes:
        """Return the whole document."""
        ...
