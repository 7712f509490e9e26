"""The Windows scripts as they really travel: over WinRM into a PowerShell of their own, one session for all."""

import unicodedata
from hashlib import sha256
from pathlib import Path

import pytest

from controller.collectors import answer as answers
from controller.collectors import catalog
from controller.errors import HostError, Reason
from controller.model.collector import Answer
from controller.model.fleet import Platform
from controller.transports.base import Session
from tests.scripts.asking import NONCE, spec_of
from tests.scripts.windows_pc import Pc, new_pc
from tests.winrm_servers import WindowsPc, windows

NAMES = (
    *(unicodedata.normalize(form, "Chi cục Thi hành án") for form in ("NFC", "NFD")),
    "x_x0041_x005F_ [y] \U0001f600.exe",
)


@pytest.fixture
def served(tmp_path: Path) -> WindowsPc:
    return WindowsPc(tmp_path)


@pytest.fixture
def pc(served: WindowsPc) -> Pc:
    return new_pc(served.place)


def ask(session: Session, name: str, *arguments: str) -> Answer:
    reply = session.run(catalog.script(name, Platform.WINDOWS), (NONCE, "-", *arguments), seconds=60)
    assert (reply.exit_code, reply.stderr) == (0, b"")
    return answers.read(spec_of(name), reply.stdout, nonce=NONCE, sysroot="-")


def test_one_session_answers_every_question(pc: Pc, served: WindowsPc) -> None:
    folder = "C:\\x\\" + "ệ" * 80
    for name in NAMES:
        pc.file(f"C:\\x\\{name}", name.encode())
    for number in range(1500):
        pc.file(f"{folder}\\{number}" + "đ" * 40)

    with windows(served) as service, service.open() as session:
        greeting = ask(session, "host").rows[0]
        files = ask(session, "files", r"root=C:\x", "hashes=md5")
        processes = ask(session, "processes")
        refused = session.run(catalog.script("files", Platform.WINDOWS), (NONCE, "-", "colour=red"), seconds=60)
        again = ask(session, "host").rows[0]

    sums = {row["path"]: row["sha256"] for row in files.rows}
    assert greeting["boot_id"] == again["boot_id"] == "1795395900"
    assert {f"C:\\x\\{name}": sha256(name.encode()).hexdigest() for name in NAMES}.items() <= sums.items()
    assert (len(sums), files.unread, files.stopped) == (1500 + len(NAMES) + 2, 0, None)
    assert [row["path"] for row in processes.rows if row["own"]] == [r"C:\Windows\System32\wsmprovhost.exe"]
    assert (processes.unread, processes.stopped) == (0, None)
    assert (refused.exit_code, refused.stdout) == (1, b"")
    assert b"files: unknown argument: colour=red" in refused.stderr


def test_a_script_that_an_antivirus_refuses_is_blocked(pc: Pc, served: WindowsPc) -> None:
    pc.mode(amsiBlocked=["Write-Answer"])

    with windows(served) as service, service.open() as session, pytest.raises(HostError) as caught:
        ask(session, "host")

    assert caught.value.reason is Reason.SCRIPT_BLOCKED


def test_wmi_that_is_broken_ends_the_question_and_not_the_session(pc: Pc, served: WindowsPc) -> None:
    pc.mode(wmi="0x80041003")

    with windows(served) as service, service.open() as session:
        reply = session.run(catalog.script("processes", Platform.WINDOWS), (NONCE, "-"), seconds=60)
        greeting = ask(session, "host")

    assert (reply.exit_code, reply.stdout) == (1, b"")
    assert b"0x80041003" in reply.stderr
    assert (greeting.unread, greeting.rows[0]["elevated"]) == (4, True)
