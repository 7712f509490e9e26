"""A real disk that is full: a tmpfs of one megabyte and 64 files in a namespace of its own, which needs no root."""

import shutil
import subprocess
from pathlib import Path

import pytest

_MOUNTED = """
set -e
mount -t tmpfs -o size=1m,nr_inodes=64 none "$1"
shift
exec "$@"
"""

FILL = 'cat /dev/zero >"$disk/fill" 2>/dev/null || :'
"""The words of a shell that leave no byte free on `$disk`."""


TAKE_ALL_NAMES = 'n=0; while (: >"$disk/$n") 2>/dev/null; do n=$((n+1)); done'
"""The words of a shell that make files on `$disk` until it takes no more."""


def on_small_disk(disk: Path, script: str, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script with a new disk at `disk`, which it finds in `$disk`; what is on the disk ends with it."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "--user", "--map-root-user", "--mount", "true"], check=False).returncode:
        pytest.skip("needs unshare and user namespaces: apt-get install util-linux")
    disk.mkdir()
    inner = ["/bin/sh", "-c", f"disk=$1; shift\n{script}", "sh", disk, *words]
    command = [unshare, "--user", "--map-root-user", "--mount", "/bin/sh", "-c", _MOUNTED, "sh", disk, *inner]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", timeout=120, check=False)
