"""A line that is logged on: one bounded exchange at a time, each over a channel of its own."""

import logging
import math
import time
from collections.abc import Iterable
from typing import Final

from fabric import Connection
from paramiko import Channel

from controller.errors import HostError, LineError, Reason
from controller.model.text import shown
from controller.transports.base import STREAM_LIMIT, Reply
from controller.transports.probe import LineSocket
from controller.transports.shell_text import READY
from controller.transports.ssh_errors import VENDOR, line_error
from controller.transports.ssh_logon import LineTransport

log = logging.getLogger(__name__)

_BLOCK: Final = 64 * 1024
_BEAT: Final = 1.0
_NOISY_BEAT: Final = 0.02
_BACKSTOP: Final = 3.0
_ALLOWANCE: Final = 4 * STREAM_LIMIT  # both streams, what was under way when we stopped reading, and packet heads


class Line:
    """An SSH connection that is logged on."""

    def __init__(self, connection: Connection, sock: LineSocket) -> None:
        self._connection, self._sock = connection, sock
        sock.deadline = math.inf
        self._transport: LineTransport = connection.client.get_transport()

    def exchange(self, command: str, text: bytes, *, seconds: float, file: Iterable[bytes] | None = None) -> Reply:
        """Run `command` on a channel of its own, feed it `text`, and read it to its end.

        A `file` goes out behind the text once the host has asked for it by the line `READY`. The reply is what comes
        after that line; a host that ends without it gets no byte of the file.

        Raises:
            HostError: `host.timeout` after `seconds` or `answer.huge`; the line still stands.
            LineError: the line is gone, with `host.timeout` when it went silent.

        """
        deadline = time.monotonic() + seconds
        self._sock.deadline, self._sock.allowance = deadline + _BACKSTOP, _ALLOWANCE
        channel = None
        try:
            channel = self._transport.open_session(timeout=seconds)
            channel.exec_command(command)
            streams = _Streams(channel, deadline)
            open_still = _write(channel, [text], deadline)
            if file is not None:
                open_still = streams.read_past(READY) and _write(channel, file, deadline)
            if open_still:
                channel.shutdown_write()
            streams.read()
            return Reply(
                exit_code=self._exit_code(channel, deadline), stdout=bytes(streams.stdout), stderr=bytes(streams.stderr)
            )
        except VENDOR as error:
            raise self._told(error, deadline) from error
        finally:
            if channel is not None:
                self._drop(channel)
            self._sock.deadline = math.inf

    def close(self) -> None:
        """Hang up; harmless when the line is gone already."""
        self._sock.hang_up()
        self._connection.client.close()

    def _exit_code(self, channel: Channel, deadline: float) -> int:
        """Wait for the exit status; without one, or with an answer that has no end, the line was lost."""
        if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
            raise TimeoutError("no exit status came")
        code: int = channel.exit_status
        whole = channel.eof_received or self._transport.is_active()
        if code < 0 or not whole:
            raise EOFError("the line ended before the answer did")
        return code

    def _told(self, error: BaseException, deadline: float) -> HostError:
        if time.monotonic() < deadline and not isinstance(error, TimeoutError):
            return line_error(error)
        kind = HostError if self._transport.is_active() else LineError
        return kind(Reason.HOST_TIMEOUT, shown(str(error)))

    def _drop(self, channel: Channel) -> None:
        self._sock.deadline = time.monotonic() + _BACKSTOP
        try:
            channel.close()
        except VENDOR as error:
            log.debug("closing a channel failed: %s", shown(str(error)))


def _write(channel: Channel, blocks: Iterable[bytes], deadline: float) -> bool:
    """Send all of it; False when the command ended before it had read all."""
    for block in blocks:
        rest = memoryview(block)
        while rest:
            sent = _sent(channel, rest, deadline)
            if not sent:
                return False
            rest = rest[sent:]
    return True


def _sent(channel: Channel, block: memoryview, deadline: float) -> int:
    """Send some of `block` and say how much; nothing when the command ended before it had read all."""
    channel.settimeout(_left(deadline))
    try:
        return int(channel.send(block))
    except TimeoutError:
        raise
    except OSError:
        return 0


class _Streams:
    """Both streams of a command, read without a helper thread: wait for stdout, and look after stderr in between."""

    def __init__(self, channel: Channel, deadline: float) -> None:
        self._channel, self._deadline = channel, deadline
        self._ended = False
        self.stdout, self.stderr = bytearray(), bytearray()

    def read(self) -> None:
        """Read to the end of both."""
        while not self._ended:
            self._read_some()
        self._drain()

    def read_past(self, line: bytes) -> bool:
        """Read until `line` came on stdout, and drop all up to its end; False when stdout ended without it."""
        while (at := self.stdout.find(line)) < 0:
            if self._ended:
                return False
            self._read_some()
        del self.stdout[: at + len(line)]
        return True

    def _read_some(self) -> None:
        beat = _NOISY_BEAT if self._drain() else _BEAT
        self._channel.settimeout(min(beat, _left(self._deadline)))
        try:
            block = self._channel.recv(_BLOCK)
        except TimeoutError:
            return
        self.stdout += block
        self._ended = not block
        _bounded(self.stdout)

    def _drain(self) -> bool:
        """Take what lies ready on stderr; say whether anything did."""
        before = len(self.stderr)
        while self._channel.recv_stderr_ready():
            self.stderr += self._channel.recv_stderr(_BLOCK)
            _bounded(self.stderr)
        return len(self.stderr) > before


def _bounded(stream: bytearray) -> None:
    if len(stream) > STREAM_LIMIT:
        raise HostError(Reason.ANSWER_HUGE, f"more than {STREAM_LIMIT} bytes")


def _left(deadline: float) -> float:
    """Return the seconds that are left.

    Raises:
        TimeoutError: none are.

    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it did not end in its time")
    return left
