"""Run a Linux collector the way a host does, under each shell and awk that a host may have."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import yaml

from controller.collectors import answer, catalog
from controller.model.collector import Answer, CollectorSpec
from controller.model.fleet import Platform

NONCE = "4f1d0c"
FLAVOURS = ("sh", "mawk", "gawk", "busybox")
_APPLETS = (
    *("awk", "cat", "cut", "date", "df", "find", "grep", "head", "id", "md5sum", "readlink", "renice", "sed", "sh"),
    *("sha1sum", "sha256sum", "stat", "timeout", "tr", "true", "uname", "xargs"),
)


def spec_of(name: str) -> CollectorSpec:
    return msgspec.convert(yaml.safe_load(catalog.spec_text(name)), CollectorSpec)


@dataclass(frozen=True)
class Shell:
    """A shell, and the folder of the programs that its PATH has first."""

    command: tuple[str, ...]
    shims: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def shim(self, name: str, text: str) -> None:
        """Put a program of the test's own in front of the real one."""
        place = self.shims / name
        place.unlink(missing_ok=True)
        place.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        place.chmod(0o755)

    def start(self, name: str, *words: str) -> "subprocess.Popen[bytes]":
        environment = os.environ | {"PATH": f"{self.shims}:{os.environ['PATH']}"} | dict(self.environment)
        pipe = subprocess.PIPE
        started = subprocess.Popen(
            [*self.command, "-s", "--", *words], stdin=pipe, stdout=pipe, stderr=pipe, env=environment
        )
        assert started.stdin
        started.stdin.write(catalog.script(name, Platform.LINUX).encode())
        started.stdin.close()
        started.stdin = None
        return started

    def ask(self, name: str, *arguments: str, sysroot: str = "-") -> Answer:
        """Ask a collector; a disk without a system, which it would refuse, gets an empty /etc."""
        if sysroot != "-":
            (Path(sysroot) / "etc").mkdir(exist_ok=True)
        with self.start(name, NONCE, sysroot, *arguments) as started:
            stdout, stderr = started.communicate(timeout=60)
        assert started.returncode == 0, stderr
        assert stderr == b""
        return answer.read(spec_of(name), stdout, nonce=NONCE, sysroot=sysroot)


def shell_of(flavour: str, place: Path) -> Shell:
    """Make the shell of a flavour, or skip where its program is missing."""
    shims = place / "shims"
    shims.mkdir()
    if flavour == "sh":
        return Shell(("/bin/sh",), shims)
    program = shutil.which(flavour)
    if program is None:
        pytest.skip(f"needs {flavour}: apt-get install {flavour}")
    for name in _APPLETS if flavour == "busybox" else ("awk",):
        (shims / name).symlink_to(program)
    return Shell((program, "sh") if flavour == "busybox" else ("/bin/sh",), shims)
