"""What a run wrote into its tool's log, whatever the tool does with it: one table, for Linux and for Windows."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from tests.scripts.windows_pc import Pc, engine, new_pc

SCRIPTS = files("controller.transports") / "scripts"
SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
LIMIT = 100

OLD = b"begun\nFOUND Bad /old\nDONE\n"
NEW = b"begun\nFOUND Bad /new\nDONE\n"
MORE = "FOUND Bad /mới".encode() + b"\0\xff\nDONE\n"

Step = Callable[[Path], object]


def append(content: bytes, mode: str = "ab") -> Step:
    def act(log: Path) -> None:
        with log.open(mode) as file:
            file.write(content)

    return act


def write(content: bytes) -> Step:
    return lambda log: log.write_bytes(content)


def overwrite(content: bytes) -> Step:
    return append(content, "r+b")


def create(content: bytes) -> Step:
    def act(log: Path) -> None:
        log.unlink(missing_ok=True)
        log.parent.mkdir(exist_ok=True)
        log.write_bytes(content)

    return act


def beside(name: str, content: bytes) -> Step:
    return lambda log: log.with_name(name).write_bytes(content)


def rename(name: str) -> Step:
    return lambda log: log.rename(log.with_name(name))


def copy(name: str) -> Step:
    return lambda log: shutil.copyfile(log, log.with_name(name))


@dataclass(frozen=True)
class Row:
    """A log as it was before, what the tool does with it, and what is new. We look at its size after each step."""

    before: bytes | None
    steps: Sequence[Step]
    new: bytes
    name: str = "quet.log"


TABLE: Mapping[str, Row] = {
    "absent before": Row(None, [append(NEW)], NEW),
    "in a folder that was not there": Row(None, [create(NEW)], NEW, name="moi/quet.log"),
    "empty before": Row(b"", [append(NEW)], NEW),
    "appended to": Row(OLD, [append(MORE)], MORE),
    "appended to by another program too": Row(OLD, [append(b"x\n"), append(MORE)], b"x\n" + MORE),
    "appended to, in UTF-16": Row(
        OLD.decode().encode("utf-16"), [append(NEW.decode().encode("utf-16-le"))], NEW.decode().encode("utf-16")
    ),
    "appended to, behind a mark of UTF-8": Row(b"\xef\xbb\xbf" + OLD, [append(MORE)], b"\xef\xbb\xbf" + MORE),
    "written anew, shorter": Row(OLD * 3, [write(NEW)], NEW),
    "written anew, longer": Row(OLD, [write(NEW * 2)], NEW * 2),
    "written anew, as long": Row(OLD, [write(NEW)], NEW),
    "overwritten in place": Row(OLD + OLD, [overwrite(NEW)], NEW + OLD),
    "removed and made again": Row(OLD, [create(NEW * 2)], NEW * 2),
    "removed": Row(OLD, [lambda log: log.unlink()], b""),
    "left alone": Row(OLD, [], b""),
    "the same bytes again": Row(OLD, [write(OLD)], OLD),
    "begins as before, and a look caught it smaller": Row(OLD, [write(b""), append(OLD + MORE)], OLD + MORE),
    "begins as before, and no look caught it smaller": Row(OLD, [write(OLD + MORE)], MORE),
    "renamed at the start": Row(OLD, [rename("quet.log.1"), write(NEW)], NEW),
    "renamed midway": Row(OLD, [append(MORE), rename("quet-2.log"), write(NEW)], MORE + NEW),
    "renamed at the end": Row(OLD, [append(MORE), rename("quet.1.log")], MORE),
    "copied and cut midway": Row(OLD, [append(MORE), copy("quet.log.1"), write(b""), append(NEW)], MORE + NEW),
    "made, renamed midway and made again": Row(None, [write(MORE), rename("quet.log.1"), write(NEW)], MORE + NEW),
    "beside a log of another tool": Row(OLD, [beside("quetx.log", MORE), beside("x", MORE), write(NEW)], NEW),
    "larger than what is taken": Row(OLD, [append(b"y" * 3 * LIMIT)], b"y" * LIMIT),
}


class Table:
    """The logs of all rows, each in a folder of its own; `look` is what a script of ours does with all of them."""

    def __init__(self, place: Path) -> None:
        self.logs = {name: place / str(number) / row.name for number, (name, row) in enumerate(TABLE.items())}
        for name, log in self.logs.items():
            log.parent.parent.mkdir(parents=True, exist_ok=True)
            (place / str(list(TABLE).index(name))).mkdir(exist_ok=True)
            if (before := TABLE[name].before) is not None:
                log.write_bytes(before)

    def play(self, look: Callable[[], object]) -> None:
        """Take the steps of all rows side by side, and look after each."""
        for turn in range(max(len(row.steps) for row in TABLE.values())):
            for name, row in TABLE.items():
                if turn < len(row.steps):
                    row.steps[turn](self.logs[name])
            look()


def source(*names: str) -> str:
    return "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in names)


LINUX = """
for dir in "$1"/*; do
    log=$(echo "$2/${dir##*/}"/*)
    largest=
    [ ! -f "$dir/largest" ] || read -r largest <"$dir/largest"
    case $3 in
    note) note_log "$(cat "$dir/log")" ;;
    watch) watch_log "$(cat "$dir/log")" && echo "$largest" >"$dir/largest" ;;
    read) new_log | head -c "$4" >"$dir/new" ;;
    esac
done
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_only_what_this_run_wrote_is_new_on_linux(tmp_path: Path, shell: str) -> None:
    table, runs, shims = Table(tmp_path / "logs"), tmp_path / "runs", tmp_path / "shims"
    shims.mkdir()
    if shell == "busybox":
        for name in ("cat", "cut", "find", "head", "ls", "mv", "od", "sed", "sha256sum", "tail", "tr", "wc"):
            (shims / name).symlink_to(shutil.which("busybox") or "")
    for number, log in enumerate(table.logs.values()):
        (runs / str(number)).mkdir(parents=True)
        (runs / str(number) / "log").write_text(str(log), encoding="utf-8")

    def run(verb: str) -> None:
        text = source("linux_folder.sh", "linux_state.sh", "linux_log.sh") + LINUX
        command = [shell, *(["sh"] if shell == "busybox" else []), "-c", text, "sh", str(runs), "-", verb, str(LIMIT)]
        environment = {"PATH": f"{shims}:{os.environ['PATH']}"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")

    run("note")
    if shell == "busybox":
        _age(table)  # its find compares whole seconds
    table.play(lambda: run("watch"))
    run("read")

    assert {name: (runs / str(number) / "new").read_bytes() for number, name in enumerate(TABLE)} == {
        name: row.new for name, row in TABLE.items()
    }


def _age(table: Table) -> None:
    """Let the start be a minute ago."""
    for path in (*table.logs.values(), *(table.logs["left alone"].parents[2] / "runs").glob("*/log-before")):
        if path.exists():
            os.utime(path, (path.stat().st_mtime - 60,) * 2)


WINDOWS = """
foreach ($dir in [IO.Directory]::GetDirectories('C:\\runs')) {
    $log = [IO.File]::ReadAllText("$dir\\log")
    switch ($args[0]) {
        'note' { [IO.File]::WriteAllText("$dir\\launch.json", (Get-LogFacts $log | ConvertTo-Json)) }
        'watch' {
            $facts = Get-Facts $dir
            $largest = $facts.logLength
            if (Test-Path "$dir\\largest") { $largest = [IO.File]::ReadAllText("$dir\\largest") }
            [IO.File]::WriteAllText("$dir\\largest", (Watch-Log $dir $facts $largest))
        }
        'read' {
            $file = [IO.File]::Open("$dir\\new", 'Create', 'Write', 'Read')
            Copy-NewLog $dir (Get-Facts $dir) ([long]$args[1]) $file
            $file.Dispose()
        }
    }
}
"""


def test_only_what_this_run_wrote_is_new_on_windows(tmp_path: Path) -> None:
    engine()
    pc: Pc = new_pc(tmp_path / "pc")
    table, runs = Table(pc.disk("C:\\logs")), pc.disk("C:\\runs")
    for number, row in enumerate(TABLE.values()):
        log = f"C:\\logs\\{number}\\" + row.name.replace("/", "\\")
        pc.file(f"C:\\runs\\{number}\\log", log.encode())

    def run(verb: str) -> None:
        done = pc.run("logs", verb, str(LIMIT), script=source("windows_folder.ps1", "windows_log.ps1") + WINDOWS)
        assert (done.exit_code, done.stderr) == (0, "")

    run("note")
    table.play(lambda: run("watch"))
    run("read")

    assert {name: (runs / str(number) / "new").read_bytes() for number, name in enumerate(TABLE)} == {
        name: row.new for name, row in TABLE.items()
    }
