"""What an answer of frame version 3 says between its rows and its end line, and which answers are whole by it."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.collectors.answer import read
from controller.collectors.trailer import MAX_NAMED, MAX_PATH, MAX_ROOTS
from controller.errors import HostError, Reason
from controller.model.collector import (
    Answer,
    CollectorSpec,
    Column,
    ColumnType,
    Root,
    RootState,
    StoppedBy,
    Unread,
    UnreadKind,
)

SPEC = CollectorSpec(
    name="files", question="?", columns=(Column(name="path", type=ColumnType.TEXT, description=""),), min_rows=1
)
HOME = {"state": "entered", "asked": "/home", "resolved": "/data/home", "volume": "5d1c"}
GONE = {"state": "missing", "asked": "/hom", "resolved": "", "volume": ""}
CLOSED = {"state": "refused", "asked": "/srv", "resolved": "", "volume": ""}
ITEM = {"kind": "mount", "path": "/home/nas: {x}", "error": 0}


def an_answer(
    *,
    rows: int = 1,
    roots: Sequence[object] = (),
    unread: Sequence[object] = (),
    stopped: str = "no",
    counts: str = "",
) -> bytes:
    """Build an answer; `counts` lets its end line lie."""
    counted = counts or f"{rows} unread={len(unread)} stopped={stopped} roots={len(roots)} named={len(unread)}"
    lines = [
        "#begin files 3 n0 -",
        *['{"path": "/x"}'] * rows,
        *(f"#root {json.dumps(each, ensure_ascii=False)}" for each in roots),
        *(f"#unread {json.dumps(each, ensure_ascii=False)}" for each in unread),
        f"#end {counted}",
        "",
    ]
    return "\n".join(lines).encode()


def reading(stdout: bytes) -> Answer:
    return read(SPEC, stdout, nonce="n0", sysroot="-")


def refused(stdout: bytes) -> Reason:
    with pytest.raises(HostError) as caught:
        reading(stdout)
    return caught.value.reason


def test_roots_and_unread_items_are_read() -> None:
    answer = reading(an_answer(roots=[HOME, GONE], unread=[ITEM]))

    assert answer.roots == (
        Root(asked="/home", state=RootState.ENTERED, resolved="/data/home", volume="5d1c"),
        Root(asked="/hom", state=RootState.MISSING),
    )
    assert answer.unread_items == (Unread(kind=UnreadKind.MOUNT, path="/home/nas: {x}"),)
    assert (len(answer.rows), answer.unread, answer.stopped) == (1, 1, None)


def test_an_answer_of_version_2_is_still_read() -> None:
    answer = reading(b'#begin files 2 n0 -\n{"path": "/x"}\n#end 1 unread=1 stopped=no\n')

    assert (answer.unread, answer.unread_items, answer.roots, answer.stopped) == (1, (), (), None)


@pytest.mark.parametrize(
    ("version", "end"),
    [("3", "#end 1 unread=0 stopped=no"), ("2", "#end 1 unread=0 stopped=no roots=0 named=0")],
)
def test_an_end_line_of_the_other_version_is_a_cut(version: str, end: str) -> None:
    assert refused(f'#begin files {version} n0 -\n{{"path": "/x"}}\n{end}\n'.encode()) is Reason.ANSWER_CUT


def test_a_cut_anywhere_never_reads_as_whole() -> None:
    whole = an_answer(roots=[HOME, GONE], unread=[ITEM, ITEM])

    assert {refused(whole[:cut]) for cut in range(len(whole))} == {Reason.ANSWER_CUT}


def test_a_lost_line_never_reads_as_whole() -> None:
    lines = an_answer(roots=[HOME, GONE], unread=[ITEM, ITEM]).splitlines(keepends=True)

    for lost in range(1, len(lines)):
        assert refused(b"".join(lines[:lost] + lines[lost + 1 :])) is Reason.ANSWER_CUT


ONE_ROOT = "1 unread=0 stopped=no roots=1 named=0"


@pytest.mark.parametrize(
    "stdout",
    [
        an_answer(roots=[HOME | {"state": "perhaps"}]),
        an_answer(roots=[HOME | {"more": 1}]),
        an_answer(roots=[{"state": "entered"}]),
        an_answer(roots=[HOME | {"asked": 7}]),
        an_answer(roots=[HOME | {"asked": "x" * (MAX_PATH + 1)}]),
        an_answer(roots=[HOME] * (MAX_ROOTS + 1)),
        an_answer(roots=["x"]),
        an_answer(unread=[ITEM | {"kind": "dragon"}]),
        an_answer(unread=[ITEM | {"error": -1}]),
        an_answer(unread=[ITEM | {"error": "13"}]),
        an_answer(unread=[ITEM | {"path": "x" * (MAX_PATH + 1)}]),
        an_answer(unread=[ITEM], counts=ONE_ROOT),
        an_answer(roots=[HOME], counts="1 unread=1 stopped=no roots=0 named=1"),
        an_answer(unread=[ITEM], counts="1 unread=2 stopped=no roots=0 named=1"),
        an_answer(unread=[ITEM, ITEM], counts="1 unread=1 stopped=no roots=0 named=2"),
        an_answer(unread=[ITEM] * (MAX_NAMED + 1)),
    ],
)
def test_a_line_that_is_none_of_the_two_is_garbled(stdout: bytes) -> None:
    assert refused(stdout) is Reason.ANSWER_GARBLED


def test_letters_that_are_no_text_are_marked() -> None:
    stdout = an_answer(unread=[ITEM | {"path": "a\0b"}]).replace(b"a\\u0000b", b"a\\u0000\xff")

    assert reading(stdout).unread_items[0].path == "a\ufffd\ufffd"


@pytest.mark.parametrize(
    ("roots", "stopped"),
    [
        ([HOME], None),
        ([HOME, GONE], None),
        ([GONE], StoppedBy.MISSING),
        ([GONE, GONE | {"asked": "/opt"}], StoppedBy.MISSING),
        ([HOME, CLOSED], StoppedBy.DENIED),
        ([GONE, CLOSED], StoppedBy.DENIED),
    ],
)
def test_roots_decide_whether_a_look_is_whole(roots: list[object], stopped: StoppedBy | None) -> None:
    assert reading(an_answer(roots=roots)).stopped is stopped


def test_a_limit_that_was_reached_is_shown_before_a_missing_root() -> None:
    assert reading(an_answer(roots=[GONE], stopped="time")).stopped is StoppedBy.TIME


@pytest.mark.parametrize(
    ("rows", "unread", "stopped"),
    [
        (100, 20, None),
        (100, 21, StoppedBy.UNREAD),
        (2100, 21, None),
        (2099, 21, StoppedBy.UNREAD),
        (90_000, 200, None),
        (90_000, 201, StoppedBy.UNREAD),
        (1, 999_999_999, StoppedBy.UNREAD),
    ],
)
def test_more_than_single_unread_items_stop_a_look(rows: int, unread: int, stopped: StoppedBy | None) -> None:
    named = min(unread, MAX_NAMED)
    counts = f"{rows} unread={unread} stopped=no roots=0 named={named}"

    assert reading(an_answer(rows=rows, unread=[ITEM] * named, counts=counts)).stopped is stopped


def test_the_bound_holds_for_answers_of_version_2_as_well() -> None:
    old = b'#begin files 2 n0 -\n{"path": "/x"}\n#end 1 unread=999999999 stopped=no\n'

    assert reading(old).stopped is StoppedBy.UNREAD


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*HOME, *ITEM]), inner),
)


@given(st.lists(JSON | st.just(HOME), max_size=3), st.lists(JSON | st.just(ITEM), max_size=3), st.binary(max_size=9))
def test_nothing_that_a_host_sends_is_more_than_refused(roots: list[object], unread: list[object], junk: bytes) -> None:
    stdout = an_answer(roots=roots, unread=unread).replace(b"/home", junk)
    try:
        answer = reading(stdout)
    except HostError as error:
        assert error.reason.value.startswith("answer.")  # noqa: PT017 - either outcome is right
    else:
        assert (len(answer.roots), len(answer.unread_items)) == (len(roots), len(unread))
