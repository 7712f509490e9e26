"""Write a lab computer's folder. On Linux: its disk, a made-up /proc and /sys on it, and the shims its commands find.

    FOLDER/disk/             what the computer sees as /
    FOLDER/shims/            programs put first in PATH, so that scripts find a root's rights and the right name

That of a Windows PC is described in `windows_folder`. On both:

    FOLDER/tool-seconds      how long the cleanup tool takes (only when it is not 0)
    FOLDER/tool-fails        there when the cleanup tool must fail
    FOLDER/tool-leaves-starts  there when it must leave behind the autostart entries of what it removes
    FOLDER/tool-hands-over   there when a child of the cleanup tool does the work, and the tool itself ends at once
    FOLDER/tool-runs.txt     written by the tool: `RUN_ID MODE`, one line a run

Links inside are relative: a folder can be moved, and nothing in it points at the machine that plays it.
"""

import os
from collections.abc import Iterator
from importlib.resources import files
from itertools import chain
from pathlib import Path

from controller.lab.linux_sockets import tables, write_held
from controller.lab.linux_starts import write_starts
from controller.lab.pc import LabFault, LabFile, LabPc, LabProcess
from controller.lab.windows_folder import write_windows
from controller.model.fleet import Platform


def disk_of(folder: Path) -> Path:
    """Return where the root file system of the computer in `folder` lies."""
    return folder / "disk"


def shims_of(folder: Path) -> Path:
    """Return where the shims of the computer in `folder` lie."""
    return folder / "shims"


def write_folder(pc: LabPc, folder: Path) -> None:
    """Write everything that `pc` says of itself into `folder`, which must not exist yet."""
    folder.mkdir(parents=True)
    if pc.platform is Platform.WINDOWS:
        write_windows(pc, folder)
    else:
        _write_linux(pc, folder)
    _write_tool_orders(pc, folder)


def _write_linux(pc: LabPc, folder: Path) -> None:
    disk = disk_of(folder)
    for empty in ("root", "opt", "tmp", "usr/local", "var/lib", "var/tmp", "proc", "sys/class/net/enp1s0/device"):
        (disk / empty).mkdir(parents=True, exist_ok=True)
    for file in _all_files(pc):
        _write(disk, file)
    for process in pc.processes:
        _write_process(disk, process)
    write_held(pc.sockets, disk / "proc")
    write_starts(pc.starts, disk)
    _write_shims(shims_of(folder))


def _write_tool_orders(pc: LabPc, folder: Path) -> None:
    if pc.tool_seconds:
        (folder / "tool-seconds").write_text(f"{pc.tool_seconds}\n", encoding="utf-8")
    if LabFault.CLEANUP_FAILS in pc.faults:
        (folder / "tool-fails").touch()
    if LabFault.LEAVES_STARTS in pc.faults:
        (folder / "tool-leaves-starts").touch()
    if pc.hands_over:
        (folder / "tool-hands-over").touch()


def _all_files(pc: LabPc) -> Iterator[LabFile]:
    """The files it names, an image for every program that has none, and what every Linux has."""
    named = {file.path for file in pc.files}
    images = {process.path for process in pc.processes if process.path} | {start.program for start in pc.starts}
    yield from pc.files
    for path in sorted(images - named):
        yield LabFile(path=path, content=f"the lab's stand-in for {path}\n", executable=True)
    for path, content in chain(_etc(pc), _sys(pc), _proc(pc)):
        yield LabFile(path=path, content=content)


def _etc(pc: LabPc) -> Iterator[tuple[str, str]]:
    yield "/etc/hostname", f"{pc.computer_name}\n"
    yield "/etc/machine-id", f"{pc.machine_id}\n"
    yield "/etc/os-release", 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n'
    yield "/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {pc.computer_name}\n"
    yield "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnguoidung:x:1000:1000::/home/nguoidung:/bin/bash\n"
    yield "/etc/locale.conf", f"LANG={pc.language}\n"


def _sys(pc: LabPc) -> Iterator[tuple[str, str]]:
    dmi, net = "/sys/class/dmi/id", "/sys/class/net"
    yield f"{dmi}/product_uuid", f"{pc.system_uuid}\n"
    yield f"{dmi}/product_serial", f"{pc.serial}\n"
    yield f"{dmi}/product_name", "Lab PC\n"
    yield f"{dmi}/sys_vendor", "lamsach\n"
    yield f"{net}/enp1s0/address", f"{pc.mac}\n"
    yield f"{net}/enp1s0/type", "1\n"
    yield f"{net}/lo/address", "00:00:00:00:00:00\n"
    yield f"{net}/lo/type", "772\n"


def _proc(pc: LabPc) -> Iterator[tuple[str, str]]:
    kernel = "/proc/sys/kernel"
    yield f"{kernel}/random/boot_id", f"{pc.boot_id}\n"
    yield f"{kernel}/hostname", f"{pc.computer_name}\n"
    yield f"{kernel}/osrelease", "6.1.0-lab-amd64\n"
    yield "/proc/uptime", "86400.00 172800.00\n"
    yield "/proc/stat", "cpu  0 0 0 0 0 0 0 0 0 0\nbtime 1661900000\n"
    for table, text in tables(pc.sockets, pc.processes):
        yield f"/proc/net/{table}", text


def _write(disk: Path, file: LabFile) -> None:
    path = disk / file.path.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file.content, encoding="utf-8")
    if file.executable:
        path.chmod(0o755)


def _write_process(disk: Path, process: LabProcess) -> None:
    """Write /proc/PID as the kernel shows it; a kernel thread has no image and an empty command line."""
    place = disk / "proc" / str(process.pid)
    place.mkdir()
    name = process.name.encode()[:15].decode(errors="ignore")  # the kernel keeps fifteen bytes of it
    numbers = " ".join(["0"] * 11 + ["20", "0", "1", "0", str(process.pid * 100)] + ["0"] * 30)
    (place / "comm").write_text(f"{name}\n", encoding="utf-8")
    (place / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in process.command))
    (place / "stat").write_text(
        f"{process.pid} ({name}) S {process.parent} {process.pid} {process.pid} {numbers}\n", encoding="utf-8"
    )
    (place / "status").write_text(_status(process, name), encoding="utf-8")
    if process.path:
        (place / "exe").symlink_to(os.path.relpath(disk / process.path.lstrip("/"), place))


def _status(process: LabProcess, name: str) -> str:
    ids = "\t".join([str(process.uid)] * 4)
    lines = [
        f"Name:\t{name}",
        "State:\tS (sleeping)",
        f"Tgid:\t{process.pid}",
        f"Pid:\t{process.pid}",
        f"PPid:\t{process.parent}",
        f"Uid:\t{ids}",
        f"Gid:\t{ids}",
    ]
    if process.path:  # a kernel thread has no memory of its own
        lines.append("VmSize:\t   10240 kB")
    return "\n".join(lines) + "\n"


def _write_shims(place: Path) -> None:
    place.mkdir()
    for shim in (files("controller.lab") / "shims").iterdir():
        copy = place / shim.name.removesuffix(".sh")
        copy.write_bytes(shim.read_bytes())
        copy.chmod(0o755)
