"""Placing a file on a rendered Windows PC of the lab, whatever becomes of who sends it."""

import asyncio
import hashlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from controller.lab.windows_answers.placing import put, take
from controller.lab.windows_folder import on_disk

PLACE = r"C:\ProgramData\lamsach"
TOOL = b"#!/bin/sh\nexit 7\n"
SHA256 = hashlib.sha256(TOOL).hexdigest()
ASKED = (PLACE, "tool.exe", SHA256, str(len(TOOL)))


def test_a_file_whose_first_sender_died_between_two_blocks_can_be_ended_and_started(tmp_path: Path) -> None:
    async def sent() -> str:
        half_way = asyncio.Event()

        async def dying() -> AsyncIterator[bytes]:
            yield TOOL[:5]
            half_way.set()
            await asyncio.Event().wait()

        async def ending() -> AsyncIterator[bytes]:
            yield TOOL[5:]

        assert put(tmp_path, ASKED) == "#lamsach need 0"
        first = asyncio.create_task(take(tmp_path, (*ASKED, "0"), dying()))
        await half_way.wait()
        assert put(tmp_path, ASKED) == "#lamsach need 5"
        said = await take(tmp_path, (*ASKED, "5"), ending())
        tool = on_disk(tmp_path, PLACE) / "tools" / SHA256 / "tool.exe"
        assert subprocess.run([tool], check=False).returncode == 7
        first.cancel()
        return said

    assert asyncio.run(sent()) == "#lamsach done"
    assert put(tmp_path, ASKED) == "#lamsach have"
