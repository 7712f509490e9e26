"""What is said of one computer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.errors import Reason
from controller.model.collector import Unread
from controller.model.indicator import Match
from controller.model.result import Fault, Finding


class Verdict(StrEnum):
    """What we may honestly say about one host."""

    CLEAN = "clean"
    CLEANED = "cleaned"
    INFECTED = "infected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A computer's state over the campaign, as reports show it.

    `reason` is there exactly when the verdict is infected or unknown; `reasons` are all that hold. `done` says that
    every task of the campaign's playbook has a complete run. `matches` are open, `met` are those of all time: a report
    tells what was found even where nothing of it is left. `findings` are all of them in their newest state, `closed`
    those that are handled and confirmed so; `leftovers` are autostart entries that name what was found. `noted` are
    matches that weigh nothing (`Grade.INFO`); they are neither in `matches` nor in `met`. `unread` counts the items
    that the newest look of each question could not read, `unread_items` names the first of them; `missing_roots` are
    the folders that these looks were to start from and that do not exist. `broke` is what kept the newest visit from
    its end where that is not the reason, `broken_since` the time of the first of the visits since which none ended.
    `asks_starts` says that something is open which only a look at `autostart` can close, `asks_folders` the folders of
    the programs behind it. `replaced` are open matters of a machine that had the name before. `retired` computers leave
    the figures. `reached` says that some machine ever answered under its name.
    """

    verdict: Verdict
    reason: Reason | None = None
    detail: str = ""
    done: bool = False
    matches: tuple[Match, ...] = ()
    findings: tuple[Finding, ...] = ()
    unread: int = 0
    unread_items: tuple[Unread, ...] = ()
    missing_roots: tuple[str, ...] = ()
    met: tuple[Match, ...] = ()
    closed: tuple[Finding, ...] = ()
    leftovers: tuple[str, ...] = ()
    noted: tuple[Match, ...] = ()
    broke: Fault | None = None
    broken_since: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    asks_starts: bool = False
    asks_folders: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    retired: bool = False
    reached: bool = False

    def __post_init__(self) -> None:
        if (self.reason is None) != (self.verdict in {Verdict.CLEAN, Verdict.CLEANED}):
            raise ValueError(f"verdict '{self.verdict}' with reason {self.reason!r}")
