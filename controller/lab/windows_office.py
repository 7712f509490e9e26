"""What runs and lies on the Windows PC of an office."""

from collections.abc import Iterator
from typing import Final

from controller.lab.network import COLLEAGUE, SERVER, SERVER_NAME, WEB, WEB_NAME
from controller.lab.pc import LabFile, LabName, LabProcess, LabSocket, LabStart, StartKind
from controller.lab.samples import Sample
from controller.model.fleet import Platform

HOSTS: Final = r"C:\Windows\System32\drivers\etc\hosts"
SYSTEM: Final = "NT AUTHORITY\\SYSTEM"
_SYSTEM32: Final = r"C:\Windows\System32"
_OFFICE: Final = r"C:\Program Files\Phần mềm thi hành án"
STARTUP: Final = r"AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup"
"""The startup folder of a person, below the profile."""
_SHARE: Final = "Nối ổ đĩa chung.cmd"
_SVCHOST: Final = rf"{_SYSTEM32}\svchost.exe"
_NETSVCS: Final = ("-k", "netsvcs", "-p")
_NETWORK: Final = ("-k", "NetworkService", "-p")
_SERVICES: Final = (
    ("Dnscache", "DNS Client", _NETWORK),
    ("RpcSs", "Remote Procedure Call (RPC)", ("-k", "DcomLaunch", "-p")),
    ("Schedule", "Task Scheduler", _NETSVCS),
    ("WinRM", "Windows Remote Management (WS-Management)", _NETWORK),
    ("Winmgmt", "Windows Management Instrumentation", _NETSVCS),
)
_LISTENING: Final = ((135, 812), (445, 4), (5985, 4))
"""Ports, and the processes that listen there."""


def processes(user: str, samples: tuple[Sample, ...]) -> tuple[LabProcess, ...]:
    """Return what runs on the PC of `user`, who was befallen by `samples`."""
    document = rf"C:\Users\{user}\Documents\Báo cáo quý III.docx"
    usual = (
        LabProcess(pid=4, name="System", parent=0),
        LabProcess(pid=92, name="Registry", parent=4),
        _service(396, 4, rf"{_SYSTEM32}\smss.exe"),
        _service(596, 508, rf"{_SYSTEM32}\wininit.exe"),
        _service(668, 596, rf"{_SYSTEM32}\services.exe"),
        _service(684, 596, rf"{_SYSTEM32}\lsass.exe"),
        _service(812, 668, _SVCHOST, "-k", "DcomLaunch", "-p"),
        _service(944, 668, _SVCHOST, *_NETWORK),
        _service(1088, 668, _SVCHOST, *_NETSVCS),
        _session(4120, 4080, user, r"C:\Windows\explorer.exe"),
        _session(4388, 4120, user, r"C:\Program Files (x86)\UniKey\UniKeyNT.exe"),
        _session(4711, 4120, user, r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", "/n", document),
        _session(4802, 4120, user, rf"{_OFFICE}\Quản lý án.exe", "/người-dùng", user),
        _session(4930, 4120, user, r"C:\Program Files\Google\Chrome\Application\chrome.exe"),
    )
    return (*usual, *(_bad(pid, user, each) for pid, each in _numbered(samples)))


def files(computer_name: str, user: str, samples: tuple[Sample, ...]) -> tuple[LabFile, ...]:
    """Return what lies on its disk."""
    home = rf"C:\Users\{user}"
    usual = (
        LabFile(path=rf"{home}\Documents\Báo cáo quý III.docx", content="Báo cáo (nội dung bịa)\n"),
        LabFile(path=rf"{home}\Downloads\Mẫu biểu thi hành án [bản 2].xlsx", content=f"Biểu mẫu của {computer_name}\n"),
        LabFile(path=rf"{home}\Pictures\ngày hội.jpg", content="not really a picture\n"),
        LabFile(path=rf"{home}\{STARTUP}\{_SHARE}", content=f"@net use S: \\\\{SERVER_NAME}\\chung\n"),
        LabFile(path=HOSTS, content=f"127.0.0.1 localhost\n{SERVER} {SERVER_NAME} # máy chủ của cơ quan\n"),
    )
    return (*usual, *(each.file(computer_name, each.path_on(Platform.WINDOWS, home)) for each in samples))


def sockets(samples: tuple[Sample, ...]) -> tuple[LabSocket, ...]:
    """Return what is connected, and what listens; WinRM and file sharing belong to the system."""
    usual = (
        *(LabSocket(local_address="0.0.0.0", local_port=port, pid=pid) for port, pid in _LISTENING),  # noqa: S104
        LabSocket(local_port=5985, remote_address=COLLEAGUE, remote_port=50311, pid=4),
        LabSocket(local_port=49712, remote_address=SERVER, remote_port=445, pid=4),
        LabSocket(local_port=50011, remote_address=WEB, remote_port=443, pid=4930),
    )
    return (*usual, *(held for pid, each in _numbered(samples) for held in each.sockets(pid)))


def names(samples: tuple[Sample, ...]) -> tuple[LabName, ...]:
    """Return what its resolver was asked for lately; like that of Windows it repeats the hosts file."""
    usual = (
        LabName(name="localhost", data="127.0.0.1"),
        LabName(name=SERVER_NAME, data=SERVER),
        LabName(name=WEB_NAME, type="CNAME", data=f"web.{WEB_NAME}"),
        LabName(name=f"web.{WEB_NAME}", data=WEB),
    )
    return (*usual, *(name for each in samples for name in each.names()))


def starts(user: str, samples: tuple[Sample, ...]) -> tuple[LabStart, ...]:
    """Return what starts by itself, with the PC or with `user`."""
    home = rf"C:\Users\{user}"
    run, folder, service, task = StartKind.RUN, StartKind.FOLDER, StartKind.SERVICE, StartKind.TASK
    usual = (
        LabStart(kind=run, name="SecurityHealth", program=rf"{_SYSTEM32}\SecurityHealthSystray.exe"),
        LabStart(kind=run, name="UniKey", program=r"C:\Program Files (x86)\UniKey\UniKeyNT.exe", user=user),
        LabStart(kind=folder, name=_SHARE, program=rf"{home}\{STARTUP}\{_SHARE}", user=user),
        *(
            LabStart(kind=service, name=name, program=_SVCHOST, arguments=arguments, title=title)
            for name, title, arguments in _SERVICES
        ),
        LabStart(kind=StartKind.DRIVER, name="Tcpip", program=rf"{_SYSTEM32}\drivers\tcpip.sys"),
        LabStart(kind=task, name="Sao lưu án", program=rf"{_OFFICE}\Sao lưu.exe", arguments=("/đêm",)),
    )
    return (*usual, *(each.start_on(Platform.WINDOWS, home, user) for each in samples))


def _numbered(samples: tuple[Sample, ...]) -> Iterator[tuple[int, Sample]]:
    """The samples, each with the number of its process."""
    for turn, sample in enumerate(samples):
        yield 5100 + 8 * turn, sample


def _service(pid: int, parent: int, path: str, *arguments: str) -> LabProcess:
    return _process(pid, parent, SYSTEM, path, *arguments)


def _session(pid: int, parent: int, user: str, path: str, *arguments: str) -> LabProcess:
    return _process(pid, parent, user, path, *arguments)


def _bad(pid: int, user: str, sample: Sample) -> LabProcess:
    path = sample.path_on(Platform.WINDOWS, rf"C:\Users\{user}")
    return _process(pid, 4120, user if sample.uid else SYSTEM, path, *sample.arguments)


def _process(pid: int, parent: int, user: str, path: str, *arguments: str) -> LabProcess:
    name = path.rpartition("\\")[2].rpartition(".")[0]
    return LabProcess(pid=pid, name=name, path=path, command=(path, *arguments), parent=parent, user=user)
