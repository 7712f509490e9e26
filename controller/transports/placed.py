"""What both transports say to our own scripts on a host, and hear from them."""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from controller.errors import HostError, LamsachError, LineError, Reason
from controller.model.text import shown
from controller.transports.base import Reply, RunPhase, RunState

SLOWEST: Final = 20_000.0
"""Bytes a second below which a push is given up."""

REFUSALS: Final = {
    61: Reason.FOLDER_UNSAFE,
    62: Reason.HOST_DISK_FULL,
    63: Reason.PUSH_FAILED,
    64: Reason.HOST_BUSY,
    65: Reason.TOOL_BLOCKED,
}
"""The codes of our own scripts; `scripts/linux_folder.sh` and `scripts/windows_folder.ps1` name them."""

_BLOCK: Final = 256 * 1024
_FILE_NAME: Final = re.compile(r"(?!\.)[^/\0]{1,255}", re.DOTALL)
_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LOG: Final = b"#log\n"
_LEFT: Final = re.compile(rb"#left (.{1,200})")
_MOST_LEFT: Final = 8
"""Processes that are named; a detail is a sentence, not a list."""
_SAID: Final = re.compile(rb"^#lamsach ([a-z]+)(?: (-?[0-9]{1,18}))?\n", re.MULTILINE)


class Push:
    """A file on its way to a host; `arguments` tell a script of ours where it goes."""

    def __init__(self, file: BinaryIO, size: int, place: tuple[str, str, str]) -> None:
        self._file, self.size = file, size
        self.arguments = (*place, str(size))

    def blocks(self, offset: int, *, block: int = _BLOCK, most: int | None = None) -> Iterator[bytes]:
        """Yield the file from `offset` on, `most` bytes of it.

        Raises:
            LamsachError: our own disk fails; that is not the host's trouble.

        """
        end = self.size if most is None else offset + most
        try:
            self._file.seek(offset)
            while part := self._file.read(max(0, min(block, end - self._file.tell()))):
                yield part
        except OSError as error:
            raise LamsachError(f"'{self._file.name}' cannot be read ({error.strerror}); mend our own disk.") from error


def go_on(send: Callable[[int], None], there: int) -> None:
    """Send what is missing behind the `there` bytes of an earlier push; when those were bad, send all, once.

    Raises:
        HostError: `push.failed` a second time, or anything else that `send` raises.

    """
    try:
        send(there)
    except HostError as error:
        if isinstance(error, LineError) or error.reason is not Reason.PUSH_FAILED or not there:
            raise
        send(0)


def said(reply: Reply) -> tuple[str, int | None, bytes]:
    """Read what a script of ours says: a word, perhaps a number, and what stands below.

    What stands before it (a login shell may print something) is passed over.

    Raises:
        HostError: the script refused, or the answer is not in our form.

    """
    found = _SAID.search(reply.stdout)
    if reply.exit_code or not found:
        raise refusal(reply.exit_code, reply.stderr or reply.stdout)
    word, number = found.groups()
    return word.decode(), None if number is None else int(number), reply.stdout[found.end() :]


def run_state(word: str, number: int | None, rest: bytes, decode: Callable[[bytes], bytes] = bytes) -> RunState:
    """Read how a run stands from what `said` returned; `scripts/linux_report.sh` says what may follow.

    Raises:
        HostError: `answer.garbled`, or what `decode` raises for the log.

    """
    if word not in set(RunPhase):
        raise HostError(Reason.ANSWER_GARBLED, f"'{word}' is no state of a run")
    head, _, log = (b"\n" + rest).partition(b"\n" + _LOG)
    lines = head.splitlines()
    left = [match for line in lines if (match := _LEFT.fullmatch(line))]
    return RunState(
        phase=RunPhase(word),
        exit_code=number,
        log=decode(log),
        cut=b"#cut" in lines,
        overdue=tuple(words(match[1]) for match in left[:_MOST_LEFT]),
    )


def refusal(code: int | None, raw: bytes) -> HostError:
    """Turn the code with which a script of ours ended, and its sentence, into an error."""
    return HostError(REFUSALS.get(code or 0, Reason.ANSWER_GARBLED), words(raw))


def words(raw: bytes) -> str:
    """Make the beginning of what a host says fit to be shown."""
    return shown(raw[:1000].decode("utf-8", "backslashreplace").strip())


def checked_name(value: str) -> str:
    """Return the name of a file, which becomes part of a path on the host."""
    return _checked(_FILE_NAME, value)


def checked_run_id(value: str) -> str:
    """Return a run id, which becomes part of a path on the host."""
    return _checked(_RUN_ID, value)


def _checked(form: re.Pattern[str], value: str) -> str:
    if not form.fullmatch(value):
        raise ValueError(f"'{value}' cannot be a name on a host")
    return value
