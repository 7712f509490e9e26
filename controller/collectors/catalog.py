"""Which collectors there are, and the text of each: its spec, and the script that is sent to a host.

A collector is a folder here: `spec.yaml` and one script for each platform that it knows. Every script is sent
behind its platform's frame, and its last line calls into that: a script that arrives cut does nothing at all. What
would be too long for one file stands in parts, such as `windows-tasks.ps1`, that are sent before `windows.ps1`.
"""

from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from controller.errors import PlaybookError
from controller.model.fleet import Platform

_SCRIPTS: Final = {Platform.LINUX: "linux.sh", Platform.WINDOWS: "windows.ps1"}
_FRAMES: Final = {Platform.LINUX: ("frame.sh", "frame-awk.sh"), Platform.WINDOWS: ("frame.ps1",)}


@cache
def names() -> tuple[str, ...]:
    """Return the collectors' names, sorted."""
    return tuple(sorted(each.name for each in _room().iterdir() if (each / "spec.yaml").is_file()))


@cache
def platforms(name: str) -> tuple[Platform, ...]:
    """Return the platforms that collector `name` has a script for.

    Raises:
        PlaybookError: there is no such collector.

    """
    return tuple(each for each, script in _SCRIPTS.items() if (_folder(name) / script).is_file())


def spec_text(name: str) -> str:
    """Return the text of the collector's `spec.yaml`.

    Raises:
        PlaybookError: there is no such collector.

    """
    return (_folder(name) / "spec.yaml").read_text(encoding="utf-8")


@cache
def script(name: str, platform: Platform) -> str:
    """Return the whole script that asks a host of `platform` the question of collector `name`.

    Raises:
        PlaybookError: there is no such collector, or it has no script for `platform`.

    """
    known = platforms(name)
    if platform not in known:
        raise PlaybookError(f"collector '{name}' has no script for '{platform}'; it has one for: {', '.join(known)}")
    frame = (_room() / each for each in _FRAMES[platform])
    files_in_order = (*frame, *_parts(name, platform), _folder(name) / _SCRIPTS[platform])
    return "\n".join(each.read_text(encoding="utf-8") for each in files_in_order)


def _parts(name: str, platform: Platform) -> list[Traversable]:
    stem, ending = _SCRIPTS[platform].split(".")
    parts = [each for each in _folder(name).iterdir() if fnmatchcase(each.name, f"{stem}-*.{ending}")]
    return sorted(parts, key=lambda each: each.name)


def _room() -> Traversable:
    return files("controller.collectors")


def _folder(name: str) -> Traversable:
    if name not in names():
        raise PlaybookError(f"there is no collector '{name}'; the collectors are: {', '.join(names())}")
    return _room() / name
