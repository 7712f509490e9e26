"""What a campaign follows on a computer until it is settled: matches, findings, autostart entries left behind."""

from dataclasses import dataclass

from controller.model.indicator import Kind

Value = tuple[Kind, str]
"""The kind and the normalised text of an indicator."""


@dataclass(frozen=True, slots=True)
class MatchKey:
    """A match: value, collector and object. `derived` is the path of a file that was met by its hash."""

    value: Value
    collector: str
    object: str
    derived: bool = False


@dataclass(frozen=True, slots=True)
class FindingKey:
    """A finding of a tool, or of the computer's own `antivirus`."""

    tool: str
    threat: str
    object: str


@dataclass(frozen=True, slots=True)
class LeftoverKey:
    """An autostart entry that names a met path or a finding's object."""

    entry: str
    image: str


CaseKey = MatchKey | FindingKey | LeftoverKey
