"""The report on paper: rendered by a real office program, in fonts that have every Vietnamese letter."""

import re
import shutil
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from controller.reports.form import UnitForm
from controller.reports.writers import docx
from controller.reports.written import read_written
from tests.word import a_form, typed

NEEDED = {
    "soffice": "apt install libreoffice-writer-nogui",
    "pdffonts": "apt install poppler-utils",
    "pdftoppm": "apt install poppler-utils",
    "pdftotext": "apt install poppler-utils",
    "fc-list": "apt install fontconfig",
}
LABELS = (
    "Mẫu báo cáo",
    "/CTHADS-VP ngày 31/8/2022 của Cục Thi hành án dân sự)",
    "Đơn vị báo cáo",
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Độc lập - Tự do - Hạnh phúc",
    "v/v Báo cáo kết quả triển khai",
    "làm sạch mã độc trên không gian mạng",
    "Kính gửi : Cục Thi hành án dân sự tỉnh Tuyên Quang",
    "1. Thông tin chung",
    "- Đánh giá kết quả thực hiện chiến dịch trong phạm vi triển khai:",
    "- Số lượng công chức máy tính đã thực hiện",
    "- Kết quả đã phát hiện mã độc:",
    "- Kết quả đã xử lý mã độc (nếu có)",
    "2. Đề xuất, kiến nghị (nếu có):",
    "Nơi nhận:",
    "- Lưu: VT.",
    "Thủ trưởng",
    "(Ký tên, đóng dấu)",
)


@pytest.fixture(scope="module", autouse=True)
def _programs() -> None:
    for program, remedy in NEEDED.items():
        if not shutil.which(program):
            pytest.skip(f"needs {program}: {remedy}")
    if "LiberationSerif" not in run("fc-list", "Liberation Serif", "postscriptname"):
        pytest.skip("needs Liberation Serif: apt install fonts-liberation2")


def run(*command: str, seconds: int = 60) -> str:
    done = subprocess.run(command, check=True, capture_output=True, timeout=seconds, text=True, encoding="utf-8")
    return done.stdout


def converted(document: bytes, form: str, folder: Path) -> Path:
    """Convert with an office program that has its own profile, so that nothing of the machine's user matters."""
    source = folder / "report.docx"
    source.write_bytes(document)
    out = folder / "out"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    run("soffice", profile, "--headless", "--convert-to", form, "--outdir", str(out), str(source), seconds=120)
    return out / f"report.{form}"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return converted(docx.write(a_form()), "pdf", tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def long_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return converted(docx.write(long_form()), "pdf", tmp_path_factory.mktemp("long"))


def long_form() -> UnitForm:
    """A unit where forty computers are left over."""
    return replace(a_form(), open_hosts=tuple(f"+ pc-{number}: chưa được rà quét." for number in range(40)))


def text_of(page: Path) -> str:
    return unicodedata.normalize("NFC", " ".join(run("pdftotext", "-layout", str(page), "-").split()))


def test_a_small_unit_has_one_page(page: Path) -> None:
    assert run("pdftotext", str(page), "-").count("\f") == 1


def test_every_official_label_is_printed(page: Path) -> None:
    text = text_of(page)

    assert [label for label in LABELS if label not in text] == []


def test_only_one_family_of_letters_is_printed(page: Path) -> None:
    """A second family is what one sees when letters are missing from the first."""
    fonts = {line.split()[0].split("+")[-1] for line in run("pdffonts", str(page)).splitlines()[2:]}

    assert {font.split("-")[0] for font in fonts} <= {"LiberationSerif", "TimesNewRomanPSMT", "TimesNewRomanPS"}
    assert fonts


def test_the_two_headings_stand_beside_each_other_and_do_not_touch(page: Path) -> None:
    lines = run("pdftotext", "-layout", str(page), "-").splitlines()

    assert any(re.search(r"Đơn vị báo cáo {4,}CỘNG HÒA XÃ HỘI", line) for line in lines)


def test_the_page_is_a4_with_the_margins_of_the_rule(page: Path, tmp_path: Path) -> None:
    """NĐ 30/2020: left 30 to 35 mm, right 15 to 20 mm, top and bottom 20 to 25 mm."""
    left, top, right, bottom, width, height = ink(page, tmp_path)

    assert (round(width), round(height)) == (210, 297)
    assert 29.5 <= left <= 35
    assert 14.5 <= width - right <= 25
    assert 19.5 <= top <= 25
    assert height - bottom >= 20


def ink(page: Path, folder: Path) -> tuple[float, float, float, float, float, float]:
    """Return the box around everything printed on page 1, and the page's own size, in mm."""
    run("pdftoppm", "-r", "127", "-gray", "-singlefile", str(page), str(folder / "page"))
    _, size, _, pixels = (folder / "page.pgm").read_bytes().split(b"\n", 3)
    width, height = map(int, size.split())
    rows = [pixels[start : start + width] for start in range(0, width * height, width)]
    inked = [number for number, row in enumerate(rows) if min(row) < 128]
    left = min(len(row) - len(row.lstrip(b"\xff")) for row in rows if min(row) < 128)
    right = max(len(row.rstrip(b"\xff")) for row in rows if min(row) < 128)
    return left / 5, inked[0] / 5, right / 5, inked[-1] / 5, width / 5, height / 5


def test_a_long_report_goes_on_and_numbers_its_second_page(long_page: Path) -> None:
    first, second, *_ = run("pdftotext", "-layout", str(long_page), "-").split("\f")

    assert second.split()[0] == "2"
    assert first.split()[0] != "1"


def test_the_signature_never_stands_alone_on_a_page(long_page: Path) -> None:
    *_, last, _ = run("pdftotext", "-layout", str(long_page), "-").split("\f")

    assert last.index("2. Đề xuất, kiến nghị (nếu có):") < last.index("(Ký tên, đóng dấu)")


def test_what_people_wrote_survives_another_office_program_or_is_noticed(tmp_path: Path) -> None:
    """LibreOffice 7.4 drops the tags: then the file must at least not be taken for ours alone."""
    edited = typed(docx.write(a_form()), "danh_gia", "Đã phổ biến đến toàn thể công chức.")

    written = read_written(converted(edited, "docx", tmp_path).read_bytes())

    assert written.elsewhere or written.texts["danh_gia"] == ("Đã phổ biến đến toàn thể công chức.",)
