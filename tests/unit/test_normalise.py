"""One spelling per value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.indicators.normalise import normalise
from controller.model.indicator import Kind

SAME = [
    (Kind.ADDRESS, "203.0.113.7", "203.0.113.7"),
    (Kind.ADDRESS, " ::ffff:203.0.113.7 ", "203.0.113.7"),
    (Kind.ADDRESS, "2001:DB8:0:0::7", "2001:db8::7"),
    (Kind.ADDRESS, "[2001:db8::7]", "2001:db8::7"),
    (Kind.ADDRESS, "fe80::1%eth0", "fe80::1"),
    (Kind.NETWORK, "203.0.113.77/24", "203.0.113.0/24"),
    (Kind.NETWORK, "::ffff:203.0.113.0/120", "203.0.113.0/24"),
    (Kind.NETWORK, "2001:DB8::1/64", "2001:db8::/64"),
    (Kind.DOMAIN, "Bad.Example.", "bad.example"),
    (Kind.DOMAIN, "_dmarc.bad.example", "_dmarc.bad.example"),
    (Kind.DOMAIN, "độc-hại.example", "xn--c-hi-zua5256bdla.example"),
    (Kind.DOMAIN, "đo\u0323\u0302c-hại.example", "xn--c-hi-zua5256bdla.example"),
    (Kind.DOMAIN, "XN--C-HI-ZUA5256BDLA.example", "xn--c-hi-zua5256bdla.example"),
    (Kind.DOMAIN, "bad\u3002example", "bad.example"),
    (Kind.URL, "HTTP://Bad.Example:80/A%20b?Q=1#top", "http://bad.example/A%20b?Q=1"),
    (Kind.URL, "https://bad.example", "https://bad.example/"),
    (Kind.URL, "https://bad.example?x", "https://bad.example/?x"),
    (Kind.URL, "https://[::ffff:203.0.113.7]:8443/x", "https://203.0.113.7:8443/x"),
    (Kind.URL, "http://[2001:DB8::7]/", "http://[2001:db8::7]/"),
    (Kind.URL, "ftp://User@bad.example/x", "ftp://User@bad.example/x"),
    (Kind.MD5, " 9E107D9D372BB6826BD81D3542A419D6 ", "9e107d9d372bb6826bd81d3542a419d6"),
    (Kind.NAME, "Evil.EXE. ", "evil.exe"),
    (Kind.NAME, r"C:\Temp\Evil.exe", "evil.exe"),
    (Kind.NAME, "/tmp/evil", "evil"),
    (Kind.NAME, "evil.exe::$DATA", "evil.exe"),
    (Kind.PATH, "/tmp/./x//Y", "/tmp/x/Y"),
    (Kind.PATH, "//tmp/../etc/a\u0301", "/etc/á"),
    (Kind.PATH, r"C://Program Files\\Common Files\\ Acme\\Acme.exe", r"c:\program files\common files\acme\acme.exe"),
    (Kind.PATH, r"\\?\C:\Windows\System32\x.dll", r"c:\windows\system32\x.dll"),
    (Kind.PATH, "//?/C:/Windows/x.dll", r"c:\windows\x.dll"),
    (Kind.PATH, r"\??\C:\Windows\system32\drivers\e.sys", r"c:\windows\system32\drivers\e.sys"),
    (Kind.PATH, r"\SystemRoot\System32\drivers\e.sys", r"c:\windows\system32\drivers\e.sys"),
    (Kind.PATH, r"%SystemRoot%\Sysnative\a.exe", r"c:\windows\system32\a.exe"),
    (Kind.PATH, r"%APPDATA%\Microsoft\media.js", r"c:\users\*\appdata\roaming\microsoft\media.js"),
    (Kind.PATH, r"C:\Users\An\AppData\Roaming\Microsoft\media.js", r"c:\users\*\appdata\roaming\microsoft\media.js"),
    (Kind.PATH, r"c:\users\public\x.exe", r"c:\users\public\x.exe"),
    (Kind.PATH, r"C:\PROGRA~1\x\y.exe", r"c:\program files\x\y.exe"),
    (Kind.PATH, r"C:\Windows\.\Temp\..\System32\A.EXE. ", r"c:\windows\system32\a.exe"),
    (Kind.PATH, r"D:\evil.txt:stream:$DATA", r"d:\evil.txt:stream"),
    (Kind.PATH, r"\\?\UNC\srv\share\a.exe", r"\\srv\share\a.exe"),
    (Kind.PATH, r"\\\\SRV\\share\\a.exe", r"\\srv\share\a.exe"),
    (Kind.PATH, r"CSIDL_SYSTEM\abc.dll", r"c:\windows\system32\abc.dll"),
    (Kind.PATH, r"C:\Documents and Settings\An\Application Data\x.exe", r"c:\users\*\appdata\roaming\x.exe"),
    (Kind.PATH, r"C:\Documents and Settings\All Users\Application Data\x.exe", r"c:\programdata\x.exe"),
    (Kind.PATH, "“C:\\Temp\\ác.exe”", "c:\\temp\\ác.exe"),
    (Kind.PATH, "C:\\Temp\\A\u0301C.exe", "c:\\temp\\ác.exe"),
    (Kind.PATH, "${HOME}//.x/../Y", "~/Y"),
    (Kind.PATH, r"C:\Users\<user>\x.exe", r"c:\users\*\x.exe"),
    (Kind.PATH, r"system32\drivers\z.sys", r"c:\windows\system32\drivers\z.sys"),
]  # fmt: skip

NONE = [
    (Kind.ADDRESS, "010.8.1.255", "begins with 0"),
    (Kind.ADDRESS, "203.0.113.00", "begins with 0"),
    (Kind.ADDRESS, "3405803783", "no address"),
    (Kind.ADDRESS, "203.0.113", "four numbers"),
    (Kind.ADDRESS, "999.1.2.3", "no address"),
    (Kind.NETWORK, "203.0.113.0/33", "no network"),
    (Kind.NETWORK, "203.0.113.0/255.255.255.0", "no network"),
    (Kind.NETWORK, "::ffff:203.0.113.0/64", "no network"),
    (Kind.DOMAIN, "localhost", "single word"),
    (Kind.DOMAIN, "bad..example", "no domain"),
    (Kind.DOMAIN, f"{'a' * 64}.example", "no domain"),
    (Kind.DOMAIN, "203.0.113.7", "number"),
    (Kind.DOMAIN, "\u2665\u200d.example", "xn--"),
    (Kind.URL, "http://*/", "single word"),
    (Kind.URL, "http://", "no host"),
    (Kind.URL, "http:///x", "no host"),
    (Kind.URL, "http://bad.example:99999/", "port"),
    (Kind.URL, "bad.example/x", "no URL"),
    (Kind.SHA256, "ab" * 31, "64 hexadecimal"),
    (Kind.MD5, "g" * 32, "32 hexadecimal"),
    (Kind.NAME, "C:\\", "no file name"),
    (Kind.PATH, "evil.exe", "whole path"),
    (Kind.PATH, "C:", "whole path"),
    (Kind.PATH, r"\Device\HarddiskVolume3\x.exe", "with its drive"),
    (Kind.PATH, r"%UNHEARD_OF%\x.exe", "with its drive"),
    (Kind.PATH, r"C:\Temp\*.exe", "patterns"),
    (Kind.PATH, "/tmp/x\0", "NUL"),
]


@pytest.mark.parametrize(("kind", "text", "spelling"), SAME)
def test_each_spelling_becomes_the_one(kind: Kind, text: str, spelling: str) -> None:
    assert normalise(kind, text) == spelling


@pytest.mark.parametrize(("kind", "text", "spelling"), SAME)
def test_doing_it_twice_changes_nothing(kind: Kind, text: str, spelling: str) -> None:
    assert normalise(kind, spelling) == spelling


@pytest.mark.parametrize(("kind", "text", "why"), NONE)
def test_what_cannot_be_one_is_refused_with_a_reason(kind: Kind, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("*", r"\*")):
        normalise(kind, text)


@given(st.sampled_from(Kind), st.text(max_size=60) | st.text(alphabet="aA.:/\\%*~ ?c0x", max_size=30))
def test_whatever_a_host_says_is_normalised_for_good_or_refused_in_words(kind: Kind, text: str) -> None:
    try:
        once = normalise(kind, text)
    except ValueError as error:
        why = str(error)
    else:
        why = ";" if normalise(kind, once) == once else ""
    assert ";" in why


def test_posix_paths_keep_their_case_and_their_blanks() -> None:
    assert normalise(Kind.PATH, "/tmp/A ") == "/tmp/A "


def test_a_name_below_a_domain_may_hold_what_no_registry_takes() -> None:
    assert normalise(Kind.DOMAIN, "aGk+/=.T.bad.example") == "agk+/=.t.bad.example"
