"""Run lamsach with a bug in it, where a password is at hand: `python -m tests.bugged POINT lamsach-arguments…`."""

import sys
from typing import Any, Final, NoReturn

from controller.cli import main
from controller.transports.ssh import SshTransport
from controller.transports.ssh_logon import LineTransport
from controller.transports.ssh_session import SshSession

POINTS: Final[dict[str, tuple[type, str]]] = {
    "opening": (SshTransport, "open"),
    "logging-on": (LineTransport, "auth_password"),
    "after-logon": (SshSession, "__init__"),
    "asking": (SshSession, "run"),
}


def broken(point: str) -> Any:
    """Make a method that fails, and tells of what it knows all that may be told; a password has no such words."""

    def fails(*arguments: Any, **named: Any) -> NoReturn:
        known = [each for each in (*arguments, *named.values()) if not isinstance(each, str)]
        raise RuntimeError(f"a bug while {point}: {known!r}")

    return fails


if __name__ == "__main__":
    place = sys.argv.pop(1)
    setattr(*POINTS[place], broken(place))
    main()
