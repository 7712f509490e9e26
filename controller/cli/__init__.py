"""The `lamsach` command. Only this room knows click, and only this room prints."""

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Final, cast

import click

from controller import __version__
from controller.cli.hints import naming
from controller.cli.logs import start_logging, trace_of
from controller.cli.printing import complain, complain_of_usage, note, open_standard_streams
from controller.errors import LamsachError, OperatorError
from controller.model.places import SETTINGS
from controller.model.text import shown

COMMANDS: Final = {
    "init": ("controller.cli.init:init", "Make a campaign's folder, or name its playbook."),
    "sweep": ("controller.cli.sweep:sweep", "Run a playbook on the hosts of an inventory."),
    "report": ("controller.cli.report:report", "Report from the store: tables, CSV, JSON, and the official form."),
    "status": ("controller.cli.status:status", "Show how far the campaign is: one row a unit."),
    "sweeps": ("controller.cli.sweeps:sweeps", "List the sweeps that a store holds."),
    "show": ("controller.cli.show:show", "Show what the store knows of one computer, and why."),
    "inventory": ("controller.cli.inventory:inventory", "List the hosts of an inventory, as we and Ansible read it."),
    "iocs": ("controller.cli.iocs:iocs", "Check IOC lists; add, list, withdraw and restore them."),
    "note": ("controller.cli.notes:note", "Write down what people did about a computer."),
    "identity": ("controller.cli.identity:identity", "Say that another machine stands behind a name now."),
    "hosts": ("controller.cli.hosts:hosts", "Enrol the SSH keys of hosts."),
    "lab": ("controller.cli.lab:lab", "Serve made-up computers on loopback, to try a sweep on."),
    "demo": ("controller.cli.demo:demo", "Run the main job on a small fleet on loopback."),
}
"""Name of each command, where it is, and its line of help; loaded on use, so that `--help` stays quick."""

INTERRUPTED: Final = 130


class _Commands(click.Group):
    """Commands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        return cast("click.Command", getattr(_loaded(module), attribute))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what an error of ours advises reaches the store of that command.

        Raises:
            LamsachError: what the command raised.

        """
        try:
            return super().invoke(ctx)
        except LamsachError as error:
            error.args = (naming(str(error.args[0]), ctx),)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "LAMSACH", "max_content_width": 110},
)
@click.version_option(__version__, prog_name="lamsach")
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Look at every computer of a fleet for malware, clean it, look again, and report per unit.

    \b
    Example:
      lamsach demo
      lamsach sweep playbooks/check-only.yml -i inventory/example
    """
    start_logging(debug=debug)
    ctx.obj = file = nearest_settings(Path.cwd())
    if file:
        ctx.default_map = import_module("controller.cli.settings").defaults(COMMANDS, file)
    sys.excepthook = _with_traceback if debug else _without_traceback


def nearest_settings(folder: Path) -> Path | None:
    """Return the nearest `lamsach.yml` upward from `folder`, or None.

    It names the store, and the inventory to whose computers passwords go. So above `folder` only a file counts that
    belongs to us, to root, or to the owner of `folder`: whoever can write into /tmp must not choose for others.
    """
    trusted = {0, os.geteuid(), folder.stat().st_uid}
    for each in (folder, *folder.parents):
        file = each / SETTINGS
        try:
            owner = file.stat().st_uid
        except OSError:
            continue
        if each == folder or owner in trusted:
            return file
        note(f"'{shown(str(file))}' is not used: it belongs to another account than this folder and you.")
    return None


def _loaded(module: str) -> ModuleType:
    """Import a command. What it brings stays to the end: to look through it for garbage, then and at exit, costs."""
    if module in sys.modules:
        return sys.modules[module]
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def main() -> None:
    """Run the command; an error of ours becomes one sentence and its exit status."""
    open_standard_streams()
    try:
        status = cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        complain_of_usage(error)
        sys.exit(OperatorError.exit_status)
    except LamsachError as error:
        if "--debug" in sys.argv:
            note(trace_of(error))
        complain(error)
        sys.exit(error.exit_status)
    sys.exit(status if isinstance(status, int) else 0)


def _with_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:  # noqa: ARG001
    """Say where nobody foresaw it."""
    note(trace_of(error))


def _without_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:  # noqa: ARG001
    """Say what nobody foresaw in one line."""
    note(f"error[bug]: {kind.__name__}: {shown(str(error))}; run it again with --debug, and report it.", red=True)
