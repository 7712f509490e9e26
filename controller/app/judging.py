"""Judge all hosts of a sweep from what the store holds."""

from collections.abc import Mapping, Sequence

from controller.errors import Reason
from controller.model.identity import twins
from controller.model.result import Attempt
from controller.model.verdict import Judgement, Verdict, judge
from controller.store.ledger import Ledger


def judged(ledger: Ledger, sweep: str) -> Mapping[str, Judgement]:
    """Return what may be said of each host that has a finished attempt."""
    return judged_attempts(ledger.attempts(sweep))


def judged_attempts(attempts: Mapping[str, Sequence[Attempt]]) -> Mapping[str, Judgement]:
    """Judge each host by its attempts; names that turned out to be one machine are unknown, all of them."""
    others = twins(attempts)
    return {host: _twin(others[host]) if host in others else judge(visits) for host, visits in attempts.items()}


def _twin(others: Sequence[str]) -> Judgement:
    return Judgement(verdict=Verdict.UNKNOWN, reason=Reason.IDENTITY_TWICE, detail=f"it is '{others[0]}' too")
