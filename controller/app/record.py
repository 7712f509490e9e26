"""What the store knows of one computer in one sweep, and the raw answers and logs it rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controller.app.judging import attempts_of, judged_attempts
from controller.errors import OperatorError, Reason
from controller.model.result import Attempt, Evidence
from controller.model.sweep import Sweep
from controller.model.text import shown
from controller.model.verdict import Judgement, Verdict
from controller.store.ledger import Ledger

_PENDING = Judgement(verdict=Verdict.UNKNOWN, reason=Reason.HOST_PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRecord:
    """The attempts of one host in one sweep, oldest first, and what they are judged to mean.

    `evidence` holds digests only, each once, in the order it was kept.
    """

    sweep: Sweep
    host: str
    judgement: Judgement
    attempts: tuple[Attempt, ...]
    evidence: tuple[Evidence, ...]


def record_of(ledger: Ledger, sweep: str, host: str) -> HostRecord:
    """Return what `sweep` (an id, a unique beginning, or `last`) holds of `host`.

    Raises:
        OperatorError: there is no such sweep, or it was not to visit that host.

    """
    found = ledger.sweep(ledger.resolve(sweep))
    if host not in {entry.name for entry in found.roster if entry.given}:
        raise OperatorError(
            f"sweep {found.id} was not to visit '{shown(host)}'; "
            "'lamsach report --format csv -o FOLDER' lists the computers of a sweep."
        )
    attempts = attempts_of(ledger, found.id)
    return HostRecord(
        sweep=found,
        host=host,
        judgement=judged_attempts(attempts, ledger.identity_changes()).get(host, _PENDING),
        attempts=attempts.get(host, ()),
        evidence=tuple(dict.fromkeys(_evidence(attempts.get(host, ())))),
    )


def kept_data(ledger: Ledger, record: HostRecord, number: int) -> bytes:
    """Return the raw answer or log that is the `number`-th piece of evidence, counted from 1.

    Raises:
        OperatorError: there is none of that number.

    """
    if not 1 <= number <= len(record.evidence):
        raise OperatorError(f"'{shown(record.host)}' has {len(record.evidence)} kept pieces; none has number {number}.")
    return ledger.blob(record.evidence[number - 1].sha256)


def _evidence(attempts: Sequence[Attempt]) -> Iterator[Evidence]:
    for attempt in attempts:
        if attempt.refused:
            yield attempt.refused
        for task in attempt.tasks:
            yield from task.evidence
