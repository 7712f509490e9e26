"""The documents say what the program does: their tables, examples, commands and links are checked against it."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Final

import asyncssh
import click
import pytest

import controller
from controller import errors, plugins
from controller.app import preflight
from controller.app import sweep as sweeps
from controller.campaign.state import INFECTED
from controller.cli import COMMANDS, cli
from controller.cli.opening import opening
from controller.collectors import catalog
from controller.errors import InventoryError, LamsachError, Reason
from controller.indicators.parsers import plain
from controller.loading import inventory as inventories
from controller.loading import reach, settings, tool
from controller.loading import spec as specs
from controller.loading.variables import OURS
from controller.model.fleet import Platform
from controller.model.playbook import Module, Tool
from controller.store.ledger import Ledger

ROOT: Final = Path(controller.__file__).parents[1]
PAGES: Final = sorted(
    {*ROOT.glob("*.md"), *(page for place in ROOT.glob("[!.]*") if place.is_dir() for page in place.rglob("*.md"))}
)
TEXTS: Final = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}

PROGRAM: Final = b"#!/bin/sh\nexit 0\n"
"""What lies beside the tool.yaml of the examples; its SHA-256 stands in them."""

_BLOCK: Final = re.compile(r"^```(?P<title>\S.*)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)
_CODE: Final = re.compile(r"`(lamsach [^`]+)`|^ {4}(lamsach .*)$", re.MULTILINE)
_LINK: Final = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
_REASON: Final = re.compile(r"(?<! is )(?<!is not )\bReason\.([A-Z_]+)")
"""A reason that is given, not one that is compared with."""
_SWEEP: Final = re.compile(r"^Sweep \S+:", re.MULTILINE)


def blocks(title: str) -> list[str]:
    """Return the fenced blocks of all documents that have this very title."""
    found = [match["text"] for text in TEXTS.values() for match in _BLOCK.finditer(text) if match["title"] == title]
    assert found, f"no document has a block '{title}'"
    return found


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table of `page` whose first heading is `heading`."""
    lines = TEXTS[page].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table


def code(text: str) -> str:
    """Take the quotes of code off a cell."""
    return text.strip("`")


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield every command line that a document names, by page; `lamsach …` in code."""
    for page, text in TEXTS.items():
        for match in _CODE.finditer(text):
            line = (match[1] or match[2]).split("   #")[0]
            yield page, shlex.split(line)[1:]


# commands


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented(name: str) -> None:
    assert any(words[:1] == [name] for _, words in commands())


@pytest.mark.parametrize(
    ("page", "words"), list(commands()), ids=lambda each: each if isinstance(each, str) else " ".join(each)
)
def test_a_documented_command_line_can_be_given(page: str, words: list[str]) -> None:
    command: click.Command = cli
    for word in words:
        if not isinstance(command, click.Group) or word.startswith("-"):
            break
        inner = command.get_command(click.Context(command), word)
        assert inner is not None, page
        command = inner
    known = {option for each in command.params for option in each.opts} | {"--help", "-h"}

    assert {word for word in words if re.match(r"-{1,2}[a-z]", word)} <= known


# errors.md


def test_every_reason_stands_in_errors_md_with_its_own_words() -> None:
    table = [(code(cells[0]), cells[2], cells[3]) for cells in rows("docs/errors.md", "code | verdict")]

    assert table == [(reason.value, reason.sentence, reason.remedy) for reason in Reason]


def test_errors_md_says_for_every_reason_which_verdict_it_leads_to() -> None:
    told = {code(cells[0]): cells[1] for cells in rows("docs/errors.md", "code | verdict")}

    assert told == {reason: "infected" if reason in INFECTED else "unknown" for reason in Reason}


def test_errors_md_says_for_every_reason_what_to_check() -> None:
    short = [cells[0] for cells in rows("docs/errors.md", "code | verdict") if len(cells[4]) < 30]

    assert short == []


def test_errors_md_says_of_which_reasons_nothing_leads_there() -> None:
    sources = [path for path in (ROOT / "controller").rglob("*.py") if path.name not in {"reason.py", "labels_vi.py"}]
    used = {name for path in sources for name in _REASON.findall(path.read_text(encoding="utf-8"))}
    told = {code(cells[0]) for cells in rows("docs/errors.md", "code | verdict") if "Nothing leads here" in cells[4]}

    assert told == {reason.value for reason in Reason if reason.name not in used}


def test_every_code_of_a_message_stands_in_errors_md_with_its_exit_status() -> None:
    told = {code(each): cells[1] for cells in rows("docs/errors.md", "code | status") for each in cells[0].split(", ")}
    ours = [each for name in errors.__all__ if isinstance(each := getattr(errors, name), type)]
    raised = {each.code: str(each.exit_status) for each in ours if issubclass(each, LamsachError)}
    inside = {"host", "host.line"}

    assert {name: told.get(name) for name in raised} == {
        name: "–" if name in inside else status for name, status in raised.items()
    }


# playbooks.md and inventory.md


@pytest.mark.parametrize("name", catalog.names())
def test_every_collector_stands_in_playbooks_md_with_its_columns(name: str) -> None:
    spec = specs.read(catalog.spec_text(name), name)
    section = TEXTS["docs/playbooks.md"].partition(f"### `{name}`\n")[2].partition("\n#")[0]
    table = "\n".join(
        f"| `{each.name}` | {each.type} | {meets} | {each.description} |"
        for each in spec.columns
        for meets in ("values in it" if each.text else ", ".join(each.kinds),)
    )

    assert spec.question in section
    assert table in section
    assert all(f"`{each}`" in section for each in spec.takes)
    assert f"{spec.seconds} seconds" in section


@pytest.mark.parametrize("name", [*Module, *plugins.BUILTIN["cleaners"]])
def test_every_module_and_cleaner_stands_in_playbooks_md(name: str) -> None:
    paragraphs = [each for each in TEXTS["docs/playbooks.md"].split("\n\n") if f"**`{name}`**" in each]

    assert len(paragraphs) == 1
    assert ("not run in this version" in paragraphs[0]) is (not any(name in each for each in plugins.BUILTIN.values()))


def test_every_field_of_tool_yaml_stands_in_playbooks_md() -> None:
    told = {code(each) for cells in rows("docs/playbooks.md", "field") for each in cells[0].split(", ")}

    known = {each.name for each in fields(Tool)} - {"path", "digest"}

    assert told == {"exit" if name == "exits" else name for name in known}


def test_every_variable_of_ours_stands_in_inventory_md() -> None:
    assert {code(cells[0]) for cells in rows("docs/inventory.md", "variable | at")} == set(OURS)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay down everything that the examples name."""
    (inventory,) = blocks("yaml inventory")
    (playbook,) = blocks("yaml playbook")
    (iocs,) = blocks("text iocs")
    (generic,) = blocks("yaml tool generic")
    texts = {"inventory.yml": inventory, "playbook.yml": playbook, "iocs.txt": iocs, "tool.yaml": generic}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "quet-sach").write_bytes(PROGRAM)
    (tmp_path / "huong-dan.txt").touch()
    monkeypatch.setenv("LAMSACH_SX_MAYCHU", "x")
    (tmp_path / "keys").mkdir(exist_ok=True)
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "keys" / "lamsach")
    return tmp_path


@pytest.mark.parametrize(("title", "apply"), [("text dry run", False), ("text apply", True)])
def test_the_examples_prepare_a_sweep_that_opens_as_shown(office: Path, title: str, apply: bool) -> None:
    request = preflight.SweepRequest(playbook=office / "playbook.yml", inventory=office / "inventory.yml", apply=apply)
    prepared = preflight.prepare(request)
    with Ledger.open(office / "store.db") as ledger:
        course = sweeps.course_of(sweeps.begin(prepared, ledger), prepared, ledger)

    shown = opening(course, prepared)
    (told,) = blocks(title)
    assert prepared.rejected == 0
    assert _SWEEP.sub("Sweep ID:", shown) == _SWEEP.sub("Sweep ID:", told.rstrip("\n"))


def test_each_sort_of_indicator_stands_in_the_example_list() -> None:
    (text,) = blocks("text iocs")
    listed = plain.parse(text, name="iocs.txt", sha256="")

    assert not listed.rejected
    assert [each.kind for each in listed.indicators] == [
        "address",
        "network",
        "endpoint",
        "domain",
        "url",
        "sha256",
        "path",
        "name",
    ]


@pytest.mark.parametrize("cleaner", sorted(plugins.BUILTIN["cleaners"]))
def test_each_cleaner_has_a_tool_yaml_that_it_takes(office: Path, cleaner: str) -> None:
    (text,) = blocks(f"yaml tool {cleaner}")
    (office / "tool.yaml").write_text(text, encoding="utf-8")
    described = tool.load(office / "tool.yaml")

    preflight.cleaner(cleaner).check(described, ("/home",))
    assert described.platforms == (Platform.LINUX,)


def load_to_visit(path: Path) -> None:
    """Load an inventory as a sweep of all its hosts does."""
    loaded = inventories.load(path)
    reach.check_reach(loaded, loaded.hosts)


@pytest.mark.parametrize("text", blocks("yaml settings"))
def test_settings_in_a_document_can_be_taken(tmp_path: Path, text: str) -> None:
    file = tmp_path / "lamsach.yml"
    file.write_text(text, encoding="utf-8")

    assert set(settings.load(file)) == {line.partition(":")[0] for line in text.splitlines()}


@pytest.mark.parametrize(("line", "sentence"), rows("docs/inventory.md", "written at a host"))
def test_what_inventory_md_calls_refused_is_refused_in_those_words(tmp_path: Path, line: str, sentence: str) -> None:
    path = tmp_path / "inventory.yml"
    path.write_text(f"all:\n  hosts:\n    pc-01:\n      {code(line)}\n", encoding="utf-8")

    with pytest.raises(InventoryError) as caught:
        load_to_visit(path)

    assert str(caught.value).removeprefix(f"{caught.value.where}: ") == sentence


# architecture.md


def test_architecture_md_draws_the_floors_of_the_import_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (floors,) = (each["layers"] for each in contracts if each["id"] == "floors")
    (drawing,) = blocks("text floors")
    drawn = [line.split("  ")[0].strip() for line in drawing.splitlines() if line.strip(" │")]

    assert drawn == floors


def test_architecture_md_tells_of_every_room() -> None:
    rooms = {path.stem for path in (ROOT / "controller").iterdir() if (path / "__init__.py").exists()} | {"plugins"}

    assert {code(cells[0]) for cells in rows("docs/architecture.md", "room")} == rooms


def test_the_guards_that_architecture_md_names_are_there() -> None:
    named = re.findall(r"`((?:controller|tests)/[\w./]+)`", TEXTS["docs/architecture.md"])

    assert named
    assert [each for each in named if not (ROOT / each).exists()] == []


# links


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", TEXTS)
def test_every_relative_link_leads_somewhere(page: str) -> None:
    broken = []
    for place, anchor in _LINK.findall(TEXTS[page]):
        target = (ROOT / page).parent / place if place else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(f"{place}#{anchor}")

    assert broken == []
