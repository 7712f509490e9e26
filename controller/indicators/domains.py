"""Domain names and URLs: one spelling each, in A-labels."""

import re
import unicodedata
from typing import Final

import idna

from controller.indicators.addresses import normalise_address

_LONGEST: Final = 253
# Wider than what may be registered: data smuggled out through DNS stands in labels that no registry would take.
_LABEL: Final = re.compile(r"[!-~]{1,63}")
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:([^/?#]*)@)?(\[[^\]]*\]|[^/?#:@]*)(?::([0-9]*))?([/?#].*)?")
_USUAL_PORTS: Final = {"http": 80, "https": 443, "ftp": 21}
_LAST_PORT: Final = 65535


def normalise_domain(text: str) -> str:
    """Return a name in lower case and A-labels, without the dot of the root.

    Raises:
        ValueError: it is no name of at least two labels.

    """
    name = unicodedata.normalize("NFC", text.strip()).lower()
    if not name.isascii():
        name = _ascii(name)
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(labels) == 1:
        raise ValueError("this is a single word; write a whole domain such as bad.example")
    if len(name) > _LONGEST or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("this is no domain; write it as bad.example")
    if labels[-1].isdigit():
        raise ValueError("this ends with a number like an address, but is none; correct it")
    return name


def _ascii(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError("these letters cannot stand in a domain; write its xn-- form") from error


def normalise_url(text: str) -> str:
    """Return a URL with its scheme and host normalised; the path keeps its case, the fragment and a usual port go.

    Raises:
        ValueError: it is no URL with a host.

    """
    whole = _URL.fullmatch(text.strip())
    if whole is None:
        raise ValueError("this is no URL; write it as http://bad.example/path")
    scheme, user, host, port, rest = whole.groups(default="")
    if not host:
        raise ValueError("this URL has no host; write it as http://bad.example/path")
    scheme = scheme.lower()
    if port and int(port) > _LAST_PORT:
        raise ValueError("this port does not exist; correct it")
    place = _host(host) + (f":{int(port)}" if port and int(port) != _USUAL_PORTS.get(scheme) else "")
    path = rest.partition("#")[0]
    return f"{scheme}://{user + '@' if user else ''}{place}{path if path.startswith('/') else '/' + path}"


def _host(text: str) -> str:
    if text.startswith("[") or text.replace(".", "").isdigit():
        address = normalise_address(text)
        return f"[{address}]" if ":" in address else address
    return normalise_domain(text)


def host_of(url: str) -> str:
    """Return the host of a normalised URL: a domain, or an address without brackets."""
    whole = _URL.fullmatch(url)
    return whole[3].strip("[]") if whole else ""
