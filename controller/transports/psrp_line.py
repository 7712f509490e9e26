"""A line that is logged on: one bounded script at a time, all in one runspace."""

import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell
from pypsrp.serializer import TaggedValue
from pypsrp.shell import SignalCode

from controller.errors import HostError, LineError, Reason
from controller.model.text import shown
from controller.transports.base import STREAM_LIMIT, Reply
from controller.transports.psrp_errors import VENDOR, line_error
from controller.transports.psrp_http import Limits
from controller.transports.psrp_wsman import OPERATION, BoundedPool, Script

log = logging.getLogger(__name__)

_KEPT: Final = 100
"""Scripts that are over and may wait for the end of the shell; Windows holds at most 1000 of one."""

_BLOCKED: Final = "ScriptContainedMaliciousContent"


class Line:
    """An open runspace pool."""

    def __init__(self, pool: BoundedPool, limits: Limits, *, grace: float) -> None:
        self._pool, self._limits, self._grace = pool, limits, grace
        self._over = 0

    @property
    def block(self) -> int:
        """How many bytes of a file fill one message."""
        return self._pool.block

    def exchange(
        self, script: str, arguments: Sequence[str] = (), *, seconds: float, blocks: Iterator[bytes] | None = None
    ) -> Reply:
        """Run `script` with positional `arguments`, feed it `blocks`, and read it to its end.

        What it prints comes as lines of UTF-8; half a pair of UTF-16 stays what it is. Errors that did not end it
        are on stderr. The exit code is 1 when one did.

        Raises:
            HostError: `host.timeout` after `seconds`, `answer.huge` or `script.blocked`; the line still stands.
            LineError: the line is gone, with `host.timeout` when it went silent.

        """
        deadline = time.monotonic() + seconds
        self._limits.deadline, self._limits.tripped = deadline + min(self._grace, seconds), None
        self._pool.begin_script()
        pipeline = self._pipeline(script, arguments)
        try:
            with self._translated():
                pipeline.begin_invoke(input=blocks, remote_stream_options=0)
            return self._read(pipeline, deadline)
        except LineError:
            raise
        except HostError as error:
            self._end(pipeline, error)
            raise
        finally:
            self._pool.pipelines.pop(pipeline.id, None)

    def close(self) -> None:
        """End the shell on the host, and hang up; harmless when the line is gone already."""
        self._limits.deadline = time.monotonic() + self._grace
        try:
            if self._limits.tripped is None:
                self._pool.close()
        except (*VENDOR, LineError) as error:
            log.debug("closing a shell failed: %s", shown(str(error)))
        finally:
            self._pool.connection.close()
            self._limits.hang_up()

    def _pipeline(self, script: str, arguments: Sequence[str]) -> Any:
        pipeline = PowerShell(self._pool)
        pipeline.add_command(Script(script, self._pool.protocol_version or ""))
        for each in arguments:
            pipeline.add_argument(TaggedValue("S", each))
        return pipeline

    def _read(self, pipeline: Any, deadline: float) -> Reply:
        answer = _Answer()
        while pipeline.state == PSInvocationState.RUNNING:
            left = deadline - time.monotonic()
            if left <= 0:
                raise HostError(Reason.HOST_TIMEOUT, "it was stopped when its time was up")
            with self._translated():
                pipeline.poll_invoke(timeout=max(1, math.ceil(min(OPERATION, left))))
                answer.take(pipeline)
        self._let_go(pipeline)
        return answer.reply(whole=pipeline.state == PSInvocationState.COMPLETED)

    def _let_go(self, pipeline: Any) -> None:
        """Free what a script that is over holds on the host; a line that breaks now must not cost us its answer.

        The end of the shell frees it too, and costs no round trip of its own.
        """
        self._over += 1
        if self._over <= _KEPT:
            return
        try:
            self._terminate(pipeline)
        except LineError as error:
            log.debug("letting go of a script failed: %s", error)

    def _end(self, pipeline: Any, error: HostError) -> None:
        """Stop a script on the host.

        Raises:
            LineError: the host does not even answer that; `error` is why it was to be stopped.

        """
        self._limits.deadline, self._limits.tripped = time.monotonic() + self._grace, None
        try:
            self._terminate(pipeline)
        except LineError as lost:
            raise LineError(error.reason, error.detail) from lost

    def _terminate(self, pipeline: Any) -> None:
        """Free what a script holds on the host, its place among the 1000 of a shell too."""
        with self._translated():
            self._pool.shell.signal(SignalCode.TERMINATE, str(pipeline.id))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Let nothing of pypsrp past this line. Wraps one call of theirs."""
        try:
            yield
        except VENDOR as error:
            raise line_error(error, self._limits.tripped) from error


class _Answer:
    """Both streams of a script, as they come."""

    def __init__(self) -> None:
        self._stdout, self._stderr = bytearray(), bytearray()

    def take(self, pipeline: Any) -> None:
        """Take what has come since, and free it.

        Raises:
            HostError: `answer.huge` or `script.blocked`.

        """
        for each in pipeline.output:
            _append(self._stdout, str(each))
        for each in pipeline.streams.error:
            if _BLOCKED in str(each.fq_error):
                raise HostError(Reason.SCRIPT_BLOCKED, shown(str(each)))
            _append(self._stderr, str(each))
        pipeline.output.clear()
        pipeline.streams = type(pipeline.streams)()

    def reply(self, *, whole: bool) -> Reply:
        """Return all of it."""
        return Reply(exit_code=0 if whole else 1, stdout=bytes(self._stdout), stderr=bytes(self._stderr))


def _append(stream: bytearray, text: str) -> None:
    stream += text.encode("utf-8", "surrogatepass") + b"\n"
    if len(stream) > STREAM_LIMIT:
        raise HostError(Reason.ANSWER_HUGE, f"more than {STREAM_LIMIT} bytes")
