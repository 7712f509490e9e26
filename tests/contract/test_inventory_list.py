"""`lamsach inventory list` prints what `ansible-inventory --list` prints, and shows no secret and nothing raw."""

import json
import random
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from controller.app.inventory import KEPT_BY_ANSIBLE
from controller.cli.inventory import inventory as command
from controller.errors import PatternError
from controller.loading import inventory as inventories
from tests.contract.made_up_inventories import made_up
from tests.contract.test_ansible_parity import (
    CASES,
    Pair,
    ask_ansible,
    far_from_settings,
    refused_on_purpose,
    written,
)

LIMITS: Final = (
    *(
        "",
        "all",
        "web",
        "web[0]",
        "h*[0]",
        "~h[1-3]",
        "!h1",
        "ungrouped",
        "rong",
        "nobody",
        "h1,h3",
        "all:&le",
        "d*:!h2",
    ),
    *("chi_cuc_*", "cuc_tuyen_quang:!chi_cuc_hàm_yên", "~(ys|hy)-.*", "ys-máy-?", "10.0.0.*", "fe80::1"),
)


def list_hosts(source: Path, limit: str = "", form: str = "ansible") -> Result:
    limited = ["--limit", limit] if limit else []
    return CliRunner().invoke(command, ["list", "-i", str(source), "--format", form, *limited])


def differing(source: Path, theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits at which we say something else, or refuse what Ansible answers with hosts."""
    found = {}
    for limit, document in theirs.items():
        ours = list_hosts(source, limit)
        if ours.exception is None:
            same = json.loads(ours.output) == document
        else:
            assert isinstance(ours.exception, PatternError), ours.exception
            nobody = not document["_meta"]["hostvars"]
            same = nobody or refused_on_purpose(Pair(inventories.load(source), {}), limit)
        if not same:
            found[limit] = (ours.output, document)
    return found


def test_the_document_is_that_of_ansible_with_and_without_a_limit(tmp_path: Path) -> None:
    sources = [written(tmp_path / str(index), *case) for index, case in enumerate(CASES.values())]

    for source, answer in zip(sources, ask_ansible(tmp_path, sources, [], LIMITS), strict=True):
        assert differing(source, answer["listed"]) == {}
    answered = {limit for limit in LIMITS for source in sources if list_hosts(source, limit).exception is None}
    assert set(LIMITS) - answered == {"nobody", "rong"}


def test_variables_that_ansible_sets_itself_are_not_listed(tmp_path: Path) -> None:
    variables = "{groups: 1, role_name: máy chủ, inventory_dir: x, ansible_version: 2, vars: 3, omit: 4}"
    source = written(tmp_path / "i", "hosts.yml", {"hosts.yml": f"web: {{vars: {variables}, hosts: {{h1: }}}}\n"})
    answer = ask_ansible(tmp_path, [source], [], [""])[0]

    assert json.loads(list_hosts(source).output) == answer["listed"][""]
    assert answer["listed"][""]["_meta"]["hostvars"] == {"h1": {"vars": 3, "omit": 4}}
    assert sorted(KEPT_BY_ANSIBLE) == answer["kept"]


def test_the_document_of_made_up_inventories_is_that_of_ansible(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    dice = random.Random(seed)
    sources = [written(tmp_path / str(index), "hosts.yml", made_up(dice)) for index in range(60)]
    limits = ["", "g1:h0", "all:!g0", "g*[0]"]

    for source, answer in zip(sources, ask_ansible(tmp_path, sources, [], limits), strict=True):
        assert differing(source, answer["listed"]) == {}, f"seed {seed}: {source.read_text(encoding='utf-8')}"


def test_the_document_is_that_of_the_program_itself(tmp_path: Path) -> None:
    source = written(tmp_path / "i", *CASES["variables at all levels"])
    program = Path(sys.executable).with_name("ansible-inventory")
    asked: list[str | Path] = [program, "-i", source, "--list", "--limit", "chi_cuc_yên_sơn"]

    theirs = subprocess.run(asked, env=far_from_settings(tmp_path), capture_output=True, check=True).stdout

    assert json.loads(list_hosts(source, "chi_cuc_yên_sơn").output) == json.loads(theirs)


def test_letters_of_a_name_are_printed_as_they_are_and_those_that_hide_by_number(tmp_path: Path) -> None:
    hidden = r'"\x7f\x9b\u2028\u2029\u200e"'
    source = written(tmp_path, "hosts.yml", {"hosts.yml": f"all: {{hosts: {{máy-lẻ: {{tên: {hidden}}}}}}}\n"})

    said = list_hosts(source).output

    assert r'"tên": "\u007f\u009b\u2028\u2029\u200e"' in said
    assert json.loads(said)["_meta"]["hostvars"] == {"máy-lẻ": {"tên": json.loads(hidden.replace(r"\x", r"\u00"))}}


def test_names_stand_one_a_line_in_the_order_of_the_pattern(tmp_path: Path) -> None:
    source = written(tmp_path, *CASES["units and ranges"])

    assert list_hosts(source, "hy-pc1*,cuc-pc01", "names").output == "hy-pc10\nhy-pc11\ncuc-pc01\n"
    assert list_hosts(written(tmp_path, "không.yml", {"không.yml": "all: {}\n"}), form="names").output == ""


def test_the_names_are_a_limit_file_that_chooses_the_same_hosts(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "ys-máy-lẻ")
    source = written(tmp_path, "hosts.yml", {"hosts.yml": f"mot: {{hosts: {{h1: , {decomposed}: , ys-máy-lẻ: }}}}\n"})
    names = list_hosts(source, "~ys", "names").output
    (tmp_path / "limit.txt").write_text(names, encoding="utf-8")

    assert list_hosts(source, f"@{tmp_path / 'limit.txt'}", "names").output == names
    assert names.splitlines() == [decomposed, "ys-máy-lẻ"]


REACHED = """\
all:
  children:
    mot:
      vars: {ansible_user: quantri, lamsach_unit: {id: cc-mot, name: Chi cục Một}, lamsach_secret: 'env:KHONG_CO'}
      hosts:
        pc-01: {ansible_host: 192.0.2.1, ansible_port: 2222}
        pc-02: {ansible_ssh_private_key_file: khong-co, ansible_ssh_common_args: -J nhay, ansible_connection: local}
        pc-03: {lamsach_secret: , ansible_user: , ansible_connection: psrp}
"""


def test_the_table_says_how_each_host_is_reached_though_a_sweep_would_refuse_it(tmp_path: Path) -> None:
    done = list_hosts(written(tmp_path, "hosts.yml", {"hosts.yml": REACHED}), form="table")

    assert done.exception is None
    assert [line.split() for line in done.output.splitlines()[2:]] == [
        ["pc-01", "cc-mot", "192.0.2.1:2222", "ssh", "quantri", "secret"],
        ["pc-02", "cc-mot", "pc-02", "local", "quantri", "key"],
        ["pc-03", "cc-mot", "pc-03", "psrp", "none"],
    ]


def test_no_form_of_the_list_shows_a_secret_or_acts_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAT_KHAU", "chim-hoàng-yến")
    hostile = '"\\e]0;x\\a\\u202e"'
    text = (
        f"all: {{hosts: {{pc-01: {{ansible_connection: {hostile}, x: {hostile}, lamsach_secret: 'env:MAT_KHAU'}}}}}}\n"
    )
    source = written(tmp_path, "hosts.yml", {"hosts.yml": text})

    said = "".join(list_hosts(source, form=form).output for form in ("table", "names", "ansible"))

    assert "chim-hoàng-yến" not in said
    assert said.replace("\n", "").isprintable()
    assert r'"x": "\u001b]0;x\u0007\u202e"' in said
    assert "env:MAT_KHAU" in said
