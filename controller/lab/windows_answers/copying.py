"""Copying a pushed file to where it belongs on a PC: what `windows_place.ps1` answers."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from controller.lab.windows_answers.placing import whole
from controller.lab.windows_folder import on_disk


@cache
def script() -> str:
    """Return the whole text of the script that is answered."""
    return (files("controller") / "tasks" / "scripts" / "windows_place.ps1").read_text(encoding="utf-8")


def copy(folder: Path, arguments: Sequence[str]) -> str:
    """Answer SOURCE SHA256 SYSROOT DEST: whether the file was placed, or the same one was there."""
    source, sha256, _, dest = arguments
    place = on_disk(folder, dest)
    if place.is_symlink() or (place.exists() and not place.is_file()):
        return f"#lamsach refused 63\n'{dest}' is not a plain file; it is left alone"
    if whole(place, sha256):
        return "#lamsach same"
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.lamsach-part")
    part.write_bytes(on_disk(folder, source).read_bytes())
    part.replace(place)
    return "#lamsach placed"
