"""What we send to a Linux host: one constant command line, and all else as text on its standard input.

sshd gives the command line to the account's login shell, and every family of shells (sh, csh, fish) quotes in its own
way. So the line is constant and needs no quotes; the script, its arguments and its time limit go to the standard
input of the `sh` that the line starts. There the quotes of sh are the right ones, and `ps` shows none of it.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

READY: Final = b"#lamsach ready\n"
"""The line by which a script that takes a file on descriptor 4 asks for it.

Some shells (dash, busybox) read their script in blocks. They would swallow the beginning of a file that follows the
script at once, so it is sent after this line only.
"""


def command_line(*, become: bool) -> str:
    """Return what sshd gives to the login shell: the same line for all that is ever asked of a host."""
    return "sudo -n -- sh -s" if become else "sh -s"


def shell_text(script: str, arguments: Sequence[str], *, seconds: int, takes_file: bool = False) -> bytes:
    """Return the text that runs `script` with `arguments` under a second `sh`, for at most `seconds`.

    Both texts are one group in braces, which a shell reads to its end before it runs any of it: what was cut in
    transit runs not at all, and no program of the script can take the rest of the script for its input. The standard
    input of the script is empty; with `takes_file` the file that follows the text is on descriptor 4.

    Raises:
        ValueError: a NUL, which no shell can hold.

    """
    inner = f"{{ {' '.join(('set', '--', *map(quoted, arguments)))}\n{script}\n}}"
    lines = (
        "{",
        "exec 4<&0" if takes_file else "",
        f"seconds={seconds}",
        f"script={quoted(inner)}",
        own_script("linux_limit.sh", "linux_run.sh"),
        "}\n",
    )
    return _encoded("\n".join(lines))


def quoted(text: str) -> str:
    """Quote for sh, and for no other shell: between single quotes every character but the quote stands for itself."""
    return "'" + text.replace("'", r"'\''") + "'"


@cache
def own_script(*names: str) -> str:
    """Return scripts of ours, one below the other."""
    folder = files("controller.transports") / "scripts"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _encoded(text: str) -> bytes:
    """Spell `text` as the host does: bytes that were no UTF-8 when we read them go back as they came."""
    if "\0" in text:
        raise ValueError("a script or an argument holds a NUL, which no shell can hold")
    return text.encode("utf-8", "surrogateescape")
