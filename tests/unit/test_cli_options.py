"""Options that choose whom we touch are given once, by whichever way."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from controller.cli import cli
from controller.cli.options import Number
from controller.cli.sweep import sweep
from controller.errors import OperatorError
from controller.loading import settings
from controller.tasks.look import GREETING
from tests.e2e.conftest import Site
from tests.visits import a_collector


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("sweep p.yml -i i.yml", "--limit a --limit b", "give --limit once, and join patterns with ','."),
        ("sweep p.yml", "-i i.yml --inventory i.yml", "give --inventory once, and put several files into one folder."),
        ("sweep p.yml -i i.yml", "--retry unknown --retry infected", "give --retry once, and retry the others"),
        ("hosts scan -i i.yml", "--limit=a --limit b", "give --limit once, and join patterns with ','."),
        ("hosts scan", "-i i.yml -i i.yml", "give --inventory once, and put several files into one folder."),
        ("inventory list -i i.yml", "--limit a --limit a", "give --limit once, and join patterns with ','."),
        ("inventory list", "-i i.yml -ii.yml", "give --inventory once, and put several files into one folder."),
    ],
)
def test_a_value_never_silently_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, options: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("i.yml", "p.yml"):
        Path(name).touch()

    done = CliRunner().invoke(cli, [*command.split(), *options.split()])

    assert isinstance(done.exception, OperatorError)
    assert " is given 2 times; " in str(done.exception)
    assert sentence in str(done.exception)


def test_an_option_beats_its_environment_and_its_file_without_counting_them(tmp_path: Path) -> None:
    (tmp_path / "lamsach.yml").write_text("inventory: none.yml\n", encoding="utf-8")
    (tmp_path / "hosts.yml").write_text("mot: {hosts: {pc-01: , pc-02: , pc-03: }}\n", encoding="utf-8")
    words = ("inventory", "list", "--format", "names", "-i", "hosts.yml")
    limit = {"LAMSACH_INVENTORY_LIST_LIMIT": "pc-01:pc-02"}
    site = Site(tmp_path, tmp_path)

    assert site.lamsach(*words, **limit).stdout == "pc-01\npc-02\n"
    assert site.lamsach(*words, "--limit", "pc-03", **limit).stdout == "pc-03\n"


@pytest.mark.parametrize("value", ["0", "301", "five", ""])
def test_a_limit_of_the_first_answer_that_cannot_be_meant_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("i.yml", "p.yml"):
        Path(name).touch()

    done = CliRunner().invoke(cli, ["sweep", "p.yml", "-i", "i.yml", "--first-answer", value])

    assert done.exit_code == 2
    assert "Invalid value for '--first-answer'" in done.output


@pytest.mark.parametrize("value", ["nan", "-nan", "NaN", "inf", "-inf", "-1", "-0.001", "100.5", "five", ""])
@pytest.mark.parametrize("by_environment", [False, True])
def test_a_share_of_rejected_lines_that_cannot_be_meant_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, by_environment: bool
) -> None:
    """Nothing is more than `nan`: it would let every line of a list be rejected."""
    monkeypatch.chdir(tmp_path)
    for name in ("i.yml", "p.yml"):
        Path(name).touch()
    options = [] if by_environment and value else [f"--max-rejected={value}"]
    if not options:
        monkeypatch.setenv("LAMSACH_SWEEP_MAX_REJECTED", value)

    done = CliRunner().invoke(cli, ["sweep", "p.yml", "-i", "i.yml", *options], auto_envvar_prefix="LAMSACH")

    assert done.exit_code == 2
    assert f"Invalid value for '--max-rejected': '{value}' is no number from 0 to 100." in done.output


@pytest.mark.parametrize("value", [".nan", "nan", ".inf", "-1", "101", "2.5"])
def test_nor_does_the_file_take_it(tmp_path: Path, value: str) -> None:
    path = tmp_path / "lamsach.yml"
    path.write_text(f"max_rejected: {value}\n", encoding="utf-8")

    with pytest.raises(OperatorError, match=r"lamsach.yml:1:15: "):
        settings.load(path)


def commands(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        yield command
        if isinstance(command, click.Group):
            yield from commands(command)


def test_every_number_with_a_fraction_is_read_in_the_one_way_that_knows_nan() -> None:
    types = [each.type for command in commands(cli) for each in command.params]

    assert [each for each in types if isinstance(each, type(click.FLOAT)) and not isinstance(each, Number)] == []
    assert any(isinstance(each, Number) for each in types)


def test_the_file_takes_what_the_options_take() -> None:
    ranges = {each.name: each.type for each in sweep.params if isinstance(each.type, click.IntRange | click.FloatRange)}

    assert {name: (each.min, each.max) for name, each in ranges.items()} == settings.NUMBERS


def test_the_default_is_the_time_that_the_question_has_as_a_task() -> None:
    (option,) = (each for each in sweep.params if each.name == "first_answer_seconds")

    assert option.default == a_collector(GREETING).spec.seconds == 20


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("sweep nope", "Invalid value for '[PLAYBOOK]': File 'nope' does not exist."),
        ("sweeps --nope", "No such option '--nope'."),
        ("identity accept", "Missing argument 'HOST...'."),
        ("nope", "No such command 'nope'."),
    ],
)
def test_a_command_line_that_cannot_be_read_is_an_error_as_everywhere(
    tmp_path: Path, words: str, sentence: str
) -> None:
    done = Site(tmp_path, tmp_path).lamsach(*words.split())

    usage, *_, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert usage.startswith("Usage: lamsach ")
    assert last.startswith(f"error[operator]: {sentence}")
