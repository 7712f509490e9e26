"""An autostart entry that is left behind is a reason of its own, beside the program that it named."""

import pytest

from controller.errors import Reason
from controller.model.result import FindingState
from controller.model.verdict import Judgement, Verdict
from controller.reports.lines import first_seen
from tests.campaigns import HASH, PROGRAM, Campaign, entry, full_look, look, process, run


def cleaned(*left: object) -> Campaign:
    """The program ran, the tool removed it, and these entries are there afterwards."""
    after = (look("processes"), look("autostart", *left), look("files"))  # type: ignore[arg-type]
    campaign = Campaign(full_look("processes")).add_list(HASH).full(processes=(process(),))
    return campaign.visit(look("processes", process()), run((PROGRAM, FindingState.REMOVED), apply=True), *after)


def test_what_ran_is_closed_and_the_entry_is_the_reason() -> None:
    assert cleaned().word == Verdict.CLEANED
    assert cleaned(entry()).state.reasons == (Reason.LEFTOVER_AUTOSTART,)


def test_a_disabled_entry_is_for_a_person_to_decide() -> None:
    state = cleaned(entry(disabled=True)).state
    assert (state.verdict, state.reasons) == (Verdict.UNKNOWN, (Reason.MATCH_REVIEW,))


def test_an_entry_that_is_listed_itself_keeps_what_ran_open() -> None:
    assert set(cleaned(entry("Run/Updater", PROGRAM, HASH)).state.reasons) >= {Reason.MATCH_FOUND}


@pytest.mark.parametrize("collector", ["autostart", "processes"])
def test_only_a_look_at_what_starts_shows_that_the_entry_is_gone(collector: str) -> None:
    campaign = cleaned(entry()).visit(look(collector))
    assert campaign.word == (Verdict.CLEANED if collector == "autostart" else Reason.LEFTOVER_AUTOSTART)


def test_a_report_shows_the_entry_that_is_left() -> None:
    judgement = Judgement(
        verdict=Verdict.INFECTED, reason=Reason.LEFTOVER_AUTOSTART, leftovers=("/etc/cron.d/a: /tmp/x",)
    )
    assert first_seen(judgement) == "/etc/cron.d/a: /tmp/x"
