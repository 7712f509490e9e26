"""Everything an operator may have got wrong is found here, before the first host is touched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from controller import plugins
from controller.app.accounts import BUDGET
from controller.app.coverage import Coverage
from controller.app.lists import read_lists, rejected_lines
from controller.app.secrets import secret_of
from controller.cleaners.base import Cleaner
from controller.collectors import catalog
from controller.errors import PatternError, PlaybookError, SecretError
from controller.loading import inventory as inventories
from controller.loading import pattern as patterns
from controller.loading import playbook as playbooks
from controller.loading import reach
from controller.loading import spec as specs
from controller.loading.playbook import PlaybookFile
from controller.model.collector import Collector, CollectorSpec
from controller.model.fleet import Connection, Host, Inventory, Platform
from controller.model.indicator import IocList
from controller.model.playbook import CleanArguments, LookArguments, Playbook, PushArguments
from controller.model.sweep import Blindness, KeptFile
from controller.tasks.clean import AUTOSTART, FILES
from controller.tasks.look import FIRST_ANSWER_SECONDS, GREETING
from controller.transports.ssh_keys import load_key


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """What an operator asked for. `limit` narrows the playbook's hosts; `max_rejected` is a share of a list's lines.

    `logon_budget` is how many refusals of one shared account within half an hour stop it. `first_answer_seconds` is
    how long a host has for the answer to the first question. `again` says that whom the sweep
    visits is known only when the store was read: an older sweep goes on, or hosts of one state are visited again.
    `folder` is the campaign's, None where no `lamsach.yml` says so: then it is the store's. With `list_here` the lists
    judge this sweep alone, and do not come into force.
    """

    playbook: Path
    inventory: Path
    limit: str = ""
    apply: bool = False
    max_rejected: float = 0.05
    logon_budget: int = BUDGET
    first_answer_seconds: int = FIRST_ANSWER_SECONDS
    again: bool = False
    folder: Path | None = None
    list_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A sweep that could begin: all files read, all names found, nothing touched.

    `given` are the hosts to visit, in Ansible's order; `collectors` those the playbook uses, by name. The paths of
    playbook and inventory are absolute: by them a sweep is found again. `cautions` are sentences on what this playbook
    alone cannot settle on a platform.
    """

    request: SweepRequest
    playbook: Playbook
    inventory: Inventory
    given: tuple[Host, ...]
    lists: tuple[IocList, ...]
    files: tuple[KeptFile, ...]
    collectors: Mapping[str, Collector]
    blind: tuple[Blindness, ...]
    cautions: tuple[tuple[Platform, str], ...] = ()

    @property
    def rejected(self) -> int:
        """How many lines of the lists were rejected."""
        return rejected_lines(self.lists)


def prepare(request: SweepRequest) -> Prepared:
    """Read and check all that a sweep needs.

    Raises:
        OperatorError: what is wrong, where, and what to do.

    """
    book = playbooks.load(request.playbook)
    inventory = inventories.load(request.inventory)
    given = _given(inventory, book.playbook, request.limit)
    if not request.again:
        check_reachable(inventory, given)
    collectors = collectors_of(book)
    lists, files = read_lists(book.playbook.lists, max_rejected=request.max_rejected)
    coverage = Coverage(
        playbook=book.playbook, lists=lists, collectors=collectors, platforms=_platforms(request, given)
    )
    return Prepared(
        request=request,
        playbook=replace(book.playbook, path=str(request.playbook.resolve())),
        inventory=replace(inventory, path=str(request.inventory.resolve())),
        given=given,
        lists=lists,
        files=(*_operator_files(book.playbook), *files),
        collectors=collectors,
        blind=coverage.blindness(),
        cautions=tuple(coverage.cautions()),
    )


def _given(inventory: Inventory, playbook: Playbook, limit: str) -> tuple[Host, ...]:
    chosen = patterns.select(inventory, playbook.hosts)
    if not limit:
        return chosen
    within = {host.name for host in patterns.select(inventory, limit)}
    narrowed = tuple(host for host in chosen if host.name in within)
    if not narrowed:
        raise PatternError(
            f"--limit '{limit}' leaves none of the playbook's hosts '{playbook.hosts}'; widen one of them."
        )
    return narrowed


def check_reachable(inventory: Inventory, hosts: Sequence[Host]) -> None:
    """Make sure that every host is reached in a way we honour, and that its key or secret can be read.

    Raises:
        OperatorError: for the first that is not.

    """
    reach.check_reach(inventory, hosts)
    for host in hosts:
        _check_user(inventory, host)
        if host.connection is Connection.PSRP and not (host.user and host.secret):
            raise SecretError(f"host '{host.name}' has no user or no secret; set ansible_user and lamsach_secret.")
        if not host.key_file and not host.secret:
            raise SecretError(
                f"host '{host.name}' has neither a key file nor a secret; "
                "set ansible_ssh_private_key_file or lamsach_secret."
            )
        secret_of(host)
    keys = (host.key_file for host in hosts if host.key_file and host.connection is Connection.SSH)
    for key_file in dict.fromkeys(keys):
        load_key(key_file)


def _check_user(inventory: Inventory, host: Host) -> None:
    """Refuse a password without a user: SSH would send it under the operator's own login name, on every host.

    A key alone may go without one: it locks nobody, and like Ansible we then log on under that name.
    """
    if host.secret and not host.user.strip():
        where = inventory.places.get(host.name, {}).get("lamsach_secret")
        raise SecretError(
            f"host '{host.name}' has a secret and no user; set ansible_user to the account that this password is of.",
            where=where,
        )


def collectors_of(book: PlaybookFile) -> Mapping[str, Collector]:
    """Return every collector that a playbook asks, and those that confirm what a tool says it removed.

    Raises:
        PlaybookError: a collector or cleaner does not exist, or does not take what the playbook gives it.

    """
    found = _collectors(book)
    _check_cleaners(book)
    return found


def _collectors(book: PlaybookFile) -> Mapping[str, Collector]:
    """Find every collector that is asked, and those that confirm what a tool says it removed."""
    found = {each: collector_of(each) for each in (GREETING, FILES, AUTOSTART)}
    for index, task in enumerate(book.playbook.tasks):
        if task.look:
            name = task.look.collector
            if name not in catalog.names():
                known = ", ".join(f"'{each}'" for each in catalog.names())
                where = book.place(index, "collector")
                raise PlaybookError(f"there is no collector '{name}'; use one of {known}.", where=where)
            found[name] = collector_of(name)
            _check_arguments(book, index, task.look, found[name].spec)
    return found


@cache
def collector_of(name: str) -> Collector:
    """Return the collector of that name, ready to be sent.

    Raises:
        PlaybookError: there is none.

    """
    spec = specs.read(catalog.spec_text(name), f"{name}/spec.yaml")
    return Collector(spec=spec, scripts={each: catalog.script(name, each) for each in catalog.platforms(name)})


def _check_arguments(book: PlaybookFile, index: int, look: LookArguments, spec: CollectorSpec) -> None:
    given = {"roots": look.roots, "max_files": look.max_files, "seconds": look.seconds}
    for name, value in given.items():
        if value and name not in spec.takes and name != "seconds":
            raise PlaybookError(
                f"the collector '{spec.name}' takes no '{name}'; leave it out.", where=book.place(index, name)
            )
    if "roots" in spec.takes and not look.roots:
        raise PlaybookError(
            f"the collector '{spec.name}' needs 'roots'; name folders for each platform.", where=book.place(index)
        )


def cleaner(name: str) -> Cleaner:
    """Return the adapter of that name.

    Raises:
        PlaybookError: there is none.

    """
    found: Cleaner = plugins.load("cleaners", name)()
    return found


def _check_cleaners(book: PlaybookFile) -> None:
    for index, task in enumerate(book.playbook.tasks):
        if task.clean:
            if task.clean.cleaner not in plugins.BUILTIN["cleaners"]:
                known = ", ".join(f"'{each}'" for each in plugins.BUILTIN["cleaners"])
                where = book.place(index, "cleaner")
                raise PlaybookError(f"there is no cleaner '{task.clean.cleaner}'; use one of {known}.", where=where)
            for platform in task.clean.tool.platforms:
                cleaner(task.clean.cleaner).check(task.clean.tool, task.clean.roots.get(platform, ()))


def _operator_files(playbook: Playbook) -> Iterator[KeptFile]:
    yield _kept("playbook", Path(playbook.path), playbook.digest)
    tools: Sequence[CleanArguments] = [task.clean for task in playbook.tasks if task.clean]
    for path, digest in dict.fromkeys((each.tool.path, each.tool.digest) for each in tools):
        yield _kept("tool", Path(path), digest)
    yield from dict.fromkeys(_checksum(task.push) for task in playbook.tasks if task.push)


def _checksum(push: PushArguments) -> KeptFile:
    """Return the checksum of a file that may be large: enough to tell whether it is another one now."""
    name = Path(push.file).name
    line = f"{push.sha256}  {name}\n".encode()
    return KeptFile(role="push", name=name, sha256=sha256(line).hexdigest(), data=line)


def _kept(role: str, path: Path, digest: str) -> KeptFile:
    return KeptFile(role=role, name=path.name, sha256=digest, data=path.read_bytes())


def _platforms(request: SweepRequest, given: Sequence[Host]) -> tuple[Platform, ...]:
    met = {host.platform for host in given}
    return tuple(each for each in Platform if request.again or each in met)
