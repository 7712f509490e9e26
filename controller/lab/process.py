"""Start a lab as a process of its own, wait until every address answers, and stop it surely."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from controller.errors import LamsachError, OperatorError
from controller.lab.engine import powershell
from controller.lab.extra import require_extra
from controller.lab.layout import FLEET, LOG, TRUTH
from controller.lab.pc import LabFleet
from controller.model.codec import dumps
from controller.model.fleet import Platform

_POLL_SECONDS: Final = 0.02
_STOP_SECONDS: Final = 10.0


class Lab:
    """A lab that runs inside a `with`. All that a sweep needs lies in `folder`; see `layout`.

    It holds the lab by a pipe: the lab ends when the `with` does, and also when this process is killed.
    """

    def __init__(self, folder: Path, fleet: LabFleet, *, seconds: float = 60.0) -> None:
        self.folder = folder.resolve()
        self._fleet = fleet
        self._seconds = seconds
        self._began = False
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Lab":
        """Start it.

        Raises:
            OperatorError: the folder is not empty, cannot be made, or has a space in its path; the PowerShell that
                the environment names for its Windows computers cannot be run; or the extra `lab` is not installed.
            LamsachError: the lab ended at once, or was not ready in time.

        """
        require_extra()
        if any(pc.platform is Platform.WINDOWS for pc in self._fleet.pcs):
            powershell()  # the lab asks for it once more, but says so only in its log
        self._make_folder()
        self._began = True
        (self.folder / FLEET).write_bytes(dumps(self._fleet))
        with (self.folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own module under our own interpreter
                [sys.executable, "-m", "controller.lab", str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the controller; the lab ends with the pipe
            )
        with ExitStack() as otherwise:
            otherwise.callback(self._stop)
            self._wait_until_ready(self._process)
            otherwise.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and everything that its computers run."""
        self._stop()

    @property
    def pid(self) -> int:
        """The process id of the running lab."""
        if self._process is None:
            raise LamsachError("the lab does not run; enter it first.")
        return self._process.pid

    @property
    def served(self) -> bool:
        """Whether it is or was ready: its truth, which is written last, lies in the folder."""
        return self._began and (self.folder / TRUTH).exists()

    def wait(self) -> None:
        """Wait for as long as it serves; it is an interruption (KeyboardInterrupt) that should end this.

        Raises:
            LamsachError: the lab ended by itself.

        """
        if self._process:
            self._process.wait()
        raise LamsachError(f"the lab ended by itself; read '{self.folder / LOG}'.")

    def _make_folder(self) -> None:
        if any(letter.isspace() for letter in str(self.folder)):  # it is in every lab computer's `lamsach_sysroot`
            raise OperatorError(f"the lab's folder '{self.folder}' has a space in its path; name one without.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            filled = any(self.folder.iterdir())
        except OSError as error:
            raise OperatorError(
                f"the lab's folder '{self.folder}' cannot be made ({error.strerror}); name another one."
            ) from error
        if filled:
            raise OperatorError(f"the lab's folder '{self.folder}' is not empty; name a new one.")

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + self._seconds
        while not (self.folder / TRUTH).exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise LamsachError(f"the lab did not come up; read '{self.folder / LOG}'.")
            time.sleep(_POLL_SECONDS)

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
