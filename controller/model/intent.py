"""A start of a program on a host, committed before the first byte of it goes out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.model.playbook import CleanArguments
from controller.model.result import Identity, ToolMode, ToolRun


class IntentState(StrEnum):
    """What the controller knows of a start. `controller.engine.journal` says who changes it, and when."""

    BEGUN = "begun"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One start: which tool, in which mode, for which task of which attempt. `run_id` is made by the controller.

    `machine` is what the computer said it is when it was given the start; None in stores of older programs.
    """

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
    machine: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStart:
    """A start that one attempt made or took over. `run` is its end, there when `intent.state` is finished.

    `taken` says that another attempt made it; `intent` is then what the attempt that took it over asked for. `began` is
    the number of the commit of the start, 0 in what revision 0001 kept.
    """

    intent: Intent
    run: ToolRun | None = None
    taken: bool = False
    began: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStart:
    """A start whose end is not known yet. `arguments` are those of its own task, by which its log is read.

    `held` says that another living process is in the middle of the visit that made it.
    """

    intent: Intent
    arguments: CleanArguments
    held: bool = False
