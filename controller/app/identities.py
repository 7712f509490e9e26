"""Let a visit go on only when the machine that answered is the one the name stands for."""

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

from controller.errors import LineError, OperatorError, Reason
from controller.model.identity import is_another
from controller.model.result import Identity
from controller.store.ledger import Ledger


class Machines(Protocol):
    """The record of which machine answered to which name."""

    def identity(self, host: str) -> Identity | None:
        """Return what the machine behind `host` last said it is."""
        ...

    def remember_identity(self, host: str, identity: Identity, when: datetime) -> tuple[str, ...]:
        """Commit what it says now, and return the other names of the same machine."""
        ...


class Recogniser:
    """Compares each machine with the one that answered to its name before, and with those of all other names."""

    def __init__(self, machines: Machines, names: Collection[str], clock: Callable[[], datetime]) -> None:
        self._machines, self._names, self._clock = machines, frozenset(names), clock

    def recognise(self, host: str, identity: Identity) -> None:
        """Remember the machine behind `host`.

        Raises:
            LineError: `identity.mismatch` (another machine than last time; it is not remembered), or
                `identity.twice` (another name of this sweep is the same machine).

        """
        before = self._machines.identity(host)
        if before and is_another(before, identity):
            detail = f"'{identity.computer_name}' answered; it was '{before.computer_name}' before"
            raise LineError(Reason.IDENTITY_MISMATCH, detail)
        others = [
            name for name in self._machines.remember_identity(host, identity, self._clock()) if name in self._names
        ]
        if others:
            raise LineError(Reason.IDENTITY_TWICE, f"it is '{others[0]}' too")


def accept(store: Path, hosts: Collection[str]) -> None:
    """Forget the machines behind `hosts`: whichever answers next is taken for theirs.

    Raises:
        OperatorError: nothing is known of one of them; none is forgotten then.

    """
    with Ledger.open(store, create=False) as ledger:
        for host in hosts:
            if ledger.identity(host) is None:
                raise OperatorError(f"the store knows no machine of host '{host}'; mend the name.")
        for host in hosts:
            ledger.accept_identity(host)
