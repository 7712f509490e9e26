"""The harmless files that play malware, and the indicators that know them."""

import hashlib
from dataclasses import dataclass
from typing import Final

from controller.lab.pc import LabFile, LabName, LabSocket, LabStart, StartKind
from controller.model.fleet import Platform

MARKER: Final = "lamsach-lab-marker"
"""The first line of every sample is `MARKER THREAT`; the lab's cleanup tool looks for nothing else."""

_C2_DOMAIN: Final = "c2.lamsach.example"
_C2_ADDRESS: Final = "203.0.113.66"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One piece of made-up malware, for Linux and for Windows. `{home}` in a path is that of the person it befell.

    A `polymorphic` sample has other bytes on every computer, so only its path gives it away. `home_port` is where
    it is connected to whoever commands it, whom it finds by name when it `asks`; 0 when it is not. It starts again
    by the entry `entry`, of a kind of each platform.
    """

    threat: str
    path: str
    windows_path: str
    arguments: tuple[str, ...] = ()
    uid: int = 0
    polymorphic: bool = False
    home_port: int = 0
    asks: bool = False
    entry: str
    start: StartKind
    windows_start: StartKind

    def content(self, computer: str) -> str:
        """Return the bytes it has on `computer`."""
        lines = [f"{MARKER} {self.threat}", "This file is harmless; it plays malware in a lab."]
        return "\n".join([*lines, computer] if self.polymorphic else lines) + "\n"

    def path_on(self, platform: Platform, home: str) -> str:
        """Return where it lies on a computer of `platform`."""
        return (self.windows_path if platform is Platform.WINDOWS else self.path).format(home=home)

    def file(self, computer: str, path: str) -> LabFile:
        """Return it as it lies on the disk of `computer`."""
        return LabFile(path=path, content=self.content(computer), executable=True)

    def sockets(self, pid: int) -> tuple[LabSocket, ...]:
        """Return what its process `pid` holds."""
        if not self.home_port:
            return ()
        return (LabSocket(local_port=50000 + pid, remote_address=_C2_ADDRESS, remote_port=self.home_port, pid=pid),)

    def names(self) -> tuple[LabName, ...]:
        """Return what it asked a resolver for."""
        return (LabName(name=_C2_DOMAIN, data=_C2_ADDRESS),) if self.asks else ()

    def start_on(self, platform: Platform, home: str, user: str) -> LabStart:
        """Return how it starts again; `user` is the person it befell."""
        return LabStart(
            kind=self.windows_start if platform is Platform.WINDOWS else self.start,
            name=self.entry,
            program=self.path_on(platform, home),
            arguments=self.arguments,
            user=user if self.uid else "",
        )


MINER: Final = Sample(
    threat="Lab.Miner",
    path="/var/tmp/.cap-nhat/kworkerd",  # noqa: S108  # on a lab computer's disk
    windows_path=r"C:\ProgramData\CapNhat\kworkerd.exe",
    arguments=("--pool", f"{_C2_DOMAIN}:4444"),
    home_port=4444,
    asks=True,
    entry="CapNhat",
    start=StartKind.SYSTEMD,
    windows_start=StartKind.SERVICE,
)
STEALER: Final = Sample(
    threat="Lab.Stealer",
    path="{home}/Tải xuống/bẻ khóa Office.bin",
    windows_path=r"{home}\Downloads\bẻ khóa Office.exe",
    uid=1000,
    entry="Office",
    start=StartKind.XDG,
    windows_start=StartKind.RUN,
)
BACKDOOR: Final = Sample(
    threat="Lab.Backdoor",
    path="/usr/local/lib/.thu-vien/updaterd",
    windows_path=r"C:\ProgramData\Thư viện\updaterd.exe",
    arguments=("-c", f"{_C2_ADDRESS}:443"),
    polymorphic=True,
    home_port=443,
    entry="ThuVien",
    start=StartKind.CRON,
    windows_start=StartKind.TASK,
)

SAMPLES: Final = (MINER, STEALER, BACKDOOR)
LISTED_PATHS: Final = tuple(path for each in SAMPLES if each.polymorphic for path in (each.path, each.windows_path))
"""What the list knows by its path."""


def ioc_list() -> str:
    """Return the list that knows every sample: hashes, a path, and where they would call home to."""
    hashes = [hashlib.sha256(each.content("").encode()).hexdigest() for each in SAMPLES if not each.polymorphic]
    remarks = ["# Indicators of the lab's made-up malware; documentation addresses and names only."]
    return "\n".join([*remarks, *hashes, *LISTED_PATHS, _C2_DOMAIN, _C2_ADDRESS, "198.51.100.0/28"]) + "\n"
