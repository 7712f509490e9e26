"""Which values must never be looked for, because they would be found everywhere."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from controller.indicators.addresses import address_of, read_address, read_network
from controller.model.indicator import Kind

_WIDEST: Final = {4: 8, 6: 16}
# Published lists do hold the hashes of empty files, of single letters and of the word `test`.
_TRIVIAL: Final = (b"", *(bytes([each]) for each in range(256)), b"\r\n", b"test", b"test\n", b"test\r\n")
_TRIVIAL_HASHES: Final = frozenset(
    hashlib.new(name, content, usedforsecurity=False).hexdigest()
    for name in ("md5", "sha1", "sha256")
    for content in _TRIVIAL
)
# The second labels under which registries of countries sell names (com.vn, co.uk).
_REGISTRY_LABELS: Final = frozenset(
    {"ac", "biz", "co", "com", "edu", "gov", "health", "info", "int", "mil", "name", "net", "org", "pro"}
)
_COUNTRY_LETTERS: Final = 2
_WINDOWS_OWN: Final = frozenset(
    f"{name}.exe"
    for name in (
        *("cmd", "conhost", "cscript", "csrss", "ctfmon", "dllhost", "explorer", "lsass", "msiexec", "mshta"),
        *("powershell", "regsvr32", "rundll32", "searchindexer", "services", "sihost", "smss", "spoolsv", "svchost"),
        *("notepad", "taskhostw", "taskmgr", "wininit", "winlogon", "wmiprvse", "wscript"),
    )
) | {"kernel32.dll", "ntdll.dll", "user32.dll"}
# Where those programs lie, when they are the system's own.
_WINDOWS_PLACES: Final = frozenset(
    {
        *(r"c:\windows", r"c:\windows\system32", r"c:\windows\syswow64", r"c:\windows\system32\wbem"),
        r"c:\windows\system32\windowspowershell\v1.0",
    }
)
_WINDOWS_FOLDERS: Final = _WINDOWS_PLACES | {
    *(r"c:\documents and settings", r"c:\perflogs", r"c:\program files", r"c:\program files (x86)", r"c:\programdata"),
    *(r"c:\program files\common files", r"c:\program files (x86)\common files", r"c:\recovery", r"c:\$recycle.bin"),
    *(r"c:\system volume information", r"c:\users", r"c:\users\*", r"c:\users\default", r"c:\users\public"),
    *(rf"c:\users\*\{name}" for name in ("appdata", "desktop", "documents", "downloads")),
    *(rf"c:\users\*\appdata\{name}" for name in ("local", r"local\temp", "locallow", "roaming")),
    *(rf"c:\windows\{name}" for name in ("fonts", "inf", "system", "tasks", "temp", "winsxs")),
    *(rf"c:\windows\system32\{name}" for name in ("config", "drivers", r"drivers\etc", "spool", "tasks")),
    *(
        rf"{folder}\microsoft\windows\start menu\programs\startup"
        for folder in (r"c:\programdata", r"c:\users\*\appdata\roaming")
    ),
}
_LINUX_FOLDERS: Final = frozenset(
    {
        *("/", "/var/spool/cron", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/etc/systemd/system"),
        *(f"/{name}" for name in ("bin", "boot", "dev", "dev/shm", "etc", "home", "lib", "lib64", "lost+found")),
        *(f"/{name}" for name in ("media", "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr")),
        *(f"/usr/{name}" for name in ("bin", "games", "include", "lib", "lib64", "libexec", "local", "sbin", "share")),
        *(f"/{name}" for name in ("lib/systemd", "lib/systemd/system", "usr/lib/systemd", "usr/lib/systemd/system")),
        *(
            f"/etc/{name}"
            for name in ("cron.d", "cron.daily", "cron.hourly", "default", "init.d", "pam.d", "profile.d")
        ),
        *(f"/etc/{name}" for name in ("rc.d", "security", "ssh", "ssl", "sudoers.d", "systemd", "udev", "xdg")),
        *(f"/var/{name}" for name in ("cache", "lib", "log", "mail", "run", "spool", "tmp", "www")),
        *("/usr/src", "/var"),
    }
)
_LINUX_PROGRAMS: Final = (
    *("agetty", "awk", "bash", "busybox", "cat", "chmod", "chown", "cp", "cron", "crond", "curl", "dash", "date"),
    *("dbus-daemon", "dd", "df", "echo", "env", "find", "getty", "grep", "gzip", "id", "init", "ip", "kill", "ln"),
    *("login", "ls", "mkdir", "mount", "mv", "nologin", "passwd", "perl", "ps", "python3", "rm", "sed", "sh"),
    *("sleep", "ssh", "sshd", "su", "sudo", "systemctl", "systemd", "tail", "tar", "top", "touch", "udevadm"),
    *("umount", "vi", "wget", "xargs"),
)
_SYSTEMD: Final = ("", "-journald", "-logind", "-networkd", "-resolved", "-timesyncd", "-udevd")
_LINUX_FILES: Final = frozenset(
    {
        *(f"{folder}/{name}" for folder in ("/bin", "/sbin", "/usr/bin", "/usr/sbin") for name in _LINUX_PROGRAMS),
        *(f"{folder}/systemd/systemd{name}" for folder in ("/lib", "/usr/lib") for name in _SYSTEMD),
        *("/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero", "/root/.bashrc", "/root/.profile"),
        *("~/.bash_logout", "~/.bashrc", "~/.profile"),
        *(
            f"/etc/{name}"
            for name in ("bash.bashrc", "crontab", "environment", "fstab", "group", "gshadow", "hostname")
        ),
        *(f"/etc/{name}" for name in ("hosts", "inittab", "ld.so.cache", "ld.so.conf", "login.defs", "machine-id")),
        *(f"/etc/{name}" for name in ("nsswitch.conf", "os-release", "passwd", "profile", "rc.local", "resolv.conf")),
        *(f"/etc/{name}" for name in ("services", "shadow", "shells", "ssh/ssh_config", "ssh/sshd_config", "sudoers")),
    }
)


def refuse_everywhere(kind: Kind, value: str) -> None:
    """Let a normalised value pass unless it is found on every computer.

    Raises:
        ValueError: it must not be looked for; the message says why, and what to do.

    """
    if check := _CHECKS.get(kind):
        check(value)


def _address(value: str) -> None:
    address = read_address(value)
    if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
        raise ValueError("every computer has this address; remove it")


def _endpoint(value: str) -> None:
    _address(str(address_of(value)))


def _network(value: str) -> None:
    network = read_network(value)
    if network.prefixlen < _WIDEST[network.version]:
        raise ValueError(
            f"this network is too wide; at most /{_WIDEST[network.version]}, write the parts that are meant"
        )
    _address(str(network.network_address))


def _hash(value: str) -> None:
    if value in _TRIVIAL_HASHES:
        raise ValueError("this is the hash of an empty or trivial file; remove it")


def _domain(value: str) -> None:
    first, _, last = value.partition(".")
    if first in _REGISTRY_LABELS and len(last) == _COUNTRY_LETTERS:
        raise ValueError("everybody's names stand below this one; write the whole domain")


def _name(value: str) -> None:
    if value in _WINDOWS_OWN:
        raise ValueError("every Windows has a program of this name; write its path or its hash")


def _path(value: str) -> None:
    system = "Linux" if value.startswith(("/", "~")) else "Windows"
    folder, _, name = value.rpartition("\\")
    if value in _LINUX_FOLDERS or value in _WINDOWS_FOLDERS:
        raise ValueError(f"every {system} has this folder; write the path of a file")
    if value in _LINUX_FILES or (folder in _WINDOWS_PLACES and name in _WINDOWS_OWN):
        raise ValueError(f"every {system} has this file; write the hash of the bad one")


_CHECKS: Final[Mapping[Kind, Callable[[str], None]]] = {
    Kind.ADDRESS: _address,
    Kind.ENDPOINT: _endpoint,
    Kind.NETWORK: _network,
    Kind.MD5: _hash,
    Kind.SHA1: _hash,
    Kind.SHA256: _hash,
    Kind.DOMAIN: _domain,
    Kind.NAME: _name,
    Kind.PATH: _path,
}
