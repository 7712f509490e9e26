"""What is said of a computer by the results of its visits alone, without a store."""

from collections.abc import Callable, Sequence

from controller.app.history import Source, known
from controller.app.verdicts import judgement_of
from controller.campaign.records import FullLookTask, Lists, Meeting
from controller.campaign.state import state_of
from controller.model.fleet import Platform
from controller.model.indicator import Observation
from controller.model.result import Attempt
from controller.model.sweep import Visit
from controller.model.verdict import Judgement
from tests.visits import a_collector


def meets_nothing(seen: Observation) -> tuple[Meeting, ...]:
    """No list is in force."""
    return ()


def judge(
    attempts: Sequence[Attempt],
    tasks: Sequence[FullLookTask] = (),
    *,
    lists: Lists | None = None,
    met: Callable[[Observation], tuple[Meeting, ...]] = meets_nothing,
    platform: Platform = Platform.LINUX,
) -> Judgement:
    """Judge a computer by its attempts, oldest first, with their commit numbers as they are."""
    visits = [Visit(sweep="s1", row=number, attempt=each) for number, each in enumerate(attempts, start=1)]
    source = Source(
        platform=platform,
        met=met,
        is_hit=lambda _: True,
        answer=lambda piece: piece.data,
        observed=lambda visit: {place: look.observations for place, look in enumerate(visit.attempt.looks)},
        collector=a_collector,
    )
    records = known(visits, (), source)
    state = state_of(records.history, lists or Lists(), tasks)
    return judgement_of(state, records, visits, {})
