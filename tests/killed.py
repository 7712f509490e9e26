"""Run lamsach, and kill it with SIGKILL at a named point: `python -m tests.killed POINT COUNT lamsach-arguments…`.

The point is reached for the COUNT-th time when the process dies; nothing of it gets to run any more. With
KILLED_WITH=SIGSTOP in its environment the process is suspended there, until it gets SIGCONT or SIGKILL.
"""

import functools
import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from controller.cli import main
from controller.store.ledger import Ledger
from controller.transports.psrp_session import PsrpSession
from controller.transports.ssh_session import SshSession

SIGNAL = signal.Signals[os.environ.get("KILLED_WITH", "SIGKILL")]
SESSIONS = (SshSession, PsrpSession)
POINTS: dict[str, tuple[tuple[type, ...], str, bool]] = {
    "after-begin": ((Ledger,), "begin", True),
    "after-put": (SESSIONS, "put", True),
    "after-start": (SESSIONS, "start", True),
    "before-finish": ((Ledger,), "finish", False),
    "after-finish": ((Ledger,), "finish", True),
    "before-result": ((Ledger,), "finish_attempt", False),
    "after-result": ((Ledger,), "finish_attempt", True),
}

LOGON_POINTS: dict[str, tuple[tuple[type, ...], str, bool]] = {
    "after-logon": ((Ledger,), "begin_logon", True),
    "before-answer": ((Ledger,), "end_logon", False),
}
"""Here a sweep may not simply go on: what an account was asked counts until its window ends."""


def deadly(method: Callable[..., Any], count: int, *, after: bool) -> Callable[..., Any]:
    calls = itertools.count(1)

    @functools.wraps(method)
    def dies(*arguments: Any, **named: Any) -> Any:
        number = next(calls)
        if number == count and not after:
            os.kill(os.getpid(), SIGNAL)
        result = method(*arguments, **named)
        if number == count:
            os.kill(os.getpid(), SIGNAL)
        return result

    return dies


if __name__ == "__main__":
    point, times = sys.argv[1], int(sys.argv[2])
    owners, name, after = (POINTS | LOGON_POINTS).get(point, ((), "", False))
    for owner in owners:
        setattr(owner, name, deadly(getattr(owner, name), times, after=after))
    sys.argv[1:3] = []
    main()
