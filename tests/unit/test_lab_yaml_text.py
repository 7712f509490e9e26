"""The lab's YAML says exactly what it was given."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from controller.lab.yaml_text import Plain, yaml_text

_SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs", "Cc")))
_PLAIN = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abkhóa:- #y", max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(_PLAIN)
def test_a_yaml_reader_gets_back_what_was_written(value: Plain) -> None:
    assert yaml.safe_load(yaml_text(value)) == value


def test_words_that_yaml_would_read_as_something_else_are_quoted() -> None:
    assert yaml_text(["yes", "2022-08-31", "a:", "012", "127.0.0.1"]) == (
        '- "yes"\n- "2022-08-31"\n- "a:"\n- "012"\n- "127.0.0.1"\n'
    )


def test_what_reads_as_itself_stays_bare() -> None:
    assert yaml_text({"lamsach_secret": "file:secrets/quantri", "port": 22}) == (
        "lamsach_secret: file:secrets/quantri\nport: 22\n"
    )
