"""The answers of PCs that are broken: none, one in no form, or one without an end."""

import asyncio
import random
import string
from collections.abc import AsyncIterator
from typing import Final

from controller.lab.pc import LabFault, LabPc
from controller.lab.winrm.clixml import Asked
from controller.lab.winrm.rendered import Responder

_GARBAGE: Final = 2000
_BLOCK: Final = "x" * (512 * 1024)
_BLOCKS: Final = 128


def misbehaviour(pc: LabPc) -> Responder | None:
    """Return how `pc` answers when it is one of these; else None."""
    if LabFault.HANGS in pc.faults:
        return _nothing
    if LabFault.GARBAGE in pc.faults:
        return _Garbage(pc.name).answer
    if LabFault.HUGE_ANSWER in pc.faults:
        return _without_end
    return None


async def _nothing(_asked: Asked, _inputs: AsyncIterator[bytes]) -> AsyncIterator[str]:
    await asyncio.Event().wait()
    yield ""


async def _without_end(_asked: Asked, _inputs: AsyncIterator[bytes]) -> AsyncIterator[str]:
    for _ in range(_BLOCKS):
        yield _BLOCK


class _Garbage:
    """The same nonsense of one PC over and over."""

    def __init__(self, name: str) -> None:
        dice = random.Random(name)  # noqa: S311  # repeatable, not a secret
        self._text = "".join(dice.choices(string.printable + "\x00\x1b\ufffdế", k=_GARBAGE))

    async def answer(self, _asked: Asked, _inputs: AsyncIterator[bytes]) -> AsyncIterator[str]:
        yield self._text
