"""What meets what: every accepted indicator meets itself in its spellings, and no near miss."""

import ipaddress
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.indicators.matcher import Matcher
from controller.indicators.parsers.plain import parse
from controller.model.indicator import Grade, Kind, Match, Observation

LABEL = st.text(alphabet=string.ascii_lowercase + string.digits, min_size=1, max_size=12)
DOMAIN = st.tuples(LABEL, LABEL).map(lambda labels: ".".join((*labels, "example")))
V4 = st.ip_addresses(v=4, network="198.51.100.0/22")
V6 = st.ip_addresses(v=6, network="2001:db8::/32")
HASH = st.sampled_from([(Kind.MD5, 16), (Kind.SHA1, 20), (Kind.SHA256, 32)]).flatmap(
    lambda each: st.tuples(st.just(each[0]), st.binary(min_size=each[1], max_size=each[1]).map(bytes.hex))
)
FOLDER = st.text(alphabet=string.ascii_letters + "áđộ_", min_size=1, max_size=8)


def met(text: str, kind: Kind, value: str) -> list[Match]:
    ioc_list = parse(text, name="list.txt", sha256="0" * 64)
    assert ioc_list.rejected == ()
    return list(Matcher([ioc_list]).match([Observation(kind=kind, value=value, collector="c", where="row 1")]))


@given(DOMAIN, st.sampled_from(["{}", "{}.", "WWW.{}", "a.b-c.{}."]))
def test_a_domain_meets_itself_and_what_stands_below_it(domain: str, spelling: str) -> None:
    defanged = domain.replace(".", "[.]").upper()

    (match,) = met(defanged, Kind.DOMAIN, spelling.format(domain))

    assert (match.value, match.grade) == (domain, Grade.PROBABLE)


@given(DOMAIN, LABEL)
def test_a_domain_never_meets_a_part_of_a_label_or_what_stands_above_it(domain: str, more: str) -> None:
    for near in (more + domain, domain + more, f"{domain}.{more}.example", domain.partition(".")[2]):
        assert met(domain, Kind.DOMAIN, near) == []


@given(V4 | V6)
def test_an_address_meets_itself_in_all_its_spellings_and_no_neighbour(address: ipaddress.IPv4Address) -> None:
    spellings = {str(address), address.exploded.upper(), f"[{address}]"}
    spellings.add(f"{address}%eth0" if ":" in str(address) else f"::FFFF:{address}")

    for spelling in spellings:
        (match,) = met(str(address).replace(".", "[.]"), Kind.ADDRESS, spelling)
        assert match.value == str(address)
    assert met(str(address), Kind.ADDRESS, str(address + 1)) == []


@given(V4 | V6, st.integers(min_value=1, max_value=20))
def test_a_network_meets_its_addresses_and_neither_neighbour(address: ipaddress.IPv4Address, host_bits: int) -> None:
    network = ipaddress.ip_network((address, address.max_prefixlen - host_bits), strict=False)
    first, last = network.network_address, network.broadcast_address

    for inside in (first, last, address):
        (match,) = met(str(network), Kind.ADDRESS, str(inside))
        assert (match.kind, match.value) == (Kind.NETWORK, str(network))
    for outside in (first - 1, last + 1):
        assert met(str(network), Kind.ADDRESS, str(outside)) == []


@given(V4 | V6, st.integers(min_value=1, max_value=65534))
def test_an_address_with_a_port_confirms_on_that_port_only(address: ipaddress.IPv4Address, port: int) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    mapped = str(address) if ":" in str(address) else f"::FFFF:{address}"
    listed = f"{host}:{port}".replace(".", "[.]")

    for spelling in (f"{host}:{port}", f"[{mapped}]:{port}"):
        (match,) = met(listed, Kind.ENDPOINT, spelling)
        assert (match.value, match.seen, match.grade) == (f"{host}:{port}", spelling, Grade.CONFIRMED)
    (other,) = met(listed, Kind.ENDPOINT, f"{host}:{port + 1}")
    assert (other.value, other.grade) == (f"{host}:{port}", Grade.SUSPECT)
    assert met(listed, Kind.ENDPOINT, f"[{address + 1}]:{port}") == []


def test_an_address_alone_and_one_with_a_port_are_two_questions() -> None:
    assert met("203.0.113.7", Kind.ENDPOINT, "203.0.113.7:443") == []
    assert met("203.0.113.7:443", Kind.ADDRESS, "203.0.113.7") == []


@pytest.mark.parametrize("listed", ["203.0.113.7", "203.0.113.0/24", "203.0.113.7:443"])
def test_who_connected_by_itself_is_told_and_weighs_nothing(listed: str) -> None:
    (match,) = met(listed, Kind.VISITOR, "203.0.113.7")

    assert (match.seen, match.grade) == ("203.0.113.7", Grade.INFO)
    assert met(listed, Kind.VISITOR, "203.0.112.7") == []


@given(HASH, st.data())
def test_a_hash_meets_itself_in_any_case_and_not_with_one_digit_changed(
    each: tuple[Kind, str], data: st.DataObject
) -> None:
    kind, digest = each
    place = data.draw(st.integers(min_value=0, max_value=len(digest) - 1))
    changed = digest[:place] + ("0" if digest[place] != "0" else "1") + digest[place + 1 :]

    (match,) = met(digest.upper(), kind, digest)

    assert match.grade is Grade.CONFIRMED
    assert met(digest, kind, changed) == []


@given(FOLDER, FOLDER, FOLDER)
def test_a_windows_path_meets_itself_in_any_case_and_for_every_user(user: str, folder: str, other: str) -> None:
    listed = rf"%APPDATA%\{folder}\x.exe"

    for spelling in (
        rf"C:\Users\{user}\AppData\Roaming\{folder}\X.EXE",
        rf"\\?\c:\users\{user}\appdata/roaming\{folder}\x.exe",
    ):
        (match,) = met(listed, Kind.PATH, spelling)
        assert (match.seen, match.grade) == (spelling, Grade.PROBABLE)
    assert met(listed, Kind.PATH, rf"C:\Users\{user}\AppData\Roaming\{folder}{other}\x.exe") == []
    assert met(listed, Kind.PATH, rf"D:\Users\{user}\AppData\Roaming\{folder}\x.exe") == []


MINE = r"C:\Users\An\AppData\x.exe"


@pytest.mark.parametrize(
    ("listed", "seen", "grade"),
    [
        (MINE, r"C:\Users\an\AppData\x.exe", Grade.PROBABLE),
        (MINE, r"C:\Documents and Settings\AN\AppData\x.exe", Grade.PROBABLE),
        (MINE, r"\\?\C:\Users\an\AppData\x.exe", Grade.PROBABLE),
        (MINE, r"C:\Users\binh\AppData\x.exe", Grade.SUSPECT),
        (MINE, r"C:\Users\an.phong\AppData\x.exe", Grade.SUSPECT),
        (MINE, r"%USERPROFILE%\AppData\x.exe", Grade.PROBABLE),
        (MINE, r"C:\Users\NGUYEN~1\AppData\x.exe", Grade.PROBABLE),
        (r"C:\Users\*\AppData\x.exe", r"C:\Users\binh\AppData\x.exe", Grade.PROBABLE),
        (r"C:\Users\<user>\AppData\x.exe", r"C:\Users\binh\AppData\x.exe", Grade.PROBABLE),
        (r"C:\Users\%username%\AppData\x.exe", r"C:\Users\binh\AppData\x.exe", Grade.PROBABLE),
        (r"%APPDATA%\KT\x.exe", r"C:\Users\binh\AppData\Roaming\KT\x.exe", Grade.PROBABLE),
        (r"C:\Users\Public\x.exe", r"C:\Users\public\X.exe", Grade.PROBABLE),
        (r"C:\Users\Public\x.exe", r"C:\Users\an\x.exe", None),
        (r"C:\Users\an\x.exe", r"C:\Users\Default\x.exe", None),
        (r"C:\Users\an\x.exe", r"C:\Users\All Users\x.exe", None),
        ("/home/an/x", "/home/binh/x", None),
        ("/home/an/.x/e", "~/.x/e", Grade.PROBABLE),
        ("/root/.x/e", "$HOME/.x/e", Grade.PROBABLE),
        ("~/.x/e", "/home/binh/.x/e", Grade.PROBABLE),
        ("${HOME}/.x/e", "/root/.x/e", Grade.PROBABLE),
        ("~/.x/e", "/opt/.x/e", None),
        ("~/.x/e", "~/.x/E", None),
    ],
)
def test_the_path_of_one_user_is_a_weak_sign_under_another(listed: str, seen: str, grade: Grade | None) -> None:
    assert [match.grade for match in met(listed, Kind.PATH, seen)] == ([grade] if grade else [])


def test_a_posix_path_meets_only_its_own_case() -> None:
    assert len(met("/tmp/.x/Evil", Kind.PATH, "/tmp//.x/./Evil")) == 1
    assert met("/tmp/.x/Evil", Kind.PATH, "/tmp/.x/evil") == []


def test_a_bare_name_is_only_suspect() -> None:
    (match,) = met("evil.exe", Kind.NAME, r"C:\Temp\EVIL.exe")

    assert match.grade is Grade.SUSPECT
    assert met("evil.exe", Kind.NAME, "notevil.exe") == []


@given(DOMAIN, LABEL)
def test_a_url_meets_itself_exactly_and_keeps_the_case_of_its_path(domain: str, page: str) -> None:
    listed = f"hxxp://{domain.replace('.', '[.]')}/{page}A"

    assert len(met(listed, Kind.URL, f"HTTP://{domain.upper()}:80/{page}A#top")) == 1
    for near in (f"http://{domain}/{page}a", f"http://{domain}/{page}A/", f"https://{domain}/{page}A"):
        assert met(listed, Kind.URL, near) == []


def test_a_url_never_implies_its_domain_but_meets_a_domain_or_address_that_is_listed() -> None:
    assert met("http://shared.example/evil", Kind.DOMAIN, "shared.example") == []
    assert len(met("bad.example", Kind.URL, "https://www.bad.example/x")) == 1
    assert len(met("203.0.113.0/24", Kind.URL, "http://203.0.113.9:8080/x")) == 1
    assert len(met("2001:db8::7", Kind.URL, "http://[2001:db8::7]/x")) == 1


@pytest.mark.parametrize("own", ["127.0.0.53", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1"])
def test_a_computers_own_addresses_meet_nothing(own: str) -> None:
    networks = "126.0.0.0/8\n1.0.0.0/8\n"

    assert met(networks, Kind.ADDRESS, own) == []
    assert len(met(networks, Kind.ADDRESS, "126.0.0.1")) == 1


@pytest.mark.parametrize("kind", Kind)
def test_what_cannot_be_a_value_of_its_kind_meets_nothing(kind: Kind) -> None:
    assert met("bad.example\n/tmp/x\n", kind, "\0") == []


def test_every_list_and_line_that_names_a_value_is_kept_with_where_it_was_seen() -> None:
    first = parse("# note\nbad.example\n", name="iocs.txt", sha256="a" * 64, path="a/iocs.txt")
    second = parse("bad.example\nwww.bad.example\n", name="iocs.txt", sha256="b" * 64, path="b/iocs.txt")
    seen = Observation(kind=Kind.DOMAIN, value="WWW.bad.example", collector="dns", where="row 3")

    matches = list(Matcher([first, second]).match([seen]))

    assert {(each.list_path, each.list_sha256, each.place, each.value) for each in matches} == {
        ("a/iocs.txt", "a" * 64, "2", "bad.example"),
        ("b/iocs.txt", "b" * 64, "1", "bad.example"),
        ("b/iocs.txt", "b" * 64, "2", "www.bad.example"),
    }
    assert {(each.list, each.line) for each in matches} == {("iocs.txt", 2), ("iocs.txt", 1)}
    assert {(each.collector, each.seen, each.where) for each in matches} == {("dns", "WWW.bad.example", "row 3")}
