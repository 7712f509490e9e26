"""Ranges are written out as Ansible does, and slips in them are refused."""

import pytest

from controller.loading import ranges


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("pc", ["pc"]),
        ("pc[1:3]", ["pc1", "pc2", "pc3"]),
        ("pc[08:11]", ["pc08", "pc09", "pc10", "pc11"]),
        ("pc[0:9:4]", ["pc0", "pc4", "pc8"]),
        ("pc[:2]", ["pc0", "pc1", "pc2"]),
        ("máy-[a:c]", ["máy-a", "máy-b", "máy-c"]),
        ("[y:B]", ["y", "z", "A", "B"]),
        ("[a:e:2]x[1:2]", ["ax1", "ax2", "cx1", "cx2", "ex1", "ex2"]),
    ],
)
def test_a_range_is_written_out(pattern: str, names: list[str]) -> None:
    assert list(ranges.expand(pattern)) == names


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("pc[5:1]", "expected a range that counts up"),
        ("pc[b:a]", "expected a range that counts up"),
        ("pc[1:5:0]", "expected a range that counts up"),
        ("pc[01:100]", "expected both ends of a padded range to have the same length"),
        ("pc[1:50001]", "expected at most 50000 names"),
        ("pc[1:300]-[1:300]", "expected at most 50000 names"),
        ("pc[1:]", "expected a range like [01:20], [a:f] or [0:30:5]"),
        ("pc[a:5]", "expected a range like [01:20], [a:f] or [0:30:5]"),
        ("pc[-1:5]", "expected a range like [01:20], [a:f] or [0:30:5]"),
        ("pc[1:2", "expected each '[' to have its ']'"),
        ("pc1:2]", "expected each '[' to have its ']'"),
    ],
)
def test_a_slip_in_a_range_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^expected") as caught:
        ranges.expand(pattern)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("pc", ("pc", None)),
        ("pc:22", ("pc", 22)),
        ("pc[1:3]:22", ("pc[1:3]", 22)),
        ("10.0.0.1:22", ("10.0.0.1", 22)),
        ("[2001:db8::1]:22", ("2001:db8::1", 22)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("pc-:22", ("pc-:22", None)),
        pytest.param(f"pc:{'9' * 5000}", (f"pc:{'9' * 5000}", None), id="a port of 5000 digits"),
    ],
)
def test_a_port_is_taken_off_names_and_addresses_only(pattern: str, parts: tuple[str, int | None]) -> None:
    assert ranges.split_port(pattern) == parts
