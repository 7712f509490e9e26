"""Changing computers: looked at before, looked at again, and nothing touched without `--apply`."""

import hashlib
import json
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from controller.model.verdict import Verdict
from controller.store.ledger import Ledger
from tests.e2e.conftest import Site
from tests.e2e.test_sweep import verdicts

ONE = "sd-pc01"
"""A computer that nothing is wrong with."""

SAYS = """\
name: quet
platforms: [linux]
file: quet.sh
sha256: {sha256}
detect: [--detect]
clean: [--clean]
complete: DONE
found: '^FOUND (?P<threat>\\S+) (?P<object>/.*)$'
removed: '^REMOVED (?P<threat>\\S+) (?P<object>/.*)$'
exit: {{0: done, 2: failed}}
seconds: 30
"""


def pc(site: Site, name: str = ONE) -> Path:
    return site.lab / "pcs" / name


def ours(site: Site, name: str = ONE) -> Path:
    return pc(site, name) / "disk" / "var" / "lib" / "lamsach"


def disk(site: Site, name: str) -> dict[str, tuple[int, bytes]]:
    """Return all that lies on a computer's disk but our own folder: its rights, and its content or target."""
    found = {}
    for path in (pc(site, name) / "disk").rglob("*"):
        if not path.is_relative_to(ours(site, name)):
            mode = path.lstat().st_mode
            content = path.read_bytes() if stat.S_ISREG(mode) else b""
            found[str(path)] = (mode, str(path.readlink()).encode() if path.is_symlink() else content)
    return found


def disks(site: Site) -> dict[str, dict[str, tuple[int, bytes]]]:
    return {name: disk(site, name) for name in site.expected()}


def modes(site: Site, name: str) -> list[str]:
    """Return the modes of the tool's runs that the computer itself has noted."""
    noted = (pc(site, name) / "tool-runs.txt").read_text(encoding="utf-8").splitlines()
    return [line.split()[1] for line in noted]


def placed(site: Site) -> dict[str, tuple[int, int]]:
    """Return what lies in our folders by SHA-256, with what changes when it is written anew."""
    files = (site.lab / "pcs").glob("*/disk/var/lib/lamsach/tools/*/*")
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


# the lab's own tool


def test_a_dry_run_detects_lists_and_changes_nothing(cleaning: Site) -> None:
    before = disks(cleaning)

    done = cleaning.sweep("--format", "json")
    result = json.loads(done.stdout)

    assert done.returncode == 3
    assert "dry run, nothing is changed" in done.stderr
    assert "put 'quet-sach' into our folder, and let it detect only" in done.stderr
    assert disks(cleaning) == before
    assert [modes(cleaning, name) for name in before] == [["detect"]] * len(before)
    found = {host["name"]: host["findings"] for host in result["hosts"] if host["findings"]}
    assert set(found) == {"tp-pc01"}
    assert found["tp-pc01"] == [
        {"tool": "quet-sach", "threat": "Lab.Miner", "object": "/var/tmp/.cap-nhat/kworkerd", "state": "found"}
    ]
    with Ledger.open(cleaning.store) as ledger:
        (attempt,) = ledger.attempts(result["sweep"])["tp-pc01"]
    assert attempt.tasks[-1].plan == ("remove Lab.Miner in /var/tmp/.cap-nhat/kworkerd",)
    assert "With --apply: on tp-pc01, remove Lab.Miner in /var/tmp/.cap-nhat/kworkerd." in done.stderr


def test_apply_cleans_looks_again_keeps_the_log_and_pushes_nothing_twice(cleaning: Site) -> None:
    before, expected = disks(cleaning), cleaning.expected()

    result = cleaning.swept("--apply")
    pushed = placed(cleaning)

    assert verdicts(result) == expected
    assert {each["verdict"] for each in expected.values()} == {"clean", "cleaned", "infected", "unknown"}
    states = {host["name"]: [each["state"] for each in host["findings"]] for host in result["hosts"]}
    assert states["tp-pc01"] == ["removed"]
    assert modes(cleaning, "tp-pc01") == ["clean", "detect"]
    assert [disk(cleaning, name) == before[name] for name in before] == [name != "tp-pc01" for name in before]
    assert not [path for path in disk(cleaning, "tp-pc01") if path.endswith("kworkerd")]

    with Ledger.open(cleaning.store) as ledger:
        (attempt,) = ledger.attempts(result["sweep"])["tp-pc01"]
        logs = [ledger.blob(run.log.sha256) for task in attempt.tasks for run in task.runs if run.log]
    assert [log.splitlines()[0] for log in logs] == [b"quet-sach 1.0 clean", b"quet-sach 1.0 detect"]
    assert b"REMOVED Lab.Miner /var/tmp/.cap-nhat/kworkerd" in logs[0]

    again = verdicts(cleaning.swept("--apply"))

    assert placed(cleaning) == pushed
    assert again["tp-pc01"] == {"verdict": "cleaned", "reason": None}
    assert again["sd-kế-toán"] == expected["sd-kế-toán"]


# a tool of one's own


def book(site: Site, *tasks: Mapping[str, Any]) -> Path:
    """Write a playbook that looks at processes and then does `tasks`."""
    look = {"check_iocs": {"collector": "processes"}}
    play = {"name": "riêng", "hosts": "all", "ioc_lists": [str(site.lab / "iocs.txt")], "tasks": [look, *tasks]}
    path = site.desk / "riêng.yml"
    path.write_text(json.dumps([play], ensure_ascii=False), encoding="utf-8")
    return path


def tool(site: Site, *, clean: str, detect: str = "echo DONE") -> Path:
    """Write a playbook whose tool is a shell script of one branch for each mode."""
    script = f'#!/bin/sh\nif [ "$1" = --clean ]; then\n{clean}\nelse\n{detect}\nfi\n'
    (site.desk / "quet.sh").write_text(script, encoding="utf-8")
    described = SAYS.format(sha256=hashlib.sha256(script.encode()).hexdigest())
    (site.desk / "tool.yaml").write_text(described, encoding="utf-8")
    return book(site, {"clean": {"cleaner": "generic", "tool": "tool.yaml"}})


def sweep(site: Site, playbook: Path, *options: str, limit: str = ONE) -> dict[str, Any]:
    """Sweep one computer, and return what the JSON says of it."""
    done = site.lamsach(
        "sweep", playbook, "-i", site.lab / "inventory.yml", "--format", "json", "--limit", limit, *options
    )
    assert done.stdout, done.stderr
    (host,) = json.loads(done.stdout)["hosts"]
    return dict(host)


def said(host: Mapping[str, Any]) -> tuple[str, str | None]:
    return host["verdict"], host["reason"]


@pytest.mark.parametrize(
    ("clean", "verdict", "reason"),
    [
        ("echo 'REMOVED Lab.X /opt/x'; echo DONE; exit 2", Verdict.UNKNOWN, "match.vanished"),
        ("echo 'FOUND Lab.X /opt/x'; echo DONE", Verdict.INFECTED, "finding.open"),
        ("echo 'half way'", Verdict.UNKNOWN, "look.missing"),
        ("echo 'REMOVED Lab.X /opt/x'; echo DONE", Verdict.CLEANED, None),
    ],
)
def test_the_log_counts_more_than_the_exit_code(
    cleaning: Site, clean: str, verdict: Verdict, reason: str | None
) -> None:
    assert said(sweep(cleaning, tool(cleaning, clean=clean), "--apply")) == (verdict, reason)


def test_a_tool_that_writes_its_log_afresh_loses_no_finding(cleaning: Site) -> None:
    """The second log is longer than the first, and its finding lies where the first log was."""
    log, bad = cleaning.desk / "quet.log", cleaning.desk / "bad"
    detect = f"{{ [ ! -e '{bad}' ] || echo 'FOUND Lab.X /opt/x'; echo scanned; echo DONE; }} >'{log}'"
    playbook = tool(cleaning, clean="exit 2", detect=detect)
    description = cleaning.desk / "tool.yaml"
    description.write_text(f"{description.read_text(encoding='utf-8')}log: '{log}'\n", encoding="utf-8")

    before = said(sweep(cleaning, playbook))
    same = said(sweep(cleaning, playbook))
    bad.touch()
    after = said(sweep(cleaning, playbook))

    assert (before, same, after) == (("clean", None), ("clean", None), ("infected", "finding.open"))


def test_what_a_later_look_still_finds_was_not_removed(cleaning: Site) -> None:
    lies = tool(cleaning, clean="echo 'REMOVED Lab.X /opt/x'; echo DONE", detect="echo 'FOUND Lab.X /opt/x'; echo DONE")

    assert said(sweep(cleaning, lies, "--apply")) == ("infected", "finding.open")


@pytest.mark.parametrize("takes", ['printf x >>"$each"', 'rm -f -- "$each"'])
def test_a_tool_that_is_swapped_or_taken_away_between_push_and_start_is_never_run(cleaning: Site, takes: str) -> None:
    """The computer has something like a virus scanner: at the next `ls` it finds what was placed."""
    shim = pc(cleaning) / "shims" / "ls"
    shim.write_text(
        f'#!/bin/sh\nfor each in "${{0%/*}}"/../disk/var/lib/lamsach/tools/*/quet.sh; do\n[ -f "$each" ] && {takes}\n'
        'done\nPATH=/usr/bin:/bin exec ls "$@"\n',
        encoding="utf-8",
    )
    shim.chmod(0o755)
    ran = cleaning.desk / "ran"

    host = sweep(cleaning, tool(cleaning, clean=f"touch '{ran}'; echo DONE"), "--apply")

    assert said(host) == ("unknown", "clean.interrupted")
    assert host["not_reached_why"] == "tool.blocked"
    assert not ran.exists()


def test_a_disk_that_is_too_full_for_twice_the_tool_gets_nothing(cleaning: Site) -> None:
    shim = pc(cleaning) / "shims" / "df"
    shim.write_text("#!/bin/sh\necho head\necho disk 9 9 0 100% /\n", encoding="utf-8")
    shim.chmod(0o755)

    host = sweep(cleaning, tool(cleaning, clean="echo DONE"), "--apply")

    assert said(host) == ("unknown", "look.missing")
    assert host["not_reached_why"] == "host.disk_full"
    assert "0 KB are free" in host["detail"]
    assert not placed(cleaning)


# push


def test_a_dest_is_written_with_apply_only_and_a_file_that_is_there_is_left_alone(cleaning: Site) -> None:
    (cleaning.desk / "hướng dẫn.txt").write_text("Rút dây mạng.\n", encoding="utf-8")
    pushes = book(cleaning, {"push": {"file": "hướng dẫn.txt", "dest": "/opt/lamsach/đọc tôi.txt"}})
    dest = pc(cleaning) / "disk" / "opt" / "lamsach" / "đọc tôi.txt"
    before = disk(cleaning, ONE)

    dry = sweep(cleaning, pushes)

    assert said(dry) == ("clean", None)
    assert disk(cleaning, ONE) == before
    assert not placed(cleaning)

    assert said(sweep(cleaning, pushes, "--apply")) == ("clean", None)
    assert dest.read_text(encoding="utf-8") == "Rút dây mạng.\n"
    written, kept = dest.stat(), placed(cleaning)
    assert said(sweep(cleaning, pushes, "--apply")) == ("clean", None)
    assert (dest.stat(), placed(cleaning)) == (written, kept)


def test_a_folder_where_a_file_should_go_is_left_alone_and_ends_further_changes(cleaning: Site) -> None:
    (cleaning.desk / "a.txt").touch()
    pushes = book(
        cleaning,
        {"push": {"file": "a.txt", "dest": "/etc"}},
        {"push": {"file": "a.txt", "dest": "/opt/never.txt"}},
    )

    host = sweep(cleaning, pushes, "--apply")

    assert said(host) == ("clean", None)
    assert host["not_reached_why"] == "push.failed"
    assert "is not a plain file" in host["detail"]
    assert not (pc(cleaning) / "disk" / "opt" / "never.txt").exists()


def test_a_sweep_that_has_ended_is_not_resumed(cleaning: Site) -> None:
    (cleaning.desk / "a.txt").write_text("một", encoding="utf-8")
    pushes = book(cleaning, {"push": {"file": "a.txt"}})
    assert said(sweep(cleaning, pushes)) == ("clean", None)

    done = cleaning.lamsach("sweep", pushes, "-i", cleaning.lab / "inventory.yml", "--resume")

    assert (done.returncode, done.stdout) == (2, "")
    assert "has no unfinished sweep of playbook" in done.stderr


# clamscan

BAD = b"a file that only our own signature calls bad, 7d1f"


def clamav(site: Site) -> Path:
    """Write a playbook that sends signatures of our own along and lets the real clamscan use them."""
    program = shutil.which("clamscan")
    if program is None:
        pytest.skip("needs clamscan: apt-get install clamav")
    shutil.copy(program, site.desk / "clamscan")
    (site.desk / "own.ndb").write_text(f"Lamsach.Test:0:*:{BAD.hex()}\n", encoding="utf-8")
    signatures = hashlib.sha256((site.desk / "own.ndb").read_bytes()).hexdigest()
    own = ["-d", f"{{folder}}/tools/{signatures}/own.ndb"]
    described = {
        "name": "clamscan",
        "platforms": ["linux"],
        "file": "clamscan",
        "sha256": hashlib.sha256((site.desk / "clamscan").read_bytes()).hexdigest(),
        "detect": own,
        "clean": own,
        "seconds": 60,
    }
    (site.desk / "tool.yaml").write_text(json.dumps(described), encoding="utf-8")
    roots = {"linux": ["/home", "/opt"]}
    return book(
        site,
        {"push": {"file": "own.ndb"}},
        {"clean": {"cleaner": "clamav", "tool": "tool.yaml", "roots": roots}},
    )


def test_the_real_clamscan_detects_in_a_dry_run_and_moves_to_quarantine_with_apply(cleaning: Site) -> None:
    playbook = clamav(cleaning)
    bad = next((pc(cleaning) / "disk" / "home").iterdir()) / "Tải xuống" / "độc.bin"
    bad.write_bytes(BAD)
    before = disk(cleaning, ONE)
    finding = {
        "tool": "clamscan",
        "threat": "Lamsach.Test.UNOFFICIAL",
        "object": f"/{bad.relative_to(pc(cleaning) / 'disk')}",
    }

    dry = sweep(cleaning, playbook)

    assert said(dry) == ("infected", "finding.open")
    assert dry["findings"] == [{**finding, "state": "found"}]
    assert disk(cleaning, ONE) == before

    applied = sweep(cleaning, playbook, "--apply")

    assert said(applied) == ("cleaned", None)
    assert applied["findings"] == [{**finding, "state": "quarantined"}]
    assert not bad.exists()
    assert [path.read_bytes() for path in (ours(cleaning) / "quarantine").iterdir()] == [BAD]
    assert said(sweep(cleaning, playbook)) == ("cleaned", None)
