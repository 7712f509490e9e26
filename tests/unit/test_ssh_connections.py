"""What many threads make at once belongs to each of them alone."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.transports.ssh import new_connection
from tests.builders import a_host


@pytest.fixture
def hurry() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurry")
def test_connections_that_threads_make_at_once_share_no_configuration() -> None:
    """fabric empties and fills a configuration for each connection: another thread would find no `connect_kwargs`."""

    def make(number: int) -> tuple[int, object]:
        connection = new_connection(a_host(), connect_kwargs={"number": number})
        return connection.connect_kwargs["number"], connection.config

    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(make, range(640)))

    assert [number for number, _ in made] == list(range(640))
    assert len({id(config) for _, config in made}) == 640
