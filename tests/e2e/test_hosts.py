"""`lamsach hosts scan` over a lab of real SSH servers."""

import re
from pathlib import Path

from tests.e2e.conftest import Site


def scan(site: Site, *options: str) -> tuple[int, str]:
    done = site.lamsach("hosts", "scan", "-i", site.lab / "inventory.yml", *options)
    return done.returncode, done.stdout + done.stderr


def forget(site: Site) -> Path:
    """Give the operator an inventory with an empty file of known hosts."""
    inventory = site.copied()
    (site.desk / "known_hosts").write_bytes(b"")
    return inventory


def test_an_empty_limit_never_means_all(site: Site) -> None:
    status, said = scan(site, "--limit", "")

    assert (status, "'--limit' is empty" in said) == (2, True)


def test_known_keys_are_compared_and_silent_hosts_named(site: Site) -> None:
    status, said = scan(site, "--limit", "sd-pc01,tp-pc03")

    assert status == 1
    assert re.search(r"sd-pc01\s+known\s+ssh-ed25519\s+SHA256:", said)
    assert re.search(r"tp-pc03\s+silent\s+reach.refused", said)


def test_an_unknown_host_is_not_logged_on_to_until_its_key_is_accepted(site: Site) -> None:
    inventory = forget(site)
    logons = (site.lab / "logons.jsonl").read_bytes() if (site.lab / "logons.jsonl").exists() else b""
    sweep = ("sweep", "sweep.yml", "-i", inventory, "--limit", "sd-pc01")

    refused = site.lamsach(*sweep)
    looked = site.lamsach("hosts", "scan", "-i", inventory, "--limit", "sd-pc01")
    unchanged = (site.desk / "known_hosts").read_text(encoding="utf-8")
    after = (site.lab / "logons.jsonl").read_bytes() if (site.lab / "logons.jsonl").exists() else b""
    accepted = site.lamsach("hosts", "scan", "-i", inventory, "--limit", "sd-pc01", "--accept")
    swept = site.lamsach(*sweep)

    assert (refused.returncode, "hostkey.unknown" in refused.stdout) == (4, True)
    assert after == logons
    assert (looked.returncode, unchanged) == (1, "")
    assert re.search(r"sd-pc01\s+new\s+ssh-ed25519", looked.stdout)
    assert (accepted.returncode, "1 keys added." in accepted.stdout) == (0, True)
    assert swept.returncode == 0, swept.stdout


def test_a_changed_key_is_never_added(site: Site) -> None:
    inventory = forget(site)
    lines = (site.lab / "known_hosts").read_text(encoding="utf-8").splitlines()
    names, keys = [line.split(" ", 1)[0] for line in lines], [line.split(" ", 1)[1] for line in lines]
    (site.desk / "known_hosts").write_text(
        "".join(f"{name} {key}\n" for name, key in zip(names, keys[1:] + keys[:1], strict=True)), encoding="utf-8"
    )
    before = (site.desk / "known_hosts").read_bytes()

    done = site.lamsach("hosts", "scan", "-i", inventory, "--limit", "sd-pc01", "--accept")
    swept = site.lamsach("sweep", "sweep.yml", "-i", inventory, "--limit", "sd-pc01")

    assert done.returncode == 1
    assert re.search(r"sd-pc01\s+changed", done.stdout)
    assert (site.desk / "known_hosts").read_bytes() == before
    assert (swept.returncode, "hostkey.changed" in swept.stdout) == (4, True)
