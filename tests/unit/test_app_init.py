"""`lamsach init` makes what a sweep can begin with, says what a named playbook changes, and overwrites nothing."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.app import init as campaigns
from controller.app.campaign import Campaign
from controller.app.preflight import SweepRequest, prepare
from controller.cli.init import init
from controller.errors import ListError, OperatorError, PatternError, PlaybookError
from controller.indicators.parsers import plain
from controller.loading import playbook as playbooks
from controller.loading import settings
from controller.model.places import SETTINGS
from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from tests.office import HEAD, LOOK, VARS, Office
from tests.sweeping import begun, clean, course, go

ROOT = Path(__file__).parents[2]
STRICTER = HEAD + LOOK + "  - check_iocs: {collector: autostart}\n"


def run(folder: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(init, [str(folder), *map(str, words)], standalone_mode=False, catch_exceptions=True)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "lamsach.db" not in str(path)
    }


def test_a_new_folder_is_a_campaign_that_only_lacks_its_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "chiến dịch"
    monkeypatch.setenv("LAMSACH_QUANTRI", "x")

    done = run(folder)

    assert done.exit_code == 0, done.exception
    given = settings.load(folder / SETTINGS)
    request = SweepRequest(playbook=Path(str(given["playbook"])), inventory=Path(str(given["inventory"])))
    with pytest.raises(ListError, match="holds no indicator that can be used"):
        prepare(request)
    (folder / "ioc_lists" / "campaign.txt").write_text("203.0.113.66\n", encoding="utf-8")
    prepared = prepare(request)
    assert [host.name for host in prepared.given] == ["vd-pc01"]
    with Ledger.open(folder / "lamsach.db", create=False) as ledger:
        named = Campaign(ledger).named
    assert named
    assert named.playbook == prepared.playbook
    assert f"cd '{folder}'" in done.output


def test_the_example_playbook_asks_what_the_shipped_one_asks() -> None:
    shipped = playbooks.load(ROOT / "playbooks" / "sweep.yml").playbook
    example = playbooks.load(Path(campaigns.__file__).with_name("skeleton") / "playbooks" / "campaign.yml").playbook

    assert example.tasks == shipped.tasks
    text = Path(example.lists[0]).read_text(encoding="utf-8")
    assert not plain.parse(text, name="", sha256="").indicators


def test_files_of_ones_own_are_named_and_left_as_they_are(office: Office) -> None:
    before = snapshot(office.folder)

    done = run(office.folder, "--playbook", office.folder / "playbook.yml", "-i", office.folder / "inventory.yml")

    assert done.exit_code == 0, done.exception
    text = (office.folder / SETTINGS).read_text(encoding="utf-8")
    assert "inventory: inventory.yml\n" in text
    assert "playbook: playbook.yml\n" in text
    assert {name: data for name, data in snapshot(office.folder).items() if not name.endswith(SETTINGS)} == before


def test_a_store_that_has_no_named_playbook_gets_one_and_it_is_said_what_changes_before(
    office: Office, ledger: Ledger
) -> None:
    go(course(office, ledger, begun(office, ledger)), ledger, clean)
    stricter = office.write("stricter.yml", STRICTER)
    words = ("--playbook", stricter, "-i", office.folder / "inventory.yml")

    done = run(office.folder, *words)

    assert done.exit_code == 0, done.exception
    assert "It changes the state of 3 of 3 computers:\n  3 from clean to unknown\n" in done.output
    assert {each.verdict for each in Campaign(ledger).judgements().values()} == {Verdict.UNKNOWN}
    again = run(office.folder)
    assert "it was named before, and has not changed since" in again.output
    assert len(ledger.campaign_decisions()) == 1


def test_a_changed_playbook_is_named_again(office: Office, ledger: Ledger) -> None:
    words = ("--playbook", office.folder / "playbook.yml", "-i", office.folder / "inventory.yml")
    run(office.folder, *words)
    office.write("playbook.yml", STRICTER)

    assert "which is named now" in run(office.folder).output
    playbook = Campaign(ledger).playbook
    assert playbook
    assert len(playbook.tasks) == 2


def test_a_playbook_that_lamsach_yml_contradicts_is_refused_with_the_line_to_write(office: Office) -> None:
    office.write(SETTINGS, "playbook: playbook.yml\n")
    other = office.write("other.yml", HEAD + LOOK)

    error = run(office.folder, "--playbook", other).exception

    assert isinstance(error, OperatorError)
    assert "write 'playbook: other.yml' there, then run this again without --playbook." in str(error)
    assert not (office.folder / "lamsach.db").exists()


def test_a_line_that_lamsach_yml_lacks_is_said_and_not_written(office: Office) -> None:
    file = office.write(SETTINGS, "store: kho.db\n")

    done = run(office.folder, "--playbook", office.folder / "playbook.yml")

    assert f"Add this line to {file}: playbook: playbook.yml" in done.output
    assert file.read_text(encoding="utf-8") == "store: kho.db\n"
    assert (office.folder / "kho.db").exists()


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        (HEAD + "  - collect: {collector: processes}\n", PlaybookError, "has no task 'check_iocs' or 'clean'"),
        (HEAD + "  - check_iocs: {collector: nothing}\n", PlaybookError, "there is no collector 'nothing'"),
        (HEAD.replace("hosts: all", "hosts: chi_cuc_x") + LOOK, PatternError, "is named 'chi_cuc_x'"),
    ],
)
def test_a_playbook_that_cannot_be_meant_is_refused_before_anything_is_made(
    office: Office, text: str, error: type[OperatorError], sentence: str
) -> None:
    office.write("playbook.yml", text)
    before = snapshot(office.folder)

    failed = run(office.folder, "--playbook", office.folder / "playbook.yml", "-i", office.folder / "inventory.yml")

    assert isinstance(failed.exception, error)
    assert sentence in str(failed.exception)
    assert snapshot(office.folder) == before
    assert not (office.folder / "lamsach.db").exists()


def test_an_example_takes_the_place_of_no_file(office: Office) -> None:
    (office.folder / "inventory").mkdir()
    mine = office.write("inventory/inventory.yml", f"all:\n{VARS}  hosts: {{pc-09: {{}}}}\n")
    before = snapshot(office.folder)

    error = run(office.folder, "--playbook", office.folder / "playbook.yml").exception

    assert isinstance(error, OperatorError)
    assert f"'{mine.resolve()}' is there already and is not overwritten" in str(error)
    assert snapshot(office.folder) == before


def test_a_file_is_no_folder_and_a_lamsach_yml_without_playbook_needs_one(office: Office) -> None:
    assert "is a file; name a folder" in str(run(office.folder / "bad.txt").exception)
    office.write(SETTINGS, "forks: 8\n")
    assert "names no playbook; give the campaign's: lamsach init" in str(run(office.folder).exception)
    assert "the folder of store" in str(run(office.folder / "new", "--store", office.folder / "x" / "y.db").exception)
    assert not (office.folder / "new").exists()


@pytest.mark.parametrize("name", ["playbook 1.yml", "yes", "2022-09-15", "1.5", "# x", 'a"b: c', "rà-quét/sổ.yml"])
def test_every_path_is_written_so_that_it_is_read_back(tmp_path: Path, name: str) -> None:
    (tmp_path / SETTINGS).write_text(f"{campaigns._line('store', tmp_path / name, tmp_path)}\n", encoding="utf-8")

    assert settings.load(tmp_path / SETTINGS) == {"store": str(tmp_path / name)}
