"""Every reason has its Vietnamese words, in the letters that official papers use."""

import unicodedata

import pytest

from controller.errors import Reason
from controller.reports.labels_vi import OUTSIDE, REASONS


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    assert REASONS[reason]


def test_no_two_reasons_sound_alike() -> None:
    assert len(set(REASONS.values())) == len(Reason)


@pytest.mark.parametrize("words", [*REASONS.values(), OUTSIDE])
def test_words_are_nfc_and_go_on_a_sentence(words: str) -> None:
    assert unicodedata.is_normalized("NFC", words)
    assert words[0].islower()
    assert not words.endswith(".")
