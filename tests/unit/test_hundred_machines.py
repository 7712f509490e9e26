"""A fleet of one cloned disk: no swapped, erased or foreign machine gets a verdict or a push, and every right one does.

Half of the machines are Linux PCs, which all have the same SSH host key, and half are Windows PCs over WinRM without
TLS, which have none. Pushes are counted at the transport.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from controller.app.campaign import Campaign
from controller.app.identities import Recogniser, accept, replacements
from controller.engine.host import run_host
from controller.errors import Reason
from controller.model.fleet import Platform, RosterEntry
from controller.model.sweep import HostJob
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from controller.transports.canned import CannedHost, CannedTransport
from tests.builders import NOON, a_host, a_task
from tests.unit.store_values import a_playbook, a_sweep
from tests.visits import Stage, a_cleaning, a_tool, ended, greeted, processes

pytestmark = pytest.mark.usefixtures("known_nonce")

Shown = Mapping[str, Any]
NAMES: Final = tuple(f"pc-{number:03}" for number in range(100))
TASKS: Final = (a_task(), a_cleaning(a_tool(platforms=tuple(Platform))))
CLEAN: Final = {(Verdict.CLEAN, None)}
NOTHING: Final = {"uuid": "", "serial": "", "macs": []}
DOCK: Final = "00:1b:ff:ff:ff:01"


def machine(number: int, **but: Any) -> Shown:
    """Say what one machine shows of itself."""
    hardware = {
        "uuid": f"4c4c4544-0042-3510-8051-{number:012x}",
        "serial": f"SN{number:05}",
        "macs": [f"00:1b:00:00:00:{number:02x}"],
    }
    return {"computer_name": f"PC{number:03}", "machine_id": "ab" * 16, **hardware, **but}


def is_windows(name: str) -> bool:
    return NAMES.index(name) % 2 == 1


@dataclass
class Office:
    """A store, and one sweep after another over machines that answer at the addresses of names."""

    ledger: Ledger
    sweeps: int = 0

    def swept(self, shows: Mapping[str, Shown]) -> tuple[set[tuple[Verdict, Reason | None]], int]:
        """Visit each name; return the verdicts with their reasons, and how many pushes the transport had."""
        self.sweeps += 1
        sweep = a_sweep(
            f"s{self.sweeps}",
            playbook=replace(a_playbook(), tasks=TASKS),
            roster=[RosterEntry(name=name, unit="", platform=Platform.LINUX) for name in shows],
        )
        self.ledger.begin_sweep(sweep, ())
        stage = Stage(
            CannedHost(),
            recognise=Recogniser(self.ledger, NAMES, lambda: NOON).recognise,
            latest_commit=self.ledger.latest_commit,
        )
        stage.transport = CannedTransport({name: answering(name, shown) for name, shown in shows.items()})
        worker = stage.worker()
        for name in shows:
            host = a_host(name, connection="psrp" if is_windows(name) else "ssh")
            job = HostJob(sweep=sweep.id, host=host, tasks=TASKS, apply=False)
            self.ledger.finish_attempt(sweep.id, run_host(job, worker))
        verdicts = {(each.verdict, each.reason) for each in Campaign(self.ledger).judgements(shows).values()}
        return verdicts, stage.verbs.count("put")

    def verdicts(self) -> dict[str, Verdict]:
        """Return what the newest sweep says of each name."""
        given = [entry.name for entry in self.ledger.sweep(f"s{self.sweeps}").roster]
        return {name: each.verdict for name, each in Campaign(self.ledger).judgements(given).items()}

    def accept(self, name: str) -> None:
        accept(self.ledger, replacements(self.ledger, [name]), "an", NOON)


def answering(name: str, shown: Shown) -> CannedHost:
    shell = (
        {"platform": "windows", "powershell": "5.1.19041", "language_mode": "FullLanguage"} if is_windows(name) else {}
    )
    return CannedHost(
        replies=[greeted(**shown, **shell), processes()],
        states=[ended()],
        host_key="" if is_windows(name) else "SHA256:cloned",
    )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Ledger.open(tmp_path / "store.db") as ledger:
        yield Office(ledger)


def fleet(shows: Callable[[int], Shown]) -> dict[str, Shown]:
    return {name: shows(number) for number, name in enumerate(NAMES)}


def test_no_swapped_erased_or_foreign_machine_gets_a_verdict_or_a_push(office: Office) -> None:
    right = fleet(machine)
    swapped = fleet(lambda number: machine(number ^ 1))
    mismatch = {(Verdict.UNKNOWN, Reason.IDENTITY_MISMATCH)}
    unsure = {(Verdict.UNKNOWN, Reason.IDENTITY_UNSURE)}

    assert office.swept(right) == (CLEAN, 100)
    assert office.swept(swapped) == (mismatch, 0)
    assert office.swept(fleet(lambda number: machine(number, **NOTHING))) == (unsure, 0)
    assert office.swept(swapped) == (mismatch, 0)
    assert office.swept(fleet(lambda _: {"computer_name": "", **NOTHING})) == (unsure, 0)
    assert office.swept(fleet(lambda number: machine(number + 100))) == (mismatch, 0)
    assert office.swept(right) == (CLEAN, 100)


def test_one_machine_for_all_names_is_that_of_its_own_name_only(office: Office) -> None:
    names = fleet(machine)
    office.swept({NAMES[0]: names[NAMES[0]]})

    verdicts, pushes = office.swept(dict.fromkeys(NAMES, names[NAMES[0]]))

    assert (verdicts, pushes) == (CLEAN | {(Verdict.UNKNOWN, Reason.IDENTITY_TWICE)}, 1)


def test_a_liar_with_the_network_cards_of_others_keeps_none_of_them_from_being_visited(office: Office) -> None:
    honest = {name: machine(number) for number, name in enumerate(NAMES[:15])}
    liar = {NAMES[15]: machine(15, macs=[mac for shown in honest.values() for mac in shown["macs"]])}

    assert office.swept(liar) == (CLEAN, 1)  # nobody can know, and it takes no name of another
    assert office.swept(honest) == (CLEAN, 15)
    assert office.swept(liar) == (CLEAN, 1)
    assert office.swept(honest) == (CLEAN, 15)


def test_a_liar_that_comes_after_the_others_is_in_doubt_itself(office: Office) -> None:
    honest = {name: machine(number) for number, name in enumerate(NAMES[:15])}
    liar = {NAMES[15]: machine(15, macs=[mac for shown in honest.values() for mac in shown["macs"]])}

    assert office.swept(honest) == (CLEAN, 15)
    assert office.swept(liar) == ({(Verdict.UNKNOWN, Reason.IDENTITY_TWICE)}, 0)
    assert office.swept(honest) == (CLEAN, 15)


TWICE: Final = {(Verdict.UNKNOWN, Reason.IDENTITY_TWICE)}


def test_a_computer_without_a_board_keeps_none_of_those_whose_cards_it_shows_from_being_visited(office: Office) -> None:
    """A virtual machine or a cheap board behind a dock, or one that makes its MACs up; it is visited first."""
    honest = {name: machine(number) for number, name in enumerate(NAMES[:4])}
    own = "00:1b:00:00:00:0f"
    bare = machine(15, uuid="", serial="", macs=[*(mac for shown in honest.values() for mac in shown["macs"]), own])

    assert office.swept({NAMES[15]: bare}) == (CLEAN, 1)  # nobody can know yet
    assert office.swept(honest) == (CLEAN, 4)
    assert office.swept({NAMES[15]: bare}) == (TWICE, 0)
    assert office.swept(honest) == (CLEAN, 4)
    assert office.swept({NAMES[15]: {**bare, "macs": [own]}}) == (CLEAN, 1)


def test_within_one_sweep_a_computer_without_a_board_is_not_clean_by_the_cards_of_others(office: Office) -> None:
    honest = {name: machine(number) for number, name in enumerate(NAMES[:4])}
    bare = machine(15, uuid="", serial="", macs=[mac for shown in honest.values() for mac in shown["macs"]])

    assert office.swept({NAMES[15]: bare, **honest}) == (CLEAN | TWICE, 5)
    assert office.verdicts() == {**dict.fromkeys(NAMES[:4], Verdict.CLEAN), NAMES[15]: Verdict.UNKNOWN}


def test_one_machine_under_two_names_is_not_clean_for_the_name_that_met_it_without_rights(office: Office) -> None:
    assert office.swept({NAMES[0]: machine(2, uuid="", serial=""), NAMES[2]: machine(2)}) == (CLEAN | TWICE, 2)
    assert office.verdicts() == {NAMES[0]: Verdict.UNKNOWN, NAMES[2]: Verdict.CLEAN}
    assert office.swept({NAMES[0]: machine(2, uuid="", serial="")}) == (TWICE, 0)
    assert office.swept({NAMES[0]: machine(2)}) == (TWICE, 0)


def test_a_made_up_board_displaces_one_computer_without_one_until_that_is_accepted(office: Office) -> None:
    """It is unknown meanwhile, and its name is never taken for the liar's; afterwards the liar has no say in it."""
    bare = {NAMES[0]: machine(0, uuid="", serial="")}
    liar = machine(1, macs=[*machine(0)["macs"], *machine(1)["macs"]])

    assert office.swept(bare) == (CLEAN, 1)
    assert office.swept({NAMES[1]: liar}) == (CLEAN, 1)
    for at_its_address in (machine(0, uuid="", serial=""), liar, {**liar, "uuid": "", "serial": ""}):
        assert office.swept({NAMES[0]: at_its_address}) == (TWICE, 0)
    office.accept(NAMES[0])
    for shown in (bare, {NAMES[1]: liar}, bare, {NAMES[1]: liar}, bare):
        assert office.swept(shown) == (CLEAN, 1)
    assert office.swept({**bare, NAMES[1]: liar}) == (CLEAN, 2)
    assert office.swept({NAMES[0]: liar}) == (TWICE, 0)


def test_a_made_up_board_does_not_displace_an_office_of_computers_without_one(office: Office) -> None:
    bare = {name: machine(number, uuid="", serial="") for number, name in enumerate(NAMES[:15])}
    liar = {NAMES[15]: machine(15, macs=[mac for shown in bare.values() for mac in shown["macs"]])}

    assert office.swept(bare) == (CLEAN, 15)
    assert office.swept(liar) == (TWICE, 0)
    assert office.swept(bare) == (CLEAN, 15)


HEALTHY: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "a dock comes, goes to another PC and comes back": ({}, {"macs": ["00:1b:00:00:00:00", DOCK]}, {}),
    "its only network card is a dock": ({"macs": [DOCK]}, {"macs": []}, {"macs": ["00:1b:00:00:00:99"]}),
    "without the right to read UUID and serial number, then with it": ({"uuid": "", "serial": ""}, {}, {"serial": ""}),
    "firmware that fills the serial number in": ({"serial": "Default string"}, {}, {}),
    "firmware that fills UUID and serial number in": ({"serial": "Default string", "uuid": ""}, {}, {}),
    "firmware that forgets the serial number": ({}, {"serial": "To be filled by O.E.M."}, {}),
    "a network card more, then another instead": (
        {},
        {"macs": ["00:1b:00:00:00:00", "00:1b:00:00:00:98"]},
        {"macs": ["00:1b:00:00:00:97"]},
    ),
    "installed again": ({}, {"machine_id": "cd" * 16, "computer_name": "MỚI"}, {"machine_id": "ef" * 16}),
    "never any hardware": (NOTHING, NOTHING, NOTHING),
    "never any hardware until today": (NOTHING, {}, {}),
}


@pytest.mark.parametrize("days", HEALTHY.values(), ids=HEALTHY)
@pytest.mark.parametrize("name", NAMES[:2])
def test_no_healthy_change_makes_a_right_computer_unknown(
    office: Office, name: str, days: Sequence[Mapping[str, Any]]
) -> None:
    for changed in days:
        assert office.swept({name: machine(0, **changed)}) == (CLEAN, 1)
        assert office.swept({NAMES[2]: machine(2, macs=["00:1b:00:00:00:02", DOCK])}) == (CLEAN, 1)
