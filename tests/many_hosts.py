"""Serve one PC of the lab on many addresses: `python -m tests.many_hosts FOLDER COUNT SECONDS`.

A whole lab of 2,000 costs half a minute of CPU for folders that no test looks at. Here the lab's own SSH server, with
its log of logons, answers at every address; it refuses the password of `secrets/quantri` after SECONDS.
FOLDER gets what a sweep needs, `ready` when all addresses answer. It ends when its stdin does.
"""

import asyncio
import json
import resource
import sys
from dataclasses import replace
from pathlib import Path

import asyncssh

from controller.lab.addresses import claim
from controller.lab.children import Children
from controller.lab.credentials import make_credentials, make_key
from controller.lab.fleet import SHARED_ACCOUNT, build_fleet
from controller.lab.logons import LogonLog
from controller.lab.pc import LabPc, Login
from controller.lab.server import Place, open_to_all

SWEEP = "name: rà quét\nhosts: all\nioc_lists: [iocs.txt]\ntasks:\n  - check_iocs: {collector: processes}\n"


async def serve(folder: Path, pc: LabPc, count: int) -> None:
    place = Place(make_credentials([pc]), LogonLog(folder / "logons.jsonl"), Children())
    key = make_key()
    sockets = claim(count)
    for each in sockets:
        await open_to_all(each, pc, folder, key, place)
    write_files(folder, [each.getsockname() for each in sockets], key)
    await asyncio.to_thread(sys.stdin.read)


def write_files(folder: Path, places: list[tuple[str, int]], key: asyncssh.SSHKey) -> None:
    kind, public = key.export_public_key().decode().split()[:2]
    hosts = {f"pc-{number:04d}": {"ansible_host": each} for number, (each, _) in enumerate(places, 1)}
    variables = {
        "ansible_port": places[0][1],
        "ansible_user": SHARED_ACCOUNT,
        "lamsach_known_hosts": "known_hosts",
        "lamsach_secret": "file:secrets/quantri",
    }
    (folder / "secrets").mkdir()
    (folder / "secrets" / "quantri").write_text("not the password\n", encoding="utf-8")
    (folder / "known_hosts").write_text("".join(f"[{each}]:{port} {kind} {public}\n" for each, port in places))
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
    (folder / "inventory.yml").symlink_to("inventory.json")
    (folder / "sweep.yml").write_text(SWEEP, encoding="utf-8")
    (folder / "iocs.txt").write_text("0" * 63 + "1\n")
    (folder / "ready").touch()


if __name__ == "__main__":
    place, hosts, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    well = replace(
        build_fleet(3).pcs[2], account=SHARED_ACCOUNT, login=Login.PASSWORD, faults=(), logon_seconds=seconds
    )
    asyncio.run(serve(place, well, hosts))
