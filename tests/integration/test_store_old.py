"""A store that the program of revision 0001 wrote: everything in it is still there, in the new form.

`tests/data/stores/revision-0001.db.zst` is a lab of 16 computers, swept as a dry run to the end and then with
`--apply`, killed while the tool ran on three of them; two refused logons of the account `quantri` were noted.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from controller.app.campaign import Campaign
from controller.app.rereading import Reread, reread
from controller.errors import Reason
from controller.model.logon import Logon
from controller.model.result import Identity
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger

KEPT = Path(__file__).parents[1] / "data" / "stores" / "revision-0001.db.zst"
DRY_RUN, KILLED = "20261201-041907-c7f6", "20261201-041944-4561"
UNDER_WAY = ("nh-pc04", "sd-pc04", "tp-pc05")


def unpacked(kept: Path) -> bytes:
    """Return the bytes of a store that is kept compressed."""
    return zstandard.ZstdDecompressor().decompress(kept.read_bytes(), max_output_size=1 << 22)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("old") / "lamsach.db"
    path.write_bytes(unpacked(KEPT))
    return path


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(path, create=False) as ledger:
        yield ledger


def test_sweeps_visits_and_open_starts_are_all_there(ledger: Ledger) -> None:
    assert [(line.id, line.finished) for line in ledger.sweeps()] == [(KILLED, 4), (DRY_RUN, 16)]
    assert {each.host for each in ledger.open_attempts(KILLED)} == set(UNDER_WAY)
    assert ledger.hosts_under_way() == UNDER_WAY
    assert [len(ledger.open_starts(KILLED, host)) for host in UNDER_WAY] == [1, 1, 1]


def test_verdicts_are_what_they_were(ledger: Ledger) -> None:
    verdicts = {host: judgement.verdict for host, judgement in Campaign(ledger).judgements().items()}

    infected = {host for host, verdict in verdicts.items() if verdict is Verdict.INFECTED}
    clean = {host for host, verdict in verdicts.items() if verdict is Verdict.CLEAN}
    assert infected == {"tp-pc01", "sd-kế-toán", "sd-pc04", "tp-pc05"}
    assert clean == {"cuc-pc01", "sd-pc01", "tp-kế-toán", "nh-pc03", "cuc-kế-toán", "nh-pc04", "sd-pc05"}


def test_visits_are_in_the_order_of_their_times_and_new_commits_come_after_them(ledger: Ledger) -> None:
    looks = [
        (attempt.ended, look)
        for attempts in ledger.attempts(DRY_RUN).values()
        for attempt in attempts
        for look in attempt.looks
    ]

    numbers = [look.committed for _, look in sorted(looks, key=lambda each: each[0])]
    assert len(numbers) > 20
    assert numbers == sorted(numbers)
    assert all(0 < look.began < look.committed <= ledger.latest_commit() for _, look in looks)


def test_observations_are_there_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "lamsach.db"
    path.write_bytes(unpacked(KEPT))
    with Ledger.open(path, create=False) as ledger:
        seen = ledger.observations(DRY_RUN, "tp-pc01", 1)

    assert any(each.value == "/var/tmp/.cap-nhat/kworkerd" for each in seen)
    assert {each.row for each in seen} == {None}


def test_every_answer_that_the_old_program_kept_is_read_again(tmp_path: Path) -> None:
    """Nothing that it saw is lost, each value has its row, and texts are read."""
    path = tmp_path / "lamsach.db"
    path.write_bytes(unpacked(KEPT))
    with Ledger.open(path) as ledger:
        before = {host: ledger.observations(DRY_RUN, host, 1) for host in ledger.attempts(DRY_RUN)}
        looks = ledger.readings().older

        done = reread(ledger, lambda *_: None)

        after = {host: ledger.observations(DRY_RUN, host, 1) for host in before}
    assert looks > 20
    assert done == Reread(done=looks)
    for host, seen in before.items():
        assert {(each.kind, each.value) for each in seen} <= {(each.kind, each.value) for each in after[host]}
        assert None not in {each.row for each in after[host]}
    assert sum(map(len, after.values())) > sum(map(len, before.values()))


def test_refused_logons_still_count(ledger: Ledger) -> None:
    asking = Logon(account="quantri", proof="new", host="", begun=datetime(2026, 12, 1, 4, 20, tzinfo=UTC))

    assert len(ledger.standing(asking, timedelta(minutes=30)).refusals) == 2


def test_a_start_of_the_old_program_can_be_ended_by_the_new_one(ledger: Ledger) -> None:
    (start,) = ledger.open_starts(KILLED, "nh-pc04")

    ledger.interrupt(start.intent.run_id)

    assert ledger.open_starts(KILLED, "nh-pc04") == ()
    assert ledger.hosts_under_way() == ("sd-pc04", "tp-pc05")


def test_what_an_old_record_shows_of_a_machine_is_what_is_known_of_it(ledger: Ledger) -> None:
    known = ledger.identity("tp-pc01")
    assert known
    another = replace(known, uuid="4c4c4544-0042-3510-8051-b4c04f4e4d32", macs=())

    assert known.uuid
    assert known.serial
    assert known.macs
    assert _doubt(ledger, "tp-pc01", known) is None
    assert _doubt(ledger, "tp-pc01", another) is Reason.IDENTITY_MISMATCH
    assert _doubt(ledger, "tp-pc01", replace(known, uuid="", serial="", macs=())) is Reason.IDENTITY_UNSURE
    assert _doubt(ledger, "tp-pc09", known) is Reason.IDENTITY_TWICE


def _doubt(ledger: Ledger, host: str, answer: Identity) -> Reason | None:
    found = ledger.recognise(host, answer, ("tp-pc01", "tp-pc09"), datetime(2026, 12, 2, tzinfo=UTC))
    return found.doubt.reason if found.doubt else None


def test_a_mark_that_the_old_program_kept_for_two_names_belongs_to_the_one_seen_first(tmp_path: Path) -> None:
    path = tmp_path / "lamsach.db"
    path.write_bytes(zstandard.ZstdDecompressor().decompress(KEPT.read_bytes(), max_output_size=1 << 22))
    with closing(sqlite3.connect(path)) as database, database:
        body, first = database.execute("SELECT body, first_seen FROM identity WHERE host = 'tp-pc01'").fetchone()
        database.execute("INSERT INTO identity VALUES ('tp-pc09', ?, ?, ?)", (body, first + 1, first + 1))
        database.execute("INSERT INTO identity_mark SELECT 'tp-pc09', mark FROM identity_mark WHERE host = 'tp-pc01'")
    with Ledger.open(path, create=False) as ledger:
        known = ledger.identity("tp-pc09")
        assert known

        assert _doubt(ledger, "tp-pc09", known) is Reason.IDENTITY_TWICE
        assert _doubt(ledger, "tp-pc01", known) is None


def test_the_old_store_is_kept_beside_the_new_one(path: Path, ledger: Ledger) -> None:
    assert ledger.sweeps()
    assert path.with_name("lamsach.db.before-0003").is_file()
