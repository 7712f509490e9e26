"""How long the matcher takes to index 100,000 indicators, and to judge one host's observations against them.

Run it from the root of the repository: `python benchmarks/matcher.py`.
"""

import hashlib
import time
from collections.abc import Iterator

from controller.indicators.matcher import Matcher
from controller.indicators.parsers import plain
from controller.model.indicator import Kind, Observation

INDICATORS = 100_000
ROWS = 700


def lines() -> Iterator[str]:
    """Write a list of hashes, domains, addresses, networks and paths, in equal parts."""
    for number in range(INDICATORS // 5):
        yield hashlib.sha256(b"%d" % number).hexdigest()
        yield f"c{number}.bad.example"
        yield f"100.{64 + number // 65536}.{number // 256 % 256}.{number % 256}"
        yield f"198.{18 + number // 16384}.{number // 64 % 256}.{number % 64 * 4}/30"
        yield rf"C:\Users\An\AppData\Roaming\f{number}\x.exe"


def observations() -> Iterator[Observation]:
    """Show what a usual computer shows, and one match of each sort."""
    for number in range(ROWS):
        for kind, value in (
            (Kind.SHA256, hashlib.sha256(b"clean %d" % number).hexdigest()),
            (Kind.DOMAIN, f"www{number}.fine.example"),
            (Kind.ADDRESS, f"203.0.113.{number % 250}"),
            (Kind.PATH, rf"C:\Program Files\Maker {number}\bin\program.exe"),
        ):
            yield Observation(kind=kind, value=value, collector="bench")
    yield Observation(kind=Kind.DOMAIN, value="www.c7.bad.example", collector="bench")
    yield Observation(kind=Kind.ADDRESS, value="198.18.0.5", collector="bench")
    yield Observation(kind=Kind.PATH, value=r"c:\users\binh\appdata\roaming\F7\x.exe", collector="bench")


def main() -> None:
    """Measure in CPU time, which other programs on this machine do not change."""
    text, seen = "\n".join(lines()), list(observations())
    started = time.process_time()
    ioc_list = plain.parse(text, name="bench", sha256="0" * 64)
    parsed = time.process_time()
    matcher = Matcher([ioc_list])
    indexed = time.process_time()
    matches = list(matcher.match(seen))
    matched = time.process_time()
    print(f"{len(ioc_list.indicators)} indicators: parsed {parsed - started:.2f} s, indexed {indexed - parsed:.2f} s")
    print(f"{len(seen)} observations: {len(matches)} matches in {(matched - indexed) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
