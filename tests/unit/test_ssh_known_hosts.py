"""known_hosts as OpenSSH writes it, and as we add to it."""

import base64
import hmac
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controller.errors import LineError, Reason
from controller.transports.known_hosts import HostKey, KnownHosts, Trust, append, name_of
from tests.sshd import make_key

KEY = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIAVUd8dReqjNMYG57PVMcQluADz1oP9istAmw34/zORs")
OTHER = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
WRITTEN = f"{KEY.type} {KEY.base64}"


def reason(trust: Trust, key: HostKey = KEY) -> Reason | None:
    try:
        trust.check(key)
    except LineError as error:
        return error.reason
    return None


def hashed_name(name: str) -> str:
    digest = hmac.digest(b"salt", name.encode(), "sha1")
    return f"|1|c2FsdA==|{base64.b64encode(digest).decode()}"


KNOWN = {
    "plain": f"pc-01 {WRITTEN}",
    "one of several names": f"pc-00,PC-01,192.0.2.1 {WRITTEN}",
    "with a comment": f"  pc-01 {WRITTEN} root@pc-01",
    "a wildcard": f"pc-* {WRITTEN}",
    "a question mark": f"pc-0? {WRITTEN}",
    "between tabs": f"\tpc-01\t{KEY.type}\t{KEY.base64}\tnote",
    "with the line ends of Windows": f"# note\r\npc-01 {WRITTEN}\r\n",
    "with the line ends of Windows twice": f"pc-01 {WRITTEN}\r\r\n",
    "among other lines": f"# note\n\nnonsense\npc-01 {OTHER.type} {OTHER.base64}\npc-01 {WRITTEN}",
}
UNKNOWN = {
    "nothing": "",
    "another name": f"pc-011,xpc-01 {WRITTEN}",
    "a note": f"#pc-01 {WRITTEN}",
    "another port": f"[pc-01]:2222 {WRITTEN}",
    "excepted": f"pc-*,!pc-01 {WRITTEN}",
    "only excepted": f"!pc-02 {WRITTEN}",
    "a dot that is no wildcard": f"pc.01* {WRITTEN}",
    **{
        f"behind U+{ord(each):04X} in a comment": f"pc-02 {OTHER.type} {OTHER.base64} note{each}pc-01 {WRITTEN}"
        for each in "\v\f\x1c\x1d\x1e\x85\u2028\u2029"
    },
    "behind a carriage return in a comment": f"pc-02 {OTHER.type} {OTHER.base64} note\rpc-01 {WRITTEN}",
    "damaged, but another's": "pc-02 ssh-ed25519 A\npc-0?,!pc-01 ssh-ed25519 A",
    "damaged, and of another hashed name": f"{hashed_name('pc-02')} ssh-ed25519 A",
}
UNREAD = {
    "a key that is none": "pc-01 ssh-ed25519 A",
    "cut short": "pc-01 ssh-ed25519",
    "a name alone": "pc-01",
    "one of several names": "pc-00,PC-01 ssh-ed25519 A",
    "a wildcard": "pc-* ssh-ed25519 A",
    "a hashed name": f"{hashed_name('pc-01')} ssh-ed25519 A",
    "a hash that nobody can read": f"|1|x|y {WRITTEN}",
    "half a hash": f"|1|onlyone {WRITTEN}",
    "a hash that lost its end": f"|1|c2FsdA==|c2FsdA== {WRITTEN}",
    "an unknown marker": f"@other pc-01 {WRITTEN}",
    "a revocation": "@revoked * ssh-ed25519 A",
    "an authority": "@cert-authority pc-01 ssh-ed25519 A",
}


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
def test_a_known_key_passes(text: str) -> None:
    assert reason(KnownHosts(text).about("pc-01", 22)) is None


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_a_host_without_a_line_is_unknown(text: str) -> None:
    assert reason(KnownHosts(text).about("pc-01", 22)) is Reason.HOSTKEY_UNKNOWN


@pytest.mark.parametrize("text", UNREAD.values(), ids=UNREAD)
def test_a_line_that_cannot_be_read_stands_for_another_key_and_never_for_none(text: str) -> None:
    with pytest.raises(LineError, match=r"line 2 of known_hosts may be its key, and cannot be read") as caught:
        KnownHosts(f"# note\n{text}\n").about("pc-01", 22).check(KEY)

    assert caught.value.reason is Reason.HOSTKEY_CHANGED


def test_beside_a_line_that_cannot_be_read_the_known_key_still_passes_and_no_other() -> None:
    trust = KnownHosts(f"pc-01 {WRITTEN}\npc-01 ssh-rsa A").about("pc-01", 22)

    assert reason(trust) is None
    assert reason(trust, OTHER) is Reason.HOSTKEY_CHANGED


@pytest.mark.parametrize("line", ["@revoked pc-01 ssh-ed25519 A", f"@revokd pc-01 {WRITTEN}"])
def test_no_key_passes_beside_a_revocation_that_cannot_be_read(line: str) -> None:
    assert reason(KnownHosts(f"pc-01 {WRITTEN}\n{line}").about("pc-01", 22)) is Reason.HOSTKEY_CHANGED


def test_another_port_is_another_host() -> None:
    known = KnownHosts(f"[pc-01]:2222 {WRITTEN}")

    assert reason(known.about("PC-01", 2222)) is None
    assert known.about("pc-01", 2222).types == ("ssh-ed25519",)


def test_another_key_than_the_known_one_has_changed() -> None:
    assert reason(KnownHosts(f"pc-01 {WRITTEN}").about("pc-01", 22), OTHER) is Reason.HOSTKEY_CHANGED


def test_another_type_than_the_known_one_has_changed() -> None:
    assert reason(KnownHosts(f"pc-01 ssh-rsa {KEY.base64}").about("pc-01", 22)) is Reason.HOSTKEY_CHANGED


def test_a_revoked_key_never_passes() -> None:
    text = f"pc-01 {WRITTEN}\n@revoked * {WRITTEN}"

    assert reason(KnownHosts(text).about("pc-01", 22)) is Reason.HOSTKEY_CHANGED


def test_a_certificate_authority_is_said_to_be_unsupported() -> None:
    with pytest.raises(LineError, match="certificate authority"):
        KnownHosts(f"@cert-authority *.lan,pc-* {WRITTEN}").about("pc-01", 22).check(KEY)


def test_a_fingerprint_is_spelled_as_openssh_does(tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("needs ssh-keygen: apt-get install openssh-client")
    key = make_key(tmp_path / "key")
    said = subprocess.run(["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True)

    assert said.stdout.split()[1] == key.fingerprint


@pytest.mark.parametrize("hashed", [False, True], ids=["plain", "hashed"])
@pytest.mark.parametrize(("address", "port"), [("pc-01", 22), ("192.0.2.1", 2222), ("2001:db8::1", 22)])
def test_what_we_add_openssh_and_we_find(tmp_path: Path, address: str, port: int, hashed: bool) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("needs ssh-keygen: apt-get install openssh-client")
    path = tmp_path / "ssh" / "known_hosts"
    name = name_of(address, port)
    added = append(path, [(name, KEY)], hashed=hashed)
    found = subprocess.run(["ssh-keygen", "-F", name, "-f", path], capture_output=True, text=True, check=True)

    assert added == 1
    assert WRITTEN in found.stdout
    assert reason(KnownHosts.read(path).about(address, port)) is None
    assert (address in path.read_text()) is not hashed


def test_what_openssh_hashed_we_find(tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("needs ssh-keygen: apt-get install openssh-client")
    path = tmp_path / "known_hosts"
    path.write_text(f"pc-01,192.0.2.1 {WRITTEN}\n")
    subprocess.run(["ssh-keygen", "-H", "-f", path], capture_output=True, check=True)

    assert "pc-01" not in path.read_text()
    assert reason(KnownHosts.read(path).about("pc-01", 22)) is None
    assert reason(KnownHosts.read(path).about("192.0.2.1", 22)) is None
    assert reason(KnownHosts.read(path).about("pc-02", 22)) is Reason.HOSTKEY_UNKNOWN


def test_a_new_file_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "ssh" / "known_hosts"
    append(path, [("pc-01", KEY)])

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_last_line_without_an_end_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"pc-00 {WRITTEN}")
    append(path, [("pc-01", KEY)])

    assert path.read_text() == f"pc-00 {WRITTEN}\npc-01 {WRITTEN}\n"


def test_what_is_there_is_not_added_again(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    append(path, [("pc-01", KEY)], hashed=True)

    assert append(path, [("pc-01", KEY), ("pc-02", KEY)]) == 1
    assert append(path, [("pc-01", KEY), ("pc-02", KEY)]) == 0


def test_a_name_that_would_break_its_line_is_hidden(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    append(path, [("pc 01\n*", KEY)])

    assert len(path.read_text().splitlines()) == 1
    assert reason(KnownHosts.read(path).about("pc-77", 22)) is Reason.HOSTKEY_UNKNOWN


def test_those_who_add_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    names = [f"pc-{number:02}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: append(path, [(name, KEY)]), names))

    assert sorted(path.read_text().splitlines()) == [f"{name} {WRITTEN}" for name in names]
