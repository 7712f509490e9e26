"""A command that we advise reaches the store of the command that advises it."""

import os
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from controller.cli.hints import going_on, hint, hinted, this_command
from controller.cli.options import store_option

TEXT = "see lamsach show pc-01 --kept 1, lamsach sweeps, or lamsach report"
KEPT = "lamsach show --store {0} pc-01 --kept 1, lamsach sweeps --store {0}, or lamsach report --store {0}"


@click.command()
@store_option
def advises(store: Path) -> None:
    click.echo(hint(TEXT), nl=False)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith("LAMSACH_")]:
        monkeypatch.delenv(name)


def advised(*words: str, **more: object) -> str:
    return CliRunner().invoke(advises, words, auto_envvar_prefix="LAMSACH_ADVISES", **more).output  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["a.db", "kho/a.db", "/var/lib/a.db", "đợt 1.db", "it's.db", "-a.db"])
def test_a_store_that_was_named_is_named_with_quotes_where_a_shell_needs_them(path: str) -> None:
    assert advised("--store", path) == "see " + KEPT.format(shlex.quote(path))


def test_a_table_that_a_writer_made_is_treated_alike() -> None:
    @click.command()
    @store_option
    def prints(store: Path) -> None:
        click.echo(hinted("Rà quét: see the log (lamsach show)\n".encode()), nl=False)

    assert (
        CliRunner().invoke(prints, ["--store", "a.db"]).output == "Rà quét: see the log (lamsach show --store a.db)\n"
    )


def test_the_usual_store_is_not_named() -> None:
    assert advised() == TEXT
    assert advised("--store", "lamsach.db") == TEXT


def test_the_usual_store_is_the_one_of_the_settings_file() -> None:
    assert advised(default_map={"store": "kho/a.db"}) == TEXT
    assert advised("--store", "lamsach.db", default_map={"store": "kho/a.db"}) == "see " + KEPT.format("lamsach.db")


def test_a_variable_names_the_store_of_one_command_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMSACH_ADVISES_STORE", "lamsach.db")
    assert advised() == "see " + KEPT.format("lamsach.db")

    monkeypatch.delenv("LAMSACH_ADVISES_STORE")
    monkeypatch.setenv("LAMSACH_REPORT_STORE", "other.db")
    assert advised() == "see " + KEPT.format("lamsach.db")


def test_a_command_that_names_a_store_already_is_left_as_it_is() -> None:
    @click.command()
    @store_option
    def ours(store: Path) -> None:
        click.echo(hint("go on with: lamsach sweep p.yml --store b.db --resume\nlamsach shows nothing"), nl=False)

    done = CliRunner().invoke(ours, ["--store", "a.db"])

    assert done.output == "go on with: lamsach sweep p.yml --store b.db --resume\nlamsach shows nothing"


@pytest.mark.parametrize(
    ("words", "advised"),
    [
        ("p.yml -i i.yml", "p.yml -i i.yml --resume --sweep s1"),
        ("p.yml --inventory i.yml --resume", "p.yml -i i.yml --resume --sweep s1"),
        (
            "'my playbook.yml' --apply --unit a --unit 'b c'",
            "'my playbook.yml' --apply --unit a --unit 'b c' --resume --sweep s1",
        ),
        ("p.yml --retry infected", "p.yml --resume --sweep s1"),
    ],
)
def test_a_sweep_goes_on_with_what_it_was_given(monkeypatch: pytest.MonkeyPatch, words: str, advised: str) -> None:
    @click.command("sweep")
    @click.argument("playbook")
    @click.option("-i", "--inventory")
    @click.option("--forks", default=32)
    @click.option("--apply", is_flag=True)
    @click.option("--unit", multiple=True)
    @click.option("--resume", is_flag=True)
    @click.option("--retry")
    @click.option("--first-answer", "seconds", type=int)
    def ours(**_: object) -> None:
        click.echo(f"{going_on('s1')}\n{this_command()}", nl=False)

    monkeypatch.setenv("LAMSACH_SECONDS", "60")
    done = CliRunner().invoke(ours, shlex.split(words), auto_envvar_prefix="LAMSACH", default_map={"forks": 7})

    on, this = done.output.splitlines()
    assert shlex.split(on) == ["lamsach", "sweep", *with_seconds(shlex.split(advised))]
    assert "--first-answer 60" in this


def with_seconds(words: list[str]) -> list[str]:
    """A variable that may not be set the next time is written out, where the option stands in the help."""
    place = words.index("--resume")
    return [*words[:place], "--first-answer", "60", *words[place:]]
