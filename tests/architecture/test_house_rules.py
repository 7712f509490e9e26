"""The rules of the house, checked by the house."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import controller
from controller import plugins
from controller.cli import COMMANDS, cli

HOUSE = Path(controller.__file__).parent
ROOT = HOUSE.parent
FILES = sorted(HOUSE.rglob("*.py"))
LINES = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def room(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0]


def test_the_floors_stand_as_drawn_in_pyproject() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_file_has_at_most_600_lines(path: Path) -> None:
    assert LINES[path] <= 600


def test_nine_files_of_ten_have_at_most_250_lines() -> None:
    assert sorted(LINES.values())[len(LINES) * 9 // 10] <= 250


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_function_has_at_most_50_lines(path: Path) -> None:
    long = [
        node.name
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
    ]

    assert long == []


def test_one_broad_except_in_the_whole_house() -> None:
    broad = [
        path.relative_to(HOUSE).as_posix()
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]

    assert broad == ["engine/host.py"]


def test_secrets_are_revealed_only_by_transports() -> None:
    callers = {
        room(path)
        for path in FILES
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reveal"
    }

    assert callers == {"transports"}


@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family, parts in plugins.BUILTIN.items() for name in parts]
)
def test_every_listed_part_can_be_loaded(family: str, name: str) -> None:
    assert plugins.load(family, name)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(name: str) -> None:
    with cli.make_context("lamsach", ["--help"], resilient_parsing=True) as context:
        command = cli.get_command(context, name)

    assert command is not None
    assert "Example:" in (command.help or "")
    assert f"lamsach {name}" in (ROOT / "README.md").read_text(encoding="utf-8")
