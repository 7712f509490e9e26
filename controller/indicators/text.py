"""Values inside a text that a host showed: a command line, task arguments, a script, a DNS answer, a hosts line.

Text is evidence: `explorer.exe "http://bad.example/a.hta"` names a URL that no column of its own shows. What is taken
out of a text meets the lists like any other observation, so a shape that is nearly a value must not be taken for one:
the domain of a mail address, a name inside a longer name, a version number, a program's own file name.

A text is read as it was written, once more without what hides a word from people (carets of cmd.exe, backquotes,
quotes inside a word), and once more decoded where PowerShell is given it as `-EncodedCommand`, also twice over.
"""

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from controller.indicators.addresses import read_address
from controller.indicators.shape import FILE_ENDINGS
from controller.model.indicator import Kind

Found = tuple[Kind, str]

KINDS: Final = frozenset({Kind.URL, Kind.ADDRESS, Kind.ENDPOINT, Kind.DOMAIN, Kind.PATH, Kind.NAME})
"""The kinds of value that stand in texts."""

MOST_VALUES: Final = 4096
"""Values that are taken out of one text: more than a command line of 8 KB has room for, so that none is hidden."""
_REMEMBERED: Final = 20_000
"""Texts whose values are remembered: most computers of a fleet run the same programs."""
_MOST_DECODED: Final = 2
"""How often a script inside a script is decoded."""

_OPENING: Final = r"""(?<![\w@./\\%~-])"""
"""What may not stand before a value: it would be a part of something longer."""

_URL: Final = re.compile(r"(?<![\w.+-])(?!file:)[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>|^`{}\x00-\x1f]+", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}://", re.IGNORECASE)
_URL_TAIL: Final = ".,;:!?)]}'\""

_IPV4: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}"
_ADDRESS: Final = re.compile(rf"(?:{_OPENING}|(?<=@))({_IPV4})(?::(\d{{1,5}}))?(?![\w-])(?!\.\w)", re.ASCII)
_VERSION: Final = re.compile(r"(?:\bv|version|ver|build|rv|revision)[\s.:=\"']*\Z", re.IGNORECASE)
_VERSION_LETTERS: Final = 16
_BRACKETED: Final = re.compile(r"\[([0-9a-f:.]{2,45})\](?::(\d{1,5}))?", re.IGNORECASE)
_IPV6: Final = re.compile(r"(?<![\w:.%\[-])((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})(?:%\w+)?(?![\w:.])", re.IGNORECASE)

_NAME_OF_HOST: Final = r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})"
_DOMAIN: Final = re.compile(
    rf"(?:{_OPENING}|(?<=[\s\"'=(]//))({_NAME_OF_HOST}\.?)(?![\w@-])(?!\.\w)(/[^\s\"'<>|^`{{}}\x00-\x1f]*)?",
    re.IGNORECASE | re.ASCII,
)
_LOGS_ON: Final = re.compile(r"\b(?:ssh|scp|sftp|rsync|plink|pscp|psftp)\b", re.IGNORECASE)
"""Programs for which `user@bad.example` is no mail address."""
_AT_HOST: Final = re.compile(rf"(?<=\w@)({_NAME_OF_HOST})(?![\w@-])(?!\.\w)(:\d)?", re.IGNORECASE | re.ASCII)
_SHARE_HOST: Final = re.compile(r"(?<![\w\\:])\\\\([a-z0-9_.-]{1,253})(?:@\w+){0,2}(?=[\\\s\"']|$)", re.IGNORECASE)
_IS_FILE: Final = re.compile(
    rf".+\.(?:{FILE_ENDINGS}|elf|psm1|wsh|vbe|gz|inf|url|db|service|timer|target|socket|desktop|local|lock|pid|d)\.?",
    re.IGNORECASE,
)

_NAME: Final = re.compile(
    rf"(?:^|(?<=[\s\"'=(,;|&/\\]))([^\s\"'=(),;|&/\\:*?<>]+\.(?:{FILE_ENDINGS}|com|py|sh|pl|so|elf|psm1|wsh))"
    r"(?=$|[\s\"'),;|&>])",
    re.IGNORECASE,
)

_VARIABLE: Final = re.compile(r"\$\{?env:(\w{1,40})\}?|!(\w{1,40})!", re.IGNORECASE)
"""How PowerShell and cmd.exe also write `%NAME%`."""
_BEGIN: Final = (
    r"(?<![\w%])(?:[a-z]:[\\/]|(?:%[\w()]{1,40}%){1,2}[\\/]|\\\\[?.]\\unc\\|\\systemroot\\|\\\\[\w.-]+\\[\w$ .-]+\\)"
)
_WINDOWS_PATH: Final = re.compile(rf"({_BEGIN}[^\s\"'<>|?*,;&]+)", re.IGNORECASE)
_SPACED_PATH: Final = re.compile(rf"{_BEGIN}(?:[^\"'<>|?*:,;%\\\r\n\t]|\\(?!\\)){{1,300}}", re.IGNORECASE)
_ENDING: Final = re.compile(r"\.\w{1,8}(?=$|[\s&)])")
_QUOTED_PATH: Final = re.compile(rf"[\"']({_BEGIN}[^\"'<>|?*\r\n\t]+|(?:~|\$HOME)?/[^\"'\r\n\t]+)[\"']", re.IGNORECASE)
_POSIX_PATH: Final = re.compile(
    r"(?:^|(?<=[\s\"'=(,;|&<>:`]))((?:~|\$HOME|\$\{HOME\})?/(?:\\.|[^\s\"'<>|&;(),`\\\x00])+)"
)
_ESCAPED: Final = re.compile(r"\\(.)")
_INTO_FOLDER: Final = re.compile(
    r"(?:^|(?<=[\s;&|(\"'/]))"
    r"(?:(?:cd|chdir|pushd)\s+(?:/d\s+)?(?:--\s+)?|start\s+(?:\"[^\"]*\"\s+)?/d\s*|set-location\s+(?:-\w+\s+)?)"
    r"(?:\"([^\"]{1,300})\"|'([^']{1,300})'|([^\s;&|\"']{1,300}))",
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(r"(?:^|(?<=[\s;&|(\"']))(?:\.[\\/])?([^\s;&|\"'()<>/\\:=*?%$.-][^\s;&|\"'()<>:=*?]*)")

_ENCODED: Final = re.compile(
    r"(?:^|\s)[-/\u2013\u2014]e(?:c|n|nc|nco|ncod|ncode|ncoded\w*)?\s+[\"']?([A-Za-z0-9+/]{16,}={0,2})", re.IGNORECASE
)
_HIDING: Final = re.compile(r"[\^`]|(?<=[^\s\"'=,;(])(?:\"+|'+)(?=[^\s\"',;)])")
"""What a shell takes out of a word: `c^md`, `po"wers"hell`, `I``EX`."""


@lru_cache(maxsize=_REMEMBERED)
def values_in(text: str) -> tuple[Found, ...]:
    """Return the values that `text` names, each once, at most `MOST_VALUES`; they are not normalised yet."""
    found = dict.fromkeys(each for spelling in _spellings(text, _MOST_DECODED) for each in _of(spelling))
    return tuple(found)[:MOST_VALUES]


def _spellings(text: str, decodings: int) -> Iterator[str]:
    """Yield `text`, what it is without what hides its words, and the scripts inside it likewise."""
    plain = _HIDING.sub("", text)
    yield text
    if plain != text:
        yield plain
    if decodings:
        scripts = dict.fromkeys(script for each in (text, plain) for script in _decoded(each))
        for script in scripts:
            yield from _spellings(script, decodings - 1)


def _decoded(text: str) -> Iterator[str]:
    """Yield the scripts that PowerShell is given in base64 of UTF-16; of one that was cut, what is there."""
    for match in _ENCODED.finditer(text):
        letters = match[1].rstrip("=")
        whole = letters[: len(letters) - (len(letters) % 4 == 1)]
        script = base64.b64decode(whole + "=" * (-len(whole) % 4))
        yield script[: len(script) // 2 * 2].decode("utf-16-le", errors="replace")


def _of(text: str) -> Iterator[Found]:
    rest = text
    if "://" in text:
        yield from ((Kind.URL, url.rstrip(_URL_TAIL)) for match in _URL.finditer(text) for url in _urls(match[0]))
        rest = _URL.sub(" ", text)
    yield from _addresses(rest)
    yield from _domains(rest)
    yield from ((Kind.PATH, path.rstrip(".,;:)")) for path in _paths(_VARIABLE.sub(_as_percent, rest)))
    yield from ((Kind.NAME, match[1]) for match in _NAME.finditer(rest))


def _urls(text: str) -> Iterator[str]:
    """Yield a URL, and those inside it: `http://a.example/?to=http://b.example/`, `http://a.example,http://b.example`."""
    yield text
    starts = [match.start() for match in _SCHEME.finditer(text)]
    if len(starts) > 1:
        yield from (text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True))


def _addresses(text: str) -> Iterator[Found]:
    for match in _ADDRESS.finditer(text):
        if not _VERSION.search(text, max(0, match.start() - _VERSION_LETTERS), match.start()):
            yield from _with_port(match[1], match[2])
    if text.count(":") > 1:
        yield from (each for match in _BRACKETED.finditer(text) for each in _with_port(match[1], match[2]))
        yield from (each for match in _IPV6.finditer(text) for each in _with_port(match[1], None))


def _with_port(address: str, port: str | None) -> Iterator[Found]:
    try:
        read = read_address(address)
    except ValueError:  # a time, a MAC
        return
    if read.is_unspecified or read.is_loopback:  # a hosts file blocks thousands of names with one
        return
    yield Kind.ADDRESS, address
    if port:
        yield Kind.ENDPOINT, f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _domains(text: str) -> Iterator[Found]:
    """A name with a file's ending is a file, unless that ending is a top-level domain as well.

    A name with a path behind it is what `curl` takes for a URL.
    """
    for match in _DOMAIN.finditer(text):
        if not _IS_FILE.fullmatch(match[1]):
            yield Kind.DOMAIN, match[1]
            if match[2]:
                yield Kind.URL, f"http://{match[0].rstrip(_URL_TAIL)}"
    if "@" in text:
        logs_on = _LOGS_ON.search(text)
        yield from ((Kind.DOMAIN, match[1]) for match in _AT_HOST.finditer(text) if logs_on or match[2])
    for match in _SHARE_HOST.finditer(text) if "\\\\" in text else ():
        if re.fullmatch(_IPV4, match[1], re.ASCII):
            yield Kind.ADDRESS, match[1]
        elif "." in match[1].strip("."):
            yield Kind.DOMAIN, match[1]


def _paths(text: str) -> Iterator[str]:
    for pattern in (_QUOTED_PATH, _WINDOWS_PATH):
        yield from (match[1] for match in pattern.finditer(text))
    for match in _SPACED_PATH.finditer(text):
        yield from (match[0][: ending.end()] for ending in _ENDING.finditer(match[0]))
    for match in _POSIX_PATH.finditer(text):
        path = _ESCAPED.sub(r"\1", match[1])
        yield path
        first, *others = path.split(":/")
        yield from (first, *(f"/{each}" for each in others)) if others else ()
    yield from _in_folders(text)


def _in_folders(text: str) -> Iterator[str]:
    """Yield what `cd /opt/x && ./y` may start: each word behind a folder, in it."""
    folders = list(_INTO_FOLDER.finditer(text))
    for place, match in enumerate(folders):
        folder = (match[1] or match[2] or match[3]).rstrip("\\/")
        end = folders[place + 1].start() if place + 1 < len(folders) else len(text)
        separator = "/" if folder.startswith(("/", "~", "$")) else "\\"
        yield from (f"{folder}{separator}{word[1]}" for word in _RELATIVE.finditer(text, match.end(), end))


def _as_percent(variable: "re.Match[str]") -> str:
    return f"%{variable[1] or variable[2]}%"
