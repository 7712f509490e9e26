"""Which machine answered (campaign rules, section 7): what is taken, what is in doubt, and what is kept of it."""

# ruff: noqa: E501 - a table reads best with one case a line

from dataclasses import replace

import pytest

from controller.errors import Reason
from controller.model.identity import marks, recognise, taken_over
from controller.model.result import Attempt, Identity
from tests.builders import an_attempt

MISMATCH, UNSURE, TWICE = Reason.IDENTITY_MISMATCH, Reason.IDENTITY_UNSURE, Reason.IDENTITY_TWICE
OURS = Identity(computer_name="PC-01", machine_id="m1", uuid="u1", serial="s1", macs=("a1", "a2"), host_key="k1")
NO_HARDWARE = Identity(computer_name="PC-01", machine_id="m1", host_key="k1")
MACS_ONLY = replace(NO_HARDWARE, macs=("a1", "dock"))
UUID_ONLY = Identity(uuid="u1")


def like(known: Identity = OURS, **but: object) -> Identity:
    return replace(known, **but)  # type: ignore[arg-type]


def doubt(known: Identity | None, answer: Identity, **others: Identity) -> Reason | None:
    found = recognise(known, answer, others)
    assert (found.doubt is None) is (found.record is not None)
    return found.doubt.reason if found.doubt else None


ANSWERS = [
    ("the same", OURS, OURS, None),
    ("a new name", OURS, like(computer_name="NEW"), None),
    ("installed again", OURS, like(machine_id="m2", host_key="k2", computer_name="NEW"), None),
    ("other network cards on the same board", OURS, like(macs=("b1",)), None),
    ("no network card on the same board", OURS, like(macs=()), None),
    ("a dock more", OURS, like(macs=("a1", "a2", "dock")), None),
    ("no right to read UUID and serial number", OURS, like(uuid="", serial=""), None),
    ("no serial number", OURS, like(serial=""), None),
    ("letters of another size", OURS, like(uuid="U1", serial="S1"), None),
    ("WMI is broken", OURS, NO_HARDWARE, UNSURE),
    ("it shows nothing at all", OURS, Identity(), UNSURE),
    ("only a UUID, as all PCs of one maker", OURS, like(NO_HARDWARE, uuid="u1"), UNSURE),
    ("another board behind the same dock", OURS, like(uuid="u2", serial="s2", macs=("a2", "b1")), MISMATCH),
    ("another UUID with the same serial number", OURS, like(uuid="u2"), MISMATCH),
    ("another serial number with the same UUID", OURS, like(serial="s2"), MISMATCH),
    ("a cloned disk in another PC", OURS, like(uuid="u2", serial="s2", macs=("b1",)), MISMATCH),
    ("other network cards, and the board not readable", OURS, like(uuid="", serial="", macs=("b1",)), MISMATCH),
    ("known by its network cards, now also by its board", MACS_ONLY, like(macs=("a1",)), None),
    ("known by its network cards, the dock is gone", MACS_ONLY, like(MACS_ONLY, macs=("a1",)), None),
    ("known by its network cards, they are others", MACS_ONLY, like(macs=("b1",)), MISMATCH),
    ("known by its network cards, it shows none", MACS_ONLY, NO_HARDWARE, UNSURE),
    ("known by its network cards, it shows its board only", MACS_ONLY, like(macs=()), UNSURE),
    ("known by its board, it shows network cards only", like(macs=()), MACS_ONLY, UNSURE),
    ("a virtual machine with the serial number of its template", like(macs=()), like(uuid="u2", macs=()), MISMATCH),
    ("never any hardware, the same disk", NO_HARDWARE, NO_HARDWARE, None),
    ("never any hardware, a new host key", NO_HARDWARE, like(NO_HARDWARE, host_key="k2"), None),
    ("never any hardware, a new machine id", NO_HARDWARE, like(NO_HARDWARE, machine_id="m2"), None),
    ("never any hardware, another disk", NO_HARDWARE, like(NO_HARDWARE, machine_id="m2", host_key="k2"), MISMATCH),
    ("never any hardware, it shows nothing now", NO_HARDWARE, Identity(), UNSURE),
    ("never any hardware, WinRM without TLS", like(NO_HARDWARE, host_key=""), like(NO_HARDWARE, host_key=""), None),
    ("never any hardware, now it has", NO_HARDWARE, OURS, None),
    ("a UUID only, the same", UUID_ONLY, UUID_ONLY, None),
    ("a UUID only, the serial number was filled in", UUID_ONLY, Identity(uuid="u1", serial="s1"), None),
    ("a UUID only, another", UUID_ONLY, Identity(uuid="u2"), MISMATCH),
    ("a UUID only, now nothing", UUID_ONLY, Identity(), UNSURE),
    ("it never showed anything", Identity(), Identity(), None),
    ("the first answer", None, OURS, None),
    ("a first answer without anything", None, Identity(), None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "answer", "reason"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS]
)
def test_an_answer_is_compared_with_what_is_known_of_its_name(
    known: Identity | None, answer: Identity, reason: Reason | None
) -> None:
    assert doubt(known, answer) is reason


OTHER = Identity(computer_name="PC-02", uuid="u2", serial="s2", macs=("b1", "dock"))
OTHER_MACS = Identity(computer_name="PC-02", macs=("b1", "dock"))
HONEST = Identity(uuid="u3", serial="s3", macs=("c1", "c2"))
LIAR = Identity(uuid="u9", serial="s9", macs=("a1", "b1", "c1"))

NEWCOMERS = [
    ("one machine under two names", None, like(OTHER, macs=()), {"other": OTHER}, TWICE),
    ("one machine under two names, seen without rights", None, like(OTHER_MACS), {"other": OTHER}, TWICE),
    ("one machine under two names, seen without rights first", None, OTHER, {"other": OTHER_MACS}, TWICE),
    ("the board of another, on a name known by a network card", MACS_ONLY, like(OTHER, macs=("a1",)), {"other": OTHER}, TWICE),
    ("cloned disks", None, like(uuid="u4", serial="s4", macs=("d1",)), {}, None),
    ("a dock that another PC had before", OURS, like(macs=("a1", "dock")), {"other": OTHER}, None),
    ("a dock on the first visit", None, like(macs=("a1", "dock")), {"other": OTHER}, None),
    ("a dock, and the boards cannot be read", MACS_ONLY, like(MACS_ONLY, macs=("a1", "b1")), {"other": OTHER_MACS}, TWICE),
    ("a PC with a dock at the address of the dock's owner", MACS_ONLY, like(OTHER, macs=("b1", "dock")), {"other": like(OTHER, macs=("b1",))}, TWICE),
    ("a liar with the network cards of several", None, LIAR, {"a": OURS, "b": OTHER, "c": HONEST}, TWICE),
    ("a known PC that begins to lie", like(LIAR, macs=("l1",)), LIAR, {"a": OURS, "b": OTHER, "c": HONEST}, None),
    ("an honest PC of which a liar claimed all", None, HONEST, {"liar": like(LIAR, macs=("c1", "c2", "a1"))}, None),
    ("an honest PC without a board of which a liar claimed all", None, like(HONEST, uuid="", serial=""), {"liar": like(LIAR, macs=("c1", "c2"))}, TWICE),
    ("a name that came back after another took its machine", OTHER, OTHER, {"other": OTHER}, TWICE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "answer", "others", "reason"), [case[1:] for case in NEWCOMERS], ids=[case[0] for case in NEWCOMERS]
)
def test_the_newcomer_to_a_mark_is_in_doubt(
    known: Identity | None, answer: Identity, others: dict[str, Identity], reason: Reason | None
) -> None:
    assert doubt(known, answer, **others) is reason


def test_what_is_known_is_merged_and_never_emptied() -> None:
    first = recognise(None, Identity(computer_name="PC-01", macs=("a1",), machine_id="m1"), {}).record
    root = recognise(first, Identity(uuid="u1", serial="s1", macs=("a1", "a2"), host_key="k1"), {}).record
    again = recognise(root, Identity(computer_name="NEW", uuid="u1", serial="s1", machine_id="m2"), {}).record

    assert again == Identity(
        computer_name="NEW", machine_id="m2", uuid="u1", serial="s1", macs=("a1", "a2"), host_key="k1"
    )


def test_a_network_card_of_another_stays_with_its_owner_and_is_a_note() -> None:
    found = recognise(OURS, like(macs=("a1", "dock")), {"other": OTHER})

    assert found.record == OURS
    assert found.marks == marks(OURS)
    assert found.notes == ("its network card dock is known of 'other': a dock or an adapter may have moved",)


def test_a_new_name_and_a_new_installation_are_notes() -> None:
    assert recognise(OURS, like(computer_name="NEW", machine_id="m2"), {}).notes == (
        "it calls itself 'NEW' now, it was 'PC-01' before",
        "its machine id is a new one: it was installed again, or it runs another of its systems",
    )


def test_a_card_whose_address_changes_every_day_does_not_grow_the_record_for_ever() -> None:
    record: Identity | None = OURS
    for day in range(100):
        record = recognise(record, like(macs=(f"wlan{day}",)), {}).record

    assert record
    assert record.macs[:2] == ("a1", "a2")
    assert len(record.macs) == 64


def test_a_doubt_says_what_differs() -> None:
    detail = recognise(OURS, like(computer_name="PC-02", serial="s2"), {}).doubt

    assert detail
    assert detail.detail == "'PC-02' answered, it was 'PC-01' before; its serial number is 's2', not 's1'"


def visited(identity: Identity | None, committed: int, fault: Reason | None = None) -> tuple[Attempt, ...]:
    return (replace(an_attempt(fault=fault), identity=identity, committed=committed),)


def test_a_machine_that_a_later_visit_met_under_another_name_belongs_to_that_name() -> None:
    attempts = {
        "old": visited(OURS, 1),
        "new": visited(OURS, 2),
        "in doubt": visited(OURS, 3, TWICE),
        "with its dock": visited(like(uuid="u2", serial="s2", macs=("a1",)), 4),
        "off": visited(None, 5, Reason.REACH_TIMEOUT),
    }

    assert taken_over(attempts) == {"old": "new"}
    assert taken_over(dict(reversed(attempts.items()))) == {"old": "new"}


def test_a_machine_known_by_its_network_cards_alone_is_followed_by_them() -> None:
    assert taken_over({"old": visited(MACS_ONLY, 1), "new": visited(MACS_ONLY, 2)}) == {"old": "new"}
