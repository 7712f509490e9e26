"""The line to one host over a whole visit: it may break while a tool runs there, and is then opened again."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.model.result import Greeting
from controller.transports.base import Launch, Reply, RunState, Session


class VisitLine:
    """A session that can be opened again; keeps the promise of `controller.tasks.base.Line`.

    `connect` logs on. `meet` asks each new session who it is, and raises when another machine answers than the one
    that the name stands for. `greeting` is what the machine said last.
    """

    greeting: Greeting

    def __init__(
        self, connect: Callable[[], AbstractContextManager[Session]], meet: Callable[[Session], Greeting]
    ) -> None:
        self._connect, self._meet = connect, meet
        self._open = ExitStack()
        self._session: Session

    def __enter__(self) -> Self:
        """Log on, and meet the machine."""
        with ExitStack() as opening:
            self._session = opening.enter_context(self._connect())
            self.greeting = self._meet(self._session)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self._open.__exit__(kind, error, trace)

    def reopen(self) -> None:
        """Hang up what is left of the broken session, log on again, and meet the machine again."""
        self._open.close()
        self.__enter__()

    @property
    def host_key(self) -> str:
        """The fingerprint of the host's key."""
        return self._session.host_key

    def run(self, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Reply:
        """Run a script in the session that is open now."""
        return self._session.run(script, arguments, seconds=seconds)

    def put(self, source: Path, *, sha256: str, file_name: str) -> bool:
        """Place a file over the session that is open now."""
        return self._session.put(source, sha256=sha256, file_name=file_name)

    def start(self, launch: Launch) -> RunState:
        """Start a program over the session that is open now."""
        return self._session.start(launch)

    def poll(self, run_id: str) -> RunState:
        """Ask how a run stands over the session that is open now."""
        return self._session.poll(run_id)

    def void(self, run_id: str) -> RunState:
        """See over the session that is open now that a run which has not begun never begins."""
        return self._session.void(run_id)
