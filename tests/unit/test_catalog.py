"""Every collector is whole: its spec, its scripts, and errors that name what there is."""

from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from controller.collectors import catalog
from controller.errors import PlaybookError
from controller.model.collector import CollectorSpec, Column
from controller.model.fleet import Platform
from tests.scripts.asking import spec_of

SCRIPTS = sorted(each for each in Path(catalog.__file__).parent.rglob("*") if each.suffix in {".sh", ".ps1"})


def test_the_collectors_are_these() -> None:
    assert catalog.names() == ("autostart", "connections", "dns_cache", "files", "host", "processes")


@pytest.mark.parametrize("name", catalog.names())
def test_a_spec_says_only_what_a_spec_can_say(name: str) -> None:
    raw = yaml.safe_load(catalog.spec_text(name))
    spec = spec_of(name)

    assert spec.name == name
    assert set(raw) <= {each.name for each in fields(CollectorSpec)}
    assert all(set(column) <= {each.name for each in fields(Column)} for column in raw["columns"])
    assert set(spec.where) <= {column.name for column in spec.columns}
    assert set(spec.takes) <= {"roots", "max_files", "seconds"}
    assert len({column.name for column in spec.columns}) == len(spec.columns)
    assert all(column.description for column in spec.columns)


@pytest.mark.parametrize("name", catalog.names())
def test_every_collector_has_a_linux_script_that_calls_main_last(name: str) -> None:
    assert Platform.LINUX in catalog.platforms(name)
    script = catalog.script(name, Platform.LINUX)
    assert f"\nCOLLECTOR={name}\n" in script
    assert script.endswith('\nmain "$@" </dev/null\n')


@pytest.mark.parametrize("platform", [Platform.LINUX, Platform.WINDOWS])
def test_the_parts_of_a_script_stand_between_the_frame_and_its_last_line(platform: Platform) -> None:
    """The folder may list them in any order."""
    ending = {Platform.LINUX: "sh", Platform.WINDOWS: "ps1"}[platform]
    room = files("controller.collectors")
    parts = sorted(each.name for each in (room / "autostart").iterdir() if each.name.startswith(f"{platform}-"))
    frame = {Platform.LINUX: ("frame.sh", "frame-awk.sh"), Platform.WINDOWS: ("frame.ps1",)}[platform]
    places = (*frame, *(f"autostart/{each}" for each in parts), f"autostart/{platform}.{ending}")

    assert len(parts) > 1
    assert catalog.script("autostart", platform) == "\n".join((room / each).read_text("utf-8") for each in places)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_script_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("name", ["registry", "", "../model", "files/"])
def test_an_unknown_collector_is_answered_with_the_known_ones(name: str) -> None:
    for ask in (catalog.spec_text, catalog.platforms, lambda each: catalog.script(each, Platform.LINUX)):
        with pytest.raises(PlaybookError, match=r"the collectors are: autostart, connections, dns_cache, files, "):
            ask(name)


def test_a_platform_without_a_script_is_answered_with_those_that_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "platforms", lambda _: (Platform.LINUX,))

    with pytest.raises(PlaybookError, match=r"'processes' has no script for 'windows'; it has one for: linux"):
        catalog.script.__wrapped__("processes", Platform.WINDOWS)  # not what another test left in the cache
