"""Write plain values as YAML that a person reads with pleasure; the lab may not know a YAML library."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

Plain = Mapping[str, "Plain"] | Sequence["Plain"] | str | int | bool | None

# What reads as itself in every YAML: letters first, no trailing colon, no word that means something else.
_BARE: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./:@-]*(?<!:)")
# What YAML takes only as an escape; JSON writes it as it is.
_NO_YAML: Final = re.compile("[\x7f-\x84\x86-\x9f\ufffe\uffff]")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def yaml_text(value: Plain) -> str:
    """Return `value` as a YAML document. Strings that could be read as anything else are quoted."""
    return "".join(f"{line}\n" for line in _block(value))


def _block(value: Plain) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _entry(f"{_scalar(key)}:", inner)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for inner in value:
            yield from _item(inner)
    else:
        yield _scalar(value)


def _entry(start: str, value: Plain) -> Iterator[str]:
    lines = list(_block(value))
    if _is_block(value):
        yield start
        yield from (f"  {line}" for line in lines)
    else:
        yield f"{start} {lines[0]}"


def _item(value: Plain) -> Iterator[str]:
    first, *rest = _block(value)
    yield f"- {first}"
    yield from (f"  {line}" for line in rest)


def _is_block(value: Plain) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str) and bool(value)


def _scalar(value: Plain) -> str:
    """JSON is YAML: whatever is not plainly itself is written as JSON."""
    if isinstance(value, str) and _BARE.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _NO_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
