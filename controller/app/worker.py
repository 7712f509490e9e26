"""Gather what a worker keeps between visits: transports, collectors, lists."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial

from controller import plugins
from controller.app.accounts import Accounts
from controller.app.identities import Recogniser
from controller.app.preflight import Prepared, cleaner
from controller.app.secrets import secret_of
from controller.engine.host import WorkerContext
from controller.indicators.matcher import Matcher
from controller.model.fleet import Host
from controller.model.playbook import Module
from controller.model.result import Greeting
from controller.model.sweep import HostJob
from controller.store.ledger import Ledger
from controller.tasks.base import Judging, Line, Starts, TaskContext, TaskModule
from controller.tasks.look import GREETING, greet
from controller.transports.base import Session, Transport


def now() -> datetime:
    """The one clock of the house."""
    return datetime.now(UTC)


def worker_context(prepared: Prepared, ledger: Ledger) -> WorkerContext:
    """Make ready what every visit of one sweep shares."""

    @cache
    def module(name: Module) -> TaskModule:
        found: TaskModule = plugins.load("tasks", name)()
        return found

    @cache
    def judging(names: tuple[str, ...]) -> Judging:
        of_path = zip(dict.fromkeys(prepared.playbook.lists), prepared.lists, strict=True)
        lists = [each for path, each in of_path if not names or path in names]
        return Judging(digests=tuple(sorted(each.sha256 for each in lists)), match=Matcher(lists).match)

    def context(job: HostJob, session: Line, greeting: Greeting, starts: Starts) -> TaskContext:
        return TaskContext(
            session=session,
            host=job.host,
            apply=job.apply,
            greeting=greeting,
            collector=prepared.collectors.__getitem__,
            judging=judging,
            cleaner=cleaner,
            starts=starts,
            latest_commit=ledger.latest_commit,
            pushed=prepared.playbook.pushed,
        )

    return WorkerContext(
        open_session=_Opener(Accounts(ledger, now, budget=prepared.request.logon_budget)),
        greet=partial(greet, collector=prepared.collectors[GREETING], seconds=prepared.request.first_answer_seconds),
        context=context,
        recognise=Recogniser(ledger, [host.name for host in prepared.inventory.hosts], now).recognise,
        module=module,
        journal=ledger,
        clock=now,
    )


class _Opener:
    """Opens a session by the transport that a host names; each transport is made once."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._transports: dict[str, Transport] = {}

    @contextmanager
    def __call__(self, host: Host) -> Iterator[Session]:
        transport = self._transports.get(host.connection)
        if transport is None:
            transport = self._transports.setdefault(host.connection, plugins.load("transports", host.connection)())
        secret = secret_of(host)
        self._accounts.check(host, secret)
        with transport.open(host, secret, partial(self._accounts.logon, host, secret)) as session:
            yield session
