"""The record as the rest of the program sees it: every method one transaction, on the disk when it returns."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from controller.errors import StoreError
from controller.model.decision import CampaignDecision, Decision, HostDecision, IdentityChange, ListAdded
from controller.model.identity import Recognition
from controller.model.indicator import Observation
from controller.model.intent import AttemptStart, Intent, IntentState, OpenStart
from controller.model.logon import Logon, Standing
from controller.model.result import Attempt, Evidence, Identity, TaskResult, ToolRun
from controller.model.sweep import KeptFile, ListUse, OpenAttempt, Sweep, SweepLine, Visit
from controller.store import (
    accounts,
    attempts,
    blobs,
    commits,
    database,
    decisions,
    identities,
    journal,
    lock,
    observations,
    rereading,
    states,
    sweeps,
    visits,
)
from controller.store.file import BUSY_SECONDS, Access, access_to
from controller.store.observations import LookPlace
from controller.store.rereading import KeptLook, Readings
from controller.store.states import Compared, KeptState, Meetings
from controller.store.trouble import no_room, told


class Ledger:
    """Sweeps, attempts, starts, accounts and machines. Any thread may call it; one writes at a time.

    What is read back is as it was written, but for the data of evidence (ask `blob`) and the observations of
    looks (ask `observations`): judging a whole sweep needs neither. A write that fails is rolled back and raises
    `StoreError`; from then on every write does, so that no further host or change begins. Every method may
    raise `StoreError`.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self._path = path
        self._writer = engine
        self._reader = database.reading(engine)
        self._lock = threading.Lock()
        self._known: observations.Known = {}
        self._broken: StoreError | None = None

    @classmethod
    @contextmanager
    def open(
        cls,
        path: Path,
        *,
        create: bool = True,
        busy_seconds: float = BUSY_SECONDS,
        max_pages: int | None = None,
    ) -> Iterator[Self]:
        """Open the store at `path` for the block, as `database.open` does."""
        engine = database.open(path, create=create, busy_seconds=busy_seconds, max_pages=max_pages)
        try:
            yield cls(engine, path)
        finally:
            engine.dispose()

    @property
    def path(self) -> Path:
        """Where the store lies, as it was opened."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder in which the store lies, itself and not a link to it."""
        return self._path.resolve().parent

    @property
    def broken(self) -> bool:
        """Say whether a write failed; then none is tried any more."""
        return self._broken is not None

    # sweeps

    def begin_sweep(self, sweep: Sweep, files: Sequence[KeptFile]) -> None:
        """Keep the snapshot of a sweep, and its files whole."""
        with self._writing() as connection:
            sweeps.begin(connection, sweep, files)

    def end_sweep(self, sweep: str, when: datetime) -> None:
        """Write down that every host has its result; a new attempt opens the sweep again."""
        with self._writing() as connection:
            sweeps.end(connection, sweep, when)

    def sweep(self, sweep: str) -> Sweep:
        """Return a sweep as it was begun.

        Raises:
            SweepError: there is none of this id.

        """
        with self._reading() as connection:
            return sweeps.fetch(connection, sweep)

    def kept_files(self, sweep: str) -> tuple[KeptFile, ...]:
        """Return the files of a sweep, with their data, in the order they were given."""
        with self._reading() as connection:
            return sweeps.files(connection, sweep)

    def sweeps(self) -> tuple[SweepLine, ...]:
        """Return all sweeps, newest first."""
        with self._reading() as connection:
            return sweeps.lines(connection)

    def unfinished(self, playbook_path: str, inventory: str) -> tuple[str, ...]:
        """Return the ids of all sweeps of a playbook and an inventory that were not ended, newest first.

        Both are given by their paths as the sweeps hold them.
        """
        with self._reading() as connection:
            return sweeps.unfinished(connection, playbook_path, inventory)

    def is_held(self, sweep: str) -> bool:
        """Say whether a living process runs a sweep; one that this process runs counts, too."""
        return lock.is_held(self._path, sweep)

    def resolve(self, text: str) -> str:
        """Return the id of the sweep that `text` names: the id, a prefix of this one only, or `last`.

        Raises:
            SweepError: it names none, or several.

        """
        with self._reading() as connection:
            return sweeps.resolve(connection, text)

    # attempts

    def finish_attempt(self, sweep: str, attempt: Attempt) -> None:
        """Keep a result. Keeping it twice is fine; another result for the same attempt is refused.

        A look's observations are taken to be those of its answer: they are not compared.
        """
        with self._writing() as connection:
            attempts.finish(connection, sweep, attempt, self._known)

    def attempts(self, sweep: str) -> Mapping[str, tuple[Attempt, ...]]:
        """Return the finished attempts of every host that has one, oldest first."""
        with self._reading() as connection:
            return attempts.finished(connection, sweep)

    def open_attempts(self, sweep: str) -> tuple[OpenAttempt, ...]:
        """Return the attempts that have no result, with what their newest start committed."""
        with self._reading() as connection:
            return attempts.still_open(connection, sweep)

    def observations(self, sweep: str, host: str, number: int) -> tuple[Observation, ...]:
        """Return what an attempt saw, look by look, in the order it was seen."""
        with self._reading() as connection:
            return tuple(observations.fetch(connection, attempts.number_of(connection, sweep, host, number)))

    def blob(self, sha256: str) -> bytes:
        """Return the raw answer, log or file that is kept under `sha256`; its hash is checked again."""
        with self._reading() as connection:
            return blobs.fetch(connection, sha256)

    def latest_commit(self) -> int:
        """Return the number of the newest commit that holds a look, a run or a decision; 0 when there is none."""
        with self._reading() as connection:
            return commits.latest(connection)

    # what a campaign is judged by

    def visits(self, host: str) -> tuple[Visit, ...]:
        """Return the visits to a computer over all sweeps, in the order in which they were begun."""
        with self._reading() as connection:
            return visits.of_host(connection, host)

    def newest_visit(self) -> datetime | None:
        """Return when the newest visit to any computer ended; None before the first."""
        with self._reading() as connection:
            return visits.newest_end(connection)

    def seen_values(self, visit: Visit) -> Mapping[LookPlace, tuple[int, ...]]:
        """Return for each look of a visit the numbers of the values that it saw."""
        with self._reading() as connection:
            return observations.values_of(connection, visit.row)

    def seen(self, visit: Visit) -> Mapping[int, tuple[Observation, ...]]:
        """Return what each look of a visit saw, by its place among them."""
        with self._reading() as connection:
            return observations.by_look(connection, visit.row)

    def first_seen(self, values: Collection[int]) -> Mapping[int, int]:
        """Return the lowest commit number of a look that saw each of the values, by their numbers."""
        with self._reading() as connection:
            return observations.first_seen(connection, values)

    def stamps(self) -> Mapping[str, tuple[int, ...]]:
        """Return for each visited computer numbers that change with its visits and the decisions about it."""
        with self._reading() as connection:
            return visits.stamps(connection)

    def list_uses(self) -> tuple[ListUse, ...]:
        """Return every version of a list that a sweep brought into force, oldest first."""
        with self._reading() as connection:
            return sweeps.list_uses(connection)

    def observed(self, *, after: int, most: int) -> list[tuple[int, Observation]]:
        """Return up to `most` values that were ever seen with a number above `after`, by their number."""
        with self._reading() as connection:
            return states.observed(connection, after=after, most=most)

    def meetings(self) -> tuple[Compared, Meetings]:
        """Return what the observations met when they were compared last."""
        with self._reading() as connection:
            return states.meetings(connection)

    def keep_meetings(self, compared: Compared, found: Meetings) -> None:
        """Keep what observations meet in place of what was kept before."""
        with self._writing() as connection:
            states.keep_meetings(connection, compared, found)

    def states(self) -> Mapping[str, KeptState]:
        """Return the states that were kept, by computer; they may be outdated."""
        with self._reading() as connection:
            return states.states(connection)

    def keep_states(self, made: Mapping[str, KeptState]) -> None:
        """Keep the states of computers in place of those that were kept before."""
        with self._writing() as connection:
            states.keep_states(connection, made.items())

    def forget_states(self) -> None:
        """Drop all kept states and meetings; they are made again when they are asked for."""
        with self._writing() as connection:
            states.forget_states(connection)

    # reading kept answers again

    @property
    def is_writable(self) -> bool:
        """Say whether the store may be written, there is room for that, and no write has failed."""
        return access_to(self._path) is Access.WRITE and not self.broken and not no_room(self._path)

    def readings(self) -> Readings:
        """Return how many looks are of an older reading, and how many kept answers this one could not read."""
        with self._reading() as connection:
            return rereading.count(connection)

    def looks_to_reread(self, most: int) -> tuple[KeptLook, ...]:
        """Return at most `most` looks of an older reading, with what it takes to read their answers again."""
        with self._reading() as connection:
            return tuple(rereading.older(connection, most))

    def first_unreadable(self) -> KeptLook | None:
        """Return the first look whose kept answer this reading could not read."""
        with self._reading() as connection:
            return rereading.first_unreadable(connection)

    def answer(self, sha256: str) -> bytes | StoreError:
        """Return the answer that is kept under `sha256`, or what is wrong with it; one answer blocks no other."""
        with self._reading() as connection:
            try:
                return blobs.fetch(connection, sha256)
            except StoreError as error:
                return error

    def replace_sightings(self, again: Mapping[int, Sequence[Observation] | None]) -> None:
        """Replace what looks saw, by their numbers, with what this reading finds; None: their answer cannot be read."""
        with self._writing() as connection:
            observations.replace_sightings(connection, again, self._known)
            states.forget_states(connection)

    # decisions of people

    def decide(self, decision: Decision) -> int:
        """Keep a decision; return the number of its commit, which is given to it."""
        with self._writing() as connection:
            return decisions.add(connection, decision)

    def add_list(self, added: ListAdded, data: bytes) -> None:
        """Keep a list that is in force from now on, and its file whole."""
        with self._writing() as connection:
            blobs.keep(connection, (Evidence(sha256=added.sha256, data=data),))
            decisions.add(connection, added)

    def decisions(self, host: str) -> tuple[HostDecision, ...]:
        """Return the notes and identity changes of a computer, oldest first."""
        with self._reading() as connection:
            return decisions.of_host(connection, host)

    def campaign_decisions(self) -> tuple[CampaignDecision, ...]:
        """Return what was decided about lists and the campaign's playbook, oldest first."""
        with self._reading() as connection:
            return decisions.of_campaign(connection)

    def change_identity(self, change: IdentityChange) -> None:
        """Keep an identity change, and let the next answer of its host begin a new record."""
        with self._writing() as connection:
            decisions.add(connection, change)
            identities.forget(connection, change.host)

    def identity_changes(self) -> Mapping[str, int]:
        """Return the commit number of the newest identity change of each host that has one."""
        with self._reading() as connection:
            return decisions.identity_changes(connection)

    # the engine's journal

    def begin(self, intent: Intent, so_far: Sequence[TaskResult]) -> bool:
        """Commit that `intent` is about to start, together with every result this attempt has so far.

        The same start may be begun again as long as it has no end; another under its run id is refused. False,
        with nothing committed, while another start on this host is open.
        """
        with self._writing() as connection:
            return journal.begin(connection, intent, so_far, self._known)

    def take_over(self, intent: Intent, so_far: Sequence[TaskResult]) -> None:
        """Commit that the attempt of `intent` takes over the start with its run id, which another attempt made."""
        with self._writing() as connection:
            journal.take_over(connection, intent, so_far, self._known)

    def finish(self, run: ToolRun) -> ToolRun:
        """Commit that a run came to its end, and what it left.

        Return what is kept of it, with the numbers of its commits: of two who read the same end, the first one counts.
        """
        with self._writing() as connection:
            return journal.finish(connection, run)

    def interrupt(self, run_id: str) -> None:
        """Commit that a run was torn off midway, unless its end is known; it is never started again."""
        with self._writing() as connection:
            journal.close(connection, run_id, IntentState.INTERRUPTED)

    def void(self, run_id: str) -> None:
        """Commit that a start never began and never will, unless its end is known."""
        with self._writing() as connection:
            journal.close(connection, run_id, IntentState.VOID)

    def open_starts(self, sweep: str, host: str) -> tuple[OpenStart, ...]:
        """Return the starts of `host` in every sweep that have no end yet, oldest first, for whoever runs `sweep`.

        A start is held when its visit has no end and another living process runs its sweep.
        """
        with self._reading() as connection:
            return journal.still_open(connection, self._path, sweep, host)

    def hosts_under_way(self) -> tuple[str, ...]:
        """Return the hosts that a sweep gave a start whose end is not known yet, by name."""
        with self._reading() as connection:
            return journal.hosts_under_way(connection)

    def starts_of(self, sweep: str, host: str, attempt: int) -> tuple[AttemptStart, ...]:
        """Return the starts that this attempt made or took over, oldest first; logs without their data."""
        with self._reading() as connection:
            return journal.of_attempt(connection, sweep, host, attempt)

    # accounts

    def standing(self, logon: Logon, window: timedelta) -> Standing:
        """Return what counts, within `window`, for a logon that would start now."""
        with self._reading() as connection:
            return accounts.standing(connection, logon, window)

    def begin_logon(self, logon: Logon, window: timedelta, may: Callable[[Standing], bool]) -> int | Standing:
        """Commit that a logon starts, when `may` allows it as its account stands; return its number, or else that.

        One transaction, so that of two programs that ask at once the second sees the logon of the first.
        """
        with self._writing() as connection:
            return accounts.begin(connection, logon, window, may)

    def end_logon(self, number: int, when: datetime, *, accepted: bool | None) -> None:
        """Commit how a logon was answered; None: its line broke after the proof went out."""
        with self._writing() as connection:
            accounts.end(connection, number, when, accepted=accepted)

    def drop_logon(self, number: int) -> None:
        """Forget a logon that was begun, and whose proof was never looked at."""
        with self._writing() as connection:
            accounts.drop(connection, number)

    # machines

    def identity(self, host: str) -> Identity | None:
        """Return what is known of the machine behind `host`, from all sweeps since its newest identity change."""
        with self._reading() as connection:
            return identities.fetch(connection, host)

    def recognise(self, host: str, answer: Identity, names: Collection[str], when: datetime) -> Recognition:
        """Compare an answer with what is known of `host` and of the other `names`, and keep it unless it is in doubt.

        One transaction, so that of two visits that meet the same machine at once one is the newcomer.
        """
        with self._writing() as connection:
            return identities.recognise(connection, host, answer, names, when)

    def mac_owners(self) -> Mapping[str, str]:
        """Return the name that owns each MAC, by its mark; only of names that show UUID and serial number."""
        with self._reading() as connection:
            return identities.mac_owners(connection)

    def newest_answer(self, host: str) -> Attempt | None:
        """Return the newest finished attempt in which `host` answered the first question, over all sweeps."""
        with self._reading() as connection:
            return attempts.newest_answer(connection, host)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._lock:
            if self._broken:
                raise StoreError(str(self._broken)) from self._broken
            try:
                with self._writer.begin() as connection:
                    yield connection
            except SQLAlchemyError as error:
                self._broken = told(self._path, error)
                raise self._broken from error

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._reader.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise told(self._path, error) from error
