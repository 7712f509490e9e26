"""Internet addresses and networks: one spelling each, as text and as numbers."""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LEADING_ZERO: Final = re.compile(r"(?=(?:[0-9]+\.)*0[0-9])[0-9]+(?:\.[0-9]+){3}")
_PREFIX: Final = re.compile(r"[0-9]{1,3}")
_MAPPED_BITS: Final = 96
_ENDPOINT: Final = re.compile(r"(\[.*\]|[^:]*):([0-9]{1,5})")
_LAST_PORT: Final = 65535


def read_address(text: str) -> Address:
    """Read one address; a zone id and brackets fall away, and IPv4 inside IPv6 is IPv4.

    Raises:
        ValueError: it is none. Octets with leading zeros are refused: some programs read them as octal.

    """
    bare = text.strip().removeprefix("[").removesuffix("]").partition("%")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError as error:
        raise ValueError(_what_is_wrong(bare)) from error
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _what_is_wrong(bare: str) -> str:
    if _LEADING_ZERO.fullmatch(bare):
        return (
            "this is no address, for a number in it begins with 0, which some programs read as octal; "
            "look at the original, and write it without that 0 if it is decimal"
        )
    return "this is no address; IPv4 has four numbers from 0 to 255, IPv6 looks like 2001:db8::7, look at the original"


def read_network(text: str) -> Network:
    """Read `address/bits`; bits of the host part are cut off, and IPv4 inside IPv6 is IPv4.

    Raises:
        ValueError: it is none.

    """
    start, _, bits = text.strip().partition("/")
    address = read_address(start)
    prefix = int(bits) if _PREFIX.fullmatch(bits) else -1
    if ":" in start and isinstance(address, IPv4Address):
        prefix -= _MAPPED_BITS
    if not 0 <= prefix <= address.max_prefixlen:
        raise ValueError("this is no network; write it as 203.0.113.0/24 or 2001:db8::/64")
    return ipaddress.ip_network(f"{address}/{prefix}", strict=False)


def normalise_address(text: str) -> str:
    """Return the one spelling of an address."""
    return str(read_address(text))


def normalise_network(text: str) -> str:
    """Return the one spelling of a network, always with its bits."""
    return str(read_network(text))


def normalise_endpoint(text: str) -> str:
    """Return the one spelling of an address with its port: `203.0.113.7:443`, `[2001:db8::7]:443`.

    Raises:
        ValueError: it is none.

    """
    whole = _ENDPOINT.fullmatch(text.strip())
    if not whole or not 1 <= int(whole[2]) <= _LAST_PORT:
        raise ValueError("this is no address with a port; write it as 203.0.113.7:443 or [2001:db8::7]:443")
    address = read_address(whole[1])
    return f"[{address}]:{int(whole[2])}" if address.version == 6 else f"{address}:{int(whole[2])}"


def address_of(endpoint: str) -> Address:
    """Return the address of a normalised endpoint."""
    return read_address(endpoint.rpartition(":")[0])
