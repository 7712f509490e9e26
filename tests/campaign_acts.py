"""What can happen to a computer in a campaign, as Hypothesis strategies; every act changes a `Campaign`."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from controller.campaign.questions import cover
from controller.campaign.records import LookRecord, RunRecord, UnreadRecord, Weight
from controller.errors import Reason
from controller.model.case import Value
from controller.model.decision import NoteKind
from controller.model.indicator import Kind
from controller.model.result import FindingState
from tests.campaigns import (
    ABSENT,
    ADDRESS,
    DOMAIN,
    HASH,
    OTHER_HASH,
    PROGRAM,
    URL,
    Campaign,
    cached,
    connection,
    entry,
    file,
    full_look,
    look,
    process,
    run,
    unread,
)

Act = Callable[[Campaign], object]

PATHS: Final = (PROGRAM, "/home/w/x.bin", "/srv/d/y.bin")
ROOTS: Final = (("/home",), ("/home/u",), ("/srv",), ("/home", "/srv"), ("/",))
WIDE: Final = full_look(
    "files", "processes", "connections", "dns_cache", "autostart", tool="quet", roots=("/home", "/srv")
)
PLAYBOOKS: Final = st.sampled_from(
    [
        WIDE,
        full_look("files"),
        full_look("processes", "autostart"),
        full_look("files", "connections", "autostart", tool="quet"),
    ]
)
_ARGUMENTS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {},
    {"excepted": ("/home/w",)},
    {"newer_than": "30d"},
    {"only": "names"},
    {"only": "programs"},
)
_CONTENTS: Final = ("bad", "bad too", "good")


def _some(*values: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=3).map(tuple)


@st.composite
def file_looks(draw: st.DrawFn, contents: tuple[str, ...] = _CONTENTS) -> LookRecord:
    """Any look at files: with other roots, exceptions, limits, stopped, broken off, of an older revision."""
    roots = draw(st.sampled_from(ROOTS))
    entered = tuple(root for root in roots if draw(st.integers(0, 5)))
    there = [path for path in draw(_some(*PATHS)) if cover(entered, (path,))]
    weights = st.sampled_from([Weight.UNREADABLE, Weight.COUNTED])
    items: tuple[UnreadRecord, ...] = tuple(
        unread(path, draw(weights)) for path in there if not draw(st.integers(0, 4))
    )
    names = {item.name for item in items}
    rows = tuple(file(path, draw(st.sampled_from(contents))) for path in there if path not in names)
    arguments = draw(st.sampled_from(_ARGUMENTS))
    return look("files", *rows, roots=roots, entered=entered, unread=items, **arguments, **draw(_quality()))


@st.composite
def other_looks(draw: st.DrawFn, contents: tuple[str, ...] = _CONTENTS) -> LookRecord:
    """Any look of another collector; a healthy computer (`contents` without bad ones) speaks with no listed address."""
    is_bad = "bad" in contents
    paths = draw(_some(*PATHS))
    collector = draw(st.sampled_from(["processes", "connections", "dns_cache", "autostart"]))
    commands = [URL] if is_bad and draw(st.booleans()) else []
    rows = {
        "processes": tuple(process(path, draw(st.sampled_from(contents))) for path in paths),
        "connections": tuple(connection(path) for path in paths[:1] if is_bad),
        "dns_cache": tuple(cached() for _ in paths[:1] if is_bad),
        "autostart": tuple(entry("Run/A", path, *commands) for path in paths[:1]),
    }
    return look(collector, *rows[collector], **draw(_quality()))


def _quality() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "limits": st.sampled_from([(), (), (), ("time",)]),
            "whole": st.sampled_from([True, True, True, False]),
            "revision": st.integers(1, 2),
        }
    )


def looks(contents: tuple[str, ...] = _CONTENTS) -> st.SearchStrategy[LookRecord]:
    """Any look."""
    return st.one_of(file_looks(contents), other_looks(contents))


@st.composite
def idle_runs(draw: st.DrawFn) -> RunRecord:
    """A run that handles nothing: a dry run, or with `--apply` one that names nothing as handled."""
    states = [
        FindingState.FOUND,
        FindingState.FAILED,
        FindingState.MANUAL,
        FindingState.ALLOWED,
        FindingState.REMOVED,
    ]
    state = draw(st.sampled_from(states))
    return run(
        *((path, state) for path in draw(_some(*PATHS))),
        apply=state is not FindingState.REMOVED and draw(st.booleans()),
        roots=draw(st.sampled_from(ROOTS)),
        fault=draw(st.sampled_from([None, None, Reason.CLEANER_FAILED])),
        contradiction=not draw(st.integers(0, 5)),
    )


@st.composite
def cleanings(draw: st.DrawFn) -> RunRecord:
    """A run with `--apply` that may claim anything."""
    return run(
        *((path, draw(st.sampled_from(FindingState))) for path in draw(_some(*PATHS))),
        apply=True,
        roots=draw(st.sampled_from(ROOTS)),
        fault=draw(st.sampled_from([None, None, None, Reason.CLEAN_INTERRUPTED])),
        contradiction=not draw(st.integers(0, 5)),
    )


def visits(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[Act]:
    """A visit of some steps: it may fail, meet another machine, come after a restart, or have begun long before."""

    def act(
        steps: list[Any],
        fault: Reason | None,
        doubt: Reason | None,
        machine: str,
        restarts: bool,
        back: int,
        hours: int,
    ) -> Act:
        def go(campaign: Campaign) -> None:
            campaign.machine = machine
            campaign.later(hours)
            if restarts:
                campaign.restart()
            began = max(0, campaign.number - back) if back else None
            campaign.visit(*steps, fault=fault, doubt=doubt, began=began)

        return go

    return st.builds(
        act,
        st.lists(steps, max_size=4),
        st.sampled_from([None, None, Reason.CONNECTION_LOST]),
        st.sampled_from([None, None, None, None, Reason.IDENTITY_MISMATCH]),
        st.sampled_from(["m1", "m1", "m1", "m9"]),
        st.booleans(),
        st.sampled_from([0, 0, 0, 3]),
        st.sampled_from([1, 24]),
    )


def lists() -> st.SearchStrategy[Act]:
    """A list, or a newer version of one, comes into force."""
    values: tuple[Value, ...] = (HASH, OTHER_HASH, ADDRESS, DOMAIN, URL, (Kind.PATH, PROGRAM))
    return st.builds(
        lambda value, name: lambda campaign: campaign.add_list(value, ABSENT, name=name),
        st.sampled_from(values),
        st.sampled_from(["a.txt", "b.txt", "c.txt"]),
    )


def full(campaign: Campaign) -> None:
    """The full look of the first machine, which shows nothing."""
    campaign.machine = "m1"
    campaign.later().full()


def full_that_meets(campaign: Campaign) -> None:
    """The full look of the first machine, which meets a file and the entry that starts it."""
    campaign.machine = "m1"
    campaign.later().full(files=(file(),), autostart=(entry(),))


def noted(campaign: Campaign) -> None:
    """A note on all that is shown, and the full look a day later."""
    campaign.machine = "m1"
    campaign.note().later(25).full()


def removed(campaign: Campaign) -> None:
    """The tool removes the program and no longer finds it; the full look follows."""
    campaign.machine = "m1"
    removal = run((PROGRAM, FindingState.REMOVED), apply=True, roots=("/",))
    campaign.visit(removal, run(roots=("/",)))
    campaign.later(25).full()


LOOKING: Final[st.SearchStrategy[Act]] = st.one_of(
    visits(st.one_of(looks(), idle_runs())),
    lists(),
    st.sampled_from([lambda campaign: campaign.off(), full, full_that_meets]),
)
"""Acts that handle nothing."""

HANDLING: Final[st.SearchStrategy[Act]] = st.one_of(
    visits(st.one_of(looks(), cleanings())),
    st.sampled_from([noted, removed]),
    st.sampled_from([NoteKind.HANDLED, NoteKind.GONE, NoteKind.HARMLESS]).map(
        lambda kind: lambda campaign: campaign.note(kind)
    ),
    st.just(lambda campaign: campaign.withdraw(HASH)),
    st.just(lambda campaign: campaign.accept("m1")),
)
"""Acts that may handle something."""

ANYTHING: Final = st.lists(st.one_of(LOOKING, HANDLING), max_size=6)
