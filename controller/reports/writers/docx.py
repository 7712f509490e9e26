"""The official form of one unit as a Word document, made from a template that an office can edit in Word."""

import io
from collections.abc import Mapping
from datetime import UTC
from importlib.resources import files
from typing import Any, Final
from xml.sax.saxutils import escape

from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from controller.errors import OperatorError
from controller.reports.form import UnitForm
from controller.reports.word_package import BROKEN, repacked
from controller.reports.written import ELSEWHERE, MARK_NAME, MARKS_PART, PLACES, Texts, Written, elsewhere, mark, places

_NOTHING: Final = Written()
_NOT_XML: Final = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})
_PROPERTIES: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
    'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
)
_PROPERTY_SET: Final = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
"""The format's own id for properties that users make."""


def shipped_template() -> bytes:
    """Return the template that comes with the program."""
    return (files("controller.reports") / "templates" / "chi_cuc.docx").read_bytes()


def write(form: UnitForm, *, written: Written = _NOTHING, template: bytes | None = None) -> bytes:
    """Return the form as DOCX; what people wrote into an earlier copy stands in place of our drafts.

    The same form and texts, template and program version give the same bytes.

    Raises:
        OperatorError: the template (an office's own) cannot be filled in, or lost a place for people's texts.

    """
    drafts = _drafts(form)
    document = _filled_in(template or shipped_template(), {**_fixed(form), **drafts, **written.texts})
    body = document.element.body
    if lost := set(PLACES) - places(body).keys():
        raise OperatorError(f'the template has no content control "{min(lost)}"; put it back, or use the shipped one')
    marks = {place: mark(draft) for place, draft in drafts.items()}
    _set_properties(document, form, {**marks, ELSEWHERE: mark(elsewhere(body))})
    saved = io.BytesIO()
    document.save(saved)
    return repacked(saved.getvalue())


def _drafts(form: UnitForm) -> Texts:
    """Return our text for each of people's places, a paragraph each."""
    return {
        "ngay_ky": (form.dated,),
        "danh_gia": (form.assessment,),
        "cong_chuc": (form.people,),
        "de_xuat": form.proposals,
        "noi_nhan": form.recipients,
        "nguoi_ky": (form.signer,),
    }


def _fixed(form: UnitForm) -> Texts:
    """Return what is placed outside people's places."""
    return {
        "so_cong_van": (form.order_number,),
        "ngay_cong_van": (form.order_date,),
        "don_vi": form.unit_lines,
        "nam": (form.year,),
        "kinh_gui": (form.addressee,),
        "may_tinh": (form.computers,),
        "con_lai": form.open_hosts,
        "phat_hien": (form.found,),
        "da_xu_ly": (form.handled,),
        "chuc_vu": (form.signer_title,),
    }


class _Paragraphs(tuple[str, ...]):
    """Texts that a template may loop over, or print as one."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(self)


def _filled_in(template: bytes, texts: Texts) -> Any:
    """Fill in the template. Data is never template: a host named `{{ x }}` prints so."""
    page = _opened(template)
    names = {name: _Paragraphs(each.translate(_NOT_XML) for each in lines) for name, lines in texts.items()}
    try:
        page.render(names, SandboxedEnvironment(undefined=StrictUndefined), autoescape=True)
    except TemplateError as error:
        raise OperatorError(f"the template cannot be filled in: {error}; mend it, or use the shipped one") from error
    return page.docx


def _opened(template: bytes) -> DocxTemplate:
    page = DocxTemplate(io.BytesIO(template))
    try:
        page.init_docx()
    except BROKEN as error:
        raise OperatorError("the template is not a Word document; save it as .docx, or use the shipped one") from error
    return page


def _set_properties(document: Any, form: UnitForm, marks: Mapping[str, str]) -> None:
    """The document's own times are the sweep's; the marks travel in its custom properties."""
    moment = form.made.astimezone(UTC).replace(tzinfo=None)
    document.core_properties.created = document.core_properties.modified = moment
    package = document.part.package
    for old in [key for key, each in package.rels.items() if each.reltype == RELATIONSHIP_TYPE.CUSTOM_PROPERTIES]:
        del package.rels[old]
    part = Part(PackURI(f"/{MARKS_PART}"), CONTENT_TYPE.OFC_CUSTOM_PROPERTIES, _properties(marks), package)
    package.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_PROPERTIES)


def _properties(marks: Mapping[str, str]) -> bytes:
    """Property ids begin with 2, as the format wants it."""
    lines = [
        f'<property fmtid="{_PROPERTY_SET}" pid="{number}" name="{MARK_NAME}{escape(name)}">'
        f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
        for number, (name, value) in enumerate(sorted(marks.items()), start=2)
    ]
    return f"{_PROPERTIES}{''.join(lines)}</Properties>".encode()
