"""The official form as a Word document: its labels letter by letter, and the same bytes for the same report."""

import io
import unicodedata
import zipfile
from dataclasses import replace

import pytest
from docx import Document
from docx.oxml import parse_xml

from controller.errors import OperatorError
from controller.model.fleet import Unit
from controller.reports.aggregate import summarise
from controller.reports.form import unit_form
from controller.reports.writers import docx
from controller.reports.written import read_written
from tests.builders import NOON
from tests.summaries import HOSTILE, an_entry
from tests.word import a_form, typed, words

OFFICIAL = (
    "Mẫu báo cáo",
    "(Kèm theo Công văn số ",
    " ngày ",
    " của Cục Thi hành án dân sự)",
    "Đơn vị báo cáo",
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Độc lập - Tự do - Hạnh phúc",
    "v/v Báo cáo kết quả triển khai",
    "làm sạch mã độc trên không gian mạng",
    "Kính gửi : ",
    "1. Thông tin chung",
    "- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai:",
    "- Số lượng công chức máy tính đã thực hiện",
    "- Kết quả đã phát hiện mã độc:",
    "- Kết quả đã xử lý mã độc (nếu có)",
    "2. Đề xuất, kiến nghị (nếu có):",
    "Nơi nhận:",
    "- Lưu: VT.",
    "(Ký tên, đóng dấu)",
)


@pytest.mark.parametrize("label", OFFICIAL)
def test_the_template_holds_the_official_labels(label: str) -> None:
    text = words(docx.shipped_template())

    assert label in text
    assert unicodedata.is_normalized("NFC", text)


def test_the_filled_in_form_reads_as_the_letter_wants_it() -> None:
    text = words(docx.write(a_form()))

    assert "(Kèm theo Công văn số \xa0\xa0\xa0\xa0\xa0\xa0/CTHADS-VP ngày 31/8/2022 của Cục Thi hành án dân sự)" in text
    assert "Chiêm Hóa, ngày\xa0\xa0\xa0\xa0\xa0\xa0tháng 9 năm 2022" in text
    assert "\nnăm 2022\n" in text
    assert "- Số lượng công chức máy tính đã thực hiện: 3/4 công chức; 3/4 máy tính." in text
    assert "\nThủ trưởng\n(Ký tên, đóng dấu)" in text
    assert "{" not in text


def test_the_same_form_gives_the_same_bytes() -> None:
    assert docx.write(a_form()) == docx.write(a_form())


def test_the_package_tells_no_time_but_the_sweeps() -> None:
    report = docx.write(a_form())

    members = zipfile.ZipFile(io.BytesIO(report)).infolist()
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert [member.filename for member in members] == sorted(member.filename for member in members)
    properties = Document(io.BytesIO(report)).core_properties
    assert properties.created == properties.modified == NOON


def test_times_new_roman_is_the_only_font_named() -> None:
    package = zipfile.ZipFile(io.BytesIO(docx.write(a_form())))

    styles = parse_xml(package.read("word/styles.xml"))
    (fonts,) = styles.xpath("//w:rFonts")
    assert set(fonts.attrib.values()) == {"Times New Roman"}
    assert not parse_xml(package.read("word/document.xml")).xpath("//w:rFonts")


def test_what_came_from_outside_is_text_and_nothing_else() -> None:
    said = "409/CNTT-HTKT&ATTT; 12 < 13 {{ 7*7 }} {% for %} \ufffe\uffff <w:p/>"
    form = replace(a_form(), addressee=said, open_hosts=(said, "+ pc"))

    text = words(docx.write(form))

    assert text.count("409/CNTT-HTKT&ATTT; 12 < 13 {{ 7*7 }} {% for %} \\ufffe\\uffff <w:p/>") == 2
    assert "\n+ pc\n" in text


def test_what_people_wrote_stays_when_the_report_is_made_again() -> None:
    first = docx.write(a_form())
    edited = typed(typed(first, "danh_gia", "Tốt & {{ 7*7 }}\nDòng hai"), "nguoi_ky", "Nguyễn Văn Thử")

    again = docx.write(a_form("lb"), written=read_written(edited))

    text = words(again)
    assert "Tốt & {{ 7*7 }}" in text
    assert "Dòng hai" in text
    assert "Nguyễn Văn Thử" in text
    assert a_form("lb").assessment not in text
    assert a_form("lb").found in text


def test_what_people_wrote_stays_however_often_the_report_is_made_again() -> None:
    report = typed(docx.write(a_form()), "de_xuat", "Đề nghị cấp máy mới.")

    for unit in ("lb", "ch", "tq"):
        report = docx.write(a_form(unit), written=read_written(report))

    assert read_written(report).texts == {"de_xuat": ("Đề nghị cấp máy mới.", "")}


def test_a_draft_nobody_changed_gives_way_to_the_new_one() -> None:
    again = docx.write(a_form("lb"), written=read_written(docx.write(a_form())))

    assert again == docx.write(a_form("lb"))


def edited_template(old: str, new: str) -> bytes:
    out = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(docx.shipped_template()))
    with zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(old.encode(), new.encode()))
    return out.getvalue()


def test_an_office_may_use_a_template_of_its_own() -> None:
    report = docx.write(a_form(), template=edited_template("Kính gửi :", "Số: ...../BC\u2013CCTHADS. Kính gửi :"))

    assert "Số: ...../BC–CCTHADS. Kính gửi : Cục Thi hành án dân sự tỉnh Tuyên Quang" in words(report)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{{ phat_hien }}", "{{ phat_hein }}", "phat_hein"),
        ("{%p endfor %}", "", "endfor"),
        ('w:val="de_xuat"', 'w:val="khac"', 'no content control "de_xuat"'),
        ("{{ phat_hien }}", "{{ phat_hien.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        docx.write(a_form(), template=edited_template(old, new))


@pytest.mark.parametrize("template", [b"no document", b"PK\x05\x06" + bytes(18)])
def test_a_template_that_is_no_word_document_is_refused(template: bytes) -> None:
    with pytest.raises(OperatorError, match="template is not a Word document"):
        docx.write(a_form(), template=template)


def test_a_report_of_hostile_names_can_still_be_opened() -> None:
    unit = Unit(id="u", name=HOSTILE, name_lines=(HOSTILE,))
    summary = summarise((unit,), (an_entry(f"pc{HOSTILE}", "u"),), {})

    text = words(docx.write(unit_form(summary, "u", order=None, made=NOON)))

    shown = '=cmd|"/C calc"!A0;\\x09\\x0d\\x0a\\x1b[31m\\u202e\\u2028\\ud800\\ufffe\\x00<&{{ 7*7 }}'
    assert f"\n{shown}\n" in text
    assert f"+ pc{shown}: chưa được rà quét." in text
