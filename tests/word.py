"""Open a report as a person would: read it, and write into its content controls."""

import io

from docx import Document
from docx.document import Document as Page
from docx.oxml.ns import qn

from controller.reports.form import UnitForm, unit_form
from tests.builders import NOON
from tests.summaries import ORDER, a_summary


def a_form(unit: str = "ch") -> UnitForm:
    """Fill in the form of a unit of the small campaign."""
    return unit_form(a_summary(), unit, order=ORDER, made=NOON)


def words(document: bytes) -> str:
    """Return all text of the document, a paragraph a line, content controls included."""
    body = Document(io.BytesIO(document)).element.body
    return "\n".join("".join(text.text or "" for text in each.iter(qn("w:t"))) for each in body.iter(qn("w:p")))


def typed(document: bytes, place: str, text: str) -> bytes:
    """Replace what stands in a content control, and save the document the way another program does."""
    page = Document(io.BytesIO(document))
    (control,) = [each for each in page.element.body.iter(qn("w:sdt")) if _tag(each) == place]
    first, *rest = control.iter(qn("w:t"))
    first.text = text
    for each in rest:
        each.text = ""
    return _saved(page)


def changed(document: bytes, old: str, new: str) -> bytes:
    """Replace a paragraph's text outside the content controls."""
    page = Document(io.BytesIO(document))
    (paragraph,) = [each for each in page.paragraphs if each.text == old]
    paragraph.text = new
    return _saved(page)


def _tag(control: object) -> str:
    return str(control.find(qn("w:sdtPr")).find(qn("w:tag")).get(qn("w:val")))  # type: ignore[attr-defined]


def _saved(page: Page) -> bytes:
    out = io.BytesIO()
    page.save(out)
    return out.getvalue()
