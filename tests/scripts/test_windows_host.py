"""The first question to a Windows PC: whatever is broken there, it says who it is and with which rights we stand."""

import time
from pathlib import Path

import pytest

from controller.collectors.identity import identity
from tests.scripts.windows_pc import Pc, new_pc

GERMAN = {"language": "de-DE", "accountNames": {"S-1-5-32-544": "Quản trị viên"}}


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    return new_pc(tmp_path)


def test_a_windows_pc_says_who_it_is(pc: Pc) -> None:
    answer = pc.ask("host")
    row = dict(answer.rows[0])

    assert (answer.unread, answer.stopped) == (0, None)
    assert abs(int(str(row.pop("clock"))) - time.time()) < 60
    assert int(str(row.pop("free_bytes"))) > 0
    assert str(row.pop("powershell")).startswith("5.1.")
    assert row == {
        "computer_name": "PC-07",
        "platform": "windows",
        "system": "Microsoft Windows 10 Pro",
        "kernel": "10.0.19045.5131",
        "user": "PC-07\\canbo1",
        "elevated": True,
        "machine_id": "9d5c2f61-6f0e-4c53-9b7e-3a1c5f0b7711",
        "boot_id": "1795395900",
        "uuid": "4C4C4544-0042-3510-8051-B4C04F4E4D32",
        "serial": "LAB0007",
        "macs": ("00:00:5E:00:53:37",),
        "language_mode": "FullLanguage",
    }
    who = identity(answer.rows[0], "")
    assert (who.uuid, who.macs) == ("4c4c4544-0042-3510-8051-b4c04f4e4d32", ("00:00:5e:00:53:37",))


def test_only_physical_cards_tell_their_address(pc: Pc) -> None:
    cards = {
        r"PCI\VEN_10EC&DEV_8168\4&1": ("00:00:5E:00:53:01", True),
        r"USB\VID_0BDA&PID_8153\1": ("00:00:5E:00:53:02", True),
        r"ROOT\NET\0000": ("00:00:5E:00:53:03", True),
        r"SWD\WINTUN\1": ("00:00:5E:00:53:04", True),
        r"PCI\VEN_1\2": ("00:00:5E:00:53:05", False),
        r"PCI\VEN_1\3": (None, True),
    }
    pc.state(
        "cim/root.cimv2/Win32_NetworkAdapter",
        *({"PNPDeviceID": place, "MACAddress": mac, "PhysicalAdapter": real} for place, (mac, real) in cards.items()),
    )

    assert pc.ask("host").rows[0]["macs"] == ("00:00:5E:00:53:01", "00:00:5E:00:53:02")


def test_wmi_that_is_broken_costs_what_only_wmi_knows(pc: Pc) -> None:
    pc.mode(wmi="0x80070422")

    answer = pc.ask("host")
    row = answer.rows[0]

    assert answer.unread == 4
    assert (row["uuid"], row["serial"], row["boot_id"], row["macs"]) == ("", "", "", ())
    assert (row["elevated"], row["computer_name"], row["system"]) == (True, "PC-07", "Windows 10 Pro")
    assert row["machine_id"] == "9d5c2f61-6f0e-4c53-9b7e-3a1c5f0b7711"


def test_each_thing_that_cannot_be_read_costs_itself(pc: Pc) -> None:
    pc.state("broken", {"Class": "Win32_ComputerSystemProduct"}, {"Class": "Win32_BIOS", "HResult": "0x80041013"})
    (pc.place / "state" / "registry-denied.json").write_text(
        r'["HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography"]', encoding="utf-8"
    )

    answer = pc.ask("host")
    row = answer.rows[0]

    assert (answer.unread, answer.stopped) == (3, None)
    assert (row["uuid"], row["serial"], row["machine_id"]) == ("", "", "")
    assert (row["boot_id"], row["macs"]) == ("1795395900", ("00:00:5E:00:53:37",))


@pytest.mark.parametrize("elevated", [True, False])
def test_the_greeting_gets_through_a_constrained_language(pc: Pc, *, elevated: bool) -> None:
    pc.mode(languageMode="ConstrainedLanguage", elevated=elevated, computerName='PC "7"\\\x01\U0001f600', **GERMAN)

    answer = pc.ask("host")

    assert answer.rows[0]["language_mode"] == "ConstrainedLanguage"
    assert answer.rows[0]["elevated"] is elevated
    assert answer.rows[0]["computer_name"] == 'PC "7"\\\x01\U0001f600'
    assert answer.rows[0]["uuid"] == "4C4C4544-0042-3510-8051-B4C04F4E4D32"


@pytest.mark.parametrize("elevated", [True, False])
def test_rights_are_told_in_every_language_and_are_no_reason_to_stop(pc: Pc, *, elevated: bool) -> None:
    """Whoever asked decides what they are enough for."""
    pc.mode(elevated=elevated, **GERMAN)

    answer = pc.ask("host")

    assert (answer.rows[0]["elevated"], answer.unread, answer.stopped) == (elevated, 0, None)
