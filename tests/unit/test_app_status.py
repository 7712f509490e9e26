"""The status of a campaign: its figures add up, and nothing that is open is missing from the exit status."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from controller.app import sweep as sweeps
from controller.app.preflight import prepare
from controller.app.status import StatusCounts, remaining, status_of
from controller.cli.status import status
from controller.errors import OperatorError
from controller.model.decision import ListAdded, Note, NoteKind, PlaybookNamed, Withdrawal
from controller.model.result import Attempt, Identity
from controller.model.sweep import HostJob
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from tests.builders import NOON, an_attempt
from tests.office import Office
from tests.sweeping import begun, clean, course, each_says, go, infected, silent

LONG = "Chi cục Thi hành án dân sự khu vực 12 – thành phố Tuyên Quang, tỉnh Tuyên Quang"


def refused(job: HostJob) -> Attempt:
    """Answer, and break off before any task."""
    return replace(an_attempt(host=job.host.name), identity=Identity(computer_name=job.host.name))


def swept(office: Office, ledger: Ledger) -> None:
    """One of each: pc-01 is infected, pc-02 unknown though it answered, pc-03 never reached, pc-04 and pc-05 clean."""
    office.invite("pc-01", "pc-02", "pc-03", "pc-04", "pc-05")
    says = each_says(pc_01=infected, pc_02=refused, pc_03=silent)
    go(course(office, ledger, begun(office, ledger)), ledger, says)


def shown(office: Office, *words: str) -> Result:
    return CliRunner().invoke(status, [*words, "--store", str(office.folder / "lamsach.db")], standalone_mode=False)


def test_each_unit_has_its_row_and_one_that_never_answered_is_not_also_unknown(office: Office, ledger: Ledger) -> None:
    swept(office, ledger)

    found = status_of(ledger)

    assert [(unit.id, counts) for unit, counts in found.units] == [
        ("cc-mot", StatusCounts(computers=2, infected=1, unknown=1)),
        ("", StatusCounts(computers=3, clean=2, never=1)),
    ]
    assert found.total == StatusCounts(computers=5, clean=2, infected=1, unknown=1, never=1)
    assert (found.left, found.replaced, found.retired, found.verdict) == ((), (), (), Verdict.INFECTED)
    with pytest.raises(ValueError, match="do not add up"):
        StatusCounts(computers=2, clean=1)


def test_a_computer_that_answered_once_is_unknown_and_not_never_reached(office: Office, ledger: Ledger) -> None:
    go(course(office, ledger, begun(office, ledger, limit="pc-01")), ledger, refused)
    go(course(office, ledger, begun(office, ledger, limit="pc-01")), ledger, silent)

    assert status_of(ledger).total == StatusCounts(computers=3, unknown=1, never=2)


def test_the_computers_are_those_of_the_newest_sweep_of_the_named_inventory(office: Office, ledger: Ledger) -> None:
    swept(office, ledger)
    other = office.write("other.yml", (office.folder / "inventory.yml").read_text().replace("    pc-05: {}\n", ""))
    sweeps.begin(prepare(replace(office.request(), inventory=other)), ledger)

    assert "other.yml as it was" in shown(office).stdout
    assert "; no sweep had" not in shown(office, "-i", str(other)).stdout
    assert "; no sweep had none.yml yet" in " ".join(
        shown(office, "-i", str(office.folder.resolve() / "none.yml")).stdout.split()
    )
    named = str((office.folder / "inventory.yml").resolve())
    assert status_of(ledger, inventory=named).total.computers == 5
    assert status_of(ledger).total.computers == status_of(ledger, inventory="none").total.computers == 4


def test_an_infected_computer_that_left_stands_apart_and_keeps_the_status(office: Office, ledger: Ledger) -> None:
    swept(office, ledger)
    office.invite("pc-04", "pc-05")
    begun(office, ledger)

    found = status_of(ledger)

    assert (found.total, found.left) == (StatusCounts(computers=2, clean=2), ("pc-01",))
    assert found.verdict is remaining(ledger, ("pc-04", "pc-05")) is Verdict.INFECTED
    assert shown(office).return_value == 3
    assert "1 infected computer not in the inventory any more: pc-01" in shown(office).stdout
    ledger.decide(Note(host="pc-01", kind=NoteKind.RETIRED, operator="an", made=NOON, at=NOON))
    assert (shown(office).return_value, status_of(ledger).retired) == (0, ("pc-01",))
    assert remaining(ledger, ("pc-04", "pc-05")) is Verdict.CLEAN


def test_a_retired_computer_is_in_no_figure(office: Office, ledger: Ledger) -> None:
    swept(office, ledger)
    ledger.decide(Note(host="pc-01", kind=NoteKind.RETIRED, operator="an", made=NOON, at=NOON))

    found = status_of(ledger)

    assert (found.total.computers, found.total.infected, found.retired) == (4, 0, ("pc-01",))
    assert found.verdict is Verdict.UNKNOWN


def test_computers_of_the_inventory_that_no_sweep_had_remain(office: Office, ledger: Ledger) -> None:
    assert remaining(ledger, ("pc-01",)) is Verdict.UNKNOWN


def test_a_unit_is_narrowed_to_and_an_unknown_one_is_refused(office: Office, ledger: Ledger) -> None:
    swept(office, ledger)

    assert status_of(ledger, unit="cc-mot").total == StatusCounts(computers=2, infected=1, unknown=1)
    with pytest.raises(OperatorError, match="there is no unit 'cc-hai'; name one of: cc-mot"):
        status_of(ledger, unit="cc-hai")


def test_without_a_sweep_there_is_no_status(office: Office, ledger: Ledger) -> None:
    with pytest.raises(OperatorError, match="the store holds no sweep yet; begin one"):
        status_of(ledger)


def test_lists_in_force_are_named_once_and_withdrawn_ones_are_not(office: Office, ledger: Ledger) -> None:
    swept(office, ledger)
    begun(office, ledger)
    (kept,) = (file for file in ledger.kept_files(ledger.sweeps()[0].id) if file.role == "list")
    ledger.decide(ListAdded(name="A05", sha256=kept.sha256, operator="an", made=NOON))
    assert status_of(ledger).lists == ("bad.txt", "name:A05")

    gone = Withdrawal(operator="an", made=NOON, why="wrong", list_name="bad.txt")
    ledger.decide(gone)
    assert status_of(ledger).lists == ("name:A05",)
    ledger.decide(replace(gone, restores=True))
    assert status_of(ledger).lists == ("bad.txt", "name:A05")


def test_the_heading_says_how_to_name_a_playbook_until_one_is(office: Office, ledger: Ledger) -> None:
    swept(office, ledger)
    said = " ".join(shown(office).stdout.split())
    assert f"none is named: lamsach init {office.folder.resolve()} --playbook FILE" in said
    assert "2022-09-15 19:00 (Hanoi)" in said

    ledger.decide(PlaybookNamed(playbook=office.prepare().playbook, operator="an", made=NOON))

    assert "Playbook 'rà quét' (playbook.yml) Inventory inventory.yml as it was" in " ".join(
        shown(office).stdout.split()
    )


def test_the_table_fits_80_columns_with_long_vietnamese_names(office: Office, ledger: Ledger) -> None:
    text = (office.folder / "inventory.yml").read_text().replace("name: Chi cục Một", f"name: '{LONG}'")
    office.write("inventory.yml", text)
    begun(office, ledger)

    done = shown(office)

    table = done.stdout.partition("\n\n")[2].splitlines()
    assert {len(line) <= 80 for line in table} == {True}
    assert "".join(line[:25].strip() for line in table).replace(" ", "").find(LONG.replace(" ", "")) >= 0
    assert done.return_value == 4


def test_json_says_the_same(office: Office, ledger: Ledger) -> None:
    swept(office, ledger)

    done = shown(office, "--format", "json")

    told = json.loads(done.stdout)
    figures = {"computers": 5, "clean": 2, "cleaned": 0, "infected": 1, "unknown": 1, "never_reached": 1}
    assert (told["total"], done.return_value) == (figures, 3)
    assert [each["id"] for each in told["units"]] == ["cc-mot", ""]
    assert told["playbook"]["named"] is False
    assert told["newest_visit"] == NOON.isoformat()


def test_an_empty_unit_is_refused(office: Office, ledger: Ledger) -> None:
    assert isinstance(shown(office, "--unit", " ").exception, OperatorError)


def test_who_is_clean_ends_with_nought(office: Office, ledger: Ledger) -> None:
    go(course(office, ledger, begun(office, ledger)), ledger, clean)

    assert shown(office).return_value == 0
