"""Which machine answered: the one that belongs to its name, another one, or one that cannot be recognised.

Theory of operation. The store keeps a record for each name: what the machine behind it has shown of itself so far, kind
by kind. Each name also owns marks, which identify a machine by themselves: UUID together with serial number, and the
MAC of each physical network card. A mark has one owner at most. `recognise` compares an answer in two steps:

1. with the record of its own name. A UUID or serial number that differs is another machine, whatever else agrees, for
   a network card can move with a dock or an adapter. Otherwise one common mark is enough. A name whose hardware is
   known, and an answer that shows none of it, is in doubt. Only a name whose hardware was never seen is compared by
   what a cloned disk shares: machine id and SSH host key.
2. with the names that own its marks. The owner is visited as before and the newcomer is in doubt, unless UUID or serial
   number show that they are two machines. Then a common network card is a note, and stays with its owner.

An answer in doubt changes nothing. An answer that is taken adds to the record and never empties a field. The record
ends with `lamsach identity accept NAME`, after which the next answer begins a new one (campaign rules, section 7).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from controller.errors import Reason
from controller.model.result import Attempt, Fault, Identity

_MOST_MACS: Final = 64
"""Of one computer over a campaign. A wireless card may change its address every day; the first ones are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What an answer means for the name that it came from.

    Either `doubt` says why it is not taken, or `record` is what is known of the machine from now on, `marks` are those
    that the name owns from now on, and `notes` are for people.
    """

    doubt: Fault | None = None
    record: Identity | None = None
    marks: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def marks(identity: Identity) -> frozenset[str]:
    """Return what identifies a machine by itself: UUID together with serial number, and each MAC.

    Offices clone disks: a machine id and an SSH host key are cloned with them. A UUID or a serial number alone may be
    that of all computers of one maker, or of all virtual machines of one template.
    """
    board = _board(identity)
    return frozenset((*((board,) if board else ()), *map(_mark, identity.macs)))


def recognise(known: Identity | None, answer: Identity, others: Mapping[str, Identity]) -> Recognition:
    """Compare an answer with what is known of its name, and with what is known of the `others`.

    `known` is None when no answer was taken under this name yet, or none since `lamsach identity accept`. `others` are
    the names of the inventory that own a mark of the answer or of the record.
    """
    known = known or Identity()
    doubt = _unlike_its_record(known, answer) or _claimed_by_another(known, answer, others)
    if doubt:
        return Recognition(doubt=doubt)
    theirs = frozenset(mark for other in others.values() for mark in marks(other))
    record = _merged(known, answer, theirs)
    notes = (*_changes(known, answer), *_shared_cards(answer, others))
    return Recognition(record=record, marks=marks(record) - theirs, notes=notes)


def is_another(known: Identity, answer: Identity) -> bool:
    """Say whether an answer shows another machine than the known one; where nothing can be compared, it does not."""
    doubt = _unlike_its_record(known, answer)
    return doubt is not None and doubt.reason is Reason.IDENTITY_MISMATCH


def taken_over(attempts: Mapping[str, Sequence[Attempt]]) -> Mapping[str, str]:
    """Return each name whose machine was met under another name by a later visit, with that other name.

    `recognise` allows that only when the first name had left the inventory.
    """
    newest = {
        name: next((visit for visit in reversed(visits) if visit.identity and not visit.in_doubt), None)
        for name, visits in attempts.items()
    }
    met = sorted((visit.committed, name, visit.identity) for name, visit in newest.items() if visit and visit.identity)
    owners: dict[str, str] = {}
    lost: dict[str, str] = {}
    for _, name, identity in met:
        board = _board(identity)
        for mark in (board,) if board else marks(identity):
            if mark in owners:
                lost[owners[mark]] = name
            owners[mark] = name
    return lost


def _unlike_its_record(known: Identity, answer: Identity) -> Fault | None:
    if conflict := _conflict(known, answer):
        return _mismatch(known, answer, conflict)
    if marks(known) & marks(answer):
        return None
    if known.macs and answer.macs:
        return _mismatch(known, answer, "it has other network cards")
    return _unsure(known, "hardware") if marks(known) else _unlike_its_disk(known, answer)


def _unlike_its_disk(known: Identity, answer: Identity) -> Fault | None:
    """Compare what is left where no mark is known; UUID and serial number, if any, are no conflict."""
    cloned = ((known.machine_id, answer.machine_id), (known.host_key, answer.host_key))
    agree = [ours == theirs for ours, theirs in cloned if ours and theirs]
    if agree:
        return None if any(agree) else _mismatch(known, answer, "it has another machine id or SSH host key")
    if (known.uuid and answer.uuid) or (known.serial and answer.serial):
        return None
    is_known = known.uuid or known.serial or known.machine_id or known.host_key
    return _unsure(known, "machine") if is_known else None


def _claimed_by_another(known: Identity, answer: Identity, others: Mapping[str, Identity]) -> Fault | None:
    """Doubt the newcomer to a mark; a computer that agrees with its own UUID and serial number is none.

    Two machines may have one network card in common, first the one and then the other, and a liar may claim all cards
    of one honest computer. A newcomer with cards of several computers is neither a dock's user nor that honest one.
    """
    board = _board(answer)
    for name, other in others.items():
        if board and board == _board(other):
            return Fault(Reason.IDENTITY_TWICE, f"it is '{name}' too")
    if board and board == _board(known):
        return None
    shared = {name: common for name, other in others.items() if (common := marks(answer) & marks(other))}
    for name in shared:
        if not _conflict(others[name], answer):
            return Fault(Reason.IDENTITY_TWICE, f"it is '{name}' too, by its network card")
    every = frozenset(mark for common in shared.values() for mark in common)
    if len(every) > 1 and every not in shared.values():
        first, second = sorted(shared)[:2]
        return Fault(Reason.IDENTITY_TWICE, f"it has network cards of '{first}' and of '{second}'")
    return None


def _conflict(one: Identity, other: Identity) -> str:
    """Say which of UUID and serial number both know and do not share; empty when none."""
    kinds = (("UUID", one.uuid, other.uuid), ("serial number", one.serial, other.serial))
    different = (each for each in kinds if each[1] and each[2] and each[1].casefold() != each[2].casefold())
    return next((f"its {kind} is '{there}', not '{here}'" for kind, here, there in different), "")


def _mismatch(known: Identity, answer: Identity, why: str) -> Fault:
    return Fault(Reason.IDENTITY_MISMATCH, f"'{_called(answer)}' answered, it was '{_called(known)}' before; {why}")


def _unsure(known: Identity, what: str) -> Fault:
    return Fault(Reason.IDENTITY_UNSURE, f"it shows nothing of the {what} that is known as '{_called(known)}'")


def _merged(known: Identity, answer: Identity, theirs: frozenset[str]) -> Identity:
    """Add what an answer shows, but for the network cards of others."""
    new = [mac for mac in answer.macs if mac not in known.macs and _mark(mac) not in theirs]
    return Identity(
        computer_name=answer.computer_name or known.computer_name,
        machine_id=answer.machine_id or known.machine_id,
        uuid=known.uuid or answer.uuid,
        serial=known.serial or answer.serial,
        macs=(*known.macs, *new)[:_MOST_MACS],
        host_key=answer.host_key or known.host_key,
    )


def _changes(known: Identity, answer: Identity) -> Iterator[str]:
    if known.computer_name and answer.computer_name and known.computer_name != answer.computer_name:
        yield f"it calls itself '{answer.computer_name}' now, it was '{known.computer_name}' before"
    if known.machine_id and answer.machine_id and known.machine_id != answer.machine_id:
        yield "its machine id is a new one: it was installed again, or it runs another of its systems"


def _shared_cards(answer: Identity, others: Mapping[str, Identity]) -> Iterator[str]:
    for name, other in others.items():
        for mac in answer.macs:
            if _mark(mac) in marks(other):
                yield f"its network card {mac} is known of '{name}': a dock or an adapter may have moved"


def _called(identity: Identity) -> str:
    return identity.computer_name or "a computer without a name"


def _board(identity: Identity) -> str:
    """The mark of UUID and serial number; empty unless both are known."""
    return f"uuid {identity.uuid} {identity.serial}".casefold() if identity.uuid and identity.serial else ""


def _mark(mac: str) -> str:
    return f"mac {mac}".casefold()
