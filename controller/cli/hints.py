"""The commands that we advise: every one reaches the store, and the settings, of the command that advises it."""

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from controller.model.places import STORE

_WORDS: Final = "lamsach.store"
_COMMANDS: Final = "sweeps?|show|report|status|note|init|identity accept|iocs (?:add|list|withdraw|restore)"
_TAKES_STORE: Final = re.compile(rf"\blamsach (?:{_COMMANDS})(?![\w-])(?![^\n]* --store )")
_OF_ANY_COMMAND: Final = re.compile(r"LAMSACH_\w+_STORE")


def remember_store(ctx: click.Context, _: click.Parameter, store: Path) -> Path:
    """Keep for `hint` how another command, given in the same folder, reaches `store`: a callback of `--store`.

    A variable of the environment names the store of one command only, so it is never what another one reaches.
    """
    usual = Path(str(ctx.lookup_default("store") or STORE))
    if store != usual or any(_OF_ANY_COMMAND.fullmatch(name) for name in os.environ):
        ctx.meta[_WORDS] = f"--store {shlex.quote(str(store))}"
    return store


def hint(text: str) -> str:
    """Return `text` with `--store` in each command of it that takes it, where the store is not the usual one."""
    ctx = click.get_current_context(silent=True)
    return naming(text, ctx) if ctx else text


def hinted(document: bytes) -> bytes:
    """Return what `hint` does, for the text that a writer made."""
    return hint(document.decode()).encode()


def naming(text: str, ctx: click.Context) -> str:
    """Return what `hint` does, for a command that has ended already."""
    words = ctx.meta.get(_WORDS)
    return _TAKES_STORE.sub(lambda command: f"{command[0]} {words}", text) if words else text


def going_on(sweep: str) -> str:
    """Return the command that goes on with the sweep of that id, which `lamsach sweep` began or went on with."""
    return this_command("--resume", "--sweep", sweep, without=("resume", "retry", "named"))


def this_command(*more: str, without: Sequence[str] = ()) -> str:
    """Return the command line that is running, with the options that it was given and `more`, fit for a shell.

    `without` names parameters that are left out. What lamsach.yml says is left out, too: it is read again.
    """
    ctx = click.get_current_context()
    words = ["lamsach", ctx.info_name or ""]
    for each in ctx.command.params:
        name = each.name or ""
        value: Any = ctx.params.get(name)
        given = ctx.get_parameter_source(name) in {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}
        if isinstance(each, click.Option) and given and name not in without:
            values = value if each.multiple else [value]
            words += [each.opts[0]] if each.is_flag else [word for one in values for word in (each.opts[0], str(one))]
        elif isinstance(each, click.Argument) and given:
            words.append(str(value))
    return shlex.join([*words, *more])
