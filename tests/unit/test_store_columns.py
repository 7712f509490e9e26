from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from controller.errors import StoreError
from controller.model.result import Identity
from controller.store.columns import Moment, Words, read, written
from tests.builders import NOON

PAGE = Table("page", MetaData(), Column("words", Words), Column("at", Moment))


@pytest.fixture(scope="module")
def memory() -> Engine:
    engine = create_engine("sqlite://")
    PAGE.create(engine)
    return engine


@given(words=st.text(st.characters(codec=None)))
def test_any_text_can_be_inserted_and_found_again(memory: Engine, words: str) -> None:
    with memory.connect() as connection:
        connection.execute(insert(PAGE).values(words=words))
        (found,) = set(connection.scalars(select(PAGE.c.words).where(PAGE.c.words == words)))

    assert "\0" not in found
    assert found.encode().decode() == found
    if found != words:
        assert "\\x00" in found or "\\ud" in found


@given(when=st.datetimes(min_value=NOON.replace(year=1900, tzinfo=None), timezones=st.timezones()))
def test_a_moment_comes_back_in_utc_to_the_microsecond(memory: Engine, when: datetime) -> None:
    with memory.connect() as connection:
        connection.execute(insert(PAGE).values(at=when))
        found = connection.scalars(select(PAGE.c.at)).one()

    assert found == when.astimezone(UTC)  # a moment that clocks show twice equals nothing in another zone
    assert found is not None
    assert found.tzinfo is UTC


def test_a_moment_without_a_time_zone_is_never_guessed_at(memory: Engine) -> None:
    with memory.connect() as connection, pytest.raises(StatementError):
        connection.execute(insert(PAGE).values(at=NOON.replace(tzinfo=None)))


@given(text=st.text(st.characters(codec=None)))
def test_json_can_be_written_of_any_text_and_only_lone_surrogates_change(text: str) -> None:
    value = Identity(computer_name=text, macs=(text,))

    found = read(written(value), Identity)

    assert found == value or any("\ud800" <= letter <= "\udfff" for letter in text)
    assert written(found) == written(value)


def test_a_damaged_value_is_a_sentence() -> None:
    with pytest.raises(StoreError, match="damaged 'Identity'"):
        read(b'{"macs": 7}', Identity)
