"""What starts by itself: entries of every kind on disks that the test builds, and on the machine that runs the test."""

import shutil
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Final

from controller.collectors import answer as answers
from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.indicators.text import values_in
from controller.model.collector import Answer, Row, StoppedBy, Unread, UnreadKind
from controller.model.indicator import Kind
from tests.scripts.asking import Shell, spec_of

EVIL: Final = sha256(b"evil").hexdigest()


def put(disk: Path, path: str, text: str = "evil", *, runs: bool = False) -> None:
    place = disk / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    place.chmod(0o755 if runs else 0o644)


def link(disk: Path, path: str, target: str) -> None:
    place = disk / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def told(answer: Answer, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[each] for each in columns) for row in answer.rows]


def only(answer: Answer) -> Row:
    (row,) = answer.rows
    return row


def test_a_line_of_the_crontab_names_its_program_user_and_schedule(shell: Shell, disk: Path) -> None:
    put(disk, "/opt/x")
    put(disk, "/etc/crontab", "SHELL=/bin/sh\n# m h\n\n*/5 * * * *\troot  /opt/x --now\n17 * * *\n@reboot www /opt/y\n")

    answer = shell.ask("autostart", "hashes=md5,sha1", sysroot=str(disk))

    assert answer.rows[0] == {
        "kind": "cron",
        "name": "*/5 * * * *",
        "path": "/opt/x",
        "sha256": EVIL,
        "sha1": sha1(b"evil").hexdigest(),
        "md5": md5(b"evil").hexdigest(),
        "command": "/opt/x --now",
        "user": "root",
        "location": "/etc/crontab",
        "enabled": True,
    }
    assert told(answer, "name", "path", "sha256", "user")[1:] == [("@reboot", "/opt/y", "", "www")]
    assert (answer.unread, answer.stopped) == (0, None)


CRON: Final = {
    "/etc/cron.d/x": ("@daily bob /opt/x", "bob"),
    "/etc/anacrontab": ("@monthly 45 cron.monthly /opt/x", "root"),
    "/var/spool/cron/crontabs/an.nguyen": ("1 2 3 4 5 /opt/x", "an.nguyen"),
    "/var/spool/cron/an": ("@reboot /opt/x", "an"),
    "/etc/crontabs/root": ("1 2 3 4 5 /opt/x", "root"),
}


def test_every_place_of_cron_is_read(shell: Shell, disk: Path) -> None:
    put(disk, "/opt/x")
    for path, (line, _) in CRON.items():
        put(disk, path, f"{line}\n")

    answer = shell.ask("autostart", sysroot=str(disk))

    expected = {("cron", "/opt/x", EVIL, user, path) for path, (_, user) in CRON.items()}
    assert set(told(answer, "kind", "path", "sha256", "user", "location")) == expected
    assert len(answer.rows) == len(CRON)


RUN_THEMSELVES: Final = {
    "/etc/cron.hourly/x": ("cron", True),
    "/etc/cron.yearly/x": ("cron", True),
    "/etc/rc.local": ("init", True),
    "/etc/local.d/x.start": ("init", True),
    "/etc/network/if-up.d/x": ("network", True),
    "/etc/NetworkManager/dispatcher.d/10-x": ("network", True),
    "/etc/NetworkManager/dispatcher.d/pre-up.d/x": ("network", True),
    "/etc/networkd-dispatcher/routable.d/x": ("network", True),
    "/usr/lib/systemd/system-generators/x": ("systemd", True),
    "/etc/systemd/system-shutdown/x": ("systemd", True),
    "/etc/systemd/user-generators/x": ("systemd", True),
    "/etc/init.d/x": ("init", False),
    "/etc/profile.d/x.sh": ("profile", True),
    "/etc/zsh/zlogin": ("profile", True),
    "/etc/X11/Xsession.d/90x": ("profile", True),
    "/home/an/.bashrc": ("profile", True),
    "/home/an/.bash_logout": ("profile", True),
    "/home/an/.config/autostart-scripts/x.sh": ("xdg", True),
    "/root/.profile": ("profile", True),
    "/var/lib/app/.zshrc": ("profile", True),
    "/var/spool/cron/atjobs/a0001": ("cron", True),
}


def test_files_that_are_run_themselves_are_hashed(shell: Shell, disk: Path) -> None:
    put(disk, "/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:9:9::/var/lib/app:/bin/sh\nbin:x:1:1::/:/x\n")
    for path in RUN_THEMSELVES:
        put(disk, path, runs=True)

    answer = shell.ask("autostart", sysroot=str(disk))

    assert sorted(told(answer, "path", "location", "kind", "enabled", "sha256", "command")) == sorted(
        (path, path, kind, enabled, EVIL, "") for path, (kind, enabled) in RUN_THEMSELVES.items()
    )


def test_a_script_that_may_not_be_executed_is_not_enabled(shell: Shell, disk: Path) -> None:
    put(disk, "/etc/rc.local")

    assert only(shell.ask("autostart", sysroot=str(disk)))["enabled"] is False


def test_a_start_link_enables_a_script_of_init(shell: Shell, disk: Path) -> None:
    put(disk, "/etc/init.d/x", runs=True)
    link(disk, "/etc/rc3.d/S20x", "../init.d/x")

    assert only(shell.ask("autostart", sysroot=str(disk)))["enabled"] is True


def test_a_script_of_a_runlevel_is_enabled(shell: Shell, disk: Path) -> None:
    put(disk, "/etc/init.d/x", runs=True)
    link(disk, "/etc/runlevels/default/x", "/etc/init.d/x")

    assert only(shell.ask("autostart", sysroot=str(disk)))["enabled"] is True


def test_every_line_of_the_inittab_is_a_row(shell: Shell, disk: Path) -> None:
    put(disk, "/opt/x")
    put(disk, "/etc/inittab", "# a:b:c:d\nid:3:initdefault:\n::respawn:-/opt/x a:b\nu1:2:off:/opt/x\n")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert told(answer, "kind", "name", "command", "sha256", "user", "enabled") == [
        ("init", "", "/opt/x a:b", EVIL, "root", True),
        ("init", "u1", "/opt/x", EVIL, "root", False),
    ]


RULES: Final = r"""# RUN+="/opt/no"
KERNEL=="sda", PROGRAM=="/opt/x %k", RUN+="/opt/y", \
  RUN{program}+="tool -c \"/opt/x; /opt/y\""
IMPORT{program}="helper", RUN{builtin}+="kmod load x", ENV{RUN}="/opt/no", RUN+=""
"""


def test_every_program_of_a_udev_rule_is_a_row(shell: Shell, disk: Path) -> None:
    for path in ("/opt/x", "/opt/y", "/usr/bin/tool", "/lib/udev/helper"):
        put(disk, path, runs=True)
    put(disk, "/etc/udev/rules.d/90-x.rules", RULES)
    put(disk, "/lib/udev/rules.d/50-y.rules", 'RUN += "/opt/x"\n')

    answer = shell.ask("autostart", sysroot=str(disk))

    assert told(answer, "kind", "name", "command", "path", "sha256", "enabled") == [
        ("udev", name, command, path, EVIL, True)
        for name, command, path in (
            ("90-x.rules", "/opt/x %k", "/opt/x"),
            ("90-x.rules", "/opt/y", "/opt/y"),
            ("90-x.rules", "tool -c '/opt/x; /opt/y'", "/usr/bin/tool"),
            ("90-x.rules", "tool -c '/opt/x; /opt/y'", "/opt/x"),
            ("90-x.rules", "tool -c '/opt/x; /opt/y'", "/opt/y"),
            ("90-x.rules", "helper", "/lib/udev/helper"),
            ("50-y.rules", "/opt/x", "/opt/x"),
        )
    ]


def test_every_command_of_a_unit_is_a_row(shell: Shell, disk: Path) -> None:
    put(disk, "/opt/x")
    unit = (
        "[Service]\n#ExecStart=/opt/no\nExecStartPre=-/opt/x one \\\n  two\nExecStart = !!/opt/x\nExecStop=\nUser=bob\n"
    )
    put(disk, "/etc/systemd/system/x.service", unit)
    put(disk, "/usr/lib/systemd/system/sshd.service.d/y.conf", "[Service]\nExecStartPost=/opt/x\n")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert told(answer, "name", "command", "user", "sha256") == [
        ("x.service", "/opt/x one    two", "bob", EVIL),
        ("x.service", "/opt/x", "bob", EVIL),
        ("sshd.service", "/opt/x", "root", EVIL),
    ]


UNITS: Final = {
    "a.service": ("", False),
    "b.service": ("multi-user.target.wants/b.service", True),
    "c.service": ("multi-user.target.requires/c.service", True),
    "d.service": ("timers.target.wants/d.timer", True),
    "e.service": ("sockets.target.wants/e.socket", True),
    "h.service": ("multi-user.target.wants/h.path", True),
    "f@.service": ("multi-user.target.wants/f@eth0.service", True),
    "g@.service": ("multi-user.target.wants/gg@eth0.service", False),
    "service.d/y.conf": ("", True),
}


def test_a_unit_is_enabled_when_something_asks_for_it(shell: Shell, disk: Path) -> None:
    for unit, (wanted, _) in UNITS.items():
        put(disk, f"/lib/systemd/system/{unit}", "[Service]\nExecStart=/opt/x\n")
        if wanted:
            link(disk, f"/etc/systemd/system/{wanted}", f"/lib/systemd/system/{unit}")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert {row["location"]: row["enabled"] for row in answer.rows} == {
        f"/lib/systemd/system/{unit}": enabled for unit, (_, enabled) in UNITS.items()
    }


def test_units_of_users_and_timers_are_read(shell: Shell, disk: Path) -> None:
    put(disk, "/opt/x")
    put(disk, "/home/an/.config/systemd/user/x.service", "ExecStart=/opt/x\n")
    put(disk, "/etc/systemd/system/y.timer", "[Timer]\nOnCalendar=daily\nUnit=z.service\n")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert told(answer, "kind", "name", "path", "user", "command") == [
        ("timer", "y.timer", "", "root", "OnCalendar=daily; Unit=z.service"),
        ("systemd", "x.service", "/opt/x", "an", "/opt/x"),
    ]


def test_a_folder_that_has_two_names_is_read_once(shell: Shell, disk: Path) -> None:
    put(disk, "/usr/lib/systemd/system/x.service", "ExecStart=/opt/x\n")
    link(disk, "/lib", "usr/lib")

    assert told(shell.ask("autostart", sysroot=str(disk)), "location") == [("/usr/lib/systemd/system/x.service",)]


def test_preload_and_the_desktop_are_read(shell: Shell, disk: Path) -> None:
    for name in ("a.so", "b.so", "x"):
        put(disk, f"/opt/{name}")
    put(disk, "/etc/ld.so.preload", "/opt/a.so:/opt/b.so # note\n")
    put(disk, "/etc/xdg/autostart/x.desktop", "[Desktop Entry]\nName=Cập nhật\nExec=/opt/x %u\n")
    put(disk, "/home/an/.config/autostart/y.desktop", "[Desktop Entry]\nExec=/opt/x\nHidden=true\n")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert told(answer, "kind", "name", "path", "sha256", "user", "enabled") == [
        ("preload", "ld.so.preload", "/opt/a.so", EVIL, "", True),
        ("preload", "ld.so.preload", "/opt/b.so", EVIL, "", True),
        ("xdg", "Cập nhật", "/opt/x", EVIL, "", True),
        ("xdg", "", "/opt/x", EVIL, "an", False),
    ]


COMMANDS: Final = (
    ("tool --x", ["/usr/bin/tool"]),
    ("no-such-tool", [""]),
    ("A=1 B=/opt/lib.so tool", ["/opt/lib.so", "/usr/bin/tool"]),
    ("tool /opt/x", ["/usr/bin/tool", "/opt/x"]),
    ("tool -c '/opt/x; cd / && /opt/y'", ["/usr/bin/tool", "/opt/x", "/opt/y"]),
    ("tool -c \"tool -c '/opt/x y'\"", ["/usr/bin/tool", "/opt/x"]),
    ("'/opt/a b/gone'", ["/opt/a b/gone", "/opt/a"]),
    ("'/opt/x gone'", ["/opt/x gone", "/opt/x"]),
    ("tool '/opt/a b/gone'", ["/usr/bin/tool", "/opt/a b/gone", "/opt/a"]),
    ("'/opt/a b/x' \"/opt/c\\d\"", ["/opt/a b/x", "/opt/a", "/opt/c\\d"]),
    ("/opt/a\\ b/x", ["/opt/a b/x"]),
    ("cd /opt;tool>/opt/log", ["/usr/bin/tool", "/opt/log"]),
    ("if true; then tool; fi", ["/usr/bin/tool"]),
    ("/opt/x|tool", ["/opt/x", "/usr/bin/tool"]),
    ("--file=/opt/x", ["/opt/x"]),
    ('/opt/x "not closed /opt/y', ["/opt/x", "/opt/y"]),
)
"""Commands, and the files that they name. A path in quotes with a blank may as well be a command with an argument."""

GONE: Final = {"/opt/a b/gone", "/opt/x gone"}
"""What an entry still names when the file was removed."""


def test_a_command_tells_the_files_that_it_names(shell: Shell, disk: Path) -> None:
    put(disk, "/usr/bin/tool", runs=True)
    for path in ("/opt/x", "/opt/y", "/opt/a b/x", "/opt/c\\d", "/opt/lib.so", "/opt/log"):
        put(disk, path)
    for number, (command, _) in enumerate(COMMANDS):
        put(disk, f"/etc/cron.d/{number}", f"@reboot root {command}\n")

    answer = shell.ask("autostart", sysroot=str(disk))

    found = [[row["path"] for row in answer.rows if row["location"] == f"/etc/cron.d/{each}"] for each in range(20)]
    assert found[: len(COMMANDS)] == [paths for _, paths in COMMANDS]
    assert {row["path"] for row in answer.rows if not row["sha256"]} == {"", "/opt/a", *GONE}
    assert answer.stopped is None


def test_links_are_followed_inside_of_the_disk_only(shell: Shell, disk: Path, tmp_path: Path) -> None:
    """An absolute link of the disk means a place on the disk, not on the machine that the disk is mounted on."""
    (tmp_path / "ours").write_bytes(b"ours")
    put(disk, "/opt/real")
    link(disk, "/opt/x", "/opt/real")
    link(disk, "/opt/y", str(tmp_path / "ours"))
    link(disk, "/opt/z", "../../../../../../opt/real")
    put(disk, "/srv/x.service", "ExecStart=/opt/x /opt/y /opt/z\n")
    link(disk, "/etc/systemd/system/x.service", "/srv/x.service")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert told(answer, "path", "sha256") == [("/opt/x", EVIL), ("/opt/y", ""), ("/opt/z", EVIL)]


HOSTILE: Final = ("a b", "quote\"'s", "back\\slash", "two\nlines", "$(touch x)", "\x1b[2J", "-n")


def test_hostile_names_come_through_exactly(shell: Shell, disk: Path) -> None:
    for name in HOSTILE:
        put(disk, f"/etc/profile.d/{name}")
        put(disk, f"/etc/systemd/system/{name}.service", "ExecStart=/opt/x\n")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert set(told(answer, "name", "location", "sha256")) == {
        *((f"{name}.service", f"/etc/systemd/system/{name}.service", "") for name in HOSTILE),
        *((name, f"/etc/profile.d/{name}", EVIL) for name in HOSTILE),
    }
    assert (answer.unread, answer.stopped) == (0, None)


def test_an_entry_cannot_write_rows_of_its_own(shell: Shell, disk: Path) -> None:
    put(
        disk,
        "/etc/cron.d/x",
        '#unread\n@ itself cron yes\nroot\n/a\n/b\nEND\n#end 0 unread=0 stopped=no\n1 2 3 4 5 r "}\n',
    )

    answer = shell.ask("autostart", sysroot=str(disk))

    assert told(answer, "name", "command") == [("@", "cron yes"), ("1 2 3 4 5", '"}')]
    assert answer.unread == 0


def test_a_loop_of_links_is_counted(shell: Shell, disk: Path) -> None:
    link(disk, "/etc/crontab", "crontab")
    shell.shim("id", "echo 0")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert (answer.unread, answer.stopped) == (1, None)


def test_what_an_ordinary_account_cannot_read_stops_the_look(shell: Shell, disk: Path) -> None:
    link(disk, "/etc/crontab", "crontab")
    shell.shim("id", "echo 1000")

    assert shell.ask("autostart", sysroot=str(disk)).stopped is StoppedBy.DENIED


def test_a_program_that_cannot_be_read_is_named(shell: Shell, disk: Path) -> None:
    link(disk, "/opt/x", "x")
    put(disk, "/etc/crontab", "@reboot root /opt/x\n")
    shell.shim("id", "echo 0")

    answer = shell.ask("autostart", sysroot=str(disk))

    assert told(answer, "path", "sha256") == [("/opt/x", "")]
    assert answer.unread_items == (Unread(kind=UnreadKind.PROGRAM, path="/opt/x"),)
    assert (answer.unread, answer.stopped) == (1, None)


def test_a_file_of_entries_that_cannot_be_read_stops_the_look_and_is_named(shell: Shell, disk: Path) -> None:
    put(disk, "/etc/crontab", "@reboot root /opt/x\n")
    shell.shim("id", "echo 0")
    shell.shim("head", f'case $* in *crontab*) exit 1 ;; esac; exec {shutil.which("head")} "$@"')

    answer = shell.ask("autostart", sysroot=str(disk))

    assert [(item.kind, item.path) for item in answer.unread_items] == [(UnreadKind.FILE, "/etc/crontab")]
    assert answer.stopped is StoppedBy.DENIED


def test_a_home_that_cannot_be_entered_stops_the_look_and_is_named(shell: Shell, disk: Path) -> None:
    put(disk, "/home/an/.profile")
    (disk / "home/an").chmod(0o600)

    answer = shell.ask("autostart", sysroot=str(disk))

    (disk / "home/an").chmod(0o755)
    assert Unread(kind=UnreadKind.FOLDER, path="/home/an", error=13) in answer.unread_items
    assert answer.stopped is StoppedBy.DENIED


def test_a_file_too_long_to_be_read_to_its_end_says_so(shell: Shell, disk: Path) -> None:
    put(disk, "/etc/crontab", "#" * 2**20 + "\n@reboot root /opt/x\n")

    assert shell.ask("autostart", sysroot=str(disk)).stopped is StoppedBy.COUNT


def test_a_look_without_time_says_so(shell: Shell, disk: Path) -> None:
    put(disk, "/etc/crontab", "@reboot root /opt/x\n")

    answer = shell.ask("autostart", "seconds=0", sysroot=str(disk))

    assert answer.stopped is StoppedBy.TIME
    assert told(answer, "command") == [("/opt/x",)]


def test_each_program_is_hashed_once_however_many_start_it(shell: Shell, disk: Path) -> None:
    put(disk, "/usr/bin/tool", runs=True)
    link(disk, "/bin", "usr/bin")
    put(disk, "/etc/crontab", "".join(f"{minute} * * * * root /bin/tool {minute}\n" for minute in range(60)) * 10)
    put(disk, "/etc/cron.d/x", "".join(f"@reboot root /opt/{number}\n" for number in range(400)))
    for number in range(400):
        put(disk, f"/opt/{number}", str(number))

    answer = shell.ask("autostart", sysroot=str(disk))

    sums = {row["path"]: row["sha256"] for row in answer.rows}
    assert len(answer.rows) == 1000
    assert sums["/bin/tool"] == EVIL
    assert all(sums[f"/opt/{number}"] == sha256(str(number).encode()).hexdigest() for number in range(400))
    assert (answer.unread, answer.stopped) == (0, None)


def test_an_empty_disk_starts_nothing(shell: Shell, disk: Path) -> None:
    answer = shell.ask("autostart", sysroot=str(disk))

    assert (answer.rows, answer.unread, answer.stopped) == ((), 0, None)


def test_the_running_machine_is_looked_at_as_well(shell: Shell) -> None:
    """Its own entries are not ours to choose; what is listed lies where it says."""
    rows = [row for row in shell.ask("autostart").rows if row["sha256"] and row["kind"] == "profile"]

    assert all(row["sha256"] == sha256(Path(str(row["path"])).read_bytes()).hexdigest() for row in rows)
    assert [row for row in rows if row["path"] == "/etc/profile"] or not Path("/etc/profile").exists()


def test_an_entry_meets_its_program_by_path_and_hash_and_itself_by_its_place(shell: Shell, disk: Path) -> None:
    put(disk, "/var/tmp/.x/kworkerd")
    put(disk, "/etc/cron.d/.placeholder", "")
    put(disk, "/etc/cron.d/update", "@reboot root sh -c '/var/tmp/.x/kworkerd &'\n")
    text = f"/var/tmp/.x/kworkerd\nkworkerd\n{EVIL}\n/etc/cron.d/update\nsh -c\n"
    listed = plain.parse(text, name="list", sha256="")

    seen = answers.observations(spec_of("autostart"), shell.ask("autostart", sysroot=str(disk)), values_in)

    assert {(met.kind, met.where) for met in Matcher([listed]).match(seen)} == {
        (kind, "cron @reboot /etc/cron.d/update") for kind in (Kind.PATH, Kind.SHA256)
    }
