"""The YAML reader keeps places, and refuses what is not plain YAML."""

# ruff: noqa: E501  # a table of mistakes reads best with one a line

from datetime import date
from pathlib import Path

import pytest

from controller.errors import InventoryError, OperatorError, PlaybookError, Where
from controller.loading import nodes
from controller.loading.nodes import Kind, Node

BAD = [
    ("a:\n  b: 1\n  b: 2\n", "f.yml:3:3: the key 'b' stands here twice, first in line 2; remove one"),
    ("1: x\n'1': y\n", "f.yml:2:1: the key '1' stands here twice, first in line 1; remove one"),
    ("a: !vault |\n  x\n", "f.yml:1:4: the tag '!vault' is not read here; write the plain value"),
    ("a: !!python/name:os.system\n", "f.yml:1:4: the tag '!!python/name:os.system' is not read here; write the plain value"),
    ("a: !!str 5\n", "f.yml:1:4: the tag '!!str' is not read here; write the plain value"),
    ("đ: &x 1\n", "f.yml:1:4: anchors (&) and aliases (*) are not read here; write the value out"),
    ("a: [1, *x]\n", "f.yml:1:8: anchors (&) and aliases (*) are not read here; write the value out"),
    ("<<: {a: 1}\n", "f.yml:1:1: this is not a value that is read here; put it in quotes"),
    ("a:\n\tb: 1\n", "f.yml:2:1: a tab cannot indent YAML; use spaces"),
    ("a: @x\n", "f.yml:1:4: a value cannot start with '@'; put it in quotes"),
    ("a: b: c\n", "f.yml:1:5: this is not YAML: mapping values are not allowed in this context; mend this line or the one before"),
    ("a: 'x\n", "f.yml:2:1: this is not YAML: found unexpected end of stream; mend this line or the one before"),
    ("[web]\npc1\n", "f.yml:2:1: the YAML ends above this line; indent it, or, if this is INI, write it as YAML"),
    ("a: 1\n---\nb: 1\n", "f.yml:2:1: expected one document; got a second: remove the line '---'"),
    ("a: b\x07\n", "f.yml:1:5: the control letter '\\x07' is not YAML; remove it"),
    ("a: b\x85c\n", "f.yml:1:5: the control letter '\\x85' is not YAML; remove it"),
    ("no: 1\n", "f.yml:1:1: 'key': expected text; got the yes-or-no value 'no': put it in quotes"),
    ("a: {{ b }}\n", "f.yml:1:5: 'key': expected text; got a mapping: a template '{{ … }}' is not read here"),
    ("? [1]\n: 2\n", "f.yml:1:3: 'key': expected text; got a list: put it in quotes"),
    ("a: 2026-13-01\n", "f.yml:1:4: this is not a date that is read here; put it in quotes"),
    ("a: .inf\n", "f.yml:1:4: this is not a decimal number that is read here; put it in quotes"),
    ("a: 9223372036854775808\n", "f.yml:1:4: this is not a whole number that is read here; put it in quotes"),
    ("a: =\n", "f.yml:1:4: this is not a value that is read here; put it in quotes"),
    ("[" * 65 + "]" * 65, "f.yml:1:65: expected at most 64 levels; got more: nest less"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_what_is_not_plain_yaml_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        nodes.parse(text, "f.yml", PlaybookError)

    assert str(caught.value) == sentence


def test_nesting_to_the_limit_is_read() -> None:
    assert nodes.parse("[" * 64 + "]" * 64, "f.yml", PlaybookError).kind is Kind.LIST


def test_a_deep_bomb_is_refused_before_it_is_built() -> None:
    with pytest.raises(PlaybookError, match=r"^f.yml:1:\d+: .*(at most 64 levels|maximum nesting depth)"):
        nodes.parse("[" * 900_000, "f.yml", PlaybookError)


def test_every_value_knows_its_line_and_column() -> None:
    root = nodes.parse("đơn vị:\n  - tên: 'Yên Sơn'\n    số:   12\n", "f.yml", PlaybookError)
    unit = root.entries[0].value.items[0]

    assert [(entry.name, entry.key.where[1:], entry.value.where[1:]) for entry in unit.entries] == [
        ("tên", (2, 5), (2, 10)),
        ("số", (3, 5), (3, 11)),
    ]


def test_scalars_mean_what_they_mean_to_ansible() -> None:
    root = nodes.parse("[yes, 012, 1:30, 1.5, 2026-07-01, ~, '5', abc]", "f.yml", PlaybookError)

    assert [item.scalar for item in root.items] == [True, 10, 90, 1.5, date(2026, 7, 1), None, "5", "abc"]
    assert root.plain() == [True, 10, 90, 1.5, "2026-07-01", None, "5", "abc"]


def test_an_exponent_is_a_number_in_json_and_text_in_yaml() -> None:
    for text, value in {
        '{"x": 1e3}': 1000.0,
        "{x: 1e3}": "1e3",
        '{"x": "1e3"}': "1e3",
        '{"x": -2.5E-1}': -0.25,
    }.items():
        assert nodes.parse(text, "f.json", PlaybookError).plain() == {"x": value}


def test_an_empty_file_is_nothing_at_its_first_line() -> None:
    assert nodes.parse("# nothing\n", "f.yml", PlaybookError) == Node(Where("f.yml", 1), PlaybookError, Kind.NOTHING)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_bytes("\ufeffa: ế\r\nb: 2\r\n".encode())

    assert nodes.read(path, InventoryError).root.plain() == {"a": "ế", "b": 2}


def test_bytes_that_are_not_utf8_are_refused_at_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.yml").write_bytes("a: ế\nb: ".encode() + b"\xe1")

    assert refusal(Path("f.yml")) == "f.yml:2:4: the byte 0xe1 is not UTF-8; save as UTF-8"


def test_a_file_over_16_mib_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("f.yml").open("wb") as stream:
        stream.truncate(nodes.MAX_BYTES + 1)

    assert refusal(Path("f.yml")) == "f.yml:1:1: 'f.yml' is larger than 16 MiB; split it"


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("d").mkdir()

    assert refusal(Path("d")) == "d:1:1: 'd' is not a file; mend the path"
    assert refusal(Path("no.yml")) == "no.yml:1:1: 'no.yml' is not a file; mend the path"


def refusal(path: Path) -> str:
    with pytest.raises(OperatorError) as caught:
        nodes.read(path, InventoryError)
    assert type(caught.value) is InventoryError
    return str(caught.value)
