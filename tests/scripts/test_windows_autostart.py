"""What starts by itself on a Windows PC: on the sample PCs, and on PCs on which something is odd."""

from hashlib import md5, sha256
from pathlib import Path
from typing import Final

import pytest

from controller.collectors import answer as answers
from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.model.collector import Answer, Row, StoppedBy
from tests.scripts.asking import spec_of
from tests.scripts.windows_pc import Pc, new_pc, sample_pc

EVIL: Final = sha256(b"evil").hexdigest()
TOOL: Final = r"C:\Tools\x.exe"
USER: Final = "S-1-5-21-1-2-3-1001"
RUN: Final = r"Microsoft\Windows\CurrentVersion\Run"
TREE: Final = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree"
TASKS: Final = r"C:\Windows\System32\Tasks"
STARTUP: Final = r"Microsoft\Windows\Start Menu\Programs\Startup"


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    """Make a PC with one service, no task, and a user who is logged on."""
    pc = new_pc(tmp_path)
    pc.file(TOOL, b"evil")
    pc.disk(TASKS).mkdir(parents=True)
    keys(pc, {rf"HKLM\{TREE}": {}})
    profile = rf"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{USER}"
    keys(pc, {profile: {"ProfileImagePath": r"C:\Users\an"}, rf"HKU\{USER}\SOFTWARE": {}})
    services(pc, {"Name": "Plain", "PathName": r"C:\Windows\System32\plain.exe", "StartType": "Manual"})
    return pc


def keys(pc: Pc, values: dict[str, dict[str, str]]) -> None:
    """Add keys with values that are texts."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    for key, texts in values.items():
        lines.append(f"[{key.replace('HKLM', 'HKEY_LOCAL_MACHINE').replace('HKU', 'HKEY_USERS')}]")
        lines += [f'"{name}"="{quoted(text)}"' for name, text in texts.items()]
        lines.append("")
    folder = pc.place / "registry"
    (folder / f"more-{len(list(folder.iterdir()))}.reg").write_text("\n".join(lines), encoding="utf-8")


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def services(pc: Pc, *listed: dict[str, object]) -> None:
    usual = {"Status": "Running", "StartType": "Automatic", "StartName": "LocalSystem"}
    pc.state("services", *(usual | each for each in listed))


def a_task(pc: Pc, name: str, actions: str, rest: str = "<Triggers><BootTrigger/></Triggers>") -> None:
    text = f"<?xml version='1.0' encoding='UTF-16'?>\n<Task xmlns='urn:x'>{rest}<Actions>{actions}</Actions></Task>"
    pc.file(rf"{TASKS}\{name}", text.encode("utf-16"))


def run(pc: Pc, command: str) -> None:
    keys(pc, {rf"HKLM\SOFTWARE\{RUN}": {"x": command}})


def of_kind(answer: Answer, kind: str) -> list[Row]:
    return [row for row in answer.rows if row["kind"] == kind]


def told(rows: list[Row], *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_the_infected_pc_shows_its_program_and_the_clean_one_does_not(tmp_path: Path) -> None:
    """The files of the sample's tasks say nothing of what they start, and are counted."""
    listed = plain.parse("svchosts.exe\nupdate.bat\nKMSSS.exe\nhook.dll\n", name="list", sha256="")
    met, unread = {}, {}
    for name in ("lab-host", "lab-host-clean"):
        answer = sample_pc(name, tmp_path / name).ask("autostart")
        assert answer.stopped is None
        unread[name] = answer.unread
        seen = answers.observations(spec_of("autostart"), answer)
        met[name] = {(each.where.split()[0], each.seen) for each in Matcher([listed]).match(seen)}

    assert met["lab-host"] == {
        ("run", "svchosts.exe"),
        ("run", "hook.dll"),
        ("folder", "update.bat"),
        ("service", "KMSSS.exe"),
    }
    assert met["lab-host-clean"] == set()
    assert unread == {"lab-host": 3, "lab-host-clean": 1}


def test_a_row_has_every_column(pc: Pc) -> None:
    run(pc, f'"{TOOL}" -a')

    assert of_kind(pc.ask("autostart", "hashes=md5"), "run") == [
        {
            "kind": "run",
            "name": "x",
            "path": TOOL,
            "sha256": EVIL,
            "sha1": "",
            "md5": md5(b"evil").hexdigest(),
            "command": f'"{TOOL}" -a',
            "user": "",
            "location": rf"HKLM\SOFTWARE\{RUN}",
            "enabled": True,
        }
    ]


def test_every_run_key_of_every_hive_and_view_is_read(pc: Pc) -> None:
    version = r"Microsoft\Windows\CurrentVersion"
    nt = r"Microsoft\Windows NT\CurrentVersion"
    places = (
        *((rf"{version}\{name}", "x") for name in ("Run", "RunOnce", "RunServices", r"Policies\Explorer\Run")),
        (rf"{version}\RunOnceEx\001", "x"),
        *((rf"{nt}\Winlogon", name) for name in ("Shell", "Userinit", "Taskman")),
        *((rf"{nt}\Windows", name) for name in ("Load", "Run", "AppInit_DLLs")),
    )
    hives = {"HKLM": "", rf"HKU\{USER}": USER}
    views = ("SOFTWARE", r"SOFTWARE\WOW6432Node")
    expected = []
    for hive, user in hives.items():
        for view in views:
            for key, name in places:
                keys(pc, {rf"{hive}\{view}\{key}": {name: TOOL}})
                expected.append((rf"{hive}\{view}\{key}", name, user, EVIL))
    keys(pc, {rf"HKLM\SOFTWARE\{nt}\Winlogon": {"DefaultUserName": TOOL}})

    rows = of_kind(pc.ask("autostart"), "run")

    assert sorted(told(rows, "location", "name", "user", "sha256")) == sorted(expected)


COMMANDS: Final = {
    r"C:\Tools\x.exe": [TOOL],
    r"C:\Tools\x /a": [TOOL],
    r"C:/Tools/./x.exe": [TOOL],
    r"\??\C:\Tools\x.exe": [TOOL],
    r"C:\Program Files\a b\c d.exe -x": [r"C:\Program Files\a b\c d.exe"],
    r"C:\Program Files\gone now\y z.exe -x": [r"C:\Program Files\gone now\y z.exe"],
    r'"C:\Program Files\a b\c d.exe" "C:\Tools\x.exe"': [r"C:\Program Files\a b\c d.exe", TOOL],
    r"%SystemRoot%\System32\rundll32.exe C:\Tools\x.exe,Entry": [r"C:\Windows\System32\rundll32.exe", TOOL],
    r"rundll32 C:\Tools\x.exe,Entry": [r"C:\Windows\System32\rundll32.exe", TOOL],
    r'rundll32.exe /c "start C:\Tools\x.exe & C:\gone.bat"': [
        r"C:\Windows\System32\rundll32.exe",
        TOOL,
        r"C:\gone.bat",
    ],
    r"\\server\share\x.exe -a": [r"\\server\share\x.exe"],
    r"C:\gone.exe&C:\Tools\x.exe": [r"C:\gone.exe", TOOL],
    r"rundll32 -c & 'C:\Program Files\a b\c d.exe'": [
        r"C:\Windows\System32\rundll32.exe",
        r"C:\Program Files\a b\c d.exe",
    ],
    r"C:\Tools\x.exe:hidden.exe": [TOOL],
    r"nowhere.exe https://a.example/b": [""],
    r"%APPDATA%\x.exe": [""],
}


def test_every_file_of_a_command_is_found(pc: Pc) -> None:
    """What lies on another computer is named, not fetched, and counted."""
    pc.file(r"C:\Program Files\a b\c d.exe")
    pc.file(r"C:\Windows\System32\rundll32.exe")
    keys(pc, {rf"HKLM\SOFTWARE\{RUN}": dict(zip(map(str, range(99)), COMMANDS, strict=False))})

    answer = pc.ask("autostart")

    found: dict[object, list[object]] = {}
    for row in of_kind(answer, "run"):
        found.setdefault(row["command"], []).append(row["path"])
    assert found == COMMANDS
    assert (answer.unread, answer.stopped) == (1, None)


def test_a_users_variables_are_those_of_the_user(pc: Pc) -> None:
    pc.file(r"C:\Users\an\AppData\Roaming\x.exe", b"evil")
    keys(pc, {rf"HKU\{USER}\SOFTWARE\{RUN}": {"x": r"%AppData%\x.exe"}})

    rows = of_kind(pc.ask("autostart"), "run")

    assert told(rows, "path", "sha256") == [(r"C:\Users\an\AppData\Roaming\x.exe", EVIL)]


def test_startup_folders_are_read_of_all_users_and_where_they_were_moved(pc: Pc) -> None:
    folders = {
        rf"C:\ProgramData\{STARTUP}": "",
        rf"C:\Users\an\AppData\Roaming\{STARTUP}": USER,
        r"C:\Moved": USER,
    }
    shell = r"Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
    keys(pc, {rf"HKU\{USER}\SOFTWARE\{shell}": {"Startup": r"C:\Moved"}})
    for folder in folders:
        pc.file(rf"{folder}\x.bat", b"evil")

    rows = of_kind(pc.ask("autostart"), "folder")

    assert told(rows, "path", "location", "user", "sha256") == [
        (rf"{folder}\x.bat", rf"{folder}\x.bat", user, EVIL) for folder, user in folders.items()
    ]


def test_a_shortcut_that_leads_nowhere_is_counted(pc: Pc) -> None:
    pc.file(rf"C:\ProgramData\{STARTUP}\x.lnk", b"no shortcut")

    answer = pc.ask("autostart")

    assert [row["name"] for row in of_kind(answer, "folder")] == ["x.lnk"]
    assert (answer.unread, answer.stopped) == (1, None)


def test_a_service_shows_its_program_and_its_dll(pc: Pc) -> None:
    pc.file(r"C:\Windows\System32\svchost.exe")
    command = r"C:\Windows\System32\svchost.exe -k netsvcs"
    services(
        pc,
        {"Name": "Evil", "PathName": command, "ServiceDll": TOOL},
        {"Name": "Off", "PathName": TOOL, "StartType": "Disabled"},
        {"Name": "Asked", "PathName": TOOL, "StartType": "Manual"},
        {"Name": "Triggered", "PathName": TOOL, "StartType": "Manual"},
    )
    keys(pc, {r"HKLM\SYSTEM\CurrentControlSet\Services\Triggered\TriggerInfo\0": {}})

    rows = of_kind(pc.ask("autostart"), "service")

    assert told(rows, "name", "path", "enabled") == [
        ("Evil", TOOL, True),
        ("Evil", r"C:\Windows\System32\svchost.exe", True),
        ("Off", TOOL, False),
        ("Asked", TOOL, False),
        ("Triggered", TOOL, True),
    ]
    assert told(rows[:1], "user", "location", "command", "sha256") == [
        ("LocalSystem", r"HKLM\SYSTEM\CurrentControlSet\Services\Evil", command, EVIL)
    ]


def test_every_action_of_a_task_is_a_row(pc: Pc) -> None:
    server = "{01234567-89AB-CDEF-0123-456789ABCDEF}"
    keys(pc, {rf"HKLM\SOFTWARE\Classes\CLSID\{server}\InprocServer32": {"ThreadingModel": "Both"}})
    place = pc.place / "registry" / "default.reg"
    key = rf"HKEY_LOCAL_MACHINE\SOFTWARE\Classes\CLSID\{server}\InprocServer32"
    place.write_text(f'Windows Registry Editor Version 5.00\n\n[{key}]\n@="{quoted(TOOL)}"\n', encoding="utf-8")
    actions = (
        r"<Exec><Command>C:\Tools\x.exe</Command><Arguments>-a C:\gone.js</Arguments></Exec>"
        f"<ComHandler><ClassId>{server}</ClassId></ComHandler>"
    )
    user = "<Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>"
    a_task(pc, r"A\B", actions, f"<Triggers><BootTrigger/></Triggers>{user}")

    rows = of_kind(pc.ask("autostart"), "task")

    assert told(rows, "name", "path", "command", "user", "location", "enabled", "sha256") == [
        (r"\A\B", path, command, "S-1-5-18", rf"{TASKS}\A\B", True, digest)
        for path, command, digest in (
            (TOOL, rf"{TOOL} -a C:\gone.js", EVIL),
            (r"C:\gone.js", rf"{TOOL} -a C:\gone.js", ""),
            (TOOL, server, EVIL),
        )
    ]


@pytest.mark.parametrize(
    "rest", ["", "<Triggers><BootTrigger/></Triggers><Settings><Enabled>false</Enabled></Settings>"]
)
def test_a_task_that_nothing_asks_for_is_not_enabled(pc: Pc, rest: str) -> None:
    a_task(pc, "x", f"<Exec><Command>{TOOL}</Command></Exec>", rest)

    assert told(of_kind(pc.ask("autostart"), "task"), "path", "enabled") == [(TOOL, False)]


def test_tasks_that_cannot_be_read_keep_their_rows_and_are_counted(pc: Pc) -> None:
    contents = (
        b"no xml",
        b"<Task/>",
        b"<Other/>",
        b"<!DOCTYPE Task [<!ENTITY a 'b'>]><Task><Actions><Exec/></Actions></Task>",
        b"<Task><Actions><Exec/></Actions>" + b" " * 2**20 + b"</Task>",
    )
    for number, content in enumerate(contents):
        pc.file(rf"{TASKS}\{number}", content)

    answer = pc.ask("autostart")

    assert told(of_kind(answer, "task"), "name", "path") == [(rf"\{number}", "") for number in range(len(contents))]
    assert (answer.unread, answer.stopped) == (len(contents), None)


def test_a_task_without_a_file_is_told_from_the_cache(pc: Pc) -> None:
    a_task(pc, "x", f"<Exec><Command>{TOOL}</Command></Exec>")
    keys(pc, {rf"HKLM\{TREE}\{name}": {"Id": "{1}"} for name in ("X", r"Folder\hidden")})

    answer = pc.ask("autostart")

    assert told(of_kind(answer, "task"), "name", "location") == [
        (r"\x", rf"{TASKS}\x"),
        (r"\Folder\hidden", rf"HKLM\{TREE}\Folder\hidden"),
    ]
    assert (answer.unread, answer.stopped) == (1, None)


@pytest.mark.parametrize(
    "key",
    [rf"HKEY_LOCAL_MACHINE\SOFTWARE\{RUN}", rf"HKEY_USERS\{USER}\SOFTWARE\{RUN}", rf"HKEY_LOCAL_MACHINE\{TREE}"],
)
def test_a_key_that_is_denied_stops_the_look(pc: Pc, key: str) -> None:
    keys(pc, {key: {"x": TOOL}})
    pc.state("registry-denied", {"Path": key})

    answer = pc.ask("autostart")

    assert (answer.unread, answer.stopped) == (1, StoppedBy.DENIED)
    assert of_kind(answer, "service")


def test_a_services_key_that_is_denied_is_a_single_item(pc: Pc) -> None:
    pc.state("registry-denied", {"Path": r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Plain\Parameters"})
    keys(pc, {r"HKLM\SYSTEM\CurrentControlSet\Services\Plain\Parameters": {"ServiceDll": TOOL}})

    answer = pc.ask("autostart")

    assert (answer.unread, answer.stopped) == (1, None)


@pytest.mark.parametrize("trouble", ["Locked", "AccessDenied"])
def test_a_program_that_cannot_be_read_stops_the_look(pc: Pc, trouble: str) -> None:
    run(pc, TOOL)
    pc.state("files", {"Path": TOOL, trouble: True})

    answer = pc.ask("autostart")

    assert told(of_kind(answer, "run"), "path", "sha256") == [(TOOL, "")]
    assert (answer.unread, answer.stopped) == (1, StoppedBy.DENIED)


def test_a_pc_without_the_folder_of_tasks_was_not_looked_at(pc: Pc) -> None:
    pc.disk(TASKS).rmdir()

    assert pc.ask("autostart").stopped is StoppedBy.DENIED


def test_without_an_administrators_rights_the_look_is_stopped(pc: Pc) -> None:
    pc.mode(elevated=False)

    assert pc.ask("autostart").stopped is StoppedBy.DENIED


def test_a_look_without_time_says_so(pc: Pc) -> None:
    assert pc.ask("autostart", "seconds=0").stopped is StoppedBy.TIME


def test_wmi_that_is_broken_gives_no_answer(pc: Pc) -> None:
    pc.state("broken", {"Class": "Win32_Service"})

    reason, said = pc.fail("autostart")

    assert reason == "answer.cut"
    assert "Win32_Service cannot be read" in said.replace("\n     | ", " ")


def test_a_list_without_a_single_service_gives_no_answer(pc: Pc) -> None:
    pc.state("cim/root.cimv2/Win32_Service")

    assert pc.fail("autostart")[0] == "answer.cut"
