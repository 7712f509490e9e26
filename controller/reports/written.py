"""What people wrote into a report we made, so that the next one keeps it.

The places for people are Word content controls, told apart by their tags. Each document carries a mark (SHA-256) of
every draft we put there and of all its other text; a text that no longer has its mark was written by a person.
"""

import hashlib
import io
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from docx.oxml import parse_xml
from docx.oxml.ns import qn

from controller.errors import OperatorError
from controller.reports.word_package import BROKEN

PLACES: Final = ("ngay_ky", "danh_gia", "cong_chuc", "de_xuat", "noi_nhan", "nguoi_ky")
"""Tags of the content controls that belong to people."""

MARKS_PART: Final = "docProps/custom.xml"
MARK_NAME: Final = "lamsach."
ELSEWHERE: Final = "elsewhere"
"""The mark of everything outside the places."""

_BODY_PART: Final = "word/document.xml"
_MOST_BYTES: Final = 4_000_000
"""Of one part, unpacked: four hundred times the text of a form, and little enough to be read whatever is in it."""

_MOST_CONTROLS: Final = 1000
"""Content controls of a document. Ours has six; an office's own template and what people paste in add a few."""

_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How Office packs. The other ways unpack a few bytes into hundreds of megabytes before a bound can stop them."""

Texts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """People's texts by place, a paragraph each; `elsewhere` says that text outside the places was changed too."""

    texts: Texts = field(default_factory=dict, hash=False)
    elsewhere: bool = False


def read_written(data: bytes) -> Written:
    """Read back from an earlier document what people wrote; an emptied place, or an unchanged draft, is nothing.

    A document without our marks is taken to be all theirs.

    Raises:
        OperatorError: this is no Word document, or one too large to be a report.

    """
    body, marks = _open(data)
    texts = {
        place: paragraphs
        for place, paragraphs in places(body).items()
        if any(each.strip() for each in paragraphs) and mark(paragraphs) != marks.get(place)
    }
    return Written(texts=texts, elsewhere=mark(elsewhere(body)) != marks.get(ELSEWHERE))


def places(body: Any) -> dict[str, tuple[str, ...]]:
    """Return the paragraphs of each place that the document has; a place within another is part of that one.

    Raises:
        OperatorError: it has more content controls than any report.

    """
    controls = list(islice(body.iter(qn("w:sdt")), _MOST_CONTROLS + 1))
    if len(controls) > _MOST_CONTROLS:
        raise OperatorError(
            f"the earlier report has more than {_MOST_CONTROLS} content controls; move it away, then report again"
        )
    found: dict[str, list[str]] = {}
    for control in controls:
        if (place := _tag(control)) in PLACES and not _inside(control):
            found.setdefault(place, []).extend(_paragraphs(control))
    return {place: tuple(paragraphs) for place, paragraphs in found.items()}


def elsewhere(body: Any) -> tuple[str, ...]:
    """Return every paragraph's text, the places left out."""
    return tuple(_text(paragraph, skip_places=True) for paragraph in body.iter(qn("w:p")) if not _inside(paragraph))


def mark(paragraphs: tuple[str, ...]) -> str:
    """Return the SHA-256 of the words; blanks, which office programs rearrange, do not count."""
    words = " ".join(" ".join(paragraphs).split())
    return hashlib.sha256(unicodedata.normalize("NFC", words).encode("utf-8", "replace")).hexdigest()


def _open(data: bytes) -> tuple[Any, dict[str, str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            body = parse_xml(_member(package, _BODY_PART))
            marked = MARKS_PART in package.namelist()
            return body, _marks(parse_xml(_member(package, MARKS_PART))) if marked else {}
    except BROKEN as error:
        raise OperatorError("the earlier report is not a Word document; move it away, then report again") from error


def _member(package: zipfile.ZipFile, name: str) -> bytes:
    """Unpack a part up to the bound: the size that the package's directory gives need not be true."""
    if package.getinfo(name).compress_type not in _PACKED:
        raise zipfile.BadZipFile(f"'{name}' is packed as Office never packs")
    with package.open(name) as part:
        data = part.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise OperatorError(f"'{name}' of the earlier report is too large; move it away, then report again")
    return data


def _marks(properties: Any) -> dict[str, str]:
    named = {each.get("name", ""): "".join(each.itertext()) for each in properties}
    return {name.removeprefix(MARK_NAME): value for name, value in named.items() if name.startswith(MARK_NAME)}


def _tag(control: Any) -> str:
    """Return a control's tag; one that shows its prompt is as good as empty."""
    properties = control.find(qn("w:sdtPr"))
    tag = None if properties is None else properties.find(qn("w:tag"))
    if tag is None or properties.find(qn("w:showingPlcHdr")) is not None:
        return ""
    return str(tag.get(qn("w:val"), ""))


def _paragraphs(control: Any) -> Iterator[str]:
    """A control around paragraphs has several, one within a line is one."""
    whole = list(control.iter(qn("w:p")))
    return (_text(each) for each in whole or [control])


def _inside(element: Any) -> bool:
    return any(_tag(each) in PLACES for each in element.iterancestors(qn("w:sdt")))


def _text(element: Any, *, skip_places: bool = False) -> str:
    """Read text as it would be printed: what tracked changes took out is no text."""
    words = []
    for run in element.iter(qn("w:r")):
        if skip_places and _inside(run):
            continue
        words += [_printed(part) for part in run]
    return "".join(words)


def _printed(part: Any) -> str:
    if part.tag == qn("w:t"):
        return part.text or ""
    return {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "\u2011"}.get(part.tag, "")
