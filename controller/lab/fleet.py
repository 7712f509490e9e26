"""Build a fleet of lab computers from a number and a seed; the first ten are the demo."""

import hashlib
import random
import uuid
from dataclasses import dataclass
from typing import Final

from controller.lab.pc import LabFault, LabFile, LabFleet, LabPc, LabProcess, Login
from controller.lab.samples import BACKDOOR, MINER, STEALER, Sample
from controller.lab.units import CHI_CUC, CUC, ORDER, SHORT_NAMES
from controller.model.fleet import Unit

SHARED_ACCOUNT: Final = "quantri"
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

# Of a hundred computers beyond the demo: most are well, and every fault occurs.
_WEIGHTS: Final = (
    (_CLEAN, 60),
    (_Role(login=Login.KEY), 5),
    (_Role(samples=(MINER,)), 7),
    (_Role(samples=(STEALER,)), 5),
    (_Role(samples=(BACKDOOR,)), 3),
    (_Role(samples=(MINER,), faults=(LabFault.CLEANUP_FAILS,)), 3),
    *((_Role(faults=(fault,)), 3) for fault in LabFault if fault is not LabFault.CLEANUP_FAILS),
)


def build_fleet(count: int = DEMO_SIZE, seed: int = 1, *, clean: bool = False) -> LabFleet:
    """Return `count` computers of a Cục and three Chi cục; the same numbers always give the same fleet."""
    dice = random.Random(seed)  # noqa: S311  # a repeatable mix, not a secret
    roles, weights = zip(*_WEIGHTS, strict=True)
    mix = (*_DEMO, *dice.choices(roles, weights, k=max(0, count - DEMO_SIZE)))
    places = [_place(index) for index in range(count)]
    pcs = [_pc(index, seed, unit, number, mix[index]) for index, (unit, number) in enumerate(places)]
    return LabFleet(units=(CUC, *CHI_CUC), order=ORDER, pcs=tuple(pcs), clean=clean)


def _place(index: int) -> tuple[Unit, int]:
    """Every tenth computer stands in the Cục itself, the others in the Chi cục by turns; with its number there."""
    tens, ones = divmod(index, 10)
    if ones == 0:
        return CUC, tens + 1
    return CHI_CUC[(ones - 1) % 3], tens * 3 + (ones - 1) // 3 + 1


def _pc(index: int, seed: int, unit: Unit, number: int, role: _Role) -> LabPc:
    short = SHORT_NAMES[unit.id]
    computer_name = f"{short}-pc{number:02d}"
    own_account = LabFault.WRONG_PASSWORD in role.faults
    user = _USER_NAMES[index % len(_USER_NAMES)]
    return LabPc(
        name=f"{short}-kế-toán" if number == 2 else computer_name,
        computer_name=computer_name,
        unit=unit.id,
        users=_users(short, number),
        account=f"{SHARED_ACCOUNT}-{computer_name}" if own_account else SHARED_ACCOUNT,
        own_account=own_account,
        login=role.login,
        processes=_processes(user, role.samples),
        files=_files(computer_name, user, role.samples),
        faults=role.faults,
        infected=bool(role.samples),
        machine_id=_digest(seed, computer_name, "machine-id")[:32],
        boot_id=_uuid(seed, computer_name, "boot-id"),
        system_uuid=_uuid(seed, computer_name, "system"),
        serial=_digest(seed, computer_name, "serial")[:10].upper(),
        mac=":".join(["00", "1b", *(f"{byte:02x}" for byte in (seed % 65536 * 65536 + index).to_bytes(4, "big"))]),
    )


def _users(short: str, number: int) -> tuple[str, ...]:
    """Each computer has its own person; every third is shared with the person of the one before."""
    own = f"{short}.cb{number:02d}"
    return (own, f"{short}.cb{number - 1:02d}") if number % 3 == 0 else (own,)


def _processes(user: str, samples: tuple[Sample, ...]) -> tuple[LabProcess, ...]:
    document = f"/home/{user}/Tài liệu/Báo cáo quý III.odt"
    usual = (
        LabProcess(pid=1, name="systemd", path="/usr/lib/systemd/systemd", command=("/sbin/init",), parent=0),
        LabProcess(pid=2, name="kthreadd", parent=0),
        LabProcess(pid=13, name="ksoftirqd/0", parent=2),
        _service(312, "/usr/lib/systemd/systemd-journald"),
        _service(540, "/usr/bin/dbus-daemon", "--system", "--nofork"),
        _service(566, "/usr/sbin/cron", "-f"),
        _service(571, "/usr/sbin/sshd", "-D"),
        _session(1204, 1, "/usr/bin/gnome-shell"),
        _session(1320, 1204, "/usr/lib/ibus-bamboo/ibus-engine-bamboo", "--ibus"),
        _session(1711, 1204, "/usr/lib/libreoffice/program/soffice.bin", document),
        _session(1802, 1204, "/opt/Phần mềm thi hành án/quản lý án", "--người dùng", user),
        _session(1930, 1204, "/usr/lib/firefox/firefox"),
    )
    infected = (each.process(2100 + 7 * turn, f"/home/{user}") for turn, each in enumerate(samples))
    return (*usual, *infected)


def _service(pid: int, path: str, *arguments: str) -> LabProcess:
    return LabProcess(pid=pid, name=path.rpartition("/")[2], path=path, command=(path, *arguments))


def _session(pid: int, parent: int, path: str, *arguments: str) -> LabProcess:
    return LabProcess(
        pid=pid, name=path.rpartition("/")[2], path=path, command=(path, *arguments), parent=parent, uid=1000
    )


def _files(computer_name: str, user: str, samples: tuple[Sample, ...]) -> tuple[LabFile, ...]:
    home = f"/home/{user}"
    usual = (
        LabFile(path=f"{home}/Tài liệu/Báo cáo quý III.odt", content="Báo cáo (nội dung bịa)\n"),
        LabFile(path=f"{home}/Tải xuống/Mẫu biểu thi hành án.ods", content=f"Biểu mẫu của {computer_name}\n"),
        LabFile(path=f"{home}/Ảnh/ngày hội.jpg", content="not really a picture\n"),
        LabFile(path="/var/log/syslog", content="systemd[1]: Started.\n"),
    )
    return (*usual, *(each.file(computer_name, home) for each in samples))


def _digest(*parts: object) -> str:
    return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()


def _uuid(*parts: object) -> str:
    return str(uuid.UUID(_digest(*parts)[:32], version=4))
