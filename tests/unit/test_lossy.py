"""Writing to standard error while a sweep runs never waits and never fails, whatever reads it."""

import errno
import io
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import suppress

import click
import pytest

from controller.cli.logs import start_logging
from controller.cli.lossy import MOST_WAITING, LossyStream, lossy_stderr
from tests.waiting import wait_until


class Held(io.StringIO):
    """A terminal somebody stopped with Ctrl-S, until `reads` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = threading.Event()

    def write(self, text: str, /) -> int:
        self.reads.wait(10)
        return super().write(text)


class Broken(io.StringIO):
    """A pipe whose reader left, or a log file on a full disk."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.tries = number, 0

    def write(self, text: str, /) -> int:
        self.tries += 1
        raise OSError(self.number, os.strerror(self.number))


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    yield held
    held.reads.set()


def test_what_is_written_arrives_in_order() -> None:
    out = io.StringIO()
    stream = LossyStream(out)

    for number in range(30):
        stream.write(f"{number} ")

    assert stream.finish(5)
    assert (out.getvalue().split(), stream.lost) == ([str(number) for number in range(30)], 0)


def test_a_reader_that_does_not_read_holds_nobody_and_little_waits_for_it(held: Held) -> None:
    stream = LossyStream(held)

    for number in range(1000):
        stream.write(f"{number} ")
    held.reads.set()

    assert stream.finish(5)
    arrived = held.getvalue().split()
    assert len(arrived) + stream.lost == 1000
    assert MOST_WAITING <= len(arrived) <= MOST_WAITING + 1
    assert arrived == [str(number) for number in range(len(arrived))]


def test_after_its_end_nothing_more_is_begun(held: Held) -> None:
    """Else a frame of progress would be drawn into the tables that are printed next."""
    stream = LossyStream(held)
    for number in range(5):
        stream.write(f"{number} ")

    assert not stream.finish(0.01)
    held.reads.set()

    assert stream.finish(5)
    assert held.getvalue() in {"", "0 "}


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EIO])
def test_a_reader_that_left_ends_the_writing_and_nothing_else(number: int) -> None:
    out = Broken(number)
    stream = LossyStream(out)

    stream.write("0")
    wait_until(lambda: out.tries)
    for _ in range(3):
        stream.write("1")

    assert stream.finish(5)
    assert out.tries == 1


def test_the_log_and_what_click_prints_go_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that visits a host must not wait for a terminal because something went wrong there."""
    logger = logging.getLogger()
    before, level = logger.handlers[:], logging.getLogger("controller").level
    reader, writer = os.pipe()
    with os.fdopen(reader, encoding="utf-8") as out, os.fdopen(writer, "w", encoding="utf-8") as err:
        os.set_blocking(writer, False)
        filled = fill(writer)
        os.set_blocking(writer, True)
        monkeypatch.setattr("sys.stderr", err)
        start_logging(debug=False)
        try:
            with lossy_stderr():
                logging.getLogger("controller.x").error("one")  # would wait for ever if it went to the pipe itself
                click.echo("đã đặt", err=True)
                assert out.read(filled) == "." * filled
        finally:
            logger.handlers[:] = before
            logging.getLogger("controller").setLevel(level)
        err.close()
        assert out.read() == "ERROR controller.x: one\nđã đặt\n"


def fill(descriptor: int) -> int:
    """Write until the pipe takes no more; return how many bytes that were."""
    written = 0
    with suppress(BlockingIOError):
        while True:
            written += os.write(descriptor, b"." * 1024)
    return written
