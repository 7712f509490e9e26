"""Placeholders identify nobody; real values are spelled in one way."""

import pytest

from controller.collectors.identity import identity
from controller.model.collector import Row
from controller.model.result import Identity


def a_row(**but: str | tuple[str, ...]) -> Row:
    return {"computer_name": "PC-01", "machine_id": "", "uuid": "", "serial": "", "macs": (), **but}


def test_real_values_are_kept_in_one_spelling() -> None:
    row = a_row(
        machine_id="{0123456789ABCDEF0123456789abcdef}",
        uuid=" {4C4C4544-0042-3510-8051-B4C04F4E4D32}\r",
        serial=" B5QNM32 ",
        macs=("52-54-00-12-34-57", "52:54:00:12:34:56", "52:54:00:12:34:57"),
    )

    assert identity(row, "SHA256:abc") == Identity(
        computer_name="PC-01",
        machine_id="0123456789abcdef0123456789abcdef",
        uuid="4c4c4544-0042-3510-8051-b4c04f4e4d32",
        serial="B5QNM32",
        macs=("52:54:00:12:34:56", "52:54:00:12:34:57"),
        host_key="SHA256:abc",
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "03000200-0400-0500-0006-000700080009",
        "Not Settable",
        "4c4c4544-0042-3510-8051",
    ],
)
def test_a_uuid_that_many_share_is_dropped(value: str) -> None:
    assert identity(a_row(uuid=value), "").uuid == ""


@pytest.mark.parametrize(
    "value",
    [
        *("To be filled by O.E.M.", "Default string", "System Serial Number", "N/A", "None"),
        *("0", "00000000", "xxxxxxx", "...", " ", "0123456789", "123456789", "1234567890", "SN-12345"),
    ],
)
def test_a_serial_number_that_many_share_is_dropped(value: str) -> None:
    assert identity(a_row(serial=value), "").serial == ""


@pytest.mark.parametrize("value", ["5CG1234567", "12345X", "PF0ABCDE", "VMware-56 4d 00"])
def test_a_serial_number_that_may_be_real_is_kept(value: str) -> None:
    assert identity(a_row(serial=value), "").serial == value


@pytest.mark.parametrize(
    "value",
    [
        "00:00:00:00:00:00",
        "FF-FF-FF-FF-FF-FF",
        "01:00:5e:00:00:01",
        "00:50:56:C0:00:08",
        "0A:00:27:00:00:00",
        "not a mac",
        "",
    ],
)
def test_an_address_of_no_card_is_dropped(value: str) -> None:
    assert identity(a_row(macs=(value, "52:54:00:12:34:56")), "").macs == ("52:54:00:12:34:56",)


@pytest.mark.parametrize("value", ["uninitialized\n", "0" * 32, ""])
def test_a_machine_id_that_was_never_made_is_dropped(value: str) -> None:
    assert identity(a_row(machine_id=value), "").machine_id == ""


def test_a_text_that_no_firmware_holds_is_no_identity() -> None:
    long = "0123456789ABCDEF" * 20_000
    shown = identity(a_row(computer_name=long, machine_id=long, serial=long), "")

    assert (len(shown.computer_name), shown.machine_id, shown.serial) == (256, "", "")


def test_no_computer_has_more_than_sixteen_cards() -> None:
    macs = tuple(f"00:1b:00:00:00:{number:02x}" for number in range(200))

    assert len(identity(a_row(macs=macs), "").macs) == 16
