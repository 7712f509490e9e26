"""Whoever has a lab's files and a plain SSH client: what the tests see a lab through."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import paramiko
import yaml

SECONDS: Final = 20.0


@dataclass(frozen=True)
class Ended:
    code: int
    out: bytes
    err: bytes


class Operator:
    """Whoever has the lab's files, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts = dict(self._hosts(yaml.safe_load((folder / "inventory.yml").read_text(encoding="utf-8"))["all"]))

    def _hosts(self, group: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        yield from group.get("hosts", {}).items()
        for child in group.get("children", {}).values():
            yield from self._hosts(child)

    @contextlib.contextmanager
    def logged_on(self, name: str, *, password: str | None = None) -> Iterator[paramiko.SSHClient]:
        host = self.hosts[name]
        kind, _, place = host.get("lamsach_secret", "").partition(":")
        secret = (self.folder / place).read_text(encoding="utf-8").strip() if kind else None
        key = host.get("ansible_ssh_private_key_file")
        client = paramiko.SSHClient()
        client.load_host_keys(str(self.folder / "known_hosts"))
        try:
            client.connect(
                host["ansible_host"],
                host["ansible_port"],
                host["ansible_user"],
                password=password or secret,
                key_filename=str(self.folder / key) if key else None,
                look_for_keys=False,
                allow_agent=False,
                timeout=SECONDS,
            )
            yield client
        finally:
            client.close()

    def run(self, name: str, command: str, stdin: bytes = b"") -> Ended:
        with self.logged_on(name) as client:
            channel = started(client, command)
            channel.sendall(stdin)
            channel.shutdown_write()
            out = channel.makefile("rb").read()
            return Ended(channel.recv_exit_status(), out, channel.makefile_stderr("rb").read())

    def logons(self, name: str) -> list[tuple[str, str, bool]]:
        lines = (self.folder / "logons.jsonl").read_text(encoding="utf-8").splitlines()
        logons = (json.loads(line) for line in lines)
        return [(each["account"], each["method"], each["accepted"]) for each in logons if each["host"] == name]


def started(client: paramiko.SSHClient, command: str) -> paramiko.Channel:
    transport = client.get_transport()
    assert transport is not None
    channel = transport.open_session()
    channel.settimeout(SECONDS)
    channel.exec_command(command)
    return channel
