"""The PowerShell that plays the lab's Windows computers, when the environment names one."""

import os
import shutil
from pathlib import Path
from typing import Final

from controller.errors import OperatorError

ENGINE: Final = "LAMSACH_PWSH"
"""The environment variable that names it."""


def powershell() -> Path | None:
    """Return the program; None when the environment names nothing.

    Raises:
        OperatorError: what it names cannot be run.

    """
    engine = os.environ.get(ENGINE)
    if not engine:
        return None
    program = shutil.which(engine)
    if not program:
        raise OperatorError(f"'{engine}' cannot be run; name a PowerShell in {ENGINE}, or nothing.")
    return Path(program)
