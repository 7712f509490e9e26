"""A lab computer's folder says what its `LabPc` says, in the shapes that Linux uses."""

from dataclasses import replace
from pathlib import Path

import pytest

from controller.lab.fleet import build_fleet
from controller.lab.folder import disk_of, shims_of, write_folder
from controller.lab.pc import LabPc, LabStart, StartKind

INFECTED = next(pc for pc in build_fleet().pcs if len({file.path for file in pc.files}) > 5)


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Path:
    write_folder(INFECTED, tmp_path / "pc")
    return disk_of(tmp_path / "pc")


def _read(disk: Path, path: str) -> str:
    return (disk / path).read_text(encoding="utf-8")


def _status(disk: Path, pid: int) -> dict[str, str]:
    lines = _read(disk, f"proc/{pid}/status").splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def test_it_knows_who_it_is(disk: Path) -> None:
    assert _read(disk, "etc/hostname") == f"{INFECTED.computer_name}\n"
    assert _read(disk, "etc/machine-id") == f"{INFECTED.machine_id}\n"
    assert _read(disk, "proc/sys/kernel/random/boot_id") == f"{INFECTED.boot_id}\n"
    assert _read(disk, "sys/class/dmi/id/product_uuid") == f"{INFECTED.system_uuid}\n"
    assert _read(disk, "sys/class/net/enp1s0/address") == f"{INFECTED.mac}\n"


def test_every_process_stands_in_proc_as_the_kernel_shows_it(disk: Path) -> None:
    assert {int(path.name) for path in (disk / "proc").glob("[0-9]*")} == {each.pid for each in INFECTED.processes}
    for process in INFECTED.processes:
        words = (disk / f"proc/{process.pid}/cmdline").read_bytes().split(b"\0")[:-1]
        assert tuple(word.decode() for word in words) == process.command
        before, _, after = _read(disk, f"proc/{process.pid}/stat").rpartition(") ")
        assert before.startswith(f"{process.pid} (")
        assert len(after.split()) == 50
        assert int(after.split()[1]) == process.parent
        assert _status(disk, process.pid)["PPid"] == str(process.parent)
        assert _status(disk, process.pid)["Uid"].split("\t") == [str(process.uid)] * 4


def test_an_image_is_a_relative_link_that_stays_on_the_disk(disk: Path) -> None:
    for process in INFECTED.processes:
        image = disk / f"proc/{process.pid}/exe"
        assert image.is_symlink() == bool(process.path)
        if process.path:
            assert not image.readlink().is_absolute()
            assert image.resolve(strict=True) == (disk / process.path.lstrip("/")).resolve()


def test_every_socket_stands_in_the_kernels_table_and_is_held_by_its_process(disk: Path) -> None:
    lines = [line.split() for line in _read(disk, "proc/net/tcp").splitlines()[1:]]
    holders = {link.readlink().name: int(link.parts[-3]) for link in disk.glob("proc/[0-9]*/fd/*")}
    assert [(line[1], line[2], line[3], holders[f"socket:[{line[9]}]"]) for line in lines] == [
        ("00000000:0016", "00000000:0000", "0A", 571),
        ("0A0200C0:0016", "070200C0:C487", "01", 571),
        ("0A0200C0:9C56", "506433C6:01BB", "01", 1930),
        ("0A0200C0:CB8B", "427100CB:01BB", "01", 2107),
    ]


def test_a_moved_folder_still_holds_together(tmp_path: Path) -> None:
    write_folder(INFECTED, tmp_path / "pc")
    moved = (tmp_path / "pc").rename(tmp_path / "máy đã chuyển")
    assert all(link.exists() for link in disk_of(moved).glob("proc/[0-9]*/exe"))
    wanted = list(disk_of(moved).glob("etc/systemd/system/multi-user.target.wants/*"))
    assert wanted
    assert all(link.exists() for link in wanted)


def test_every_file_that_it_names_is_there(disk: Path) -> None:
    for file in INFECTED.files:
        assert _read(disk, file.path.lstrip("/")) == file.content


def test_nothing_in_it_names_the_machine_that_plays_it(disk: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "pc").rglob("*"):
        if path.is_symlink():
            assert not path.readlink().is_absolute()
        elif path.is_file():
            assert str(tmp_path) not in path.read_text(encoding="utf-8")


def test_a_folder_is_written_once(tmp_path: Path) -> None:
    write_folder(INFECTED, tmp_path / "pc")
    with pytest.raises(FileExistsError):
        write_folder(INFECTED, tmp_path / "pc")


def test_what_starts_on_windows_has_no_place_on_it(tmp_path: Path) -> None:
    start = LabStart(kind=StartKind.RUN, name="x", program="/bin/x")
    with pytest.raises(ValueError, match="'run' is no place of Linux"):
        write_folder(replace(INFECTED, starts=(start,)), tmp_path / "pc")


def test_the_shims_are_programs(tmp_path: Path) -> None:
    write_folder(INFECTED, tmp_path / "pc")
    shims = {path.name: path for path in shims_of(tmp_path / "pc").iterdir()}
    assert set(shims) == {"id", "hostname", "uname", "sudo"}
    assert all(path.stat().st_mode & 0o111 for path in shims.values())


def test_it_is_the_same_wherever_it_is_written(tmp_path: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def written(pc: LabPc, name: str) -> dict[str, bytes]:
        write_folder(pc, tmp_path / name)
        return contents(tmp_path / name)

    assert written(INFECTED, "một") == written(INFECTED, "hai")
