"""The summary as one JSON object, for programs."""

import json
from typing import Final

from controller.model.collector import Unread
from controller.model.indicator import Kind, Match
from controller.model.result import Finding
from controller.model.summary import Counts, SweepSummary, UnitSummary
from controller.model.text import shown_json
from controller.model.verdict import Judgement
from controller.reports.lines import whole_detail

_Object = dict[str, object]

_MOST_UNREAD: Final = 20
"""Of a host's unread items, so many are named; `lamsach show` has all that it named."""

_HASHES: Final = frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256})


def write(summary: SweepSummary) -> bytes:
    r"""Return UTF-8 JSON, keys always in the same order. A host's own text is kept whole, its controls as `\uNNNN`.

    `sweep` holds the sweep's id; several ids are joined by commas, oldest first. `hosts` are those that were given.
    `matches` are open, `met` those of all time; `not_reached_since` is the time of the first of the visits since which
    none ended.
    """
    document = {
        "sweep": ",".join(summary.sweeps),
        "units": [_unit(row) for row in summary.units],
        "total": _counts(summary.total),
        "hosts": [
            _host(line.name, line.unit, line.judgement) for row in summary.units for line in row.hosts if line.judgement
        ],
    }
    return shown_json(json.dumps(document, ensure_ascii=False, indent=2)).encode() + b"\n"


def _unit(row: UnitSummary) -> _Object:
    return {"id": row.unit.id, "name": row.unit.name, **_counts(row.counts)}


def _counts(counts: Counts) -> _Object:
    return {
        "roster": counts.roster,
        "given": counts.given,
        "outside": counts.outside,
        "done": counts.done,
        "clean": counts.clean,
        "cleaned": counts.cleaned,
        "infected": counts.infected,
        "unknown": counts.unknown,
    }


def _host(name: str, unit: str, judgement: Judgement) -> _Object:
    return {
        "name": name,
        "unit": unit,
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "detail": whole_detail(judgement),
        "unread": judgement.unread,
        "unread_items": [_unread(each) for each in judgement.unread_items[:_MOST_UNREAD]],
        "missing_roots": list(judgement.missing_roots),
        "matches": [_match(match) for match in judgement.matches],
        "findings": [_finding(finding) for finding in judgement.findings],
        "reasons": list(judgement.reasons),
        "leftovers": list(judgement.leftovers),
        "met": [_match(match) for match in judgement.met],
        "not_reached_since": judgement.broken_since.isoformat() if judgement.broken_since else None,
        "not_reached_why": judgement.broke.reason if judgement.broke else None,
        "replaced": list(judgement.replaced),
    }


def _unread(item: Unread) -> _Object:
    return {"kind": item.kind, "path": item.path, "error": item.error}


def _match(match: Match) -> _Object:
    return {
        "kind": match.kind,
        "value": match.value,
        "list": match.list,
        "line": match.line,
        "collector": match.collector,
        "seen": _seen(match),
        "grade": match.grade,
        "list_path": match.list_path,
        "list_sha256": match.list_sha256,
        "place": match.place,
    }


def _seen(match: Match) -> str:
    """What the host wrote; of a hash, where it was: the hash again leads nobody to the file."""
    return match.where if match.kind in _HASHES and match.where else match.seen


def _finding(finding: Finding) -> _Object:
    return {"tool": finding.tool, "threat": finding.threat, "object": finding.object, "state": finding.state}
