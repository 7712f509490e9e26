"""`lamsach lab`: serve made-up computers on loopback, to try a sweep, a playbook or another tool on."""

import shlex
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from controller.cli.printing import put
from controller.lab.fleet import build_fleet
from controller.lab.process import Lab

_MOST: Final = 5000
_START_SECONDS: Final = 60.0
_START_SECONDS_EACH: Final = 0.2
_HASTY: Final = ("--first-answer", "10")
"""On loopback a computer that is well answers within a second, and one that hangs need not hold up a sweep for long."""


@click.group()
def lab() -> None:
    """Serve made-up computers on loopback, to try a sweep on.

    \b
    Example:
      lamsach lab up --ssh 40 --winrm 20 --dir /tmp/lab
    """


@lab.command()
@click.option("--ssh", default=10, show_default=True, type=click.IntRange(0, _MOST), help="How many behind SSH.")
@click.option("--winrm", default=6, show_default=True, type=click.IntRange(0, _MOST), help="How many behind WinRM.")
@click.option(
    "--dir",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for all that a sweep needs: new or empty, with no space in its path.",
)
@click.option("--seed", default=1, show_default=True, help="Another number gives another mix of computers.")
def up(ssh: int, winrm: int, folder: Path, seed: int) -> None:
    """Serve a fleet of which some are infected, off or broken, until interrupted.

    Into the folder go `inventory.yml`, `known_hosts`, `secrets`, `ca.pem`, `sweep.yml` (it looks and cleans) and
    `iocs.txt`, and last, when every address answers, `truth.json`: what each computer is. Its Windows computers
    answer by the PowerShell that LAMSACH_PWSH names, or as rendered. With the default seed every fault occurs from
    80 computers on; with another it may take more of them.

    \b
    Exit status: 0 it served until it was interrupted, 1 it could not serve, 2 your mistake,
    130 interrupted before it served.

    \b
    Example:
      lamsach lab up --ssh 500 --winrm 100 --dir /tmp/lab --seed 7
    """
    heed_signals()
    count = ssh + winrm
    if not count:
        raise click.UsageError("'--ssh' and '--winrm' are both 0; ask for a computer.")
    fleet = build_fleet(count, seed, windows=winrm, clean=True)
    running = Lab(folder, fleet, seconds=_START_SECONDS + _START_SECONDS_EACH * count)
    try:
        with running:
            serve_until_interrupted(running, "sweep.yml", *_HASTY)
    except KeyboardInterrupt:
        if not running.served:  # who waits for the truth may have seen it before we did
            raise


def heed_signals() -> None:
    """Let SIGTERM and SIGHUP do what Ctrl-C does, and Ctrl-C what it says even when we run in the background."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # else we were started by nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def serve_until_interrupted(running: Lab, playbook: str, *options: str | Path) -> None:
    """Print how to sweep the running lab with its `playbook`, and wait; an interruption is the usual end.

    Raises:
        LamsachError: the lab ended by itself.

    """
    files = ("sweep", running.folder / playbook, "-i", running.folder / "inventory.yml")
    command = shlex.join(["lamsach", *map(str, (*files, *options)), "--apply"])
    with suppress(KeyboardInterrupt):
        put(f"The lab is up until interrupted. Try: {command}\n")
        running.wait()
