"""A pattern chooses what it says, or is refused; it never means "all" by accident."""

from pathlib import Path

import pytest

from controller.errors import PatternError
from controller.loading import pattern as patterns
from controller.model.fleet import Group, Host, Inventory

HOSTS = ["ys-pc1", "ys-pc2", "hy-pc1", "hy-pc2", "lẻ"]
INVENTORY = Inventory(
    path="hosts.yml",
    digest="",
    hosts=tuple(Host(name=name, address=name) for name in HOSTS),
    groups={
        "all": Group("all", (), ("ungrouped", "cuc")),
        "ungrouped": Group("ungrouped", ("lẻ",)),
        "cuc": Group("cuc", (), ("yen_son", "ham_yen", "rong")),
        "yen_son": Group("yen_son", ("ys-pc1", "ys-pc2")),
        "ham_yen": Group("ham_yen", ("hy-pc1", "hy-pc2")),
        "rong": Group("rong"),
    },
)


@pytest.mark.parametrize("pattern", ["Chi cục Một", " Chi cục Một ", "Chi cục Một,", "máy số 1"])
def test_a_name_of_several_words_is_one_name_where_it_stands_alone_or_before_a_comma(pattern: str) -> None:
    groups = {"all": Group("all", (), ("ungrouped", "Chi cục Một", "Chi")), "ungrouped": Group("ungrouped")}
    groups |= {"Chi cục Một": Group("Chi cục Một", ("máy số 1",)), "Chi": Group("Chi", ("lẻ",))}
    hosts = tuple(Host(name=name, address="192.0.2.1") for name in ("máy số 1", "lẻ"))

    found = patterns.select(Inventory(path="i.yml", digest="", hosts=hosts, groups=groups), pattern)

    assert [host.name for host in found] == ["máy số 1"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("all", "lẻ ys-pc1 ys-pc2 hy-pc1 hy-pc2"),
        ("ham_yen:yen_son", "hy-pc1 hy-pc2 ys-pc1 ys-pc2"),
        ("ham_yen,lẻ", "hy-pc1 hy-pc2 lẻ"),
        ("cuc:&*-pc1", "ys-pc1 hy-pc1"),
        ("cuc:!yen_son", "hy-pc1 hy-pc2"),
        ("!cuc", "lẻ"),
        ("~(ys|hy)-pc2", "ys-pc2 hy-pc2"),
        ("cuc[0]", "ys-pc1"),
        ("cuc[-1]", "hy-pc2"),
        ("cuc[1:2]", "ys-pc2 hy-pc1"),
        ("cuc[2:]", "hy-pc1 hy-pc2"),
        ("rong:lẻ", "lẻ"),
        ("zzz*:lẻ", "lẻ"),
        ("all:!*ong", "lẻ ys-pc1 ys-pc2 hy-pc1 hy-pc2"),
        ("lẻ:lẻ:ungrouped", "lẻ"),
    ],
)
def test_a_pattern_chooses_its_hosts_in_order(pattern: str, names: str) -> None:
    assert [host.name for host in patterns.select(INVENTORY, pattern)] == names.split()


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("", "the pattern '' is empty; name a group or host, or write 'all'"),
        (" , ", "the pattern ' , ' is empty; name a group or host, or write 'all'"),
        ("yen_sno", "no group and no host is named 'yen_sno'; mend the name: did you mean 'yen_son'?"),
        ("all:!yen_sno", "no group and no host is named 'yen_sno'; mend the name: did you mean 'yen_son'?"),
        ("all:&zzz", "no group and no host is named 'zzz'; mend the name"),
        ("zzz[0]", "no group and no host is named 'zzz'; mend the name"),
        ("all:!zzz*", "no group and no host is named 'zzz*'; mend the name"),
        ("!~zzz", "no group and no host is named '~zzz'; mend the name"),
        ("zzz*", "the pattern 'zzz*' chooses no host; widen it."),
        ("rong", "the pattern 'rong' chooses no host; widen it."),
        ("yen_son:&ham_yen", "the pattern 'yen_son:&ham_yen' chooses no host; widen it."),
        ("~*", "'~*' is not a pattern (nothing to repeat at position 0); mend it"),
        ("~", "'~' stands alone in the pattern; write a group or host behind it"),
        ("~[", "the pattern '~[' has a bracket without its other half; mend it"),
        ("all,!", "'!' stands alone in the pattern; write a group or host behind it"),
        ("yen_son[0", "the pattern 'yen_son[0' has a bracket without its other half; mend it"),
        ("yen_son[0,lẻ", "'yen_son[0' has a bracket without its other half; mend it"),
        ("yen_son[2]", "'yen_son[2]' counts past the 2 hosts there; lower the number"),
        ("yen_son[1:0]", "'yen_son[1:0]' counts down; write the lower number first"),
        ("x" * 256, f"'{'x' * 59}…' is longer than 255 letters; shorten it"),
        ("x," * 32769, "the pattern has 65538 letters; at most 65536 are read, use @file"),
    ],
)
def test_a_pattern_that_chooses_nothing_is_refused(pattern: str, sentence: str) -> None:
    with pytest.raises(PatternError) as caught:
        patterns.select(INVENTORY, pattern)

    assert str(caught.value) == sentence


def test_a_file_names_one_part_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("limit").write_text("ys-pc1\n\n  hy-*  \n!hy-pc1\n", encoding="utf-8")

    assert [host.name for host in patterns.select(INVENTORY, "lẻ,@limit")] == ["lẻ", "ys-pc1", "hy-pc2"]


def test_a_mistake_in_a_file_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("limit").write_text("ys-pc1\nys-pc9\n", encoding="utf-8")

    with pytest.raises(PatternError) as caught:
        patterns.select(INVENTORY, "@limit")

    assert str(caught.value).startswith(
        "limit:2:1: no group and no host is named 'ys-pc9'; mend the name: did you mean"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "'limit' is not a file; mend the path behind '@'"),
        (b"\xff", "limit:1:1: 'limit' is not UTF-8; save it as UTF-8"),
        (b"\n \n", "the pattern '@limit' is empty; name a group or host, or write 'all'"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("limit").write_bytes(content)

    with pytest.raises(PatternError) as caught:
        patterns.select(INVENTORY, "@limit")

    assert str(caught.value) == sentence
