"""Reports are written whole, for their owner only, and nobody who can write their folder turns them elsewhere."""

import os
from pathlib import Path

import pytest

from controller.app.report import write_file
from controller.errors import LamsachError


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_bytes(b"keep me")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which others make names, too."""
    path = tmp_path / "shared"
    path.mkdir()
    return path


def test_a_report_is_its_owners_only_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        write_file(folder / "new" / "hosts.csv", b"one")
    finally:
        os.umask(before)

    assert (folder / "new/hosts.csv").read_bytes() == b"one"
    assert (folder / "new/hosts.csv").stat().st_mode & 0o777 == 0o600


def test_a_report_that_others_could_read_is_closed_when_it_is_made_again(folder: Path) -> None:
    (folder / "hosts.csv").write_bytes(b"old")
    (folder / "hosts.csv").chmod(0o644)

    write_file(folder / "hosts.csv", b"new")

    assert (folder / "hosts.csv").read_bytes() == b"new"
    assert (folder / "hosts.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["hosts.csv", "hosts.csv.part"])
def test_a_link_that_somebody_has_laid_is_not_followed(folder: Path, victim: Path, name: str) -> None:
    (folder / name).symlink_to(victim)

    write_file(folder / "hosts.csv", b"new")

    assert victim.read_bytes() == b"keep me"
    assert not (folder / "hosts.csv").is_symlink()
    assert (folder / "hosts.csv").read_bytes() == b"new"


def test_the_file_aside_is_made_anew_under_a_name_that_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []
    really = os.open

    def noted(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        if str(path).startswith(str(folder)):
            seen.append((str(path), flags))
        return really(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", noted)
    for _ in range(2):
        write_file(folder / "hosts.csv", b"new")

    assert len({path for path, _ in seen}) == 2
    assert all(flags & os.O_EXCL and flags & os.O_NOFOLLOW for _, flags in seen)


def test_what_cannot_be_written_leaves_nothing_half(folder: Path) -> None:
    (folder / "hosts.csv").mkdir()

    with pytest.raises(LamsachError, match="cannot be written"):
        write_file(folder / "hosts.csv", b"new")

    assert [path.name for path in folder.iterdir()] == ["hosts.csv"]
