"""What runs and lies on the Windows PC of an office."""

from typing import Final

from controller.lab.pc import LabFile, LabProcess
from controller.lab.samples import Sample
from controller.model.fleet import Platform

SYSTEM: Final = "NT AUTHORITY\\SYSTEM"
_SYSTEM32: Final = r"C:\Windows\System32"
_OFFICE: Final = r"C:\Program Files\Phần mềm thi hành án"


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
        _service(812, 668, rf"{_SYSTEM32}\svchost.exe", "-k", "DcomLaunch", "-p"),
        _service(944, 668, rf"{_SYSTEM32}\svchost.exe", "-k", "NetworkService", "-p"),
        _session(4120, 4080, user, r"C:\Windows\explorer.exe"),
        _session(4388, 4120, user, r"C:\Program Files (x86)\UniKey\UniKeyNT.exe"),
        _session(4711, 4120, user, r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", "/n", document),
        _session(4802, 4120, user, rf"{_OFFICE}\Quản lý án.exe", "/người-dùng", user),
        _session(4930, 4120, user, r"C:\Program Files\Google\Chrome\Application\chrome.exe"),
    )
    return (*usual, *(_bad(5100 + 8 * turn, user, each) for turn, each in enumerate(samples)))


def files(computer_name: str, user: str, samples: tuple[Sample, ...]) -> tuple[LabFile, ...]:
    """Return what lies on its disk."""
    home = rf"C:\Users\{user}"
    usual = (
        LabFile(path=rf"{home}\Documents\Báo cáo quý III.docx", content="Báo cáo (nội dung bịa)\n"),
        LabFile(path=rf"{home}\Downloads\Mẫu biểu thi hành án [bản 2].xlsx", content=f"Biểu mẫu của {computer_name}\n"),
        LabFile(path=rf"{home}\Pictures\ngày hội.jpg", content="not really a picture\n"),
        LabFile(path=rf"{_SYSTEM32}\drivers\etc\hosts", content="127.0.0.1 localhost\n"),
    )
    return (*usual, *(each.file(computer_name, each.path_on(Platform.WINDOWS, home)) for each in samples))


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
