"""The figures of one unit's report, counted from its computers; figures that contradict each other cannot be built."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controller.model.indicator import Kind, Match
from controller.model.result import Finding
from controller.model.summary import HostLine
from controller.model.verdict import Judgement, Verdict

_NETWORK = frozenset({Kind.ADDRESS, Kind.ENDPOINT, Kind.NETWORK, Kind.DOMAIN, Kind.URL})
_CONTACTS = frozenset({"connections", "dns_cache"})
"""The collectors that show a contact; a command that names a bad address has not called it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is said of `roster` computers.

    `done`: every task ended, every look saw everything. `people_done`: people all of whose computers here are done;
    None when the inventory does not name the users of every computer. `settled`: clean, cleaned or infected.
    `found`: computers where anything was found at any time, a weak sign alone excepted; `cleaned`: those where
    nothing of it is left. `malware`: findings, distinct by computer, threat and object, of `threats` kinds; `closed`:
    those handled and confirmed. `indicators`: distinct ones of the lists that were met; `contacts`: computers that
    met a malicious address or domain.
    """

    roster: int
    done: int
    people_done: int | None
    settled: int
    clean: int
    found: int
    cleaned: int
    malware: int
    threats: int
    closed: int
    indicators: int
    contacts: int

    def __post_init__(self) -> None:
        orders = (
            (self.roster, self.done),
            (self.roster, self.settled),
            (self.settled, self.clean),
            (self.roster, self.found + self.clean),
            (self.found, self.cleaned),
            (self.found, self.contacts),
            (self.malware, self.closed),
            (self.malware, self.threats),
        )
        if any(more < less for more, less in orders):
            raise ValueError(f"figures contradict each other: {self}")


def count(hosts: Sequence[HostLine]) -> Figures:
    """Count the computers of one unit; those outside the sweep are in the roster and nowhere else."""
    judged = [(line.name, line.judgement) for line in hosts if line.judgement]
    verdicts = [judgement.verdict for _, judgement in judged]
    malware = {key for name, judgement in judged for key in _keys(name, judgement.findings)}
    open_ones = {key for name, judgement in judged for key in _keys(name, _open(judgement))}
    return Figures(
        roster=len(hosts),
        done=sum(judgement.done for _, judgement in judged),
        people_done=_people_done(hosts),
        settled=sum(verdict is not Verdict.UNKNOWN for verdict in verdicts),
        clean=verdicts.count(Verdict.CLEAN),
        found=sum(was_found(judgement) for _, judgement in judged),
        cleaned=verdicts.count(Verdict.CLEANED),
        malware=len(malware),
        threats=len({threat for _, threat, _ in malware}),
        closed=len(malware - open_ones),
        indicators=len({(match.kind, match.value) for _, judgement in judged for match in _strong(judgement)}),
        contacts=sum(any(map(_is_contact, _strong(judgement))) for _, judgement in judged),
    )


def was_found(judgement: Judgement) -> bool:
    """Say whether anything was found at any time; a detection of an unfinished visit is still a detection."""
    if judgement.verdict in {Verdict.CLEANED, Verdict.INFECTED}:
        return True
    return bool(judgement.findings) or any(True for _ in _strong(judgement))


def _strong(judgement: Judgement) -> Iterator[Match]:
    return (match for match in (*judgement.met, *judgement.matches) if match.grade.infects)


def _is_contact(match: Match) -> bool:
    return match.kind in _NETWORK and match.collector in _CONTACTS


def _open(judgement: Judgement) -> Sequence[Finding]:
    return [finding for finding in judgement.findings if finding not in judgement.closed]


def _keys(host: str, findings: Sequence[Finding]) -> set[tuple[str, str, str]]:
    """Two tools that found one thing found one thing."""
    return {(host, finding.threat, finding.object) for finding in findings}


def _people_done(hosts: Sequence[HostLine]) -> int | None:
    if not hosts or any(line.users is None for line in hosts):
        return None
    done: dict[str, bool] = defaultdict(lambda: True)
    for line in hosts:
        for user in line.users or ():
            done[user] = done[user] and line.judgement is not None and line.judgement.done
    return sum(done.values())
