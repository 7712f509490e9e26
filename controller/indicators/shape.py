"""What a value of a list is: told by its shape, or refused with what is wrong and what to do."""

import re
from typing import Final

from controller.indicators.addresses import read_network
from controller.indicators.hashes import HEX_WORD, part_sum, read_hash
from controller.indicators.normalise import normalise
from controller.indicators.refang import refang
from controller.model.indicator import Kind

_PATH: Final = re.compile(
    r"[A-Za-z]:[\\/]|\\|/|~/|\$(?:HOME|\{HOME\})/|%\w|csidl_\w+\\|(?:system32|syswow64|sysnative)\\", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"[0-9.]+|\[?[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%\w+)?\]?")
_ENDPOINT: Final = re.compile(r"[0-9.]+:[0-9]+|\[.*\]:[0-9]+")
_STRICT_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_LAST_LABEL: Final = re.compile(r"[a-z]{2,}|xn--[a-z0-9-]+")
FILE_ENDINGS: Final = (
    "7z|apk|aspx?|bak|bat|bin|cfg|chm|class|cmd|conf|cpl|dat|dll|doc[mx]?|drv|exe|gif|hta|html?|img|ini|iso"
    "|jar|jpg|jse?|json|jsp|lnk|log|msi|ocx|pdf|php|pif|png|pptx?|ps1|rar|reg|scr|sct|sys|tmp|txt|vb[es]|wsf|xls[mx]?"
    "|xml"
)
"""A pattern for endings of files that are no top-level domains; `.com`, `.sh`, `.py`, `.zip` are, and stay domains."""
_FILE_NAME: Final = re.compile(rf".*\.(?:{FILE_ENDINGS})", re.IGNORECASE)
# What stands beside a hash and is no indicator itself: a path, a word without a dot, an ending that scripts have.
_FILE_BESIDE: Final = re.compile(
    r"\*[^.].*|(?:[A-Za-z]:|\.{1,2}|[\w-]*|%\w+%)[\\/].*|[^\s.:]+|\S+\.(?:elf|gz|ko|pl|py|sh|so|zip)", re.IGNORECASE
)
_FOLDER: Final = re.compile(r"[\\/]\.{0,2}\Z")
_REGISTRY: Final = re.compile(
    r"(?:computer\\)?hk(?:ey_\w+|lm|cu|cr|u|cc)(?::?[\\/].*)?|\\?registry\\(?:machine|user)\b.*", re.IGNORECASE
)
# Two values on one line, where the shape of one would swallow the other.
_SEPARATOR: Final = re.compile(r"[\s,;|]")
_TWO_URLS: Final = re.compile(r"\s|[,;|](?:\w+://|[0-9A-Fa-f]{30,}\b)")
_TWO_PATHS: Final = re.compile(
    rf"\t|\s[,;|]|[\s,;|](?:[A-Za-z]:[\\/]|\w+://)|[,;|]/|{HEX_WORD}"
    r"|\s/(?:bin|boot|dev|etc|home|lib|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)/"
    r"|\s[0-9]+(?:\.[0-9]+){3}(?![^\s,;|:])"
)
_TWO_NAMES: Final = re.compile(
    rf"[,;|\t]|{HEX_WORD}"
    r"|(?<!\S)(?:[0-9]+(?:\.[0-9]+){3}|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\s+(?![\s.(])"
)
_TWO: Final = "this is more than one value; write one value a line, and ' # ' before a note"
_NO_SCHEME: Final = "this looks like a URL without its scheme; write http:// or https:// before it"
# What is nearly a value, or a sort that is not matched; the first that fits is told.
_MISSES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), why)
    for pattern, why in (
        (
            r"(?:mutex|mutant|(?:named )?pipe)\s*[:=].*|(?:global|local)\\.*",
            "mutexes and pipes are not matched; write the path or the hash of the program that makes it",
        ),
        (r"CVE-[0-9]{4}-[0-9]+", "a CVE names a weakness, not what an attacker left; put '# ' before it"),
        (r"[a-z]:", "this is a drive; write the path of a file"),
        (r"(?:https?|ftp):(?!//).*", "a URL has '://' after its scheme; write it as http://bad.example/path"),
        (r"[^/:\s,;|]+:[0-9]+", "the port of a domain is not matched; write the domain alone"),
        (r"[^/\s,;|]*/.*", _NO_SCHEME),
        (r"[^@\s,;|]*@.*", "mail addresses are not matched; write the domain if that is meant"),
    )
)


def classify(raw: str) -> tuple[Kind, str]:
    """Tell what a value is by its shape, and return its one spelling.

    Raises:
        ValueError: it is nothing we can look for; the message says what to do.

    """
    if _REGISTRY.fullmatch(raw):
        raise ValueError("registry keys are not matched; write the path or the hash of the program that the key starts")
    if _PATH.match(raw):
        return Kind.PATH, _one_path(raw)
    value = refang(raw)
    if "://" in value:
        return Kind.URL, _one_url(value)
    if found := read_hash(value):
        return found
    if _ADDRESS.fullmatch(value.partition("/")[0]) or _ENDPOINT.fullmatch(value):
        return _address(value)
    _refuse_misses(value)
    if _FILE_NAME.fullmatch(value):
        return Kind.NAME, _one_name(value)
    return Kind.DOMAIN, _domain(value)


def part_file(value: str) -> tuple[str, str]:
    """Part a line of `sha256sum` and its like into the hash and the file name; any other value stays whole."""
    digest, beside = part_sum(value) or (value, "")
    is_file = _FILE_BESIDE.fullmatch(beside) or _FILE_NAME.fullmatch(beside)
    if not is_file or _TWO_NAMES.search(beside) or _TWO_PATHS.search(beside):
        return value, ""
    return digest, beside.removeprefix("*")


def holds_values(text: str) -> bool:
    """Whether the whole, or every word, is a value that could be looked for, so that this can be no note."""
    words = _SEPARATOR.sub(" ", refang(text)).split()
    return _is_value(text.strip()) or (bool(words) and all(map(_is_value, words)))


def _is_value(text: str) -> bool:
    try:
        classify(text)
    except ValueError:
        return False
    return True


def _refuse_misses(value: str) -> None:
    for miss, why in _MISSES:
        if miss.fullmatch(value):
            raise ValueError(why)


def _one_path(raw: str) -> str:
    if raw.startswith("//") and not raw.startswith("//?/"):
        raise ValueError("this begins with '//'; begin a note with '#', or a path with one '/'")
    text = raw.replace("[.]", ".")
    if _TWO_PATHS.search(text):
        raise ValueError(_TWO)
    if _FOLDER.search(text):
        raise ValueError("this is a folder; write the path of a file")
    path = normalise(Kind.PATH, text)
    if path.startswith(("/", "~")) and ("*" in path or "?" in path):
        raise ValueError("patterns are not matched; write the path of one file")
    return path


def _one_url(value: str) -> str:
    if _TWO_URLS.search(value):
        raise ValueError(_TWO)
    return normalise(Kind.URL, value)


def _one_name(value: str) -> str:
    if _TWO_NAMES.search(value):
        raise ValueError(_TWO)
    if "\\" in value:
        raise ValueError("this is the end of a path; write the whole path with its drive, or the file name alone")
    if "*" in value or "?" in value:
        raise ValueError("patterns are not matched; write one file name")
    return normalise(Kind.NAME, value)


def _address(value: str) -> tuple[Kind, str]:
    if _ENDPOINT.fullmatch(value):
        return Kind.ENDPOINT, normalise(Kind.ENDPOINT, value)
    if "/" not in value:
        return Kind.ADDRESS, normalise(Kind.ADDRESS, value)
    if not value.rpartition("/")[2].isdecimal():
        raise ValueError(_NO_SCHEME)
    network = read_network(value)
    alone = network.num_addresses == 1
    return (Kind.ADDRESS, str(network.network_address)) if alone else (Kind.NETWORK, str(network))


def _domain(value: str) -> str:
    """Normalise a domain; a list must be stricter than what hosts may show. `*.x` and `.x` mean x and all below it."""
    if _SEPARATOR.search(value):
        raise ValueError(_TWO)
    name = value[1:] if value.startswith("*.") else value
    if "*" in name:
        raise ValueError("a '*' stands only before the first dot, alone; write *.bad.example for it and all below it")
    domain = normalise(Kind.DOMAIN, name.removeprefix("."))
    *labels, last = domain.split(".")
    if not all(map(_STRICT_LABEL.fullmatch, labels)) or not _LAST_LABEL.fullmatch(last):
        raise ValueError("this is no hash, address, URL, path, file name or domain; correct it")
    return domain
