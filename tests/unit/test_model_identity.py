"""Which machine answered (campaign rules, section 7): what is taken, what is in doubt, and what is kept of it."""

# ruff: noqa: E501 - a table reads best with one case a line

from dataclasses import replace

import pytest

from controller.errors import Reason
from controller.model.identity import marks, recognise, taken_over
from controller.model.result import Identity

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
BARE = Identity(computer_name="PC-01", macs=("a1",))
LIAR = Identity(uuid="u9", serial="s9", macs=("a1", "b1", "c1"))

NEWCOMERS = [
    ("one machine under two names", None, like(OTHER, macs=()), {"other": OTHER}, TWICE),
    ("one machine under two names, seen without rights", None, like(OTHER_MACS), {"other": OTHER}, TWICE),
    ("a PC with a board, and a name without one had its network card first", None, OTHER, {"other": OTHER_MACS}, None),
    ("the same, but the PC shows only one of UUID and serial number", None, like(OTHER, serial=""), {"other": OTHER_MACS}, TWICE),
    ("the same, and the PC is known by its board", OTHER, OTHER, {"other": OTHER_MACS}, None),
    ("the same, and the PC was known by its other network card", like(OTHER_MACS, macs=("b1",)), OTHER, {"other": like(MACS_ONLY)}, None),
    ("the same, and the name shows the UUID of the PC", None, OTHER, {"other": like(OTHER_MACS, uuid="u2")}, TWICE),
    ("a PC with a made-up board and the network cards of several names without one", None, LIAR, {"a": BARE, "b": OTHER_MACS}, TWICE),
    ("a name without a board whose network card a PC with a board took", BARE, BARE, {"other": like(OTHER, macs=("a1",))}, TWICE),
    ("the same, it answers without that card", like(BARE, macs=("a1", "a2")), like(BARE, macs=("a2",)), {"other": like(OTHER, macs=("a1",))}, None),
    ("the same, and a third PC with that card answers", BARE, like(HONEST, macs=("a1",)), {"other": like(OTHER, macs=("a1",))}, UNSURE),
    ("the same, and its board can be read now", BARE, OURS, {"other": like(OTHER, macs=("a1",))}, UNSURE),
    ("the same, and one more card is its own", like(BARE, macs=("a1", "a2")), OURS, {"other": like(OTHER, macs=("a1",))}, None),
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
    assert detail.detail == "its serial number is 's2', not 's1'; 'PC-02' answered, it was 'PC-01' before"


def test_a_doubt_says_what_is_missing_and_no_name_that_is_the_same() -> None:
    """Not root any more, and behind another dock."""
    detail = recognise(OURS, like(computer_name="pc-01", uuid="", serial="", macs=("b1",)), {}).doubt

    assert detail
    assert detail.detail == (
        "none of its network cards is known; it does not show the UUID and serial number that it is known by"
    )


def test_a_doubt_says_all_that_differs() -> None:
    detail = recognise(OURS, like(computer_name="", uuid="u2", serial="s2", macs=()), {}).doubt

    assert detail
    assert detail.detail == (
        "its UUID is 'u2', not 'u1', its serial number is 's2', not 's1'; it does not show the network card that it is"
        " known by; a computer without a name answered, it was 'PC-01' before"
    )


def test_a_network_card_goes_from_a_name_without_a_board_to_a_first_answer_with_one() -> None:
    found = recognise(None, like(macs=("a1", "b1")), {"bare": OTHER_MACS})
    later = recognise(OURS, like(macs=("a1", "b1")), {"bare": OTHER_MACS})

    assert found.marks == marks(like(macs=("a1", "b1")))
    assert found.notes == (
        "its network card b1 was that of 'bare', which shows no UUID or serial number; 'bare' is in doubt now",
    )
    assert later.marks == marks(OURS)
    assert later.notes == ("its network card b1 is known of 'bare': a dock or an adapter may have moved",)


def test_a_name_without_a_board_takes_its_network_card_back_once_it_was_accepted() -> None:
    taker = {"taker": like(OTHER, macs=("a1", "b1"))}

    assert recognise(None, BARE, taker, BARE).marks == marks(BARE)
    for accepted in (None, like(BARE, macs=("a2",)), OURS):
        assert recognise(None, BARE, taker, accepted).twin == "taker"
    assert recognise(None, BARE, {"bare too": like(OTHER_MACS, macs=("a1",))}, BARE).twin == "bare too"
    assert recognise(None, like(BARE, macs=("a1", "b1")), taker, BARE).twin == "taker"
    assert recognise(None, like(OTHER, macs=("a1",)), taker, BARE).twin == "taker"


def test_a_doubt_names_the_other_name_unless_its_own_has_to_be_accepted() -> None:
    taker = {"taker": like(OTHER, macs=("a1", "dock"))}

    assert recognise(BARE, BARE, taker).twin == ""
    assert recognise(BARE, like(BARE, macs=("dock",)), taker).twin == ""
    assert recognise(like(BARE, macs=("a2",)), like(BARE, macs=("a2", "dock")), taker).twin == "taker"
    assert recognise(None, BARE, taker).twin == "taker"


def test_a_machine_that_a_later_visit_met_under_another_name_belongs_to_that_name() -> None:
    answers = {
        "old": (1, OURS),
        "new": (2, OURS),
        "with its dock": (4, like(uuid="u2", serial="s2", macs=("a1",))),
    }

    assert taken_over(answers, {}) == {"old": "new"}
    assert taken_over(dict(reversed(answers.items())), {}) == {"old": "new"}


def test_a_machine_known_by_its_network_cards_alone_is_followed_by_them() -> None:
    assert taken_over({"old": (1, MACS_ONLY), "new": (2, MACS_ONLY)}, {}) == {"old": "new"}


def test_a_visit_by_a_network_card_that_another_name_owns_now_belongs_to_that_name() -> None:
    answers = {
        "bare": (1, BARE),
        "board": (2, OURS),
        "UUID": (3, like(BARE, uuid="u7", macs=("c1",))),
    }

    assert taken_over(answers, {"mac a1": "taker", "mac c1": "taker"}) == {"bare": "taker"}
    assert taken_over(answers, {"mac a1": "bare"}) == {}


def test_two_machines_that_show_their_uuid_only_may_share_a_dock() -> None:
    answers = {
        "one": (1, Identity(uuid="u1", macs=("dock",))),
        "two": (2, Identity(uuid="u2", macs=("dock",))),
    }

    assert taken_over(answers, {}) == {}
