"""Numbers and dates as Vietnamese official papers write them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.reports.vietnamese import day, in_hanoi, month, number, percent, read_day


def test_thousands_are_set_off_by_dots() -> None:
    assert [number(value) for value in (0, 999, 1000, 1234567)] == ["0", "999", "1.000", "1.234.567"]


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 3, "0%"), (9, 11, "81,8%"), (1, 2, "50%"), (1999, 2000, "99,9%"), (11, 11, "100%")],
)
def test_a_share_has_a_comma(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


@given(st.integers(1, 10**6).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_100_percent_is_said_only_of_the_whole(case: tuple[int, int]) -> None:
    part, whole = case

    assert (percent(part, whole) == "100%") == (part == whole)


def test_only_the_first_two_months_have_a_nought() -> None:
    assert [month(value) for value in (1, 2, 3, 12)] == ["01", "02", "3", "12"]


@pytest.mark.parametrize("text", ["2022-08-31", "31/8/2022", "31/08/2022", " 31-8-2022 "])
def test_a_date_is_read_in_the_ways_it_is_written(text: str) -> None:
    known = read_day(text)

    assert known == date(2022, 8, 31)
    assert day(known) == "31/8/2022"


@pytest.mark.parametrize("text", ["", "trước 20/9", "2022-13-01", "31/2/2022"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_day(text) is None


def test_an_evening_in_utc_is_the_next_day_in_hanoi() -> None:
    assert in_hanoi(datetime(2022, 9, 30, 17, tzinfo=UTC)) == date(2022, 10, 1)
