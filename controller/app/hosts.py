"""Ask hosts for their SSH keys, and enrol those that an operator approves."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from controller.errors import HostError, OperatorError, Reason
from controller.loading import inventory as inventories
from controller.loading import pattern as patterns
from controller.loading import reach
from controller.model.fleet import Connection, Host
from controller.transports import known_hosts
from controller.transports.known_hosts import HostKey, KnownHosts, default_known_hosts, name_of
from controller.transports.ssh import SSH_PORT, fetch_host_key


class Standing(StrEnum):
    """How a host's key stands beside the file of known hosts."""

    KNOWN = "known"
    NEW = "new"
    CHANGED = "changed"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a host showed. `key` is None when it was silent; then `why` says how.

    `detail` is what known_hosts says of a key that is not known.
    """

    host: Host
    standing: Standing
    key: HostKey | None = None
    why: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the SSH hosts showed, in the order of the hosts; `keyless` counts those that are reached otherwise."""

    hosts: tuple[Scanned, ...]
    keyless: int


def scan(inventory: Path, limit: str = "", *, forks: int = 32) -> Scan:
    """Ask the SSH hosts of an inventory for their keys, without logging on.

    Raises:
        OperatorError: the inventory or the pattern is wrong, or leaves no SSH host.

    """
    loaded = inventories.load(inventory)
    chosen = patterns.select(loaded, limit or "all")
    reach.check_reach(loaded, chosen)
    hosts = [host for host in chosen if host.connection is Connection.SSH]
    if not hosts:
        raise OperatorError("no host among these is reached over SSH; widen --limit.")
    with ThreadPoolExecutor(min(forks, len(hosts))) as pool:
        return Scan(hosts=tuple(pool.map(_scanned, hosts)), keyless=len(chosen) - len(hosts))


def enrol(scanned: Sequence[Scanned]) -> int:
    """Add the new keys to the files of known hosts, and return how many were added; changed keys are never added."""
    added = 0
    for path in sorted({_file(each.host) for each in scanned}):
        entries = [
            (name_of(each.host.address, each.host.port or SSH_PORT), each.key)
            for each in scanned
            if each.key and each.standing is Standing.NEW and _file(each.host) == path
        ]
        added += known_hosts.append(path, entries)
    return added


def _scanned(host: Host) -> Scanned:
    port = host.port or SSH_PORT
    path = _file(host)
    trust = (KnownHosts.read(path) if path.exists() else KnownHosts()).about(host.address, port)
    try:
        key = fetch_host_key(host.address, port, known_types=trust.types)
    except HostError as error:
        return Scanned(host=host, standing=Standing.SILENT, why=error.reason)
    try:
        trust.check(key)
    except HostError as error:
        changed = error.reason is Reason.HOSTKEY_CHANGED
        return Scanned(host=host, standing=Standing.CHANGED if changed else Standing.NEW, key=key, detail=error.detail)
    return Scanned(host=host, standing=Standing.KNOWN, key=key)


def _file(host: Host) -> Path:
    return Path(host.known_hosts) if host.known_hosts else default_known_hosts()
