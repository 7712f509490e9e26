"""`lamsach.yml`: option, then environment, then file, then default."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from controller.cli import nearest_settings
from controller.errors import OperatorError
from controller.loading import settings
from tests.e2e.conftest import Site


def written(folder: Path, text: str) -> Path:
    path = folder / "lamsach.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_begin_at_the_files_own_folder(tmp_path: Path) -> None:
    given = settings.load(written(tmp_path, "store: kho/lamsach.db\nplaybook: p.yml\nforks: 8\n"))

    assert given == {"store": str(tmp_path / "kho" / "lamsach.db"), "playbook": str(tmp_path / "p.yml"), "forks": 8}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("forkz: 8\n", "1:1"),
        ("store: a\nforks: many\n", "2:8"),
        ("forks: 0\n", "1:8"),
        ("first_answer_seconds: 0\n", "1:23"),
        ("first_answer_seconds: 301\n", "1:23"),
        ("- a\n", "1:1"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(OperatorError) as caught:
        settings.load(path)

    assert str(caught.value).startswith(f"{path}:{place}: ")


def test_the_option_beats_the_environment_and_the_environment_the_file(tmp_path: Path) -> None:
    site = Site(tmp_path, tmp_path)
    written(tmp_path, "store: from-file.db\n")

    assert "from-file.db" in site.lamsach("sweeps").stderr
    assert "from-environment.db" in site.lamsach("sweeps", LAMSACH_SWEEPS_STORE="from-environment.db").stderr
    assert "from-option.db" in site.lamsach("sweeps", "--store", "from-option.db", LAMSACH_SWEEPS_STORE="x.db").stderr


def test_the_playbook_of_a_sweep_may_come_from_each_place(tmp_path: Path) -> None:
    site = Site(tmp_path, tmp_path)
    written(tmp_path, "inventory: .\nplaybook: from-file.yml\n")

    assert f"File '{tmp_path}/from-file.yml' does not exist" in site.lamsach("sweep").stderr
    environment = {"LAMSACH_SWEEP_PLAYBOOK": "from-environment.yml"}
    assert "File 'from-environment.yml' does not exist" in site.lamsach("sweep", **environment).stderr
    assert "File 'given.yml' does not exist" in site.lamsach("sweep", "given.yml", **environment).stderr


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return a campaign's folder and one two levels below it."""
    below = tmp_path / "reports" / "september"
    below.mkdir(parents=True)
    written(tmp_path, "store: kho.db\n")
    return tmp_path, below


def test_the_nearest_file_upward_counts(folders: tuple[Path, Path]) -> None:
    folder, below = folders

    assert nearest_settings(folder) == nearest_settings(below) == folder / "lamsach.yml"
    assert f"'{folder}/kho.db'" in Site(folder, below).lamsach("sweeps").stderr
    near = written(below.parent, "store: near.db\n")
    assert nearest_settings(below) == near


def test_a_file_above_that_belongs_to_somebody_else_is_not_used(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else whoever can write into /tmp chooses inventory and store for everybody who works below it."""
    folder, below = folders
    really = Path.stat

    def stat(path: Path, **how: bool) -> object:
        found = really(path, **how)
        return SimpleNamespace(st_uid=found.st_uid + 1) if path == folder / "lamsach.yml" else found

    monkeypatch.setattr(Path, "stat", stat)

    assert nearest_settings(below) is None
    assert f"'{folder}/lamsach.yml' is not used: it belongs to another account" in capsys.readouterr().err
    assert nearest_settings(folder) == folder / "lamsach.yml"


def test_a_broken_file_is_an_operators_mistake(tmp_path: Path) -> None:
    written(tmp_path, "forkz: 8\n")
    done = Site(tmp_path, tmp_path).lamsach("sweeps")

    assert done.returncode == 2
    assert "did you mean 'forks'" in done.stderr


def test_the_file_names_the_inventory_of_every_command_that_takes_one(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("mot: {hosts: {pc-01: }}\n", encoding="utf-8")
    written(tmp_path, "inventory: hosts.yml\n")

    assert Site(tmp_path, tmp_path).lamsach("inventory", "list", "--format", "names").stdout == "pc-01\n"
