"""One spelling per value: the same function at import and for what a host said, or nothing would ever match."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from controller.indicators.addresses import normalise_address, normalise_endpoint, normalise_network
from controller.indicators.domains import normalise_domain, normalise_url
from controller.indicators.paths import normalise_name, normalise_path
from controller.model.indicator import Kind

DIGITS: Final[Mapping[Kind, int]] = {Kind.MD5: 32, Kind.SHA1: 40, Kind.SHA256: 64}
"""How many hexadecimal digits each sort of hash has."""

_HEX: Final = re.compile(r"[0-9a-f]+")


def normalise(kind: Kind, text: str) -> str:
    """Return the one spelling of a value of this kind; doing it twice changes nothing.

    Raises:
        ValueError: it cannot be one. The message says why, and what to write instead.

    """
    return _BY_KIND[kind](text)


def _hash(kind: Kind, text: str) -> str:
    digest = text.strip().lower()
    if len(digest) != DIGITS[kind] or not _HEX.fullmatch(digest):
        raise ValueError(f"this is no {kind.upper()}; it has {DIGITS[kind]} hexadecimal digits, correct it")
    return digest


_BY_KIND: Final[Mapping[Kind, Callable[[str], str]]] = {
    Kind.ADDRESS: normalise_address,
    Kind.ENDPOINT: normalise_endpoint,
    Kind.VISITOR: normalise_address,
    Kind.NETWORK: normalise_network,
    Kind.DOMAIN: normalise_domain,
    Kind.URL: normalise_url,
    Kind.PATH: normalise_path,
    Kind.NAME: normalise_name,
    **{kind: partial(_hash, kind) for kind in DIGITS},
}
