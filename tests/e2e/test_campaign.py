"""A campaign's folder on a lab of real SSH servers: begun with init, swept, retried, and its status read."""

import json
from pathlib import Path

from controller.store.ledger import Ledger
from tests.e2e.conftest import Site
from tests.waiting import wait_until

FEW = "tp-pc01,tp-pc03,sd-pc01"
"""An infected computer, one that refuses the connection, and a clean one."""


def campaign(site: Site) -> Site:
    """Make the desk a campaign's folder that names the lab's files."""
    done = site.lamsach("init", ".", "--playbook", site.lab / "sweep.yml", "-i", site.lab / "inventory.yml")
    assert done.returncode == 0, done.stderr
    return site


def verdicts(text: str) -> dict[str, str]:
    return {host["name"]: host["verdict"] for host in json.loads(text)["hosts"]}


def test_a_campaign_needs_no_file_to_be_named_again_from_any_folder_below_it(site: Site) -> None:
    desk = campaign(site).desk
    (desk / "reports").mkdir()
    below = Site(site.lab, desk / "reports")

    swept = below.lamsach("sweep", "--limit", FEW, "--format", "json")
    smaller = below.lamsach("sweep", "--limit", "sd-pc01")
    status = below.lamsach("status")
    unit = below.lamsach("status", "--unit", "chi-cuc-son-duong", "--format", "json")

    assert verdicts(swept.stdout) == {"tp-pc01": "infected", "tp-pc03": "unknown", "sd-pc01": "clean"}
    assert f"A new sweep; store '{desk}/lamsach.db'." in swept.stderr
    assert (swept.returncode, smaller.returncode, status.returncode) == (3, 0, 3)
    assert not (below.desk / "lamsach.db").exists()
    assert status.stdout.splitlines()[-1].split() == ["total", "10", "1", "0", "1", "0", "8"]
    assert {len(line) <= 80 for line in status.stdout.partition("\n\n")[2].splitlines()} == {True}
    assert json.loads(unit.stdout)["total"] == {
        "computers": 3, "clean": 1, "cleaned": 0, "infected": 0, "unknown": 0, "never_reached": 2,
    }  # fmt: skip
    assert unit.returncode == 4


def test_a_smaller_sweep_in_between_takes_no_computer_out_of_a_retry(site: Site) -> None:
    """Operator's report B1: the retry visited no computer, and ended with 0."""
    campaign(site).lamsach("sweep", "--limit", FEW)
    site.lamsach("sweep", "--limit", "sd-pc01")
    before = len(site.logons())

    retried = site.lamsach("sweep", "--retry", "unknown", "--limit", FEW, "--format", "json")
    none = site.lamsach("sweep", "--retry", "unknown", "--limit", "sd-pc01")

    assert (verdicts(retried.stdout), retried.returncode) == ({"tp-pc03": "unknown"}, 4)
    assert "A new sweep of 1 computer that the campaign has as unknown; store" in retried.stderr
    assert (none.stdout, none.returncode) == ("", 3)
    assert "No computer of this playbook and --limit is unknown in the campaign; none is visited" in none.stderr
    assert len(site.logons()) == before
    with Ledger.open(site.store) as ledger:
        assert len(ledger.sweeps()) == 3


def test_a_resume_elsewhere_or_by_another_spelling_makes_no_store_and_no_sweep(site: Site, tmp_path: Path) -> None:
    """Operator's report B2: it began a new sweep, in a new store, with --apply."""
    site.copied()
    site.lamsach("sweep", "sweep.yml", "-i", "inventory.yml", "--limit", "sd-pc01")
    (site.desk / "inventory").mkdir()
    (site.desk / "inventory.yml").rename(site.desk / "inventory" / "inventory.yml")
    (site.desk / "known_hosts").rename(site.desk / "inventory" / "known_hosts")
    elsewhere = Site(site.lab, tmp_path / "elsewhere")
    elsewhere.desk.mkdir()
    before = len(site.logons())

    spelt = site.lamsach("sweep", "sweep.yml", "-i", "inventory/inventory.yml", "--resume", "--apply")
    far = [elsewhere.sweep(*words) for words in (("--resume", "--apply"), ("--retry", "unknown"))]

    assert (spelt.returncode, spelt.stdout) == (2, "")
    assert f"store '{site.store}' has no unfinished sweep of playbook '{site.desk}/sweep.yml'" in spelt.stderr
    for each in far:
        assert (each.returncode, each.stdout) == (2, "")
        assert f"there is no store '{elsewhere.desk}/lamsach.db', so there is nothing to resume or retry" in each.stderr
    assert list(elsewhere.desk.iterdir()) == []
    assert len(site.logons()) == before


def test_a_new_store_is_named_before_it_is_made(site: Site) -> None:
    first, second = (site.sweep("--limit", "tp-pc03") for _ in range(2))

    assert f"There is no store yet; this sweep makes '{site.store}'." in first.stderr
    assert "There is no store yet" not in second.stderr


def test_a_list_that_is_only_here_does_not_come_into_force_and_counts_for_this_exit_status(site: Site) -> None:
    (site.desk / "mine.txt").write_text(f"{'ab' * 32}\n", encoding="utf-8")
    text = (site.lab / "sweep.yml").read_text(encoding="utf-8")
    (site.desk / "mine.yml").write_text(text.replace("iocs.txt", "mine.txt"), encoding="utf-8")
    site.lamsach("init", ".", "--playbook", "mine.yml", "-i", site.lab / "inventory.yml")
    site.lamsach("sweep", "--limit", "sd-pc01")

    here = site.lamsach("sweep", site.lab / "sweep.yml", "--limit", "tp-pc01,sd-pc01", "--list-here")
    unit = site.lamsach("status")

    assert "By iocs.txt alone, in this sweep:\n  1 infected: tp-pc01\n  1 without a match" in here.stderr
    assert "clean 2, cleaned 0, infected 0" in here.stdout
    assert here.returncode == 3
    assert ("iocs.txt" in unit.stdout, "mine.txt" in unit.stdout, unit.returncode) == (False, True, 4)


def test_a_retry_after_a_kill_takes_the_tool_over_and_starts_it_once(cleaning: Site) -> None:
    """The computer is infected, and unknown is how its tool came out: a nightly retry of the unknown settles that."""
    pc = cleaning.lab / "pcs" / "tp-pc01"
    runs = pc / "tool-runs.txt"
    (pc / "tool-seconds").write_text("3\n", encoding="utf-8")
    with cleaning.begun("--apply", "--limit", "tp-pc01") as sweep:
        wait_until(runs.exists)
        sweep.kill()

    retried = cleaning.sweep("--retry", "unknown", "--apply", "--limit", "tp-pc01", "--format", "json")
    again = cleaning.sweep("--retry", "unknown", "--apply", "--limit", "tp-pc01")

    assert list(verdicts(retried.stdout)) == ["tp-pc01"]
    assert [line.split()[1] for line in runs.read_text(encoding="utf-8").splitlines()] == ["clean", "detect"]
    assert "none is visited" in again.stderr
    with Ledger.open(cleaning.store) as ledger:
        assert ledger.hosts_under_way() == ()
        assert [(line.finished, line.ended is None) for line in ledger.sweeps()] == [(1, False), (0, True)]


def test_mistakes_are_refused_with_what_to_write(site: Site) -> None:
    (site.desk / "none").mkdir()
    empty = Site(site.lab, site.desk / "none")
    no_playbook = empty.lamsach("sweep", "-i", site.lab / "inventory.yml")
    no_resume = site.sweep("--sweep", "20220915")
    both = site.sweep("--resume", "--retry", "unknown")

    assert {each.returncode for each in (no_playbook, no_resume, both)} == {2}
    assert "no playbook is named; give one, or write 'playbook: FILE' into lamsach.yml." in no_playbook.stderr
    assert "'--sweep' says which sweep to go on with; give it with --resume" in no_resume.stderr
    assert "exclude each other; resume first, then retry" in both.stderr
    assert not (empty.desk / "lamsach.db").exists()
