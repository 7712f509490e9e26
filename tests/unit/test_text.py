"""What others wrote is shown on one line, short, and without anything that a terminal would obey."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.model.text import shown

ANY_TEXT = st.text(alphabet=st.characters(codec=None))
CLUSTERS = st.text(alphabet="e\u0301\u0323\u0344\u1ea1\x1b\u202e\ud800", max_size=30)


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("plain, Chi cục Thi hành án dân sự", "plain, Chi cục Thi hành án dân sự"),
        ("", ""),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("two\nlines\r\n\ttab", r"two\x0alines\x0d\x0a\x09tab"),
        ("\x00\x7f\x85", r"\x00\x7f\x85"),
        ("exe.\u202etxt\u2066\u200f\u061c", r"exe.\u202etxt\u2066\u200f\u061c"),
        ("a\u2028b\u2029", r"a\u2028b\u2029"),
        ("lone \ud800 and \udfff", r"lone \ud800 and \udfff"),
        ("Cu\u0323c", "Cục"),
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_what_a_terminal_would_obey_is_spelled_out(text: str, fit: str) -> None:
    assert shown(text) == fit


@pytest.mark.parametrize(
    ("text", "fit"),
    [("12345", "12345"), ("123456", "1234…"), ("1\x1b3", r"1\x1…"), ("e\u0301" * 6, "éééé…"), ("e\u0301" * 5, "ééééé")],
)
def test_no_more_than_the_limit_is_shown(text: str, fit: str) -> None:
    assert shown(text, limit=5) == fit


@given(ANY_TEXT)
@example("\u0344" * 300)
@example("\x00" * 400)
def test_no_control_character_survives(text: str) -> None:
    fit = shown(text)

    assert not {unicodedata.category(letter) for letter in fit} & {"Cc", "Cs", "Zl", "Zp"}
    assert not any(unicodedata.bidirectional(letter) in {"LRE", "RLE", "PDF", "LRO", "RLO"} for letter in fit)
    assert len(fit.splitlines()) <= 1
    assert fit.encode().decode() == fit


@given(ANY_TEXT | CLUSTERS, st.integers(min_value=1, max_value=50))
def test_what_is_shown_is_nfc_and_within_the_limit(text: str, limit: int) -> None:
    fit = shown(text, limit=limit)

    assert len(fit) <= limit
    assert unicodedata.is_normalized("NFC", fit)


@given(ANY_TEXT)
def test_what_was_made_fit_stays_as_it_is(text: str) -> None:
    assert shown(shown(text)) == shown(text)
