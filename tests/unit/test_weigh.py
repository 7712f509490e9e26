"""Which indicators no look can see."""

from controller.indicators.parsers.plain import parse
from controller.indicators.weigh import sentence, weigh
from controller.model.indicator import Kind
from controller.model.sweep import Blindness

LISTS = [
    parse("bad.example\n203.0.113.7\n203.0.113.0/24\n", name="a", sha256="a" * 64),
    parse("http://bad.example/x\nhttp://bad.example/y\nevil.exe\n", name="b", sha256="b" * 64),
]


def test_each_kind_that_no_look_shows_is_counted_against_all_indicators() -> None:
    blind = weigh(LISTS, {Kind.DOMAIN, Kind.ADDRESS})

    assert blind == (Blindness(kind="url", unseen=2, total=6), Blindness(kind="name", unseen=1, total=6))
    assert sentence(blind) == "3 of 6 cannot be seen: url 2, name 1"


def test_an_observed_url_shows_domains_and_addresses_too() -> None:
    assert [each.kind for each in weigh(LISTS, [Kind.URL])] == ["name"]


def test_nothing_is_said_when_all_can_be_seen() -> None:
    blind = weigh(LISTS, Kind)

    assert blind == ()
    assert sentence(blind) == ""


def test_looks_that_meet_no_indicator_at_all_see_nothing() -> None:
    for visible in ([Kind.SHA256], []):
        assert sum(each.unseen for each in weigh(LISTS, visible)) == 6
