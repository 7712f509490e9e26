"""Hold what the demo says against what its lab knows: verdicts, figures of the forms, and what is on the computers."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from controller.errors import LamsachError, Reason
from controller.lab.end_state import end_state
from controller.lab.expected import Step
from controller.lab.layout import JOB, TRUTH
from controller.model.summary import SweepSummary
from controller.model.verdict import Verdict
from controller.reports.aggregate import within
from controller.reports.figures import Figures


class DemoDiffersError(LamsachError):
    """The demo's result is not what its lab knows to be right."""

    code = "demo"


class JobTruth:
    """What the lab in a folder knows of the main job. Each method yields a sentence for every difference."""

    def __init__(self, lab: Path) -> None:
        self._lab = lab
        self._job: Mapping[str, Any] = json.loads((lab / JOB).read_text(encoding="utf-8"))
        self._computers: Mapping[str, Any] = json.loads((lab / TRUTH).read_text(encoding="utf-8"))

    def verdicts(self, summary: SweepSummary, step: Step) -> Iterator[str]:
        """Compare the verdict and the reason of every computer after a step."""
        right: Mapping[str, Any] = self._job["steps"][step]
        judged = {line.name: line.judgement for row in summary.units for line in row.hosts}
        for name in sorted(right.keys() | judged.keys()):
            judgement, expected = judged.get(name), right.get(name)
            got = {"verdict": judgement.verdict, "reason": judgement.reason} if judgement else None
            if got != expected:
                yield f"{name} after '{step}': expected {expected}, got {got}"

    def figures(self, summary: SweepSummary, figures: Mapping[str, Figures]) -> Iterator[str]:
        """Compare computers, found and handled in the form of each unit; `figures` are by the unit's id."""
        right: Mapping[str, Any] = self._job["steps"][Step.REPORT]
        for unit, its in figures.items():
            names = [line.name for row in within(summary, unit).units for line in row.hosts]
            verdicts = [right[name]["verdict"] for name in names]
            handled = verdicts.count(Verdict.CLEANED)
            expected = (len(names), verdicts.count(Verdict.INFECTED) + handled, handled)
            got = (its.roster, its.found, its.cleaned)
            if got != expected:
                yield f"form of '{unit}': expected computers, found, handled {expected}, got {got}"

    def computers(self) -> Iterator[str]:
        """Compare what is on every computer: malware and autostart entries that are left, and starts of the tool."""
        for name, right in sorted(self._job["computers"].items()):
            got = asdict(end_state(self._lab / self._computers[name]["folder"]))
            if got != right:
                yield f"on the computer {name}: expected {right}, got {got}"


def agree(differences: Iterable[str]) -> None:
    """Go on when there are no differences.

    Raises:
        DemoDiffersError: it names them all.

    """
    if found := "; ".join(differences):
        late = "; on a busy machine: lamsach demo --first-answer 20" if Reason.HOST_TIMEOUT in found else ""
        raise DemoDiffersError(f"the demo differs from what its lab knows to be right: {found}{late}.")
