"""Hosts that answer our own scripts with what an attacker would send: each a real SSH server.

A host answers the question of a collector by its script (`answers`), and everything about a tool as if the tool was
there and had run to its end (`log`). What is not said is said as an honest host would.
"""

import asyncio
import re
import shlex
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import asyncssh

from tests.ssh_servers import PASSWORD, Process, serving
from tests.visits import NONCE, greeted, processes

MEGABYTE: Final = 1024 * 1024

_COLLECTOR: Final = re.compile(r"^COLLECTOR=(\w+)$", re.MULTILINE)
_SCRIPT: Final = re.compile(r"^script=('.*')\n# shellcheck shell=sh\n# A time limit", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: which collector's, and what has to stand in the first line of its answer."""

    collector: str
    nonce: str
    sysroot: str

    def framed(self, *lines: str | bytes, rows: int | None = None, end: str = "") -> bytes:
        """Put lines between the first and the last line of an answer; `rows` and `end` let the last one lie."""
        last = end or f"#end {len(lines) if rows is None else rows} unread=0 stopped=no"
        whole = (f"#begin {self.collector} 2 {self.nonce} {self.sysroot}", *lines, last, "")
        return b"\n".join(each if isinstance(each, bytes) else each.encode() for each in whole)

    def honest(self) -> bytes:
        """Answer as a clean computer does."""
        return self.greeting() if self.collector == "host" else processes(nonce=self.nonce).stdout

    def greeting(self, **but: object) -> bytes:
        """Say who it is."""
        return greeted(**but).stdout.replace(NONCE.encode(), self.nonce.encode())


Says = Callable[[Asked], bytes]
Misbehaves = Callable[[Process, Asked], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileHost:
    """What it says when it is asked. `answers` are by collector; `acts` has the whole channel instead.

    `heard` is all that it was told after the logon: command, environment, script.
    """

    answers: Mapping[str, Says] = field(default_factory=dict)
    acts: Mapping[str, Misbehaves] = field(default_factory=dict)
    log: bytes = b"DONE found=0\n"
    exit_code: int = 0
    stderr: bytes = b""
    heard: list[str] = field(default_factory=list)

    async def play(self, process: Process) -> None:
        """Answer one command."""
        with suppress(OSError, asyncssh.Error):  # the controller had enough
            await self._answer(process, (await process.stdin.read()).decode())

    async def _answer(self, process: Process, script: str) -> None:
        self.heard.append(f"{process.command}\n{dict(process.env)}\n{script}")
        arguments = _arguments(script)
        named = _COLLECTOR.search(script)
        if not named:
            process.stdout.write(
                b"#lamsach have\n" if arguments[0] == "ask" else b"#lamsach finished 0\n#log\n" + self.log
            )
            process.exit(0)
            return
        asked = Asked(collector=named[1], nonce=arguments[0], sysroot=arguments[1])
        if asked.collector in self.acts:
            await self.acts[asked.collector](process, asked)
            return
        process.stderr.write(self.stderr)
        process.stdout.write(self.answers.get(asked.collector, Asked.honest)(asked))
        await process.stdout.drain()
        process.exit(self.exit_code if asked.collector != "host" else 0)


def _arguments(text: str) -> list[str]:
    """Return the first two words that the script in `text` is called with: it begins with `{ set -- WORDS`."""
    sent = _SCRIPT.search(text)
    assert sent
    words = shlex.shlex(shlex.split(sent[1])[0], posix=True)
    words.whitespace_split, words.commenters = True, ""
    return list(islice(words, 3, 5))


def looks(says: Says, **but: object) -> HostileHost:
    """Build a host that says who it is, and then answers the look at processes like this."""
    return HostileHost(answers={"processes": says}, **but)  # type: ignore[arg-type]


def floods(stream: str) -> HostileHost:
    """Build a host that sends 300 MB instead of its processes, on one of its two streams."""

    async def flood(process: Process, asked: Asked) -> None:
        out = getattr(process, stream)
        for _ in range(300):
            out.write(b"x" * (MEGABYTE - 1) + b"\n")
            await out.drain()
        process.exit(0)

    return HostileHost(acts={"processes": flood})


def drips() -> HostileHost:
    """Build a host that says one byte a second."""

    async def drip(process: Process, asked: Asked) -> None:
        for each in asked.honest():
            process.stdout.write(bytes([each]))
            await asyncio.sleep(1)

    return HostileHost(acts={"processes": drip})


def silent() -> HostileHost:
    """Build a host that takes the question, and says nothing."""

    async def wait(process: Process, asked: Asked) -> None:
        await process.channel.wait_closed()

    return HostileHost(acts={"processes": wait})


@contextmanager
def inventory(
    folder: Path, hosts: Mapping[str, HostileHost], *, secret: str = PASSWORD, refusing: Collection[str] = ()
) -> Iterator[str]:
    """Serve hosts of one unit while the block runs; yields the text of an inventory of them.

    All but those that are `refusing` take the password `secret`, which the inventory has in a file.
    """
    mine = folder / "mat-khau.txt"
    mine.write_text(f"{secret}\n", encoding="utf-8")
    unit = "lamsach_unit: {id: cc-mot, name: Chi cục Một}"
    shared = f"ansible_user: lan, lamsach_account: local, lamsach_secret: 'file:{mine}', {unit}"
    lines = ["mot:", f"  vars: {{{shared}}}", "  hosts:"]
    with ExitStack() as servers:
        for name, hostile in hosts.items():
            password = "another" if name in refusing else secret
            host = servers.enter_context(serving(folder, hostile.play, password=password)).host()
            reached = (
                f"ansible_host: {host.address}, ansible_port: {host.port}, lamsach_known_hosts: {host.known_hosts}"
            )
            lines.append(f"    {name}: {{{reached}}}")
        yield "\n".join(lines) + "\n"
