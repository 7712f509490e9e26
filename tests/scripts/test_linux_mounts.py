"""Which file systems below a root are entered: by the kernel's table of mounts, real and made up."""

import shutil
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from controller.collectors import answer, catalog
from controller.model.collector import Answer, RootState, StoppedBy, Unread, UnreadKind
from controller.model.fleet import Platform
from tests.scripts.asking import NONCE, Shell, spec_of


def mounted(shell: Shell, *mounts: tuple[str, str, str]) -> None:
    """Let the table of mounts be these above one root: (path, type, source), each after what it lies on."""
    known = [("/", 1)]
    lines = ["1 0 8:1 / / rw - ext4 /dev/sda1 rw"]
    for number, (path, kind, source) in enumerate(mounts, start=20):
        _, above = max((len(place), each) for place, each in known if f"{path}/".startswith(f"{place.rstrip('/')}/"))
        known.append((path, number))
        written = path.replace("\\", "\\134").replace(" ", "\\040")
        lines.append(f"{number} {above} 0:{number} / {written} rw shared:{number} - {kind} {source} rw")
    show(shell, lines)


def show(shell: Shell, lines: Sequence[str]) -> None:
    """Let the kernel show this table, and let us be root."""
    real, table = shutil.which("cat"), "\n".join(lines)
    shell.shim("id", "echo 0")
    shell.shim("cat", f'[ "$*" = /proc/self/mountinfo ] || exec {real} "$@"\n{real} <<"END"\n{table}\nEND')


def types(found: Answer) -> dict[object, object]:
    return {row["path"]: row["type"] for row in found.rows if row["path"] != "/etc"}


LOCAL = (
    "ext4",
    "xfs",
    "btrfs",
    "vfat",
    "exfat",
    "ntfs3",
    "tmpfs",
    "ramfs",
    "overlay",
    "squashfs",
    "iso9660",
    "ecryptfs",
    "zfs",
    "fuseblk",
    "fuse.mergerfs",
    "fuse.snapfuse",
    "devtmpfs",
)
NETWORK = (
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.nextcloud.AppImage",
    "fuse",
    "9p",
    "virtiofs",
    "ceph",
    "autofs",
    "vboxsf",
)
MADE_UP = (
    "proc",
    "sysfs",
    "cgroup2",
    "devpts",
    "securityfs",
    "binfmt_misc",
    "fuse.gvfsd-fuse",
    "fuse.portal",
    "fuse.lxcfs",
)


def test_file_systems_of_this_computer_are_entered(shell: Shell, disk: Path) -> None:
    for kind in LOCAL:
        (disk / "mnt" / kind).mkdir(parents=True)
        (disk / "mnt" / kind / "x").write_bytes(b"x")
    mounted(shell, *((f"{disk}/mnt/{kind}", kind, "none") for kind in LOCAL))

    found = shell.ask("files", "root=/mnt", sysroot=str(disk))

    assert {path for path, kind in types(found).items() if kind == "file"} == {f"/mnt/{kind}/x" for kind in LOCAL}
    assert (found.unread, found.stopped) == (0, None)


def test_file_systems_of_other_computers_stop_the_look_and_are_named(shell: Shell, disk: Path) -> None:
    for kind in NETWORK:
        (disk / "mnt" / kind).mkdir(parents=True)
        (disk / "mnt" / kind / "x").write_bytes(b"x")
    mounted(shell, *((f"{disk}/mnt/{kind}", kind, "server:/x") for kind in NETWORK))

    found = shell.ask("files", "root=/mnt", sysroot=str(disk))

    assert types(found) == {"/mnt": "folder", **{f"/mnt/{kind}": "mount" for kind in NETWORK}}
    assert set(found.unread_items) == {Unread(kind=UnreadKind.MOUNT, path=f"/mnt/{kind}") for kind in NETWORK}
    assert found.stopped is StoppedBy.DENIED


def test_what_the_kernel_makes_up_is_not_counted(shell: Shell, disk: Path) -> None:
    for kind in MADE_UP:
        (disk / "mnt" / kind).mkdir(parents=True)
        (disk / "mnt" / kind / "x").write_bytes(b"x")
    mounted(shell, *((f"{disk}/mnt/{kind}", kind, kind) for kind in MADE_UP))

    found = shell.ask("files", "root=/mnt", sysroot=str(disk))

    assert types(found) == {"/mnt": "folder", **{f"/mnt/{kind}": "mount" for kind in MADE_UP}}
    assert (found.unread, found.stopped) == (0, None)


def test_a_file_system_below_one_that_is_made_up_is_entered_and_one_below_another_computers_is_not(
    shell: Shell, disk: Path
) -> None:
    for folder in ("sys/hidden", "home/nas/local", "sys/fs/binfmt"):
        (disk / folder).mkdir(parents=True)
        (disk / folder / "x").write_bytes(b"x")
    mounts = (
        ("sys", "sysfs"),
        ("sys/hidden", "tmpfs"),
        ("sys/fs/binfmt", "autofs"),
        ("home/nas", "nfs4"),
        ("home/nas/local", "ext4"),
    )
    mounted(shell, *((f"{disk}/{path}", kind, kind) for path, kind in mounts))

    found = shell.ask("files", "root=/", sysroot=str(disk))

    assert {path for path, kind in types(found).items() if kind == "file"} == {"/sys/hidden/x"}
    assert [item.path for item in found.unread_items] == ["/home/nas"]


def test_names_of_mounts_are_no_patterns(shell: Shell, disk: Path) -> None:
    for folder in ("m/a [b]*?", "m/a b", "m/back\\slash"):
        (disk / folder).mkdir(parents=True)
        (disk / folder / "x").write_bytes(b"x")
    mounted(shell, (f"{disk}/m/a [b]*?", "nfs", "s"), (f"{disk}/m/back\\slash", "nfs", "s"))

    found = shell.ask("files", "root=/m", sysroot=str(disk))

    assert {path for path, kind in types(found).items() if kind == "file"} == {"/m/a b/x"}
    assert {item.path for item in found.unread_items} == {"/m/a [b]*?", "/m/back\\slash"}


def test_a_root_on_another_computer_is_looked_at_because_it_was_asked_for(shell: Shell, disk: Path) -> None:
    (disk / "home/an").mkdir(parents=True)
    (disk / "home/an/x").write_bytes(b"x")
    mounted(shell, (f"{disk}/home", "nfs4", "server:/home"))

    for root in ("/home", "/home/an"):
        found = shell.ask("files", f"root={root}", sysroot=str(disk))

        assert types(found)["/home/an/x"] == "file"
        assert (found.unread, found.stopped) == (0, None)


@pytest.mark.parametrize("kind", ["autofs", "proc", "fuse.gvfsd-fuse"])
def test_a_root_that_is_not_mounted_yet_or_made_up_is_refused(shell: Shell, disk: Path, kind: str) -> None:
    (disk / "home/an").mkdir(parents=True)
    mounted(shell, (f"{disk}/home", kind, kind))

    found = shell.ask("files", "root=/home", sysroot=str(disk))

    assert [root.state for root in found.roots] == [RootState.REFUSED]
    assert found.unread_items == (Unread(kind=UnreadKind.MOUNT, path="/home"),)
    assert found.stopped is StoppedBy.DENIED


def test_a_limit_of_depth_asks_for_no_file_system_below_it(shell: Shell, disk: Path) -> None:
    (disk / "tmp/nas/deep").mkdir(parents=True)
    mounted(shell, (f"{disk}/tmp/nas", "nfs", "s"), (f"{disk}/tmp/nas/deep", "cifs", "s"))

    found = shell.ask("files", "root=/tmp", "depth=1", sysroot=str(disk))

    assert types(found) == {"/tmp": "folder", "/tmp/nas": "mount"}
    assert (found.unread, found.stopped) == (0, None)


def test_a_mount_that_a_later_one_hides_is_not_counted(shell: Shell, disk: Path) -> None:
    (disk / "mnt/a/b").mkdir(parents=True)
    (disk / "mnt/a/b/x").write_bytes(b"x")
    (disk / "home").mkdir()
    place = str(disk).replace(" ", "\\040")
    table = [
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
        f"20 1 0:20 / {place}/mnt/a/b rw - nfs s rw",
        f"21 1 0:21 / {place}/mnt/a rw shared:7 - tmpfs t rw",
        f"22 1 0:22 / {place}/home rw - autofs map rw",
        f"23 22 0:23 / {place}/home rw - ext4 /dev/sdb1 rw",
    ]
    show(shell, table)

    found = shell.ask("files", "root=/mnt", "root=/home", sysroot=str(disk))

    assert types(found)["/mnt/a/b/x"] == "file"
    assert (found.unread, found.stopped) == (0, None)


def test_a_table_of_mounts_that_cannot_be_read_stops_the_look(shell: Shell, disk: Path) -> None:
    shell.shim("cat", "exit 1")

    found = shell.ask("files", "root=/", sysroot=str(disk))

    assert ([root.state for root in found.roots], found.stopped) == ([RootState.REFUSED], StoppedBy.DENIED)


REALLY = """
set -e
mount -t tmpfs none "$1/home/own" && echo evil >"$1/home/own/x"
mount --bind "$1/home/own" "$1/home/again"
mount --bind "$1/home" "$1/home/loop"
shift
exec "$@"
"""


@pytest.mark.parametrize("shell", ["sh", "busybox"], indirect=True)
def test_real_mounts_are_entered_read_once_and_never_walked_for_ever(shell: Shell, disk: Path, tmp_path: Path) -> None:
    for folder in ("etc", "home/own", "home/again", "home/loop"):
        (disk / folder).mkdir(parents=True)
    calls = tmp_path / "calls"
    shell.shim("sha256sum", f'echo $# >>"{calls}"; exec {shutil.which("sha256sum")} "$@"')
    script = catalog.script("files", Platform.LINUX).encode()
    words = (NONCE, str(disk), "root=/home", "max_files=1")

    done = in_own_namespace(shell, [str(disk), *shell.command, "-s", "--", *words], script)
    found = answer.read(spec_of("files"), done, nonce=NONCE, sysroot=str(disk))

    sums = {row["path"]: row["sha256"] for row in found.rows if row["type"] == "file"}
    evil = sha256(b"evil\n").hexdigest()
    assert sums["/home/own/x"] == sums["/home/again/x"] == evil
    assert calls.read_text().split() == ["0", "1"]  # the first one asks whether it works
    assert (found.unread, found.stopped) == (0, None)


def in_own_namespace(shell: Shell, words: Sequence[str], script: bytes) -> bytes:
    """Mount what REALLY says in a namespace of its own, and run a script there."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "--user", "--map-root-user", "--mount", "true"], check=False).returncode:
        pytest.skip("needs unshare and user namespaces: apt-get install util-linux")
    environment = {"PATH": f"{shell.shims}:/usr/bin:/bin:/usr/sbin:/sbin"}
    command = [unshare, "--user", "--map-root-user", "--mount", "/bin/sh", "-c", REALLY, "sh", *words]
    done = subprocess.run(command, input=script, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout
