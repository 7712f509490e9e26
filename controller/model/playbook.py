"""What to do: an ordered list of tasks, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from controller.model.fleet import Platform


class Effect(StrEnum):
    """Whether a task only looks, or alters the host. It depends on the task, the cleaner and `--apply`."""

    READ = "read"
    CHANGE = "change"


class Module(StrEnum):
    """The verbs a playbook may use."""

    CHECK_IOCS = "check_iocs"
    COLLECT = "collect"
    PUSH = "push"
    CLEAN = "clean"


Roots = Mapping[Platform, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookArguments:
    """Arguments of `check_iocs` and `collect`.

    `platforms` narrows the hosts, `lists` the play's lists; empty means all of them. `depth` is how many levels below
    the roots are looked at, all without; no playbook gives it.
    """

    collector: str
    platforms: tuple[Platform, ...] = ()
    roots: Roots = field(default_factory=dict, hash=False)
    max_files: int | None = None
    depth: int | None = None
    seconds: int | None = None
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PushArguments:
    """Arguments of `push`. Without `dest` it is placed by SHA-256; with some, on the platforms that have one.

    A relative `dest` is below the product's folder. `sha256` is what `file` had when the playbook was read.
    """

    file: str
    sha256: str
    dest: Mapping[Platform, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A cleanup tool, as its `tool.yaml` describes it.

    `detect` and `clean` are its argument lists; `detect` is None when it has no such mode.
    `log` is a path on the host or `stdout`. `found` and `removed` are regular expressions with the
    groups `threat` and `object`; `skipped` is one for lines that say that something was passed over.
    `exits` maps an exit code to `done`, `reboot` or `failed`.
    """

    name: str
    path: str
    digest: str
    platforms: tuple[Platform, ...]
    file: str
    sha256: str
    clean: tuple[str, ...]
    detect: tuple[str, ...] | None = None
    log: str = "stdout"
    encoding: str = ""
    complete: str = ""
    found: str = ""
    removed: str = ""
    skipped: str = ""
    exits: Mapping[int, str] = field(default_factory=dict, hash=False)
    seconds: int = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanArguments:
    """Arguments of `clean`."""

    cleaner: str
    tool: Tool
    roots: Roots = field(default_factory=dict, hash=False)
    seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step. Exactly one of `look`, `push` and `clean` is there, as `module` says."""

    name: str
    module: Module
    look: LookArguments | None = None
    push: PushArguments | None = None
    clean: CleanArguments | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """One play: which hosts, which lists, which tasks, in this order. Data only.

    `digest` is the SHA-256 of the playbook file; `lists` are paths as the playbook resolves them.
    """

    path: str
    digest: str
    name: str
    hosts: str
    lists: tuple[str, ...]
    tasks: tuple[Task, ...]

    @property
    def pushed(self) -> frozenset[str]:
        """The SHA-256 of the files that it places on hosts."""
        tools = (task.clean.tool.sha256 for task in self.tasks if task.clean)
        return frozenset((*tools, *(task.push.sha256 for task in self.tasks if task.push)))
