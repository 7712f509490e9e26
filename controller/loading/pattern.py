"""Choose hosts by Ansible's patterns: `a:b`, `a,b`, `a:&b`, `a:!b`, globs, `~regex`, `group[0:2]`, `@file`.

A pattern that chooses nothing is an error, and never means "all". A regular expression is matched against names of
at most 255 letters and is itself at most `REGEX_LIMIT` long: it is the operator's own, and that bounds what it costs.
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.errors import PatternError, Where
from controller.loading import nodes
from controller.loading.fields import hint
from controller.loading.ranges import is_address, split_port
from controller.model.fleet import Host, Inventory
from controller.model.text import shown

PATTERN_LIMIT: Final = 65_536
REGEX_LIMIT: Final = 255
_PARTS: Final = re.compile(r"(?:[^\s:\[\]]|\[[^\]]*\])+")
_BOX: Final = re.compile(r"\[[^\]]*\]")
_SUBSCRIPT: Final = re.compile(r"(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]")
_SPECIAL: Final = ".?*["
_GLOB: Final = "?*["


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a pattern: `sign` is empty, `&` or `!`; `where` is its place when it came from a file."""

    sign: str
    text: str
    where: Where | None = None

    def refusal(self, message: str) -> PatternError:
        return PatternError(message, where=self.where)


def select(inventory: Inventory, pattern: str) -> tuple[Host, ...]:
    """Return the hosts that `pattern` chooses, in Ansible's order, each once.

    Raises:
        PatternError: it is empty, cannot be read, names what is not in the inventory, or chooses nothing.

    """
    hosts, whole = {host.name: host for host in inventory.hosts}, pattern.strip()
    named = " " in whole and (whole in inventory.groups or whole in hosts)
    found = [_part(whole)] if named else _parts(pattern)
    parts = sorted(found, key=lambda part: ("", "&", "!").index(part.sign))
    if not parts:
        raise PatternError(f"the pattern '{shown(pattern)}' is empty; name a group or host, or write 'all'")
    chosen = _Chooser(inventory).choose(parts)
    if not chosen:
        raise PatternError(f"the pattern '{shown(pattern)}' chooses no host; widen it.")
    return tuple(hosts[name] for name in chosen)


def _parts(pattern: str) -> Iterator[_Part]:
    if len(pattern) > PATTERN_LIMIT:
        raise PatternError(f"the pattern has {len(pattern)} letters; at most {PATTERN_LIMIT} are read, use @file")
    for text in _split(pattern):
        if text.startswith("@"):
            yield from _from_file(Path(text[1:]))
        else:
            yield _part(text)


def _split(pattern: str) -> list[str]:
    """Cut at commas; without one, at colons, unless the whole is one host name, range or address."""
    if "," in pattern:
        parts = pattern.split(",")
    elif is_address(split_port(pattern)[0]):
        parts = [pattern]
    elif _PARTS.sub("", pattern).replace(":", "").strip():
        raise PatternError(f"the pattern '{shown(pattern)}' has a bracket without its other half; mend it")
    else:
        parts = _PARTS.findall(pattern)
    return [part.strip() for part in parts if part.strip()]


def _from_file(path: Path) -> Iterator[_Part]:
    """Read one part a line; lines are not cut further."""
    if not path.is_file():
        raise PatternError(f"'{shown(str(path))}' is not a file; mend the path behind '@'")
    raw = nodes.read_bytes(path, PatternError)
    try:
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as reason:
        raise PatternError(f"'{path}' is not UTF-8; save it as UTF-8", where=Where(str(path), 1)) from reason
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _part(line.strip(), Where(str(path), number))


def _part(text: str, where: Where | None = None) -> _Part:
    sign = text[0] if text[0] in "&!" else ""
    part = _Part(sign, text[len(sign) :], where)
    if part.text in {"", "~"}:
        raise part.refusal(f"'{text}' stands alone in the pattern; write a group or host behind it")
    if not part.text.startswith("~") and set("[]") & set(_BOX.sub("", part.text)):
        raise part.refusal(f"'{shown(text)}' has a bracket without its other half; mend it")
    if len(part.text) > REGEX_LIMIT:
        raise part.refusal(f"'{shown(text, limit=60)}' is longer than {REGEX_LIMIT} letters; shorten it")
    return part


class _Chooser:
    """Works on names; knows which hosts a group holds."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._hosts = {host.name: None for host in inventory.hosts}
        self._held: dict[str, tuple[str, ...]] = {}

    def choose(self, parts: Sequence[_Part]) -> list[str]:
        """Apply the parts; those without a sign come first, and if there are none, all hosts stand for them."""
        chosen = {} if not parts[0].sign else dict.fromkeys(self._held_by("all"))
        for part in parts:
            found = dict.fromkeys(self._found(part))
            if part.sign:
                chosen = {name: None for name in chosen if (name in found) is (part.sign == "&")}
            else:
                chosen |= found
        return list(chosen)

    def _found(self, part: _Part) -> list[str]:
        if not part.sign and part.text in self._hosts:
            return [part.text]
        text, bounds = _subscript(part)
        groups = _matching(self._inventory.groups, text, part)
        found = [name for group in groups for name in self._held_by(group)]
        if not groups or text.startswith("~") or any(letter in text for letter in _SPECIAL):
            hosts = _matching(self._hosts, text, part)
            found.extend(hosts)
            if not groups and not hosts and (part.sign == "!" or not _is_wild(text)):
                raise part.refusal(self._not_there(text))
        return _cut(found, bounds, part)

    def _not_there(self, text: str) -> str:
        close = hint(text, [*self._inventory.groups, *self._hosts])
        return f"no group and no host is named '{shown(text)}'; mend the name{': ' * bool(close)}{close}"

    def _held_by(self, group: str) -> tuple[str, ...]:
        """Return all hosts of a group: its own, then those of its children, level by level."""
        if group not in self._held:
            level, seen, held = [group], {group: None}, dict[str, None]()
            while level:
                below = []
                for name in level:
                    held |= dict.fromkeys(self._inventory.groups[name].hosts)
                    below += [child for child in self._inventory.groups[name].children if child not in seen]
                    seen |= dict.fromkeys(below)
                level = below
            self._held[group] = tuple(held)
        return self._held[group]


def _is_wild(text: str) -> bool:
    return text.startswith("~") or any(letter in text for letter in _GLOB)


def _matching(names: Iterable[str], text: str, part: _Part) -> list[str]:
    try:
        matcher = re.compile(text[1:] if text.startswith("~") else fnmatch.translate(text))
    except (re.error, OverflowError) as reason:
        raise part.refusal(f"'{shown(text)}' is not a pattern ({reason}); mend it") from reason
    return [name for name in names if matcher.match(name)]


_Bounds = tuple[int, int | None]


def _subscript(part: _Part) -> tuple[str, _Bounds | None]:
    """Take `[2]`, `[-1]`, `[0:2]` or `[1:]` off; the last place of a range counts, and None is the very last."""
    found = None if part.text.startswith("~") else _SUBSCRIPT.fullmatch(part.text)
    if not found:
        return part.text, None
    text, index, first, last = found.groups()
    if index:
        return text, (int(index), int(index))
    return text, (int(first), int(last) if last else None)


def _cut(found: list[str], bounds: _Bounds | None, part: _Part) -> list[str]:
    if bounds is None or not found:
        return found
    first, last = bounds
    if not -len(found) <= first < len(found):
        raise part.refusal(f"'{shown(part.text)}' counts past the {len(found)} hosts there; lower the number")
    if first == last:
        return [found[first]]
    if last is not None and last < first:
        raise part.refusal(f"'{shown(part.text)}' counts down; write the lower number first")
    return found[first : None if last is None else last + 1]
