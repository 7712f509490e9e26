"""The files of an operator, as tests need them: an inventory, a playbook, a list, a tool."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.app.preflight import Prepared, SweepRequest, prepare
from tests.builders import BAD

HEAD = "name: rà quét\nhosts: all\nioc_lists: [bad.txt]\ntasks:\n"
LOOK = "  - check_iocs: {collector: processes}\n"
CLEAN = "  - clean: {cleaner: generic, tool: tool.yaml}\n"
TOOL = (
    "name: quet\nplatforms: [linux]\nfile: quet.sh\nsha256: {}\nclean: [--clean]\ndetect: [--detect]\ncomplete: DONE\n"
    "found: '^FOUND (?P<threat>\\S+) (?P<object>.+)$'\nremoved: '^REMOVED (?P<threat>\\S+) (?P<object>.+)$'\n"
    "exit: {{0: done}}\n"
)
VARS = "  vars: {ansible_user: an, lamsach_account: local, lamsach_secret: 'file:mat-khau'}\n"
UNIT = "lamsach_unit: {id: cc-mot, name: Chi cục Một}"


@dataclass(frozen=True)
class Office:
    """A folder with everything a sweep needs; what is written later takes the place of what was there."""

    folder: Path

    @classmethod
    def furnished(cls, folder: Path, *hosts: str, tasks: str = LOOK) -> "Office":
        """Lay out the files; `pc-01` and `pc-02` belong to the unit `cc-mot`."""
        office = cls(folder)
        office.invite(*(hosts or ("pc-01", "pc-02", "pc-03")))
        office.write("playbook.yml", HEAD + tasks)
        office.write("mat-khau", "mật khẩu\n")
        office.write("bad.txt", f"{BAD}\n")
        office.write("quet.sh", "#!/bin/sh\n")
        office.write("tool.yaml", TOOL.format(hashlib.sha256(b"#!/bin/sh\n").hexdigest()))
        return office

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def invite(self, *hosts: str) -> None:
        """Write the inventory with these hosts."""
        unit = "".join(f"        {host}: {{}}\n" for host in hosts if host in {"pc-01", "pc-02"})
        others = "".join(f"    {host}: {{}}\n" for host in hosts if host not in {"pc-01", "pc-02"})
        text = f"all:\n{VARS}  hosts:\n{others}  children:\n    mot:\n      vars:\n        {UNIT}\n      hosts:\n{unit}"
        self.write("inventory.yml", text)

    def request(self, **but: Any) -> SweepRequest:
        return SweepRequest(playbook=self.folder / "playbook.yml", inventory=self.folder / "inventory.yml", **but)

    def prepare(self, **but: Any) -> Prepared:
        return prepare(self.request(**but))
