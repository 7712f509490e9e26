"""A real OpenSSH server for tests: as an ordinary user, on a free port, one process for each connection."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from controller.model.fleet import Host
from controller.transports.known_hosts import HostKey, append, name_of

_CONFIG = """
{more}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
PrintMotd no
SetEnv HOME={folder} PATH={folder}/bin:/usr/bin:/bin
"""


class Sshd:
    """Answers on `port` until it is stopped. `key_file` logs on to it, `known_hosts` knows it."""

    def __init__(self, folder: Path, *, more: str = "") -> None:
        self._program = _program()
        self._folder = folder
        self._children: list[subprocess.Popen[bytes]] = []
        self.key_file, self.known_hosts = folder / "user_key", folder / "known_hosts"
        self.host_key = make_key(folder / "host_key")
        make_key(self.key_file)
        (folder / "sshd_config").write_text(_CONFIG.format(folder=folder, more=more))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        append(self.known_hosts, [(name_of("127.0.0.1", self.port), self.host_key)])
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def host(self, *, sysroot: Path | None = None) -> Host:
        """Say how it is reached."""
        return Host(
            name="pc-01",
            address="127.0.0.1",
            port=self.port,
            user=getpass.getuser(),
            key_file=str(self.key_file),
            known_hosts=str(self.known_hosts),
            sysroot=str(sysroot or self._folder),
        )

    def cut(self) -> None:
        """Kill every connection that there is now, the hard way."""
        for child in list(self._children):
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def freeze(self) -> None:
        """Let every connection stand still; `cut` ends that too."""
        for child in self._children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGSTOP)

    def stop(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        command = [self._program, "-i", "-f", str(self._folder / "sshd_config"), "-E", str(self._folder / "sshd.log")]
        with suppress(OSError):
            while True:
                line, _ = self._listening.accept()
                with line:
                    end = line.fileno()
                    self._children.append(subprocess.Popen(command, stdin=end, stdout=end, start_new_session=True))


def make_key(path: Path) -> HostKey:
    """Write a new ed25519 key pair and return its public half."""
    key = Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    path.with_suffix(".pub").write_text(f"{public}\n")
    kind, blob = public.split()[:2]
    return HostKey(kind, blob)


def _program() -> str:
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        pytest.skip("needs sshd: apt-get install openssh-server")
    if os.geteuid() == 0 and not Path("/run/sshd").is_dir():
        pytest.skip("needs sshd: as root it also wants the folder /run/sshd")
    return found


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server for all tests of a file."""
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()
