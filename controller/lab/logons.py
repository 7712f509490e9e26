"""The log of every logon, accepted or refused, so that a test can count what an account had to suffer."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.lab.pc import Login


@dataclass(frozen=True, slots=True, kw_only=True)
class Logon:
    """One try to log on."""

    host: str
    account: str
    method: Login
    accepted: bool


class LogonLog:
    """Appends to `logons.jsonl`, one JSON object a line: at, host, account, method, accepted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def write(self, logon: Logon) -> None:
        """Append one try; it stands in the file when this returns."""
        line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds")} | asdict(logon)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
