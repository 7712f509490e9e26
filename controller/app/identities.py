"""Let a visit go on only when the right machine answered, and accept another machine for a name."""

import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.errors import LineError, OperatorError, Reason
from controller.model.decision import IdentityChange
from controller.model.identity import Recognition
from controller.model.result import Attempt, Identity
from controller.model.text import shown
from controller.store.ledger import Ledger


class Machines(Protocol):
    """The record of which machine answered to which name."""

    def recognise(self, host: str, answer: Identity, names: Collection[str], when: datetime) -> Recognition:
        """Compare an answer with what is known of `host` and of the other `names`, and keep it unless in doubt."""
        ...


class Recogniser:
    """Compares each machine with what is known of its name, and of all other names of the inventory."""

    def __init__(self, machines: Machines, names: Collection[str], clock: Callable[[], datetime]) -> None:
        self._machines, self._names, self._clock = machines, frozenset(names), clock

    def recognise(self, host: str, identity: Identity) -> Sequence[str]:
        """Add to what is known of the machine behind `host`, and return notes for people.

        Raises:
            LineError: `identity.mismatch`, `identity.unsure` or `identity.twice`; nothing is kept of the answer.

        """
        found = self._machines.recognise(host, identity, self._names, self._clock())
        if found.doubt:
            raise LineError(found.doubt.reason, f"{found.doubt.detail}; {_way_out(host, found)}")
        return found.notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A name whose next answer shall begin a new history.

    `known` is None when that is so already. `answer` is the newest visit in which it answered, if any did.
    `listed` says that the roster of the newest sweep has the name.
    """

    host: str
    known: Identity | None
    answer: Attempt | None
    listed: bool


def replacements(ledger: Ledger, hosts: Sequence[str]) -> tuple[Replacement, ...]:
    """Return what `accept` would change for these names, each once.

    Raises:
        OperatorError: no computer was ever known under one of the names.

    """
    newest = next((ledger.sweep(line.id) for line in ledger.sweeps()), None)
    roster = {entry.name for entry in newest.roster} if newest else set()
    changed = ledger.identity_changes()
    found = [
        Replacement(host=host, known=ledger.identity(host), answer=ledger.newest_answer(host), listed=host in roster)
        for host in dict.fromkeys(hosts)
    ]
    for each in found:
        if each.known is None and each.host not in changed:
            raise OperatorError(_never_known(each))
    return tuple(found)


def accept(ledger: Ledger, hosts: Collection[Replacement], operator: str, when: datetime) -> None:
    """Begin a new history for each of `hosts` whose machine is known; nothing is deleted from the old one."""
    for each in hosts:
        if each.known:
            ledger.change_identity(IdentityChange(host=each.host, operator=operator, made=when, before=each.known))


def _way_out(host: str, found: Recognition) -> str:
    """Name the command that ends a doubt, and when it is the right one."""
    if found.twin:
        when, name = f"if '{found.twin}' never was this computer", found.twin
    elif found.doubt and found.doubt.reason is Reason.IDENTITY_MISMATCH:
        when, name = "if the computer was replaced", host
    else:
        when, name = f"if it is the computer of '{host}' all the same", host
    return f"{when}: lamsach identity accept {shlex.quote(name)}"


def _never_known(replacement: Replacement) -> str:
    host, answer = shown(replacement.host), replacement.answer
    if answer is None:
        return (
            f"no computer has answered under the name '{host}' in this store; correct the name ('lamsach show NAME'"
            " finds it), or name the store with --store. Nothing was changed."
        )
    fault = f": {answer.fault.reason}, {shown(answer.fault.detail)}" if answer.fault else ""
    return (
        f"no computer is known under the name '{host}' yet, so there is none to replace; what answered last was in"
        f" doubt{fault}. If the other name never was this computer, accept the other name. Nothing was changed."
    )
