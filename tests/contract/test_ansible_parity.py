"""What we read of an inventory, and whom a pattern chooses, is what ansible-core 2.19 says."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controller.errors import PatternError
from controller.loading import inventory as inventories
from controller.loading import pattern as patterns
from controller.model.fleet import Inventory
from tests.contract.made_up_inventories import made_up

PEER = Path(__file__).with_name("ansible_peer.py")

CUC = """\
all:
  vars: {noi: tỉnh, cap: 0}
  hosts:
    may-le:
  children:
    cuc_tuyen_quang:
      vars: {noi: cục, ansible_user: quantri}
      hosts:
        cuc-pc[01:03]:
      children:
        chi_cuc_yên_sơn:
          vars: {noi: Yên Sơn}
          hosts:
            ys-pc[1:9:4]: {ansible_port: 2222}
            ys-máy-[a:c]:
        chi_cuc_hàm_yên:
          hosts:
            hy-pc[08:11]:2200:
            hy-pc10: {noi: riêng}
        rong:
"""
DIAMOND = """\
dinh:
  children:
    trai: {children: {day: }}
    phai: {children: {giua: {children: {day: {hosts: {h1: , h2: }}}}}}
trai: {vars: {x: trai, y: trai}, hosts: {h3: }}
phai: {vars: {x: phai}}
giua: {vars: {x: giua, z: [1, 2]}}
day: {vars: {z: {a: 1}}}
le: {hosts: {h2: {z: {b: 2}}, h9: }}
"""
PRIORITY = """\
all:
  children:
    a: {hosts: {h1: , h2: }, vars: {x: a, ansible_group_priority: 10}}
    b: {hosts: {h1: , h2: }, vars: {x: b, ansible_group_priority: '9'}}
    c: {hosts: {h1: }, vars: {x: c}}
    d: {hosts: {h2: }, vars: {x: d, ansible_group_priority: 11}}
"""
UNGROUPED = """\
all:
  hosts: {h1: , h2: , h3: }
  children:
    ungrouped: {hosts: {h2: , h4: , h5: {x: 1}}, vars: {u: 1}}
    web: {hosts: {h4: }}
    duy-nhat: {hosts: h6}
"""
KINDS = """\
web:
  hosts:
    h1:
      text: "12"
      number: 012
      sexagesimal: 1:30
      float: 1.5
      exponent: 1e3
      flag: no
      day: 2026-07-01
      none: ~
      nested: {list: [1, {deep: yes}], 7: seven}
      block: |
        dòng một
        dòng hai
      folded: >-
        một
        hai
    fe80::1:
    "[2001:db8::7]:2022":
    10.0.0.[1:3]:
    10.0.0.2: {x: 2}
"""
SWEEP_REFUSES = """\
web:
  vars: {ansible_connection: local, ansible_become: true, ansible_become_user: ai, ansible_ssh_common_args: -J nhay}
  hosts:
    h1: {ansible_user: x, ansible_ssh_user: y, ansible_port: '22'}
    h2: {ansible_connection: winrm, ansible_winrm_transport: kerberos, ansible_psrp_auth: basic}
    h3: {text: "tab\\t, \\u202e, \\e[31m", large: 9007199254740993, small: 1.0e-7, ansible_network_os: ios}
"""
SPACES = """\
Cục tỉnh:
  children:
    Chi cục Sơn Dương: {hosts: {máy 01: {ansible_host: 192.0.2.1}, "máy số [2:3]": }, vars: {noi: Sơn Dương}}
"""
NOBODY = """\
all: {children: {rong: {children: {trong: {vars: {x: 1}}}}, rong-nua: }}
"""
BIG = {
    "hosts.yml": CUC,
    "group_vars/all.yml": "noi: tệp all\ncap: 1\n",
    "group_vars/cuc_tuyen_quang/10-mot.yml": "noi: tệp cục\ncap: 10\n",
    "group_vars/cuc_tuyen_quang/20-hai": "cap: 20\n",
    "group_vars/cuc_tuyen_quang/con/30.json": '{"cap": 30}',
    "group_vars/cuc_tuyen_quang/.an.yml": "cap: 666\n",
    "group_vars/cuc_tuyen_quang/cu.yml~": "cap: 666\n",
    "group_vars/cuc_tuyen_quang/khac.txt": "cap: 666\n",
    "group_vars/cuc_tuyen_quang.yml": "cap: 666\n",
    "group_vars/cuc_tuyen_quang/dau-cham.": "cap: 666\n",
    "group_vars/chi_cuc_yên_sơn.json": '{"noi": "tệp Yên Sơn", "so": [1e3, -2.5E-1, "1e3"]}',
    "group_vars/chi_cuc_hàm_yên.yaml": "cap: 7\nansible_group_priority: 5\n",
    "group_vars/khong_co.yml": "cap: 666\n",
    "group_vars/rong": "",
    "host_vars/hy-pc10": "noi: tệp máy\n",
    "host_vars/ys-máy-b/vars.yml": "ansible_port: 23\n",
    "host_vars/ys-máy-b/b.yml": "ansible_port: 24\nthem: 1\n",
}
FOLDER = {
    "10-goc.yml": "web: {hosts: {h1: {x: 1}, h2: }, vars: {v: mot}}\n",
    "20-them.yaml": "web: {hosts: {h3: , h1: {x: 2, y: 2}}, vars: {w: hai}}\ndb: {children: {web: }}\n",
    "con/30": "db: {hosts: {d1: }, vars: {v: ba}}\n",
    "40.json": '{"moi": {"hosts": {"h1": null}}}',
    "README.md": "not read",
    "cu.yml.bak": "not read",
    "group_vars/web.yml": "g: 1\n",
    "con/group_vars/web.yml": "g: 666\n",
    "host_vars/h3.yml": "h: 3\n",
}
PATTERNS = [
    *("all", "*", "web", "web:db", "web,db", "db:&web", "web:!h1", "!h1", "&web", "h*", "h?", "h[12]", "~h[1-3]"),
    *("web[0]", "web[-1]", "web[0:1]", "web[1:]", "web[-2]", "web[9]", "h*[0]", "h*[1:2]", "all[0:2]", "web[0-1]"),
    *("nobody", "x*", "", ",", "~[", "rong", "~.*pc", "*pc*", "~(ys|hy)-.*", "hy-pc[01]*", "ys-máy-?", "cuc*[0:2]"),
    *("chi_cuc_*", "chi_cuc_yên_sơn", "cuc_tuyen_quang:!chi_cuc_hàm_yên", "hy-pc10,ys-pc1", "all:&ys*:!ys-pc5"),
    *("!ys*,all", "dinh", "le:day", "day:le", "trai:&phai", "a:&b", "ungrouped", "ung*", "al*", "h1,h2", " h1 , h2 "),
    *("10.0.0.*", "10.0.0.2", "fe80::1", "db[0]", "h2:h1", "web[0000000001]"),
    *("Chi cục Sơn Dương,", "máy 01,", "Cục tỉnh,!máy 01", "*Dương", "máy số*,", "Chi cục Sơn Dương[0],"),
]
TO_ANSIBLE_ALL = ("", ",", "~[")
"""Ansible takes these for all hosts."""

CASES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "units and ranges": ("hosts.yml", {"hosts.yml": CUC}),
    "a diamond of groups": ("hosts.yml", {"hosts.yml": DIAMOND}),
    "priorities": ("hosts.yaml", {"hosts.yaml": PRIORITY}),
    "ungrouped hosts": ("hosts", {"hosts": UNGROUPED}),
    "kinds of values and addresses": ("hosts.yml", {"hosts.yml": KINDS}),
    "what only a sweep refuses": ("hosts.yml", {"hosts.yml": SWEEP_REFUSES}),
    "names of several words": ("hosts.yml", {"hosts.yml": SPACES, "group_vars/Cục tỉnh.yml": "cap: 1\n"}),
    "groups without hosts": ("hosts.yml", {"hosts.yml": NOBODY}),
    "variables at all levels": ("hosts.yml", BIG),
    "a folder": (".", FOLDER),
    "a group that is named as the document's own part": ("hosts.yml", {"hosts.yml": "_meta: {hosts: {h1: {x: 1}}}\n"}),
    "json": ("hosts.json", {"hosts.json": '{"all": {"children": {"web": {"hosts": {"h1": {"x": [1, "ư"]}}}}}}'}),
}


@dataclass(frozen=True)
class Pair:
    """An inventory as we read it, and what Ansible says of it."""

    ours: Inventory
    theirs: dict[str, Any]


def written(folder: Path, source: str, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / source


def ask_ansible(
    folder: Path, sources: list[Path], asked: Sequence[str], limits: Sequence[str] = ()
) -> list[dict[str, Any]]:
    question = json.dumps([{"source": str(source), "patterns": asked, "limits": limits} for source in sources])
    done = subprocess.run(
        [sys.executable, str(PEER)],
        input=question,
        capture_output=True,
        encoding="utf-8",
        env=far_from_settings(folder),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def far_from_settings(folder: Path) -> dict[str, str]:
    """Return an environment in which no settings of whoever runs the tests are found."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "ansible.cfg").write_text("[defaults]\n", encoding="utf-8")
    settings = {"ANSIBLE_CONFIG": str(home / "ansible.cfg"), "HOME": str(home), "LC_ALL": "C.UTF-8"}
    return {**settings, "PATH": os.environ["PATH"]}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    folder = tmp_path_factory.mktemp("parity")
    sources = [written(folder / str(index), *case) for index, case in enumerate(CASES.values())]
    answers = ask_ansible(folder, sources, PATTERNS)
    return {
        name: Pair(inventories.load(source), answer)
        for name, source, answer in zip(CASES, sources, answers, strict=True)
    }


@pytest.mark.parametrize("name", CASES)
def test_groups_hosts_and_their_order_are_those_of_ansible(pairs: dict[str, Pair], name: str) -> None:
    assert_same_tree(pairs[name])


@pytest.mark.parametrize("name", CASES)
def test_merged_variables_are_those_of_ansible(pairs: dict[str, Pair], name: str) -> None:
    pair = pairs[name]

    assert json.loads(json.dumps(pair.ours.variables)) == pair.theirs["variables"]


@pytest.mark.parametrize("name", CASES)
def test_a_pattern_chooses_the_hosts_that_ansible_chooses_or_is_refused_where_it_chooses_none(
    pairs: dict[str, Pair], name: str
) -> None:
    pair = pairs[name]
    differing = {}
    for pattern, theirs in pair.theirs["chosen"].items():
        ours = chosen(pair.ours, pattern)
        if ours != (theirs or None) and not refused_on_purpose(pair, pattern):
            differing[pattern] = (ours, theirs)

    assert differing == {}


def test_every_pattern_that_should_choose_hosts_does_so_in_one_inventory_at_least(pairs: dict[str, Pair]) -> None:
    answered = {p for pair in pairs.values() for p in PATTERNS if chosen(pair.ours, p)}

    assert set(PATTERNS) - answered == {"nobody", "x*", *TO_ANSIBLE_ALL, "web[9]", "rong", "h[12]"}


def test_a_limit_file_chooses_what_ansible_chooses(tmp_path: Path) -> None:
    source = written(tmp_path / "i", "hosts.yml", {"hosts.yml": CUC})
    limit = tmp_path / "limit.retry"
    limit.write_text("ys-pc1\n\nhy-pc*\n!hy-pc09\n", encoding="utf-8")
    pattern = f"@{limit}"

    theirs = ask_ansible(tmp_path, [source], [pattern])[0]["chosen"][pattern]

    ours = chosen(inventories.load(source), pattern)
    assert ours is not None
    assert sorted(ours) == sorted(theirs) == ["hy-pc08", "hy-pc10", "hy-pc11", "ys-pc1"]


def test_made_up_inventories_are_read_as_ansible_reads_them(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    dice = random.Random(seed)
    sources = [written(tmp_path / str(index), "hosts.yml", made_up(dice)) for index in range(60)]
    asked = ["all", "g1", "g*:!g2", "g3:g1[0]", "h*[1:3]", "~h[0-4]:&g0", "g*[000000000002]", "*ục,_meta", "!localhost"]

    for source, answer in zip(sources, ask_ansible(tmp_path, sources, asked), strict=True):
        pair = Pair(inventories.load(source), answer)
        because = f"seed {seed}: {source.read_text(encoding='utf-8')}"
        assert_same_tree(pair, because)
        assert json.loads(json.dumps(pair.ours.variables)) == answer["variables"], because
        for pattern, theirs in answer["chosen"].items():
            ours = chosen(pair.ours, pattern)
            assert ours == (theirs or None) or refused_on_purpose(pair, pattern), f"{pattern}: {because}"


def assert_same_tree(pair: Pair, because: str = "") -> None:
    ours = [[group.name, list(group.hosts), list(group.children)] for group in pair.ours.groups.values()]

    assert ours == pair.theirs["groups"], because
    assert [host.name for host in pair.ours.hosts] == pair.theirs["hosts"], because


def chosen(inventory: Inventory, pattern: str) -> list[str] | None:
    try:
        return [host.name for host in patterns.select(inventory, pattern)]
    except PatternError:
        return None


def refused_on_purpose(pair: Pair, pattern: str) -> bool:
    """Say whether we refuse what Ansible passes over, or takes for all: where a slip would choose the wrong hosts."""
    try:
        patterns.select(pair.ours, pattern)
    except PatternError as error:
        stranger = "no group and no host is named" in str(error) or "counts past" in str(error)
        return stranger or pattern in TO_ANSIBLE_ALL
    return False
