"""The words of one unit's report: nothing is claimed that was not seen to the end."""

import unicodedata
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import OperatorError, Reason
from controller.model.fleet import Order, Unit
from controller.model.result import Finding
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import summarise
from controller.reports.form import DOTS, UnitForm, unit_form
from tests.builders import NOON
from tests.summaries import HOSTILE, MATCH, ORDER, WORM, a_summary, an_entry, judged

UNIT = Unit(id="u", name="Chi cục Thi hành án dân sự huyện Na Hang")
OFF = judged(Verdict.UNKNOWN, Reason.REACH_TIMEOUT)
REVIEW = judged(Verdict.UNKNOWN, Reason.MATCH_REVIEW, done=True)
INFECTED = judged(Verdict.INFECTED, Reason.MATCH_FOUND, matches=(MATCH,), met=(MATCH,))
HALF = judged(Verdict.INFECTED, Reason.MATCH_FOUND, met=(MATCH,), findings=(WORM,), closed=(WORM,))
CLEANED = judged(Verdict.CLEANED, findings=(WORM,), closed=(WORM,))
JUDGEMENTS = st.lists(st.sampled_from((judged(), OFF, REVIEW, INFECTED, HALF, CLEANED, None)), max_size=8)


def form(
    *judgements: Judgement | None, unit: Unit = UNIT, order: Order | None = ORDER, made: datetime = NOON
) -> UnitForm:
    roster = [an_entry(f"pc-{place}", unit.id, given=bool(each)) for place, each in enumerate(judgements)]
    said = {f"pc-{place}": each for place, each in enumerate(judgements) if each}
    return unit_form(summarise((unit,), roster, said), unit.id, order=order, made=made)


@given(JUDGEMENTS)
def test_nothing_found_is_said_plainly_only_when_every_computer_is_clean(judgements: list[Judgement | None]) -> None:
    all_clean = bool(judgements) and all(each and each.verdict is Verdict.CLEAN for each in judgements)

    assert (form(*judgements).found == "Không phát hiện.") == all_clean


@given(JUDGEMENTS)
def test_complete_is_said_only_when_every_computer_is_done_and_has_its_verdict(
    judgements: list[Judgement | None],
) -> None:
    whole = bool(judgements) and all(each and each.done and each.verdict is not Verdict.UNKNOWN for each in judgements)

    assert ("đã hoàn thành" in form(*judgements).assessment) == whole


@given(JUDGEMENTS)
def test_every_computer_that_is_not_well_is_named_once(judgements: list[Judgement | None]) -> None:
    named = {line.split(":")[0].removeprefix("+ ") for line in form(*judgements).open_hosts[1:]}

    assert named == {f"pc-{place}" for place, each in enumerate(judgements) if not each or each.reason}


@pytest.mark.parametrize(
    ("judgements", "found", "handled"),
    [
        ((judged(), judged()), "Không phát hiện.", "Không có."),
        ((judged(), OFF), "Không phát hiện trên 1 máy tính; 1 máy tính chưa có kết luận.", "Không có."),
        ((judged(), None), "Không phát hiện trên 1 máy tính; 1 máy tính chưa có kết luận.", "Không có."),
        ((OFF, REVIEW), "Chưa có kết luận.", "Không có."),
        ((), "Chưa có kết luận.", "Không có."),
        ((judged(), CLEANED), "1 máy tính; 1 mã độc (1 loại).", "Đã xử lý xong 1/1 máy tính; 1/1 mã độc."),
        (
            (HALF,),
            "1 máy tính; 1 mã độc (1 loại); 1 dấu hiệu thuộc danh sách đã được xác định; "
            "1 máy tính kết nối đến địa chỉ IP, tên miền độc hại.",
            "Đã xử lý xong 0/1 máy tính; 1/1 mã độc do công cụ phát hiện; còn 1 máy tính chưa xử lý xong "
            "(1 máy còn dấu hiệu mã độc thuộc danh sách đã được xác định).",
        ),
    ],
)
def test_found_and_handled(judgements: tuple[Judgement | None, ...], found: str, handled: str) -> None:
    made = form(*judgements)

    assert (made.found, made.handled) == (found, handled)


def test_the_computers_that_are_left_have_their_reasons_in_vietnamese() -> None:
    broken = judged(Verdict.INFECTED, Reason.MATCH_FOUND, met=(MATCH,), done=False)

    assert form(judged(), OFF, None, broken).open_hosts == (
        "Còn 3 máy tính chưa hoàn thành hoặc chưa xử lý xong:",
        "+ pc-1: máy không trả lời (tắt máy hoặc mất kết nối mạng).",
        "+ pc-2: chưa được đưa vào đợt rà quét.",
        "+ pc-3: còn dấu hiệu mã độc thuộc danh sách đã được xác định; chưa hoàn thành.",
    )


def test_a_well_unit_has_nobody_left() -> None:
    assert form(judged(), CLEANED).open_hosts == ()


def test_people_are_dots_where_the_inventory_does_not_know() -> None:
    assert form(judged()).people == "...../..... công chức"
    assert unit_form(a_summary(), "ch", order=ORDER, made=NOON).people == "3/4 công chức"


def test_more_people_than_there_are_is_left_to_people() -> None:
    shared = an_entry("pc-0", "u", "u.a", "u.b")
    made = [
        unit_form(
            summarise((replace(UNIT, headcount=each),), (shared,), {"pc-0": judged()}), "u", order=None, made=NOON
        )
        for each in (1, 2)
    ]

    assert [each.people for each in made] == ["...../1 công chức", "2/2 công chức"]


def test_an_empty_list_is_said() -> None:
    made = form()

    assert made.computers == "0 máy tính (danh sách máy tính của đơn vị còn trống)."
    assert made.assessment == "Danh sách máy tính của đơn vị còn trống, chưa có kết quả để đánh giá."


def test_a_parent_reports_on_the_units_below_counted_anew() -> None:
    made = unit_form(a_summary(), "tq", order=ORDER, made=NOON)

    assert (made.figures.roster, made.figures.done, made.figures.found) == (8, 5, 2)


def test_the_month_is_the_deadlines_and_the_day_is_left_blank() -> None:
    assert form().dated == "....., ngày\xa0\xa0\xa0\xa0\xa0\xa0tháng 9 năm 2022"


def test_without_a_deadline_the_month_is_the_sweeps_in_viet_nam() -> None:
    made = form(order=None, made=datetime(2022, 12, 31, 20, tzinfo=UTC))

    assert made.dated.endswith("tháng 01 năm 2023")
    assert made.year == "2023"


def test_an_order_that_is_not_known_is_left_to_be_filled_in() -> None:
    made = form(order=None)

    assert (made.order_number, made.order_date, made.addressee) == (DOTS, DOTS, DOTS)


def test_a_number_that_is_not_given_yet_leaves_room_before_its_stroke() -> None:
    assert form().order_number == "\xa0\xa0\xa0\xa0\xa0\xa0/CTHADS-VP"
    assert form(order=Order(number="12/CTHADS-VP")).order_number == "12/CTHADS-VP"


def test_a_name_without_lines_of_its_own_is_set_in_capitals() -> None:
    assert form().unit_lines == ("CHI CỤC THI HÀNH ÁN DÂN SỰ HUYỆN NA HANG",)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(OperatorError, match="no unit 'xx'"):
        unit_form(a_summary(), "xx", order=ORDER, made=NOON)


def test_nothing_from_outside_reaches_the_page_as_it_came() -> None:
    said = judged(Verdict.INFECTED, Reason.FINDING_OPEN, findings=(Finding(tool="t", threat=HOSTILE, object=HOSTILE),))
    hostile = Unit(id="u", name=HOSTILE, name_lines=(HOSTILE,), place=HOSTILE, signer_title=HOSTILE)
    summary = summarise((hostile,), (an_entry(f"máy{HOSTILE}", "u"),), {f"máy{HOSTILE}": said})
    order = Order(number=HOSTILE, date=HOSTILE, addressee=HOSTILE, deadline=HOSTILE)

    made = unit_form(summary, "u", order=order, made=NOON)

    said_by = (getattr(made, each.name) for each in fields(made))
    texts = "".join(part for each in said_by if isinstance(each, str | tuple) for part in each)
    assert not {letter for letter in texts if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert unicodedata.is_normalized("NFC", texts)
