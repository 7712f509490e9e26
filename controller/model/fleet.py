"""Who we look after: units, their hosts, and the inventory that lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

from controller.errors import Where


class Platform(StrEnum):
    """What a host runs; decides which script it is sent."""

    LINUX = "linux"
    WINDOWS = "windows"


class Connection(StrEnum):
    """How a host is reached."""

    SSH = "ssh"
    PSRP = "psrp"


class Secret:
    """A value that never prints, pickles or copies itself. Only `controller.transports` reveals it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere; pass the name of it")

    def __eq__(self, other: object) -> bool:
        """Say whether two secrets are one, without showing either."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def reveal(self) -> str:
        """Return the real value."""
        return self._value


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An organisation that owns hosts and reports on them (`lamsach_unit`).

    `name_lines` breaks the name for a letterhead; `parent` is the id of the unit above or empty;
    `order` places it in tables (protocol order, not the alphabet); `headcount` is who should.
    """

    id: str
    name: str
    name_lines: tuple[str, ...] = ()
    kind: str = ""
    parent: str = ""
    order: int = 0
    place: str = ""
    signer_title: str = ""
    headcount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order that a campaign carries out (`lamsach_order`); it is data, never a constant."""

    number: str = ""
    date: str = ""
    basis: tuple[str, ...] = ()
    addressee: str = ""
    deadline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One computer, and how it is reached.

    `secret` is where its password stands (`env:NAME`, `file:PATH`), never the password; empty means keys only.
    `local_account` says that its account is its own, so that a refusal locks nobody else.
    `sysroot` is a mounted disk to look at instead of the running system.
    `tls` and `ca_file` (a file of certificates to trust; empty: the system's) are for PSRP.
    `users` are the people who use it; None when the inventory does not say.
    `unit` is the id of the deepest unit that owns it, or empty.
    """

    name: str
    address: str
    connection: Connection = Connection.SSH
    port: int | None = None
    user: str = ""
    secret: str = ""
    key_file: str = ""
    known_hosts: str = ""
    tls: bool = False
    ca_file: str = ""
    local_account: bool = False
    become: bool = False
    sysroot: str = ""
    users: tuple[str, ...] | None = None
    unit: str = ""

    @property
    def platform(self) -> Platform:
        """The platform follows from the way in: PSRP is Windows, SSH is not."""
        return Platform.WINDOWS if self.connection is Connection.PSRP else Platform.LINUX


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of hosts; `hosts` are its own, `children` the names of the groups below it."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Every unit and every host, in the order of the file; the denominator of every report.

    `groups` holds all groups by name, `all` and `ungrouped` included, as Ansible sees them.
    `variables` are a host's merged variables, for `inventory list` only; they are never stored. `places` says,
    for the same hosts and names, where each was set.
    `digest` is the SHA-256 of everything that was read.
    """

    path: str
    digest: str
    hosts: tuple[Host, ...]
    units: tuple[Unit, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict, hash=False)
    order: Order | None = None
    variables: Mapping[str, Mapping[str, object]] = field(default_factory=dict, hash=False, repr=False)
    places: Mapping[str, Mapping[str, Where]] = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """A host as a sweep remembers it: named fields only. `given` says whether the sweep was to visit it."""

    name: str
    unit: str
    platform: Platform
    users: tuple[str, ...] | None = None
    given: bool = True
