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

A MAC is what anyone may copy. So a name that shows neither UUID nor serial number loses a MAC to a newcomer that shows
both: the newcomer is visited, and the name is in doubt until it answers without that MAC. Only one name may lose MACs
to one newcomer, so that a made-up board does not put a whole office in doubt.

An answer in doubt changes nothing. An answer that is taken adds to the record and never empties a field. The record
ends with `lamsach identity accept NAME`, after which the next answer begins a new one (campaign rules, section 7). A
name that lost a MAC takes it back by that, for good.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from controller.errors import Reason
from controller.model.result import Fault, Identity

_MOST_MACS: Final = 64
"""Of one computer over a campaign. A wireless card may change its address every day; the first ones are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What an answer means for the name that it came from.

    Either `doubt` says why it is not taken, or `record` is what is known of the machine from now on, `marks` are those
    that the name owns from now on, and `notes` are for people. `twin` is the name that the doubtful machine has already
    and that would have to be accepted if it never was this machine; empty when the doubtful name itself must be.
    """

    doubt: Fault | None = None
    twin: str = ""
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


def is_mac(mark: str) -> bool:
    """Say whether a mark is the MAC of a network card."""
    return mark.startswith("mac ")


def owning(identity: Identity, owned: Collection[str]) -> Identity:
    """Return what is known of a machine without the MACs whose marks its name does not own."""
    return replace(identity, macs=tuple(mac for mac in identity.macs if _mark(mac) in owned))


def recognise(
    known: Identity | None, answer: Identity, others: Mapping[str, Identity], accepted: Identity | None = None
) -> Recognition:
    """Compare an answer with what is known of its name, and with what is known of the `others`.

    `known` is None when no answer was taken under this name yet, or none since `lamsach identity accept`; `accepted` is
    what was known when that was given. `others` are the names of the inventory that own a mark of the answer or of the
    record, each with those MACs only that it owns.
    """
    if known is None and accepted and _has_no_board(accepted):
        taken_back = marks(accepted)
        others = {
            name: owning(other, marks(other) - taken_back) if _board(other) else other for name, other in others.items()
        }
    known = known or Identity()
    theirs = _marks_of(others)
    if doubt := _unlike_its_record(known, answer):
        return Recognition(doubt=doubt)
    if claimed := _claimed_by_another(known, answer, others):
        return claimed
    if doubt := _known_by_cards_of_others(known, answer, others):
        return Recognition(doubt=doubt)
    lost = _lost_to(known, answer, others)
    kept = theirs - _marks_of(lost)
    record = _merged(known, answer, kept)
    notes = (*_changes(known, answer), *_shared_cards(answer, others, lost))
    return Recognition(record=record, marks=marks(record) - kept, notes=notes)


def is_another(known: Identity, answer: Identity) -> bool:
    """Say whether an answer shows another machine than the known one; where nothing can be compared, it does not."""
    doubt = _unlike_its_record(known, answer)
    return doubt is not None and doubt.reason is Reason.IDENTITY_MISMATCH


def taken_over(answers: Mapping[str, tuple[int, Identity]], owners: Mapping[str, str]) -> Mapping[str, str]:
    """Return each name whose machine was met under another name by a later visit, with that other name.

    `answers` are what each name showed in its newest visit that is not in doubt, with the number of that commit.

    `recognise` allows that only when the first name had left the inventory, or had shown neither UUID nor serial number
    while the other shows both. `owners` are those other names, by each MAC that they own now.
    """
    met = sorted(((number, name, identity) for name, (number, identity) in answers.items()), key=lambda each: each[:2])
    latest: dict[str, tuple[str, Identity]] = {}
    lost: dict[str, str] = {}
    for _, name, identity in met:
        board = _board(identity)
        for mark in (board,) if board else marks(identity):
            if mark in latest and not _conflict(latest[mark][1], identity):
                lost[latest[mark][0]] = name
            latest[mark] = name, identity
            owner = owners.get(mark, name)
            if owner != name and _has_no_board(identity):
                lost[name] = owner
    return lost


def _unlike_its_record(known: Identity, answer: Identity) -> Fault | None:
    if conflict := _conflict(known, answer):
        return _mismatch(known, answer, conflict)
    if marks(known) & marks(answer):
        return None
    if known.macs and answer.macs:
        return _mismatch(known, answer, "none of its network cards is known")
    return _unsure(known, "hardware") if marks(known) else _unlike_its_disk(known, answer)


def _unlike_its_disk(known: Identity, answer: Identity) -> Fault | None:
    """Compare what is left where no mark is known; UUID and serial number, if any, are no conflict."""
    cloned = ((known.machine_id, answer.machine_id), (known.host_key, answer.host_key))
    agree = [ours == theirs for ours, theirs in cloned if ours and theirs]
    if agree:
        return None if any(agree) else _mismatch(known, answer, "its machine id and SSH host key are others")
    if (known.uuid and answer.uuid) or (known.serial and answer.serial):
        return None
    is_known = known.uuid or known.serial or known.machine_id or known.host_key
    return _unsure(known, "machine") if is_known else None


def _claimed_by_another(known: Identity, answer: Identity, others: Mapping[str, Identity]) -> Recognition | None:
    """Doubt the newcomer to a mark; a computer that agrees with its own UUID and serial number is none.

    Two machines may have one network card in common, first the one and then the other, and a liar may claim all cards
    of one honest computer. A newcomer with cards of several computers is neither a dock's user nor that honest one.
    """
    board = _board(answer)
    for name, other in others.items():
        if board and board == _board(other):
            return _twin(name, f"it is '{name}' too, by its UUID and serial number")
    if board and board == _board(known):
        return None
    shared = {name: common for name, other in others.items() if (common := marks(answer) & marks(other))}
    for name in shared:
        if _conflict(others[name], answer) or (board and _has_no_board(others[name])):
            continue
        detail = f"it is '{name}' too, by its network card"
        if _has_no_board(answer) and _board(others[name]) and shared[name] <= marks(known):
            return Recognition(doubt=Fault(Reason.IDENTITY_TWICE, f"{detail}, and it shows no UUID or serial number"))
        return _twin(name, detail)
    if len(shared) > 1:
        first, second = sorted(shared)[:2]
        return _twin(first, f"it has network cards of '{first}' and of '{second}'")
    return None


def _twin(name: str, detail: str) -> Recognition:
    return Recognition(doubt=Fault(Reason.IDENTITY_TWICE, detail), twin=name)


def _known_by_cards_of_others(known: Identity, answer: Identity, others: Mapping[str, Identity]) -> Fault | None:
    """Doubt an answer that agrees with its record in nothing but MACs that the name has lost."""
    common = marks(known) & marks(answer)
    owners = sorted(name for name, other in others.items() if common & marks(other))
    if not common or common - _marks_of(others):
        return None
    return Fault(
        Reason.IDENTITY_UNSURE,
        f"of the hardware that is known of it, it shows only a network card that is of '{owners[0]}' now",
    )


def _lost_to(known: Identity, answer: Identity, others: Mapping[str, Identity]) -> Mapping[str, Identity]:
    """Return the others that lose the MACs of the answer to it."""
    if not _board(answer) or _board(known):
        return {}
    return {name: other for name, other in others.items() if _has_no_board(other) and marks(other) & marks(answer)}


def _conflict(one: Identity, other: Identity) -> str:
    """Say which of UUID and serial number both know and do not share; empty when none."""
    kinds = (("UUID", one.uuid, other.uuid), ("serial number", one.serial, other.serial))
    different = [each for each in kinds if each[1] and each[2] and each[1].casefold() != each[2].casefold()]
    return ", ".join(f"its {kind} is '{there}', not '{here}'" for kind, here, there in different)


def _mismatch(known: Identity, answer: Identity, differs: str) -> Fault:
    """Say what differs, what is missing, and both names unless they agree."""
    kinds = (
        ("UUID", known.uuid, answer.uuid),
        ("serial number", known.serial, answer.serial),
        ("network card", known.macs, answer.macs),
    )
    missing = [kind for kind, here, there in kinds if here and not there]
    parts = [differs]
    if missing:
        parts.append(f"it does not show the {' and '.join(missing)} that it is known by")
    if known.computer_name.casefold() != answer.computer_name.casefold():
        parts.append(f"{_called(answer)} answered, it was {_called(known)} before")
    return Fault(Reason.IDENTITY_MISMATCH, "; ".join(parts))


def _unsure(known: Identity, what: str) -> Fault:
    return Fault(Reason.IDENTITY_UNSURE, f"it shows nothing of the {what} that is known as {_called(known)}")


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


def _shared_cards(answer: Identity, others: Mapping[str, Identity], lost: Collection[str]) -> Iterator[str]:
    for name, other in others.items():
        for mac in answer.macs:
            if _mark(mac) not in marks(other):
                continue
            if name in lost:
                yield (
                    f"its network card {mac} was that of '{name}', which shows no UUID or serial number; '{name}' is in"
                    " doubt now"
                )
            else:
                yield f"its network card {mac} is known of '{name}': a dock or an adapter may have moved"


def _called(identity: Identity) -> str:
    return f"'{identity.computer_name}'" if identity.computer_name else "a computer without a name"


def _has_no_board(identity: Identity) -> bool:
    return not identity.uuid and not identity.serial


def _marks_of(others: Mapping[str, Identity]) -> frozenset[str]:
    return frozenset(mark for other in others.values() for mark in marks(other))


def _board(identity: Identity) -> str:
    """The mark of UUID and serial number; empty unless both are known."""
    return f"uuid {identity.uuid} {identity.serial}".casefold() if identity.uuid and identity.serial else ""


def _mark(mac: str) -> str:
    return f"mac {mac}".casefold()
