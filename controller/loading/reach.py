"""Refuse, before a sweep, what changes how or with which rights a host is reached and is not honoured here."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from controller.errors import InventoryError, Where
from controller.loading.fields import hint
from controller.loading.hosts import connection_of, family, truth
from controller.model.fleet import Connection, Host, Inventory
from controller.model.text import shown

_HARMLESS: Final = re.compile(
    r"ansible_(\w+_interpreter|(ssh_)?pipelining|remote_tmp|async_dir|system_tmpdirs|common_remote_group|admin_users"
    r"|shell_allow_world_readable_temp|group_priority|module_compression|no_target_syslog|deprecation_warnings"
    r"|target_log_info|facts_modules|win_async_startup_timeout)"
)
"""They tell Ansible how to run its own modules on a host; we have none."""

_FOREIGN: Final = {
    "ssh": re.compile(r"ansible_(psrp|winrm)_\w+"),
    "psrp": re.compile(r"ansible_(ssh|winrm|paramiko)_\w+|ansible_private_key_file"),
    "winrm": re.compile(r"ansible_(ssh|psrp|paramiko)_\w+|ansible_private_key_file"),
}
"""Variables of another connection than the host's own: Ansible does not read them either."""

_BECOME: Final = re.compile(r"ansible_(become|sudo|su|runas)_\w+")
"""How to become somebody; it cannot matter where nobody becomes anybody."""


def _anything(_value: object) -> bool:
    return True


def _yes(value: object) -> bool:
    return truth(value) is True


def _no(value: object) -> bool:
    return truth(value) is False


def _is(*words: str) -> Callable[[object], bool]:
    return lambda value: value in words


_Rules = Mapping[str, Callable[[object], bool]]

_EVERYWHERE: Final[_Rules] = {
    "ansible_connection": lambda value: connection_of(value) is not None,
    "ansible_host": _anything,
    "ansible_port": _anything,
    "ansible_user": _anything,
}


def _windows(plugin: str) -> _Rules:
    """What both plugins for Windows have alike."""
    return {
        **_EVERYWHERE,
        "ansible_become": _no,
        "ansible_shell_type": _is("powershell"),
        f"ansible_{plugin}_host": _anything,
        f"ansible_{plugin}_port": _anything,
        f"ansible_{plugin}_user": _anything,
    }


_HONOURED: Final[Mapping[str, _Rules]] = {
    "ssh": {
        **_EVERYWHERE,
        "ansible_become": _anything,
        "ansible_become_method": _is("sudo"),
        "ansible_become_user": _is("root"),
        "ansible_host_key_checking": _yes,
        "ansible_private_key_file": _anything,
        "ansible_shell_type": _is("sh"),
        "ansible_ssh_host": _anything,
        "ansible_ssh_host_key_checking": _yes,
        "ansible_ssh_port": _anything,
        "ansible_ssh_private_key_file": _anything,
        "ansible_ssh_user": _anything,
    },
    "psrp": {
        **_windows("psrp"),
        "ansible_psrp_auth": _is("ntlm"),
        "ansible_psrp_ca_cert": _anything,
        "ansible_psrp_cert_trust_path": _anything,
        "ansible_psrp_cert_validation": _is("validate"),
        "ansible_psrp_configuration_name": _is("Microsoft.PowerShell"),
        "ansible_psrp_ignore_proxy": _yes,
        "ansible_psrp_message_encryption": _is("auto", "always"),
        "ansible_psrp_negotiate_send_cbt": _yes,
        "ansible_psrp_path": _is("wsman"),
        "ansible_psrp_protocol": _anything,
    },
    "winrm": {
        **_windows("winrm"),
        "ansible_winrm_ca_trust_path": _anything,
        "ansible_winrm_message_encryption": _is("auto", "always"),
        "ansible_winrm_path": _is("/wsman"),
        "ansible_winrm_scheme": _anything,
        "ansible_winrm_send_cbt": _yes,
        "ansible_winrm_server_cert_validation": _is("validate"),
        "ansible_winrm_transport": _is("ntlm"),
    },
}


def check_reach(inventory: Inventory, hosts: Iterable[Host]) -> None:
    """Check that every `ansible_` variable of `hosts` is honoured or cannot matter; unknown ones are refused.

    An empty value is none: it takes back what a group above has set.

    Raises:
        InventoryError: the first variable that is not, at the place where it was set.

    """
    for host in hosts:
        variables = inventory.variables.get(host.name, {})
        for name, value in variables.items():
            if name.startswith("ansible_") and value not in (None, "") and not _met(name, value, variables):
                raise _refusal(host, name, value, inventory.places.get(host.name, {}).get(name))


def _met(name: str, value: object, variables: Mapping[str, object]) -> bool:
    if _BECOME.fullmatch(name) and truth(variables.get("ansible_become")) is not True:
        return True
    kind = family(variables.get("ansible_connection"))
    honoured = _HONOURED.get(kind, _EVERYWHERE)
    if name in honoured:
        return honoured[name](value)
    foreign = _FOREIGN.get(kind)
    return bool(_HARMLESS.fullmatch(name) or (foreign and foreign.fullmatch(name)))


def _refusal(host: Host, name: str, value: object, where: Where | None) -> InventoryError:
    kind = "ssh" if host.connection is Connection.SSH else "psrp"
    known = [each for each in _HONOURED[kind] if each != name]
    if name in _HONOURED[kind]:
        said = f"'{name}: {shown(str(value), limit=60)}' of '{host.name}' is not honoured here"
        return InventoryError(f"{said}; remove it, or keep the host out of the sweep", where=where)
    said = f"'{shown(name, limit=60)}' of '{host.name}' may change how it is reached and is not honoured here"
    remedy = hint(name, known, likeness=0.9) or "remove it, or keep the host out of the sweep"
    return InventoryError(f"{said}; {remedy}", where=where)
