"""Everything we raise, in one place.

* LamsachError                 exit 1  something we foresaw went wrong
  x OperatorError              exit 2  an operator's file, option or order is wrong
    + InventoryError
    + PatternError
    + PlaybookError
    + ListError
    + SecretError
    + SweepError
  x StoreError                         the record cannot be read or written
  x HostError                          one host's trouble; the engine turns it into data
    + LineError                        the line to the host is gone, or never was

A message is one sentence: what is wrong, the thing in quotes, a semicolon, what to do.
Codes are stable: scripts may match on them; messages may be reworded.
"""

from typing import ClassVar, NamedTuple

from controller.errors.reason import Reason

__all__ = [
    "HostError",
    "InventoryError",
    "LamsachError",
    "LineError",
    "ListError",
    "OperatorError",
    "PatternError",
    "PlaybookError",
    "Reason",
    "SecretError",
    "StoreError",
    "SweepError",
    "Where",
]


class Where(NamedTuple):
    """A place in an operator's file, printed the way editors understand."""

    path: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class LamsachError(Exception):
    """Base of every error we raise on purpose."""

    code: ClassVar[str] = "lamsach"
    exit_status: ClassVar[int] = 1


class OperatorError(LamsachError):
    """The operator can mend this by editing a file or an option."""

    code = "operator"
    exit_status = 2

    def __init__(self, message: str, *, where: Where | None = None) -> None:
        super().__init__(message)
        self.where = where

    def __str__(self) -> str:
        message = super().__str__()
        return f"{self.where}: {message}" if self.where else message


class InventoryError(OperatorError):
    """The inventory contradicts itself, or asks for what we do not honour."""

    code = "operator.inventory"


class PatternError(OperatorError):
    """A host pattern cannot be read, or matches nothing."""

    code = "operator.pattern"


class PlaybookError(OperatorError):
    """The playbook, or a tool it names, asks for something that does not exist."""

    code = "operator.playbook"


class ListError(OperatorError):
    """An IOC list cannot be used."""

    code = "operator.list"


class SecretError(OperatorError):
    """A secret the inventory names is not where it says."""

    code = "operator.secret"


class SweepError(OperatorError):
    """A sweep cannot be begun or resumed as asked."""

    code = "operator.sweep"


class StoreError(LamsachError):
    """The record cannot be read or written; no further host or change may begin."""

    code = "store"


class HostError(LamsachError):
    """One host's trouble; it never stops a sweep.

    `reason` is the member of the closed enum that is stored, shown and reported;
    `detail` is what the host, or the library, said. It may hold a host's own words:
    show it through `controller.model.text.shown`. `raw` is an answer that could not be read.
    """

    code = "host"

    def __init__(self, reason: Reason, detail: str = "", *, raw: bytes = b"") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.raw = raw


class LineError(HostError):
    """Nothing more can be asked of this host in this session."""

    code = "host.line"
