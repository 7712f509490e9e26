"""Before a sweep, a variable that changes how a host is reached is honoured or refused; never passed over."""

# ruff: noqa: E501  # a table of mistakes reads best with one a line

from pathlib import Path

import pytest

from controller.errors import InventoryError
from controller.loading import inventory as inventories
from controller.model.fleet import Inventory

OUT = "; remove it, or keep the host out of the sweep"
REFUSED = [
    ("ansible_ssh_common_args: -J gate", "'ansible_ssh_common_args' of 'h' may change how it is reached and is not honoured here" + OUT),
    ("ansible_connection: docker", "'ansible_connection: docker' of 'h' is not honoured here" + OUT),
    ("ansible_host_key_checking: false", "'ansible_host_key_checking: False' of 'h' is not honoured here" + OUT),
    ("ansible_becom: true", "'ansible_becom' of 'h' may change how it is reached and is not honoured here; did you mean 'ansible_become'?"),
    ("ansible_shell_type: fish", "'ansible_shell_type: fish' of 'h' is not honoured here" + OUT),
]  # fmt: skip
BECOMING = [
    "ansible_become_method: su",
    "ansible_become_user: admin",
    "ansible_become_flags: -E",
    "ansible_sudo_exe: x",
]
HONOURED = [
    "ansible_connection: ansible.builtin.ssh",
    "ansible_ssh_port: 22",
    "ansible_ssh_host: x",
    "ansible_private_key_file: k",
    "ansible_host_key_checking: yes",
    "ansible_shell_type: sh",
    "ansible_python_interpreter: /usr/bin/python3",
    "ansible_ssh_pipelining: true",
    "ansible_remote_tmp: /tmp/x",
    "ansible_psrp_auth: kerberos",
    "ansible_become_method: su",
    "ansible_ssh_common_args: ''",
    "ansible_ssh_extra_args: ~",
    "mydata_ssh_args: x",
]


def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *variables: str) -> Inventory:
    monkeypatch.chdir(tmp_path)
    lines = "".join(f"    {variable}\n" for variable in variables)
    Path("hosts.yml").write_text(f"a:\n  hosts: {{h: , g: }}\n  vars:\n{lines}", encoding="utf-8")
    return inventories.load(Path("hosts.yml"))


@pytest.mark.parametrize(("variable", "sentence"), REFUSED)
def test_what_is_not_honoured_is_refused_where_it_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, sentence: str
) -> None:
    inventory = loaded(tmp_path, monkeypatch, "x: 1", variable)

    with pytest.raises(InventoryError) as caught:
        inventories.check_reach(inventory, inventory.hosts)

    assert str(caught.value) == f"hosts.yml:5:5: {sentence}"


@pytest.mark.parametrize("variable", BECOMING)
def test_another_way_to_become_is_refused_where_one_becomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    inventory = loaded(tmp_path, monkeypatch, variable, "ansible_become: true")

    with pytest.raises(InventoryError, match=r"hosts.yml:4:5: .* is not honoured here"):
        inventories.check_reach(inventory, inventory.hosts)


@pytest.mark.parametrize("variable", HONOURED)
def test_what_is_honoured_or_cannot_matter_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    inventory = loaded(tmp_path, monkeypatch, variable)

    inventories.check_reach(inventory, inventory.hosts)


WINDOWS = [
    "ansible_psrp_protocol: https",
    "ansible_psrp_auth: ntlm",
    "ansible_psrp_ca_cert: ca.pem",
    "ansible_psrp_cert_trust_path: ca.pem",
    "ansible_psrp_cert_validation: validate",
    "ansible_psrp_configuration_name: Microsoft.PowerShell",
    "ansible_psrp_ignore_proxy: true",
    "ansible_psrp_message_encryption: always",
    "ansible_psrp_message_encryption: auto",
    "ansible_psrp_negotiate_send_cbt: true",
    "ansible_psrp_path: wsman",
    "ansible_winrm_scheme: http",
    "ansible_winrm_transport: ntlm",
    "ansible_winrm_ca_trust_path: ca.pem",
    "ansible_winrm_server_cert_validation: validate",
    "ansible_winrm_message_encryption: always",
    "ansible_winrm_path: /wsman",
    "ansible_winrm_send_cbt: true",
]
NOT_ON_WINDOWS = [
    "ansible_psrp_auth: negotiate",
    "ansible_psrp_auth: basic",
    "ansible_psrp_cert_validation: ignore",
    "ansible_psrp_message_encryption: never",
    "ansible_psrp_proxy: http://gate",
    "ansible_psrp_ignore_proxy: false",
    "ansible_psrp_negotiate_send_cbt: false",
    "ansible_psrp_negotiate_delegate: true",
    "ansible_psrp_certificate_pem: me.pem",
    "ansible_psrp_configuration_name: JEA",
    "ansible_psrp_read_timeout: 90",
    "ansible_winrm_transport: credssp",
    "ansible_winrm_server_cert_validation: ignore",
    "ansible_winrm_message_encryption: never",
    "ansible_winrm_cert_pem: me.pem",
    "ansible_winrm_kinit_mode: manual",
]


def plugin_of(variable: str) -> str:
    return variable.split("_")[1]


@pytest.mark.parametrize("variable", WINDOWS)
def test_what_is_honoured_on_windows_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    inventory = loaded(tmp_path, monkeypatch, f"ansible_connection: {plugin_of(variable)}", variable)

    inventories.check_reach(inventory, inventory.hosts)


@pytest.mark.parametrize("variable", NOT_ON_WINDOWS)
def test_another_way_to_reach_windows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    inventory = loaded(tmp_path, monkeypatch, f"ansible_connection: {plugin_of(variable)}", variable)

    with pytest.raises(InventoryError, match=r"hosts.yml:5:5: .* not honoured here"):
        inventories.check_reach(inventory, inventory.hosts)


TLS = {
    "nothing said": ([], None, False),
    "the plain port": (["ansible_port: 5985"], 5985, False),
    "the port of TLS": (["ansible_port: 5986"], 5986, True),
    "another port": (["ansible_port: 4430"], 4430, True),
    "https": (["ansible_psrp_protocol: https"], None, True),
    "http on another port": (["ansible_psrp_protocol: http", "ansible_psrp_port: 8080"], 8080, False),
    "the older plugin": (["ansible_connection: winrm", "ansible_winrm_scheme: https"], None, True),
    "a word of another plugin": (["ansible_winrm_scheme: https"], None, False),
    "no Windows": (["ansible_connection: ssh", "ansible_port: 5986"], 5986, False),
}


@pytest.mark.parametrize(("variables", "port", "tls"), TLS.values(), ids=TLS)
def test_protocol_or_port_say_whether_windows_is_reached_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: list[str], port: int | None, tls: bool
) -> None:
    plugin = [] if "ansible_connection" in "".join(variables) else ["ansible_connection: psrp"]
    host = loaded(tmp_path, monkeypatch, *plugin, *variables).hosts[0]

    assert (host.port, host.tls) == (port, tls)


def test_a_protocol_that_there_is_not_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InventoryError, match="'ansible_psrp_protocol': expected 'http' or 'https'; got"):
        loaded(tmp_path, monkeypatch, "ansible_connection: psrp", "ansible_psrp_protocol: ftp")


@pytest.mark.parametrize(
    "variable", ["ansible_psrp_ca_cert: keys/ca.pem", "ansible_winrm_ca_trust_path: keys/ca.pem"], ids=plugin_of
)
def test_the_file_of_certificates_lies_beside_the_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    host = loaded(tmp_path, monkeypatch, f"ansible_connection: {plugin_of(variable)}", variable).hosts[0]

    assert host.ca_file == str(tmp_path / "keys" / "ca.pem")


@pytest.mark.parametrize("plugin", ["psrp", "winrm"])
def test_a_windows_host_takes_its_own_address_and_nothing_else_of_its_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugin: str
) -> None:
    address = [f"ansible_connection: {plugin}", f"ansible_{plugin}_host: x", f"ansible_{plugin}_port: 5986"]
    plain = loaded(tmp_path, monkeypatch, *address, "ansible_ssh_common_args: -J gate", "ansible_become: false")
    inventories.check_reach(plain, plain.hosts)

    for variable in (f"ansible_{plugin}_path: /other", "ansible_become: true"):
        inventory = loaded(tmp_path, monkeypatch, *address, variable)
        with pytest.raises(InventoryError, match=r"hosts.yml:7:5: .* not honoured here"):
            inventories.check_reach(inventory, inventory.hosts)


def test_only_the_hosts_of_the_sweep_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hosts.yml").write_text("a: {hosts: {h: {ansible_connection: local}, g: }}\n", encoding="utf-8")
    inventory = inventories.load(Path("hosts.yml"))

    inventories.check_reach(inventory, [host for host in inventory.hosts if host.name == "g"])
    with pytest.raises(InventoryError):
        inventories.check_reach(inventory, inventory.hosts)
