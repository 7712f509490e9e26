"""Which values must never be looked for, because they would be found everywhere."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from controller.indicators.addresses import address_of, read_address, read_network
from controller.model.indicator import Kind

_WIDEST: Final = {4: 8, 6: 16}
# Published lists do hold the hashes of empty files, of single letters and of the word `test`.
_TRIVIAL: Final = (b"", *(bytes([each]) for each in range(256)), b"\r\n", b"test", b"test\n", b"test\r\n")
_TRIVIAL_HASHES: Final = frozenset(
    hashlib.new(name, content, usedforsecurity=False).hexdigest()
    for name in ("md5", "sha1", "sha256")
    for content in _TRIVIAL
)
# The second labels under which registries of countries sell names (com.vn, co.uk).
_REGISTRY_LABELS: Final = frozenset(
    {"ac", "biz", "co", "com", "edu", "gov", "health", "info", "int", "mil", "name", "net", "org", "pro"}
)
_COUNTRY_LETTERS: Final = 2
_WINDOWS_OWN: Final = frozenset(
    f"{name}.exe"
    for name in (
        *("cmd", "conhost", "cscript", "csrss", "ctfmon", "dllhost", "explorer", "lsass", "msiexec", "mshta"),
        *("powershell", "regsvr32", "rundll32", "searchindexer", "services", "sihost", "smss", "spoolsv", "svchost"),
        *("notepad", "taskhostw", "taskmgr", "wininit", "winlogon", "wmiprvse", "wscript"),
    )
) | {"kernel32.dll", "ntdll.dll", "user32.dll"}
_WINDOWS_FOLDERS: Final = frozenset({r"c:\windows", r"c:\windows\system32", r"c:\windows\syswow64"})


def refuse_everywhere(kind: Kind, value: str) -> None:
    """Let a normalised value pass unless it is found on every computer.

    Raises:
        ValueError: it must not be looked for; the message says why, and what to do.

    """
    if check := _CHECKS.get(kind):
        check(value)


def _address(value: str) -> None:
    address = read_address(value)
    if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
        raise ValueError("every computer has this address; remove it")


def _endpoint(value: str) -> None:
    _address(str(address_of(value)))


def _network(value: str) -> None:
    network = read_network(value)
    if network.prefixlen < _WIDEST[network.version]:
        raise ValueError(
            f"this network is too wide; at most /{_WIDEST[network.version]}, write the parts that are meant"
        )
    _address(str(network.network_address))


def _hash(value: str) -> None:
    if value in _TRIVIAL_HASHES:
        raise ValueError("this is the hash of an empty or trivial file; remove it")


def _domain(value: str) -> None:
    first, _, last = value.partition(".")
    if first in _REGISTRY_LABELS and len(last) == _COUNTRY_LETTERS:
        raise ValueError("everybody's names stand below this one; write the whole domain")


def _name(value: str) -> None:
    if value in _WINDOWS_OWN:
        raise ValueError("every Windows has a program of this name; write its path or its hash")


def _path(value: str) -> None:
    folder, _, name = value.rpartition("\\")
    if folder in _WINDOWS_FOLDERS and name in _WINDOWS_OWN:
        raise ValueError("every Windows has this file; write the hash of the bad one")


_CHECKS: Final[Mapping[Kind, Callable[[str], None]]] = {
    Kind.ADDRESS: _address,
    Kind.ENDPOINT: _endpoint,
    Kind.NETWORK: _network,
    Kind.MD5: _hash,
    Kind.SHA1: _hash,
    Kind.SHA256: _hash,
    Kind.DOMAIN: _domain,
    Kind.NAME: _name,
    Kind.PATH: _path,
}
