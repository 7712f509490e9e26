"""The operator's known_hosts: which SSH keys a host may show, and new lines for it."""

import base64
import fcntl
import hashlib
import hmac
import os
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from controller.errors import LineError, Reason

_DEFAULT_PORT: Final = 22
_REVOKED: Final = "@revoked"
_AUTHORITY: Final = "@cert-authority"
_SHA1_BYTES: Final = 20
_WORD: Final = re.compile(r"[^ \t]+")
_PLAIN_NAME: Final = re.compile(r"[\w.:%\[\]-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public key that a host shows: its type (`ssh-ed25519`) and its bytes in base64."""

    type: str
    base64: str

    @property
    def fingerprint(self) -> str:
        """The SHA-256 fingerprint as OpenSSH prints it (`SHA256:…`)."""
        digest = hashlib.sha256(base64.b64decode(self.base64)).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


@dataclass(frozen=True, slots=True)
class Trust:
    """What known_hosts says of one host. `by_authority` says that it names a certificate authority for it.

    `unread` are the numbers of lines that cannot be read and name it, or may. Such a line stands for a key, never for
    none: every other than `keys` has changed. `distrusted` says that one of them may revoke a key: then all have.
    """

    name: str
    keys: tuple[HostKey, ...] = ()
    revoked: tuple[HostKey, ...] = ()
    by_authority: bool = False
    unread: tuple[int, ...] = ()
    distrusted: bool = False

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its known keys, to be asked for first."""
        return tuple(dict.fromkeys(key.type for key in self.keys))

    def check(self, key: HostKey) -> None:
        """Return when `key` is known.

        Raises:
            LineError: `hostkey.unknown`, or `hostkey.changed` when another key is known, this one is revoked, or a
                line that cannot be read names the host, or may.

        """
        shows = f"'{self.name}' shows {key.type} {key.fingerprint}"
        if key in self.revoked:
            raise LineError(Reason.HOSTKEY_CHANGED, f"{shows}, which known_hosts marks as revoked")
        if key in self.keys and not self.distrusted:
            return
        known = [f"known is {each.type} {each.fingerprint}" for each in self.keys]
        known += [f"line {number} of known_hosts may be its key, and cannot be read" for number in self.unread]
        if known:
            raise LineError(Reason.HOSTKEY_CHANGED, "; ".join((shows, *known)))
        why = "; known_hosts names a certificate authority for it, which is not supported" if self.by_authority else ""
        raise LineError(Reason.HOSTKEY_UNKNOWN, f"{shows}{why}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a line says of the hosts it names; `key` is None when it cannot be read."""

    marker: str
    key: HostKey | None
    line: int


class KnownHosts:
    """One known_hosts file, parsed once and shared by all connections. Strictly read-only."""

    def __init__(self, text: str = "") -> None:
        self._plain: defaultdict[str, list[_Entry]] = defaultdict(list)
        self._hashed: list[tuple[bytes, bytes, _Entry]] = []
        self._patterns: list[tuple[_Patterns, _Entry]] = []
        self._nameless: list[_Entry] = []
        # As OpenSSH does: other letters that Unicode calls ends of lines or blanks are part of a comment.
        for number, line in enumerate(text.split("\n"), 1):
            self._add(_WORD.findall(line.rstrip("\r")), number)

    @classmethod
    def read(cls, path: Path) -> "KnownHosts":
        """Parse `path`; a file that is not there knows nobody.

        Raises:
            OSError: it is there, but cannot be read.

        """
        try:
            return cls(path.read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            return cls()

    def about(self, address: str, port: int) -> Trust:
        """Return what is known of a host, by the name that OpenSSH gives it."""
        name = name_of(address, port)
        entries = tuple(self._entries(name))
        unread = [entry for entry in entries if not entry.key]
        return Trust(
            name,
            keys=tuple(entry.key for entry in entries if entry.key and not entry.marker),
            revoked=tuple(entry.key for entry in entries if entry.key and entry.marker == _REVOKED),
            by_authority=any(entry.marker == _AUTHORITY for entry in entries),
            unread=tuple(entry.line for entry in unread),
            distrusted=any(entry.marker not in ("", _AUTHORITY) for entry in unread),
        )

    def knows(self, name: str, key: HostKey) -> bool:
        """Say whether a line already gives `key` to `name`, trusted or revoked."""
        return any(entry.key == key for entry in self._entries(name) if entry.marker != _AUTHORITY)

    def _entries(self, name: str) -> Iterator[_Entry]:
        yield from self._nameless
        yield from self._plain.get(name, ())
        wanted = name.encode()
        for salt, digest, entry in self._hashed:
            if hmac.digest(salt, wanted, "sha1") == digest:
                yield entry
        for patterns, entry in self._patterns:
            if patterns.match(name):
                yield entry

    def _add(self, words: list[str], line: int) -> None:
        """Take one line; when it cannot be read, whom it names still counts."""
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if not words or words[0].startswith("#"):
            return
        readable = marker in ("", _REVOKED, _AUTHORITY) and len(words) > 2 and _is_base64(words[2])  # names, type, key
        names, entry = words[0], _Entry(marker, HostKey(words[1], words[2]) if readable else None, line)
        if names.startswith("|1|"):
            self._add_hashed(names, entry)
        elif set(names) & set("*?!"):
            self._patterns.append((_Patterns(names), entry))
        else:
            for name in names.lower().split(","):
                self._plain[name].append(entry)

    def _add_hashed(self, names: str, entry: _Entry) -> None:
        try:
            salt, digest = (base64.b64decode(part, validate=True) for part in names.split("|")[2:])
        except ValueError:
            salt, digest = b"", b""
        if len(digest) == _SHA1_BYTES:
            self._hashed.append((salt, digest, entry))
        else:
            self._nameless.append(replace(entry, key=None))


class _Patterns:
    """The names of one line that has wildcards: one must fit, and none that begins with `!`."""

    def __init__(self, names: str) -> None:
        every = names.lower().split(",")
        self._yes = [_wildcard(each) for each in every if not each.startswith("!")]
        self._no = [_wildcard(each[1:]) for each in every if each.startswith("!")]

    def match(self, name: str) -> bool:
        return any(each.fullmatch(name) for each in self._yes) and not any(each.fullmatch(name) for each in self._no)


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _wildcard(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


def default_known_hosts() -> Path:
    """Return the operator's own file."""
    return Path("~/.ssh/known_hosts").expanduser()


def name_of(address: str, port: int) -> str:
    """Spell a host as known_hosts does: `[address]:port` unless the port is the usual one."""
    return address.lower() if port == _DEFAULT_PORT else f"[{address.lower()}]:{port}"


def append(path: Path, entries: Iterable[tuple[str, HostKey]], *, hashed: bool = False) -> int:
    """Add `entries` (a name by `name_of`, and its key) that are not there yet; return how many were added.

    The file is made with mode 0600. Whoever else appends through us waits; a last line without an end gets one.
    `hashed` hides the names, as `HashKnownHosts yes` does; a name that cannot stand in plain text is always hidden.

    Raises:
        OSError: the file cannot be written.

    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = file.read()
        known = KnownHosts(before.decode(errors="replace"))
        new = [(name, key) for name, key in entries if not known.knows(name, key)]
        lines = [f"{_written(name, hashed=hashed)} {key.type} {key.base64}\n" for name, key in new]
        gap = "\n" if before and not before.endswith(b"\n") else ""
        file.write((gap + "".join(lines)).encode())
        file.flush()
        os.fsync(file.fileno())
    return len(new)


def _written(name: str, *, hashed: bool) -> str:
    if not hashed and _PLAIN_NAME.fullmatch(name):
        return name
    salt = secrets.token_bytes(20)
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
