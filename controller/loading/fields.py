"""Take typed values out of nodes; every complaint names the place, what was expected and what stands there."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from controller.errors import OperatorError
from controller.loading.nodes import Entry, Kind, Node
from controller.model.fleet import Platform
from controller.model.text import shown

TEXT_LIMIT: Final = 1000
LIST_LIMIT: Final = 1000

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Fields:
    """The entries of a mapping whose keys are known beforehand."""

    def __init__(self, node: Node, what: str, known: Sequence[str], *, required: Sequence[str] = ()) -> None:
        """Check the keys of `node`, which error messages call `what`."""
        self.what = what
        self._node = node
        self._known = known
        self._entries = {entry.name: entry for entry in mapping(node, what)}
        for entry in self._entries.values():
            if entry.name not in known:
                raise unknown(entry, what, known)
        for name in required:
            if self.get(name) is None:
                raise node.refusal(f"'{what}': expected the key '{name}' with a value; got {self._names()}")

    def _names(self) -> str:
        return ", ".join(f"'{name}'" for name in self._entries) or "nothing"

    def get(self, name: str) -> Node | None:
        """Return the value under `name`; None when it is not there or empty."""
        entry = self._entries.get(name)
        return entry.value if entry and entry.value.kind is not Kind.NOTHING else None

    def need(self, name: str) -> Node:
        """Return the value under a required key."""
        return self._entries[name].value

    def refusal(self, message: str, at: str = "") -> OperatorError:
        """Return the error to raise about the value under `at`, or about the whole mapping."""
        entry = self._entries.get(at)
        return (entry.value if entry else self._node).refusal(message)

    def text(self, name: str, default: str = "", *, limit: int = TEXT_LIMIT) -> str:
        """Return one line of text, or `default`."""
        node = self.get(name)
        return text(node, name, limit=limit) if node else default

    def integer(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number from `low` to `high`, or None."""
        node = self.get(name)
        return integer(node, name, low, high) if node else None

    def flag(self, name: str) -> bool:
        """Return a yes-or-no value; no when the key is not there."""
        node = self.get(name)
        if node and node.kind is not Kind.BOOLEAN:
            raise node.unexpected(name, "true or false")
        return bool(node and node.scalar)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of lines of text; empty when the key is not there."""
        node = self.get(name)
        return texts(node, name) if node else ()


def mapping(node: Node, what: str) -> tuple[Entry, ...]:
    """Return the entries of a mapping; nothing at all is an empty one.

    What stands there instead is not shown: it may be `name:password`, its space forgotten.
    """
    if node.kind not in {Kind.MAPPING, Kind.NOTHING}:
        got = "a list" if node.kind is Kind.LIST else "a single value"
        raise node.refusal(f"'{shown(what, limit=60)}': expected a mapping; got {got}")
    return node.entries


def items(node: Node, what: str) -> tuple[Node, ...]:
    """Return the items of a list of at most `LIST_LIMIT`."""
    if node.kind is not Kind.LIST:
        raise node.unexpected(what, "a list")
    if len(node.items) > LIST_LIMIT:
        raise node.refusal(f"'{what}': expected at most {LIST_LIMIT} items; got {len(node.items)}")
    return node.items


def text(node: Node, what: str, *, limit: int = TEXT_LIMIT) -> str:
    """Return one line of text in NFC, without control letters; a date stands for itself as it was written."""
    if node.kind not in {Kind.TEXT, Kind.DATE}:
        written = node.kind not in {Kind.LIST, Kind.MAPPING, Kind.NOTHING}
        raise node.unexpected(what, "text", "put it in quotes" if written else "")
    if not node.text.strip():
        raise node.unexpected(what, "text that is not empty")
    if len(node.text) > limit:
        raise node.refusal(f"'{what}': expected at most {limit} letters; got {len(node.text)}")
    if unseen := next(unseen_letters(node.text), None):
        raise node.refusal(f"'{what}': expected one line of text; got the control letter U+{ord(unseen):04X}")
    return unicodedata.normalize("NFC", node.text)


def unseen_letters(value: str) -> Iterator[str]:
    """Yield the letters that would not be seen: controls, line ends, direction marks, unassigned ones."""
    return (letter for letter in value if unicodedata.category(letter) in _UNSEEN)


def texts(node: Node, what: str) -> tuple[str, ...]:
    """Return a list of lines of text."""
    return tuple(text(item, what) for item in items(node, what))


def integer(node: Node, what: str, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`; both are allowed."""
    if not isinstance(node.scalar, int) or node.kind is not Kind.INTEGER or not low <= node.scalar <= high:
        raise node.unexpected(what, f"a whole number from {low} to {high}")
    return node.scalar


def choice(node: Node, what: str, known: Sequence[str]) -> str:
    """Return one of the `known` words."""
    if node.text not in known or node.kind is not Kind.TEXT:
        raise node.unexpected(what, alternatives(known), hint(node.text, known))
    return node.text


def platforms(node: Node) -> tuple[Platform, ...]:
    """Return a list of platforms, each once, and at least one."""
    names = [choice(item, "platforms", tuple(Platform)) for item in items(node, "platforms")]
    if not names or len(set(names)) < len(names):
        raise node.refusal("'platforms': expected each platform once, and at least one; got something else")
    return tuple(map(Platform, names))


def unknown(entry: Entry, what: str, known: Sequence[str]) -> OperatorError:
    """Return the error for a key that is not one of the `known`."""
    name = shown(entry.name, limit=60)
    message = f"'{what}': expected the key {alternatives(known)}; got '{name}'"
    close = hint(entry.name, known)
    return entry.key.refusal(f"{message}: {close}" if close else message)


def alternatives(known: Sequence[str]) -> str:
    """Write a choice the way people do: `'a', 'b' or 'c'`."""
    quoted = [f"'{name}'" for name in known]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def hint(name: str, known: Iterable[str], *, likeness: float = 0.7) -> str:
    """Return `did you mean 'x'?` when `name` looks like one of the `known`, else nothing."""
    close = get_close_matches(name[:255], list(known), n=1, cutoff=likeness)
    return f"did you mean '{close[0]}'?" if close else ""
