"""`lamsach iocs add`, `list`, `withdraw` and `restore`: what is in force, and what becomes of the computers by that."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from controller.app import list_changes
from controller.app.campaign import Campaign
from controller.app.in_force import CampaignLists
from controller.app.list_changes import beside_of, kept_although_dropped, preview_of_sweep
from controller.cli import cli
from controller.cli.list_changes import preview_lines
from controller.errors import OperatorError
from controller.model.decision import Withdrawal
from controller.model.indicator import Indicator, IocList, Kind
from controller.store.ledger import Ledger
from tests.answering import AUTOSTART, FILES, GOOD, Answering, an_entry, bad_file, entries, files
from tests.builders import BAD
from tests.office import Office

OTHER = "22" * 32
ABSENT = "33" * 32
NEVER = "44" * 32
BOTH = {host: (files(bad_file(), bad_file("/home/an/other", OTHER)),) for host in ("pc-01", "pc-02")}


@pytest.fixture(autouse=True)
def _canned(known_nonce: None) -> None:
    """Answers are canned."""


@pytest.fixture
def unit(office: Office, ledger: Ledger) -> Answering:
    """Three computers, of which a sweep looks at the files; the first two belong to a unit.

    Its list keeps a value of a kind that the look sees when another one is withdrawn.
    """
    office.write("bad.txt", f"{BAD}\n{NEVER}\n")
    answering = Answering(office, ledger)
    answering.playbook(FILES)
    return answering


@pytest.fixture
def add(unit: Answering) -> Callable[..., str]:
    """Write a list and add it."""

    def add(*lines: str, name: str = "a05", options: tuple[str, ...] = ()) -> str:
        path = unit.office.write("thư.txt", "".join(f"{line}\n" for line in lines))
        return unit.done("iocs", "add", str(path), "--name", name, *options)

    return add


def refused(result: Result) -> str:
    assert isinstance(result.exception, OperatorError), result.output
    return str(result.exception)


def listed(unit: Answering) -> dict[str, dict[str, object]]:
    return {each["list"]: each for each in json.loads(unit.done("iocs", "list", "--format", "json"))["lists"]}


# add


def test_an_added_list_names_what_was_seen_on_earlier_visits(unit: Answering, add: Callable[..., str]) -> None:
    unit.sweep({"pc-01": (files(bad_file("/home/an/other", OTHER)),)})
    assert unit.word() == "clean"

    printed = add(OTHER, ABSENT, options=("--dry-run",))
    assert unit.word() == "clean"
    assert printed == add(OTHER, ABSENT).replace("Done; it takes effect from now on.", "Dry run: nothing was changed.")

    assert unit.words() == {"pc-01": "match.found", "pc-02": "clean", "pc-03": "clean"}
    assert "a05: 2 values" in printed
    assert "By this 1 of 3 computers change:" in printed
    assert "pc-01: clean -> infected (match.found)" in printed
    assert [line.split()[-3:] for line in printed.splitlines() if "Chi cục Một" in line] == [["1", "0", "0"]]


def test_the_preview_counts_by_unit_and_names_what_left_the_inventory(unit: Answering, add: Callable[..., str]) -> None:
    unit.office.invite("pc-01", "pc-02", "pc-03", "pc-04")
    met = (files(bad_file("/home/an/other", OTHER)),)
    unit.sweep(dict.fromkeys(("pc-01", "pc-02", "pc-03", "pc-04"), met))
    unit.office.invite("pc-01", "pc-02", "pc-03")
    unit.sweep(dict.fromkeys(("pc-01", "pc-02", "pc-03"), met))
    unit.done("note", "pc-02", "--retired", "--why", "máy hỏng")
    printed = add(OTHER)

    rows = {line[:30].strip(): line[30:].split() for line in printed.splitlines() if line.endswith("0")}
    assert rows == {
        "Chi cục Một": ["1", "0", "0"],
        "(no unit)": ["1", "0", "0"],
        "(no longer in the inventory)": ["1", "0", "0"],
        "total": ["3", "0", "0"],
    }


def test_the_states_of_the_preview_are_those_that_follow(unit: Answering, add: Callable[..., str]) -> None:
    unit.sweep(BOTH)
    planned = list_changes.plan_list(
        unit.ledger,
        str(unit.office.write("x.txt", f"{GOOD}\n")),
        name="x",
        operator="an",
        made=unit.now,
        max_rejected=0.0,
    )
    unit.ledger.add_list(planned.added, planned.data)

    after = {"pc-03": Campaign(unit.ledger).judgement("pc-03")}
    assert {each.host: each.after for each in planned.preview.changes} == after


def test_a_newer_file_of_a_name_replaces_the_older_one(unit: Answering, add: Callable[..., str]) -> None:
    unit.sweep(BOTH)
    unit.done("iocs", "withdraw", BAD, "--why", "x")
    add(ABSENT, "evil.example")
    add("evil.example", GOOD)
    lists = listed(unit)

    assert (lists["a05"]["values"], lists["a05"]["kept_although_dropped"]) == (2, [])
    assert "is in no list that is in force" in refused(unit.run("iocs", "withdraw", ABSENT, "--why", "x"))
    assert unit.word("pc-03") == "match.found"


def test_the_very_version_in_force_is_refused_and_an_older_one_comes_back(
    unit: Answering, add: Callable[..., str]
) -> None:
    unit.sweep(BOTH)
    add(ABSENT)
    path = unit.office.folder / "thư.txt"
    assert "is in force already" in refused(unit.run("iocs", "add", str(path), "--name", "a05"))
    add("evil.example")
    add(ABSENT)

    assert unit.run("iocs", "withdraw", ABSENT, "--why", "x", "--dry-run").exception is None
    assert "is in no list" in refused(unit.run("iocs", "withdraw", "evil.example", "--why", "x"))


def test_a_list_with_bad_lines_is_refused_unless_that_is_allowed(unit: Answering) -> None:
    unit.sweep(BOTH)
    path = str(unit.office.write("bad lines.txt", f"{ABSENT}\n???\n"))

    assert "1 of 2 lines are rejected" in refused(unit.run("iocs", "add", path))
    assert "1 line rejected" in unit.done("iocs", "add", path, "--max-rejected", "50")
    assert "holds no indicator" in refused(unit.run("iocs", "add", str(unit.office.write("e.txt", "# x\n"))))
    assert set(listed(unit)) == {"bad.txt", "bad lines.txt"}


def test_a_name_that_is_empty_is_refused(unit: Answering) -> None:
    unit.sweep(BOTH)

    assert "'--name' is empty" in refused(unit.run("iocs", "add", str(unit.office.folder / "bad.txt"), "--name", " "))


@pytest.mark.parametrize(
    "words",
    [
        ("iocs", "add", "bad.txt"),
        ("iocs", "list"),
        ("iocs", "withdraw", BAD, "--why", "x"),
        ("iocs", "restore", BAD, "--why", "x"),
        ("note", "pc-01", "--handled", "x"),
    ],
)
def test_the_store_is_the_one_that_the_settings_name(
    office: Office, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(office.folder)
    office.write("lamsach.yml", "store: chien-dich.db\n")
    result = CliRunner().invoke(cli, words)

    assert "chien-dich.db" in str(result.exception)


def test_a_name_that_a_list_of_a_sweep_bears_makes_another_list_and_says_so(unit: Answering) -> None:
    unit.sweep(BOTH)
    printed = unit.done("iocs", "add", str(unit.office.write("bad.txt", f"{ABSENT}\n")))

    assert "The list 'bad.txt' stays in force beside it." in printed
    withdrawn = unit.done("iocs", "withdraw", "--list", "name:bad.txt", "--why", "x")
    assert "withdraw the list 'name:bad.txt'\nThe list 'bad.txt' stays as it is.\n" in withdrawn
    assert unit.word() == "match.found"
    assert "withdraw the list 'bad.txt'\n" in unit.done("iocs", "withdraw", "--list", "bad.txt", "--why", "x")
    assert unit.word() == "list.unseen"


# withdraw and restore


@pytest.mark.parametrize("text", [BAD, BAD.upper(), f" {BAD} # ghi chú"])
def test_a_withdrawn_value_counts_no_more_and_comes_back_when_it_is_restored(unit: Answering, text: str) -> None:
    unit.sweep(BOTH)
    printed = unit.done("iocs", "withdraw", text, "--why", "báo nhầm")
    assert unit.words() == {"pc-01": "clean", "pc-02": "clean", "pc-03": "clean"}
    assert f"withdraw sha256 {BAD}" in printed
    assert "By this 2 of 3 computers change:" in printed
    unit.sweep(BOTH)
    assert unit.word() == "clean"

    assert "pc-01: clean -> infected (match.found)" in unit.done("iocs", "restore", text, "--why", "đúng là mã độc")
    assert unit.words() == {"pc-01": "match.found", "pc-02": "match.found", "pc-03": "clean"}


def test_a_dry_run_withdraws_nothing(unit: Answering) -> None:
    unit.sweep(BOTH)
    before = unit.ledger.campaign_decisions()

    assert "pc-01: infected -> clean" in unit.done("iocs", "withdraw", BAD, "--why", "x", "--dry-run")
    assert (unit.word(), unit.ledger.campaign_decisions()) == ("match.found", before)


def test_what_followed_from_a_withdrawn_value_falls_with_it(unit: Answering) -> None:
    unit.playbook(FILES + AUTOSTART)
    unit.usual = (files(), entries())
    unit.sweep({"pc-01": (files(bad_file()), entries(an_entry()))})
    assert "leftover.autostart" in Campaign(unit.ledger).judgement("pc-01").reasons

    unit.done("iocs", "withdraw", BAD, "--why", "báo nhầm")
    assert unit.word() == "clean"


def test_a_defanged_value_is_withdrawn_from_every_list_and_from_later_versions(
    unit: Answering, add: Callable[..., str]
) -> None:
    unit.sweep(BOTH)
    add("evil[.]example")
    add("evil.example", name="other")
    unit.done("iocs", "withdraw", "evil[.]example", "--why", "x")
    add("evil.example", ABSENT)

    value = (Kind.DOMAIN, "evil.example")
    assert value not in Campaign(unit.ledger).in_force
    assert [each["withdrawn_values"] != [] for each in listed(unit).values()] == [False, True, True]


def test_a_withdrawn_list_leaves_what_another_one_names(unit: Answering, add: Callable[..., str]) -> None:
    unit.sweep(BOTH)
    add(BAD, OTHER, GOOD)
    assert "pc-03: infected -> clean" in unit.done("iocs", "withdraw", "--list", "a05", "--why", "x")

    assert unit.words() == {"pc-01": "match.found", "pc-02": "match.found", "pc-03": "clean"}
    assert {match.value for match in Campaign(unit.ledger).judgement("pc-01").matches} == {BAD}
    assert "is withdrawn already" in refused(unit.run("iocs", "withdraw", "--list", "a05", "--why", "x"))
    path = str(unit.office.write("thư.txt", f"{ABSENT}\n"))
    assert "bring it back first" in refused(unit.run("iocs", "add", path, "--name", "a05"))

    unit.done("iocs", "restore", "--list", "a05", "--why", "x")
    assert unit.word("pc-03") == "match.found"
    assert "is not withdrawn" in refused(unit.run("iocs", "restore", "--list", "a05", "--why", "x"))


def test_a_list_of_a_sweep_is_named_by_its_path(unit: Answering) -> None:
    unit.sweep(BOTH)
    unit.done("iocs", "withdraw", "--list", "bad.txt", "--why", "x")
    assert unit.words() == dict.fromkeys(("pc-01", "pc-02", "pc-03"), "list.unseen")

    unit.done("iocs", "restore", "--list", "bad.txt", "--why", "x")
    assert unit.word() == "match.found"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("withdraw", "evil.exampel", "--why", "x"), "(domain) is in no list that is in force; correct it: "),
        (("withdraw", BAD[:-2], "--why", "x"), "is no value of a list: this has 62 hexadecimal digits"),
        (("withdraw", BAD, "--why", " "), "'--why' is empty"),
        (("withdraw", "", "--why", "x"), "is empty"),
        (("withdraw", "--why", "x"), "give values, or '--list'"),
        (("withdraw", BAD, "--list", "bad.txt", "--why", "x"), "give values, or '--list'"),
        (("withdraw", "--list", "bda.txt", "--why", "x"), "no list is named 'bda.txt'; correct it: did you mean"),
        (("restore", BAD, "--why", "x"), "is no value that is withdrawn"),
        (("withdraw", BAD, ABSENT, "--why", "x"), "is in no list that is in force"),
    ],
)
def test_wrong_input_changes_nothing(
    unit: Answering, add: Callable[..., str], words: tuple[str, ...], message: str
) -> None:
    unit.sweep(BOTH)
    add("evil.example")
    before = unit.ledger.campaign_decisions()

    assert message in refused(unit.run("iocs", *words))
    assert unit.ledger.campaign_decisions() == before


def test_a_value_that_is_withdrawn_already_names_who_did_it_and_why(unit: Answering) -> None:
    unit.sweep(BOTH)
    unit.done("iocs", "withdraw", BAD, "--why", "phần mềm của tỉnh")

    message = refused(unit.run("iocs", "withdraw", BAD, "--why", "x"))
    assert "is withdrawn already, by " in message
    assert ": phần mềm của tỉnh; nothing was changed." in message


def test_the_other_values_of_a_line_are_those_of_this_line_only() -> None:
    def named(line: int, kind: Kind, value: str) -> Indicator:
        return Indicator(kind=kind, value=value, list="thư.txt", line=line)

    lines = (
        named(1, Kind.MD5, "a" * 32),
        named(1, Kind.SHA256, BAD),
        named(2, Kind.SHA256, OTHER),
        named(2, Kind.NAME, "x.exe"),
    )
    lists = [IocList(name="thư.txt", sha256="", indicators=lines)]

    assert beside_of([(Kind.SHA256, BAD)], lists) == lines[:1]
    assert beside_of([(Kind.SHA256, BAD), (Kind.MD5, "a" * 32)], lists) == ()


@pytest.mark.parametrize("whole_lines", [False, True])
def test_the_other_values_of_a_line_stay_unless_the_whole_line_is_meant(
    unit: Answering, add: Callable[..., str], monkeypatch: pytest.MonkeyPatch, whole_lines: bool
) -> None:
    unit.sweep(BOTH)
    add(OTHER, GOOD)
    other = Indicator(kind=Kind.SHA256, value=OTHER, list="a05", line=1)
    monkeypatch.setattr(list_changes, "beside_of", lambda *_: (other,))
    printed = unit.done("iocs", "withdraw", GOOD, "--why", "x", *(["--line"] if whole_lines else []))

    assert ("stays as it is: sha256 " + OTHER in printed) is not whole_lines
    assert ((Kind.SHA256, OTHER) in Campaign(unit.ledger).in_force) is not whole_lines


# kept although dropped


def test_a_value_that_was_met_and_then_dropped_counts_until_it_is_withdrawn(
    unit: Answering, add: Callable[..., str]
) -> None:
    unit.sweep(BOTH)
    add(OTHER, GOOD, ABSENT)
    add("evil.example")
    kept = kept_although_dropped(Campaign(unit.ledger))

    assert [(each.value[1], each.list_name, each.path) for each in kept] == [
        (GOOD, "a05", "name:a05"),
        (OTHER, "a05", "name:a05"),
    ]
    assert unit.word("pc-03") == "match.found"
    assert f"a05: sha256 {GOOD} is not in this version, and stays in force" in unit.done("iocs", "list")
    unit.done("iocs", "withdraw", GOOD, OTHER, "--why", "x")

    assert kept_although_dropped(Campaign(unit.ledger)) == ()
    assert unit.word("pc-03") == "clean"
    assert f"a05: withdrawn sha256 {GOOD}" in unit.done("iocs", "list")


def test_what_another_list_names_and_what_only_later_visits_showed_is_not_kept(
    unit: Answering, add: Callable[..., str]
) -> None:
    unit.sweep()
    add(BAD, OTHER)
    add("evil.example")
    unit.sweep(BOTH)

    assert kept_although_dropped(Campaign(unit.ledger)) == ()
    assert {match.value for match in Campaign(unit.ledger).judgement("pc-01").matches} == {BAD}


# list


def test_a_list_says_since_when_by_whom_how_much_and_what_was_met(
    unit: Answering, add: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "trực-ban")
    unit.sweep(BOTH)
    add(OTHER, ABSENT)
    unit.done("iocs", "withdraw", ABSENT, "--why", "báo \x1bnhầm")
    lists, (sweep,) = listed(unit), unit.ledger.sweeps()

    assert [(each["path"], each["values"], each["how"], each["operator"]) for each in lists.values()] == [
        ("bad.txt", 2, f"sweep {sweep.id}", "trực-ban"),
        ("name:a05", 2, "iocs add", "trực-ban"),
    ]
    assert lists["a05"]["met"] == [{"kind": "sha256", "value": OTHER}]
    assert [each["why"] for each in lists["a05"]["withdrawn_values"]] == ["báo \x1bnhầm"]  # type: ignore[attr-defined]
    table = unit.done("iocs", "list")
    assert str(lists["a05"]["sha256"])[:12] in table
    assert f"a05: withdrawn sha256 {ABSENT}, " in table
    assert "trực-ban: báo \\x1bnhầm" in table


def test_a_store_without_lists_says_so(unit: Answering) -> None:
    assert "No list is in force" in unit.done("iocs", "list")


# before a sweep


def test_a_sweep_whose_lists_are_in_force_already_compares_nothing(
    unit: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.sweep(BOTH)
    monkeypatch.setattr(list_changes, "Campaign", None)
    files = [replace(each, path=each.name) for each in unit.office.prepare().files]

    assert list(preview_lines(preview_of_sweep(unit.ledger, files))) == []


def test_a_sweep_with_a_newer_list_says_who_changes_before_it_begins(unit: Answering) -> None:
    unit.sweep(BOTH)
    unit.office.write("bad.txt", f"{GOOD}\n")
    files = [replace(each, path=each.name) for each in unit.office.prepare().files]
    lines = "\n".join(preview_lines(preview_of_sweep(unit.ledger, files)))

    assert "By this 1 of 3 computers change:" in lines
    assert "pc-03: clean -> infected (match.found)" in lines
    assert unit.word("pc-03") == "clean"


def test_the_first_sweep_of_a_store_has_nobody_to_compare(unit: Answering) -> None:
    assert list(preview_lines(preview_of_sweep(unit.ledger, unit.office.prepare().files))) == []


def test_a_change_that_changes_nobody_says_so(unit: Answering, add: Callable[..., str]) -> None:
    unit.sweep(BOTH)

    assert "No computer changes its state by this (3 compared)." in add(ABSENT)


def test_many_changes_are_counted_and_the_first_are_named(office: Office, ledger: Ledger) -> None:
    hosts = [f"máy-{number:02}" for number in range(12)]
    office.invite(*hosts)
    unit = Answering(office, ledger)
    unit.playbook(FILES)
    unit.sweep()
    printed = unit.done("iocs", "add", str(office.write("x.txt", f"{GOOD}\n")))

    assert "By this 12 of 12 computers change:" in printed
    assert printed.count("clean -> infected") == 10
    assert "  and 2 more" in printed


def test_withdrawing_twice_and_restoring_once_restores(unit: Answering) -> None:
    """The newest decision counts, in the order of commits."""
    value = (Kind.SHA256, BAD)
    for restores in (False, True, False, True):
        unit.ledger.decide(
            Withdrawal(operator="an", made=unit.now, why="x", values=(value,), restores=restores),
        )
    assert CampaignLists(unit.ledger).withdrawn_values == {}


def test_withdrawing_the_last_value_that_a_look_can_see_leaves_nothing_to_say(unit: Answering) -> None:
    unit.sweep(BOTH)
    printed = unit.done("iocs", "withdraw", BAD, NEVER, "--why", "x", "--dry-run")

    assert "pc-03: clean -> unknown (list.unseen)" in printed
