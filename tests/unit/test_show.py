"""What `lamsach show` prints of a store: what a host said is never raw, and nothing that was kept is left out."""

from dataclasses import replace

from click.testing import CliRunner, Result

from controller.cli import cli
from controller.errors import Reason
from controller.model.indicator import Grade
from controller.model.result import Attempt, Fault
from controller.model.sweep import HostJob
from controller.store.ledger import Ledger
from controller.tasks.look import kept
from tests.builders import a_finding, a_look, a_match, a_result, a_run, an_attempt
from tests.office import Office
from tests.summaries import HOSTILE
from tests.sweeping import begun, course, each_says, go, silent

RAW = HOSTILE.encode(errors="surrogatepass")


def showing(office: Office, *words: str) -> Result:
    return CliRunner().invoke(cli, ["show", *words, "--store", str(office.folder / "lamsach.db")])


def is_harmless(text: str) -> bool:
    return not set(text) & set("\x1b\r\t\0\u202e\u2028\ud800")


def test_nothing_a_host_said_reaches_the_terminal_raw(office: Office, ledger: Ledger) -> None:
    looked = a_look(
        replace(a_match(), where=HOSTILE, seen=HOSTILE),
        answer=kept(RAW),
        gone=(HOSTILE,),
        there=(HOSTILE,),
    )
    ran = a_run(a_finding(path=HOSTILE), log=kept(RAW + b"\nsecond line"))
    task = replace(
        a_result(looked, ran), plan=(HOSTILE,), notes=(HOSTILE,), fault=Fault(Reason.CLEANER_FAILED, HOSTILE)
    )

    def hostile(job: HostJob) -> Attempt:
        attempt = an_attempt(task, host=job.host.name)
        return replace(attempt, notes=(HOSTILE,), fault=Fault(Reason.CONNECTION_LOST, HOSTILE))

    sweep = begun(office, ledger)
    go(course(office, ledger, sweep), ledger, each_says(pc_01=hostile))

    whole = showing(office, "pc-01")
    log, answer = (showing(office, "pc-01", "--kept", number) for number in "12")

    assert {each.exit_code for each in (whole, answer, log)} == {0}
    assert is_harmless(whole.stdout + answer.stdout + log.stdout)
    assert whole.stdout.count("=cmd|") == 11
    assert answer.stdout.startswith('=cmd|"/C calc"!A0;\\x09')
    assert log.stdout.splitlines()[-1] == "second line"


def test_every_visit_is_shown_and_a_match_that_weighs_nothing_is_told_beside_clean(
    office: Office, ledger: Ledger
) -> None:
    visitor = replace(a_match(grade=Grade.INFO), where="inbound 203.0.113.9", seen="203.0.113.9")
    seen = an_attempt(a_result(a_look(visitor)), number=2)
    go(course(office, ledger, begun(office, ledger, limit="pc-01")), ledger, silent)
    go(course(office, ledger, begun(office, ledger, limit="pc-01")), ledger, lambda _: seen)

    lines = showing(office, "pc-01").stdout.splitlines()

    assert lines[1] == "clean"
    assert [line for line in lines if line.startswith("visit")] == [
        "visit 1, 2022-09-15 12:00:00 to 12:00:00 UTC",
        "visit 2, 2022-09-15 12:00:00 to 12:00:00 UTC",
    ]
    assert "  ended by reach.timeout: nothing answered" in lines
    assert any("info: sha256" in line and line.endswith("in inbound 203.0.113.9") for line in lines)


def test_a_computer_that_was_not_visited_yet_says_so(office: Office, ledger: Ledger) -> None:
    begun(office, ledger)

    assert "unknown: host.pending: it has not been visited yet" in showing(office, "pc-01").stdout
