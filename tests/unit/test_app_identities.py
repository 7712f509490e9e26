"""A visit goes on only when the machine belongs to its name, and an operator may accept another one for it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.app.identities import Recogniser, accept, replacements
from controller.errors import LineError, OperatorError, Reason
from controller.model.decision import IdentityChange
from controller.model.result import Fault, Identity
from controller.store.ledger import Ledger
from tests.builders import NOON, an_attempt
from tests.unit.store_values import begun

FIRST = Identity(computer_name="PC-01", uuid="u1", serial="s1", macs=("a1",), machine_id="cloned")
SECOND = Identity(computer_name="PC-02", uuid="u2", serial="s2", macs=("a2",), machine_id="cloned")
NAMES = ("pc-01", "pc-02")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with begun(tmp_path / "store.db") as opened:
        yield opened


def reason(ledger: Ledger, host: str, identity: Identity, names: tuple[str, ...] = NAMES) -> Reason | None:
    try:
        Recogniser(ledger, names, lambda: NOON).recognise(host, identity)
    except LineError as error:
        return error.reason
    return None


def accepted(ledger: Ledger, *hosts: str) -> None:
    accept(ledger, replacements(ledger, hosts), "an", NOON)


def test_swapped_addresses_are_noticed_and_not_learned(ledger: Ledger) -> None:
    assert [reason(ledger, "pc-01", FIRST), reason(ledger, "pc-02", SECOND)] == [None, None]
    for _ in range(2):
        assert reason(ledger, "pc-01", SECOND) is Reason.IDENTITY_MISMATCH
        assert reason(ledger, "pc-02", FIRST) is Reason.IDENTITY_MISMATCH

    assert [reason(ledger, "pc-01", FIRST), reason(ledger, "pc-02", SECOND)] == [None, None]


def test_the_second_name_of_a_machine_is_refused_and_the_first_is_visited_as_usual(ledger: Ledger) -> None:
    assert reason(ledger, "pc-01", FIRST) is None
    assert reason(ledger, "pc-02", FIRST) is Reason.IDENTITY_TWICE
    assert reason(ledger, "pc-01", FIRST) is None


def test_a_name_that_left_the_inventory_is_no_twin(ledger: Ledger) -> None:
    assert reason(ledger, "old", FIRST) is None

    assert reason(ledger, "pc-01", FIRST) is None


def test_notes_of_an_answer_that_is_taken_are_returned(ledger: Ledger) -> None:
    recogniser = Recogniser(ledger, NAMES, lambda: NOON)

    assert recogniser.recognise("pc-01", FIRST) == ()
    assert recogniser.recognise("pc-01", replace(FIRST, computer_name="NEW")) == (
        "it calls itself 'NEW' now, it was 'PC-01' before",
    )


BARE = Identity(computer_name="VM", macs=("a1",))


@pytest.mark.parametrize(
    ("host", "visits", "command"),
    [
        ("kế toán", [FIRST, SECOND], "if the computer was replaced: lamsach identity accept 'kế toán'"),
        ("pc-01", [FIRST, Identity()], "if it is the computer of 'pc-01' all the same: lamsach identity accept pc-01"),
        ("pc-02", [FIRST], "if 'pc-01' never was this computer: lamsach identity accept pc-01"),
        ("pc-02", [BARE, BARE], "if it is the computer of 'pc-02' all the same: lamsach identity accept pc-02"),
    ],
    ids=["mismatch", "unsure", "twin", "lost its network card"],
)
def test_a_doubt_names_the_command_that_ends_it(
    ledger: Ledger, host: str, visits: list[Identity], command: str
) -> None:
    names = ("pc-01", "pc-02", "kế toán")
    recogniser = Recogniser(ledger, names, lambda: NOON)
    for identity in visits[:-1]:
        assert reason(ledger, host, identity, names) is None
    if host == "pc-02":
        assert reason(ledger, "pc-01", FIRST, names) is None

    with pytest.raises(LineError) as doubt:
        recogniser.recognise(host, visits[-1])

    assert doubt.value.detail.endswith(f"; {command}")


def test_a_replaced_computer_is_taken_once_it_was_accepted(ledger: Ledger) -> None:
    assert reason(ledger, "pc-01", FIRST) is None
    assert reason(ledger, "pc-01", SECOND) is Reason.IDENTITY_MISMATCH
    accepted(ledger, "pc-01", "pc-01")

    assert ledger.decisions("pc-01") == (
        IdentityChange(host="pc-01", operator="an", made=NOON, before=FIRST, committed=2),
    )
    assert reason(ledger, "pc-01", SECOND) is None
    assert reason(ledger, "pc-01", FIRST) is Reason.IDENTITY_MISMATCH


def test_accepting_the_name_that_was_wrong_frees_its_machine_for_the_right_one(ledger: Ledger) -> None:
    assert reason(ledger, "pc-01", SECOND) is None  # the address of pc-02, by mistake
    assert reason(ledger, "pc-02", SECOND) is Reason.IDENTITY_TWICE
    accepted(ledger, "pc-01")

    assert reason(ledger, "pc-02", SECOND) is None
    assert reason(ledger, "pc-01", SECOND) is Reason.IDENTITY_TWICE
    assert reason(ledger, "pc-01", FIRST) is None


def test_accepting_twice_changes_nothing_more(ledger: Ledger) -> None:
    assert reason(ledger, "pc-01", FIRST) is None
    accepted(ledger, "pc-01")
    accepted(ledger, "pc-01")

    assert len(ledger.decisions("pc-01")) == 1


def test_what_is_about_to_change_is_what_was_known_and_what_answered_last(ledger: Ledger) -> None:
    assert reason(ledger, "pc-01", FIRST) is None
    assert reason(ledger, "old", SECOND, ("old",)) is None
    visit = replace(an_attempt(fault=Reason.IDENTITY_MISMATCH), identity=SECOND)
    ledger.finish_attempt("s1", visit)

    one, left = replacements(ledger, ["pc-01", "old"])

    assert (one.known, one.answer, one.listed) == (FIRST, visit, True)
    assert (left.known, left.answer, left.listed) == (SECOND, None, False)


def test_a_name_that_never_answered_is_refused_and_no_other_is_accepted(ledger: Ledger) -> None:
    assert reason(ledger, "pc-01", FIRST) is None
    with pytest.raises(OperatorError, match="no computer has answered under the name 'zz' in this store"):
        accepted(ledger, "pc-01", "zz")

    assert ledger.identity("pc-01") == FIRST


def test_a_newcomer_in_doubt_cannot_be_accepted_and_the_message_says_what_can(ledger: Ledger) -> None:
    doubt = Fault(Reason.IDENTITY_TWICE, "it is 'pc-01' too")
    ledger.finish_attempt("s1", replace(an_attempt(host="pc-02"), identity=FIRST, fault=doubt))

    with pytest.raises(OperatorError, match=r"in doubt: identity\.twice, it is 'pc-01' too") as refused:
        accepted(ledger, "pc-02")
    assert "accept the other name" in str(refused.value)
