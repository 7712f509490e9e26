"""Several sweeps make one report: the newest finished visit counts, and nothing found is forgotten."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.errors import Reason
from controller.model.fleet import RosterEntry, Unit
from controller.model.playbook import Playbook
from controller.model.result import FindingState
from controller.model.sweep import Sweep
from controller.model.verdict import Judgement, Verdict
from controller.reports.combine import combine
from tests.builders import NOON
from tests.summaries import MATCH, WORM, an_entry, judged

PLAYBOOK = Playbook(path="p.yml", digest="", name="p", hosts="all", lists=(), tasks=())
OFF = judged(Verdict.UNKNOWN, Reason.REACH_TIMEOUT)
PENDING = judged(Verdict.UNKNOWN, Reason.HOST_PENDING)
TORN = judged(Verdict.UNKNOWN, Reason.CLEAN_INTERRUPTED)
ANOTHER = judged(Verdict.UNKNOWN, Reason.IDENTITY_MISMATCH)
INFECTED = judged(Verdict.INFECTED, Reason.MATCH_FOUND, matches=(MATCH,), met=(MATCH,))
BROKEN_OFF = replace(INFECTED, done=False)
REVIEW = judged(Verdict.UNKNOWN, Reason.MATCH_REVIEW, done=True)
CLEANED = judged(Verdict.CLEANED, met=(MATCH,))
CLEAN = judged()


def a_sweep(number: int, *roster: RosterEntry, units: tuple[Unit, ...] = ()) -> Sweep:
    return Sweep(
        id=f"s{number}",
        started=NOON,
        operator="ops",
        apply=False,
        limit="",
        playbook=PLAYBOOK,
        inventory="inv",
        inventory_digest="",
        roster=roster,
        units=units,
    )


def over(*judgements: Judgement) -> Judgement | None:
    parts = [(a_sweep(number, an_entry("a")), {"a": each}) for number, each in enumerate(judgements)]
    return combine(parts).units[0].hosts[0].judgement


@pytest.mark.parametrize(
    ("judgements", "verdict", "reason"),
    [
        ((CLEAN, OFF), Verdict.CLEAN, None),
        ((OFF, CLEAN), Verdict.CLEAN, None),
        ((OFF, PENDING), Verdict.UNKNOWN, Reason.REACH_TIMEOUT),
        ((PENDING,), Verdict.UNKNOWN, Reason.HOST_PENDING),
        ((CLEAN, INFECTED), Verdict.INFECTED, Reason.MATCH_FOUND),
        ((CLEAN, BROKEN_OFF), Verdict.INFECTED, Reason.MATCH_FOUND),
        ((INFECTED, OFF), Verdict.INFECTED, Reason.MATCH_FOUND),
        ((INFECTED, CLEAN), Verdict.CLEANED, None),
        ((CLEANED, CLEAN), Verdict.CLEANED, None),
        ((CLEAN, REVIEW), Verdict.UNKNOWN, Reason.MATCH_REVIEW),
        ((CLEAN, TORN), Verdict.UNKNOWN, Reason.CLEAN_INTERRUPTED),
        ((CLEAN, ANOTHER), Verdict.UNKNOWN, Reason.IDENTITY_MISMATCH),
        ((CLEAN, ANOTHER, OFF), Verdict.UNKNOWN, Reason.IDENTITY_MISMATCH),
        ((ANOTHER, CLEAN), Verdict.CLEAN, None),
    ],
)
def test_the_newest_visit_that_decides_counts(
    judgements: tuple[Judgement, ...], verdict: Verdict, reason: Reason | None
) -> None:
    judgement = over(*judgements)

    assert judgement
    assert (judgement.verdict, judgement.reason) == (verdict, reason)


def test_what_an_earlier_sweep_found_stays_told() -> None:
    judgement = over(INFECTED, CLEAN)

    assert judgement
    assert (judgement.met, judgement.matches) == ((MATCH,), ())


def test_a_finding_has_its_newest_state() -> None:
    found = replace(WORM, state=FindingState.FOUND)
    first = judged(Verdict.INFECTED, Reason.FINDING_OPEN, findings=(found,))
    second = judged(Verdict.INFECTED, Reason.MATCH_FOUND, findings=(WORM,), closed=(WORM,))

    judgement = over(first, second)

    assert judgement
    assert (judgement.findings, judgement.closed) == ((WORM,), (WORM,))


def test_a_host_off_in_every_roster_but_one_is_given() -> None:
    first, second = a_sweep(1, an_entry("a", given=False)), a_sweep(2, an_entry("a"))
    judgements: list[Mapping[str, Judgement]] = [{}, {"a": CLEAN}]

    for sweeps in ((first, second), (second, first)):
        parts = [(sweep, judgements[sweep is second]) for sweep in sweeps]
        assert combine(parts).total.clean == 1


def test_hosts_and_units_of_every_sweep_stay_and_the_newest_name_wins() -> None:
    old = a_sweep(1, an_entry("a", "u"), an_entry("gone", "u"), units=(Unit(id="u", name="old"),))
    new = a_sweep(2, an_entry("a", "u"), an_entry("b", "v"), units=(Unit(id="u", name="new"), Unit(id="v", name="v")))

    summary = combine([(old, {}), (new, {})])

    assert [(row.unit.name, [line.name for line in row.hosts]) for row in summary.units] == [
        ("new", ["a", "gone"]),
        ("v", ["b"]),
    ]
    assert summary.sweeps == ("s1", "s2")


def test_one_sweep_is_itself() -> None:
    assert over(CLEANED) == CLEANED
    assert over(OFF) == OFF
