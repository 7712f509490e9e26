"""The scripts that we send to Windows: plain, for Windows PowerShell 5.1, and as they are sent."""

import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from tests.winrm_servers import engine

SCRIPTS = files("controller.transports") / "scripts"
SENT = (
    ("windows_folder.ps1", "windows_put.ps1"),
    ("windows_folder.ps1", "windows_take.ps1"),
    ("windows_folder.ps1", "windows_log.ps1", "windows_state.ps1", "windows_start.ps1"),
    ("windows_folder.ps1", "windows_log.ps1", "windows_state.ps1", "windows_poll.ps1"),
    ("windows_folder.ps1", "windows_log.ps1", "windows_state.ps1", "windows_void.ps1"),
    ("windows_folder.ps1", "windows_log.ps1", "windows_wrapper.ps1"),
)


def text(*names: str) -> str:
    return "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in names)


def test_every_script_is_sent_and_checked() -> None:
    there = {each.name for each in SCRIPTS.iterdir() if each.name.endswith(".ps1")}

    assert there == {name for names in SENT for name in names}


@pytest.mark.parametrize("names", SENT, ids=lambda names: names[-1])
def test_a_script_is_windows_powershell_5_1_and_nothing_newer(tmp_path: Path, names: tuple[str, ...]) -> None:
    path = tmp_path / "sent.ps1"
    path.write_text(text(*names), encoding="utf-8")
    linter = engine().with_name("pslint")
    if not linter.exists():
        pytest.skip("needs pslint: it lies beside the PowerShell of the tests")
    done = subprocess.run([linter, "--target", "5.1", path], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("names", SENT, ids=lambda names: names[-1])
def test_a_script_is_ascii_so_that_no_code_page_matters(names: tuple[str, ...]) -> None:
    assert text(*names).isascii()
