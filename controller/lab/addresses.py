"""Take an address of its own for every lab computer, in a part of 127.0.0.0/8 that nobody else uses."""

import ipaddress
import secrets
import socket
from collections.abc import Sequence
from typing import Final

from controller.errors import LamsachError

_FIRST: Final = int(ipaddress.IPv4Address("127.16.0.1"))
_LAST: Final = int(ipaddress.IPv4Address("127.250.0.0"))
_TRIES: Final = 50


def claim(count: int) -> tuple[socket.socket, ...]:
    """Return `count` bound sockets that do not listen yet: addresses in a row, one port for all.

    A bound socket that does not listen refuses connections and keeps everybody else off its address: that is
    what a computer that is switched off looks like here. Another lab gets other addresses.

    Raises:
        LamsachError: no such part could be found.

    """
    for _ in range(_TRIES):
        start = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if bound := _bind_row([str(ipaddress.IPv4Address(start + offset)) for offset in range(count)]):
            return bound
    raise LamsachError(f"no {count} free addresses were found in 127.0.0.0/8; stop another lab and try again.")


def _bind_row(addresses: Sequence[str]) -> tuple[socket.socket, ...]:
    """Bind all of `addresses` to one free port, or none of them."""
    bound: list[socket.socket] = []
    port = 0
    for address in addresses:
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.append(opened)
        try:
            opened.bind((address, port))
        except OSError:
            for each in bound:
                each.close()
            return ()
        port = opened.getsockname()[1]
    return tuple(bound)
