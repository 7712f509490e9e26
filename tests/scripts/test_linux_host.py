"""The first question: who is this machine?"""

import os
import time
from pathlib import Path

from controller.model.collector import StoppedBy
from tests.scripts.asking import Shell


def put(disk: Path, path: str, text: str) -> None:
    place = disk / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def test_a_running_machine_says_who_it_is(shell: Shell) -> None:
    answer = shell.ask("host")

    row = answer.rows[0]
    assert len(answer.rows) == 1
    assert answer.stopped is None
    assert row["computer_name"] == os.uname().nodename
    assert row["platform"] == "linux"
    assert row["elevated"] is (os.geteuid() == 0)
    assert row["kernel"] == os.uname().release
    assert isinstance(row["clock"], int)
    assert abs(row["clock"] - time.time()) < 60
    free = os.statvfs("/var/lib")
    assert isinstance(row["free_bytes"], int)
    assert abs(row["free_bytes"] - free.f_bavail * free.f_frsize) < 2**30


def test_a_mounted_disk_speaks_for_itself(shell: Shell, disk: Path) -> None:
    put(disk, "etc/hostname", 'máy "số 1"\\\n')
    put(disk, "etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    put(disk, "etc/os-release", "NAME='Debian GNU/Linux'\nPRETTY_NAME=\"Debian 12 (bản thử)\"\n")
    put(disk, "proc/sys/kernel/random/boot_id", "b00t")
    put(disk, "sys/class/dmi/id/product_uuid", "4C4C4544-0042-3510-8051-B4C04F4E4D32\n")
    put(disk, "sys/class/dmi/id/product_serial", "To be filled by O.E.M.\n")

    row = shell.ask("host", sysroot=str(disk)).rows[0]

    assert row["computer_name"] == 'máy "số 1"\\'
    assert row["machine_id"] == "0123456789abcdef0123456789abcdef"
    assert row["system"] == "Debian 12 (bản thử)"
    assert row["boot_id"] == "b00t"
    assert row["uuid"] == "4C4C4544-0042-3510-8051-B4C04F4E4D32"
    assert row["serial"] == "To be filled by O.E.M."


def test_only_physical_cards_tell_their_address(shell: Shell, disk: Path) -> None:
    put(disk, "sys/class/net/lo/address", "00:00:00:00:00:00\n")
    put(disk, "sys/class/net/enp1s0/address", "52:54:00:12:34:56\n")
    put(disk, "sys/class/net/eno2/address", "52:54:00:12:34:57\n")
    put(disk, "sys/class/net/eno2/addr_assign_type", "0\n")
    put(disk, "sys/class/net/wlan0/address", "d2:00:00:00:00:01\n")
    put(disk, "sys/class/net/wlan0/addr_assign_type", "1\n")
    put(disk, "sys/class/net/docker0/address", "02:42:00:00:00:01\n")
    put(disk, "sys/devices/virtual/net/docker0/address", "02:42:00:00:00:01\n")

    row = shell.ask("host", sysroot=str(disk)).rows[0]

    assert row["macs"] == ("52:54:00:12:34:57", "52:54:00:12:34:56")


def test_a_machine_that_tells_nothing_still_answers(shell: Shell, disk: Path) -> None:
    answer = shell.ask("host", sysroot=str(disk))

    assert answer.stopped is None
    assert answer.rows[0]["computer_name"] == ""
    assert answer.rows[0]["macs"] == ()


def test_free_space_that_cannot_be_told_is_not_zero(shell: Shell) -> None:
    shell.shim("df", "exit 1")

    assert shell.ask("host").rows[0]["free_bytes"] == -1


def test_an_ordinary_account_is_told_apart_and_not_denied(shell: Shell, disk: Path) -> None:
    """Rights are in the row; whoever asked decides what they are enough for."""
    shell.shim("id", "echo 1000")

    answer = shell.ask("host", sysroot=str(disk))

    assert answer.rows[0]["elevated"] is False
    assert answer.stopped is not StoppedBy.DENIED
