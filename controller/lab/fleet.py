"""Build a fleet of lab computers from a number and a seed; the first ten Linux ones are the demo."""

import hashlib
import random
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from controller.lab import linux_office, windows_office
from controller.lab.pc import CLEANUP_FAULTS, LabFault, LabFleet, LabPc, Login
from controller.lab.samples import BACKDOOR, MINER, STEALER, Sample
from controller.lab.units import CHI_CUC, CUC, ORDER, SHORT_NAMES
from controller.model.fleet import Platform, Unit

SHARED_ACCOUNT: Final = "quantri"
_SEED: Final = 1
_MONDAY: Final = datetime(2022, 8, 29, 0, 30, tzinfo=UTC)
_CUT_LINUX: Final = 1000
_CUT_WINDOWS: Final = 3000
"""An answer over WinRM is longer: every character of its own is counted, and what wraps it too."""

_USER_NAMES: Final = ("phượng", "thủy", "đức", "khánh", "hường")


@dataclass(frozen=True, slots=True)
class _Role:
    """What one computer is there to show."""

    samples: tuple[Sample, ...] = ()
    faults: tuple[LabFault, ...] = ()
    login: Login = Login.PASSWORD


_CLEAN: Final = _Role()
_DEMO: Final = (
    _Role(login=Login.KEY),
    _Role(samples=(MINER,)),
    _CLEAN,
    _Role(faults=(LabFault.HANGS,)),
    _CLEAN,
    _Role(samples=(STEALER, BACKDOOR)),
    _Role(faults=(LabFault.CUT_ANSWER,)),
    _Role(faults=(LabFault.OFFLINE,)),
    _Role(faults=(LabFault.WRONG_PASSWORD,)),
    _CLEAN,
)
DEMO_SIZE: Final = len(_DEMO)
_DEMO_WINDOWS: Final = (
    _Role(samples=(MINER,)),
    _CLEAN,
    _Role(samples=(STEALER, BACKDOOR)),
    _CLEAN,
    _Role(faults=(LabFault.WRONG_PASSWORD,)),
    _Role(faults=(LabFault.HUGE_ANSWER,)),
)
_LEAVING: Final = _Role(samples=(STEALER,), faults=(LabFault.LEAVES_STARTS,))
"""Of what is left behind here nothing is listed: the entry is known only by the file that it names."""

# Of a hundred computers of a kind beyond the demo: most are well, and every fault occurs.
_WEIGHTS: Final = (
    (_CLEAN, 60),
    (_Role(login=Login.KEY), 5),
    (_Role(samples=(MINER,)), 7),
    (_Role(samples=(STEALER,)), 5),
    (_Role(samples=(BACKDOOR,)), 3),
    (_LEAVING, 2),
    (_Role(samples=(MINER,), faults=(LabFault.CLEANUP_FAILS,)), 3),
    *((_Role(faults=(fault,)), 3) for fault in LabFault if fault not in CLEANUP_FAULTS),
)


def build_fleet(count: int = DEMO_SIZE, seed: int = _SEED, *, clean: bool = False, windows: int = 0) -> LabFleet:
    """Return `count` computers of a Cục and three Chi cục; the same numbers always give the same fleet.

    The last `windows` of them are Windows PCs, by turns over TLS and without; those before do not depend on it.
    """
    dice = random.Random(seed)  # noqa: S311  # a repeatable mix, not a secret
    linux = count - windows
    roles = (*_mix(_DEMO, linux, dice), *_mix(_DEMO_WINDOWS, windows, dice))
    pcs = [
        _pc(index, seed, role, Platform.LINUX if index < linux else Platform.WINDOWS)
        for index, role in enumerate(roles)
    ]
    return LabFleet(units=(CUC, *CHI_CUC), order=ORDER, pcs=tuple(pcs), clean=clean)


def demo_fleet() -> LabFleet:
    """Return the sixteen computers of `lamsach demo`, six of them Windows PCs.

    On one infected computer the cleanup tool leaves an autostart entry behind, and on another it fails, so that the
    forms have something left to report.
    """
    fleet = build_fleet(DEMO_SIZE + len(_DEMO_WINDOWS), windows=len(_DEMO_WINDOWS))
    leaving, failing = (index for index, pc in enumerate(fleet.pcs) if pc.infected and index >= DEMO_SIZE)
    pcs = list(fleet.pcs)
    pcs[leaving] = _pc(leaving, _SEED, _LEAVING, Platform.WINDOWS)
    pcs[failing] = replace(pcs[failing], faults=(LabFault.CLEANUP_FAILS,))
    return replace(fleet, pcs=tuple(pcs))


def _mix(first: tuple[_Role, ...], count: int, dice: random.Random) -> tuple[_Role, ...]:
    """Return `count` roles: `first`, then as the dice fall."""
    roles, weights = zip(*_WEIGHTS, strict=True)
    return (*first[:count], *dice.choices(roles, weights, k=max(0, count - len(first))))


def _place(index: int) -> tuple[Unit, int]:
    """Every tenth computer stands in the Cục itself, the others in the Chi cục by turns; with its number there."""
    tens, ones = divmod(index, 10)
    if ones == 0:
        return CUC, tens + 1
    return CHI_CUC[(ones - 1) % 3], tens * 3 + (ones - 1) // 3 + 1


def _pc(index: int, seed: int, role: _Role, platform: Platform) -> LabPc:
    unit, number = _place(index)
    short = SHORT_NAMES[unit.id]
    computer_name = f"{short}-pc{number:02d}"
    own_account = LabFault.WRONG_PASSWORD in role.faults
    user = _USER_NAMES[index % len(_USER_NAMES)]
    windows = platform is Platform.WINDOWS
    office = windows_office if windows else linux_office
    return LabPc(
        name=f"{short}-kế-toán" if number == 2 else computer_name,
        computer_name=computer_name.upper() if windows else computer_name,
        platform=platform,
        unit=unit.id,
        users=_users(short, number),
        account=f"{SHARED_ACCOUNT}-{computer_name}" if own_account else SHARED_ACCOUNT,
        own_account=own_account,
        login=Login.PASSWORD if windows else role.login,
        tls=windows and index % 2 == 1,
        processes=office.processes(user, role.samples),
        files=office.files(computer_name, user, role.samples),
        sockets=office.sockets(role.samples),
        names=windows_office.names(role.samples) if windows else (),
        starts=office.starts(user, role.samples),
        faults=role.faults,
        infected=bool(role.samples),
        machine_id=_digest(seed, computer_name, "machine-id")[:32],
        boot_id=_started(index) if windows else _uuid(seed, computer_name, "boot-id"),
        system_uuid=_uuid(seed, computer_name, "system"),
        serial=_digest(seed, computer_name, "serial")[:10].upper(),
        mac=":".join(["00", "1b", *(f"{byte:02x}" for byte in (seed % 65536 * 65536 + index).to_bytes(4, "big"))]),
        cut_after=_CUT_WINDOWS if windows else _CUT_LINUX,
    )


def _started(index: int) -> str:
    """One after the other on a Monday morning."""
    return (_MONDAY + timedelta(seconds=7 * index)).isoformat().replace("+00:00", "Z")


def _users(short: str, number: int) -> tuple[str, ...]:
    """Each computer has its own person; every third is shared with the person of the one before."""
    own = f"{short}.cb{number:02d}"
    return (own, f"{short}.cb{number - 1:02d}") if number % 3 == 0 else (own,)


def _digest(*parts: object) -> str:
    return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()


def _uuid(*parts: object) -> str:
    return str(uuid.UUID(_digest(*parts)[:32], version=4))
