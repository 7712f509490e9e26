"""Make up inventories at random, for the comparisons with Ansible."""

import json
import random
from collections.abc import Sequence
from typing import Any, Final

NAMES: Final = ["g0", "g1", "g2", "g3", "g4", "chi_cục", "đội-1", "Chi cục Một", "_meta"]
HOSTS: Final = [
    *(
        "h0",
        "h1",
        "h2",
        "h3",
        "h[0:2]",
        "h[4:6:2]",
        "h7:22",
        "h7:23",
        "h[08:10]:22",
        "máy-[a:c]",
        "máy [1:2]",
        "fe80::1",
    ),
    "localhost",
]
VALUES: Final = [
    *("", "~", "yes", "off", "010", "08", "0x1f", "1_000", "1:30", "-0", ".5", "1e3", "1.0e+3", "2022-08-01", "'12'"),
    *("2022-08-01 10:00:00 +7", '"\\u1ec7"', "tỉnh", "a#b", "[]", "{}", "[1, [no, {7: 010}]]", "{a: 1}", "{b: {c: }}"),
]
"""As they are written in YAML."""
JSON_VALUES: Final = ["null", "1e3", "-2.5E-1", "010", '"1e3"', '"yes"', "[true, {}]", '{"a": "2022-08-01"}']
"""`010` makes the whole file YAML."""
LAID: Final = ["10.yml", "9.yaml", "c.json", "d", "e.", "f.txt", ".g.yml", "h.yml~", "con/x.yml", "con.d/x.yml"]
"""What may lie in a folder of variables."""


def made_up(dice: random.Random) -> dict[str, str]:
    """Make an inventory of a few groups in any nesting without a circle, with variables anywhere."""
    names = dice.sample(NAMES, dice.randint(1, 6))
    root = {name: some_group(dice, names[index + 1 :]) for index, name in enumerate(names)}
    if dice.random() < 0.5:
        root["all"] = some_group(dice, names)
    if dice.random() < 0.3:
        root["ungrouped"] = some_group(dice, [])
    files = {"hosts.yml": flow({name: root[name] for name in dice.sample(sorted(root), len(root))})}
    for owner in (*(f"group_vars/{name}" for name in [*names, "all", "ungrouped"]), "host_vars/h1", "host_vars/máy-a"):
        if dice.random() < 0.3:
            for name in dice.choice([[""], [".yml"], [".json", ".yml"], [f"/{laid}" for laid in dice.sample(LAID, 3)]]):
                files[owner + name] = flow(some_variables(dice, JSON_VALUES if name.endswith(".json") else VALUES))
    return files


def flow(value: Any) -> str:
    """Write mappings of values that are written already; of JSON values they are JSON."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key, ensure_ascii=False)}: {flow(each)}' for key, each in value.items())}}}"
    return str(value)


def some_group(dice: random.Random, below: Sequence[str]) -> dict[str, Any]:
    """Make a group; a child may be defined again where it stands."""
    children = {name: some_group(dice, []) if dice.random() < 0.2 else "" for name in below if dice.random() < 0.4}
    sections = {"hosts": some_hosts(dice), "children": children, "vars": some_variables(dice, VALUES)}
    return {name: sections[name] for name in dice.sample(sorted(sections), dice.randint(1, 3)) if sections[name]}


def some_hosts(dice: random.Random) -> dict[str, Any]:
    chosen = dice.sample(HOSTS, dice.randint(0, 3))
    return {name: some_variables(dice, VALUES) if dice.random() < 0.3 else "" for name in chosen}


def some_variables(dice: random.Random, values: Sequence[str]) -> dict[str, Any]:
    made = {name: dice.choice(values) for name in dice.sample(["x", "y", "z", "Tên", "7"], dice.randint(0, 3))}
    return made | (
        {"ansible_group_priority": dice.choice(["-2", "0", "3", "'3'", "10"])} if dice.random() < 0.2 else {}
    )
