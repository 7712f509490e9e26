"""The lab's organisation: the civil-judgment-enforcement offices of Tuyên Quang, with invented headcounts."""

from typing import Final

from controller.model.fleet import Order, Unit

_OFFICE: Final = "CHI CỤC THI HÀNH ÁN DÂN SỰ"

CUC: Final = Unit(
    id="cuc-tuyen-quang",
    name="Cục Thi hành án dân sự tỉnh Tuyên Quang",
    name_lines=("CỤC THI HÀNH ÁN DÂN SỰ", "TỈNH TUYÊN QUANG"),
    kind="cuc",
    order=0,
    place="Tuyên Quang",
    signer_title="Cục trưởng",
    headcount=24,
)


def _chi_cuc(unit_id: str, area: str, place: str, order: int, headcount: int) -> Unit:
    return Unit(
        id=unit_id,
        name=f"Chi cục Thi hành án dân sự {area}",
        name_lines=(_OFFICE, area.upper()),
        kind="chi-cuc",
        parent=CUC.id,
        order=order,
        place=place,
        signer_title="Chi cục trưởng",
        headcount=headcount,
    )


CHI_CUC: Final = (
    _chi_cuc("chi-cuc-tp-tuyen-quang", "thành phố Tuyên Quang", "Tuyên Quang", 1, 14),
    _chi_cuc("chi-cuc-son-duong", "huyện Sơn Dương", "Sơn Dương", 2, 12),
    _chi_cuc("chi-cuc-na-hang", "huyện Na Hang", "Na Hang", 3, 9),
)

SHORT_NAMES: Final = {CUC.id: "cuc", CHI_CUC[0].id: "tp", CHI_CUC[1].id: "sd", CHI_CUC[2].id: "nh"}

ORDER: Final = Order(
    number="/CTHADS-VP",
    date="2022-08-31",
    basis=(
        "Công văn số 298/CATTT-NCSC ngày 23/8/2022 của Cục An toàn thông tin, Bộ Thông tin và Truyền thông",
        "Công văn số 409/CNTT-HTKT&ATTT ngày 30/8/2022 của Cục Công nghệ thông tin, Bộ Tư pháp",
    ),
    addressee=CUC.name,
    deadline="2022-09-20",
)
