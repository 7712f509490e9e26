"""What the store knows of one computer in one sweep, and the raw answers and logs it rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controller.app.campaign import Campaign
from controller.errors import OperatorError
from controller.model.decision import Note
from controller.model.result import Attempt, Evidence
from controller.model.sweep import Visit
from controller.model.text import shown
from controller.model.verdict import Judgement
from controller.store.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRecord:
    """Every visit to one host and every note on it, oldest first, and its state over all of them.

    `evidence` holds digests only, each once, in the order it was kept.
    """

    host: str
    judgement: Judgement
    visits: tuple[Visit, ...]
    notes: tuple[Note, ...]
    evidence: tuple[Evidence, ...]


def record_of(ledger: Ledger, host: str, sweep: str = "") -> HostRecord:
    """Return what the store holds of `host`; `sweep` (an id, a unique beginning, or `last`) narrows the visits.

    Raises:
        OperatorError: there is no such sweep, or no roster has that host.

    """
    campaign = Campaign(ledger)
    if host not in campaign.every:
        raise OperatorError(
            f"no inventory of this store has a computer '{shown(host)}'; "
            "'lamsach report --format csv -o FOLDER' lists the computers."
        )
    visits = ledger.visits(host)
    if sweep:
        wanted = ledger.resolve(sweep)
        visits = tuple(visit for visit in visits if visit.sweep == wanted)
    return HostRecord(
        host=host,
        judgement=campaign.judgements([host])[host],
        visits=visits,
        notes=tuple(each for each in ledger.decisions(host) if isinstance(each, Note)),
        evidence=tuple(dict.fromkeys(_evidence([visit.attempt for visit in visits]))),
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
