"""One look at each host of an inventory with nothing but fabric, or nothing but pypsrp: what `sweep` is held against.

    python -m benchmarks.plain INVENTORY AT_ONCE HOST...

It logs on, runs the collector script that a sweep runs, reads the answer, and hangs up. Nothing is judged or kept.
The hosts must be well, and all behind one protocol.
"""

import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from fabric import Config, Connection
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from controller.app.secrets import secret_of
from controller.collectors import catalog
from controller.loading import inventory as inventories
from controller.model.fleet import Host, Platform
from controller.transports.ssh_keys import load_key

_NONCE: Final = "plain"
_LIMIT: Final = "seconds=60"
_SCRIPTS: Final = {platform: catalog.script("processes", platform) for platform in Platform}


def main() -> None:
    """Visit the hosts; the one who started us measures what it costs."""
    inventory, at_once, *names = sys.argv[1:]
    hosts = {host.name: host for host in inventories.load(Path(inventory)).hosts}
    with ThreadPoolExecutor(int(at_once)) as pool:
        list(pool.map(_visit, (hosts[name] for name in names)))


def _visit(host: Host) -> None:
    answer = _over_winrm(host) if host.platform is Platform.WINDOWS else _over_ssh(host)
    assert "#end" in answer, f"{host.name} did not answer to the end"


def _over_ssh(host: Host) -> str:
    secret = secret_of(host)
    keys = {"pkey": load_key(host.key_file)} if host.key_file else {}
    password = {"password": secret.reveal()} if secret else {}
    connection = Connection(
        host.address,
        user=host.user,
        port=host.port,
        config=Config(lazy=True),
        connect_kwargs={"look_for_keys": False, "allow_agent": False, **keys, **password},
    )
    with connection:
        # As an argument: fabric sends a stream of ours one character at a time, ten milliseconds apart.
        words = ("sh", "-c", _SCRIPTS[host.platform], "sh", _NONCE, host.sysroot, _LIMIT)
        done = connection.run(shlex.join(words), in_stream=False, hide=True)
        return str(done.stdout)


def _over_winrm(host: Host) -> str:
    secret = secret_of(host)
    assert secret
    wsman = WSMan(
        host.address,
        port=host.port,
        username=host.user,
        password=secret.reveal(),
        ssl=host.tls,
        auth="ntlm",
        cert_validation=host.ca_file,  # type: ignore[arg-type]  # a path is taken too; its types say bool only
    )
    with wsman, RunspacePool(wsman) as pool:
        shell = PowerShell(pool)
        shell.add_script(_SCRIPTS[host.platform])
        for argument in (_NONCE, "-", _LIMIT):
            shell.add_argument(argument)
        return "\n".join(map(str, shell.invoke()))


if __name__ == "__main__":
    main()
