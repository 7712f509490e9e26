"""What starts by itself on a Windows PC: on the sample PCs, and on PCs on which something is odd."""

from collections.abc import Mapping
from hashlib import md5, sha256
from pathlib import Path
from typing import Final

import pytest

from controller.collectors import answer as answers
from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.indicators.text import values_in
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
    """Make a PC with one service, one driver, no task, and a user who is logged on."""
    pc = new_pc(tmp_path)
    pc.file(TOOL, b"evil")
    pc.disk(TASKS).mkdir(parents=True)
    keys(pc, {rf"HKLM\{TREE}": {}})
    profile = rf"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{USER}"
    keys(pc, {profile: {"ProfileImagePath": r"C:\Users\an"}, rf"HKU\{USER}\SOFTWARE": {}})
    services(pc, {"Name": "Plain", "PathName": r"C:\Windows\System32\plain.exe", "StartType": "Manual"})
    drivers(pc, {"Name": "disk", "PathName": r"C:\Windows\System32\drivers\disk.sys"})
    return pc


def keys(pc: Pc, values: Mapping[str, Mapping[str, str | bytes | list[str] | int]]) -> None:
    """Add keys with their values: texts, lists of texts, bytes and numbers."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    for key, texts in values.items():
        lines.append(f"[{key.replace('HKLM', 'HKEY_LOCAL_MACHINE').replace('HKU', 'HKEY_USERS')}]")
        lines += [f'"{quoted(name)}"={written(value)}' for name, value in texts.items()]
        lines.append("")
    folder = pc.place / "registry"
    (folder / f"more-{len(list(folder.iterdir()))}.reg").write_text("\n".join(lines), encoding="utf-8")


def written(value: str | bytes | list[str] | int) -> str:
    """Write a value as a .reg file does."""
    match value:
        case str():
            return f'"{quoted(value)}"'
        case int():
            return f"dword:{value:08x}"
        case bytes():
            return f"hex:{value.hex(',')}"
    texts = "".join(f"{each}\0" for each in [*value, ""])
    return f"hex(7):{texts.encode('utf-16-le').hex(',')}"


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def services(pc: Pc, *listed: dict[str, object]) -> None:
    usual = {"Status": "Running", "StartType": "Automatic", "StartName": "LocalSystem"}
    pc.state("services", *(usual | each for each in listed))


def drivers(pc: Pc, *listed: Mapping[str, object]) -> None:
    usual = {"StartMode": "Boot", "Started": True}
    pc.state("cim/root.cimv2/Win32_SystemDriver", *({**usual, **each} for each in listed))


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
        seen = answers.observations(spec_of("autostart"), answer, values_in)
        met[name] = {(each.where.split()[0], each.seen) for each in Matcher([listed]).match(seen)}

    assert met["lab-host"] == {
        ("run", "svchosts.exe"),
        ("appinit", "hook.dll"),
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


VERSION: Final = r"Microsoft\Windows\CurrentVersion"
NT: Final = r"Microsoft\Windows NT\CurrentVersion"
IMAGES: Final = rf"{NT}\Image File Execution Options"
PLACES: Final = (
    *(("run", rf"{VERSION}\{name}", "x") for name in ("Run", "RunOnce", "RunServices", r"Policies\Explorer\Run")),
    ("run", rf"{VERSION}\RunOnceEx\001", "x"),
    ("run", rf"{VERSION}\RunOnceEx\001\Depend", "x"),
    ("run", rf"{VERSION}\Policies\System", "Shell"),
    *(("run", rf"{NT}\Winlogon", name) for name in ("Shell", "Userinit", "Taskman")),
    *(("run", rf"{NT}\Windows", name) for name in ("Load", "Run")),
    ("run", r"Microsoft\Active Setup\Installed Components\{1}", "StubPath"),
    ("run", r"Microsoft\Command Processor", "AutoRun"),
    ("appinit", rf"{NT}\Windows", "AppInit_DLLs"),
    ("debugger", rf"{IMAGES}\sethc.exe", "Debugger"),
    ("debugger", rf"{IMAGES}\sethc.exe\{{2}}", "Debugger"),
    ("debugger", rf"{IMAGES}\x.exe", "VerifierDlls"),
    ("debugger", rf"{NT}\SilentProcessExit\x.exe", "MonitorProcess"),
)
"""Of keys below SOFTWARE: what kind of entry stands there, and in which value."""


def test_every_key_of_every_hive_and_view_is_read(pc: Pc) -> None:
    hives = {"HKLM": "", rf"HKU\{USER}": USER}
    views = ("SOFTWARE", r"SOFTWARE\WOW6432Node")
    expected = []
    for hive, user in hives.items():
        for view in views:
            for kind, key, name in PLACES:
                keys(pc, {rf"{hive}\{view}\{key}": {name: TOOL}})
                expected.append((kind, rf"{hive}\{view}\{key}", name, user, EVIL))
    keys(pc, {rf"HKLM\SOFTWARE\{NT}\Winlogon": {"DefaultUserName": TOOL}, rf"HKLM\SOFTWARE\{IMAGES}": {"x": TOOL}})
    keys(pc, {rf"HKLM\SOFTWARE\{IMAGES}\notepad.exe": {"UseFilter": 1}})
    keys(pc, {rf"HKU\{USER}\Environment": {"UserInitMprLogonScript": TOOL, "Path": TOOL}})
    expected.append(("run", rf"HKU\{USER}\Environment", "UserInitMprLogonScript", USER, EVIL))

    answer = pc.ask("autostart")

    rows = [row for row in answer.rows if row["kind"] in {"run", "appinit", "debugger"}]
    assert sorted(told(rows, "kind", "location", "name", "user", "sha256")) == sorted(expected)
    assert (answer.unread, answer.stopped) == (0, None)


def test_dlls_of_every_program_are_enabled_by_the_switch_of_their_view(pc: Pc) -> None:
    view = rf"HKLM\SOFTWARE\WOW6432Node\{NT}\Windows"
    keys(pc, {rf"HKLM\SOFTWARE\{NT}\Windows": {"AppInit_DLLs": rf"C:\a.dll,{TOOL}", "LoadAppInit_DLLs": 1}})
    keys(pc, {view: {"AppInit_DLLs": TOOL, "LoadAppInit_DLLs": 0}})

    rows = of_kind(pc.ask("autostart"), "appinit")

    assert told(rows, "path", "enabled") == [(r"C:\a.dll", True), (TOOL, True), (TOOL, False)]


def test_what_the_system_loads_by_a_bare_name_is_found_in_its_folder(pc: Pc) -> None:
    """Each text of a list is an entry; `""` is what Windows writes for none."""
    for name in ("autochk.exe", "msv1_0.dll", "localspl.dll"):
        pc.file(rf"C:\Windows\System32\{name}")
    control = r"HKLM\SYSTEM\CurrentControlSet\Control"
    keys(pc, {rf"{control}\Session Manager": {"BootExecute": ["autocheck autochk *", "evil"], "SetupExecute": []}})
    keys(pc, {rf"{control}\Session Manager\AppCertDlls": {"x": TOOL}})
    keys(pc, {rf"{control}\Lsa": {"Authentication Packages": ["msv1_0", TOOL], "Security Packages": ['""']}})
    keys(pc, {rf"{control}\Lsa\OSConfig": {"Security Packages": [TOOL]}, rf"{control}\Lsa\x": {"y": TOOL}})
    keys(pc, {rf"{control}\Print\Monitors\Local Port": {"Driver": "localspl.dll"}})

    answer = pc.ask("autostart")

    rows = [row for row in answer.rows if row["kind"] in {"boot", "appinit", "lsa", "monitor"}]
    assert told(rows, "kind", "name", "command", "path") == [
        ("boot", "BootExecute", "autocheck autochk *", r"C:\Windows\System32\autochk.exe"),
        ("boot", "BootExecute", "evil", ""),
        ("appinit", "x", TOOL, TOOL),
        ("lsa", "Authentication Packages", "msv1_0", r"C:\Windows\System32\msv1_0.dll"),
        ("lsa", "Authentication Packages", TOOL, TOOL),
        ("lsa", "Security Packages", TOOL, TOOL),
        ("monitor", "Driver", "localspl.dll", r"C:\Windows\System32\localspl.dll"),
    ]
    assert all(row["enabled"] for row in rows)


def test_an_entry_that_somebody_switched_off_is_not_enabled(pc: Pc) -> None:
    approved = rf"{VERSION}\Explorer\StartupApproved"
    off, on = bytes([3, 0, 0, 0]) + bytes(8), bytes([6]) + bytes(11)
    both = {"off": TOOL, "on": TOOL, "new": TOOL}
    for hive in ("HKLM", rf"HKU\{USER}"):
        keys(pc, {rf"{hive}\SOFTWARE\{RUN}": both, rf"{hive}\SOFTWARE\WOW6432Node\{RUN}": both})
        keys(pc, {rf"{hive}\SOFTWARE\{VERSION}\RunOnce": {"off": TOOL}})
        keys(pc, {rf"{hive}\SOFTWARE\{approved}\Run": {"off": off, "on": on}})
        keys(pc, {rf"{hive}\SOFTWARE\{approved}\Run32": {"on": off, "off": "no bytes"}})
        keys(pc, {rf"{hive}\SOFTWARE\{approved}\StartupFolder": {"off.bat": off}})
    for folder in (r"C:\ProgramData", r"C:\Users\an\AppData\Roaming"):
        for name in ("off.bat", "on.bat"):
            pc.file(rf"{folder}\{STARTUP}\{name}")

    rows = pc.ask("autostart").rows

    disabled = {
        (row["location"], row["name"]) for row in rows if row["kind"] in {"run", "folder"} and not row["enabled"]
    }
    assert disabled == {
        *((rf"{hive}\SOFTWARE\{RUN}", "off") for hive in ("HKLM", rf"HKU\{USER}")),
        *((rf"{hive}\SOFTWARE\WOW6432Node\{RUN}", "on") for hive in ("HKLM", rf"HKU\{USER}")),
        (rf"C:\ProgramData\{STARTUP}\off.bat", "off.bat"),
        (rf"C:\Users\an\AppData\Roaming\{STARTUP}\off.bat", "off.bat"),
    }


def test_the_hive_of_each_user_who_is_not_logged_on_is_counted(pc: Pc) -> None:
    """One who left nothing but an entry in the list has no keys that we could miss."""
    profiles = rf"HKLM\SOFTWARE\{NT}\ProfileList"
    for number, name in enumerate(("binh", "chi", "gone")):
        keys(pc, {rf"{profiles}\S-1-5-21-1-2-3-{number}": {"ProfileImagePath": rf"C:\Users\{name}"}})
    for name in ("an", "binh", "chi"):
        pc.file(rf"C:\Users\{name}\NTUSER.DAT")
    pc.state("files", {"Path": r"C:\Users\binh\NTUSER.DAT", "AccessDenied": True})

    answer = pc.ask("autostart")

    assert (answer.unread, answer.stopped) == (2, None)


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


DRIVERS: Final = (
    (r"C:\Tools\x.exe", TOOL),
    (r"\??\C:\Tools\x.exe", TOOL),
    (r"\SystemRoot\Temp\a.sys", r"C:\Windows\Temp\a.sys"),
    (r"\systemroot\Temp\a b.sys", r"C:\Windows\Temp\a b.sys"),
    (r"System32\drivers\a.sys", r"C:\Windows\System32\drivers\a.sys"),
    (r"Temp\a.sys", r"C:\Windows\Temp\a.sys"),
    (None, r"C:\Windows\System32\drivers\x7.sys"),
    (r"\Device\Volume1\a.sys", ""),
)
"""How the path of a driver may be written, and the file that is meant."""


def test_the_file_of_a_driver_is_found_however_its_path_is_written(pc: Pc) -> None:
    drivers(pc, *({"Name": f"x{number}", "PathName": path} for number, (path, _) in enumerate(DRIVERS, 1)))

    answer = pc.ask("autostart")

    rows = of_kind(answer, "driver")
    assert told(rows, "path") == [(path,) for _, path in DRIVERS]
    assert told(rows, "sha256")[:2] == [(EVIL,)] * 2
    assert told(rows[-1:], "name", "command", "location") == [
        ("x8", r"\Device\Volume1\a.sys", r"HKLM\SYSTEM\CurrentControlSet\Services\x8")
    ]
    assert (answer.unread, answer.stopped) == (1, None)


def test_a_driver_is_enabled_when_windows_or_a_device_asks_for_it(pc: Pc) -> None:
    modes = [("Boot", True), ("System", True), ("Auto", True), ("Manual", False), ("Disabled", False)]
    listed = [{"Name": mode, "StartMode": mode, "Started": False} for mode, _ in modes]
    drivers(pc, *listed, {"Name": "device", "StartMode": "Manual", "Started": True})

    assert told(of_kind(pc.ask("autostart"), "driver"), "name", "enabled") == [*modes, ("device", True)]


def test_what_wmi_starts_is_told_with_whether_a_filter_is_bound_to_it(pc: Pc) -> None:
    pc.file(r"C:\Windows\System32\cmd.exe")
    bound = {"Consumer": 'CommandLineEventConsumer.Name="Evil"', "Filter": '__EventFilter.Name="x"'}
    command = rf"cmd.exe /c {TOOL}"
    pc.state("cim/root.subscription/__FilterToConsumerBinding", bound)
    pc.state(
        "cim/root.subscription/CommandLineEventConsumer",
        {"Name": "Evil", "CommandLineTemplate": command},
        {"Name": "Loose", "ExecutablePath": TOOL},
    )
    script = {"Name": "evil", "ScriptingEngine": "VBScript", "ScriptText": 'Run "C:\\gone.exe"', "ScriptFileName": TOOL}
    pc.state("cim/root.default/ActiveScriptEventConsumer", script)

    answer = pc.ask("autostart")

    line, active = (r"root\subscription:CommandLineEventConsumer", r"root\default:ActiveScriptEventConsumer")
    assert told(of_kind(answer, "wmi"), "name", "path", "sha256", "command", "location", "enabled") == [
        ("Evil", r"C:\Windows\System32\cmd.exe", sha256(b"x").hexdigest(), command, f'{line}.Name="Evil"', True),
        ("Evil", TOOL, EVIL, command, f'{line}.Name="Evil"', True),
        ("Loose", TOOL, EVIL, "", f'{line}.Name="Loose"', False),
        ("evil", TOOL, EVIL, script["ScriptText"], f'{active}.Name="evil"', True),
        ("evil", r"C:\gone.exe", "", script["ScriptText"], f'{active}.Name="evil"', True),
    ]
    assert (answer.unread, answer.stopped) == (0, None)


@pytest.mark.parametrize(
    "name", ["Win32_SystemDriver", "root/default:ActiveScriptEventConsumer", "root/default:__FilterToConsumerBinding"]
)
def test_a_list_of_wmi_that_cannot_be_read_stops_the_look(pc: Pc, name: str) -> None:
    """Access denied; what else was found is told all the same."""
    run(pc, TOOL)
    pc.state("broken", {"Class": name, "HResult": "0x80041003"})

    answer = pc.ask("autostart")

    assert answer.stopped is StoppedBy.DENIED
    assert told(of_kind(answer, "run"), "path", "sha256") == [(TOOL, EVIL)]


def test_a_pc_without_a_single_driver_was_not_looked_at(pc: Pc) -> None:
    drivers(pc)

    assert pc.ask("autostart").stopped is StoppedBy.DENIED


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
    [
        rf"HKEY_LOCAL_MACHINE\SOFTWARE\{RUN}",
        rf"HKEY_USERS\{USER}\SOFTWARE\{RUN}",
        rf"HKEY_LOCAL_MACHINE\{TREE}",
        rf"HKEY_LOCAL_MACHINE\SOFTWARE\{IMAGES}\sethc.exe",
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Lsa\OSConfig",
    ],
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
