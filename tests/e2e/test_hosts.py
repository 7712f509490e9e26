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
    assert (accepted.returncode, "\n1 key added." in accepted.stdout) == (0, True)
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
    assert re.search(r"\nsd-pc01: changed: '.*' shows ssh-ed25519 .*; known is ssh-ed25519 SHA256:", done.stdout)
    assert "remove the old line of known_hosts and scan again." in done.stdout
    assert (site.desk / "known_hosts").read_bytes() == before
    assert (swept.returncode, "hostkey.changed" in swept.stdout) == (4, True)


def test_a_damaged_line_of_a_host_makes_its_key_changed_and_never_new(site: Site) -> None:
    inventory = forget(site)
    site.lamsach("hosts", "scan", "-i", inventory, "--limit", "sd-pc01", "--accept")
    known = site.desk / "known_hosts"
    known.write_text(f"# hôm qua\n{known.read_text(encoding='utf-8').rstrip()[:-1]}\n", encoding="utf-8")
    before = known.read_bytes()

    done = site.lamsach("hosts", "scan", "-i", inventory, "--limit", "sd-pc01", "--accept")
    swept = site.lamsach("sweep", "sweep.yml", "-i", inventory, "--limit", "sd-pc01")

    assert (done.returncode, known.read_bytes()) == (1, before)
    assert re.search(r"sd-pc01\s+changed", done.stdout)
    assert "0 keys added." in done.stdout
    for said in (done.stdout, site.lamsach("show", "sd-pc01").stdout):
        assert "line 2 of known_hosts may be its key, and cannot be read" in said
    assert (swept.returncode, "hostkey.changed" in swept.stdout) == (4, True)


def test_computers_over_winrm_are_counted_and_not_passed_over_in_silence(site: Site) -> None:
    inventory = site.copied()
    windows = "{ansible_connection: psrp, ansible_psrp_auth: ntlm, ansible_psrp_protocol: http}"
    with inventory.open("a", encoding="utf-8") as file:
        file.write(f"windows: {{vars: {windows}, hosts: {{w-pc01: , w-pc02: }}}}\n")

    both = site.lamsach("hosts", "scan", "-i", inventory, "--limit", "sd-pc01,windows")
    one = site.lamsach("hosts", "scan", "-i", inventory, "--limit", "sd-pc01")

    assert (both.returncode, one.returncode) == (0, 0), both.stderr
    assert both.stdout == one.stdout + "Reached over WinRM, where there is no SSH key: 2 computers.\n"
