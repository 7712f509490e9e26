"""From the `host` row to an identity: what firmware makers forgot to fill in identifies nobody, and is dropped.

The values come from the block lists that inventory programs (GLPI, OCS) keep, and from what the drivers of
virtual cards give to every computer alike.
"""

import re
from typing import Final

from controller.model.collector import Row
from controller.model.result import Identity

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MAC: Final = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")

_UUIDS: Final = frozenset(
    {
        "00020003-0004-0005-0006-000700080009",
        "03000200-0400-0500-0006-000700080009",
        "03d40274-0435-05dc-8506-010700080009",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "01010101-0101-0101-0101-010101010101",
        "12345678-1234-1234-1234-123456789012",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "4c4c4544-0000-2010-8020-80c04f202020",
        "deadbeef-dead-beef-dead-beefdeadbeef",
        "fefefefe-fefe-fefe-fefe-fefefefefefe",
    }
)
_SERIALS: Final = frozenset(
    {
        *("n/a", "na", "none", "null", "(null string)", "empty", "invalid", "unknow", "unknown", "not available"),
        *("not applicable", "not specified", "not set", "default", "default string", "standard", "eval", "iatpass"),
        *("to be filled by o.e.m.", "to be filled by oem", "o.e.m.", "oem", "oem_serial", "tulip computers"),
        *("serial number", "system serial number", "systemserialnumb", "chassis serial number"),
        *("base board serial number", "serial number xxxxxx", "9876543210", "123456789000"),
    }
)
_COUNTING: Final = "01234567890123456789"
_SERIAL_PREFIX: Final = re.compile(r"^(sn|sys|mb)-")
_MACS: Final = frozenset(
    {
        "00:05:9a:3c:78:00",  # Cisco AnyConnect
        "00:05:9a:3c:7a:00",
        "00:0b:ca:fe:00:00",  # Juniper Network Connect
        "00:53:45:00:00:00",  # Windows RAS
        "00:a0:c6:00:00:00",  # Qualcomm modems
        "02:00:4c:4f:4f:50",  # Windows loopback adapter
        "02:00:4e:43:50:49",  # NCP client
        "02:50:41:00:00:01",  # Palo Alto GlobalProtect
        "02:80:37:ec:02:00",  # Ericsson modems
        "0a:00:27:00:00:00",  # VirtualBox host-only
        "20:41:53:59:4e:ff",  # Windows RAS async
        "50:50:54:50:30:30",  # Windows PPTP
    }
)
_MOST_MACS: Final = 16
"""More cards than any office computer has; a hostile one must not claim those of all others."""

_LONGEST: Final = 256
"""Letters of a name, a serial number or a machine id. DMTF wants SMBIOS strings of at most 64."""

_VMWARE_HOST_ONLY: Final = "00:50:56:c0:"


def identity(row: Row, host_key: str) -> Identity:
    """Return what the machine behind the `host` row is, placeholders dropped, everything in one spelling."""
    macs = row["macs"][:_MOST_MACS] if isinstance(row["macs"], tuple) else ()
    return Identity(
        computer_name=str(row["computer_name"])[:_LONGEST],
        machine_id=_machine_id(str(row["machine_id"])),
        uuid=_uuid(str(row["uuid"])),
        serial=_serial(str(row["serial"])),
        macs=tuple(sorted({mac for each in macs if (mac := _mac(each))})),
        host_key=host_key,
    )


def _machine_id(text: str) -> str:
    value = text.strip().strip("{}").lower()
    return "" if value == "uninitialized" or len(value) > _LONGEST or _is_one_letter(value) else value


def _uuid(text: str) -> str:
    value = text.strip().strip("{}").lower()
    return value if _UUID.fullmatch(value) and value not in _UUIDS and not _is_one_letter(value) else ""


def _serial(text: str) -> str:
    """`0123456…` and `12345…` are no serial numbers either, nor are `SN-12345…`."""
    value = text.strip()
    core = _SERIAL_PREFIX.sub("", value.lower())
    made_up = core in _SERIALS or _COUNTING.startswith(core) or _COUNTING[1:].startswith(core)
    return "" if made_up or len(value) > _LONGEST or _is_one_letter(core) else value


def _mac(text: str) -> str:
    """Group addresses (the lowest bit of the first byte) belong to no card."""
    value = text.strip().lower().replace("-", ":")
    if not _MAC.fullmatch(value) or value in _MACS or value.startswith(_VMWARE_HOST_ONLY):
        return ""
    return "" if _is_one_letter(value) or int(value[:2], 16) & 1 else value


def _is_one_letter(value: str) -> bool:
    """Nothing at all, or one letter or digit over and over: `00000000-0000-…`, `FFFF…`, `xxxxxxx`, `...`."""
    return len({letter for letter in value if letter.isalnum()}) <= 1
