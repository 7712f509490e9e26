"""Where it stands on a Linux computer that a program starts by itself, and what is written there."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from controller.lab.pc import LabStart, StartKind, command_line, program_of

_UNIT: Final = """[Unit]
Description={name}

[Service]
ExecStart={command}

[Install]
WantedBy=multi-user.target
"""
_DESKTOP: Final = """[Desktop Entry]
Type=Application
Name={name}
Exec={command}
"""
_SCHEDULE: Final = "17 3 * * * root "
_COMMANDS: Final = {
    "etc/systemd/system/*.service": "ExecStart=",
    "etc/cron.d/*": _SCHEDULE,
    "home/*/.config/autostart/*.desktop": "Exec=",
}
"""Where entries stand below the root, and what stands before the command there."""


def write_starts(starts: Sequence[LabStart], disk: Path) -> None:
    """Write the entry of each on `disk`; a unit is also linked to from where it is asked for."""
    for start in starts:
        place, text = _entry(start)
        path = disk / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if start.kind is StartKind.SYSTEMD:
            link = path.parent / "multi-user.target.wants" / path.name
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(f"../{path.name}")


def read_programs(disk: Path) -> Iterator[str]:
    """Yield the program that each entry on `disk` names now."""
    for place, before in _COMMANDS.items():
        for file in sorted(disk.glob(place)):
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.startswith(before):
                    yield program_of(line.removeprefix(before))


def _entry(start: LabStart) -> tuple[str, str]:
    """Where an entry stands below the root, and what it says there."""
    command = command_line(start.program, *start.arguments)
    match start.kind:
        case StartKind.SYSTEMD:
            return f"etc/systemd/system/{start.name}.service", _UNIT.format(name=start.name, command=command)
        case StartKind.CRON:
            return f"etc/cron.d/{start.name}", f"{_SCHEDULE}{command}\n"
        case StartKind.XDG:
            folder = f"home/{start.user}/.config/autostart"
            return f"{folder}/{start.name}.desktop", _DESKTOP.format(name=start.name, command=command)
        case _:
            raise ValueError(f"'{start.kind}' is no place of Linux")
