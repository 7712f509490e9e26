"""The plain list: every line is accepted, rejected with a reason, or a note."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import ListError
from controller.indicators.parsers.plain import LINE_LIMIT, LINES_LIMIT, decode, parse
from controller.model.indicator import IocList, Kind

GOLDEN = Path(__file__).parents[1] / "golden" / "iocs"
SHA256 = "e258d248fda94c63753607f7c4494ee0fcbe92f1a76bfdac795c9d84101eb317"


def read(text: str) -> IocList:
    return parse(text, name="list.txt", sha256="0" * 64)


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        ("203.0.113.7", Kind.ADDRESS, "203.0.113.7"),
        ("203[.]0[.]113[.]7", Kind.ADDRESS, "203.0.113.7"),
        ("203.0.113.7/32", Kind.ADDRESS, "203.0.113.7"),
        ("::ffff:203.0.113.7", Kind.ADDRESS, "203.0.113.7"),
        ("2001:db8::7/128", Kind.ADDRESS, "2001:db8::7"),
        ("2001[:]db8[:][:]7", Kind.ADDRESS, "2001:db8::7"),
        ("203.0.113.0/24", Kind.NETWORK, "203.0.113.0/24"),
        ("2001:db8::/32", Kind.NETWORK, "2001:db8::/32"),
        ("10.0.0.0/8", Kind.NETWORK, "10.0.0.0/8"),
        ("203[.]0[.]113[.]7[:]443", Kind.ENDPOINT, "203.0.113.7:443"),
        ("[::FFFF:203.0.113.7]:0443", Kind.ENDPOINT, "203.0.113.7:443"),
        ("[2001:DB8:0::7]:443", Kind.ENDPOINT, "[2001:db8::7]:443"),
        ("bad.example", Kind.DOMAIN, "bad.example"),
        ("BAD[.]example.", Kind.DOMAIN, "bad.example"),
        ("bad(dot)example", Kind.DOMAIN, "bad.example"),
        ("bad {.} example", Kind.DOMAIN, "bad.example"),
        ("bad [chấm] example", Kind.DOMAIN, "bad.example"),
        ("bad DOT example", Kind.DOMAIN, "bad.example"),
        ("b\u200bad.example", Kind.DOMAIN, "bad.example"),
        ("bad\uff0eexample", Kind.DOMAIN, "bad.example"),
        ("*.bad.example", Kind.DOMAIN, "bad.example"),
        (".bad.example", Kind.DOMAIN, "bad.example"),
        ("_x.bad.example", Kind.DOMAIN, "_x.bad.example"),
        ("t.co", Kind.DOMAIN, "t.co"),
        ("evil.com", Kind.DOMAIN, "evil.com"),
        ("hxxps://bad[.]example/A?b", Kind.URL, "https://bad.example/A?b"),
        ("hXXp[://]bad.example[/]A", Kind.URL, "http://bad.example/A"),
        ("meow://bad.example", Kind.URL, "http://bad.example/"),
        ("http[:]//203.0.113.7:8080/x.png", Kind.URL, "http://203.0.113.7:8080/x.png"),
        (SHA256.upper(), Kind.SHA256, SHA256),
        (SHA256[:40], Kind.SHA1, SHA256[:40]),
        (SHA256[:32], Kind.MD5, SHA256[:32]),
        (r"C:\Temp\evil.exe", Kind.PATH, r"c:\temp\evil.exe"),
        (r"C:\Temp\evil[.]exe", Kind.PATH, r"c:\temp\evil.exe"),
        (r"%TEMP%\evil.exe", Kind.PATH, r"c:\users\*\appdata\local\temp\evil.exe"),
        (r'"C:\Program Files\A B\evil.exe"', Kind.PATH, r"c:\program files\a b\evil.exe"),
        ("/tmp/.X11/Evil", Kind.PATH, "/tmp/.X11/Evil"),
        ("Evil.EXE", Kind.NAME, "evil.exe"),
        ("evil[.]dll", Kind.NAME, "evil.dll"),
        ("Giấy mời.pdf.exe", Kind.NAME, "giấy mời.pdf.exe"),
    ],
)
def test_a_value_is_told_by_its_shape(line: str, kind: Kind, value: str) -> None:
    ioc_list = read(line)

    assert [(each.kind, each.value, each.line) for each in ioc_list.indicators] == [(kind, value, 1)]
    assert ioc_list.rejected == ()


@pytest.mark.parametrize(
    ("line", "value", "note"),
    [
        (f"{SHA256}  evil.exe", SHA256, "evil.exe"),
        (f"{SHA256} *evil file.exe", SHA256, "evil file.exe"),
        (f"{SHA256}  kworkerd", SHA256, "kworkerd"),
        (f"{SHA256[:40]}  ./a/run.sh", SHA256[:40], "./a/run.sh"),
        (f"{SHA256[:40]}  run.sh", SHA256[:40], "run.sh"),
        (rf"{SHA256[:32]} C:\Temp\A B\evil.exe", SHA256[:32], r"C:\Temp\A B\evil.exe"),
        (f"SHA256: {SHA256}  evil.exe  # loader", SHA256, "evil.exe; loader"),
        (f"{SHA256} ; evil.exe # loader", SHA256, "evil.exe; loader"),
    ],
)
def test_a_line_of_sha256sum_is_the_hash_with_the_file_as_its_note(line: str, value: str, note: str) -> None:
    ioc_list = read(line)

    assert [(each.value, each.note) for each in ioc_list.indicators] == [(value, note)]
    assert ioc_list.indicators[0].kind in {Kind.MD5, Kind.SHA1, Kind.SHA256}


@pytest.mark.parametrize(
    "line",
    [
        f"{SHA256},evil.exe",
        f"{SHA256};evil.exe",
        f"{SHA256}|evil.exe",
        f"{SHA256}\t203.0.113.7",
        f"{SHA256[:32]}:evil.exe",
        f"{SHA256} evil.example",
        f"{SHA256} *.evil.example",
        f"{SHA256}  203.0.113.0/24",
        f"{SHA256}  {SHA256[:32]}",
        f"{SHA256}  evil.example loader.exe",
        f"{SHA256}  /tmp/a 203.0.113.7",
        f"evil.exe {SHA256}",
        f"evil.exe,{SHA256}.exe",
        f"copy of {SHA256} evil.exe",
        "evil.exe,worse.exe",
        "evil.exe;worse.exe",
        "evil.exe|worse.exe",
        "evil.exe\tworse.exe",
        "203.0.113.7 evil.exe",
        "evil.example evil.exe",
        "evil.exe worse.exe",
        f"/tmp/evil {SHA256}",
        f"/tmp/evil,{SHA256}",
        f"/tmp/evil ({SHA256})",
        f"/tmp/evil md5:{SHA256[:32]}",
        f"evil copy ({SHA256[:32]}) x.exe",
        "/tmp/evil\tloader",
        "/tmp/evil /tmp/worse",
        "/tmp/evil,/tmp/worse",
        "/tmp/evil 203.0.113.7",
        "/tmp/evil ; evil.example",
        rf"C:\Temp\evil.exe;{SHA256}",
        r"C:\Temp\evil.exe, C:\Temp\worse.exe",
        f"http://evil.example/x {SHA256}",
        f"http://evil.example/x,{SHA256}",
        "http://evil.example/x evil.exe",
        "http://evil.example/x,http://evil.example/y",
        "203.0.113.7 ; 203.0.113.8",
        "evil.example ; worse[.]example, 203.0.113.8",
        "203.0.113.7 ; 203.0.113.8 # both seen in May",
        "/tmp/evil ; /tmp/worse",
        r"/tmp/evil ; C:\Program Files\worse.exe",
        "evil.exe ; worse.exe",
        f"{SHA256} ; {SHA256[:32]}",
        f"{SHA256} ; evil.example",
        "203.0.113.7 203.0.113.0/24",
        f"md5: {SHA256[:32]}, sha1: {SHA256[:40]}",
    ],
)
def test_no_value_is_lost_inside_another(line: str) -> None:
    (rejected,) = read(line).rejected

    assert rejected.why.startswith("this is more than one value;")


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        (f"{SHA256[:32]}.exe", Kind.NAME, f"{SHA256[:32]}.exe"),
        ("Công văn 12.2022 (bản sao).doc.exe", Kind.NAME, "công văn 12.2022 (bản sao).doc.exe"),
        (f"/tmp/{SHA256[:32]}/x", Kind.PATH, f"/tmp/{SHA256[:32]}/x"),
        ("Invoice.pdf       .exe", Kind.NAME, "invoice.pdf       .exe"),
        ("report.doc (1).exe", Kind.NAME, "report.doc (1).exe"),
        ("/tmp/a,b c;d", Kind.PATH, "/tmp/a,b c;d"),
        ("/dev/shm/.. /x", Kind.PATH, "/dev/shm/.. /x"),
        ("/tmp/...", Kind.PATH, "/tmp/..."),
        (r"C:\Program Files\A, B\evil.exe", Kind.PATH, r"c:\program files\a, b\evil.exe"),
        (f"http://evil.example/?h={SHA256}", Kind.URL, f"http://evil.example/?h={SHA256}"),
        ("http://evil.example/a,b;c", Kind.URL, "http://evil.example/a,b;c"),
        ("http://evil.example/?u=http://a/", Kind.URL, "http://evil.example/?u=http://a/"),
        ("/usr/local/bin/sshd", Kind.PATH, "/usr/local/bin/sshd"),
        ("/usr/lib/systemd/sshd", Kind.PATH, "/usr/lib/systemd/sshd"),
        (r"C:\Windows\Temp\svchost.exe", Kind.PATH, r"c:\windows\temp\svchost.exe"),
    ],
)
def test_one_value_that_looks_like_more_or_like_what_every_computer_has_is_taken(
    line: str, kind: Kind, value: str
) -> None:
    ioc_list = read(line)

    assert [(each.kind, each.value, each.note) for each in ioc_list.indicators] == [(kind, value, "")]


@pytest.mark.parametrize(
    ("label", "digits", "kind"),
    [
        ("md5:", 32, Kind.MD5),
        ("MD5 ", 32, Kind.MD5),
        ("sha-1=", 40, Kind.SHA1),
        ("SHA1 : ", 40, Kind.SHA1),
        ("SHA256: ", 64, Kind.SHA256),
        ("SHA-256 hash: ", 64, Kind.SHA256),
    ],
)
def test_a_hash_may_stand_after_its_label(label: str, digits: int, kind: Kind) -> None:
    ioc_list = read(label + SHA256[:digits])

    assert [(each.kind, each.value) for each in ioc_list.indicators] == [(kind, SHA256[:digits])]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"md5: {SHA256}", "the label says MD5, which has 32 hexadecimal digits, but this has 64; "),
        (f"sha256={SHA256[:63]}", "the label says SHA-256, which has 64 hexadecimal digits, but this has 63; "),
        ("SHA-1: unknown", "no hash follows the label SHA-1; write its 40 hexadecimal digits"),
        (f"md5: {SHA256[:31]}g", "this is nearly a hash, but 'g' can stand in none; look at the original"),
        (f"imphash:{SHA256[:32]}", "this sort of hash is not matched; write the MD5, SHA-1 or SHA-256 of "),
        (f"SHA512: {SHA256}{SHA256}", "this sort of hash is not matched; "),
        (f"{SHA256[:31]}g", "this is nearly a hash, but 'g' can stand in none; look at the original"),
        (f"x{SHA256[:38]}z", "this is nearly a hash, but 'x' and 'z' can stand in none; look at the original"),
        (f"{SHA256[:63]}\u0430", "this is nearly a hash, but '\u0430' can stand in none; look at the original"),
        ("/tmp/", "this is a folder; write the path of a file"),
        ("/tmp/x/..", "this is a folder; write the path of a file"),
        ("/opt/evil/", "this is a folder; write the path of a file"),
        ("/", "this is a folder; write the path of a file"),
        ("C:\\", "this is a folder; write the path of a file"),
        ("C:\\Evil\\", "this is a folder; write the path of a file"),
        ("C:", "this is a drive; write the path of a file"),
        *(
            (folder, "every Linux has this folder; write the path of a file")
            for folder in ("/bin", "/dev/shm", "/etc/cron.d", "/tmp", "/usr/bin", "/usr/lib/systemd/system", "/var/tmp")
        ),
        *(
            (folder, "every Windows has this folder; write the path of a file")
            for folder in (
                *(r"C:\Windows", r"C:\Windows\System32\drivers", r"C:\Users", r"C:\Users\Public", r"C:\ProgramData"),
                *(r"C:\Program Files", r"C:\Program Files (x86)", r"C:\Users\an\AppData\Local\Temp"),
                r"%APPDATA%\.\x\..\..\Local",
            )
        ),
        *(
            (file, "every Linux has this file; write the hash of the bad one")
            for file in (
                *("/bin/sh", "/usr/bin/bash", "/usr/bin/../bin//ls", "/usr/sbin/sshd", "/sbin/init", "/etc/passwd"),
                *("/usr/lib/systemd/systemd", "/lib/systemd/systemd-journald", "/etc/ssh/sshd_config", "/dev/null"),
            )
        ),
        (r"%windir%\System32\WindowsPowerShell\v1.0\powershell.exe", "every Windows has this file; "),
        ("*evil.example", "a '*' stands only before the first dot, alone; write *.bad.example for it and all below it"),
        ("evil.*", "a '*' stands only before the first dot, alone; "),
        ("*.e*il.example", "a '*' stands only before the first dot, alone; "),
        (r"HKLM\Software\Microsoft\Run\evil", "registry keys are not matched; "),
        (r"HKEY_CURRENT_USER\Software\evil.exe", "registry keys are not matched; "),
        (r"\REGISTRY\MACHINE\Software\evil", "registry keys are not matched; "),
        (r"mutex:Global\abc", "mutexes and pipes are not matched; "),
        (r"Global\abc", "mutexes and pipes are not matched; "),
        ("http://", "this URL has no host; write it as http://bad.example/path"),
        ("hxxps[:]//", "this URL has no host; "),
        ("http:", "a URL has '://' after its scheme; "),
        ("http:/evil.example/x", "a URL has '://' after its scheme; "),
        ("CVE-2021-44228", "a CVE names a weakness, not what an attacker left; put '# ' before it"),
        ("203.0.113.05", "this is no address, for a number in it begins with 0, which some programs read as octal; "),
        ("203.0.113.010/24", "this is no address, for a number in it begins with 0, "),
    ],
)
def test_a_rejection_says_what_is_wrong_and_what_to_do(line: str, why: str) -> None:
    ioc_list = read(line)

    assert ioc_list.indicators == ()
    assert [each.why[: len(why)] for each in ioc_list.rejected] == [why]


@pytest.mark.parametrize("line", ["203.0.113.05", "203.0.113.777"])
def test_a_rejected_address_is_told_without_naming_another(line: str) -> None:
    (rejected,) = read(line).rejected

    assert "203." not in rejected.why


@pytest.mark.parametrize(
    ("line", "value", "note"),
    [
        ("evil.example ; seen in May", "evil.example", "seen in May"),
        ("evil.example ;seen in May # twice", "evil.example", "seen in May; twice"),
        ("203.0.113.7 # worse.example", "203.0.113.7", "worse.example"),
        ("203.0.113.7 ; see worse.example", "203.0.113.7", "see worse.example"),
        ("evil.example ;", "evil.example", ""),
        ("/tmp/a ; loader", "/tmp/a", "loader"),
    ],
)
def test_a_note_begins_with_a_blank_and_its_mark(line: str, value: str, note: str) -> None:
    ioc_list = read(line)

    assert [(each.value, each.note) for each in ioc_list.indicators] == [(value, note)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (SHA256[:31], "31 hexadecimal digits"),
        (SHA256[:41], "41 hexadecimal digits"),
        (SHA256 * 2, "128 hexadecimal digits"),
        ("e258d248fda94c637536O7f7c4494ee0", "letters O, I or l"),
        (hashlib.md5(b"", usedforsecurity=False).hexdigest(), "empty or trivial"),
        (hashlib.sha256(b"test").hexdigest(), "empty or trivial"),
        ("127.0.0.1", "every computer has"),
        ("::1", "every computer has"),
        ("::ffff:127.0.0.1", "every computer has"),
        ("0.0.0.0", "every computer has"),
        ("169.254.1.1", "every computer has"),
        ("224.0.0.251", "every computer has"),
        ("127.0.0.0/8", "every computer has"),
        ("0.0.0.0/0", "too wide"),
        ("12.0.0.0/7", "too wide"),
        ("2001::/15", "too wide"),
        ("203.0.113.7/33", "no network"),
        ("010.8.1.255", "no address"),
        ("3405803783", "no address"),
        ("203.0.113.7:0", "with a port"),
        ("203.0.113.7:65536", "with a port"),
        ("203.0.113.777:443", "no address"),
        ("[bad.example]:443", "no address"),
        ("127.0.0.1:443", "every computer has"),
        ("bad.example:443", "port of a domain is not matched"),
        (hashlib.md5(b"a", usedforsecurity=False).hexdigest(), "empty or trivial"),
        ("203.0.113.7/x.png", "without its scheme"),
        ("bad.example/x.png", "without its scheme"),
        ("http://*:443/", "single word"),
        ("someone@bad.example", "mail addresses"),
        ("example", "single word"),
        ("com.vn", "everybody's names"),
        ("-bad-.example", "correct it"),
        ("bad.example, worse.example", "one value a line"),
        ("203.0.113.7 203.0.113.8", "one value a line"),
        ("bad . example", "one value a line"),
        ("Firefox 115.6", "one value a line"),
        ("svchost.exe", "every Windows has"),
        (r"C:\Windows\System32\svchost.exe", "every Windows has"),
        (r"C:\Temp\*.exe", "patterns are not matched"),
        ("/tmp/*.sh", "patterns are not matched"),
        ("*.exe", "patterns are not matched"),
        (r"\Device\HarddiskVolume2\evil.exe", "with its drive"),
        ("// a note of another language", "begin a note with '#'"),
        ("a" * (LINE_LIMIT + 1), "4097 letters"),
    ],
)
def test_a_value_that_cannot_be_used_is_rejected_with_its_text_and_what_to_do(line: str, why: str) -> None:
    ioc_list = read(f"bad.example\n{line}\n")

    (rejected,) = ioc_list.rejected
    assert (rejected.list, rejected.line, rejected.text) == ("list.txt", 2, line[:LINE_LIMIT])
    assert why in rejected.why
    assert [each.line for each in ioc_list.indicators] == [1]


def test_notes_and_blank_lines_are_counted_and_a_note_after_a_value_is_kept() -> None:
    ioc_list = read("# a list\n\n; another note\nbad.example  # seen in May\n  \nhttp://bad.example/a#b\n")

    assert ioc_list.comments == 4
    assert [(each.value, each.note) for each in ioc_list.indicators] == [
        ("bad.example", "seen in May"),
        ("http://bad.example/a", ""),
    ]


def test_a_value_written_twice_keeps_both_its_lines() -> None:
    assert [each.line for each in read("bad.example\nBAD.example\n").indicators] == [1, 2]


@pytest.mark.parametrize(
    ("text", "lines"), [("", 0), ("\n", 1), ("a.example", 1), ("a.example\n\n", 2), ("#\r\n#\r#", 3)]
)
def test_lines_are_those_an_editor_counts(text: str, lines: int) -> None:
    ioc_list = read(text)

    assert len(ioc_list.indicators) + len(ioc_list.rejected) + ioc_list.comments == lines


@given(st.text(max_size=300) | st.text(alphabet="aA1.:/\\#; \r\n[]hxtp", max_size=200))
def test_no_line_is_ever_dropped(text: str) -> None:
    ioc_list = read(text)

    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = whole.count("\n") + (not whole.endswith("\n") and whole != "")
    assert len(ioc_list.indicators) + len(ioc_list.rejected) + ioc_list.comments == lines


def test_a_list_with_too_many_lines_is_refused_as_a_whole() -> None:
    with pytest.raises(ListError, match=r"'list\.txt' has"):
        read("\n" * (LINES_LIMIT + 1))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_is_decoded_by_its_byte_order_mark_or_as_utf8(encoding: str) -> None:
    assert decode("độc.example\n".encode(encoding), path="list.txt") == "độc.example\n"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xff", "list.txt:1:1: the byte 0xff is not UTF-8"),
        ("a.example\r\nđộc: m".encode() + b"\xe3\n", "list.txt:2:7: the byte 0xe3 is not UTF-8"),
        (b"# a\rb.example # m\xe3\n", "list.txt:2:14: the byte 0xe3 is not UTF-8"),
        (b"a.example\nb\0.example\n", "list.txt:2:2: a NUL stands here, so this is no text"),
        (b"\xff\xfea", "list.txt:1:1: the byte 0x61 is not UTF-16"),
        ("\ufeffa\nb".encode("utf-16-be") + b"\xd8\0\0a", "list.txt:2:2: the byte 0xd8 is not UTF-16"),
        ("a\n".encode("utf-16-le"), "list.txt:1:2: a NUL stands here, so this is no text"),
    ],
)
def test_nothing_is_guessed_about_other_encodings_and_the_first_wrong_byte_is_told(data: bytes, sentence: str) -> None:
    with pytest.raises(ListError) as caught:
        decode(data, path="list.txt")

    assert str(caught.value) == f"{sentence}; save the list as UTF-8."


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_a_whole_list_is_read_as_it_was_when_a_person_checked_it(path: Path) -> None:
    """To renew a golden file after a wanted change, write `shown` over it and read the difference."""
    ioc_list = parse(decode(path.read_bytes(), path=path.name), name=path.name, sha256="0" * 64)
    accepted = [(each.line, f"{each.kind} {each.value}", each.note) for each in ioc_list.indicators]
    rejected = [(each.line, "rejected", each.why) for each in ioc_list.rejected]
    shown = "".join(f"{line}\t{value}\t{words}\n" for line, value, words in sorted(accepted + rejected))

    assert shown == path.with_suffix(".tsv").read_text(encoding="utf-8")
