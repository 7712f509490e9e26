"""The state of every computer of a campaign, from everything that its store holds.

Theory of operation. Two things follow from the rest of the store and are kept in it to be quick: what each value that
was ever seen meets, and the state of each computer with a stamp of all that it follows from. A state is made again when
its stamp differs: after a visit or a decision, a change of the lists, another playbook, or newer rules. Deleting what
is kept changes nothing but the time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property, partial
from hashlib import sha256
from itertools import islice
from typing import Final

from controller.app.comparing import COMPARING, Comparison
from controller.app.history import Known, Source, known
from controller.app.in_force import CampaignLists
from controller.app.preflight import collector_of
from controller.app.rereading import reread
from controller.app.rows import place_of
from controller.app.verdicts import judgement_of
from controller.campaign.cases import HostState
from controller.campaign.lists import by_list, in_force
from controller.campaign.records import FullLookTask, Lists, Question
from controller.campaign.state import LATEST, RULES, state_of
from controller.errors import Reason
from controller.indicators.weigh import sees
from controller.model.case import Value
from controller.model.codec import dumps
from controller.model.collector import Collector
from controller.model.decision import HostDecision, PlaybookNamed
from controller.model.fleet import Platform, RosterEntry, Unit
from controller.model.identity import taken_over
from controller.model.playbook import Module, Playbook, Task
from controller.model.sweep import Sweep, Visit
from controller.model.verdict import Judgement, Verdict
from controller.store.ledger import Ledger
from controller.store.states import KeptState
from controller.tasks.look import applies, is_ours

_KEPT_AT_ONCE: Final = 200


class Campaign:
    """What is known of all computers.

    Lists, playbook and roster are those of the moment at which they were first asked for: make a new `Campaign` after
    a decision or for another sweep. The visits to a computer are read when its state is asked for.
    """

    def __init__(self, ledger: Ledger, lists: CampaignLists | None = None, named: PlaybookNamed | None = None) -> None:
        """Take what the store holds; `lists` and `named` may hold decisions that are not committed yet."""
        self._ledger = ledger
        self._named = named
        self.lists = lists or CampaignLists(ledger)
        self._comparison = Comparison(ledger, self.lists)

    # what the campaign is

    @cached_property
    def sweeps(self) -> tuple[Sweep, ...]:
        """All sweeps, oldest first."""
        return tuple(self._ledger.sweep(line.id) for line in reversed(self._ledger.sweeps()))

    @cached_property
    def every(self) -> Mapping[str, RosterEntry]:
        """Every computer that any roster had, as the newest of these has it."""
        return {entry.name: entry for sweep in self.sweeps for entry in sweep.roster}

    def newest(self, inventory: str = "") -> Sweep:
        """Return the newest sweep of an inventory (its path, resolved), or of all where none is named or had it."""
        own = [sweep for sweep in self.sweeps if sweep.inventory == inventory]
        return (own or self.sweeps)[-1]

    @property
    def roster(self) -> tuple[RosterEntry, ...]:
        """The computers of the newest roster."""
        return self.sweeps[-1].roster if self.sweeps else ()

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units of the newest roster."""
        return self.sweeps[-1].units if self.sweeps else ()

    @cached_property
    def named(self) -> PlaybookNamed | None:
        """What `lamsach init` named as the campaign's playbook."""
        if self._named:
            return self._named
        found = [each for each in self._ledger.campaign_decisions() if isinstance(each, PlaybookNamed)]
        return found[-1] if found else None

    @cached_property
    def playbook(self) -> Playbook | None:
        """The campaign's playbook: the newest version of the one that was named, else that of the first sweep."""
        if self.named is None:
            return self.sweeps[0].playbook if self.sweeps else None
        path = self.named.playbook.path
        versions = [(sweep.committed, sweep.playbook) for sweep in self.sweeps if sweep.playbook.path == path]
        return max([(self.named.committed, self.named.playbook), *versions], key=lambda each: each[0])[1]

    # states

    def judgements(self, hosts: Iterable[str] | None = None) -> Mapping[str, Judgement]:
        """Return the state of the `hosts`, or of every computer that any roster had; kept states are used again."""
        chosen = list(self.every if hosts is None else dict.fromkeys(hosts))
        self._read_again()
        stamps = self._ledger.stamps()  # before all else: what is committed from now on makes a state anew next time
        self._comparison.catch_up(keep=True)
        kept, common = self._ledger.states(), self._common
        fresh: dict[str, KeptState] = {}
        saved = 0
        for host in chosen:
            stamp = sha256(common + dumps((host, self.platform(host), stamps.get(host, ())))).hexdigest()
            if host in kept and kept[host].stamp == stamp:
                continue
            fresh[host] = replace(self._made(host), stamp=stamp)
            if len(fresh) - saved >= _KEPT_AT_ONCE:
                saved = self._keep(fresh, saved)
        self._keep(fresh, saved)
        kept = {**kept, **fresh}
        answers = {host: (each.answered, each.identity) for host, each in kept.items() if each.identity}
        lost = taken_over(answers, self._ledger.mac_owners())
        return {host: _twice(lost[host]) if host in lost else kept[host].judgement for host in chosen}

    def judgement(self, host: str) -> Judgement:
        """Return the state of one computer by its own visits, as they are in the store now; nothing is kept."""
        self._comparison.catch_up()
        return self._made(host).judgement

    def state(self, host: str, more: Iterable[HostDecision] = ()) -> tuple[HostState, Known]:
        """Return the whole state of one computer, and the records that it follows from.

        `more` are decisions that are not committed yet, with the number that they will have.
        """
        self._comparison.catch_up()
        _, state, records = self._state(host, more)
        return state, records

    def _read_again(self) -> None:
        """Take out of the answers of an older program what this one learned to see in them."""
        reread(self._ledger, lambda _done, _all: None)

    def _made(self, host: str) -> KeptState:
        visits, state, records = self._state(host)
        judgement = judgement_of(state, records, visits, self.lists.indicators)
        change = max((each.committed for each in records.history.accepts), default=0)
        answers = [
            (visit.attempt.committed, visit.attempt.identity)
            for visit in visits
            if visit.attempt.identity and not visit.attempt.in_doubt and visit.attempt.began >= change
        ]
        answered, identity = answers[-1] if answers else (0, None)
        return KeptState("", judgement, identity=identity, answered=answered)

    def _state(self, host: str, more: Iterable[HostDecision] = ()) -> tuple[Sequence[Visit], HostState, Known]:
        visits = self._ledger.visits(host)
        records = known(visits, (*self._ledger.decisions(host), *more), self._source(self.platform(host)))
        return visits, state_of(records.history, self._lists, self._tasks(host, records)), records

    def _keep(self, fresh: Mapping[str, KeptState], saved: int) -> int:
        """Keep the states behind the first `saved`, if the store may be written; return how many are kept."""
        if len(fresh) > saved and self._ledger.is_writable:
            self._ledger.keep_states(dict(islice(fresh.items(), saved, None)))
        return len(fresh)

    @cached_property
    def _common(self) -> bytes:
        """What the states of all computers follow from."""
        return dumps((RULES, COMPARING, self.playbook, tuple(sorted(self._met_elsewhere.items())))) + self.lists.digest

    # lists

    @cached_property
    def in_force(self) -> frozenset[Value]:
        """The values of all lists that count now."""
        return in_force(self._lists, self._met_elsewhere, now=LATEST)

    @cached_property
    def kept_although_dropped(self) -> Mapping[str, frozenset[Value]]:
        """For each list, the values that its newest version dropped and that count, because they were met before.

        What another list names counts by that list.
        """
        newest, kept = by_list(self._lists, self._met_elsewhere, now=LATEST)
        counting = (values for name, values in newest.items() if name not in self.lists.withdrawn_lists)
        alone = self.in_force - frozenset[Value]().union(*counting)
        return {name: values & alone for name, values in kept.items() if name not in self.lists.withdrawn_lists}

    def met(self, values: frozenset[Value]) -> frozenset[Value]:
        """Return those of `values` that any computer ever showed."""
        self._comparison.catch_up()
        return frozenset(self._comparison.lowest(values))

    @cached_property
    def _lists(self) -> Lists:
        return self.lists.records(self._met_elsewhere)

    @cached_property
    def _met_elsewhere(self) -> Mapping[Value, int]:
        """Return the dropped values that any computer showed, with the lowest number of such a commit."""
        if not (self.lists.is_replaced and (dropped := self.lists.dropped)):
            return {}
        self._comparison.catch_up()
        return self._comparison.lowest(dropped)

    # records

    def platform(self, host: str) -> Platform:
        """Return the platform of a computer, as the newest roster that has it says."""
        return self.every[host].platform if host in self.every else Platform.LINUX

    @cache  # noqa: B019 - a campaign lives as long as one command
    def _source(self, platform: Platform) -> Source:
        return Source(
            platform=platform,
            met=self._comparison.met,
            is_hit=self._comparison.is_hit,
            answer=lambda piece: self._ledger.blob(piece.sha256),
            observed=self._ledger.seen,
            collector=_collector,
            is_ours=partial(is_ours, platform=platform, pushed=self._pushed),
        )

    @cached_property
    def _pushed(self) -> frozenset[str]:
        """The SHA-256 of every file that any sweep placed on hosts."""
        return frozenset[str]().union(*(sweep.playbook.pushed for sweep in self.sweeps))

    # the full look

    def _tasks(self, host: str, records: Known) -> tuple[FullLookTask, ...]:
        """Return the tasks of the campaign's playbook that apply to a computer, the folders as it resolved them."""
        platform = self.platform(host)
        return tuple(_full_look(self.playbook, platform, records.roots)) if self.playbook else ()


def _twice(other: str) -> Judgement:
    """What is said of a name whose machine has another name now: its results count there."""
    return Judgement(verdict=Verdict.UNKNOWN, reason=Reason.IDENTITY_TWICE, detail=f"it is '{other}' too")


def _full_look(playbook: Playbook, platform: Platform, roots: Mapping[str, str]) -> Iterator[FullLookTask]:
    for task in playbook.tasks:
        if task.module is Module.CHECK_IOCS and task.look:
            collector = _collector(task.look.collector)
            if applies(task.look, collector, platform):
                yield _look_task(task, collector, platform, roots)
        elif task.clean and platform in task.clean.tool.platforms:
            places = tuple(place_of(root, platform) for root in task.clean.roots.get(platform, ()))
            yield FullLookTask(name=task.name, tool=task.clean.tool.name, roots=places)


def _look_task(task: Task, collector: Collector, platform: Platform, roots: Mapping[str, str]) -> FullLookTask:
    asked = task.look.roots.get(platform, ()) if task.look else ()
    places = tuple(roots.get(root) or place_of(root, platform) for root in asked)
    question = Question(collector=collector.spec.name, roots=places)
    return FullLookTask(name=task.name, question=question, sees=sees(collector, platform))


@cache
def _collector(name: str) -> Collector:
    return collector_of(name)
