"""Which question answers which: a complete run of a wider question also answers a narrower one."""

from collections.abc import Iterable

from controller.campaign.records import EnteredRoot, LookRecord, Question


def is_inside(path: str, folder: str) -> bool:
    """Say whether `path` is `folder` or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def folder_of(path: str) -> str:
    """Return the folder that a path lies in."""
    return path.rpartition("/")[0] or "/"


def cover(wide: Iterable[str], narrow: Iterable[str]) -> bool:
    """Say whether every one of the `narrow` folders lies inside a `wide` one."""
    outer = tuple(wide)
    return all(any(is_inside(each, folder) for folder in outer) for each in narrow)


def answers(wide: Question, narrow: Question) -> bool:
    """Say whether a complete run of `wide` also answers `narrow`.

    More roots, fewer exceptions and no limit of age, size or depth are wider; other arguments must be equal.
    """
    is_unlimited = (
        cover(narrow.excepted, wide.excepted)
        and wide.newer_than in {"", narrow.newer_than}
        and wide.smaller_than in {"", narrow.smaller_than}
        and (wide.depth == 0 or (wide.depth, wide.roots) == (narrow.depth, narrow.roots))
    )
    is_same_kind = (wide.collector, wide.other) == (narrow.collector, narrow.other)
    return is_same_kind and is_unlimited and reads(wide.only, narrow.only) and cover(wide.roots, narrow.roots)


def reads(wide: str, narrow: str) -> bool:
    """Say whether `only: wide` reads what `only: narrow` does: programs are fewer than all, `names` reads nothing."""
    return wide == narrow or (wide, narrow) == ("all", "programs")


def root_holding(look: LookRecord, path: str) -> EnteredRoot | None:
    """Return the deepest root that `look` entered from which it reaches `path`, if there is one."""
    holding = [
        root
        for root in look.entered
        if is_inside(path, root.path) and _levels_below(path, root.path) <= (look.question.depth or len(path))
    ]
    return max(holding, key=lambda root: len(root.path), default=None)


def _levels_below(path: str, folder: str) -> int:
    return path[len(folder.rstrip("/")) :].count("/")
