"""A start of a program on a host, committed before the first byte of it goes out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.model.result import ToolMode


class IntentState(StrEnum):
    """What the controller knows of a start."""

    BEGUN = "begun"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One start: which tool, in which mode, for which task of which attempt. `run_id` is made by the controller."""

    run_id: str
    sweep: str
    host: str
    attempt: int
    task: int
    tool: str
    sha256: str
    mode: ToolMode
    roots: tuple[str, ...]
    begun: datetime
    state: IntentState = IntentState.BEGUN
