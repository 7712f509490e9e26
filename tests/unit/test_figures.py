"""What is counted as done, found and handled (decision 25)."""

from dataclasses import replace

import pytest

from controller.errors import Reason
from controller.model.indicator import Kind
from controller.model.result import Finding, FindingState
from controller.model.summary import HostLine
from controller.model.verdict import Judgement, Verdict
from controller.reports.figures import Figures, count
from tests.summaries import MATCH, WEAK, WORM, judged

OFF = judged(Verdict.UNKNOWN, Reason.REACH_TIMEOUT)
OTHER = Finding(tool="khác", threat=WORM.threat, object="D:\\b.exe", state=FindingState.FAILED)


def figures(*judgements: Judgement | None, users: tuple[tuple[str, ...] | None, ...] = ()) -> Figures:
    people = users or (None,) * len(judgements)
    lines = [
        HostLine(name=f"pc-{place}", unit="u", users=who, judgement=judgement)
        for place, (judgement, who) in enumerate(zip(judgements, people, strict=True))
    ]
    return count(lines)


def test_a_person_counts_when_all_computers_are_done() -> None:
    users = (("lan", "minh"), ("lan",), ("hoa",))

    assert figures(judged(), OFF, judged(), users=users).people_done == 2
    assert figures(judged(), judged(), judged(), users=users).people_done == 3


def test_a_computer_outside_the_sweep_keeps_its_user_from_counting() -> None:
    assert figures(judged(), None, users=(("lan",), ("lan",))).people_done == 0


def test_people_are_not_counted_where_users_are_not_known() -> None:
    assert figures(judged(), judged(), users=(("lan",), None)).people_done is None


def test_a_computer_of_nobody_takes_nobody_away() -> None:
    assert figures(judged(), OFF, users=(("lan",), ())).people_done == 1


def test_the_whole_roster_counts() -> None:
    counted = figures(judged(), None, OFF)

    assert (counted.roster, counted.done, counted.settled, counted.clean) == (3, 1, 1, 1)


def test_a_detection_of_an_unfinished_visit_is_found_but_not_handled() -> None:
    broken = judged(Verdict.UNKNOWN, Reason.CONNECTION_LOST, findings=(WORM,))

    counted = figures(broken)

    assert (counted.done, counted.found, counted.cleaned, counted.malware, counted.closed) == (0, 1, 0, 1, 0)


def test_a_match_that_is_gone_was_found() -> None:
    counted = figures(judged(Verdict.CLEANED, met=(MATCH,)))

    assert (counted.found, counted.cleaned, counted.indicators, counted.contacts) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("collector", "contacts"), [("connections", 1), ("dns_cache", 1), ("autostart", 0), ("processes", 0)]
)
def test_a_bad_address_in_a_command_is_no_contact(collector: str, contacts: int) -> None:
    match = replace(MATCH, kind=Kind.ADDRESS, collector=collector)

    assert figures(judged(Verdict.INFECTED, Reason.MATCH_FOUND, matches=(match,))).contacts == contacts


def test_a_weak_sign_alone_is_not_found() -> None:
    counted = figures(judged(Verdict.UNKNOWN, Reason.MATCH_REVIEW, matches=(WEAK,), met=(WEAK,), done=True))

    assert (counted.found, counted.indicators, counted.settled) == (0, 0, 0)


def test_two_tools_that_found_one_thing_found_one_thing() -> None:
    twice = (WORM, replace(WORM, tool="khác"))

    assert figures(judged(Verdict.CLEANED, findings=twice, closed=twice)).malware == 1


def test_a_thing_one_tool_still_sees_is_not_closed() -> None:
    twice = (WORM, replace(WORM, tool="khác", state=FindingState.FAILED))
    counted = figures(judged(Verdict.INFECTED, Reason.FINDING_OPEN, findings=twice, closed=(WORM,)))

    assert (counted.malware, counted.closed) == (1, 0)


def test_the_same_threat_on_two_computers_is_two_findings_of_one_kind() -> None:
    one = judged(Verdict.CLEANED, findings=(WORM,), closed=(WORM,))
    two = judged(Verdict.INFECTED, Reason.FINDING_OPEN, findings=(WORM, OTHER), closed=(WORM,))

    counted = figures(one, two)

    assert (counted.malware, counted.threats, counted.closed) == (3, 1, 2)
    assert (counted.found, counted.cleaned) == (2, 1)


def test_figures_that_contradict_each_other_cannot_be_built() -> None:
    sound = figures(judged())

    with pytest.raises(ValueError, match="contradict"):
        replace(sound, cleaned=1)
