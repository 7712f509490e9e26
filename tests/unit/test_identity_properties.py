"""What holds for every sequence of answers, over a real store: no foreign verdict, and no lost knowledge."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model.decision import IdentityChange
from controller.model.identity import marks
from controller.model.result import Identity
from controller.store.ledger import Ledger
from tests.builders import NOON

NAMES = ("a", "b", "c")
MACHINES = {
    number: Identity(
        computer_name=f"PC{number}",
        machine_id="cloned",
        host_key="cloned",
        uuid=f"u{number}",
        serial=f"s{number}",
        macs=(f"{number}1", f"{number}2"),
    )
    for number in range(4)
}


@dataclass(frozen=True)
class Visit:
    """Which machine answers at the address of a name, and what of it can be read; a dock may be plugged in.

    `claims` is a machine whose network cards it shows beside its own. The last machine never shows a board. `accepts`
    says that somebody accepted the name before.
    """

    name: str
    machine: int
    board: bool
    serial: bool
    macs: bool
    dock: bool
    claims: int | None
    accepts: bool

    def answer(self, example: int) -> Identity:
        """Return what it shows; marks of different examples never meet."""
        whole = MACHINES[self.machine]
        macs = (whole.macs if self.macs else ()) + (("dock",) if self.dock else ())
        macs += () if self.claims is None else MACHINES[self.claims].macs
        board = self.board and self.machine != len(MACHINES) - 1
        return replace(
            whole,
            uuid=f"{example}-{whole.uuid}" if board else "",
            serial=whole.serial if board and self.serial else "",
            macs=tuple(f"{example}-{mac}" for mac in macs),
        )


usually = st.sampled_from([True, True, True, False])
visits = st.builds(
    Visit,
    name=st.sampled_from(NAMES),
    machine=st.sampled_from(list(MACHINES)),
    board=usually,
    serial=usually,
    macs=usually,
    dock=st.booleans(),
    claims=st.sampled_from([None, None, None, *MACHINES]),
    accepts=st.sampled_from([False, False, False, True]),
)


class Store:
    """A ledger, and what its tables hold of the names of one example."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self.path, self.ledger, self.examples = path, ledger, count()

    def records(self, names: Mapping[str, str]) -> dict[str, Identity | None]:
        return {name: self.ledger.identity(name) for name in names.values()}

    def owners(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute("SELECT mark, host FROM identity_mark ORDER BY 1, 2").fetchall()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("properties") / "store.db"
    with Ledger.open(path) as ledger:
        yield Store(path, ledger)


@settings(max_examples=60, deadline=None)
@given(events=st.lists(visits, min_size=4, max_size=14))
def test_no_sequence_of_answers_gives_a_name_to_a_foreign_machine(store: Store, events: list[Visit]) -> None:
    example = next(store.examples)
    names = {name: f"{example}-{name}" for name in NAMES}
    taken: dict[str, str] = {}
    accepted: dict[str, Identity] = {}
    for event in events:
        name, answer = names[event.name], event.answer(example)
        if event.accepts and (old := store.ledger.identity(name)):
            store.ledger.change_identity(IdentityChange(host=name, operator="an", made=NOON, before=old))
            accepted[name] = old
            taken = {uuid: host for uuid, host in taken.items() if host != name}
        before, owners = store.records(names), store.owners()
        known = before[name] or Identity()

        found = store.ledger.recognise(name, answer, names.values(), NOON)

        after = store.records(names)
        if found.doubt:
            assert (after, store.owners()) == (before, owners), "an answer in doubt changes nothing"
            is_its_own = known.uuid and known.serial and (known.uuid, known.serial) == (answer.uuid, answer.serial)
            assert not is_its_own, "a computer that agrees with its own UUID and serial number is visited"
            continue
        foreign = {mark for mark, host in owners if host != name and host in before}
        assert not marks(known) or (marks(known) & marks(answer)) - foreign, "a machine that shares no mark of the name"
        record = after[name]
        assert record
        assert grown(known, record), "knowledge only grows"
        assert {other: each for other, each in after.items() if other != name} == {
            other: each for other, each in before.items() if other != name
        }
        for mark, host in set(owners) - set(store.owners()):
            loser, has_board = before[host], bool(answer.uuid and answer.serial)
            assert loser, "a name without a record owned a mark"
            newcomer = has_board and (known.uuid, known.serial) != (answer.uuid, answer.serial)
            given_back = before[name] is None and name in accepted and mark in marks(accepted[name])
            if loser.uuid or loser.serial:
                assert given_back, "a name with a board lost a network card, and nobody had accepted the other name"
            else:
                assert newcomer or given_back, "a name without a board lost a network card to one without"
        if not (answer.uuid or answer.serial):
            assert not marks(answer) & {mark for mark, host in store.owners() if host != name and host in before}
        if answer.uuid and answer.serial:
            assert taken.setdefault(answer.uuid, name) == name, "one machine for two names"
    assert len({mark for mark, _ in store.owners()}) == len(store.owners())


def grown(known: Identity, record: Identity) -> bool:
    kept = (known.uuid in {"", record.uuid}, known.serial in {"", record.serial}, {*known.macs} <= {*record.macs})
    return all(kept) and all(
        not before or after
        for before, after in zip(
            (known.machine_id, known.host_key, known.computer_name),
            (record.machine_id, record.host_key, record.computer_name),
            strict=True,
        )
    )
