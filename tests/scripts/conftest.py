"""Every script test runs under each shell and awk that a host may have."""

from pathlib import Path

import pytest

from tests.scripts.asking import FLAVOURS, Shell, shell_of


@pytest.fixture(params=FLAVOURS)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return shell_of(str(request.param), tmp_path_factory.mktemp("shell"))


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A mounted disk; what lies beside it is not part of it."""
    place = tmp_path / "a disk"
    place.mkdir()
    return place
