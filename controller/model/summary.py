"""Counted results: what a table, a report or a page shows. Counts that do not add up cannot be built."""

from dataclasses import dataclass

from controller.model.fleet import Unit
from controller.model.verdict import Judgement, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`given` = clean + cleaned + infected + unknown; `roster` = given + outside; `done` is part of given."""

    roster: int
    given: int
    outside: int
    done: int
    clean: int
    cleaned: int
    infected: int
    unknown: int

    def __post_init__(self) -> None:
        judged = self.clean + self.cleaned + self.infected + self.unknown
        whole = all(
            value >= 0 for value in (self.outside, self.done, self.clean, self.cleaned, self.infected, self.unknown)
        )
        if not whole or judged != self.given or self.given + self.outside != self.roster or self.done > self.given:
            raise ValueError(f"counts do not add up: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLine:
    """One host in a summary. `judgement` is None when the host was outside the sweep."""

    name: str
    unit: str
    users: tuple[str, ...] | None
    judgement: Judgement | None

    @property
    def verdict(self) -> Verdict | None:
        """Its verdict, or None outside the sweep."""
        return self.judgement.verdict if self.judgement else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSummary:
    """One unit: its own hosts, and their counts. A parent unit's row holds its own hosts only."""

    unit: Unit
    counts: Counts
    hosts: tuple[HostLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSummary:
    """All units of a sweep in their order, and the total recomputed from the hosts."""

    sweeps: tuple[str, ...]
    units: tuple[UnitSummary, ...]
    total: Counts
