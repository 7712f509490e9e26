"""Progress is one honest line: counts, rate, and when it may end; nothing that a unit calls itself gets through."""

import io
import re
from types import SimpleNamespace

import pytest

from controller.cli import progress as progress_module
from controller.cli.progress import Tally, progress
from controller.errors import Reason
from controller.model.fleet import Unit
from controller.model.verdict import Judgement, Verdict
from tests.builders import a_host
from tests.summaries import HOSTILE, judged

INFECTED = judged(Verdict.INFECTED, Reason.MATCH_FOUND)
UNKNOWN = judged(Verdict.UNKNOWN, Reason.REACH_TIMEOUT)
HOSTS = [a_host("pc-01", unit="mot"), a_host("pc-02", unit="mot"), a_host("pc-03")]
UNITS = [Unit(id="mot", name="Chi cục Một")]
_HARMLESS_CONTROLS = re.compile(r"\x1b\[(?:\?25[lh]|\d*[AK]|2K|[0-9;]*m)|[\r\n]")
"""What rich itself writes: hide and show the cursor, go up, erase a line, colours."""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def able_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever terminal the tests themselves run in."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that goes on only when it is told to."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(progress_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def told(*judgements: Judgement, total: int, after: float) -> str:
    """Count hosts of one unit, and say the line `after` seconds."""
    tally = Tally({"mot": total}, {f"pc-{number}": "mot" for number in range(total)}, 100.0)
    for number, judgement in enumerate(judgements):
        tally.count(f"pc-{number}", judgement)
    return tally.line(100.0 + after)


@pytest.mark.parametrize(
    ("judgements", "total", "after", "line"),
    [
        ((), 3, 0, "0/3 hosts, 0 infected, 0 unknown, 0.0/s"),
        ((), 0, 5, "0/0 hosts, 0 infected, 0 unknown, 0.0/s"),
        ((INFECTED, UNKNOWN, judged()), 9, 2, "3/9 hosts, 1 infected, 1 unknown, 1.5/s, 0:04 left"),
        ((judged(),), 601, 1, "1/601 hosts, 0 infected, 0 unknown, 1.0/s, 10:00 left"),
        ((judged(),), 2, 7300, "1/2 hosts, 0 infected, 0 unknown, 0.0/s, 121:40 left"),
        ((UNKNOWN, UNKNOWN), 2, 4, "2/2 hosts, 0 infected, 2 unknown, 0.5/s"),
    ],
)
def test_one_line_says_counts_rate_and_time_left(
    judgements: tuple[Judgement, ...], total: int, after: float, line: str
) -> None:
    assert told(*judgements, total=total, after=after) == line


def test_a_log_gets_a_plain_line_now_and_then_and_one_at_the_end(clock: SimpleNamespace) -> None:
    hosts, out = [a_host(f"pc-{number:02}") for number in range(8)], io.StringIO()

    with progress(hosts, UNITS, out) as shown:
        for host in hosts:
            clock.now += 4
            shown.advance(host.name, INFECTED)

    assert out.getvalue().splitlines() == [
        "3/8 hosts, 3 infected, 0 unknown, 0.2/s, 0:20 left",
        "6/8 hosts, 6 infected, 0 unknown, 0.2/s, 0:08 left",
        "8/8 hosts, 8 infected, 0 unknown, 0.2/s",
    ]


@pytest.mark.usefixtures("clock")
def test_a_quick_sweep_gets_one_line() -> None:
    out = io.StringIO()

    with progress(HOSTS, UNITS, out) as shown:
        for host in HOSTS:
            shown.advance(host.name, judged())

    assert out.getvalue() == "3/3 hosts, 0 infected, 0 unknown, 3000.0/s\n"


def test_the_last_line_is_not_said_twice(clock: SimpleNamespace) -> None:
    out = io.StringIO()

    with progress(HOSTS[:1], UNITS, out) as shown:
        clock.now += 60
        shown.advance("pc-01", judged())

    assert out.getvalue().count("1/1 hosts") == 1


def test_a_terminal_gets_a_row_for_each_unit() -> None:
    out = Terminal()

    with progress(HOSTS, UNITS, out) as shown:
        for host, judgement in zip(HOSTS, (INFECTED, UNKNOWN, judged()), strict=True):
            shown.advance(host.name, judgement)

    lines = [" ".join(line.split()) for line in _HARMLESS_CONTROLS.sub("\n", out.getvalue()).splitlines()]
    assert {"Chi cục Một 2/2 1 1", "(no unit) 1/1 0 0"} <= set(lines)
    assert any(line.startswith("3/3 hosts, 1 infected, 1 unknown, ") for line in lines)


@pytest.mark.parametrize(
    "name", [HOSTILE, "[red]x[/red] [link=http://xau.example]y[/link] :smiley:", "\x9b2J\x1b]0;t\x07"]
)
def test_no_escape_in_the_name_of_a_unit_reaches_the_terminal(name: str) -> None:
    out, hosts = Terminal(), [a_host(unit="mot")]

    with progress(hosts, [Unit(id="mot", name=name)], out) as shown:
        shown.advance("pc-01", INFECTED)

    left = _HARMLESS_CONTROLS.sub("", out.getvalue())
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e\u2028\ud800]", left)
    assert "\x1b[31m" not in out.getvalue()
    assert "\x1b]8" not in out.getvalue()


def test_markup_in_the_name_of_a_unit_is_only_text() -> None:
    out = Terminal()

    with progress([a_host(unit="mot")], [Unit(id="mot", name="[red]x[/red] :smiley:")], out):
        pass

    assert "[red]x[/red] :smiley:" in out.getvalue()


def test_the_cursor_is_never_hidden_so_a_body_that_fails_need_not_give_it_back() -> None:
    out = Terminal()

    with pytest.raises(KeyError), progress(HOSTS, UNITS, out):
        raise KeyError

    assert "\x1b[?25" not in out.getvalue()


def test_a_terminal_gets_only_the_rows_that_fit_those_that_are_not_done_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "8")
    out = Terminal()
    hosts = [a_host(f"pc-{number:03}", unit=f"u{number:03}") for number in range(355)]
    units = [Unit(id=host.unit, name="Chi cục " + "Một " * 40 + host.unit) for host in hosts]

    with progress(hosts, units, out) as shown:
        for host in hosts[:353]:
            shown.advance(host.name, judged())

    frame = _HARMLESS_CONTROLS.sub("\n", out.getvalue()).split("unit ")[-1]
    rows = [line.split()[-3:] for line in frame.splitlines() if "Chi cục" in line]
    assert rows == [["0/1", "0", "0"]] * 2 + [["1/1", "0", "0"]] * 2
    assert "and 351 more units" in frame
    assert "353/355 hosts, 0 infected, 0 unknown, " in frame
