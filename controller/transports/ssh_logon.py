"""paramiko's client side, tamed: one proof, tried once, for a host whose key we know."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from paramiko import AuthenticationException, BadAuthenticationType, SSHException, Transport

from controller.errors import Reason
from controller.model.text import shown
from controller.transports.probe import LineSocket
from controller.transports.ssh_errors import VENDOR, line_error

log = logging.getLogger(__name__)

_KEX: Final = (
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
)


_TEXTS: Final = 8
"""How often a server may send a text without a question while we log on, such as a notice that a password expires."""


class LineTransport(Transport):  # type: ignore[misc]  # paramiko has no types
    """The client side of SSH for one host, through paramiko's public hooks.

    `known_types` are the types of the keys we know of this host; they are asked for first.
    """

    # Measured, CPU a host: group16 118 ms, curve25519 6 ms; ctr with a MAC 0.5 ms more than gcm.
    _preferred_kex = _KEX + tuple(kex for kex in Transport._preferred_kex if kex not in _KEX)
    _preferred_ciphers = (
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
    )
    _active_check_timeout = 1.0  # how often an idle line wakes up; paramiko's 0.1 s costs when there are a thousand

    def __init__(self, sock: LineSocket, known_types: Sequence[str] = (), disabled_algorithms: object = None) -> None:
        super().__init__(sock, disabled_algorithms=disabled_algorithms)
        options = self.get_security_options()
        first = [each for known in known_types for each in _algorithms(known) if each in options.key_types]
        options.key_types = tuple(dict.fromkeys([*first, *options.key_types]))

    def auth_password(self, username: str, password: str, *_: object) -> list[str]:
        """Have the password tried exactly once.

        A server that does not take the method `password` has not looked at it; only then is it asked by
        `keyboard-interactive`.

        Raises:
            LineError: `login.unanswered`; it fell silent, or the line ended, after the password went out.
            AuthenticationException: it was refused, or (`BadAuthenticationType`) not looked at.
            SSHException: the line had ended before.

        """
        if not self.is_active():
            raise SSHException("it hung up before the password was sent")
        try:
            return self._by_password(username, password)
        except VENDOR as error:
            # paramiko sets this event at every answer, and when the line ends; at a timeout it does not.
            if isinstance(error, AuthenticationException) and self.auth_handler.auth_event.is_set():
                raise
            raise line_error(error, Reason.LOGIN_UNANSWERED) from error

    def auth_publickey(self, username: str, key: Any, *_: object) -> list[str]:
        """Try the key; a line that ends meanwhile is no refusal."""
        try:
            found: list[str] = super().auth_publickey(username, key)
        except AuthenticationException as error:
            if self.is_active():
                raise
            raise SSHException(f"the line ended while we logged on: {error}") from error
        return found

    def auth_interactive_dumb(self, username: str, *_: object) -> list[str]:
        """Refuse; paramiko would print the server's questions and read the answers from our terminal."""
        raise AuthenticationException(f"'{username}' needs a second proof, which we do not have")

    def get_exception(self) -> Exception | None:
        """Return the last error, as one of `VENDOR`: a host that breaks the protocol can raise anything.

        The plain end of a line is one too; left to paramiko it would read as a refused logon.
        """
        error: Exception | None = super().get_exception()
        if not self.is_active() and (error is None or isinstance(error, EOFError)):
            error = SSHException("the line ended")
        foreseen = error is None or isinstance(error, VENDOR)
        return error if foreseen else SSHException(f"it broke the protocol: {type(error).__name__}: {error}")

    def _by_password(self, username: str, password: str) -> list[str]:
        try:
            found: list[str] = super().auth_password(username, password, fallback=False)
        except BadAuthenticationType as error:
            if "keyboard-interactive" not in error.allowed_types:
                raise
            found = self.auth_interactive(username, _OneAnswer(password))
        return found

    def _log(self, level: int, msg: object, *args: object) -> None:
        """Keep a host's words off the terminal; whatever goes wrong leaves as an error of ours anyway."""
        if level >= logging.WARNING and log.isEnabledFor(logging.DEBUG):
            log.debug("%s", shown(str(msg) % args if args else str(msg)))


class _OneAnswer:
    """Answers the first single question of a keyboard-interactive logon, and no other; texts alone only some times."""

    def __init__(self, password: str) -> None:
        self._left = [password]
        self._texts = 0

    def __call__(self, title: str, instructions: str, fields: Sequence[object]) -> list[str]:  # noqa: ARG002  # paramiko's
        if not fields and self._texts < _TEXTS:
            self._texts += 1
            return []
        if not fields:
            raise AuthenticationException(f"it sent more than {_TEXTS} texts and let us in by none")
        if len(fields) > 1 or not self._left:
            raise AuthenticationException("it asks for more than a password")
        return [self._left.pop()]


def _algorithms(key_type: str) -> tuple[str, ...]:
    """RSA keys are asked for by the names of their signatures."""
    return ("rsa-sha2-512", "rsa-sha2-256") if key_type == "ssh-rsa" else (key_type,)
