"""Which indicators no look can see."""

from collections.abc import Collection

from controller.indicators.parsers.plain import parse
from controller.indicators.weigh import sentence, weigh
from controller.model.indicator import IocList, Kind
from controller.model.sweep import Blindness

FIRST = parse("bad.example\n203.0.113.7\n203.0.113.0/24\n203.0.113.7:443\n", name="a", sha256="a" * 64)
SECOND = parse("http://bad.example/x\nhttp://bad.example/y\nevil.exe\n", name="b", sha256="b" * 64)


def both(visible: Collection[Kind]) -> list[tuple[IocList, Collection[Kind]]]:
    return [(FIRST, visible), (SECOND, visible)]


def test_each_kind_that_no_look_shows_is_counted_against_all_indicators() -> None:
    blind = weigh(both({Kind.DOMAIN, Kind.ADDRESS}))

    assert blind == (
        Blindness(kind="endpoint", unseen=1, total=7),
        Blindness(kind="url", unseen=2, total=7),
        Blindness(kind="name", unseen=1, total=7),
    )
    assert sentence(blind) == "4 of 7 cannot be seen: endpoint 1, url 2, name 1"


def test_an_observed_url_shows_domains_and_addresses_too() -> None:
    assert [each.kind for each in weigh(both([Kind.URL]))] == ["endpoint", "name"]


def test_nothing_is_said_when_all_can_be_seen() -> None:
    blind = weigh(both(list(Kind)))

    assert blind == ()
    assert sentence(blind) == ""


def test_looks_that_meet_no_indicator_at_all_see_nothing() -> None:
    for visible in ([Kind.SHA256], []):
        assert sum(each.unseen for each in weigh(both(visible))) == 7


def test_a_list_is_seen_by_the_looks_that_judge_by_it_alone() -> None:
    blind = weigh([(FIRST, list(Kind)), (SECOND, [])])

    assert sentence(blind) == "3 of 7 cannot be seen: url 2, name 1"
