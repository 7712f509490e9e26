"""Read the IOC lists of a playbook, and refuse those that are too broken to sweep with."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from controller.errors import ListError, Where
from controller.indicators.parsers import plain
from controller.model.indicator import IocList
from controller.model.sweep import KeptFile


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


def check_lists(paths: Iterable[str]) -> tuple[tuple[str, IocList], ...]:
    """Read every list, however broken, and return it beside its path.

    Raises:
        ListError: a list cannot be read at all.

    """
    return tuple((path, _read(path)[0]) for path in dict.fromkeys(paths))


def rejected_lines(lists: Sequence[IocList]) -> int:
    """Count the lines that were rejected in all of `lists`."""
    return sum(len(each.rejected) for each in lists)


def _read(path: str) -> tuple[IocList, bytes]:
    data = _bytes(Path(path))
    return plain.parse(_text(data, path), name=Path(path).name, sha256=sha256(data).hexdigest()), data


def _refuse_broken(listed: IocList, path: str, max_rejected: float) -> None:
    lines = len(listed.indicators) + len(listed.rejected)
    if not listed.indicators:
        raise ListError(
            f"the list '{path}' holds no indicator that can be used; mend it, or take it out of the playbook."
        )
    if len(listed.rejected) > max_rejected * lines:
        first = listed.rejected[0]
        raise ListError(
            f"{len(listed.rejected)} of {lines} lines are rejected, the first since {first.why}; "
            f"mend them, or allow more with --max-rejected.",
            where=Where(path, first.line),
        )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ListError(f"the list '{path}' cannot be read ({error.strerror}); mend the path.") from error


def _text(data: bytes, path: str) -> str:
    try:
        return plain.decode(data)
    except ValueError as error:
        raise ListError(f"the list '{path}' is not text in UTF-8 or UTF-16; save it as UTF-8.") from error
