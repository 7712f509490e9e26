"""Every time that a computer showed something that is in force."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from controller.campaign.facts import HASHES, Asked, HistoryId, HostFacts
from controller.campaign.records import Meeting, Order, RowRecord
from controller.model.case import MatchKey
from controller.model.indicator import Grade, Kind

FILE_COLLECTORS: Final = frozenset({"files", "processes"})
"""Collectors whose object is a file, and which read its content."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One row, or one item that was listed and not read, in one look."""

    asked: Asked
    row: RowRecord
    grade: Grade = Grade.INFO

    @property
    def infects(self) -> bool:
        """Whether it makes the computer infected, or only keeps open what another sighting opened."""
        return self.grade.infects

    @property
    def order(self) -> Order:
        """When its look was sent and committed."""
        return self.asked.order


Sightings = dict[tuple[MatchKey, HistoryId], list[Sighting]]
"""The sightings of each match on each machine, oldest first, one for each look."""


def sightings(facts: HostFacts) -> Sightings:
    """Return what met a value in force, and what was listed again at a place where a file was met by its hash."""
    met: Sightings = {}
    for asked in facts.looks:
        for row, meeting in _meetings(asked):
            if meeting.value in facts.force and meeting.grade.weighs:
                key = MatchKey(meeting.value, asked.look.collector, row.object)
                _add(met, key, Sighting(asked, row, meeting.grade))
    _add_listed_again(facts, met)
    return {key: sorted(each, key=lambda sighting: sighting.order.rank) for key, each in met.items()}


def derives(facts: HostFacts, key: MatchKey) -> bool:
    """Say whether the path of this match is looked for, too: a file that was met by its hash."""
    is_file = key.value[0] in HASHES and key.collector in FILE_COLLECTORS
    return is_file and not facts.is_harmless(key)


def _meetings(asked: Asked) -> Iterator[tuple[RowRecord, Meeting]]:
    for row in asked.look.rows:
        for meeting in row.meetings:
            yield row, meeting
    for item in asked.look.unread:
        for meeting in item.meetings:
            yield RowRecord(object=item.name), meeting


def _add(met: Sightings, key: MatchKey, sighting: Sighting) -> None:
    known = met.setdefault((key, sighting.asked.history), [])
    if all(each.asked.look is not sighting.asked.look for each in known):
        known.append(sighting)


def _add_listed_again(facts: HostFacts, met: Sightings) -> None:
    """A file that is listed and not read may still be what it was: that is another sighting.

    Of the match itself in the same collector; in another one, of the path that follows from a match by hash.
    """
    files = [(key, history) for key, history in met if key.collector in FILE_COLLECTORS]
    derived = {(key.object, history) for key, history in files if derives(facts, key)}
    by_place: dict[tuple[str, str, HistoryId], list[MatchKey]] = {}
    for key, history in files:
        by_place.setdefault((key.collector, key.object, history), []).append(key)
    for asked in facts.looks:
        collector = asked.look.collector
        if collector not in FILE_COLLECTORS:
            continue
        names = {item.name for item in asked.look.unread}
        if asked.look.question.only != "names":  # such a look reads no file, and has nothing to say of contents
            names |= {row.object for row in asked.look.rows if not row.hashed}
        for name in sorted(names):
            again = by_place.get((collector, name, asked.history), [])
            if not again and (name, asked.history) in derived:
                again = [MatchKey((Kind.PATH, name), collector, name, derived=True)]
            for key in again:
                grade = Grade.PROBABLE if key.derived else Grade.INFO
                _add(met, key, Sighting(asked, RowRecord(object=name), grade))
