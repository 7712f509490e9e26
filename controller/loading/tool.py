"""Read `tool.yaml`: what a cleanup tool is, how it is started, and how its log and exit code are read."""

import codecs
import hashlib
import re
from pathlib import Path
from typing import Final

from controller.errors import PlaybookError
from controller.loading import nodes
from controller.loading.fields import Fields, choice, items, mapping, platforms
from controller.loading.nodes import Kind, Node
from controller.model.playbook import Tool
from controller.model.text import shown

_KEYS: Final = (
    *("name", "platforms", "file", "sha256", "detect", "clean", "log", "encoding"),
    *("complete", "found", "removed", "skipped", "exit", "seconds"),
)
_GROUPS: Final = frozenset({"threat", "object"})
_ENDS: Final = ("done", "reboot", "failed")
_EXIT: Final = re.compile(r"-?[0-9]{1,10}")
_LOWEST_EXIT: Final = -(2**31)
_HIGHEST_EXIT: Final = 2**32 - 1
_LONGEST_ARGUMENT: Final = 4096
MOST_SECONDS: Final = 86_400


def load(path: Path) -> Tool:
    """Read a `tool.yaml`; its `file` lies beside it and must have its `sha256`.

    Raises:
        PlaybookError: with the place of the first thing that cannot be taken.

    """
    document = nodes.read(path, PlaybookError)
    required = ("name", "platforms", "file", "sha256", "clean")
    fields = Fields(document.root, "tool", _KEYS, required=required)
    file = path.parent / fields.text("file")
    detect = fields.get("detect")
    return Tool(
        name=fields.text("name", limit=100),
        path=str(path),
        digest=hashlib.sha256(document.raw).hexdigest(),
        platforms=platforms(fields.need("platforms")),
        file=str(file),
        sha256=_checked_sum(fields, file),
        clean=_arguments(fields.need("clean"), "clean"),
        detect=_arguments(detect, "detect") if detect else None,
        log=fields.text("log", "stdout"),
        encoding=_encoding(fields),
        complete=fields.text("complete"),
        found=_pattern(fields, "found"),
        removed=_pattern(fields, "removed"),
        skipped=_pattern(fields, "skipped", groups=frozenset()),
        exits=_exits(fields.get("exit")),
        seconds=fields.integer("seconds", 1, MOST_SECONDS) or 3600,
    )


def _checked_sum(fields: Fields, file: Path) -> str:
    """Return the SHA-256 that both the description and the file have."""
    written = fields.text("sha256").lower()
    if not re.fullmatch("[0-9a-f]{64}", written):
        raise fields.need("sha256").unexpected("sha256", "64 hexadecimal digits")
    if not file.is_file():
        raise fields.refusal(f"'file': expected a file; there is none at '{shown(str(file))}'", "file")
    try:
        with file.open("rb") as stream:
            real = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as reason:
        message = f"'{shown(str(file))}' cannot be read ({reason.strerror}); mend its rights"
        raise fields.refusal(message, "file") from reason
    if real != written:
        message = f"'sha256': expected that of the file, '{real}'; got '{written}': take the right file, or mend this"
        raise fields.refusal(message, "sha256")
    return real


def _arguments(node: Node, what: str) -> tuple[str, ...]:
    """Return an argument list; spaces and empty arguments are meant, control letters are not."""
    for item in items(node, what):
        if item.kind is not Kind.TEXT:
            raise item.unexpected(what, "text", "put it in quotes")
        if len(item.text) > _LONGEST_ARGUMENT or any(letter in item.text for letter in "\0\r\n"):
            raise item.unexpected(what, f"one line of at most {_LONGEST_ARGUMENT} letters")
    return tuple(item.text for item in node.items)


def _encoding(fields: Fields) -> str:
    name = fields.text("encoding")
    try:
        if name:
            "".encode(codecs.lookup(name).name)
    except LookupError as reason:
        raise fields.need("encoding").unexpected("encoding", "one that Python knows, such as 'utf-16'") from reason
    return name


def _pattern(fields: Fields, what: str, groups: frozenset[str] = _GROUPS) -> str:
    pattern = fields.text(what)
    try:
        named = re.compile(pattern).groupindex
    except (re.error, OverflowError) as reason:
        raise fields.refusal(
            f"'{what}': expected a regular expression; got one with an error: {reason}", what
        ) from reason
    if pattern and groups - set(named):
        message = f"'{what}': expected the groups (?P<threat>…) and (?P<object>…); got {sorted(named) or 'none'}"
        raise fields.refusal(message, what)
    return pattern


def _exits(node: Node | None) -> dict[int, str]:
    exits: dict[int, str] = {}
    for entry in mapping(node, "exit") if node else ():
        code = int(entry.name) if _EXIT.fullmatch(entry.name) else None
        if code is None or not _LOWEST_EXIT <= code <= _HIGHEST_EXIT:
            raise entry.key.unexpected("exit", "an exit code as key")
        exits[code] = choice(entry.value, "exit", _ENDS)
    return exits
