"""What one host costs the controller in a whole sweep, beside plain fabric and plain pypsrp in the same run.

    python -m benchmarks.sweep [--ssh 500 --winrm 100] [--quick] [--json]

It brings up a lab whose Windows computers answer as rendered, and sweeps it with `lamsach sweep` (one look at what
runs, 32 hosts at a time): first all of it, then only the hosts that are well, those behind SSH and those behind WinRM
apart, each beside a program that does the same look with the library alone. CPU and peak memory are those of the
child that sweeps; the lab is another process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.pc import LabPc
from controller.lab.process import Lab
from controller.model.fleet import Platform

AT_ONCE: Final = 32
QUICK: Final = (40, 10)
_LAMSACH: Final = (sys.executable, "-m", "controller")
_PLAIN: Final = (sys.executable, "-m", "benchmarks.plain")
_SWEPT: Final = (0, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a child cost: CPU of user and system a host, its peak memory, and how long it took."""

    what: str
    hosts: int
    cpu_ms_per_host: float
    peak_mb: float
    seconds: float


def main() -> None:
    """Print a table of costs and ratios, or all of it as JSON."""
    asked = _arguments()
    ssh, winrm = QUICK if asked.quick else (asked.ssh, asked.winrm)
    os.environ.pop(ENGINE, None)
    fleet = build_fleet(ssh + winrm, windows=winrm)
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        with Lab(Path(folder, "lab"), fleet, seconds=300) as lab:
            up = time.monotonic() - began
            costs = [_sweep(lab.folder, f"lamsach sweep, {ssh} SSH and {winrm} WinRM, all faults", ssh + winrm)]
            for title, library, platform in (("SSH", "fabric", Platform.LINUX), ("WinRM", "pypsrp", Platform.WINDOWS)):
                well = [pc.name for pc in fleet.pcs if pc.platform is platform and _is_well(pc)]
                costs += _pair(lab.folder, title, library, well) if well else []
    _print(costs, up, as_json=asked.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__.partition("\n")[0])
    parser.add_argument("--ssh", type=int, default=500, help="computers behind SSH (500)")
    parser.add_argument("--winrm", type=int, default=100, help="computers behind WinRM (100)")
    parser.add_argument("--quick", action="store_true", help="40 and 10")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    if min(asked.ssh, asked.winrm) < 0 or asked.ssh + asked.winrm == 0:
        parser.error(f"'--ssh {asked.ssh} --winrm {asked.winrm}' leaves no computer to sweep; ask for one or more.")
    return asked


def _is_well(pc: LabPc) -> bool:
    return not pc.faults


def _pair(lab: Path, title: str, library: str, names: Sequence[str]) -> tuple[Cost, Cost]:
    """Sweep the hosts `names`, and visit them with the library alone."""
    ours = _sweep(lab, f"lamsach sweep, {title}, hosts that are well", len(names), "--limit", ":".join(names))
    command = (*_PLAIN, str(lab / "inventory.yml"), str(AT_ONCE), *names)
    return ours, _measured(f"plain {library}, the same hosts", len(names), command, (0,))


def _sweep(lab: Path, what: str, hosts: int, *options: str) -> Cost:
    store = lab.parent / f"{time.monotonic_ns()}.db"
    words = ("sweep", lab / "sweep.yml", "-i", lab / "inventory.yml", "--store", store, "--forks", AT_ONCE)
    return _measured(what, hosts, (*_LAMSACH, *map(str, words), *options), _SWEPT)


def _measured(what: str, hosts: int, command: Sequence[str], accepted: Sequence[int]) -> Cost:
    """Run `command` to its end, and take what the system says of it alone."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, cwd=Path(__file__).parents[1])
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in accepted:
            said.seek(0)
            raise SystemExit(f"{what} ended with {child.returncode}:\n{said.read().decode(errors='replace')[-2000:]}")
    return Cost(
        what=what,
        hosts=hosts,
        cpu_ms_per_host=round(1000 * (used.ru_utime + used.ru_stime) / hosts, 1),
        peak_mb=round(used.ru_maxrss / 1024, 1),
        seconds=round(time.monotonic() - began, 1),
    )


def _print(costs: Sequence[Cost], up: float, *, as_json: bool) -> None:
    ratios = {
        plain.what.split(",")[0]: round(ours.cpu_ms_per_host / plain.cpu_ms_per_host, 2)
        for ours, plain in zip(costs[1::2], costs[2::2], strict=True)
    }
    if as_json:
        lab = {"seconds_until_up": round(up, 1)}
        print(json.dumps({"lab": lab, "costs": [asdict(each) for each in costs], "ratios": ratios}, indent=2))
        return
    print(f"The lab was up after {up:.1f} s.")
    print(f"{'':<55} {'hosts':>5} {'CPU ms/host':>11} {'peak MB':>7} {'seconds':>7}")
    for cost in costs:
        print(f"{cost.what:<55} {cost.hosts:>5} {cost.cpu_ms_per_host:>11} {cost.peak_mb:>7} {cost.seconds:>7}")
    for library, ratio in ratios.items():
        print(f"CPU of lamsach sweep over {library}: {ratio}")


if __name__ == "__main__":
    main()
