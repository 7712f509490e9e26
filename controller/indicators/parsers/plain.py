"""The plain list: one value a line, told by its shape; `#` and `;` begin notes."""

import codecs
import re
from collections.abc import Iterator
from typing import Final

from controller.errors import ListError, Where
from controller.indicators.addresses import read_network
from controller.indicators.guard import refuse_everywhere
from controller.indicators.normalise import DIGITS, normalise
from controller.indicators.refang import refang, visible
from controller.model.indicator import Indicator, IocList, Kind, Rejected

LINE_LIMIT: Final = 4096
"""Letters in a line; a longer one is rejected."""
LINES_LIMIT: Final = 2_000_000
"""Lines in a list; a longer one is refused as a whole."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOTE: Final = re.compile(r"\s#")
_QUOTES: Final = "\"'\u201c\u201d"
_PATH: Final = re.compile(r"[A-Za-z]:[\\/]|\\|/|%\w|csidl_\w+\\|(?:system32|syswow64|sysnative)\\", re.IGNORECASE)
_HEX: Final = re.compile(r"[0-9A-Fa-f]{24,}")
_RETYPED_HASH: Final = re.compile(r"(?=(?:\D*\d){6})[0-9A-Fa-fOoIl]{30,66}")
_ADDRESS: Final = re.compile(r"[0-9.]+|\[?[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%\w+)?\]?")
_ENDPOINT: Final = re.compile(r"[0-9.]+:[0-9]+|\[.*\]:[0-9]+")
_PORT: Final = re.compile(r"[^/:]+:[0-9]+")
_SEPARATOR: Final = re.compile(r"[\s,;|]")
_STRICT_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_LAST_LABEL: Final = re.compile(r"[a-z]{2,}|xn--[a-z0-9-]+")
# Endings of files that are no top-level domains; `.com`, `.sh`, `.py`, `.zip` are, and stay domains.
_FILE_NAME: Final = re.compile(
    r".*\.(?:7z|apk|aspx?|bak|bat|bin|cfg|chm|class|cmd|conf|cpl|dat|dll|doc[mx]?|drv|exe|gif|hta|html?|img|ini|iso"
    r"|jar|jpg|jse?|json|jsp|lnk|log|msi|ocx|pdf|php|pif|png|pptx?|ps1|rar|reg|scr|sct|sys|tmp|txt|vb[es]|wsf|xls[mx]?"
    r"|xml)",
    re.IGNORECASE,
)


def parse(text: str, *, name: str, sha256: str) -> IocList:
    """Read a plain list; a value that stands in it twice is kept twice, each with its line.

    Raises:
        ListError: it has more than `LINES_LIMIT` lines.

    """
    lines = _lines(text)
    if len(lines) > LINES_LIMIT:
        raise ListError(f"'{name}' has {len(lines)} lines; split it, a list has at most {LINES_LIMIT}")
    read = tuple(_read(lines, name))
    indicators = tuple(each for each in read if isinstance(each, Indicator))
    rejected = tuple(each for each in read if isinstance(each, Rejected))
    return IocList(
        name=name,
        sha256=sha256,
        indicators=indicators,
        rejected=rejected,
        comments=len(lines) - len(read),
    )


def decode(data: bytes, *, path: str) -> str:
    """Return the text of a list: by its byte order mark, else UTF-8. Nothing is guessed.

    Raises:
        ListError: it is neither, or holds a NUL; the place is that of the first wrong byte.

    """
    mark, encoding = next(((mark, each) for mark, each in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    body = data.removeprefix(mark)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        wrong = f"the byte 0x{body[error.start]:02x} is not {encoding[:6].upper()}"
        before = body[: error.start].decode(encoding)
    else:
        if "\0" not in text:
            return text
        wrong, before = "a NUL stands here, so this is no text", text.partition("\0")[0]
    lines = _lines(before + "?")  # one letter for what could not be read
    raise ListError(f"{wrong}; save the list as UTF-8.", where=Where(path, len(lines), len(lines[-1])))


def _lines(text: str) -> list[str]:
    """Return the lines that an editor counts."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n") if text else []


def _read(lines: list[str], name: str) -> Iterator[Indicator | Rejected]:
    """Yield one result for each line that is neither blank nor a note."""
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_LIMIT:
            why = f"this line has {len(line)} letters; at most {LINE_LIMIT}, write one value a line"
            yield Rejected(list=name, line=number, text=line[:LINE_LIMIT], why=why)
            continue
        value, note = _split(line)
        if not value:
            continue
        try:
            kind, value = _classify(value)
            refuse_everywhere(kind, value)
        except ValueError as error:
            yield Rejected(list=name, line=number, text=line.strip(), why=str(error))
        else:
            yield Indicator(kind=kind, value=value, list=name, line=number, note=note)


def _split(line: str) -> tuple[str, str]:
    """Part a line into its value and its note; the value is empty for a blank line or a note alone."""
    whole = visible(line)
    if whole.startswith(("#", ";")):
        return "", whole[1:].strip()
    value, *note = _NOTE.split(whole, maxsplit=1)
    return value.strip(" \t" + _QUOTES), "".join(note).strip()


def _classify(raw: str) -> tuple[Kind, str]:
    """Tell what a value is by its shape, and return its one spelling.

    Raises:
        ValueError: it is nothing we can look for; the message says what to do.

    """
    if _PATH.match(raw):
        return Kind.PATH, _one_path(raw)
    value = refang(raw)
    if "://" in value:
        return Kind.URL, normalise(Kind.URL, value)
    if _HEX.fullmatch(value):
        return _hash(value)
    if _ADDRESS.fullmatch(value.partition("/")[0]) or _ENDPOINT.fullmatch(value):
        return _address(value)
    _refuse_near_misses(value)
    if _FILE_NAME.fullmatch(value):
        return Kind.NAME, _one_name(value)
    return Kind.DOMAIN, _domain(value)


def _one_path(raw: str) -> str:
    if raw.startswith("//") and not raw.startswith("//?/"):
        raise ValueError("this begins with '//'; begin a note with '#', or a path with one '/'")
    path = normalise(Kind.PATH, raw.replace("[.]", "."))
    if path.startswith("/") and ("*" in path or "?" in path):
        raise ValueError("patterns are not matched; write the path of one file")
    return path


def _one_name(value: str) -> str:
    if "\\" in value:
        raise ValueError("this is the end of a path; write the whole path with its drive, or the file name alone")
    if "*" in value or "?" in value:
        raise ValueError("patterns are not matched; write one file name")
    return normalise(Kind.NAME, value)


def _hash(value: str) -> tuple[Kind, str]:
    for kind, digits in DIGITS.items():
        if len(value) == digits:
            return kind, normalise(kind, value)
    raise ValueError(
        f"this has {len(value)} hexadecimal digits; MD5 has 32, SHA-1 has 40, SHA-256 has 64: look at the original"
    )


def _address(value: str) -> tuple[Kind, str]:
    if _ENDPOINT.fullmatch(value):
        return Kind.ENDPOINT, normalise(Kind.ENDPOINT, value)
    if "/" not in value:
        return Kind.ADDRESS, normalise(Kind.ADDRESS, value)
    if not value.rpartition("/")[2].isdecimal():
        raise ValueError("this looks like a URL without its scheme; write http:// or https:// before it")
    network = read_network(value)
    alone = network.num_addresses == 1
    return (Kind.ADDRESS, str(network.network_address)) if alone else (Kind.NETWORK, str(network))


def _refuse_near_misses(value: str) -> None:
    """Say what is wrong with what is nearly a hash, a URL or an address, before it is called a bad domain."""
    if _RETYPED_HASH.fullmatch(value):
        raise ValueError("this is a hash with the letters O, I or l for digits; look at the original")
    if _PORT.fullmatch(value):
        raise ValueError("the port of a domain is not matched; write the domain alone")
    if "/" in value:
        raise ValueError("this looks like a URL without its scheme; write http:// or https:// before it")
    if "@" in value:
        raise ValueError("mail addresses are not matched; write the domain if that is meant")


def _domain(value: str) -> str:
    """Normalise a domain; a list must be stricter than what hosts may show. `*.x` and `.x` mean x and all below it."""
    if _SEPARATOR.search(value):
        raise ValueError("this is more than one value; write one value a line, and ' # ' before a note")
    domain = normalise(Kind.DOMAIN, value.removeprefix("*").removeprefix("."))
    *labels, last = domain.split(".")
    if not all(map(_STRICT_LABEL.fullmatch, labels)) or not _LAST_LABEL.fullmatch(last):
        raise ValueError("this is no hash, address, URL, path, file name or domain; correct it")
    return domain
