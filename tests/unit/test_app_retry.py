"""A retry is a new sweep of the computers that the campaign has in one state, whatever sweep they were in."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.app import sweep as sweeps
from controller.app.campaign import Campaign
from controller.app.preflight import prepare
from controller.model.decision import Note, NoteKind
from controller.model.result import ToolMode
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from controller.store.lock import hold
from tests.builders import BAD, NOON, a_host
from tests.office import HEAD, LOOK, Office
from tests.sweeping import begun, clean, course, each_says, go, infected, is_over, retried, silent
from tests.visits import an_intent_of


def to_retry(office: Office, ledger: Ledger, state: Verdict) -> tuple[str, ...]:
    return sweeps.to_retry(office.prepare(), ledger, state).names


@pytest.mark.parametrize(("state", "again"), [(Verdict.UNKNOWN, "pc-02"), (Verdict.INFECTED, "pc-01")])
def test_a_retry_is_a_new_sweep_of_those_in_the_state(
    office: Office, ledger: Ledger, state: Verdict, again: str
) -> None:
    says = each_says(pc_01=infected, pc_02=silent)
    go(course(office, ledger, begun(office, ledger)), ledger, says)

    for number in (2, 3):
        assert retried(office, ledger, state, says) == (again,)
        assert is_over(ledger)
        newest = ledger.sweep(ledger.sweeps()[0].id)
        assert (newest.retried, [entry.name for entry in newest.roster if entry.given]) == (state, [again])
        assert [(visit.sweep, visit.attempt.number) for visit in ledger.visits(again)][1:] == [
            (line.id, 1) for line in reversed(ledger.sweeps()[: number - 1])
        ]


def test_a_smaller_sweep_in_between_takes_no_computer_out(office: Office, ledger: Ledger) -> None:
    """Operator's report B1: after a sweep of one computer none was left to retry, and the exit status was 0."""
    go(course(office, ledger, begun(office, ledger)), ledger, silent)
    go(course(office, ledger, begun(office, ledger, limit="pc-01")), ledger, clean)

    assert retried(office, ledger, Verdict.UNKNOWN) == ("pc-03", "pc-02")
    assert {each.verdict for each in Campaign(ledger).judgements().values()} == {Verdict.CLEAN}
    assert to_retry(office, ledger, Verdict.UNKNOWN) == ()


@pytest.mark.parametrize(("name", "text"), [("bad.txt", f"{BAD}\n{'ab' * 32}\n"), ("playbook.yml", HEAD + LOOK + LOOK)])
def test_a_retry_may_have_another_list_and_playbook(office: Office, ledger: Ledger, name: str, text: str) -> None:
    go(course(office, ledger, begun(office, ledger)), ledger, silent)
    office.write(name, text)

    assert len(retried(office, ledger, Verdict.UNKNOWN)) == 3


def test_limit_and_mode_are_those_given_now(office: Office, ledger: Ledger) -> None:
    go(course(office, ledger, begun(office, ledger, limit="pc-01")), ledger, silent)

    assert retried(office, ledger, Verdict.UNKNOWN, silent, limit="pc-01,pc-02", apply=True) == ("pc-01", "pc-02")

    newest = ledger.sweep(ledger.sweeps()[0].id)
    assert (newest.limit, newest.apply) == ("pc-01,pc-02", True)


def test_hosts_that_no_sweep_reached_are_unknown_and_those_that_left_are_not_visited(
    office: Office, ledger: Ledger
) -> None:
    go(course(office, ledger, begun(office, ledger)), ledger, silent)
    office.invite("pc-01", "pc-04")

    assert retried(office, ledger, Verdict.UNKNOWN) == ("pc-04", "pc-01")


def test_an_infected_host_whose_tool_is_under_way_is_retried_as_unknown_too(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger)
    job = next(job for job in course(office, ledger, sweep).jobs if job.host.name == "pc-01")
    ledger.begin(an_intent_of(a_host(), "r1", sweep=sweep.id, mode=ToolMode.CLEAN), infected(job).tasks)
    go(course(office, ledger, begun(office, ledger, limit="pc-02,pc-03")), ledger)

    assert to_retry(office, ledger, Verdict.UNKNOWN) == ("pc-01",)
    assert to_retry(office, ledger, Verdict.INFECTED) == ("pc-01",)


def test_a_retired_host_is_left_alone(office: Office, ledger: Ledger) -> None:
    go(course(office, ledger, begun(office, ledger)), ledger, silent)
    ledger.decide(Note(host="pc-01", kind=NoteKind.RETIRED, operator="an", made=NOON, at=NOON))

    assert to_retry(office, ledger, Verdict.UNKNOWN) == ("pc-03", "pc-02")


def test_a_host_that_a_running_sweep_is_still_to_visit_is_left_to_it(office: Office, ledger: Ledger) -> None:
    sweep = begun(office, ledger, limit="pc-01,pc-02")
    go(course(office, ledger, sweep), ledger, silent, hosts=1)
    (visited,) = ledger.attempts(sweep.id)

    (other,) = {"pc-01", "pc-02"} - {visited}

    with hold(ledger.path, sweep.id):
        found = sweeps.to_retry(office.prepare(), ledger, Verdict.UNKNOWN)
        assert (set(found.names), found.left) == ({"pc-03", visited}, (other,))
    assert len(to_retry(office, ledger, Verdict.UNKNOWN)) == 3


# lists


def in_force(ledger: Ledger) -> dict[str, str]:
    """Return the newest version of each list that is in force."""
    return {use.path: ledger.blob(use.sha256).decode() for use in Campaign(ledger).lists.uses}


def test_two_lists_are_two_and_a_changed_one_replaces_its_older_version(office: Office, ledger: Ledger) -> None:
    office.write("playbook.yml", HEAD.replace("[bad.txt]", "[bad.txt, b.txt]") + LOOK)
    office.write("b.txt", "cd" * 32)
    begun(office, ledger)
    office.write("bad.txt", "ab" * 32)
    begun(office, ledger)

    assert in_force(ledger) == {"bad.txt": "ab" * 32, "b.txt": "cd" * 32}
    assert [use.path for use in Campaign(ledger).lists.uses] == ["bad.txt", "b.txt", "bad.txt"]


def test_an_infected_host_is_so_by_each_of_two_lists(office: Office, ledger: Ledger) -> None:
    """With one identity for all lists the second one would replace the first, and its indicators would be dropped."""
    office.write("playbook.yml", HEAD.replace("[bad.txt]", "[bad.txt, b.txt]") + LOOK)
    office.write("b.txt", "cd" * 32)

    seen = go(course(office, ledger, begun(office, ledger)), ledger, infected)

    assert {each.verdict for each in seen.values()} == {Verdict.INFECTED}


@pytest.mark.parametrize(
    ("folder", "identity"),
    [
        (lambda office: None, "bad.txt"),
        (lambda office: office.folder.parent, lambda office: f"{office.folder.name}/bad.txt"),
        (lambda office: office.folder / "elsewhere", lambda office: str(office.folder.resolve() / "bad.txt")),
    ],
)
def test_a_list_is_identified_from_the_campaigns_folder_else_from_the_stores(
    office: Office, ledger: Ledger, folder: Callable[[Office], object], identity: str | Callable[[Office], str]
) -> None:
    begun(office, ledger, folder=folder(office))

    assert list(in_force(ledger)) == [identity if isinstance(identity, str) else identity(office)]


def test_a_link_to_a_list_is_that_list(office: Office, ledger: Ledger) -> None:
    (office.folder / "link.txt").symlink_to("bad.txt")
    begun(office, ledger)
    office.write("playbook.yml", HEAD.replace("[bad.txt]", "[link.txt]") + LOOK)
    begun(office, ledger)

    assert [use.path for use in Campaign(ledger).lists.uses] == ["bad.txt"]


def test_a_list_that_is_only_here_judges_its_own_sweep_and_does_not_come_into_force(
    office: Office, ledger: Ledger
) -> None:
    go(course(office, ledger, begun(office, ledger)), ledger, clean)
    office.write("b.txt", "cd" * 32)
    other = office.write("other.yml", HEAD.replace("bad.txt", "b.txt") + LOOK)
    prepared = prepare(replace(office.request(list_here=True), playbook=other))
    sweep = sweeps.begin(prepared, ledger)
    says = each_says(pc_01=infected, pc_02=silent)

    go(sweeps.course_of(sweep, prepared, ledger), ledger, says)

    assert ledger.sweep(sweep.id).list_here
    assert list(in_force(ledger)) == ["bad.txt"]
    assert sweeps.by_own_lists(ledger, sweep) == {
        "pc-01": Verdict.INFECTED,
        "pc-02": Verdict.UNKNOWN,
        "pc-03": Verdict.CLEAN,
    }
