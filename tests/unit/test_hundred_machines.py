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
from controller.app.identities import Recogniser
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
