"""Column types and texts that hold on every database: nothing a host says can make an INSERT fail."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from controller.errors import StoreError
from controller.model import codec
from controller.model.codec import T

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Words(TypeDecorator[str]):
    r"""A text. NUL and lone surrogates, which no database takes, are kept as `\x00` and `\udc80` in letters.

    Look-ups go through the same change, so an odd name is found again under its own spelling.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's form
        """Write it as any database takes it."""
        return None if value is None else _UNSTORABLE.sub(_in_letters, value)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, kept as whole microseconds since 1970: it sorts, and never depends on a time zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's form
        """Write it; a moment without a time zone is an error of ours, never guessed at."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's form
        """Read it back, in UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND


def written(value: object) -> bytes:
    r"""Return a model value as the JSON that a binary column keeps (NUL and deep nesting do no harm there).

    JSON is UTF-8, so lone surrogates become `\udc80` in letters; everything else comes back as it was.
    """
    try:
        return codec.dumps(value)
    except UnicodeEncodeError:
        return codec.dumps(_mended(msgspec.to_builtins(value)))


def read(text: bytes, kind: type[T]) -> T:
    """Read what `written` wrote.

    Raises:
        StoreError: the record holds something else.

    """
    try:
        return codec.loads(text, kind)
    except ValueError as error:
        raise StoreError(f"the store holds a damaged '{kind.__name__}' ({error}); put back a copy of it") from error


def _mended(tree: Any) -> Any:
    if isinstance(tree, str):
        return _SURROGATE.sub(_in_letters, tree)
    if isinstance(tree, dict):
        return {_mended(key): _mended(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_mended(each) for each in tree]
    return tree


def _in_letters(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\u{code:04x}" if code else "\\x00"
