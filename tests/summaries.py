"""A small campaign to report on: a Cục, three Chi cục, and one of each kind of result. All of it invented."""

from controller.errors import Reason
from controller.model.collector import Unread, UnreadKind
from controller.model.fleet import Order, Platform, RosterEntry, Unit
from controller.model.indicator import Grade, Kind, Match
from controller.model.result import Finding, FindingState
from controller.model.summary import SweepSummary
from controller.model.verdict import Judgement, Verdict
from controller.reports.aggregate import summarise

HOSTILE = '=cmd|"/C calc"!A0;\t\r\n\x1b[31m\u202e\u2028\ud800\ufffe\x00<&{{ 7*7 }}'
"""What a spreadsheet, a terminal, XML, UTF-8 and a template engine could each stumble over."""

UNITS = (
    Unit(
        id="ch",
        name="Chi cục Thi hành án dân sự huyện Chiêm Hóa",
        name_lines=("CHI CỤC THI HÀNH ÁN DÂN SỰ", "HUYỆN CHIÊM HÓA"),
        kind="chi_cuc",
        parent="tq",
        order=3,
        place="Chiêm Hóa",
        headcount=4,
    ),
    Unit(id="lb", name="Chi cục Thi hành án dân sự huyện Lâm Bình", parent="tq", order=2, headcount=3),
    Unit(id="nh", name="Chi cục Thi hành án dân sự huyện Na Hang", parent="tq", order=2),
    Unit(id="tq", name="Cục Thi hành án dân sự tỉnh Tuyên Quang", kind="cuc", order=1, headcount=2),
)

ORDER = Order(
    number="/CTHADS-VP",
    date="2022-08-31",
    addressee="Cục Thi hành án dân sự tỉnh Tuyên Quang",
    deadline="2022-09-20",
)


UNREAD = (
    Unread(kind=UnreadKind.FILE, path=HOSTILE, error=13),
    Unread(kind=UnreadKind.FILE, path="/home/an/khóa"),
)


def an_entry(name: str, unit: str = "ch", *users: str, given: bool = True) -> RosterEntry:
    """Build a roster line; without users, the inventory did not say who they are."""
    return RosterEntry(name=name, unit=unit, platform=Platform.WINDOWS, users=users or None, given=given)


def judged(verdict: Verdict = Verdict.CLEAN, reason: Reason | None = None, **but: object) -> Judgement:
    """Build a judgement; done, unless its reason is one that keeps a visit from ending."""
    fields = {"done": verdict is not Verdict.UNKNOWN, **but}
    return Judgement(verdict=verdict, reason=reason, **fields)  # type: ignore[arg-type]


MATCH = Match(
    kind=Kind.DOMAIN,
    value="xau.example",
    list="example.txt",
    line=7,
    collector="dns_cache",
    seen="c2.xau.example",
)
WEAK = Match(
    kind=Kind.NAME,
    value="svchost.exe",
    list="example.txt",
    line=9,
    collector="processes",
    seen="svchost.exe",
    grade=Grade.SUSPECT,
)
VISITOR = Match(
    kind=Kind.NETWORK,
    value="203.0.113.0/24",
    list="example.txt",
    line=3,
    collector="connections",
    seen="203.0.113.9",
    where="inbound 203.0.113.9 remote_port 50000",
    grade=Grade.INFO,
)
WORM = Finding(tool="quet", threat="Worm.Thử.A", object="C:\\Users\\cc\\a.exe", state=FindingState.QUARANTINED)

ROSTER = (
    an_entry("tq-01", "tq", "tq.a"),
    an_entry("tq-02", "tq", "tq.b", given=False),
    an_entry("ch-01", "ch", "ch.a"),
    an_entry("ch-02", "ch", "ch.a", "ch.b"),
    an_entry("ch-03", "ch", "ch.c"),
    an_entry("ch-04", "ch", "ch.d"),
    an_entry("lb-01", "lb"),
    an_entry("lb-02", "lb"),
    an_entry("lạc-01", "đâu"),
)

JUDGEMENTS = {
    "tq-01": judged(unread=3, unread_items=UNREAD, missing_roots=("/hom",), noted=(VISITOR,)),
    "ch-01": judged(),
    "ch-02": judged(Verdict.CLEANED, findings=(WORM,), closed=(WORM,)),
    "ch-03": judged(
        Verdict.INFECTED,
        Reason.MATCH_FOUND,
        detail="xau.example (example.txt:7)",
        matches=(WEAK, MATCH),
        met=(WEAK, MATCH),
    ),
    "ch-04": judged(Verdict.UNKNOWN, Reason.REACH_TIMEOUT, detail="no answer in 30 s"),
    "lb-01": judged(Verdict.UNKNOWN, Reason.MATCH_REVIEW, matches=(WEAK,), met=(WEAK,), done=True),
    "lạc-01": judged(Verdict.UNKNOWN, Reason.REACH_TIMEOUT),
}


def a_summary() -> SweepSummary:
    """Count the small campaign; `lb-02` was given and has no result."""
    return summarise(UNITS, ROSTER, JUDGEMENTS, ("20220915-1",))


def a_hostile_summary() -> SweepSummary:
    """Count one computer whose every own word is hostile."""
    said = Finding(tool="quet", threat=HOSTILE, object=HOSTILE)
    hosts = {"ch-01": judged(Verdict.INFECTED, Reason.FINDING_OPEN, detail=HOSTILE, findings=(said,))}
    return summarise(UNITS, (an_entry("ch-01"),), hosts, ("s1",))
