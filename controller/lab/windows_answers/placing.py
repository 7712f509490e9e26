"""Placing a file in the product's folder of a PC: what `windows_put.ps1` and `windows_take.ps1` answer."""

import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from controller.lab.windows_folder import on_disk


def put(folder: Path, arguments: Sequence[str]) -> str:
    """Answer FOLDER NAME SHA256 SIZE: whether the file is there, or from where on it is needed."""
    place, name, sha256, size = arguments
    tools = on_disk(folder, place) / "tools" / sha256
    if whole(tools / name, sha256):
        return "#lamsach have"
    tools.mkdir(parents=True, exist_ok=True)
    part = tools / ".part"
    there = part.stat().st_size if part.exists() else 0
    return f"#lamsach need {there if there <= int(size) else 0}"


async def take(folder: Path, arguments: Sequence[str], blocks: AsyncIterator[bytes]) -> str:
    """Answer FOLDER NAME SHA256 SIZE OFFSET: take blocks of the file until it is whole.

    It is open only while a block is written: whoever sends may die between two, and a file that is open for writing
    cannot be started by whoever ends the work.
    """
    place, name, sha256, size, offset = arguments
    tools = on_disk(folder, place) / "tools" / sha256
    part = tools / ".part"
    there = int(offset)
    part.touch()
    os.truncate(part, there)
    async for block in blocks:
        with part.open("ab") as file:
            file.write(block)
        there += len(block)
    if there < int(size):
        return f"#lamsach more {there}"
    if not whole(part, sha256):
        part.unlink()
        return "#lamsach refused 63\nthe checksum is wrong"
    part.chmod(0o700)
    part.rename(tools / name)
    return "#lamsach done"


def whole(path: Path, sha256: str) -> bool:
    """Say whether the file at `path` is there with that SHA-256."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
