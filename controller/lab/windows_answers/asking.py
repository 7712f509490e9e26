"""Recognise the scripts of the product, and answer each from the folder of a PC."""

from collections.abc import AsyncIterator, Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from controller.collectors import catalog
from controller.lab.children import Children
from controller.lab.pc import LabPc, WindowsModes
from controller.lab.windows_answers import copying
from controller.lab.windows_answers.looks import Looks
from controller.lab.windows_answers.placing import put, take
from controller.lab.windows_answers.runs import Runs
from controller.lab.winrm.clixml import Asked
from controller.lab.winrm.rendered import ScriptError
from controller.model.fleet import Platform

_VERBS: Final = ("put", "take", "start", "poll", "void")


class Answers:
    """Answers for one PC. What is asked is known by the script's whole text; no other script is answered."""

    def __init__(self, pc: LabPc, folder: Path, children: Children) -> None:
        self._pc = pc
        self._folder = folder
        self._looks = Looks(pc, folder)
        self._runs = Runs(folder, children)

    async def respond(self, asked: Asked, inputs: AsyncIterator[bytes]) -> AsyncIterator[str]:
        """Yield the strings of the answer.

        Raises:
            ScriptError: the script is none that this can answer.

        """
        if self._pc.modes != WindowsModes():
            raise ScriptError("the modes of this PC can be played by a PowerShell only; name one in LAMSACH_PWSH.")
        if name := _collectors().get(asked.script):
            said: Iterable[str] = self._looks.answer(name, asked.arguments)
        elif asked.script == copying.script():
            said = (copying.copy(self._folder, asked.arguments),)
        else:
            said = await self._done(asked, inputs)
        for text in said:
            yield text

    async def _done(self, asked: Asked, inputs: AsyncIterator[bytes]) -> Iterable[str]:
        match next((verb for verb, text in _verbs().items() if asked.script.endswith(text)), ""):
            case "put":
                return (put(self._folder, asked.arguments),)
            case "take":
                return (await take(self._folder, asked.arguments, inputs),)
            case "start":
                return self._runs.start(asked.arguments)
            case "poll":
                return self._runs.poll(asked.arguments)
            case "void":
                return self._runs.void(asked.arguments)
            case _:
                raise ScriptError("this script is not known to the lab; name a PowerShell in LAMSACH_PWSH.")


@cache
def _collectors() -> Mapping[str, str]:
    named = [name for name in catalog.names() if Platform.WINDOWS in catalog.platforms(name)]
    return {catalog.script(name, Platform.WINDOWS): name for name in named}


@cache
def _verbs() -> Mapping[str, str]:
    """The text of each verb's own script, which stands behind what it shares with others."""
    scripts = files("controller.transports") / "scripts"
    return {verb: (scripts / f"windows_{verb}.ps1").read_text(encoding="utf-8") for verb in _VERBS}
