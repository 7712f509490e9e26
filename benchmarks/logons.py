"""How long a sweep of distant hosts takes with one shared account, beside the same hosts with accounts of their own.

    python -m benchmarks.logons [--hosts 30] [--silent 4] [--round-trip 0.2] [--forks 32] [--json]

Every byte to and from the lab's hosts waits half a round trip in a proxy of ours, each way (opening a connection does
not). Three sweeps over WinRM, then three over SSH: every account marked `lamsach_account: local`; one shared account;
and that with silent hosts before the others, which take a connection and never say a word. Seconds on the clock,
start-up of the program in each; the proxy and the lab share the machine.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from controller.lab.addresses import claim
from controller.lab.engine import ENGINE
from controller.lab.fleet import SHARED_ACCOUNT, build_fleet
from controller.lab.pc import LabFleet, Login
from controller.lab.process import Lab
from controller.loading import inventory as inventories
from controller.model.fleet import Connection, Host

_LAMSACH: Final = (sys.executable, "-m", "controller")
_BLOCK: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How many seconds a sweep took, and how many of its computers were looked at to the end."""

    what: str
    hosts: int
    done: int
    seconds: float


class Proxies:
    """Forwards connections to hosts, each byte `delay` seconds late; those without a host are silent."""

    def __init__(self, hosts: Sequence[Host | None], delay: float) -> None:
        self._hosts, self._delay = hosts, delay
        self._sockets = claim(len(hosts))
        self._loop = asyncio.new_event_loop()
        self.places: list[tuple[str, int]] = [each.getsockname() for each in self._sockets]

    def __enter__(self) -> "Proxies":
        """Listen, in a thread of their own."""
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; the process ends soon after."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _listen(self) -> None:
        for host, opened in zip(self._hosts, self._sockets, strict=True):
            await asyncio.start_server(_Forwarder(host, self._delay), sock=opened)


class _Forwarder:
    """Serves one proxy's connections."""

    def __init__(self, host: Host | None, delay: float) -> None:
        self._host, self._delay = host, delay

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry both directions until one of them ends."""
        if self._host is None:
            await reader.read()
            return
        there, back = await asyncio.open_connection(self._host.address, self._host.port)
        for each in (writer, back):
            each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        try:
            while block := await source.read(_BLOCK):
                loop.call_later(self._delay, target.write, block)
        except ConnectionError:
            pass  # one side hung up; so does the other
        loop.call_later(self._delay, target.close)


def main() -> None:
    """Print a table of seconds, or JSON."""
    asked = _arguments()
    os.environ.pop(ENGINE, None)
    timings: list[Timing] = []
    with tempfile.TemporaryDirectory() as folder:
        for title, windows in (("WinRM", asked.hosts), ("SSH", 0)):
            with Lab(Path(folder, title), _fleet(asked.hosts, windows), seconds=300) as lab:
                timings += _timed(lab.folder, title, asked)
    if asked.json:
        print(json.dumps([asdict(each) for each in timings], indent=2))
        return
    for each in timings:
        print(f"{each.what:<45} {each.hosts:>4} hosts, {each.done:>4} done {each.seconds:>7.1f} s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logons", description=__doc__.partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=30, help="hosts that answer (30)")
    parser.add_argument("--silent", type=int, default=4, help="hosts beside them that never say a word (4)")
    parser.add_argument("--round-trip", type=float, default=0.2, help="seconds there and back (0.2)")
    parser.add_argument("--forks", type=int, default=32, help="hosts visited at a time (32)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _fleet(count: int, windows: int) -> LabFleet:
    """Hosts that are well, of one account; without TLS, whose certificates do not name our proxies."""
    built = build_fleet(count, windows=windows)
    return replace(
        built,
        pcs=tuple(
            replace(pc, faults=(), account=SHARED_ACCOUNT, own_account=False, login=Login.PASSWORD, tls=False)
            for pc in built.pcs
        ),
    )


def _timed(lab: Path, title: str, asked: argparse.Namespace) -> list[Timing]:
    hosts = inventories.load(lab / "inventory.yml").hosts
    alone: list[Host | None] = [*hosts]
    silent: list[Host | None] = [None] * asked.silent
    found = []
    with Proxies([*silent, *alone], asked.round_trip / 2) as proxies:
        for what, count, local in (
            ("accounts of their own", 0, True),
            ("one shared account", 0, False),
            (f"one shared account, {asked.silent} silent hosts first", asked.silent, False),
        ):
            first = asked.silent - count
            chosen = [*silent, *alone][first:]
            _write_inventory(lab, chosen, proxies.places[first:], local=local)
            found.append(_sweep(lab, f"{title}, {what}", len(chosen), asked.forks))
    return found


def _write_inventory(
    lab: Path, hosts: Sequence[Host | None], places: Sequence[tuple[str, int]], *, local: bool
) -> None:
    """Write an inventory of the proxies, and the keys of the hosts behind them."""
    known = dict(line.split(" ", 1) for line in (lab / "known_hosts").read_text(encoding="utf-8").splitlines())
    like = next(host for host in hosts if host)
    entries: dict[str, Mapping[str, object]] = {}
    keys = []
    for number, (host, (address, port)) in enumerate(zip(hosts, places, strict=True)):
        mine = host or like
        entries[f"pc-{number}"] = {
            "ansible_host": address,
            "ansible_port": port,
            "ansible_user": mine.user,
            "lamsach_secret": mine.secret,
            **({"lamsach_sysroot": mine.sysroot} if mine.sysroot else {}),
            **({"ansible_become": True} if mine.become else {}),
            **({"lamsach_account": "local"} if local else {}),
        }
        if key := known.get(f"[{mine.address}]:{mine.port}"):
            keys.append(f"[{address}]:{port} {key}\n")
    windows = like.connection is Connection.PSRP
    variables = {"ansible_connection": "psrp", "ansible_psrp_protocol": "http"} if windows else {}
    file = {"all": {"hosts": entries, "vars": {**variables, "lamsach_known_hosts": "known_proxies"}}}
    (lab / "known_proxies").write_text("".join(keys), encoding="utf-8")
    (lab / "distant.json").write_text(json.dumps(file), encoding="utf-8")


def _sweep(lab: Path, what: str, hosts: int, forks: int) -> Timing:
    store = lab / f"{time.monotonic_ns()}.db"
    words = ("sweep", lab / "sweep.yml", "-i", lab / "distant.json", "--store", store, "--forks", forks)
    began = time.monotonic()
    done = subprocess.run(
        [*_LAMSACH, *map(str, words), "--format", "json"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    seconds = time.monotonic() - began
    if not done.stdout:
        raise SystemExit(f"{what} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    verdicts = [host["verdict"] for host in json.loads(done.stdout)["hosts"]]
    return Timing(what=what, hosts=hosts, done=len(verdicts) - verdicts.count("unknown"), seconds=round(seconds, 1))


if __name__ == "__main__":
    main()
