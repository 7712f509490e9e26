"""Read a collector's `spec.yaml`: its question, its columns, and what they can meet."""

import re
from collections.abc import Sequence
from typing import Final

from controller.errors import PlaybookError
from controller.loading import nodes
from controller.loading.fields import Fields, choice, items
from controller.loading.nodes import Node
from controller.model.collector import CollectorSpec, Column, ColumnType
from controller.model.indicator import Kind

_KEYS: Final = (
    "name",
    "question",
    "columns",
    "min_rows",
    "min_own",
    "takes",
    "where",
    "seconds",
    "revision",
    "max_rows",
    "max_text",
)
_COLUMN_KEYS: Final = ("name", "type", "description", "kinds", "port", "pattern", "text", "since")
_TAKES: Final = ("roots", "max_files", "seconds")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


def read(text: str, source: str) -> CollectorSpec:
    """Read the text of a `spec.yaml`; `source` is the path that errors name.

    Raises:
        PlaybookError: with the place of the first thing that cannot be taken.

    """
    fields = Fields(nodes.parse(text, source, PlaybookError), "spec", _KEYS, required=("name", "question", "columns"))
    columns = tuple(_column(node) for node in items(fields.need("columns"), "columns"))
    names = tuple(column.name for column in columns)
    if not names or len(set(names)) < len(names):
        raise fields.refusal("'columns': expected each column once, and at least one; got something else", "columns")
    revision = fields.integer("revision", 1, 1_000_000) or 1
    if late := next((column for column in columns if column.since > revision), None):
        expected = f"expected 'since' of at most the collector's revision {revision}"
        raise fields.refusal(f"'{late.name}': {expected}; got {late.since}", "columns")
    _check_ports(fields, columns)
    return CollectorSpec(
        name=_name(fields),
        question=fields.text("question"),
        columns=columns,
        min_rows=fields.integer("min_rows", 0, 1_000_000) or 0,
        min_own=fields.integer("min_own", 0, 1_000_000) or 0,
        takes=_choices(fields.get("takes"), "takes", _TAKES),
        where=_choices(fields.get("where"), "where", names),
        seconds=fields.integer("seconds", 1, 86_400) or 120,
        revision=revision,
        max_rows=fields.integer("max_rows", 1, 1_000_000) or 0,
        max_text=fields.integer("max_text", 1, 1_000_000) or 0,
    )


def _column(node: Node) -> Column:
    fields = Fields(node, "column", _COLUMN_KEYS, required=("name", "type", "description"))
    sort = ColumnType(choice(fields.need("type"), "type", tuple(ColumnType)))
    is_text = fields.flag("text")
    if is_text and sort not in {ColumnType.TEXT, ColumnType.TEXTS}:
        raise fields.refusal(f"'text': expected the type 'text' or 'texts' beside it; got '{sort}'", "text")
    return Column(
        name=_name(fields),
        type=sort,
        description=fields.text("description"),
        kinds=tuple(map(Kind, _choices(fields.get("kinds"), "kinds", tuple(Kind)))),
        port=fields.text("port"),
        pattern=fields.text("pattern"),
        text=is_text,
        since=fields.integer("since", 1, 1_000_000) or 1,
    )


def _check_ports(fields: Fields, columns: Sequence[Column]) -> None:
    """An endpoint is two columns; one alone would meet nothing and say nothing of it."""
    ports = {column.name for column in columns if column.type is ColumnType.INTEGER}
    for column in columns:
        if (Kind.ENDPOINT in column.kinds) != (column.port in ports):
            raise fields.refusal(
                f"'{column.name}': expected 'port' with the name of an integer column exactly where the kinds have "
                f"'endpoint'; got '{column.port}'",
                "columns",
            )


def _name(fields: Fields) -> str:
    name = fields.text("name")
    if not _NAME.fullmatch(name):
        raise fields.need("name").unexpected("name", "small letters, digits and '_'")
    return name


def _choices(node: Node | None, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(choice(item, what, known) for item in items(node, what)) if node else ()
