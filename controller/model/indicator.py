"""What we look for, what we saw, and where the two met."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """The sorts of value an indicator or an observation can hold.

    An endpoint is an address with a port. A visitor is an address that connected to the host by itself; it is only
    ever observed.
    """

    ADDRESS = "address"
    ENDPOINT = "endpoint"
    VISITOR = "visitor"
    NETWORK = "network"
    DOMAIN = "domain"
    URL = "url"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PATH = "path"
    NAME = "name"


class Grade(StrEnum):
    """How much a match says. Confirmed and probable infect; suspect alone asks for a person; info is only told."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    SUSPECT = "suspect"
    INFO = "info"

    @property
    def infects(self) -> bool:
        """Whether one such match makes a host infected."""
        return self in {Grade.CONFIRMED, Grade.PROBABLE}

    @property
    def weighs(self) -> bool:
        """Whether a verdict takes notice of one."""
        return self is not Grade.INFO


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One value to look for, already normalised, with the list and line that name it.

    `list` is the file's name; `list_path` and `list_sha256` tell lists of one name and versions of one list apart.
    `written` is a path as the list spells it, which may name one user; empty for other kinds.
    """

    kind: Kind
    value: str
    list: str
    line: int
    note: str = ""
    written: str = ""
    list_path: str = ""
    list_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A line of a list that could not be used, and why."""

    list: str
    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IocList:
    """One list as it was read: accepted + rejected + comments = all its lines."""

    name: str
    sha256: str
    indicators: tuple[Indicator, ...]
    rejected: tuple[Rejected, ...] = ()
    comments: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value seen on one host, as the host wrote it. Collectors observe; they never judge.

    `where` says in a few words which row it came from (`pid 812 /tmp/x`). `row` is the number of that row in the
    answer, counted from 1, so that the whole row can be read again in the kept answer; the same value in two rows is
    one observation, with the first of them. None for what a store kept before it had the numbers.
    """

    kind: Kind
    value: str
    collector: str
    where: str = ""
    row: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An indicator seen on a host (STIX calls this a sighting).

    `list_path`, `list_sha256` and `place` name the value in the very version of the list; `place` is the line in a
    plain list. They are empty in what a store kept before it had them.
    """

    kind: Kind
    value: str
    list: str
    line: int
    collector: str
    seen: str
    where: str = ""
    grade: Grade = Grade.CONFIRMED
    list_path: str = ""
    list_sha256: str = ""
    place: str = ""
