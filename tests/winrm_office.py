"""Whoever has the files of a lab with Windows PCs, a plain client, and the product's own way in."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.lab.pc import LabFleet
from controller.lab.process import Lab
from controller.lab.serving import ENGINE
from controller.model.fleet import Connection, Host, Secret
from controller.transports.base import Session
from controller.transports.psrp import PsrpTransport
from tests.lab_client import Operator
from tests.winrm_client import Way


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
