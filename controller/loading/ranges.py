"""Write out host patterns: `pc[01:20]`, `pc[a:f]`, `pc[0:30:5]`, with `:port` behind."""

import ipaddress
import re
import string
from itertools import product
from typing import Final

MAX_HOSTS: Final = 50_000
"""More names than this in one pattern, or in one inventory, are a mistake."""

# More digits are no port, too long for a name, and at some length more than `int` takes.
_WITH_PORT: Final = re.compile(r"(?:\[(?P<boxed>.+)\]|(?P<bare>(?:[^:\[\]]|\[[^\]]*\])*)):(?P<port>[0-9]{1,255})")
_BOX: Final = re.compile(r"\[([^\[\]]*)\]")
_NUMBERS: Final = re.compile(r"(?P<first>[0-9]{0,18}):(?P<last>[0-9]{1,18})(?::(?P<step>[0-9]{1,18}))?")
_LETTERS: Final = re.compile(r"(?P<first>[A-Za-z]):(?P<last>[A-Za-z])(?::(?P<step>[0-9]{1,18}))?")
_ADDRESS_RANGE: Final = re.compile(r"\[(?:[0-9]+:[0-9]+|[a-z]:[a-z])(?::[0-9]+)?\]", re.IGNORECASE)
_LABEL: Final = re.compile(r"\w[\w-]*(?<![_-])")


def split_port(pattern: str) -> tuple[str, int | None]:
    """Take `:port` off a host pattern, as Ansible does: only where what is left is a name or an address."""
    found = _WITH_PORT.fullmatch(pattern)
    if not found:
        return pattern, None
    host = found["boxed"] or found["bare"]
    return (host, int(found["port"])) if is_address(host) else (pattern, None)


def is_address(pattern: str) -> bool:
    """Say whether a pattern, its ranges written out, is a host name or an IP address."""
    sample = _ADDRESS_RANGE.sub("0", pattern)
    try:
        ipaddress.ip_address(sample)
    except ValueError:
        return all(_LABEL.fullmatch(label) for label in sample.split("."))
    return True


def expand(pattern: str) -> tuple[str, ...]:
    """Write out every range of a pattern, the first range slowest.

    Raises:
        ValueError: a range cannot be read, counts down, or gives more than `MAX_HOSTS` names; the text says what
            was expected.

    """
    pieces = _BOX.split(pattern)
    if any(bracket in piece for piece in pieces[::2] for bracket in "[]"):
        raise ValueError("expected each '[' to have its ']'")
    choices = [_range(piece) if index % 2 else (piece,) for index, piece in enumerate(pieces)]
    total = 1
    for choice in choices:
        total *= len(choice)
        if total > MAX_HOSTS:
            raise ValueError(f"expected at most {MAX_HOSTS} names")
    return tuple("".join(parts) for parts in product(*choices))


def _range(text: str) -> tuple[str, ...]:
    if found := _LETTERS.fullmatch(text):
        first, last = map(string.ascii_letters.index, (found["first"], found["last"]))
        return tuple(string.ascii_letters[index] for index in _count(first, last, found["step"]))
    found = _NUMBERS.fullmatch(text)
    if not found:
        raise ValueError("expected a range like [01:20], [a:f] or [0:30:5]")
    begin, end = found["first"] or "0", found["last"]
    width = len(begin) if begin.startswith("0") and len(begin) > 1 else 0
    if width and width != len(end):
        raise ValueError("expected both ends of a padded range to have the same length")
    return tuple(str(number).zfill(width) for number in _count(int(begin), int(end), found["step"]))


def _count(first: int, last: int, step: str | None) -> range:
    stride = int(step) if step else 1
    if stride < 1 or first > last:
        raise ValueError("expected a range that counts up")
    numbers = range(first, last + 1, stride)
    if len(numbers) > MAX_HOSTS:
        raise ValueError(f"expected at most {MAX_HOSTS} names")
    return numbers
