"""The line that every login shell reads alike, and the text that sh reads from its standard input."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.transports.shell_text import READY, command_line, quoted, shell_text

SHELLS = ("dash", "bash", "busybox")
LOGIN_SHELLS = {
    "bash": ("bash", "-c"),
    "dash": ("dash", "-c"),
    "busybox": ("busybox", "sh", "-c"),
    "rbash": ("bash", "--restricted", "-c"),
    "fish": ("fish", "-c"),
    "tcsh": ("tcsh", "-c"),
    "zsh": ("zsh", "-c"),
}
SUDO = '#!/bin/sh\n[ "$1 $2" = "-n --" ] || exit 1\nshift 2\nAS=root exec "$@"\n'
PRINT = "for each; do printf '<%s>' \"$each\"; done"
EVERY_BYTE = bytes(range(1, 256)).decode("utf-8", "surrogateescape")


def program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.skip(f"needs {name}: apt-get install {name}")
    return found


@pytest.fixture(params=SHELLS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH on which `sh` is one of the shells that a host may have, and `sudo` one that asks nothing."""
    return path_with(str(request.param), tmp_path)


def path_with(shell: str, tmp_path: Path) -> str:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "sh").symlink_to(program(shell))
    (programs / "sudo").write_text(SUDO)
    (programs / "sudo").chmod(0o755)
    return f"{programs}:/usr/bin:/bin"


def run(path: str, text: bytes, *login_shell: str, line: str = "sh -s") -> subprocess.CompletedProcess[bytes]:
    """Run the line as sshd does, by a login shell; `sh` itself when none is named."""
    words = [*login_shell, line] if login_shell else line.split()
    env = os.environ | {"PATH": path}
    return subprocess.run(words, input=text, capture_output=True, env=env, timeout=30, check=False)


def answer(arguments: list[str]) -> bytes:
    return "".join(f"<{each}>" for each in arguments).encode("utf-8", "surrogateescape")


HARD = [EVERY_BYTE, "", "-n", "--", "a\\\\'b", "a\\'\\'$(touch x)\\'", "!x", "two\nlines\n", "\u0085", "~", "*", "#"]


@pytest.mark.parametrize("become", [False, True])
@pytest.mark.parametrize("login_shell", LOGIN_SHELLS)
def test_every_login_shell_passes_on_script_and_arguments_as_they_are(
    tmp_path: Path, login_shell: str, become: bool
) -> None:
    """fish reads backslashes between single quotes, csh reads `!` and no newline; neither gets any of ours to read."""
    name, *words = LOGIN_SHELLS[login_shell]
    program(name)
    text = shell_text(f'printf %s "${{AS-}}"\n{PRINT}', HARD, seconds=20)

    done = run(path_with("dash", tmp_path), text, name, *words, line=command_line(become=become))

    assert (done.returncode, done.stdout) == (0, b"root" * become + answer(HARD))


@pytest.mark.parametrize("become", [False, True])
def test_the_command_line_holds_nothing_that_a_shell_would_read_in_its_own_way(become: bool) -> None:
    assert set(command_line(become=become)) <= set("abcdefghijklmnopqrstuvwxyz -")


WORDS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]) | st.sampled_from("'\\\n\"$`!"))
BYTES = st.binary(max_size=40).map(lambda raw: raw.replace(b"\0", b"").decode("utf-8", "surrogateescape"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(arguments=st.lists(WORDS | BYTES, max_size=20))
def test_any_argument_comes_through_as_it_is(path: str, arguments: list[str]) -> None:
    done = run(path, shell_text(PRINT, arguments, seconds=20))

    assert (done.returncode, done.stdout, done.stderr) == (0, answer(arguments), b"")


def test_every_byte_but_nul_comes_through_in_a_script_too(path: str) -> None:
    script = f"printf %s {quoted(EVERY_BYTE)}"

    assert run(path, shell_text(script, (), seconds=20)).stdout == bytes(range(1, 256))


def test_a_nul_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match="NUL"):
        shell_text("exit", ("a\0b",), seconds=20)


def test_a_text_that_was_cut_in_transit_runs_not_at_all(path: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = f": >{quoted(str(ran))}; echo ran"
    for takes_file in (False, True):
        text = shell_text(script, ("a b",), seconds=20, takes_file=takes_file)
        ends = sorted({*range(0, len(text) - 1, 97), *range(len(text) - 40, len(text) - 1)})
        for end in ends[:: 3 if takes_file else 1]:
            assert run(path, text[:end]).stdout == b"", f"the first {end} bytes"
            assert not ran.exists(), f"the first {end} bytes"
        assert run(path, text).stdout == b"ran\n"
        ran.unlink()


def test_nothing_in_a_script_can_read_what_follows_it(path: str) -> None:
    text = shell_text("cat; echo after", (), seconds=20) + b"echo what follows\n"

    assert run(path, text).stdout == b"after\n"


def test_the_exit_code_is_that_of_the_script(path: str) -> None:
    assert run(path, shell_text("exit 7", (), seconds=20)).returncode == 7


def test_a_script_out_of_time_is_ended(path: str) -> None:
    began = time.monotonic()

    assert run(path, shell_text("sleep 30", (), seconds=1)).returncode in {124, 137, 143}
    assert time.monotonic() - began < 5


def test_a_list_of_processes_shows_neither_script_nor_arguments(path: str) -> None:
    """`ps` of any user shows command lines and, of one's own, environments."""
    script = 'for each in /proc/[0-9]*; do tr "\\0" " " <"$each/cmdline"; tr "\\0" " " <"$each/environ"; done; :'
    done = run(path, shell_text(script, ("bí-mật-7f31",), seconds=20))

    assert b" sh -s " in done.stdout
    assert "bí-mật-7f31".encode() not in done.stdout
    assert b"/proc/[0-9]" not in done.stdout


def test_a_file_behind_the_text_comes_through_whole_once_the_host_has_asked_for_it(path: str) -> None:
    """dash and busybox read their script in blocks; what is sent before they are through would be lost to them."""
    file = os.urandom(300_000)
    text = shell_text("echo '#lamsach ready'; cat <&4", (), seconds=20, takes_file=True)
    pipe = subprocess.PIPE
    with subprocess.Popen(["sh", "-s"], stdin=pipe, stdout=pipe, env=os.environ | {"PATH": path}) as shell:
        assert shell.stdin
        assert shell.stdout
        shell.stdin.write(text)
        shell.stdin.flush()
        assert shell.stdout.readline() == READY
        stdout, _ = shell.communicate(file, timeout=30)

    assert stdout == file
