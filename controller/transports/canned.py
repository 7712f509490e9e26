"""A transport with no network: it answers from a script and remembers what it was asked. For tests and examples."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from controller.errors import HostError, LineError, Reason
from controller.model.fleet import Host, Secret
from controller.transports.base import Admission, Launch, Reply, RunState

T = TypeVar("T")


@dataclass(kw_only=True)
class CannedHost:
    """What one host will say, in order, over all sessions with it; an error in a list is raised instead.

    `opens` says of each logon why it is refused, or None; after the last all succeed. Without `puts` the first push
    of a file is taken and any later one is there already. `states` answer `start`, `poll` and `void`.
    """

    opens: Sequence[LineError | None] = ()
    replies: Sequence[Reply | HostError] = ()
    puts: Sequence[bool | HostError] | None = None
    states: Sequence[RunState | HostError] = ()
    host_key: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing a host was asked: `open`, `run`, `put`, `start`, `poll` or `void`, and with what."""

    host: str
    verb: str
    script: str = ""
    arguments: tuple[str, ...] = ()
    launch: Launch | None = None


class _Lines:
    """Where we are in the script of one host."""

    def __init__(self, host: CannedHost) -> None:
        self.opens = iter(host.opens)
        self.replies = iter(host.replies)
        self.puts = None if host.puts is None else iter(host.puts)
        self.states = iter(host.states)
        self.host_key = host.host_key
        self.placed: set[str] = set()


class CannedTransport:
    """Plays the given hosts; any other host is switched off. `sent` holds all that was asked, in order."""

    def __init__(self, hosts: Mapping[str, CannedHost]) -> None:
        self.sent: list[Sent] = []
        self._lines = {name: _Lines(host) for name, host in hosts.items()}

    @contextmanager
    def open(
        self,
        host: Host,
        secret: Secret | None,  # noqa: ARG002  # the protocol's
        admission: Admission = nullcontext,
    ) -> Iterator["CannedSession"]:
        """Hand out a session that reads from the script.

        Raises:
            LineError: the script says so, or does not know the host (`reach.timeout`).

        """
        self.sent.append(Sent(host.name, "open"))
        if host.name not in self._lines:
            raise LineError(Reason.REACH_TIMEOUT, f"'{host.address}' is not in the script")
        lines = self._lines[host.name]
        with admission():
            if refusal := next(lines.opens, None):
                raise refusal
        yield CannedSession(host.name, lines, self.sent)


class CannedSession:
    """Says its lines."""

    def __init__(self, host: str, lines: _Lines, sent: list[Sent]) -> None:
        self._host, self._lines, self._sent = host, lines, sent

    @property
    def host_key(self) -> str:
        """The fingerprint that the script gives."""
        return self._lines.host_key

    def run(self, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Reply:  # noqa: ARG002
        """Return the next reply."""
        self._sent.append(Sent(self._host, "run", script, tuple(arguments)))
        return self._next(self._lines.replies, "run")

    def put(self, source: Path, *, sha256: str, file_name: str) -> bool:
        """Return what the script says, else whether the file is new."""
        self._sent.append(Sent(self._host, "put", str(source), (sha256, file_name)))
        if self._lines.puts is not None:
            return self._next(self._lines.puts, "put")
        new = sha256 not in self._lines.placed
        self._lines.placed.add(sha256)
        return new

    def start(self, launch: Launch) -> RunState:
        """Return the next state."""
        self._sent.append(Sent(self._host, "start", launch=launch))
        return self._next(self._lines.states, "start")

    def poll(self, run_id: str) -> RunState:
        """Return the next state."""
        self._sent.append(Sent(self._host, "poll", arguments=(run_id,)))
        return self._next(self._lines.states, "poll")

    def void(self, run_id: str) -> RunState:
        """Return the next state."""
        self._sent.append(Sent(self._host, "void", arguments=(run_id,)))
        return self._next(self._lines.states, "void")

    def _next(self, lines: Iterator[T | HostError], verb: str) -> T:
        line = next(lines, None)
        if line is None:
            raise LookupError(f"the script of '{self._host}' has no answer left to '{verb}'; write one more.")
        if isinstance(line, HostError):
            raise line
        return line
