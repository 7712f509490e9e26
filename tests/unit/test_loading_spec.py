"""A collector's spec is read whole or refused with the place of what is wrong."""

# ruff: noqa: E501  # a table of mistakes reads best with one a line

from pathlib import Path

import pytest

import controller.collectors
from controller.errors import PlaybookError
from controller.loading import spec
from controller.model.collector import CollectorSpec, Column, ColumnType
from controller.model.indicator import Kind

HEAD = "name: files\nquestion: Which files?\n"
COLUMN = "columns: [{name: path, type: text, description: where, kinds: [path, name]}]\n"
SHIPPED = sorted((Path(controller.collectors.__file__).parent).glob("*/spec.yaml"))


def test_a_spec_is_read_whole() -> None:
    rest = "min_rows: 1\nmin_own: 2\nmax_rows: 9\nmax_text: 80\ntakes: [roots, seconds]\nwhere: [path]\nseconds: 30\nrevision: 4\n"

    assert spec.read(HEAD + COLUMN + rest, "s") == CollectorSpec(
        name="files",
        question="Which files?",
        columns=(Column(name="path", type=ColumnType.TEXT, description="where", kinds=(Kind.PATH, Kind.NAME)),),
        min_rows=1,
        min_own=2,
        takes=("roots", "seconds"),
        where=("path",),
        seconds=30,
        revision=4,
        max_rows=9,
        max_text=80,
    )


def test_a_column_may_hold_a_text_in_which_values_stand() -> None:
    read = spec.read(HEAD + COLUMN.replace("kinds: [path, name]", "text: true"), "s")

    assert [column.text for column in read.columns] == [True]


def test_a_column_says_since_which_revision_it_is_there() -> None:
    read = spec.read(HEAD + COLUMN.replace("kinds: [path, name]", "since: 3") + "revision: 3\n", "s")

    assert [column.since for column in read.columns] == [3]


def test_the_columns_that_hold_texts_are_these() -> None:
    """A command, a DNS answer and a line of the hosts file name what no column of its own shows."""
    specs = [spec.read(path.read_text(encoding="utf-8"), str(path)) for path in SHIPPED]

    assert {(each.name, column.name) for each in specs for column in each.columns if column.text} == {
        ("autostart", "command"),
        ("dns_cache", "data"),
        ("processes", "command_line"),
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_a_shipped_spec_is_read_under_its_own_name(path: Path) -> None:
    assert spec.read(path.read_text(encoding="utf-8"), str(path)).name == path.parent.name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD, "1:1: 'spec': expected the key 'columns' with a value; got 'name', 'question'"),
        (HEAD + "columns: []\n", "3:10: 'columns': expected each column once, and at least one; got something else"),
        (HEAD + COLUMN + "takes: [root]\n", "4:9: 'takes': expected 'roots', 'max_files' or 'seconds'; got the text 'root': did you mean 'roots'?"),
        (HEAD + COLUMN + "where: [pth]\n", "4:9: 'where': expected 'path'; got the text 'pth': did you mean 'path'?"),
        (HEAD + COLUMN.replace("text", "txt"), "3:30: 'type': expected 'text', 'integer', 'boolean' or 'texts'; got the text 'txt': did you mean 'text'?"),
        (HEAD + COLUMN.replace("[path, name]", "[hash]"), "3:64: 'kinds': expected 'address', 'endpoint', 'visitor', 'network', 'domain', 'url', 'md5', 'sha1', 'sha256', 'path' or 'name'; got the text 'hash'"),
        (HEAD + COLUMN.replace("[path, name]", "[endpoint]"), "3:10: 'path': expected 'port' with the name of an integer column exactly where the kinds have 'endpoint'; got ''"),
        (HEAD + COLUMN.replace("[path, name]", "[endpoint], port: path"), "3:10: 'path': expected 'port' with the name of an integer column exactly where the kinds have 'endpoint'; got 'path'"),
        (HEAD + COLUMN.replace("kinds: [path, name]", "text: 1"), "3:62: 'text': expected true or false; got the number '1'"),
        (HEAD + COLUMN.replace("type: text", "type: integer").replace("kinds: [path, name]", "text: true"), "3:65: 'text': expected the type 'text' or 'texts' beside it; got 'integer'"),
        (HEAD + COLUMN.replace("kinds: [path, name]", "since: 3") + "revision: 2\n", "3:10: 'path': expected 'since' of at most the collector's revision 2; got 3"),
        (HEAD.replace("files", "Files") + COLUMN, "1:7: 'name': expected small letters, digits and '_'; got the text 'Files'"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        spec.read(text, "s.yaml")

    assert str(caught.value) == f"s.yaml:{sentence}"
