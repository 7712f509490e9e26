"""The bytes of PSRP, as the lab reads and writes them."""

import uuid
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.lab.winrm import clixml
from controller.lab.winrm.fragments import EndWatch, Joiner, MessageType, Splitter

POOL, PIPELINE = uuid.uuid4(), uuid.uuid4()


def _split(kind: MessageType, xml: str) -> list[bytes]:
    return list(Splitter(POOL).split(kind, xml, PIPELINE))


@pytest.mark.parametrize("size", [0, 1, 32 * 1024, 100_000])
def test_a_message_is_whole_again_however_it_was_split(size: int) -> None:
    xml = clixml.text("ế" * size)
    joiner = Joiner()
    parts = _split(MessageType.PIPELINE_OUTPUT, xml)
    messages = [message for part in parts for message in joiner.feed(part)]
    assert [(each.kind, each.pool, each.pipeline, each.xml.decode()) for each in messages] == [
        (MessageType.PIPELINE_OUTPUT, POOL, PIPELINE, xml)
    ]
    assert all(len(part) <= 32 * 1024 for part in parts)


@pytest.mark.parametrize("data", [b"\0", b"\0" * 20, b"\0" * 20 + b"\x05" + b"x"])
def test_what_is_cut_is_no_message(data: bytes) -> None:
    with pytest.raises(ValueError, match="cut"):
        list(Joiner().feed(data))


def test_an_object_over_the_quota_is_refused() -> None:
    parts = _split(MessageType.PIPELINE_INPUT, clixml.text("x" * Joiner.OBJECT_LIMIT))
    with pytest.raises(ValueError, match="allowed maximum object size"):
        list(Joiner().feed(b"".join(parts)))


def test_a_command_over_the_quota_is_refused() -> None:
    joiner = Joiner()
    data = b"".join(_split(MessageType.PIPELINE_INPUT, clixml.text("x" * (Joiner.OBJECT_LIMIT // 2))))
    for _ in range(9):
        assert list(joiner.feed(data))
    with pytest.raises(ValueError, match="total data received"):
        list(joiner.feed(data))


@pytest.mark.parametrize("state", [clixml.COMPLETED, clixml.STOPPED, clixml.failed("x" * 40_000, "Sai")])
def test_the_end_of_a_pipeline_is_seen(state: str) -> None:
    watch = EndWatch()
    assert not any(watch.sees_end(part) for part in _split(MessageType.PIPELINE_OUTPUT, clixml.text(state)))
    *before, last = _split(MessageType.PIPELINE_STATE, state)
    assert not any(watch.sees_end(part) for part in before)
    assert watch.sees_end(last)


def test_a_pipeline_that_runs_has_not_ended() -> None:
    running = clixml.COMPLETED.replace(">4<", ">2<")
    assert not any(EndWatch().sees_end(part) for part in _split(MessageType.PIPELINE_STATE, running))


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_survives(value: str) -> None:
    xml = clixml.text(value).encode()
    assert ET.fromstring(xml).tag == "S"
    assert clixml.read_value(xml) == value.encode("utf-16-le", "surrogatepass").decode(
        "utf-16-le", "surrogatepass"
    ).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("xml", [b"", b"<S", b"<I32>1</I32>", b"<BA>a</BA>"])
def test_what_is_no_value_of_ours_is_refused(xml: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        clixml.read_value(xml)


def test_a_pipeline_without_a_script_is_refused() -> None:
    with pytest.raises(ValueError, match="without a script"):
        clixml.read_pipeline(b"<Obj><MS/></Obj>")
