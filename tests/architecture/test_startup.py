"""`lamsach --help` stays quick: it loads click and our own door, and nothing that a command needs."""

import json
import subprocess
import sys
from typing import Final

from controller.cli import COMMANDS

LOADED: Final = """
import json, sys
from controller.cli import main
sys.argv[1:] = ["--help"]
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

OURS: Final = {
    "controller",
    "controller.cli",
    "controller.cli.hints",
    "controller.cli.logs",
    "controller.cli.printing",
    "controller.errors",
    "controller.errors.reason",
    "controller.model",
    "controller.model.places",
    "controller.model.text",
}
"""All of the house that a page of help may load."""

FROZEN: Final = """
import gc
from controller.cli import cli
before = len(gc.get_objects())
cli.get_command(None, "sweep")
print(gc.isenabled(), gc.get_freeze_count() > 2 * before)
"""

STRANGERS: Final = {"click"}
"""All that is not Python's own and may be loaded."""


def test_the_help_loads_click_and_our_own_door_only() -> None:
    done = subprocess.run([sys.executable, "-S", "-c", paths() + LOADED], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stderr.splitlines()[-1])
    rooms = {name.partition(".")[0] for name in loaded} - {"__main__", "__mp_main__"}

    assert {name for name in loaded if name.startswith("controller")} == OURS
    assert rooms - sys.stdlib_module_names - {"controller"} == STRANGERS
    assert all(name in done.stdout for name in COMMANDS)


def test_what_a_command_imports_is_not_looked_through_for_garbage() -> None:
    done = subprocess.run([sys.executable, "-c", paths() + FROZEN], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "True"]


def paths() -> str:
    """Without `site` nothing is loaded by an installation's own hooks; our search path is handed over instead."""
    return f"import sys; sys.path[:] = {sys.path!r}\n"


def test_each_command_has_a_line_of_help_that_fits() -> None:
    assert [name for name, (_, line) in COMMANDS.items() if not 20 <= len(line) <= 80 or line[-1] != "."] == []
