"""`lamsach sweep` over a lab of real SSH servers, as an operator runs it."""

import json

import pytest

from controller import __version__
from tests.e2e.conftest import Site

QUICK = "all:!nh-pc01"
"""Everybody but the computer that hangs."""


def verdicts(result: dict[str, object]) -> dict[str, dict[str, object]]:
    hosts = result["hosts"]
    assert isinstance(hosts, list)
    return {host["name"]: {"verdict": host["verdict"], "reason": host["reason"]} for host in hosts}


def test_every_computer_of_the_lab_gets_the_verdict_it_deserves(site: Site) -> None:
    result = site.swept("--first-answer", "5")

    assert verdicts(result) == site.expected()
    assert result["total"] == {
        "roster": 10, "given": 10, "outside": 0, "done": 6, "clean": 4, "cleaned": 0, "infected": 2, "unknown": 4,
    }  # fmt: skip
    assert [unit["given"] for unit in result["units"]] == [1, 3, 3, 3]


def test_an_infected_computer_shows_the_list_and_the_line(site: Site) -> None:
    done = site.sweep("--format", "json", "--limit", "tp-pc01")

    assert done.returncode == 3
    (host,) = json.loads(done.stdout)["hosts"]
    lines = (site.lab / "iocs.txt").read_text(encoding="utf-8").splitlines()
    hashes = [match for match in host["matches"] if match["kind"] == "sha256"]
    assert hashes
    for match in host["matches"]:
        assert match["list"] == "iocs.txt"
        assert match["value"] in lines[match["line"] - 1]
        assert match["collector"] == "processes"


def test_the_tables_show_units_reasons_and_remedies(site: Site) -> None:
    done = site.sweep("--limit", "tp-pc01,tp-pc03,sd-pc01")

    assert done.returncode == 3
    assert "Chi cục Thi hành án dân sự thành phố Tuyên Quang (chi-cuc-tp-tuyen-quang)" in done.stdout
    assert "match.found: an indicator was seen" in done.stdout
    assert (
        "total: 3 of 10 computers given, 7 outside this sweep; done 2; clean 1, cleaned 0, infected 1, unknown 1"
        in done.stdout
    )
    assert "start its remote service, or mend the port" in done.stdout
    assert "texts alone, without a look at connections and dns_cache: address 1, network 1, domain 1" in done.stderr
    assert "dry run, nothing is changed" in done.stderr


@pytest.mark.parametrize(
    ("limit", "status"), [("sd-pc01", 0), ("tp-pc01", 3), ("tp-pc03", 4), ("sd-pc01,tp-pc03,tp-pc01", 3)]
)
def test_the_exit_status_says_what_remains(site: Site, limit: str, status: int) -> None:
    assert site.sweep("--limit", limit).returncode == status


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--limit", "zzz"], "error[operator.pattern]: no group and no host is named 'zzz'"),
        (["--limit", ""], "error[operator]: '--limit' is empty"),
        (["--limit", ","], "error[operator]: '--limit' is empty"),
        (["--limit", "sd-pc01:!sd-pc01"], "error[operator.pattern]"),
        (["--store", "not-there/lamsach.db"], "error[operator]: the folder of store"),
        (["--resume", "--retry", "unknown"], "exclude each other"),
        (["--retry", "unknown"], "error[operator]: there is no store"),
        (["--resume"], "error[operator]: there is no store"),
    ],
)
def test_an_operators_mistake_ends_with_two_before_any_computer_is_touched(
    site: Site, options: list[str], sentence: str
) -> None:
    logons = site.lab / "logons.jsonl"
    before = logons.read_bytes() if logons.exists() else b""

    done = site.sweep(*options)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert (logons.read_bytes() if logons.exists() else b"") == before


def test_a_finished_sweep_is_not_resumed_and_nobody_is_touched(site: Site) -> None:
    site.swept("--limit", QUICK)
    before = (site.lab / "logons.jsonl").read_bytes()

    resumed = site.sweep("--resume", "--format", "json")

    assert (resumed.returncode, resumed.stdout) == (2, "")
    assert f"store '{site.store}' has no unfinished sweep of playbook" in resumed.stderr
    assert (site.lab / "logons.jsonl").read_bytes() == before


def test_retry_visits_only_the_unknown_in_a_sweep_of_its_own(site: Site) -> None:
    first = site.swept("--limit", "sd-pc01,tp-pc03")
    before = (site.lab / "logons.jsonl").read_text(encoding="utf-8").splitlines()

    again = site.swept("--retry", "unknown", "--limit", "sd-pc01,tp-pc03")

    assert verdicts(again) == {"tp-pc03": verdicts(first)["tp-pc03"]}
    assert again["sweep"] != first["sweep"]
    assert (site.lab / "logons.jsonl").read_text(encoding="utf-8").splitlines() == before


def test_the_store_lists_sweeps_and_reports_them_again(site: Site) -> None:
    first = site.swept("--limit", QUICK)
    listed = site.lamsach("sweeps")
    told = site.lamsach("report", "--sweep", "last", "--format", "json", "-o", "out")
    printed = site.lamsach("report", "--sweep", "last", "--format", "json")
    whole = site.lamsach("report", "--format", "json")

    assert first["sweep"] in listed.stdout
    assert "9/9" in listed.stdout
    assert told.returncode == 0
    assert json.loads((site.desk / "out" / "lamsach.json").read_text(encoding="utf-8")) == first
    assert json.loads(printed.stdout) == first
    assert json.loads(whole.stdout)["total"]["given"] == 10


def test_a_report_holds_one_form_for_each_unit(site: Site) -> None:
    site.sweep("--limit", QUICK)

    done = site.lamsach("report", "--format", "docx", "-o", "out")
    narrowed = site.lamsach("report", "--sweep", "last", "--format", "docx", "-o", "narrowed")
    assert (narrowed.returncode, "a form holds the whole campaign" in narrowed.stderr) == (2, True)
    one = site.lamsach("report", "--format", "docx", "-o", "one", "--unit", "chi-cuc-na-hang")

    assert done.returncode == one.returncode == 0
    assert len(done.stdout.splitlines()) == 4
    assert [path.name for path in (site.desk / "one").iterdir()] == ["chi-cuc-na-hang.docx"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--unit", ""], "'--unit' is empty; name a unit, or leave it out."),
        (["--unit", " "], "'--unit' is empty; name a unit, or leave it out."),
        (["--unit", "a", "--unit", "b"], "'--unit' is given 2 times; give --unit once"),
        (["--sweep", "last", "--sweep", ""], "'--sweep' is empty; name a sweep by its id"),
        (["--format", "csv"], "'--format csv' writes files; name a folder for them with -o."),
    ],
)
def test_a_report_that_cannot_be_meant_is_refused(site: Site, options: list[str], sentence: str) -> None:
    site.sweep("--limit", "sd-pc01")

    done = site.lamsach("report", *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_the_version_and_the_help_can_be_asked(site: Site) -> None:
    assert __version__ in site.lamsach("--version").stdout
    help_text = site.lamsach("--help").stdout
    assert all(name in help_text for name in ("sweep", "report", "sweeps", "hosts", "demo"))


def test_a_secret_is_nowhere_in_what_is_kept_or_said(site: Site) -> None:
    secrets = [
        path.read_text(encoding="utf-8").strip() for path in (site.lab / "secrets").iterdir() if path.name != "key"
    ]
    done = site.lamsach("--debug", "sweep", site.lab / "sweep.yml", "-i", site.lab / "inventory.yml", "--limit", QUICK)
    said = (done.stdout + done.stderr).encode()
    kept = b"".join(path.read_bytes() for path in site.desk.rglob("*") if path.is_file())

    assert secrets
    for secret in secrets:
        assert secret.encode() not in said
        assert secret.encode() not in kept
