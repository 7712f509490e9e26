"""Wait for what another thread or process does."""

import time
from collections.abc import Callable


def wait_until(happens: Callable[[], object], *, seconds: float = 30.0) -> None:
    """Return as soon as `happens` is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.01)
