"""Linux over SSH: reach, recognise, log on."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final

from fabric import Config, Connection
from paramiko import AuthenticationException, PKey, SSHClient, SSHConfig

from controller.errors import LineError, Reason, SecretError
from controller.model.fleet import Host, Secret
from controller.transports.base import Admission
from controller.transports.known_hosts import HostKey, KnownHosts, Trust, default_known_hosts
from controller.transports.probe import LineSocket, connect
from controller.transports.ssh_errors import VENDOR, line_error
from controller.transports.ssh_keys import load_key
from controller.transports.ssh_line import Line
from controller.transports.ssh_logon import LineTransport
from controller.transports.ssh_session import SshSession

SSH_PORT: Final = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many seconds a host has to take our connection, for each step of the logon, and past a script's own time."""

    connect: float = 5.0
    logon: float = 15.0
    grace: float = 10.0


class SshTransport:
    """Opens one fabric connection a host.

    No agent, no ~/.ssh/config, no key that the inventory does not name, no key of a host that is not known.
    One object serves all threads: files of keys and of known hosts are read once.
    """

    def __init__(self, *, known_hosts: Path | None = None, patience: Patience | None = None) -> None:
        self._known_hosts = known_hosts or default_known_hosts()
        self._patience = patience or Patience()
        self._read: dict[Path, KnownHosts] = {}
        self._reading = Lock()
        for name in ("paramiko", "fabric", "invoke"):
            logging.getLogger(name).setLevel(logging.WARNING)

    @contextmanager
    def open(self, host: Host, secret: Secret | None, admission: Admission = nullcontext) -> Iterator[SshSession]:
        """Log on to `host`, with its key file or else with `secret`, and never with both.

        `admission` is held from the moment its host key was found right, just before our proof goes out, until it
        has accepted or refused us.

        Raises:
            LineError: it cannot be reached, is not who we know, or refuses us.

        """
        port = host.port or SSH_PORT
        trust = self._trust(host, port)
        proof = _proof_of(host, secret)
        sock = connect(host.address, port, seconds=self._patience.connect)
        try:
            with ExitStack() as admitted:
                gate = _Gate(trust, sock, lambda: admitted.enter_context(admission()), self._patience.logon)
                line = self._log_on(host, sock, gate, proof)
            with closing(line):
                yield SshSession(host, line, host_key=gate.key.fingerprint, grace=self._patience.grace)
        finally:
            sock.hang_up()

    def _trust(self, host: Host, port: int) -> Trust:
        path = Path(host.known_hosts) if host.known_hosts else self._known_hosts
        with self._reading:
            if path not in self._read:
                try:
                    self._read[path] = KnownHosts.read(path)
                except OSError as error:
                    raise LineError(Reason.HOSTKEY_UNKNOWN, f"'{path}' cannot be read: {error.strerror}") from error
        return self._read[path].about(host.address, port)

    def _log_on(self, host: Host, sock: LineSocket, gate: "_Gate", proof: dict[str, Any]) -> Line:
        limit = self._patience.logon
        sock.deadline = time.monotonic() + 2 * limit  # a backstop; paramiko ends its own waits at `limit`
        connection = new_connection(
            host,
            connect_timeout=math.ceil(limit),
            connect_kwargs={
                **proof,
                "sock": sock,
                "transport_factory": partial(LineTransport, known_types=gate.trust.types),
                "allow_agent": False,
                "look_for_keys": False,
                "compress": False,
                "banner_timeout": limit,
                "auth_timeout": limit,
            },
        )
        connection.client.set_missing_host_key_policy(gate)
        return _opened(connection, sock, gate, limit)


def new_connection(host: Host, **but: Any) -> Connection:
    """Make a connection of fabric with a configuration of its own, which reads no file.

    fabric writes into the configuration of each connection, and empties it on the way: threads that shared one saw it
    without its keys (measured: 851 of 12,800 connections by 16 threads). One of its own costs 0.1 ms.
    """
    config = Config(lazy=True, ssh_config=SSHConfig(), overrides={"forward_agent": False})
    return Connection(host.address, user=host.user or None, port=host.port or SSH_PORT, config=config, **but)


class _Gate:
    """paramiko's host key policy, asked before any proof of ours goes out."""

    def __init__(self, trust: Trust, sock: LineSocket, admit: Callable[[], None], limit: float) -> None:
        self.trust = trust
        self.key = HostKey("", "")
        self._sock, self._admit, self._limit = sock, admit, limit

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:  # noqa: ARG002  # paramiko's
        """Let a known key pass, and no other; then wait to be admitted, which takes none of the host's time."""
        self.key = HostKey(key.get_name(), key.get_base64())
        self.trust.check(self.key)
        self._sock.deadline = math.inf
        self._admit()
        self._sock.deadline = time.monotonic() + 3 * self._limit  # two ways to try the password, and a backstop


def _proof_of(host: Host, secret: Secret | None) -> dict[str, Any]:
    """What we log on with. With a key file the secret stays here: a refused key must not cost a password's try."""
    if host.key_file:
        try:
            return {"pkey": load_key(host.key_file)}
        except SecretError as error:
            raise LineError(Reason.LOGIN_REFUSED, str(error)) from error
    if secret is None:
        raise LineError(Reason.LOGIN_REFUSED, "there is neither a key file nor a secret to log on with")
    if not host.user:  # fabric would take the operator's own name
        raise LineError(Reason.LOGIN_REFUSED, "there is no user to log on as; set ansible_user")
    return {"password": secret.reveal()}


def _opened(connection: Connection, sock: LineSocket, gate: _Gate, limit: float) -> Line:
    began = time.monotonic()
    try:
        connection.open()
        if not connection.transport.is_authenticated():
            raise AuthenticationException("it wants a second proof, which we do not have")
    except VENDOR as error:
        _abandon(connection)
        silent = not gate.key.type and time.monotonic() - began >= limit
        raise line_error(error, Reason.REACH_TIMEOUT if silent else None) from error
    except LineError:
        _abandon(connection)
        raise
    return Line(connection, sock)


def _abandon(connection: Connection) -> None:
    transport = connection.client.get_transport()
    if transport is not None:
        transport.packetizer.complete_handshake()  # else its timer holds up our own exit
    connection.client.close()


def fetch_host_key(
    address: str, port: int = SSH_PORT, *, known_types: Sequence[str] = (), patience: Patience | None = None
) -> HostKey:
    """Return the key that a host shows, without logging on; nobody has checked it yet.

    A key of one of the `known_types` is asked for first, so that it can be compared.

    Raises:
        LineError: it cannot be reached, or does not speak SSH.

    """
    limits = patience or Patience()
    sock = connect(address, port, seconds=limits.connect)
    sock.deadline = time.monotonic() + limits.logon
    transport = LineTransport(sock, known_types)
    transport.banner_timeout = limits.logon
    try:
        transport.start_client(timeout=limits.logon)
        key = transport.get_remote_server_key()
    except VENDOR as error:
        silent = time.monotonic() >= sock.deadline
        raise line_error(error, Reason.REACH_TIMEOUT if silent else None) from error
    finally:
        transport.packetizer.complete_handshake()
        sock.hang_up()
        transport.close()
    return HostKey(key.get_name(), key.get_base64())
