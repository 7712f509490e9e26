"""From a host's merged variables to the way it is reached."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.loading import fields
from controller.loading.groups import name_trouble
from controller.loading.nodes import Kind, Node
from controller.loading.variables import Layer, whole_number
from controller.model.fleet import Connection, Host

_FAMILIES: Final = {"ssh": Connection.SSH, "psrp": Connection.PSRP, "winrm": Connection.PSRP}
_CA_FILES: Final = {
    "psrp": ("ansible_psrp_ca_cert", "ansible_psrp_cert_trust_path"),
    "winrm": ("ansible_winrm_ca_trust_path",),
}
_SCHEMES: Final = {"psrp": "ansible_psrp_protocol", "winrm": "ansible_winrm_scheme"}
_PLAIN_PORT: Final = 5985
_WORDS: Final = {
    **dict.fromkeys(("y", "yes", "on", "1", "true", "t"), True),
    **dict.fromkeys(("n", "no", "off", "0", "false", "f"), False),
}
_ENVIRONMENT: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


def family(raw: object) -> str:
    """Return Ansible's short name of a connection plugin; without one it is `ssh`."""
    return str(raw).removeprefix("ansible.builtin.") if raw is not None else "ssh"


def connection_of(raw: object) -> Connection | None:
    """Return how we reach what Ansible reaches by this connection plugin; None when we do not."""
    return _FAMILIES.get(family(raw))


def truth(raw: object) -> bool | None:
    """Return what Ansible takes for a yes or a no; None for anything else."""
    return raw if isinstance(raw, bool) else _WORDS.get(str(raw).lower())


@dataclass(frozen=True, slots=True)
class HostReader:
    """Makes hosts; relative paths begin at `base`, the folder of the inventory."""

    base: Path

    def host(self, name: str, variables: Layer, unit: str) -> Host:
        """Read one host.

        A connection that we do not have is left to `reach.check_reach`: such a host reads as one over SSH.

        Raises:
            InventoryError: a variable has a value that it cannot have.

        """
        found = _Variables(variables)
        plugin = found.last("ansible_connection")
        kind = family(plugin.scalar if plugin else None)
        connection = _FAMILIES.get(kind, Connection.SSH)
        port = _port(found.last("ansible_port", f"ansible_{kind}_port"))
        return Host(
            name=name,
            address=_address(found.last("ansible_host", f"ansible_{kind}_host"), name),
            connection=connection,
            port=port,
            user=_text(found.last("ansible_user", f"ansible_{kind}_user"), "ansible_user"),
            secret=self._secret(found.last("lamsach_secret")),
            key_file=self._path(found.last("ansible_private_key_file", "ansible_ssh_private_key_file"), "key file"),
            tls=connection is Connection.PSRP and _tls(found, kind, port),
            ca_file=self._path(found.last(*_CA_FILES[kind]), "CA file") if kind in _CA_FILES else "",
            known_hosts=self._path(found.last("lamsach_known_hosts"), "lamsach_known_hosts"),
            local_account=_local_account(found.last("lamsach_account")),
            become=_become(found.last("ansible_become")),
            sysroot=_sysroot(found.last("lamsach_sysroot"), name, connection),
            users=_users(found.last("lamsach_users")),
            unit=unit,
        )

    def _path(self, node: Node | None, what: str) -> str:
        return self._absolute(fields.text(node, what)) if node else ""

    def _absolute(self, path: str) -> str:
        return str((self.base / Path(path).expanduser()).absolute())

    def _secret(self, node: Node | None) -> str:
        """Read where a password stands. What stands there instead may be the password: it is never printed."""
        if node is None:
            return ""
        written = (
            node.text if node.kind is Kind.TEXT and not any(True for _ in fields.unseen_letters(node.text)) else ""
        )
        if _ENVIRONMENT.fullmatch(written):
            return written
        path = written.removeprefix("file:").strip()
        if not written.startswith("file:") or not path:
            raise node.refusal(
                "'lamsach_secret': expected 'env:NAME' or 'file:PATH'; got something else, which is not shown"
            )
        return f"file:{self._absolute(path)}"


@dataclass(frozen=True, slots=True)
class _Variables:
    """A host's variables, asked for by name and alias."""

    layer: Layer

    def last(self, *names: str) -> Node | None:
        """Return the value of the last of `names` that is set: with Ansible the narrower alias wins."""
        nodes = [self.layer[name].value for name in names if name in self.layer]
        return next((node for node in reversed(nodes) if node.kind is not Kind.NOTHING), None)


def _text(node: Node | None, what: str) -> str:
    return fields.text(node, what) if node else ""


def _address(node: Node | None, name: str) -> str:
    if node is None:
        return name
    address = fields.text(node, "ansible_host")
    if name_trouble(address) or " " in address:
        raise node.unexpected("ansible_host", "a host name or an address")
    return address


def _port(node: Node | None) -> int | None:
    if node is None:
        return None
    port = whole_number(node, "ansible_port")
    if not 1 <= port <= 65535:
        raise node.unexpected("ansible_port", "a whole number from 1 to 65535")
    return port


def _tls(found: _Variables, kind: str, port: int | None) -> bool:
    """Say whether Windows is reached over TLS; where nothing says so, its port decides.

    Without a port either Ansible takes TLS on 5986, and we what Windows comes with: 5985, encrypted by the logon.
    """
    scheme = found.last(_SCHEMES[kind])
    if scheme is not None:
        return fields.choice(scheme, _SCHEMES[kind], ["http", "https"]) == "https"
    return port not in {None, _PLAIN_PORT}


def _become(node: Node | None) -> bool:
    if node is None:
        return False
    answer = truth(node.scalar)
    if answer is None:
        raise node.unexpected("ansible_become", "true or false")
    return answer


def _local_account(node: Node | None) -> bool:
    return node is not None and fields.choice(node, "lamsach_account", ["local"]) == "local"


def _users(node: Node | None) -> tuple[str, ...] | None:
    if node is None:
        return None
    users = fields.texts(node, "lamsach_users")
    if len(set(users)) < len(users):
        raise node.refusal("'lamsach_users': expected each person once; got one twice")
    return users


def _sysroot(node: Node | None, name: str, connection: Connection) -> str:
    if node is None:
        return ""
    if connection is not Connection.SSH:
        raise node.refusal(f"'lamsach_sysroot' is for SSH only, and '{name}' is reached by WinRM; remove it")
    path = fields.text(node, "lamsach_sysroot")
    if not _is_sysroot(path):
        raise node.unexpected("lamsach_sysroot", "an absolute path below '/' without spaces, '.' or '..'")
    return path.rstrip("/")


def _is_sysroot(path: str) -> bool:
    parts = path.strip("/").split("/")
    return path.startswith("/") and not any(map(str.isspace, path)) and not {"", ".", ".."} & set(parts)
