"""An inventory is read whole or refused with the place of what is wrong."""

# ruff: noqa: E501  # a table of mistakes reads best with one a line

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.errors import InventoryError, Where
from controller.loading import inventory as inventories
from controller.model.fleet import Connection, Host, Inventory, Order, Unit

CUC = """\
all:
  vars: {ansible_user: quantri, lamsach_known_hosts: known_hosts}
  hosts: {khách: }
  children:
    cuc:
      vars:
        lamsach_unit: {id: cuc, name: Cục THADS, name_lines: [Cục, THADS], kind: cục, place: Tuyên Quang, headcount: 9}
        lamsach_order: {number: 1/KH, date: 2026-07-01, basis: [Luật], addressee: Tổng cục, deadline: 31/12}
      hosts:
        cuc-pc1: {lamsach_users: [an, bình]}
      children:
        yen_son:
          vars: {lamsach_unit: {id: yên-sơn, name: Chi cục Yên Sơn, parent: cuc, order: 2, signer_title: Chi cục trưởng}}
          children: {may: {hosts: {ys-pc1: }}}
        rong:
          vars: {lamsach_unit: {id: rong, name: Chi cục rỗng, order: 1}}
"""

BAD = [
    ("", "1:1: the inventory is empty; write a group with hosts"),
    ("{}", "1:1: the inventory is empty; write a group with hosts"),
    ("a: {hosts: {'!h': }}\n", "1:13: '!h' cannot name a host; begin it with neither '!' nor '&', which a pattern takes for 'not' and 'both'"),
    ("- a\n", "1:1: 'inventory': expected a mapping; got a list"),
    ("pc1 x=1\n", "1:1: 'inventory': expected a mapping; got a single value"),
    ("plugin: aws\n", "1:1: inventory plugins are not run; write the hosts out as YAML"),
    ("a:\n  host: {h: }\n", "2:3: 'a': expected the key 'hosts', 'children' or 'vars'; got 'host': did you mean 'hosts'?"),
    ("a:\n  hosts:\n    - h\n", "3:5: 'hosts': expected a mapping; got a list: write 'name:' on a line of its own for each"),
    ("a: {vars: x}\n", "1:11: 'vars': expected a mapping; got a single value"),
    ("a: {hosts: {h: 5}}\n", "1:16: 'h': expected a mapping; got a single value"),
    ("a: {hosts: {7: }}\n", "1:13: 'host': expected a name; got the number '7': put it in quotes"),
    ("a: {hosts: {'pc[5:1]': }}\n", "1:13: 'pc[5:1]': expected a range that counts up; mend the range"),
    ("a: {hosts: {'p c=mat-khau': }}\n", "1:13: 'p …' cannot name a host; this looks like a line of INI; write the variables below the name"),
    ("a: {hosts: {'p ': }}\n", "1:13: 'p …' cannot name a host; use no '/', no control letter, and no space at its ends"),
    ("a: {hosts: {'../p': }}\n", "1:13: '../p' cannot name a host; use no '/', no control letter, and no space at its ends"),
    ('a: {hosts: {"p\\u202e": }}\n', "1:13: 'p\\u202e' cannot name a host; use no '/', no control letter, and no space at its ends"),
    ("..: {hosts: {h: }}\n", "1:1: '..' cannot name a group; write a name"),
    (f"{'g' * 256}: \n", f"1:1: '{'g' * 59}…' cannot name a group; use at most 255 letters instead of 256"),
    ("a: {children: {b: {children: {a: }}}}\n", "1:16: 'b' would hold itself through 'a'; take it out of these children"),
    ("a: {children: {all: }}\n", "1:16: 'all' cannot be a child of 'a'; take it out of these children"),
    ("ungrouped:\n  children: {a: }\n", "2:3: 'ungrouped' takes hosts and vars only; move its children elsewhere"),
    ("a: {hosts: {a: }}\n", "1:13: 'a' is a group and a host; rename one of them"),
    ("a: {vars: {x: 'b {{ c }}'}}\n", "1:15: '{{' begins a Jinja template, which is not read here; write the value out"),
    ("a: {hosts: {h: {x: [{y: '{% z %}'}]}}}\n", "1:25: '{%' begins a Jinja template, which is not read here; write the value out"),
    ("a: {vars: {ansible_group_priority: cao}}\n", "1:36: 'ansible_group_priority': expected a whole number; got the text 'cao'"),
    ("a: {vars: {lamsach_user: [x]}}\n", "1:12: there is no variable 'lamsach_user'; mend its name: did you mean 'lamsach_users'?"),
    ("a: {hosts: {h: {lamsach_unit: {id: x}}}}\n", "1:17: 'lamsach_unit' stands at a host; move it to the vars of a group"),
    ("a: {vars: {lamsach_unit: {id: x}}}\n", "1:26: 'lamsach_unit': expected the key 'name' with a value; got 'id'"),
    ("a: {vars: {lamsach_unit: {id: 5, name: x}}}\n", "1:31: 'id': expected text; got the number '5': put it in quotes"),
    ("a: {vars: {lamsach_unit: {id: ../x, name: x}}}\n", "1:31: 'id': expected letters, digits, '-', '_' and '.', at most 64; got the text '../x'"),
    ("a: {vars: {lamsach_unit: {id: x, name: x, headcount: -1}}}\n", "1:54: 'headcount': expected a whole number from 0 to 1000000; got the number '-1'"),
    ("a: {vars: {lamsach_unit: {id: x, name: x, order: yes}}}\n", "1:50: 'order': expected a whole number from 0 to 1000000; got the yes-or-no value 'yes'"),
    ('a: {vars: {lamsach_unit: {id: x, name: "x\\u00ad"}}}\n', "1:40: 'name': expected one line of text; got the control letter U+00AD"),
    ("a: {vars: {lamsach_unit: {id: x, name: x, parent: y}}}\n", "1:51: the unit 'x' has the parent 'y', but its group lies in no unit; mend one of them"),
    ("a: {vars: {lamsach_unit: {id: x, name: x}}}\nb: {vars: {lamsach_unit: {id: x, name: y}}}\n", "2:31: the unit 'x' stands here twice, first at hosts.yml:1:31; give each its own id"),
    ("a: {hosts: {h: }, vars: {lamsach_unit: {id: x, name: x}}}\nb: {hosts: {h: }, vars: {lamsach_unit: {id: y, name: y}}}\n", "2:13: 'h' belongs to the units 'x' and 'y', neither of which holds the other; take it out of one"),
    ("a: {vars: {lamsach_order: {}}}\nb: {vars: {lamsach_order: {}}}\n", "2:12: 'lamsach_order' stands here twice, first at hosts.yml:1:12; keep one"),
    ("a: {vars: {lamsach_order: {numbr: x}}}\n", "1:28: 'lamsach_order': expected the key 'number', 'date', 'basis', 'addressee' or 'deadline'; got 'numbr': did you mean 'number'?"),
    ("a: {hosts: {h: {ansible_port: 70000}}}\n", "1:31: 'ansible_port': expected a whole number from 1 to 65535; got the number '70000'"),
    ("a: {hosts: {h: {ansible_port: ssh}}}\n", "1:31: 'ansible_port': expected a whole number; got the text 'ssh'"),
    ("a: {hosts: {h: {ansible_host: 10.5}}}\n", "1:31: 'ansible_host': expected text; got the decimal number '10.5': put it in quotes"),
    ("a: {hosts: {h: {ansible_host: 'x y'}}}\n", "1:31: 'ansible_host': expected a host name or an address; got the text 'x y'"),
    ("a: {hosts: {h: {ansible_become: maybe}}}\n", "1:33: 'ansible_become': expected true or false; got the text 'maybe'"),
    ("a: {hosts: {h: {lamsach_account: domain}}}\n", "1:34: 'lamsach_account': expected 'local'; got the text 'domain'"),
    ("a: {hosts: {h: {lamsach_users: an}}}\n", "1:32: 'lamsach_users': expected a list; got the text 'an'"),
    ("a: {hosts: {h: {lamsach_users: [an, an]}}}\n", "1:32: 'lamsach_users': expected each person once; got one twice"),
    ("a: {hosts: {h: {lamsach_sysroot: mnt}}}\n", "1:34: 'lamsach_sysroot': expected an absolute path below '/' without spaces, '.' or '..'; got the text 'mnt'"),
    ("a: {hosts: {h: {lamsach_sysroot: /a/../b}}}\n", "1:34: 'lamsach_sysroot': expected an absolute path below '/' without spaces, '.' or '..'; got the text '/a/../b'"),
    ("a: {hosts: {h: {lamsach_sysroot: '/a b'}}}\n", "1:34: 'lamsach_sysroot': expected an absolute path below '/' without spaces, '.' or '..'; got the text '/a b'"),
    ("a: {hosts: {h: {lamsach_sysroot: /a, ansible_connection: psrp}}}\n", "1:34: 'lamsach_sysroot' is for SSH only, and 'h' is reached by WinRM; remove it"),
]  # fmt: skip

SECRETS = [
    *(f"ansible_{name}" for name in ("password", "ssh_pass", "ssh_password", "become_password", "become_pass")),
    *(f"ansible_{name}" for name in ("winrm_password", "psrp_password", "sudo_pass", "ssh_private_key_passphrase")),
    *("ansible_private_key", "lamsach_password"),
]

Load = Callable[..., Inventory]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write files into a folder of their own and load `hosts.yml` there, or what `source` names."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(files: dict[str, str], source: str = "hosts.yml") -> Inventory:
        for name, text in files.items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return inventories.load(Path(source))

    return write_and_load


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_a_mistake_is_refused_with_its_place_and_what_was_expected(load: Load, text: str, sentence: str) -> None:
    with pytest.raises(InventoryError) as caught:
        load({"hosts.yml": text})

    assert str(caught.value) == f"hosts.yml:{sentence}"


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", ["hunter2", "'{{ hunter2 }}'"])
def test_a_literal_secret_is_refused_and_never_shown(load: Load, name: str, value: str) -> None:
    with pytest.raises(InventoryError) as caught:
        load({"hosts.yml": "a: {hosts: {h: }}\n", "group_vars/a.yml": f"x: 1\n{name}: {value}\n"})

    assert caught.value.where == Where("group_vars/a.yml", 2, 1)
    assert "lamsach_secret: env:NAME or file:PATH" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "pc1 ansible_password=hunter2\n",
        "a:\n  vars:\n    ansible_password:hunter2\n",
        "a:\n  hosts:\n    pc1 ansible_password=hunter2:\n",
        "a: {vars: {ansible_password: hunter2: x}}\n",
        "a: {vars: {ansible_password: @hunter2}}\n",
        "a: {vars: {ansible_password: 77777777777777777777}}\n",
        "a: {vars: {ansible_password: !vault hunter2}}\n",
        "a: {vars: {ansible_password: [hunter2}}\n",
    ],
)
def test_a_password_behind_a_slip_of_the_pen_is_never_shown(load: Load, text: str) -> None:
    with pytest.raises(InventoryError) as caught:
        load({"hosts.yml": text})

    assert caught.value.where is not None
    assert "hunter2" not in str(caught.value)
    assert "7777" not in str(caught.value)


@pytest.mark.parametrize("value", ["hunter2", "'env:HUNTER2 X'", "'file:'", "'env:'", '"file:hunter2\\n"', "[hunter2]"])
def test_a_secret_that_is_no_reference_is_refused_and_never_shown(load: Load, value: str) -> None:
    with pytest.raises(InventoryError) as caught:
        load({"hosts.yml": f"a: {{hosts: {{h: {{lamsach_secret: {value}}}}}}}\n"})

    expected = "expected 'env:NAME' or 'file:PATH'; got something else, which is not shown"
    assert str(caught.value) == f"hosts.yml:1:33: 'lamsach_secret': {expected}"


def test_units_take_their_parents_from_the_groups_and_keep_the_order_of_the_file(load: Load) -> None:
    units = load({"hosts.yml": CUC}).units

    assert units == (
        Unit(
            id="cuc",
            name="Cục THADS",
            name_lines=("Cục", "THADS"),
            kind="cục",
            place="Tuyên Quang",
            headcount=9,
        ),
        Unit(id="yên-sơn", name="Chi cục Yên Sơn", parent="cuc", order=2, signer_title="Chi cục trưởng"),
        Unit(id="rong", name="Chi cục rỗng", parent="cuc", order=1),
    )


def test_the_deepest_unit_owns_a_host_and_a_host_of_no_unit_has_none(load: Load) -> None:
    owners = {host.name: host.unit for host in load({"hosts.yml": CUC}).hosts}

    assert owners == {"khách": "", "cuc-pc1": "cuc", "ys-pc1": "yên-sơn"}


def test_a_host_named_in_a_unit_and_in_the_unit_above_it_belongs_to_the_deeper(load: Load) -> None:
    loaded = load({"hosts.yml": CUC, "more.yml": ""} | {"hosts.yml": CUC + "cuc: {hosts: {ys-pc1: }}\n"})

    assert {host.name: host.unit for host in loaded.hosts}["ys-pc1"] == "yên-sơn"


def test_a_unit_may_stand_in_the_group_vars_of_its_group(load: Load) -> None:
    unit = "lamsach_unit: {id: x, name: X}\n"

    loaded = load({"hosts.yml": "a: {hosts: {h: }}\n", "group_vars/a/unit.yml": unit})

    assert loaded.units == (Unit(id="x", name="X"),)
    assert loaded.hosts[0].unit == "x"


def test_names_of_units_are_nfc(load: Load) -> None:
    decomposed = "lamsach_unit: {id: x, name: Ye\u0302n So\u031bn}\n"

    loaded = load({"hosts.yml": "a: {hosts: {h: }}\n", "group_vars/a.yml": decomposed})

    assert loaded.units[0].name == "Y\u00ean S\u01a1n"


def test_the_order_of_the_campaign_is_read(load: Load) -> None:
    order = load({"hosts.yml": CUC}).order

    assert order == Order(number="1/KH", date="2026-07-01", basis=("Luật",), addressee="Tổng cục", deadline="31/12")


def test_a_host_is_reached_as_its_variables_say(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    text = """\
a:
  hosts:
    all-set:
      ansible_host: 192.0.2.7
      ansible_port: "2222"
      ansible_ssh_user: quantri
      ansible_user: overridden
      ansible_become: "yes"
      ansible_ssh_private_key_file: ~/key
      lamsach_secret: file:secrets/pc
      lamsach_account: local
      lamsach_known_hosts: known
      lamsach_sysroot: /mnt/disk/
      lamsach_users: []
    by-winrm: {ansible_connection: winrm, ansible_winrm_port: 5986, ansible_port: 1, lamsach_secret: env:PW}
    bare:
"""
    loaded = load({"d/hosts.yml": text}, "d/hosts.yml")

    assert loaded.hosts == (
        Host(
            name="all-set",
            address="192.0.2.7",
            port=2222,
            user="quantri",
            secret=f"file:{tmp_path}/d/secrets/pc",
            key_file=f"{tmp_path}/home/key",
            known_hosts=f"{tmp_path}/d/known",
            local_account=True,
            become=True,
            sysroot="/mnt/disk",
            users=(),
        ),
        Host(name="by-winrm", address="by-winrm", connection=Connection.PSRP, port=5986, tls=True, secret="env:PW"),
        Host(name="bare", address="bare"),
    )


def test_the_place_of_every_variable_is_kept(load: Load) -> None:
    loaded = load({"hosts.yml": "a:\n  hosts: {h: {x: 1}}\n  vars: {x: 2, y: 3}\n", "group_vars/a.yml": "\nz: 4\n"})

    assert loaded.variables["h"] == {"x": 1, "y": 3, "z": 4}
    assert loaded.places["h"] == {
        "x": Where("hosts.yml", 2, 15),
        "y": Where("hosts.yml", 3, 16),
        "z": Where("group_vars/a.yml", 2, 1),
    }


def test_the_digest_changes_with_every_file_and_not_with_the_place_of_the_folder(load: Load) -> None:
    files = {"hosts.yml": "a: {hosts: {h: }}\n", "group_vars/a.yml": "x: 1\n", "host_vars/h.yml": "y: 1\n"}
    base = load(files).digest
    moved = load({f"d/{name}": text for name, text in files.items()}, "d/hosts.yml").digest
    changed = {load(files | {name: text + "# x\n"}).digest for name, text in files.items()}

    assert moved == base
    assert len(changed | {base}) == 4


def test_files_of_a_folder_are_read_in_the_order_of_their_names(load: Load) -> None:
    loaded = load({"i/20.yml": "a: {hosts: {h2: , h1: }}\n", "i/10.yml": "a: {hosts: {h1: }}\n"}, "i")

    assert [host.name for host in loaded.hosts] == ["h1", "h2"]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"i/a.ini": "[a]\n"}, "i/a.ini:1:1: 'i/a.ini' is not YAML by its name; expected .yml, .yaml, .json or no ending"),
        ({"i/README.md": ""}, "i:1:1: the folder 'i' holds no inventory file; add one that ends with .yml, .yaml, .json or has no ending, or name another file or folder with -i"),
        ({"i/a": "a: {hosts: {h: }}\n", "i/host_vars/h": "- x\n"}, "i/host_vars/h:1:1: 'h': expected a mapping; got a list"),
        ({"i/a": "a: {hosts: {h: }}\n", "i/group_vars": "x: 1\n"}, "i/group_vars:1:1: 'i/group_vars' is a file; make it a folder of files"),
        ({"i/a": "a: {hosts: {h: }}\n", "i/host_vars": "x: 1\n"}, "i/host_vars:1:1: 'i/host_vars' is a file; make it a folder of files"),
        ({"j": ""}, "i:1:1: 'i' is not a file; mend the path"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_taken_is_refused(load: Load, files: dict[str, str], sentence: str) -> None:
    with pytest.raises(InventoryError) as caught:
        load(files, "i")

    assert str(caught.value) == sentence


def test_more_hosts_than_any_fleet_has_are_refused(load: Load) -> None:
    with pytest.raises(InventoryError) as caught:
        load({"hosts.yml": "a:\n  hosts:\n    'p[1:50000]':\n    q:\n"})

    assert str(caught.value) == "hosts.yml:4:5: expected at most 50000 hosts; got more: split the inventory"
