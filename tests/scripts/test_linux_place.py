"""What copies a pushed file to where it belongs, under each shell that a Linux host may have."""

import hashlib
import os
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from tests.scripts.asking import Shell

WALK = (files("controller.transports") / "scripts" / "linux_walk.sh").read_text(encoding="utf-8")
SCRIPT = f"{WALK}\n" + (files("controller.tasks") / "scripts" / "linux_place.sh").read_text(encoding="utf-8")
NEW = b"#!/bin/sh\necho ch\xc3\xa0o\n"
FULL, FAILED = 62, 63

pytestmark = pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "pushed"
    path.write_bytes(NEW)
    return path


def place(
    shell: Shell,
    source: Path,
    dest: str,
    sysroot: Path | None = None,
    sha256: str = hashlib.sha256(NEW).hexdigest(),
    script: str = SCRIPT,
) -> tuple[int, str]:
    """Run it as a session does; return its exit code, and the last line of what it says."""
    done = subprocess.run(
        [*shell.command, "-s", "--", source, sha256, str(sysroot or "-"), dest, script],
        input=f"{{ {script}\n}}\n",
        env=os.environ | {"PATH": f"{shell.shims}:{os.environ['PATH']}"} | dict(shell.environment),
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()[-1]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_placed_below_folders_that_are_made_for_it(shell: Shell, source: Path, disk: Path) -> None:
    assert place(shell, source, "/opt/phần mềm/-x.sh", disk) == (0, "#lamsach placed")

    placed = disk / "opt/phần mềm/-x.sh"
    assert (placed.read_bytes(), placed.stat().st_mode & 0o777) == (NEW, 0o755)
    assert left_in(placed.parent) == ["-x.sh"]


def test_without_a_disk_of_its_own_the_running_system_is_meant(shell: Shell, source: Path, disk: Path) -> None:
    assert place(shell, source, f"{disk}/x.sh") == (0, "#lamsach placed")
    assert (disk / "x.sh").read_bytes() == NEW


def test_a_file_that_is_there_already_is_left_alone(shell: Shell, source: Path, disk: Path) -> None:
    place(shell, source, "/x.sh", disk)
    before = (disk / "x.sh").stat()

    assert place(shell, source, "/x.sh", disk) == (0, "#lamsach same")
    assert (disk / "x.sh").stat() == before


def test_a_file_that_is_replaced_hands_on_its_rights(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "hosts").write_bytes(b"old")
    (disk / "hosts").chmod(0o640)

    assert place(shell, source, "/hosts", disk) == (0, "#lamsach placed")
    assert ((disk / "hosts").read_bytes(), (disk / "hosts").stat().st_mode & 0o777) == (NEW, 0o640)


def test_what_an_earlier_try_left_is_cleared_away(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "elsewhere").write_bytes(b"keep me")
    (disk / "x.sh.lamsach-part").symlink_to("elsewhere")

    assert place(shell, source, "/x.sh", disk) == (0, "#lamsach placed")
    assert (disk / "elsewhere").read_bytes() == b"keep me"
    assert left_in(disk) == ["elsewhere", "x.sh"]


def test_a_wrong_checksum_leaves_the_old_file_and_nothing_half(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "x.sh").write_bytes(b"old")

    assert place(shell, source, "/x.sh", disk, sha256="0" * 64) == (FAILED, "the checksum is wrong")
    assert (disk / "x.sh").read_bytes() == b"old"
    assert left_in(disk) == ["x.sh"]


def test_a_full_disk_leaves_the_old_file_and_nothing_half(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "x.sh").write_bytes(b"old")
    shell.shim("cat", "exit 1")

    assert place(shell, source, "/x.sh", disk)[0] == FULL
    assert (disk / "x.sh").read_bytes() == b"old"
    assert left_in(disk) == ["x.sh"]


@pytest.mark.parametrize("target", ["folder", "file", "nowhere"])
def test_a_folder_or_a_link_in_its_place_is_left_alone(shell: Shell, source: Path, disk: Path, target: str) -> None:
    (disk / "folder").mkdir()
    (disk / "file").write_bytes(b"keep me")
    (disk / "x").symlink_to(target)

    for dest in ("/x", "/folder"):
        code, said = place(shell, source, dest, disk)
        assert (code, "is not a plain file" in said) == (FAILED, True)
    assert (disk / "x").is_symlink()
    assert (disk / "file").read_bytes() == b"keep me"
    assert left_in(disk / "folder") == []


def test_no_link_leads_off_the_disk_of_the_computer(shell: Shell, source: Path, disk: Path, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (disk / "out").symlink_to(tmp_path / "ours")
    (disk / "in").mkdir()
    (disk / "link").symlink_to("in")

    code, said = place(shell, source, "/out/deep/x", disk)

    assert (code, "leads off the disk" in said) == (FAILED, True)
    assert left_in(tmp_path / "ours") == []
    assert place(shell, source, "/link/x", disk) == (0, "#lamsach placed")


# folders that others can write: what root writes there by name, they can turn elsewhere between two commands of ours


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o2777])
def test_nothing_is_placed_in_a_folder_that_others_can_write(shell: Shell, source: Path, disk: Path, mode: int) -> None:
    (disk / "share").mkdir()
    (disk / "share").chmod(mode)

    code, said = place(shell, source, f"{disk}/share/x")

    assert (code, left_in(disk / "share")) == (FAILED, [])
    assert said == (
        f"'{disk}/share' can be written by others; choose a folder below it, such as '{disk}/share/lamsach'"
    )
    assert place(shell, source, f"{disk}/share/lamsach/x") == (0, "#lamsach placed")


def test_a_group_of_the_owners_own_is_nobody_else(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "mine").mkdir()
    (disk / "mine").chmod(0o775)

    assert place(shell, source, f"{disk}/mine/x") == (0, "#lamsach placed")


def test_no_link_is_followed_that_others_could_have_made(shell: Shell, source: Path, disk: Path) -> None:
    (disk / "cron.d").mkdir()
    (disk / "share").mkdir()
    (disk / "share").chmod(0o777)
    (disk / "share/Desktop").symlink_to(disk / "cron.d")

    code, said = place(shell, source, f"{disk}/share/Desktop/x")

    assert (code, left_in(disk / "cron.d")) == (FAILED, [])
    assert said.startswith(f"'{disk}/share/Desktop' is a link, and others than root can make links there")


def test_a_folder_that_is_exchanged_for_a_link_between_two_steps_leads_nowhere(
    shell: Shell, source: Path, disk: Path
) -> None:
    (disk / "cron.d").mkdir()
    (disk / "share").mkdir()
    (disk / "share").chmod(0o777)
    shell.shim("mkdir", f'for last; do :; done; ln -s "{disk}/cron.d" "$last"')

    code, said = place(shell, source, f"{disk}/share/Desktop/x")

    assert (code, left_in(disk / "cron.d")) == (FAILED, [])
    assert said == f"'{disk}/share/Desktop' was exchanged for a link while we looked at it"


@pytest.mark.parametrize("step", ["mkdir", "rm", "cp", "cat", "sha256sum", "mv", "chmod"])
def test_whatever_others_exchange_at_any_step_no_other_file_is_touched(
    shell: Shell, source: Path, disk: Path, step: str
) -> None:
    """A user who can write `share` acts whenever one of our programs has ended."""
    victim = disk / "shadow"
    victim.write_bytes(b"keep me")
    victim.chmod(0o600)
    (disk / "share/sub").mkdir(parents=True)
    (disk / "share").chmod(0o777)
    (disk / "share/sub/x").write_bytes(b"old")
    shell.shim(
        step,
        f"""PATH=/usr/bin:/bin
{step} "$@"
code=$?
mv "{disk}/share/sub" "{disk}/share/sub.$$" && mkdir "{disk}/share/sub" && chmod 777 "{disk}/share/sub"
for name in x x.lamsach-part; do ln -s "{victim}" "{disk}/share/sub/$name"; done
exit $code
""",
    )

    place(shell, source, f"{disk}/share/sub/x")

    assert (victim.read_bytes(), victim.stat().st_mode & 0o777) == (b"keep me", 0o600)


OF_ANOTHER = '{ [ -n "${AS-}" ] || [ ! -e .of-another ]; }'
"""Stands for the shell's own question who owns a folder: an ordinary user cannot make one that is another's."""


@pytest.fixture
def home(shell: Shell, disk: Path) -> Path:
    """A folder of user 4711, and the programs that tell of him and become him."""
    (disk / "home/.of-another").parent.mkdir()
    (disk / "home/.of-another").touch()
    (disk / "home/Desktop").mkdir()
    shell.shim("getent", 'echo "canbo:x:$2:4712::/home/canbo:/bin/sh"')
    return disk / "home"


AS_ANOTHER = SCRIPT.replace("[ -O . ]", OF_ANOTHER)
BECOMES = """echo "$*" | cut -d' ' -f1-4 >>"{log}"
ls -A "{home}/Desktop" >>"{log}"
shift 3
AS=canbo exec "$@"
"""


def test_in_a_folder_of_a_user_everything_is_done_as_that_user(shell: Shell, source: Path, home: Path) -> None:
    assert AS_ANOTHER != SCRIPT
    log = home.parent / "log"
    shell.shim("setpriv", BECOMES.format(log=log, home=home))

    answer = place(shell, source, f"{home}/Desktop/x", script=AS_ANOTHER)

    assert answer == (0, "#lamsach placed")
    assert (home / "Desktop/x").read_bytes() == NEW
    become = f"--reuid={home.stat().st_uid} --regid=4712 --init-groups"
    assert log.read_text().splitlines() == [f"{become} true", f"{become} sh"]


def test_where_nobody_can_become_the_user_nothing_is_placed(shell: Shell, source: Path, home: Path) -> None:
    shell.shim("setpriv", "exit 1")

    code, said = place(shell, source, f"{home}/Desktop/x", script=AS_ANOTHER)

    assert (code, left_in(home / "Desktop")) == (FAILED, [])
    assert said.startswith(f"'{home}' belongs to uid {home.stat().st_uid}; choose a 'dest' in a folder of root, or ")


def test_a_users_folder_on_a_mounted_disk_is_refused(shell: Shell, source: Path, home: Path, disk: Path) -> None:
    """Its users are none of ours, whatever their numbers."""
    shell.shim("setpriv", BECOMES.format(log=disk / "log", home=home))

    code, said = place(shell, source, "/home/Desktop/x", disk, script=AS_ANOTHER)

    assert (code, left_in(home / "Desktop")) == (FAILED, [])
    assert "belongs to uid" in said


LINKS = {
    "absolute": ("{disk}/real", True, False),
    "absolute by two": ("{disk}/second", True, False),
    "relative": ("real", True, True),
    "through the folder above": ("./../{name}/real/.", True, False),
    "off the disk": ("../../../../../../../..", None, False),
    "in a circle": ("link", False, False),
}


@pytest.mark.parametrize(("target", "live", "mounted"), LINKS.values(), ids=LINKS)
def test_links_that_only_root_can_make_are_followed_on_the_disk(
    shell: Shell, source: Path, disk: Path, target: str, live: bool | None, mounted: bool
) -> None:
    (disk / "real").mkdir()
    (disk / "second").symlink_to("real")
    (disk / "link").symlink_to(target.format(disk=disk, name=disk.name))

    if live is not None:
        code, said = place(shell, source, f"{disk}/link/a")
        assert (code, said == "#lamsach placed") == (0 if live else FAILED, live), said
    code, said = place(shell, source, "/link/b", disk)
    assert (code, said == "#lamsach placed") == (0 if mounted else FAILED, mounted), said
    assert left_in(disk / "real") == ["a"] * bool(live) + ["b"] * mounted
