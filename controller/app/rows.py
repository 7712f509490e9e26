"""What the rows of an answer are for the rules of a campaign: which object each is about, and which values it meets."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from controller.campaign.questions import is_inside
from controller.campaign.records import Meeting, RowRecord
from controller.collectors import answer as answers
from controller.model.case import Value
from controller.model.collector import CollectorSpec, Row
from controller.model.fleet import Platform
from controller.model.indicator import Kind, Observation

Met = Callable[[Observation], tuple[Meeting, ...]]
"""What an observation meets, of all list versions that ever came into force."""

MOMENTARY: Final = frozenset({"processes", "connections"})
"""Collectors all of whose rows show a moment."""

_DEVICES: Final = ("\\\\?\\unc\\", "\\\\?\\", "\\??\\", "\\\\.\\")


def place_of(path: str, platform: Platform) -> str:
    """Return a path as the rules compare it: with `/` between folders, on Windows in small letters."""
    text = unicodedata.normalize("NFC", path)
    if platform is not Platform.WINDOWS:
        return text.rstrip("/") or text[:1]
    small = unicodedata.normalize("NFC", text.lower()).replace("/", "\\")
    for device in _DEVICES:
        if small.startswith(device):
            small = ("\\\\" if device.endswith("unc\\") else "") + small.removeprefix(device)
            break
    return small.replace("\\", "/")


@dataclass(frozen=True, slots=True)
class Places:
    """How the paths of one computer are compared; `links` are folders that it reaches by another name, resolved."""

    platform: Platform
    links: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, path: str) -> str:
        """Return a path as the rules compare it."""
        place = place_of(path, self.platform)
        holding = [link for link in self.links if is_inside(place, link)]
        if not holding:
            return place
        link = max(holding, key=len)
        return self.links[link].rstrip("/") + place[len(link.rstrip("/")) :]


def object_of(collector: str, row: Row, place: Places) -> str:
    """Return what tells a row apart over several looks (campaign rules, end of section 3).

    The path; else location and name of an entry, the endpoint, or the name.
    """
    match collector:
        case "files" | "processes":
            return place(str(row["path"])) or str(row.get("name", ""))
        case "autostart":
            return f"{row['location']} {row['name']}"
        case "connections":
            return f"{row['remote_address']}:{row['remote_port']}"
        case "dns_cache":
            return str(row["name"] or row["alias"] or row["blocked"])
        case _:
            return " ".join(str(value) for value in row.values())


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row for the rules, for people the observations that met each value, of a file its type, and its path."""

    record: RowRecord
    shown: tuple[tuple[Value, Observation], ...] = ()
    type: str = ""
    path: str = ""


def read_rows(
    spec: CollectorSpec, rows: Sequence[Row], seen: Iterable[Observation], met: Met, place: Places
) -> Iterator[ReadRow]:
    """Yield each row that speaks of the host; `seen` are the observations of these rows.

    Rows without a meeting are there too: that an object is listed, and what an entry names, decides as well.
    """
    by_row: dict[int, list[tuple[Meeting, Observation]]] = {}
    for each in seen:
        if each.row is not None:
            by_row.setdefault(each.row, []).extend((meeting, each) for meeting in met(each))
    for number, row in enumerate(rows, start=1):
        if not answers.speaks_of_the_host(row):
            continue
        pairs = by_row.get(number, ())
        record = RowRecord(
            object=object_of(spec.name, row, place),
            meetings=tuple(dict.fromkeys(meeting for meeting, _ in pairs)),
            image="" if spec.name in {"files", "dns_cache"} else place(str(row.get("path", ""))),
            hashed=bool(row.get("sha256")),
            content=str(row.get("sha256", "")),
            volatile=spec.name in MOMENTARY or row.get("source") == "cache",
            disabled=row.get("enabled") is False,
        )
        shown = tuple((meeting.value, each) for meeting, each in pairs)
        yield ReadRow(record, shown, type=str(row.get("type", "")), path=str(row.get("path", "")))


def from_observations(spec: CollectorSpec, seen: Iterable[Observation], met: Met, place: Places) -> Iterator[ReadRow]:
    """Yield what is left of the rows of an answer that cannot be read again: nothing that was met is lost."""
    by_where: dict[str, list[Observation]] = {}
    for each in seen:
        by_where.setdefault(each.where, []).append(each)
    for where, group in by_where.items():
        paths = [place(each.value) for each in group if each.kind is Kind.PATH]
        pairs = [(meeting, each) for each in group for meeting in met(each)]
        record = RowRecord(
            object=paths[0] if paths and spec.name in {"files", "processes"} else where,
            meetings=tuple(dict.fromkeys(meeting for meeting, _ in pairs)),
            image=paths[0] if paths and spec.name not in {"files", "dns_cache"} else "",
            hashed=any(each.kind is Kind.SHA256 for each in group),
            volatile=spec.name in MOMENTARY,
        )
        yield ReadRow(record, tuple((meeting.value, each) for meeting, each in pairs))


def is_relevant(row: ReadRow, places: Collection[str]) -> bool:
    """Say whether the rules ask for a row: it meets something, or is about one of `places`."""
    return bool(row.record.meetings) or row.record.object in places or row.record.image in places
