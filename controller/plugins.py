"""Find a part by family and name; nothing is imported before it is asked for.

There are no plugins from outside yet: this literal table is the whole registry.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from controller.errors import PlaybookError

BUILTIN: Final[Mapping[str, Mapping[str, str]]] = {
    "transports": {
        "psrp": "controller.transports.psrp:PsrpTransport",
        "ssh": "controller.transports.ssh:SshTransport",
    },
    "cleaners": {
        "clamav": "controller.cleaners.clamav:ClamavCleaner",
        "generic": "controller.cleaners.generic:GenericCleaner",
    },
    "tasks": {
        "check_iocs": "controller.tasks.check_iocs:CheckIocs",
        "clean": "controller.tasks.clean:Clean",
        "collect": "controller.tasks.check_iocs:Collect",
        "push": "controller.tasks.push:Push",
    },
}


def load(family: str, name: str) -> Any:
    """Import and return one part.

    Raises:
        PlaybookError: there is none of that name.

    """
    known = BUILTIN[family]
    if name not in known:
        names = ", ".join(f"'{each}'" for each in sorted(known))
        raise PlaybookError(f"there is no '{name}' among the {family}; use one of {names}.")
    module, _, attribute = known[name].partition(":")
    return getattr(import_module(module), attribute)
