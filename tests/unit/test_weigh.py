"""Which indicators no look can see, by platform, and what a look can meet or has gathered."""

from collections.abc import Collection

import pytest

from controller.indicators.parsers.plain import parse
from controller.indicators.text import KINDS, values_in
from controller.indicators.weigh import collected, sees, sentences, weigh
from controller.model.fleet import Platform
from controller.model.indicator import IocList, Kind
from controller.model.sweep import Blindness
from tests.visits import a_collector

FIRST = parse("bad.example\n203.0.113.7\n203.0.113.0/24\n203.0.113.7:443\n", name="a", sha256="a" * 64)
SECOND = parse("http://bad.example/x\nhttp://bad.example/y\nevil.exe\n", name="b", sha256="b" * 64)
PATHS = parse("C:\\x\\e.exe\n\\\\fs\\s\\e.exe\n%APPDATA%\\e.exe\n/tmp/e\n~/.x/e\n", name="c", sha256="c" * 64)
LINUX, WINDOWS = Platform.LINUX, Platform.WINDOWS


def both(met: Collection[Kind]) -> list[tuple[IocList, Collection[Kind]]]:
    return [(FIRST, met), (SECOND, met)]


def told(blind: tuple[Blindness, ...], **computers: int) -> list[str]:
    return list(sentences(blind, {Platform(name): count for name, count in computers.items()}))


def test_each_kind_that_no_look_meets_is_counted_against_all_indicators() -> None:
    blind = weigh(both({Kind.DOMAIN, Kind.ADDRESS, Kind.NETWORK}), LINUX)

    assert blind == (
        Blindness(kind="endpoint", unseen=1, total=7, platform="linux"),
        Blindness(kind="url", unseen=2, total=7, platform="linux"),
        Blindness(kind="name", unseen=1, total=7, platform="linux"),
    )
    assert told(blind, linux=2) == ["On 2 Linux computers 4 of 7 indicators cannot be seen: endpoint 1, url 2, name 1"]


def test_nothing_is_said_when_all_can_be_seen() -> None:
    assert weigh(both(list(Kind)), LINUX) == ()
    assert told((), linux=1) == []


def test_a_list_is_seen_by_the_looks_that_judge_by_it_alone() -> None:
    blind = weigh([(FIRST, list(Kind)), (SECOND, [])], LINUX)

    assert told(blind, linux=1) == ["On 1 Linux computer 3 of 7 indicators cannot be seen: url 2, name 1"]


@pytest.mark.parametrize(("platform", "unseen"), [(LINUX, 3), (WINDOWS, 2)])
def test_a_path_of_one_system_is_on_no_computer_of_the_other(platform: Platform, unseen: int) -> None:
    (blind,) = weigh([(PATHS, list(Kind))], platform)

    assert (blind.kind, blind.unseen, blind.total) == ("path", unseen, 5)


def test_each_platform_has_a_sentence_and_one_that_sees_nothing_says_what_follows() -> None:
    blind = (*weigh(both([]), LINUX), *weigh(both({Kind.DOMAIN}), WINDOWS))

    nothing = (
        "none of 7 indicators can be seen: address 1, endpoint 1, network 1, domain 1, url 2, name 1; add a look "
        "or a list for them, or they stay unknown (list.unseen)."
    )
    some = "6 of 7 indicators cannot be seen: address 1, endpoint 1, network 1, url 2, name 1"
    assert told(blind, linux=3, windows=1) == [f"On 3 Linux computers {nothing}", f"On 1 Windows computer {some}"]
    assert told(blind, windows=1) == [f"On 1 Windows computer {some}"]


HASHES = {Kind.MD5, Kind.SHA1, Kind.SHA256}
IN_TEXTS = {Kind.URL, Kind.DOMAIN, Kind.ADDRESS, Kind.NETWORK, Kind.ENDPOINT, Kind.PATH, Kind.NAME}


@pytest.mark.parametrize(
    ("collector", "in_columns", "with_texts"),
    [
        ("autostart", HASHES | {Kind.PATH, Kind.NAME}, HASHES | IN_TEXTS),
        ("processes", HASHES | {Kind.PATH, Kind.NAME}, HASHES | IN_TEXTS),
        ("files", HASHES | {Kind.PATH, Kind.NAME}, HASHES | {Kind.PATH, Kind.NAME}),
        ("dns_cache", {Kind.DOMAIN}, IN_TEXTS),
        ("host", set(), set()),
    ],
)
def test_a_collector_meets_what_its_columns_show_and_what_stands_in_its_texts(
    collector: str, in_columns: set[Kind], with_texts: set[Kind]
) -> None:
    for platform in Platform:
        assert sees(a_collector(collector), platform) == with_texts
        assert sees(a_collector(collector), platform, texts=False) == in_columns


def test_a_collector_without_a_script_for_a_platform_meets_nothing_there() -> None:
    collector = a_collector("files")
    only = type(collector)(spec=collector.spec, scripts={LINUX: "x"})

    assert sees(only, WINDOWS) == frozenset()
    assert sees(only, LINUX) != frozenset()


@pytest.mark.parametrize(
    ("kinds", "lacking"),
    [
        ((Kind.PATH, Kind.SHA256), {Kind.MD5, Kind.SHA1}),
        ((Kind.PATH, Kind.SHA256, Kind.MD5), {Kind.SHA1}),
        ((Kind.SHA256, Kind.MD5, Kind.SHA1), set()),
        ((Kind.PATH,), set()),
        ((), set()),
    ],
)
def test_a_hash_that_is_not_beside_sha_256_was_not_collected(kinds: tuple[Kind, ...], lacking: set[Kind]) -> None:
    files = a_collector("files")

    assert collected(files, LINUX, kinds) == sees(files, LINUX) - lacking


def test_texts_hold_the_kinds_that_are_weighed() -> None:
    text = "curl http://bad.example/a; nc 203.0.113.7:443 bad.example; /tmp/x e.exe"

    assert {kind for kind, _ in values_in(text)} == KINDS
