"""Counting per unit: nothing is lost, nothing is counted twice, and what was not visited is not well."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import OperatorError, Reason
from controller.model.fleet import RosterEntry, Unit
from controller.model.summary import Counts
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import NO_UNIT, summarise, within
from tests.summaries import a_summary, an_entry, judged

JUDGEMENT = st.sampled_from(
    (
        judged(),
        judged(Verdict.CLEANED),
        judged(Verdict.INFECTED, Reason.MATCH_FOUND),
        judged(Verdict.INFECTED, Reason.FINDING_OPEN, done=False),
        judged(Verdict.UNKNOWN, Reason.REACH_TIMEOUT),
        judged(Verdict.UNKNOWN, Reason.MATCH_REVIEW, done=True),
    )
)
IDS = ("a", "b", "c", "d")


@st.composite
def forests(draw: st.DrawFn) -> tuple[Unit, ...]:
    """Units in any order of the file, each below an earlier letter, a stranger, or nothing."""
    units = [
        Unit(
            id=each, name=each, order=draw(st.integers(0, 2)), parent=draw(st.sampled_from(("", "else", *IDS[:place])))
        )
        for place, each in enumerate(IDS)
    ]
    return tuple(draw(st.permutations(units)))


@st.composite
def fleets(draw: st.DrawFn) -> tuple[tuple[RosterEntry, ...], dict[str, Judgement]]:
    """A roster, and a judgement for some of the hosts that were given."""
    owners = draw(st.lists(st.tuples(st.sampled_from((*IDS, "", "lost")), st.booleans()), max_size=12))
    roster = tuple(an_entry(f"pc-{place}", unit, given=asked) for place, (unit, asked) in enumerate(owners))
    known = draw(st.dictionaries(st.sampled_from([e.name for e in roster if e.given] or ["-"]), JUDGEMENT))
    return roster, {name: judgement for name, judgement in known.items() if name != "-"}


@given(forests(), fleets())
def test_no_host_is_lost_or_counted_twice(
    units: Sequence[Unit], fleet: tuple[Sequence[RosterEntry], Mapping[str, Judgement]]
) -> None:
    roster, judgements = fleet

    summary = summarise(units, roster, judgements)

    lines = [line for row in summary.units for line in row.hosts]
    assert sorted(line.name for line in lines) == sorted(entry.name for entry in roster)
    assert {line.name for line in lines if line.judgement} == {entry.name for entry in roster if entry.given}
    assert all(line.judgement == judgements[line.name] for line in lines if line.name in judgements)


@given(forests(), fleets())
def test_the_rows_add_up_to_the_total(
    units: Sequence[Unit], fleet: tuple[Sequence[RosterEntry], Mapping[str, Judgement]]
) -> None:
    summary = summarise(units, *fleet)

    columns = zip(*[astuple(row.counts) for row in summary.units], strict=True)
    assert [sum(column) for column in columns] == list(astuple(summary.total))


@given(forests(), fleets())
def test_every_unit_has_one_row_and_parents_come_first(
    units: Sequence[Unit], fleet: tuple[Sequence[RosterEntry], Mapping[str, Judgement]]
) -> None:
    rows = [row.unit for row in summarise(units, *fleet).units if row.unit is not NO_UNIT]

    assert sorted(unit.id for unit in rows) == sorted(IDS)
    place = {unit.id: index for index, unit in enumerate(rows)}
    assert all(place[unit.parent] < place[unit.id] for unit in rows if unit.parent in place)


def test_units_stand_in_their_order_then_in_the_order_of_the_file() -> None:
    assert [row.unit.id for row in a_summary().units] == ["tq", "lb", "nh", "ch", ""]


def test_the_own_computers_of_a_parent_have_their_own_row() -> None:
    summary = a_summary()

    assert [line.name for line in summary.units[0].hosts] == ["tq-01", "tq-02"]
    assert summary.total.roster == 9


def test_a_given_host_without_a_result_is_pending_never_clean() -> None:
    summary = summarise((), (an_entry("pc-01"),), {})

    (line,) = summary.units[0].hosts
    assert line.judgement == Judgement(verdict=Verdict.UNKNOWN, reason=Reason.HOST_PENDING)
    assert summary.total == Counts(roster=1, given=1, outside=0, done=0, clean=0, cleaned=0, infected=0, unknown=1)


def test_a_host_that_was_not_given_is_outside() -> None:
    summary = summarise((), (an_entry("pc-01", given=False),), {})

    assert summary.units[0].hosts[0].judgement is None
    assert (summary.total.roster, summary.total.given, summary.total.outside) == (1, 0, 1)


def test_hosts_of_no_known_unit_stand_last() -> None:
    last = a_summary().units[-1]

    assert (last.unit, [line.name for line in last.hosts]) == (NO_UNIT, ["lạc-01"])


def test_no_row_without_a_unit_when_every_host_has_one() -> None:
    summary = summarise((Unit(id="ch", name="Chiêm Hóa"),), (an_entry("pc-01", "ch"),), {})

    assert [row.unit.id for row in summary.units] == ["ch"]


def test_a_unit_without_computers_keeps_its_row() -> None:
    row = a_summary().units[2]

    assert (row.unit.id, row.hosts, row.counts.roster) == ("nh", (), 0)


def test_a_host_that_stands_twice_in_the_roster_is_refused() -> None:
    with pytest.raises(ValueError, match="pc-01"):
        summarise((), (an_entry("pc-01"), an_entry("pc-01")), {})


@pytest.mark.parametrize("roster", [(), (an_entry("pc-01", given=False),)])
def test_a_result_that_would_be_lost_is_refused(roster: tuple[RosterEntry, ...]) -> None:
    with pytest.raises(ValueError, match="pc-01"):
        summarise((), roster, {"pc-01": judged()})


def test_narrowed_to_a_parent_it_holds_the_units_below_and_counts_anew() -> None:
    units = (Unit(id="a", name="A"), Unit(id="b", name="B", parent="a"), Unit(id="c", name="C"))
    roster = (an_entry("a-01", "a"), an_entry("b-01", "b"), an_entry("c-01", "c"))
    summary = summarise(units, roster, {"b-01": judged()})

    narrowed = within(summary, "a")

    assert [row.unit.id for row in narrowed.units] == ["a", "b"]
    assert (narrowed.total.roster, narrowed.total.clean, narrowed.total.unknown) == (2, 1, 1)


def test_narrowed_to_an_unknown_unit_it_names_the_known_ones() -> None:
    with pytest.raises(OperatorError, match="no unit 'xx'; name one of: tq, lb"):
        within(a_summary(), "xx")
