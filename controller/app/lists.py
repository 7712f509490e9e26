"""Read the IOC lists of a playbook, and refuse those that are too broken to sweep with."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from controller.errors import ListError, Where
from controller.indicators.parsers import plain
from controller.model.indicator import IocList
from controller.model.sweep import KeptFile, ListUse
from controller.model.text import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of one list: `listed` is None when it cannot be read; `error` says why no sweep can use it."""

    path: str
    listed: IocList | None = None
    error: ListError | None = None

    @property
    def usable(self) -> bool:
        """Whether every line of it can be used, and there is one."""
        return self.error is None and self.listed is not None and not self.listed.rejected


def read_lists(paths: Iterable[str], *, max_rejected: float) -> tuple[tuple[IocList, ...], tuple[KeptFile, ...]]:
    """Read every list, and keep each file whole.

    `max_rejected` is the share of lines (0.05 is 5 %) that may be rejected.

    Raises:
        ListError: a list cannot be read, has no indicator, or has too many bad lines.

    """
    lists, files = [], []
    for path in dict.fromkeys(paths):
        listed, data = _read(path)
        _refuse_broken(listed, path, max_rejected)
        lists.append(listed)
        files.append(KeptFile(role="list", name=listed.name, sha256=listed.sha256, data=data))
    return tuple(lists), tuple(files)


def identity_of(path: str, folder: Path) -> str:
    """Return what identifies a list over its versions: its resolved path, from the campaign's `folder` if inside."""
    resolved, base = Path(path).resolve(), folder.resolve()
    return str(resolved.relative_to(base) if resolved.is_relative_to(base) else resolved)


def check_lists(paths: Iterable[str]) -> Iterator[Checked]:
    """Read every list, however broken; what cannot be read hides no other list."""
    for path in dict.fromkeys(paths):
        try:
            listed, _ = _read(path)
        except ListError as error:
            yield Checked(path=path, error=error)
        else:
            yield Checked(path=path, listed=listed, error=_emptiness(listed, path))


def parsed(use: ListUse, data: bytes) -> IocList:
    """Read a kept version of a list, however many of its lines are bad.

    Raises:
        ListError: it cannot be read.

    """
    return plain.parse(plain.decode(data, path=use.path), name=use.name, sha256=use.sha256, path=use.path)


def rejected_lines(lists: Sequence[IocList]) -> int:
    """Count the lines that were rejected in all of `lists`."""
    return sum(len(each.rejected) for each in lists)


def _read(path: str) -> tuple[IocList, bytes]:
    data = _bytes(Path(path))
    text = plain.decode(data, path=path)
    return plain.parse(text, name=Path(path).name, sha256=sha256(data).hexdigest(), path=path), data


def _refuse_broken(listed: IocList, path: str, max_rejected: float) -> None:
    if error := _emptiness(listed, path):
        raise error
    lines = len(listed.indicators) + len(listed.rejected)
    if len(listed.rejected) > max_rejected * lines:
        first = listed.rejected[0]
        raise ListError(
            f"{len(listed.rejected)} of {lines} lines are rejected, the first is '{shown(first.text, limit=60)}'; "
            f"see why with: lamsach iocs check {shlex.quote(path)}; correct them, or allow more with --max-rejected.",
            where=Where(path, first.line),
        )


def _emptiness(listed: IocList, path: str) -> ListError | None:
    if listed.indicators:
        return None
    return ListError(f"the list '{path}' holds no indicator that can be used; mend it, or take it out of the playbook.")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ListError(f"the list '{path}' cannot be read ({error.strerror}); mend the path.") from error
