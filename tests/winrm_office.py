"""Whoever has the files of a lab with Windows PCs, a plain client, and the product's own way in."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from controller.collectors import catalog
from controller.lab.engine import ENGINE
from controller.lab.pc import LabFleet
from controller.lab.process import Lab
from controller.model.fleet import Connection, Host, Platform, Secret
from controller.transports.base import Session
from controller.transports.psrp import PsrpTransport
from tests.lab_client import SECONDS, Operator
from tests.winrm_client import Way

ROOTS: Final = (r"C:\Users", r"C:\ProgramData")
"""Where people and programs keep their files."""


class Office(Operator):
    """An operator who knows WinRM, too."""

    def way(self, name: str) -> Way:
        host = self.hosts[name]
        ca = host.get("ansible_psrp_ca_cert")
        secret = self.folder / host["lamsach_secret"].removeprefix("file:")
        return Way(
            host["ansible_host"],
            host["ansible_port"],
            host["ansible_user"],
            secret.read_text(encoding="utf-8").strip(),
            self.folder / ca if ca else None,
        )

    @contextlib.contextmanager
    def session(self, name: str) -> Iterator[Session]:
        way = self.way(name)
        host = Host(
            name=name,
            address=way.address,
            port=way.port,
            user=way.account,
            connection=Connection.PSRP,
            tls=way.ca is not None,
            ca_file=str(way.ca or ""),
        )
        with PsrpTransport().open(host, Secret(way.password)) as session:
            yield session


@contextlib.contextmanager
def running(folder: Path, fleet: LabFleet, engine: str | None) -> Iterator[Office]:
    """Run a lab whose Windows PCs are played by `engine`, or rendered; it must not complain of anything."""
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patched:
            if engine:
                patched.setenv(ENGINE, engine)
            else:
                patched.delenv(ENGINE, raising=False)
            lab = stack.enter_context(Lab(folder, fleet))
        yield Office(lab.folder)
    assert (folder / "lab.log").read_text(encoding="utf-8") == "", "the lab itself stumbled"


def look(session: Session, collector: str, *options: str) -> list[dict[str, Any]]:
    """Ask one of the product's collectors; return the rows of an answer that is whole."""
    reply = session.run(catalog.script(collector, Platform.WINDOWS), ("n0nce", "-", *options), seconds=SECONDS)
    assert reply.exit_code == 0, reply.stderr
    begin, *lines, end = reply.stdout.decode().splitlines()
    rows = [json.loads(line) for line in lines if not line.startswith("#root ")]
    assert begin == f"#begin {collector} 3 n0nce -"
    assert end == f"#end {len(rows)} unread=0 stopped=no roots={len(lines) - len(rows)} named=0"
    return rows


def look_at_host(session: Session) -> list[dict[str, Any]]:
    """Return what it says of itself, without its clock."""
    (row,) = look(session, "host")
    assert abs(row.pop("clock") - time.time()) < 60
    return [row]


def look_at_processes(session: Session) -> list[dict[str, Any]]:
    """Return what runs there, without our own session."""
    return [row for row in look(session, "processes") if not row["own"]]


def look_at_files(session: Session) -> list[dict[str, Any]]:
    """Return what lies there, by path, without the product's folder and without times."""
    options = (*(f"root={root}" for root in (*ROOTS, r"C:\Không có")), "hashes=md5,sha1")
    rows = [row for row in look(session, "files", *options) if "lamsach" not in row["path"]]
    for row in rows:
        row.pop("modified")
    return sorted(rows, key=lambda row: str(row["path"]))
