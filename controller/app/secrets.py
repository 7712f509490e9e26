"""Fetch a secret from where the inventory says it stands; its value stays inside `Secret`."""

import os
from pathlib import Path

from controller.errors import SecretError
from controller.model.fleet import Host, Secret


def secret_of(host: Host) -> Secret | None:
    """Return the password of `host`, or None when it has keys only.

    Raises:
        SecretError: the variable or the file is not there, or empty.

    """
    if not host.secret:
        return None
    kind, _, place = host.secret.partition(":")
    value = os.environ.get(place, "") if kind == "env" else _first_line(Path(place), host)
    if not value:
        raise SecretError(_missing(kind, place, host))
    return Secret(value)


def _missing(kind: str, place: str, host: Host) -> str:
    if kind == "env":
        return (
            f"the environment variable '{place}', with the secret of host '{host.name}', is not set or is empty; "
            "export it with the password, then run this again."
        )
    return f"the secret file '{place}' of host '{host.name}' is empty; put the password on its first line."


def _first_line(path: Path, host: Host) -> str:
    try:
        # Editors on Windows put a byte order mark first; sent as part of the password it would cost a refusal.
        with path.open(encoding="utf-8-sig") as file:
            return file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SecretError(f"the secret file '{path}' of host '{host.name}' cannot be read ({why}); mend it.") from error
