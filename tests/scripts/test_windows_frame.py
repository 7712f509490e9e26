"""What every Windows script promises, whatever it asks."""

import subprocess
from pathlib import Path

import pytest

from controller.collectors import answer as answers
from controller.collectors import catalog
from controller.model.fleet import Platform
from tests.scripts.asking import NONCE, spec_of
from tests.scripts.windows_pc import Pc, engine, new_pc

NAMES = tuple(name for name in catalog.names() if Platform.WINDOWS in catalog.platforms(name))


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    return new_pc(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_every_collector_has_a_windows_script_that_answers_last(name: str) -> None:
    script = catalog.script(name, Platform.WINDOWS)

    assert f"\n$Collector = '{name}'\n" in script
    assert script.endswith("\nWrite-Answer\n")
    assert script.isascii()


@pytest.mark.parametrize("name", NAMES)
def test_pslint_has_nothing_to_say(name: str) -> None:
    program = Path(engine()).with_name("pslint")
    if not program.is_file():
        pytest.skip("needs pslint beside the PowerShell that LAMSACH_PWSH names")
    script = catalog.script(name, Platform.WINDOWS).encode()

    said = subprocess.run([program, "--target", "5.1", "-"], input=script, capture_output=True, check=False)

    assert (said.returncode, said.stdout) == (0, b"")


def test_scripts_that_arrive_cut_do_nothing(pc: Pc) -> None:
    for name in NAMES:
        script = catalog.script(name, Platform.WINDOWS)
        for number, kept in enumerate((0.2, 0.4, 0.6, 0.8, 0.99)):
            pc.script(f"cut-{name}-{number}", script[: int(len(script) * kept)])
        pc.script(f"cut-{name}-before-the-end", script.removesuffix("Write-Answer\n"))
        pc.script(f"cut-{name}-in-the-end", script.removesuffix("r\n"))
    pc.script("whole", catalog.script("host", Platform.WINDOWS))

    said = pc.session(
        "foreach ($file in Get-Item cut-*.ps1, whole.ps1) {",
        f"  '= ' + $file.Name; try {{ . $file.FullName {NONCE} - }} catch {{ }}",
        "}",
    )

    names, lines = said.stdout.decode().split("= whole.ps1\n")
    assert names.count("= cut-") == names.count("\n") == 7 * len(NAMES)
    assert lines.startswith(f"#begin host 3 {NONCE} -\n")


def test_questions_that_are_not_understood_are_refused(pc: Pc) -> None:
    pc.script("files")
    understood = rf"{NONCE} - 'root=C:\x' seconds=9 depth=1 max_files=5 'hashes=md5,sha1'"
    questions = (
        "",
        NONCE,
        rf"{NONCE} 'C:\mounted'",
        f"{NONCE} - colour=red",
        f"{NONCE} - seconds=soon",
        f"{NONCE} - max_files=",
        f"{NONCE} - root=relative",
        f"{NONCE} - root=C:",
        rf"{NONCE} - 'root=\\server\share'",
        rf"{NONCE} - 'root=C:\x\..\y'",
        f"{NONCE} - 'hashes=md5,crc32'",
    )

    said = pc.session(
        *(f"try {{ . .\\files.ps1 {words} }} catch {{ 'refused: ' + $_ }}" for words in (*questions, understood))
    )

    lines = said.stdout.decode().splitlines()
    assert [line.startswith("refused: files: ") for line in lines[: len(questions)]] == [True] * len(questions)
    assert lines[len(questions)] == f"#begin files 3 {NONCE} -"


def test_an_argument_that_is_not_understood_fails_the_script(pc: Pc) -> None:
    reason, said = pc.fail("files", "colour=red")

    assert reason == "answer.cut"
    assert "files: unknown argument: colour=red" in said


def test_one_session_asks_all_questions_and_answers_come_in_strings_of_whole_lines(pc: Pc) -> None:
    """Each string travels as one object: 512 KiB are good for both ends."""
    folder = "C:\\x\\" + "ệ" * 80
    for number in range(2000):
        pc.file(f"{folder}\\{number}" + "đ" * 40)
    for name in ("host", "files", "processes"):
        pc.script(name)

    said = pc.session(
        *(
            f"'== {name}'; . .\\{name}.ps1 {NONCE} - {words} | ForEach-Object {{ '-- ' + $_ }}"
            for name, words in (("host", ""), ("files", r"'root=C:\x'"), ("processes", ""), ("host", ""))
        )
    )

    _, *parts = said.stdout.decode().split("== ")
    answers_of = [(part.split("\n", 1)[0], part.removesuffix("\n").split("\n-- ")[1:]) for part in parts]
    assert said.stderr == ""
    assert [name for name, _ in answers_of] == ["host", "files", "processes", "host"]
    for name, strings in answers_of:
        assert (len(strings) > 1) is (name == "files")
        assert all(len(each.encode()) <= 512 * 1024 for each in strings)
        stdout = "".join(f"{each}\n" for each in strings).encode()
        answer = answers.read(spec_of(name), stdout, nonce=NONCE, sysroot="-")
        assert (answer.unread, answer.stopped) == (0, None)
