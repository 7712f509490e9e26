"""What one host costs the controller over SSH: log on with a key, run a script, read 60 kB, hang up.

    python benchmarks/ssh_host.py [HOSTS] [AT_ONCE]

CPU of this process only; the servers (real sshd) run in another one. Needs sshd.
"""

import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from getpass import getuser
from pathlib import Path

from controller.model.fleet import Host
from controller.transports.ssh import SshTransport

SCRIPT = "head -c 45000 /dev/urandom | base64"
SERVER = """
import sys
from pathlib import Path
from tests.sshd import Sshd
server = Sshd(Path(sys.argv[1]))
print(server.port, flush=True)
sys.stdin.read()
server.stop()
"""


def main() -> None:
    """Print one line of figures."""
    hosts, at_once = (int(word) for word in [*sys.argv[1:], "200", "16"][:2])
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", SERVER, folder]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]
        ) as server:
            assert server.stdout is not None
            _measure(folder, int(server.stdout.readline()), hosts, at_once)
            server.communicate()


def _measure(folder: str, port: int, hosts: int, at_once: int) -> None:
    transport = SshTransport(known_hosts=Path(folder, "known_hosts"))
    host = Host(name="pc", address="127.0.0.1", port=port, user=getuser(), key_file=f"{folder}/user_key")

    def visit(_: int) -> None:
        with transport.open(host, None) as session:
            assert len(session.run(SCRIPT, seconds=60).stdout) > 60_000

    visit(0)
    cpu, wall = time.process_time(), time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(visit, range(hosts)))
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{cpu * 1000 / hosts:.1f} CPU ms/host, {hosts / wall:.0f} hosts/s, {megabytes:.0f} MB ({at_once} at once)")


if __name__ == "__main__":
    main()
