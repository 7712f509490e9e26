"""A Windows PC that a PowerShell plays and the same one when it is rendered give the same answers."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from controller.collectors import catalog
from controller.lab.engine import ENGINE
from controller.lab.fleet import build_fleet
from controller.lab.network import WEB
from controller.lab.pc import LabFile, LabName
from controller.lab.windows_office import HOSTS
from controller.model.fleet import Platform
from controller.transports.base import Session
from tests.lab_client import SECONDS
from tests.winrm_office import Office, look, look_at_files, look_at_host, look_at_processes, running

BUILT: Final = build_fleet(3, windows=3)
MINED, WELL, BROKEN_INTO = BUILT.pcs

_HOSTS = "0.0.0.0 Ads.example\tads.example # x.example\n::1 localhost\n2001:db8::5 six.example\n\nalone\n"
ODD: Final = replace(
    WELL,
    name="lạ",
    computer_name="lạ",
    files=tuple(replace(each, content=_HOSTS) if each.path == HOSTS else each for each in WELL.files),
    names=(*WELL.names, LabName(name="ADS.example", data="0.0.0.0"), LabName(name="ads.example", data=WEB)),
)
_UNIKEY = next(start.program for start in WELL.starts if start.name == "UniKey")
CLOSED: Final = replace(
    WELL,
    name="đóng",
    computer_name="đóng",
    files=(
        *(replace(each, locked=each.path == HOSTS) for each in WELL.files),
        LabFile(path=_UNIKEY, content="x", denied=True),
    ),
)

Both = tuple[Office, Office]


@pytest.fixture(scope="module", name="both")
def _both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    engine = os.environ.get(ENGINE)
    if not engine:
        pytest.skip(f"needs a PowerShell: name one in {ENGINE}")
    fleet = replace(BUILT, pcs=(MINED, WELL, BROKEN_INTO, ODD, CLOSED))
    folder = tmp_path_factory.mktemp("alike")
    with running(folder / "rendered", fleet, None) as rendered, running(folder / "played", fleet, engine) as played:
        yield rendered, played


def _connections(session: Session) -> list[dict[str, Any]]:
    return look(session, "connections")


def _dns_cache(session: Session) -> list[dict[str, Any]]:
    return look(session, "dns_cache")


def _autostart(session: Session) -> list[dict[str, Any]]:
    """Sorted, because a folder of tasks has no order."""
    return sorted(look(session, "autostart", "hashes=md5,sha1"), key=lambda row: (row["kind"], row["name"]))


@pytest.mark.parametrize(
    "asked", [look_at_host, look_at_processes, look_at_files, _connections, _dns_cache, _autostart]
)
@pytest.mark.parametrize("name", [WELL.name, MINED.name, BROKEN_INTO.name])
def test_a_pc_answers_alike_played_and_rendered(both: Both, name: str, asked: Any) -> None:
    with both[0].session(name) as rendered, both[1].session(name) as played:
        assert asked(rendered) == asked(played)


def test_an_odd_hosts_file_is_told_alike(both: Both) -> None:
    with both[0].session(ODD.name) as rendered, both[1].session(ODD.name) as played:
        assert _dns_cache(rendered) == _dns_cache(played)


@pytest.mark.parametrize("collector", ["dns_cache", "autostart"])
def test_what_cannot_be_read_is_counted_alike(both: Both, collector: str) -> None:
    said = []
    for office in both:
        with office.session(CLOSED.name) as session:
            reply = session.run(catalog.script(collector, Platform.WINDOWS), ("n0nce", "-"), seconds=SECONDS)
        _, *rows, unread, end = reply.stdout.decode().splitlines()
        assert end == f"#end {len(rows)} unread=1 stopped=denied roots=0 named=1"
        said.append([json.loads(line) for line in (*rows, unread.removeprefix("#unread "))])
    assert said[0] == said[1]
