"""`lamsach show`: from a verdict back to what the computer said."""

import hashlib

import pytest

from controller.store.ledger import Ledger
from tests.e2e.conftest import Site

NAME = "tp-pc01"
"""An infected computer."""


def test_a_cleaned_computer_shows_what_was_seen_what_was_done_and_what_confirmed_it(cleaning: Site) -> None:
    cleaning.sweep("--apply", "--limit", NAME)

    done = cleaning.lamsach("show", NAME)

    assert done.returncode == 0
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[:2] == [NAME, "cleaned"]
    assert any(line.startswith("settled  confirmed: sha256") for line in lines)
    order = [
        next(place for place, line in enumerate(lines) if line.startswith(word))
        for word in (
            "looked at processes",
            "confirmed: sha256",
            "quet-sach clean, exit 0",
            "removed: Lab.Miner in /var/tmp/.cap-nhat/kworkerd",
            "quet-sach detect, exit 0",
            "looked again at processes",
        )
    ]
    assert order == sorted(order)


def test_a_computer_that_was_not_reached_shows_its_reason_and_the_remedy(site: Site) -> None:
    site.sweep("--limit", "tp-pc03,sd-pc01")

    told = site.lamsach("show", "tp-pc03").stdout

    assert "unknown: reach.refused: it refuses connections on that port" in told
    assert "what to do: start its remote service, or mend the port" in told
    assert "[N]" not in told


def test_a_kept_piece_is_printed_for_people_and_written_byte_by_byte(site: Site) -> None:
    swept = site.swept("--limit", NAME)
    with Ledger.open(site.store) as ledger:
        (attempt,) = ledger.attempts(swept["sweep"])[NAME]

    printed = site.lamsach("show", NAME, "--kept", "1").stdout
    written = site.lamsach("show", NAME, "--sweep", swept["sweep"], "--kept", "1", "-o", "answer.txt")

    answer = attempt.looks[0].answer
    assert answer
    data = (site.desk / "answer.txt").read_bytes()
    assert (written.returncode, hashlib.sha256(data).hexdigest()) == (0, answer.sha256)
    assert (site.desk / "answer.txt").stat().st_mode & 0o777 == 0o600
    assert printed.startswith("#begin processes 3 ")
    assert printed.splitlines()[-1].startswith("#end ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("nobody",),
            "no inventory of this store has a computer 'nobody'; 'lamsach report --format csv -o FOLDER' lists",
        ),
        ((NAME, "--kept", "99"), f"'{NAME}' has 1 kept pieces; none has number 99"),
        ((NAME, "-o", "x"), "'--output' needs --kept"),
        ((NAME, "--kept", "1", "-o", "there"), "'there' cannot be written (File exists); name a new file"),
        ((NAME, "--sweep", "1999"), "1999"),
        ((NAME, "--store", "none.db"), "none.db"),
    ],
)
def test_a_mistake_ends_with_two_and_says_what_to_do(site: Site, words: tuple[str, ...], sentence: str) -> None:
    site.sweep("--limit", NAME)
    (site.desk / "there").write_text("mine", encoding="utf-8")

    done = site.lamsach("show", *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in " ".join(done.stderr.split())
    assert (site.desk / "there").read_text(encoding="utf-8") == "mine"
    assert not (site.desk / "none.db").exists()
