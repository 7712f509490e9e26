"""The official report of one unit as plain texts: whoever prints it (DOCX, later PDF and HTML) only places them.

The wording of the labels is the form's and stands in the template; here is what goes behind them.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.model.fleet import Order, Unit
from controller.model.summary import HostLine, SweepSummary
from controller.model.text import shown
from controller.model.verdict import Verdict
from controller.reports.aggregate import within
from controller.reports.figures import Figures, count, was_found
from controller.reports.labels_vi import OUTSIDE, REASONS
from controller.reports.vietnamese import day, in_hanoi, month, number, percent, read_day

DOTS: Final = "....."
"""What only a person can know, left to be filled in."""

LINE: Final = "." * 120
"""The same, as wide as the page."""

BLANK: Final = "\u00a0" * 6
"""Room for a number or a day that is written in by hand."""

_SIGNER: Final = "Thủ trưởng"
_RECIPIENTS: Final = ("- Như trên;",)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitForm:
    """Every text of the form, in the form's order, and the figures they were made from.

    People may rewrite `dated`, `assessment`, `people`, `proposals`, `recipients` and `signer`: those are drafts.
    `made` is when the newest sweep began, UTC.
    """

    unit: str
    order_number: str
    order_date: str
    unit_lines: tuple[str, ...]
    dated: str
    year: str
    addressee: str
    assessment: str
    people: str
    computers: str
    open_hosts: tuple[str, ...]
    found: str
    handled: str
    proposals: tuple[str, ...]
    recipients: tuple[str, ...]
    signer_title: str
    signer: str
    made: datetime
    figures: Figures


def unit_form(summary: SweepSummary, unit_id: str, *, order: Order | None, made: datetime) -> UnitForm:
    """Fill in the form for a unit with all computers of its own and of the units below it.

    The date it bears is the month of the order's deadline, else of `made`; the day is left blank.

    Raises:
        OperatorError: the summary has no such unit.

    """
    rows = within(summary, unit_id).units
    hosts = [line for row in rows for line in row.hosts]
    figures = count(hosts)
    order, unit = order or Order(), rows[0].unit
    period = read_day(order.deadline) or in_hanoi(made)
    return UnitForm(
        unit=unit.id,
        order_number=_order_number(order.number),
        order_date=_order_date(order.date),
        unit_lines=tuple(shown(line) for line in unit.name_lines) or (shown(unit.name).upper(),),
        dated=f"{_filled(unit.place)}, ngày{BLANK}tháng {month(period.month)} năm {period.year}",
        year=str(period.year),
        addressee=_filled(order.addressee),
        assessment=_assessment(figures),
        people=_people(figures.people_done, _headcount([row.unit for row in rows])),
        computers=_computers(figures),
        open_hosts=_open_hosts(hosts),
        found=_found(figures),
        handled=_handled(figures, hosts),
        proposals=(LINE, LINE),
        recipients=_RECIPIENTS,
        signer_title=shown(unit.signer_title) or _SIGNER,
        signer=BLANK,
        made=made,
        figures=figures,
    )


def _filled(text: str) -> str:
    return shown(text.strip()) or DOTS


def _order_number(text: str) -> str:
    """A number that begins with its stroke is not given yet: leave room before it."""
    return f"{BLANK}{_filled(text)}" if text.strip().startswith("/") else _filled(text)


def _order_date(text: str) -> str:
    known = read_day(text)
    return day(known) if known else _filled(text)


def _people(done: int | None, headcount: int | None) -> str:
    """Who did, of who should; more than there are cannot be, and is left to people."""
    if done is not None and headcount is not None and done > headcount:
        done = None
    told = (DOTS if each is None else number(each) for each in (done, headcount))
    return f"{'/'.join(told)} công chức"


def _headcount(units: list[Unit]) -> int | None:
    """Who should: only when every unit says so."""
    counts = [unit.headcount for unit in units if unit.headcount is not None]
    return sum(counts) if len(counts) == len(units) else None


def _computers(figures: Figures) -> str:
    if not figures.roster:
        return "0 máy tính (danh sách máy tính của đơn vị còn trống)."
    return f"{number(figures.done)}/{number(figures.roster)} máy tính."


def _assessment(figures: Figures) -> str:
    """Draft a sentence; *hoàn thành* is said only when every computer is done and has its verdict."""
    if not figures.roster:
        return "Danh sách máy tính của đơn vị còn trống, chưa có kết quả để đánh giá."
    share = f"{number(figures.done)}/{number(figures.roster)} máy tính, đạt {percent(figures.done, figures.roster)}"
    whole = figures.done == figures.settled == figures.roster
    parts = [f"Đơn vị đã {'hoàn thành' if whole else 'thực hiện'} việc rà quét mã độc trên {share}"]
    if figures.done < figures.roster:
        parts.append(f"còn {number(figures.roster - figures.done)} máy tính chưa hoàn thành")
    if figures.found:
        parts.append(f"phát hiện mã độc trên {number(figures.found)} máy tính")
        parts.append(f"đã xử lý xong {number(figures.cleaned)} máy tính")
    elif whole:
        parts.append("không phát hiện mã độc")
    return "; ".join(parts) + "."


def _found(figures: Figures) -> str:
    """*Không phát hiện* is said only of computers that are clean; of the others it is said that nobody knows."""
    undecided = figures.roster - figures.clean - figures.found
    rest = f"; {number(undecided)} máy tính chưa có kết luận." if undecided else "."
    if figures.found:
        return "; ".join(_found_parts(figures)) + rest
    if not figures.clean:
        return "Chưa có kết luận."
    where = f" trên {number(figures.clean)} máy tính" if undecided else ""
    return f"Không phát hiện{where}{rest}"


def _found_parts(figures: Figures) -> list[str]:
    parts = [f"{number(figures.found)} máy tính"]
    if figures.malware:
        parts.append(f"{number(figures.malware)} mã độc ({number(figures.threats)} loại)")
    if figures.indicators:
        parts.append(f"{number(figures.indicators)} dấu hiệu thuộc danh sách đã được xác định")
    if figures.contacts:
        parts.append(f"{number(figures.contacts)} máy tính kết nối đến địa chỉ IP, tên miền độc hại")
    return parts


def _handled(figures: Figures, hosts: list[HostLine]) -> str:
    """A computer is handled when nothing is left on it: 3 of 3 findings removed may still leave 1 computer.

    Then it is said whose findings they are, or the two figures would contradict each other.
    """
    if not figures.found:
        return "Không có."
    parts = [f"Đã xử lý xong {number(figures.cleaned)}/{number(figures.found)} máy tính"]
    if figures.malware:
        by_tool = " do công cụ phát hiện" if figures.cleaned < figures.found else ""
        parts.append(f"{number(figures.closed)}/{number(figures.malware)} mã độc{by_tool}")
    if figures.cleaned < figures.found:
        left = number(figures.found - figures.cleaned)
        parts.append(f"còn {left} máy tính chưa xử lý xong ({_why_left(hosts)})")
    return "; ".join(parts) + "."


def _why_left(hosts: list[HostLine]) -> str:
    """Count what keeps the found computers open, the most frequent first."""
    judgements = [line.judgement for line in hosts if line.judgement and was_found(line.judgement)]
    reasons = Counter(judgement.reason for judgement in judgements if judgement.reason)
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{number(times)} máy {REASONS[reason]}" for reason, times in ranked)


def _open_hosts(hosts: list[HostLine]) -> tuple[str, ...]:
    """Name every computer that is not well to the end, with the reason; a heading comes first."""
    lines = [f"+ {shown(line.name)}: {_why(line)}" for line in hosts if not _well(line)]
    if not lines:
        return ()
    return (f"Còn {number(len(lines))} máy tính chưa hoàn thành hoặc chưa xử lý xong:", *lines)


def _well(line: HostLine) -> bool:
    return line.judgement is not None and line.judgement.done and line.judgement.reason is None


def _why(line: HostLine) -> str:
    if line.judgement is None:
        return f"{OUTSIDE}."
    reason = REASONS[line.judgement.reason] if line.judgement.reason else ""
    unfinished = "chưa hoàn thành" if not line.judgement.done and line.verdict is not Verdict.UNKNOWN else ""
    return "; ".join(part for part in (reason, unfinished) if part) + "."
