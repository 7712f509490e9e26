"""What Ctrl-C, SIGTERM and SIGHUP do to a sweep: the first asks it to stop, the second does not wait for hosts.

Results that came back are committed either way, before the process ends.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

from controller.engine.executors.base import Executor

GRACE: Final = 30.0
"""Seconds that hosts under way get after the first signal."""

_STOPPING: Final = f"\nStopping: no new host begins; those under way have {GRACE:.0f} s. Again: at once.\n"
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Interrupt:
    """How often we were asked to stop."""

    times: int = 0


@contextmanager
def stops_on_signals(executor: Executor, write: Callable[[str], object]) -> Iterator[Interrupt]:
    """Stop `executor` on a signal while the body runs; what is committed stays, and nothing is committed in part.

    `write` shows a text to the operator. The signal may come while any lock is held: it must take none.
    """
    asked = Interrupt()

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's shape
        asked.times += 1
        executor.stop(GRACE if asked.times == 1 else 0.0)
        if asked.times == 1:
            write(_STOPPING)

    # What our parent told us to ignore (nohup, a background job) stays ignored.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heeded}
    try:
        yield asked
    finally:
        for number, action in before.items():
            signal.signal(number, action)
