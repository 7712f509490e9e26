"""Read YAML so that every key and value knows its place: the one reader of inventory, playbook, tool and spec."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Final

import yaml

from controller.errors import OperatorError, Where
from controller.model.text import shown

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 64

# U+0085 is left out: YAML takes it for the end of a line, JSON for a letter.
_UNREADABLE: Final = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_JSON_FLOAT: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?[eE][-+]?[0-9]+")
_LARGEST: Final = 2**63
_resolve: Final[Callable[[type[yaml.Node], str, tuple[bool, bool]], str]] = yaml.resolver.Resolver().resolve
_CONSTRUCTOR: Final = yaml.constructor.SafeConstructor()
_TAGS: Final = "tag:yaml.org,2002:"

Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Scalar = bool | int | float | str | date | None


class Kind(StrEnum):
    """What a node is; the value is how an error message calls it."""

    NOTHING = "nothing"
    BOOLEAN = "the yes-or-no value"
    INTEGER = "the number"
    FLOAT = "the decimal number"
    DATE = "the date"
    TEXT = "the text"
    LIST = "a list"
    MAPPING = "a mapping"


_SORTS: Final = {"int": "a whole number", "float": "a decimal number", "timestamp": "a date"}
_UNWRITTEN: Final = frozenset({Kind.NOTHING, Kind.LIST, Kind.MAPPING})


@dataclass(frozen=True, slots=True)
class Node:
    """One value of an operator's file.

    `text` is a scalar as it was written, `scalar` what it means; `items` are a list's, `entries` a mapping's,
    in the order of the file. `error` is the class of every complaint about it.
    """

    where: Where
    error: type[OperatorError]
    kind: Kind
    text: str = ""
    scalar: Scalar = None
    items: tuple["Node", ...] = ()
    entries: tuple["Entry", ...] = ()

    def refusal(self, message: str) -> OperatorError:
        """Return the error to raise when this value is why."""
        return self.error(message, where=self.where)

    def unexpected(self, what: str, expected: str, remedy: str = "") -> OperatorError:
        """Return the error for a value that is something else than `what` takes."""
        written = f" '{shown(self.text, limit=60)}'" if self.kind not in _UNWRITTEN else ""
        got = f"{self.kind}{written}{': ' * bool(remedy)}{remedy}"
        return self.refusal(f"'{shown(what, limit=60)}': expected {expected}; got {got}")

    def plain(self) -> Json:
        """Return the value as JSON has it: no places, dates as ISO text."""
        if self.kind is Kind.MAPPING:
            return {entry.name: entry.value.plain() for entry in self.entries}
        if self.kind is Kind.LIST:
            return [item.plain() for item in self.items]
        return self.scalar.isoformat() if isinstance(self.scalar, date) else self.scalar


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping. A number as a key has become text, as in JSON."""

    key: Node
    value: Node

    @property
    def name(self) -> str:
        """The key."""
        return self.key.text


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read: its bytes, and its root (of kind NOTHING when the file is empty)."""

    path: Path
    raw: bytes
    root: Node


def read(path: Path, error: type[OperatorError]) -> Document:
    """Read one file of at most `MAX_BYTES`.

    Raises:
        OperatorError: of the class `error`, with the place, when it cannot be read, is not UTF-8 or not our YAML.

    """
    raw = read_bytes(path, error)
    return Document(path, raw, parse(_decoded(raw, str(path), error), str(path), error))


def read_bytes(path: Path, error: type[OperatorError]) -> bytes:
    """Read a regular file of at most `MAX_BYTES`; anything else is an `error` at its first line."""
    start = Where(str(path), 1)
    if not path.is_file():
        raise error(f"'{path}' is not a file; mend the path", where=start)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as reason:
        raise error(f"'{path}' cannot be read ({reason.strerror}); mend its rights", where=start) from reason
    if len(raw) > MAX_BYTES:
        raise error(f"'{path}' is larger than {MAX_BYTES // 2**20} MiB; split it", where=start)
    return raw


def parse(text: str, source: str, error: type[OperatorError]) -> Node:
    """Read YAML text; `source` is the path that the places name.

    Read are mappings, lists and plain or quoted values of one document. Refused are duplicate keys, tags, anchors,
    aliases and merge keys (an alias can make a small file huge), more than `MAX_DEPTH` levels and control letters.

    Raises:
        OperatorError: of the class `error`, with the place of the first thing that is refused.

    """
    if unreadable := _UNREADABLE.search(text):
        where = _place_of(text, unreadable.start(), source)
        raise error(f"the control letter '{shown(unreadable[0])}' is not YAML; remove it", where=where)
    return _Composer(text, source, error).document()


def _decoded(raw: bytes, source: str, error: type[OperatorError]) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        before = reason.object[: reason.start].decode("utf-8")
        where = _place_of(before, len(before), source)
        raise error(
            f"the byte 0x{reason.object[reason.start]:02x} is not UTF-8; save as UTF-8", where=where
        ) from reason


def _place_of(text: str, index: int, source: str) -> Where:
    before = text[:index]
    return Where(source, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


class _Composer:
    """Builds nodes from libyaml's events: they come one by one, so that nothing is built before it is checked."""

    def __init__(self, text: str, source: str, error: type[OperatorError]) -> None:
        self._text = text
        self._source = source
        self._error = error
        self._events = self._readable_events()

    @cached_property
    def _is_json(self) -> bool:
        """Whether the whole text is JSON: then Ansible takes `1e3` for a number, which to YAML is text."""
        try:
            json.loads(self._text)
        except (ValueError, RecursionError):
            return False
        return True

    def document(self) -> Node:
        root = Node(Where(self._source, 1), self._error, Kind.NOTHING)
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refusal(event, "expected one document; got a second: remove the line '---'")
                root = self._node(next(self._events), 1)
        return root

    def _readable_events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as reason:
            mark = reason.problem_mark
            where = Where(self._source, mark.line + 1, mark.column + 1) if mark is not None else Where(self._source, 1)
            raise self._error(self._sentence(where, reason.problem or "it cannot be read"), where=where) from reason

    def _sentence(self, where: Where, problem: str) -> str:
        lines = self._text.splitlines()
        letter = lines[where.line - 1][where.column - 1 :][:1] if where.line <= len(lines) else ""
        if letter == "\t":
            return "a tab cannot indent YAML; use spaces"
        if letter in {"%", "@", "`"} and "cannot start" in problem:
            return f"a value cannot start with '{letter}'; put it in quotes"
        if "document start" in problem:
            return "the YAML ends above this line; indent it, or, if this is INI, write it as YAML"
        return f"this is not YAML: {problem}; mend this line or the one before"

    def _refusal(self, event: yaml.Event, message: str) -> OperatorError:
        return self._error(message, where=self._place(event))

    def _place(self, event: yaml.Event) -> Where:
        mark = event.start_mark
        return Where(self._source, mark.line + 1, mark.column + 1) if mark else Where(self._source, 1)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._refusal(event, f"expected at most {MAX_DEPTH} levels; got more: nest less")
        self._refuse_references(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._until(yaml.SequenceEndEvent, depth))
            return Node(self._place(event), self._error, Kind.LIST, items=items)
        return self._scalar(event)

    def _refuse_references(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refusal(event, "anchors (&) and aliases (*) are not read here; write the value out")
        if tag := getattr(event, "tag", None):
            name = str(tag).replace(_TAGS, "!!")
            raise self._refusal(event, f"the tag '{shown(name, limit=60)}' is not read here; write the plain value")

    def _until(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)

    def _mapping(self, start: yaml.Event, depth: int) -> Node:
        entries: dict[str, Entry] = {}
        nodes = self._until(yaml.MappingEndEvent, depth)
        for key in nodes:
            if key.kind not in {Kind.TEXT, Kind.INTEGER}:
                template = key.kind is Kind.MAPPING
                remedy = "a template '{{ … }}' is not read here" if template else "put it in quotes"
                raise key.unexpected("key", "text", remedy)
            name = str(key.scalar)
            if first := entries.get(name):
                raise key.refusal(
                    f"the key '{shown(name)}' stands here twice, first in line {first.key.where.line}; remove one"
                )
            key = Node(key.where, key.error, key.kind, name, key.scalar)
            entries[name] = Entry(key, next(nodes))
        return Node(self._place(start), self._error, Kind.MAPPING, entries=tuple(entries.values()))

    def _scalar(self, event: yaml.Event) -> Node:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refusal(event, "expected a value; got the end: complete this line")
        where = self._place(event)
        if not event.implicit[0]:
            return Node(where, self._error, Kind.TEXT, event.value, event.value)
        tag = _resolve(yaml.ScalarNode, event.value, (True, False)).removeprefix(_TAGS)
        if tag == "str" and _JSON_FLOAT.fullmatch(event.value) and self._is_json:
            tag = "float"
        try:
            kind, scalar = _meaning(tag, event.value)
        except ValueError as reason:
            # It may be a password that looks like a number: it is not shown.
            sort = _SORTS.get(tag, "a value")
            raise self._error(f"this is not {sort} that is read here; put it in quotes", where=where) from reason
        return Node(where, self._error, kind, event.value, scalar)


def _meaning(tag: str, text: str) -> tuple[Kind, Scalar]:
    """Say what a plain scalar means in YAML 1.1, which is what Ansible reads."""
    node = yaml.ScalarNode(_TAGS + tag, text)
    if tag == "str":
        return Kind.TEXT, text
    if tag == "null":
        return Kind.NOTHING, None
    if tag == "bool":
        return Kind.BOOLEAN, bool(_CONSTRUCTOR.construct_yaml_bool(node))
    if tag == "timestamp":
        return Kind.DATE, _CONSTRUCTOR.construct_yaml_timestamp(node)
    if tag == "int" and len(text) <= 40 and abs(whole := _CONSTRUCTOR.construct_yaml_int(node)) < _LARGEST:
        return Kind.INTEGER, int(whole)
    if tag == "float" and isfinite(decimal := _CONSTRUCTOR.construct_yaml_float(node)):
        return Kind.FLOAT, float(decimal)
    raise ValueError(tag)
