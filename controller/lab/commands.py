"""Run one command of an SSH session for real, as sshd does: /bin/sh, three pipes, the exit status at the end."""

import asyncio
import signal
from collections.abc import Callable
from typing import IO, Final

import asyncssh

from controller.lab.children import Child
from controller.lab.pipes import Sink, reading

_CHUNK: Final = 64 * 1024

Process = asyncssh.SSHServerProcess[bytes]
Sent = Callable[[int], int]
"""Told how many bytes are about to go out; answers how many may."""


def all_of_it(count: int) -> int:
    """Let everything out."""
    return count


async def converse(process: Process, child: Child, allowed: Sent = all_of_it) -> None:
    """Join the client and `child` until both streams ended and it exited, or until the client is gone.

    As with OpenSSH the channel stays open while anybody holds the command's stdout or stderr; and when the client
    goes first, the command is not ended: it finds its pipes closed, and goes on until it minds (measured).
    """
    feed = asyncio.create_task(_feed(process.stdin, child.stdin))
    work = asyncio.create_task(_work(process, child, allowed))
    gone = asyncio.create_task(process.channel.wait_closed())
    await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
    if work.done() and work.exception() is None:
        _report(process, work.result())
    for task in (feed, work, gone):
        task.cancel()
    await asyncio.gather(feed, work, gone, return_exceptions=True)


async def _work(process: Process, child: Child, allowed: Sent) -> int:
    """Return its exit code once it exited and nobody holds its streams."""
    stdout = _pump(child.stdout, process.stdout, allowed)
    stderr = _pump(child.stderr, process.stderr, all_of_it)
    *_, code = await asyncio.gather(stdout, stderr, child.exited)
    return code


async def _pump(source: IO[bytes], sink: "asyncssh.SSHWriter[bytes]", allowed: Sent) -> None:
    """Copy until the end of `source`; the client's window sets the pace."""
    async with reading(source, _CHUNK) as reader:
        while chunk := await reader.read(_CHUNK):
            sink.write(chunk[: allowed(len(chunk))])
            await sink.drain()


async def _feed(source: "asyncssh.SSHReader[bytes]", pipe: IO[bytes]) -> None:
    """Copy until the client has said all, then close `pipe`; the command sets the pace.

    asyncssh's own redirection of stdin is not used: at the end it drops what the pipe has not taken yet.
    """
    sink = await Sink.to(pipe)
    try:
        while not sink.broken and (chunk := await source.read(_CHUNK)):
            await sink.write(chunk)
    finally:
        sink.close()


def _report(process: Process, code: int) -> None:
    if code < 0:
        process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
    else:
        process.exit(code)
