"""Read where a pushed file belongs: one path, or one for each platform."""

import re
from collections.abc import Mapping
from typing import Final

from controller.loading.fields import Fields, text
from controller.loading.nodes import Kind, Node
from controller.model.fleet import Platform
from controller.model.text import shown
from controller.transports.base import product_folder

_OURS: Final = ("lock", "quarantine", "runs", "starting", "tools")
"""What lies in the product's folder already."""
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")
_SEPARATORS: Final = re.compile(r"[\\/]+")
_NOT_A_NAME: Final = re.compile(
    r'.*[\x00-\x1f<>:"|?*].*|.*[. ]|(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³]) *(?:\..*)?',
    re.IGNORECASE | re.DOTALL,
)
"""Letters that Windows reserves, names that it cuts short, and names of devices, with any ending."""


def read(node: Node | None) -> Mapping[Platform, str]:
    """Return the path of a file by platform; nothing at all is none.

    A single path stands for the platform whose form it has, and a relative one for each of them.

    Raises:
        OperatorError: there can be no such file, or it must not be put there.

    """
    if node is None:
        return {}
    if node.kind is not Kind.MAPPING:
        return _single(node)
    paths = Fields(node, "dest", tuple(Platform))
    given = {platform: paths.get(platform) for platform in Platform}
    found = {platform: _checked(each, platform, platform) for platform, each in given.items() if each}
    if not found:
        raise paths.refusal("'dest': expected a path, or one for each platform; got none")
    return found


def _single(node: Node) -> Mapping[Platform, str]:
    path = text(node, "dest")
    if path.startswith("/"):
        return {Platform.LINUX: _checked(node, "dest", Platform.LINUX)}
    if _DRIVE.match(path):
        return {Platform.WINDOWS: _checked(node, "dest", Platform.WINDOWS)}
    both = {platform: _checked(node, "dest", platform) for platform in Platform}
    if "\\" in path:
        raise node.refusal(f"'dest': expected '/' between names, which every platform knows; got '{shown(path)}'")
    return both


def _checked(node: Node, what: str, platform: Platform) -> str:
    path = text(node, what)
    parts = _SEPARATORS.split(path)
    if ".." in parts:
        raise node.refusal(f"'{what}': expected a path without '..'; got '{shown(path)}'")
    if not parts[-1]:
        raise node.refusal(f"'{what}': expected a path with the file's name at its end; got '{shown(path)}'")
    if platform is Platform.WINDOWS:
        _check_windows(node, what, path)
    elif _DRIVE.match(path):
        raise node.unexpected(what, "a path of Linux like '/opt/x'")
    _check_not_ours(node, what, path, platform)
    return path


def _check_windows(node: Node, what: str, path: str) -> None:
    r"""Refuse shares, devices, `C:x`, `\x`, streams, and what Windows would take for another name."""
    if path.startswith(("/", "\\")):
        raise node.unexpected(what, "a path like 'C:\\Tools\\x', or one below the product's folder")
    for name in _SEPARATORS.split(_DRIVE.sub("", path, count=1)):
        if _NOT_A_NAME.fullmatch(name):
            raise node.refusal(f"'{what}': expected names that Windows takes; got '{shown(name)}'")


def _check_not_ours(node: Node, what: str, path: str, platform: Platform) -> None:
    folder = product_folder(platform)
    place = folder / path
    below = place.relative_to(folder).parts if place.is_relative_to(folder) else ()
    if below and below[0].casefold() in _OURS:
        raise node.refusal(f"'{what}': expected another name than '{shown(below[0])}', which is our own")
