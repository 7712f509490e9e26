"""Which machine answered (decision 13)."""

from dataclasses import replace

import pytest

from controller.model.identity import is_another, marks, twins
from controller.model.result import Attempt, Identity
from tests.builders import an_attempt

OURS = Identity(computer_name="PC-01", machine_id="m1", uuid="u1", serial="s1", macs=("a1", "a2"), host_key="k1")


def like(**but: object) -> Identity:
    return replace(OURS, **but)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "another"),
    [
        (OURS, False),
        (like(computer_name="NEW-NAME"), False),
        (like(macs=("b1",)), False),
        (like(uuid="u2", macs=("a2", "b1")), False),
        (like(uuid="u2", macs=("b1",)), True),
        (like(uuid="u2", serial="s2", macs=("b1",), machine_id="m1", host_key="k1"), True),
        (like(uuid="", macs=("b1",)), True),
        (like(uuid="", macs=()), False),
        (like(uuid="", macs=(), machine_id="m2"), False),
        (like(uuid="", macs=(), machine_id="m2", host_key="k2"), True),
        (Identity(), False),
        (Identity(computer_name="PC-02"), False),
    ],
)
def test_another_machine_has_nothing_in_common_of_what_both_know(now: Identity, another: bool) -> None:
    assert is_another(OURS, now) is another
    assert is_another(now, OURS) is another


def test_a_cloned_disk_decides_nothing() -> None:
    clone = like(uuid="u2", serial="s2", macs=("b1",))

    assert is_another(OURS, clone)
    assert marks(OURS).isdisjoint(marks(clone))


def visited(identity: Identity | None) -> tuple[Attempt, ...]:
    return (replace(an_attempt(), identity=identity),)


def test_two_names_of_one_machine_know_of_each_other() -> None:
    clone = like(uuid="u2", serial="s2", macs=("b1",))

    assert twins({"a": visited(OURS), "b": visited(clone), "c": visited(like(uuid="u9")), "d": visited(None)}) == {
        "a": ("c",),
        "c": ("a",),
    }


def test_only_the_newest_visit_counts() -> None:
    gone = (*visited(OURS), *visited(None))

    assert twins({"a": visited(OURS), "b": gone}) == {}
