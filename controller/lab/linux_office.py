"""What runs and lies on the Linux computer of an office."""

from collections.abc import Iterator

from controller.lab.network import COLLEAGUE, WEB
from controller.lab.pc import LabFile, LabProcess, LabSocket, LabStart, StartKind
from controller.lab.samples import Sample
from controller.model.fleet import Platform


def processes(user: str, samples: tuple[Sample, ...]) -> tuple[LabProcess, ...]:
    """Return what runs on the computer of `user`, who was befallen by `samples`."""
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
    return (*usual, *(_bad(pid, user, each) for pid, each in _numbered(samples)))


def _service(pid: int, path: str, *arguments: str) -> LabProcess:
    return LabProcess(pid=pid, name=path.rpartition("/")[2], path=path, command=(path, *arguments))


def _session(pid: int, parent: int, path: str, *arguments: str) -> LabProcess:
    return LabProcess(
        pid=pid, name=path.rpartition("/")[2], path=path, command=(path, *arguments), parent=parent, uid=1000
    )


def files(computer_name: str, user: str, samples: tuple[Sample, ...]) -> tuple[LabFile, ...]:
    """Return what lies on its disk."""
    home = f"/home/{user}"
    usual = (
        LabFile(path=f"{home}/Tài liệu/Báo cáo quý III.odt", content="Báo cáo (nội dung bịa)\n"),
        LabFile(path=f"{home}/Tải xuống/Mẫu biểu thi hành án.ods", content=f"Biểu mẫu của {computer_name}\n"),
        LabFile(path=f"{home}/Ảnh/ngày hội.jpg", content="not really a picture\n"),
        LabFile(path="/var/log/syslog", content="systemd[1]: Started.\n"),
    )
    return (*usual, *(each.file(computer_name, each.path_on(Platform.LINUX, home)) for each in samples))


def sockets(samples: tuple[Sample, ...]) -> tuple[LabSocket, ...]:
    """Return what is connected, and what listens."""
    usual = (
        LabSocket(local_address="0.0.0.0", local_port=22, pid=571),  # noqa: S104
        LabSocket(local_port=22, remote_address=COLLEAGUE, remote_port=50311, pid=571),
        LabSocket(local_port=40022, remote_address=WEB, remote_port=443, pid=1930),
    )
    return (*usual, *(held for pid, each in _numbered(samples) for held in each.sockets(pid)))


def starts(user: str, samples: tuple[Sample, ...]) -> tuple[LabStart, ...]:
    """Return what starts by itself, with the computer or with `user`."""
    systemd, cron, xdg = StartKind.SYSTEMD, StartKind.CRON, StartKind.XDG
    usual = (
        LabStart(kind=systemd, name="cron", program="/usr/sbin/cron", arguments=("-f",)),
        LabStart(kind=systemd, name="ssh", program="/usr/sbin/sshd", arguments=("-D",)),
        LabStart(kind=cron, name="sao-luu", program="/opt/Phần mềm thi hành án/sao lưu", arguments=("--đêm",)),
        LabStart(kind=xdg, name="ibus", program="/usr/lib/ibus-bamboo/ibus-engine-bamboo", user=user),
    )
    return (*usual, *(each.start_on(Platform.LINUX, f"/home/{user}", user) for each in samples))


def _numbered(samples: tuple[Sample, ...]) -> Iterator[tuple[int, Sample]]:
    """The samples, each with the number of its process."""
    for turn, sample in enumerate(samples):
        yield 2100 + 7 * turn, sample


def _bad(pid: int, user: str, sample: Sample) -> LabProcess:
    path = sample.path_on(Platform.LINUX, f"/home/{user}")
    command = (path, *sample.arguments)
    return LabProcess(pid=pid, name=path.rpartition("/")[2], path=path, command=command, uid=sample.uid)
