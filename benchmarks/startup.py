"""CPU time of `lamsach --help` beyond that of a bare `python -c pass`; the goal is at most 100 ms.

Run it from the root of the repository: `python benchmarks/startup.py`.
"""

import resource
import statistics
import subprocess
import sys
from typing import Final

GOAL: Final = 100.0
RUNS: Final = 15

BARE: Final = (sys.executable, "-c", "pass")
HELP: Final = (sys.executable, "-m", "controller", "--help")


def milliseconds(command: tuple[str, ...]) -> float:
    """Return the CPU time that one run of `command` takes, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> int:
    """Run both in turn, so that a busy moment meets both; the first of each only warms the caches."""
    pairs = [(milliseconds(BARE), milliseconds(HELP)) for _ in range(RUNS + 1)][1:]
    bare, helped = (statistics.median(each) for each in zip(*pairs, strict=True))
    print(
        f"python -c pass: {bare:.0f} ms; lamsach --help: {helped:.0f} ms; over it: {helped - bare:.0f} ms of {GOAL:.0f}"
    )
    return int(helped - bare > GOAL)


if __name__ == "__main__":
    sys.exit(main())
