"""What people wrote into a report is found again, and nothing of ours is taken for theirs."""

import contextlib
import io
import tracemalloc
import zipfile

import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import OperatorError
from controller.reports.writers import docx
from controller.reports.written import Written, places, read_written
from tests.word import a_form, changed, typed, words

REPORT = docx.write(a_form())


def test_a_report_nobody_touched_holds_nothing_of_peoples() -> None:
    assert read_written(REPORT) == Written()


def test_a_rewritten_assessment_is_read_back() -> None:
    written = read_written(typed(REPORT, "danh_gia", "Đã phổ biến đến toàn thể công chức."))

    assert written == Written(texts={"danh_gia": ("Đã phổ biến đến toàn thể công chức.",)})


@pytest.mark.parametrize("place", ["ngay_ky", "danh_gia", "cong_chuc", "de_xuat", "noi_nhan", "nguoi_ky"])
def test_every_place_of_peoples_is_read_back(place: str) -> None:
    assert read_written(typed(REPORT, place, "của người ký")).texts[place][0] == "của người ký"


def test_a_place_that_was_emptied_is_nothing() -> None:
    assert read_written(typed(REPORT, "danh_gia", "  ")) == Written()


def test_a_change_outside_the_places_is_noticed() -> None:
    edited = changed(REPORT, "2. Đề xuất, kiến nghị (nếu có):", "2. Kiến nghị")

    assert read_written(edited) == Written(elsewhere=True)


def test_a_report_without_our_marks_is_all_theirs() -> None:
    source, bare = zipfile.ZipFile(io.BytesIO(REPORT)), io.BytesIO()
    with zipfile.ZipFile(bare, "w") as target:
        target.writestr("word/document.xml", source.read("word/document.xml"))

    written = read_written(bare.getvalue())

    assert written.elsewhere
    assert written.texts["danh_gia"] == (a_form().assessment,)


def body(inside: str) -> object:
    return parse_xml(
        f"<w:body {nsdecls('w')}><w:sdt><w:sdtPr><w:tag w:val='de_xuat'/>{inside}</w:sdtContent></w:sdt></w:body>"
    )


def test_tracked_deletions_are_no_text_and_insertions_are() -> None:
    inside = (
        "</w:sdtPr><w:sdtContent><w:p><w:r><w:t>một</w:t><w:tab/></w:r><w:del><w:r><w:delText>hai</w:delText></w:r>"
        "</w:del><w:ins><w:r><w:t>ba</w:t><w:br/><w:t>bốn</w:t></w:r></w:ins></w:p><w:p/>"
    )

    assert places(body(inside)) == {"de_xuat": ("một\tba\nbốn", "")}


def test_a_prompt_is_no_text() -> None:
    inside = "<w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>Nhập văn bản</w:t></w:r></w:p>"

    assert places(body(inside)) == {}


@pytest.mark.parametrize("data", [b"", b"PK", b"not a document", REPORT[:-40], REPORT[:5000]])
def test_what_is_no_word_document_is_refused(data: bytes) -> None:
    with pytest.raises(OperatorError, match="not a Word document"):
        read_written(data)


@given(st.integers(0, len(REPORT) - 1), st.integers(0, 255))
def test_a_damaged_document_is_read_or_refused(place: int, byte: int) -> None:
    damaged = REPORT[:place] + bytes([byte]) + REPORT[place + 1 :]

    with contextlib.suppress(OperatorError):  # anything else would end the report of a whole province
        read_written(damaged)


def test_a_document_that_swells_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b" " * 17_000_000)

    with pytest.raises(OperatorError, match="too large"):
        read_written(bomb.getvalue())


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_document_whose_directory_lies_about_its_size_is_refused_before_it_swells(packing: int) -> None:
    size = 20_000_000
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", packing) as package:
        package.writestr("word/document.xml", bytes(size))
    lying = bomb.getvalue().replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))

    tracemalloc.start()
    try:
        with pytest.raises(OperatorError, match="not a Word document"):
            read_written(lying)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 10_000_000


def with_controls(count: int) -> bytes:
    control = "<w:sdt><w:sdtPr><w:tag w:val='de_xuat'/></w:sdtPr><w:sdtContent><w:p/></w:sdtContent></w:sdt>"
    document = io.BytesIO()
    with zipfile.ZipFile(document, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", f"<w:body {nsdecls('w')}>{control * count}</w:body>")
    return document.getvalue()


def test_a_document_with_more_controls_than_any_report_is_refused() -> None:
    read_written(with_controls(1000))

    with pytest.raises(OperatorError, match="more than 1000 content controls; move it away, then report again"):
        read_written(with_controls(1001))


def test_a_place_within_a_place_is_part_of_it_and_is_read_once() -> None:
    inner = (
        "</w:sdtPr><w:sdtContent><w:p><w:r><w:t>một</w:t></w:r></w:p><w:sdt><w:sdtPr><w:tag w:val='danh_gia'/>"
        "</w:sdtPr><w:sdtContent><w:p><w:r><w:t>hai</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )

    assert places(body(inner)) == {"de_xuat": ("một", "hai")}


def test_entities_are_not_expanded() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as package:
        package.writestr(
            "word/document.xml",
            f'<!DOCTYPE x [<!ENTITY a "lol">]><w:body {nsdecls("w")}><w:p><w:r><w:t>&a;</w:t></w:r></w:p></w:body>',
        )

    assert read_written(bomb.getvalue()).texts == {}


def test_words_of_the_report_stand_where_people_read_them() -> None:
    assert "Đã phổ biến." in words(typed(REPORT, "danh_gia", "Đã phổ biến."))
