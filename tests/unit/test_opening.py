"""What an operator reads before a sweep begins."""

from dataclasses import replace
from pathlib import Path

import pytest

from controller.app.sweep import Course
from controller.cli.opening import announcement, opening
from controller.model.fleet import Connection
from controller.model.verdict import Verdict
from tests.builders import a_host, a_job
from tests.office import Office
from tests.unit.store_values import a_sweep

WINDOWS = a_host(connection=Connection.PSRP)
LISTED = "C:\\x\\e.exe\n/tmp/x\n"
EXPOSED = [(0, []), (1, ["1 computer"]), (3, ["3 computers"])]


@pytest.mark.parametrize(("count", "said"), EXPOSED)
def test_ntlm_without_tls_is_said_once_with_the_number_of_computers(
    tmp_path: Path, count: int, said: list[str]
) -> None:
    others = [a_host("linux"), replace(WINDOWS, name="tls", tls=True)]
    plain = [replace(WINDOWS, name=f"plain-{number}") for number in range(count)]
    jobs = tuple(a_job(host=host) for host in [*others, *plain])

    lines = opening(Course(sweep=a_sweep(), jobs=jobs), Office.furnished(tmp_path).prepare()).splitlines()

    notes = [line for line in lines if "NTLM without TLS" in line]
    assert [line.partition(" on ")[2].partition(":")[0] for line in notes] == said


@pytest.mark.parametrize(("linux", "windows"), [(2, 0), (0, 1), (3, 1)])
def test_what_cannot_be_seen_is_said_for_each_platform_of_the_computers_that_are_visited(
    tmp_path: Path, linux: int, windows: int
) -> None:
    office = Office.furnished(tmp_path)
    office.write("bad.txt", LISTED)
    jobs = [a_job(host=a_host(f"linux-{number}")) for number in range(linux)]
    jobs += [a_job(host=replace(WINDOWS, name=f"win-{number}", tls=True)) for number in range(windows)]
    prepared = office.prepare(again=True)  # whom it visits is known later

    lines = opening(Course(sweep=a_sweep(), jobs=tuple(jobs)), prepared).splitlines()

    said = [line.strip() for line in lines if "cannot be seen" in line]
    expected = [(linux, "Linux"), (windows, "Windows")]
    assert said == [
        f"On {count} {name} computer{'s' * (count > 1)} 1 of 2 indicators cannot be seen: path 1"
        for count, name in expected
        if count
    ]
    assert sum("such a match can then be closed" in line for line in lines) == (linux > 0) + (windows > 0)


def test_it_is_said_whether_a_sweep_is_new_goes_on_or_retries_and_where_it_is_kept(tmp_path: Path) -> None:
    store = tmp_path / "lamsach.db"
    new = Course(sweep=a_sweep(), jobs=(a_job(),))

    assert announcement(new, store, going_on=False) == f"A new sweep; store '{store}'."
    assert announcement(Course(sweep=a_sweep(list_here=True), jobs=()), store, going_on=False) == (
        f"A new sweep; its lists judge this sweep alone and do not come into force; store '{store}'."
    )
    assert announcement(Course(sweep=a_sweep(retried=Verdict.UNKNOWN), jobs=()), store, going_on=False) == (
        f"A new sweep of 2 computers that the campaign has as unknown; store '{store}'."
    )
    assert announcement(new, store, going_on=True) == (
        "Going on with a sweep that was begun 2022-09-15 19:00 (Hanoi) by người vận hành: 1 of 2 without a result; "
        f"store '{store}'."
    )
