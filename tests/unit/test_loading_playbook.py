"""A playbook and its tools are read whole or refused with the place of what is wrong."""

# ruff: noqa: E501  # a table of mistakes reads best with one a line

import hashlib
from pathlib import Path

import pytest

from controller.errors import PlaybookError, Where
from controller.loading import playbook as playbooks
from controller.loading import tool as tools
from controller.model.fleet import Platform
from controller.model.playbook import LookArguments, Module, PushArguments, Tool

SUM = hashlib.sha256(b"tool").hexdigest()
TOOL = f"name: t\nplatforms: [linux]\nfile: t.sh\nsha256: {SUM}\nclean: [--all]\n"
WANTED = r"expected a path like 'C:\Tools\x', or one below the product's folder"
HEAD = "name: p\nhosts: all\nioc_lists: [iocs.txt]\ntasks:\n"

BAD = [
    ("", "1:1: 'playbook': expected one play with the keys 'name', 'hosts', 'ioc_lists' and 'tasks'; got nothing"),
    ("- {}\n- {}\n", "1:1: 'playbook': expected one play with the keys 'name', 'hosts', 'ioc_lists' and 'tasks'; got a list"),
    ("nmae: p\n", "1:1: 'play': expected the key 'name', 'hosts', 'ioc_lists' or 'tasks'; got 'nmae': did you mean 'name'?"),
    ("name: p\nhosts: all\n", "1:1: 'play': expected the key 'tasks' with a value; got 'name', 'hosts'"),
    ("name: p\nhosts: all\ntasks: []\n", "3:8: 'tasks': expected from 1 to 100 tasks; got 0"),
    (HEAD + "  - check_ioc: {}\n", "5:5: 'task': expected the key 'name', 'check_iocs', 'collect', 'push' or 'clean'; got 'check_ioc': did you mean 'check_iocs'?"),
    (HEAD + "  - {push: {file: t.sh}, collect: {collector: a}}\n", "5:26: 'task': expected one module; got 'push' and 'collect'"),
    (HEAD + "  - name: x\n", "5:5: 'task': expected the key 'check_iocs', 'collect', 'push' or 'clean'; got none of them"),
    (HEAD + "  - collect:\n", "5:13: 'collect': expected the key 'collector' with a value; got nothing"),
    (HEAD + "  - collect: {collector: f, second: 1}\n", "5:29: 'collect': expected the key 'collector', 'platforms', 'roots', 'max_files' or 'seconds'; got 'second': did you mean 'seconds'?"),
    (HEAD + "  - collect: {collector: f, seconds: 0}\n", "5:38: 'seconds': expected a whole number from 1 to 86400; got the number '0'"),
    (HEAD + "  - collect: {collector: f, max_files: nhiều}\n", "5:40: 'max_files': expected a whole number from 1 to 10000000; got the text 'nhiều'"),
    (HEAD + "  - collect: {collector: f, ioc_lists: [iocs.txt]}\n", "5:29: 'collect': expected the key 'collector', 'platforms', 'roots', 'max_files' or 'seconds'; got 'ioc_lists'"),
    (HEAD + "  - collect: {collector: f, roots: [/a]}\n", "5:36: 'roots': expected a mapping; got a list"),
    (HEAD + "  - collect: {collector: f, roots: {linux: [home]}}\n", "5:45: 'linux': expected an absolute path like '/home'; got the text 'home'"),
    (HEAD + "  - collect: {collector: f, roots: {linux: []}}\n", "5:44: 'linux': expected at least one path; got an empty list"),
    (HEAD + "  - collect: {collector: f, roots: {windows: [/home]}}\n", "5:47: 'windows': expected an absolute path like 'C:\\Users'; got the text '/home'"),
    (HEAD + "  - check_iocs: {collector: f, ioc_lists: [t.sh]}\n", "5:44: 'ioc_lists': expected a list of the play; got 't.sh'"),
    ("name: p\nhosts: all\ntasks: [check_iocs: {collector: f}]\n", "3:21: 'check_iocs': expected 'ioc_lists' in the play to check against; got none"),
    ("name: p\nhosts: all\nioc_lists: [no.txt]\ntasks: [x: ]\n", "3:13: 'ioc_lists': expected a file; there is none at 'no.txt'"),
    ("name: p\nhosts: all\nioc_lists: [iocs.txt, ./iocs.txt]\ntasks: [x: ]\n", "3:23: the list './iocs.txt' stands here twice; remove one"),
    (HEAD + "  - push: {file: no.exe}\n", "5:18: 'file': expected a file; there is none at 'no.exe'"),
    (HEAD + "  - push: {file: t.sh, dest: 'a\\..\\b'}\n", "5:30: 'dest': expected a path without '..'; got 'a\\..\\b'"),
    (HEAD + "  - push: {file: t.sh, dest: runs/a}\n", "5:30: 'dest': expected another name than 'runs', which is our own"),
    *((HEAD + f"  - push: {{file: t.sh, dest: {dest}}}\n", f"5:{place}: {sentence}") for dest, place, sentence in (
        ("'/var/lib/lamsach/tools/a'", 30, "'dest': expected another name than 'tools', which is our own"),
        ("'C:\\ProgramData\\LAMSACH\\Runs\\a'", 30, "'dest': expected another name than 'Runs', which is our own"),
        ("'C:/a/../b'", 30, "'dest': expected a path without '..'; got 'C:/a/../b'"),
        ("/opt/", 30, "'dest': expected a path with the file's name at its end; got '/opt/'"),
        ("'C:\\'", 30, "'dest': expected a path with the file's name at its end; got 'C:\\'"),
        ("'\\\\pc\\c$\\x'", 30, f"'dest': {WANTED}; got the text '\\\\pc\\c$\\x'"),
        ("'\\\\?\\C:\\x'", 30, f"'dest': {WANTED}; got the text '\\\\?\\C:\\x'"),
        ("'\\x'", 30, f"'dest': {WANTED}; got the text '\\x'"),
        ("'C:x'", 30, "'dest': expected names that Windows takes; got 'C:x'"),
        ("'C:\\a\\x:y'", 30, "'dest': expected names that Windows takes; got 'x:y'"),
        ("'C:\\a \\x'", 30, "'dest': expected names that Windows takes; got 'a '"),
        ("'C:\\a\\nul.txt'", 30, "'dest': expected names that Windows takes; got 'nul.txt'"),
        ("a/COM¹", 30, "'dest': expected names that Windows takes; got 'COM¹'"),
        ("'a\\b'", 30, "'dest': expected '/' between names, which every platform knows; got 'a\\b'"),
        ("{windows: /opt/x}", 40, f"'windows': {WANTED}; got the text '/opt/x'"),
        ("{linux: 'C:\\x'}", 38, "'linux': expected a path of Linux like '/opt/x'; got the text 'C:\\x'"),
        ("{windows: aux}", 40, "'windows': expected names that Windows takes; got 'aux'"),
        ("{mac: /x}", 31, "'dest': expected the key 'linux' or 'windows'; got 'mac'"),
        ("{linux: }", 30, "'dest': expected a path, or one for each platform; got none"),
    )),
    (HEAD + "  - push: {file: .t.sh}\n", "5:18: 'file': expected a name that does not begin with a dot; rename it"),
    (HEAD + "  - clean: {cleaner: generic, tool: no.yaml}\n", "5:37: 'tool': expected a file; there is none at 'no.yaml'"),
    (HEAD + "  - clean: {cleaner: generic, tool: t.sh}\n", "!t.sh:1:1: 'tool': expected a mapping; got a single value"),
]  # fmt: skip

BAD_TOOL = [
    ("dectect: []\n", "6:1: 'tool': expected the key 'name', 'platforms', 'file', 'sha256', 'detect', 'clean', 'log', 'encoding', 'complete', 'found', 'removed', 'skipped', 'exit' or 'seconds'; got 'dectect': did you mean 'detect'?"),
    ("detect: --all\n", "6:9: 'detect': expected a list; got the text '--all'"),
    ("detect: [5]\n", "6:10: 'detect': expected text; got the number '5': put it in quotes"),
    ("found: '('\n", "6:8: 'found': expected a regular expression; got one with an error: missing ), unterminated subpattern at position 0"),
    ("removed: '(?P<threat>a)'\n", "6:10: 'removed': expected the groups (?P<threat>…) and (?P<object>…); got ['threat']"),
    ("skipped: '('\n", "6:10: 'skipped': expected a regular expression; got one with an error: missing ), unterminated subpattern at position 0"),
    ("found: abc\n", "6:8: 'found': expected the groups (?P<threat>…) and (?P<object>…); got none"),
    ("exit: {không: done}\n", "6:8: 'exit': expected an exit code as key; got the text 'không'"),
    ("exit: {4294967296: done}\n", "6:8: 'exit': expected an exit code as key; got the number '4294967296'"),
    ("exit: {0: fine}\n", "6:11: 'exit': expected 'done', 'reboot' or 'failed'; got the text 'fine'"),
    ("encoding: utf-99\n", "6:11: 'encoding': expected one that Python knows, such as 'utf-16'; got the text 'utf-99'"),
    ("encoding: base64\n", "6:11: 'encoding': expected one that Python knows, such as 'utf-16'; got the text 'base64'"),
    ("seconds: 90000\n", "6:10: 'seconds': expected a whole number from 1 to 86400; got the number '90000'"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("iocs.txt").write_text("198.51.100.7\n", encoding="utf-8")
    Path("t.sh").write_bytes(b"tool")
    Path(".t.sh").touch()
    Path("tool.yaml").write_text(TOOL, encoding="utf-8")


def loaded(text: str) -> playbooks.PlaybookFile:
    Path("p.yml").write_text(text, encoding="utf-8")
    return playbooks.load(Path("p.yml"))


def loaded_tool(text: str) -> Tool:
    Path("tool.yaml").write_text(text, encoding="utf-8")
    return tools.load(Path("tool.yaml"))


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_a_mistake_is_refused_with_its_place_and_what_was_expected(text: str, sentence: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        loaded(text)

    assert str(caught.value) == (sentence[1:] if sentence.startswith("!") else f"p.yml:{sentence}")


@pytest.mark.parametrize(("line", "sentence"), BAD_TOOL)
def test_a_mistake_in_a_tool_is_refused_with_its_place(line: str, sentence: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        loaded_tool(TOOL + line)

    assert str(caught.value) == f"tool.yaml:{sentence}"


def test_every_module_is_read() -> None:
    file = loaded(
        HEAD
        + "  - {name: Xem, check_iocs: {collector: files, roots: {linux: [/home, /opt], windows: ['C:\\Users']},"
        + " max_files: 9, seconds: 60, ioc_lists: [iocs.txt]}}\n"
        + "  - collect: {collector: processes, platforms: [windows]}\n"
        + "  - push: {file: t.sh, dest: d/t.sh}\n"
        + "  - clean: {cleaner: generic, tool: tool.yaml, roots: {linux: [/home]}, seconds: 5}\n"
    )
    playbook = file.playbook
    look, collect, push, clean = playbook.tasks

    assert (playbook.name, playbook.hosts, playbook.lists) == ("p", "all", ("iocs.txt",))
    assert playbook.digest == hashlib.sha256(Path("p.yml").read_bytes()).hexdigest()
    assert [task.module for task in playbook.tasks] == list(Module)
    assert [task.name for task in playbook.tasks] == ["Xem", "collect processes", "push t.sh", "clean t"]
    assert look.look == LookArguments(
        collector="files",
        roots={Platform.LINUX: ("/home", "/opt"), Platform.WINDOWS: ("C:\\Users",)},
        max_files=9,
        seconds=60,
        lists=("iocs.txt",),
    )
    assert collect.look == LookArguments(collector="processes", platforms=(Platform.WINDOWS,))
    assert push.push == PushArguments(file="t.sh", sha256=SUM, dest=dict.fromkeys(Platform, "d/t.sh"))
    assert clean.clean is not None
    assert (clean.clean.tool, clean.clean.roots, clean.clean.seconds) == (
        tools.load(Path("tool.yaml")),
        {Platform.LINUX: ("/home",)},
        5,
    )


@pytest.mark.parametrize(
    ("dest", "places"),
    [
        ("/opt/nul", {Platform.LINUX: "/opt/nul"}),
        ("'c:\\Công cụ\\console.exe'", {Platform.WINDOWS: "c:\\Công cụ\\console.exe"}),
        ("C:/x", {Platform.WINDOWS: "C:/x"}),
        ("{linux: '/opt/a:b'}", {Platform.LINUX: "/opt/a:b"}),
        ("{windows: 'd\\x', linux: d/x}", {Platform.WINDOWS: "d\\x", Platform.LINUX: "d/x"}),
        ("", {}),
    ],
)
def test_a_dest_serves_the_platform_whose_form_it_has(dest: str, places: dict[Platform, str]) -> None:
    (task,) = loaded(HEAD + f"  - push: {{file: t.sh, dest: {dest}}}\n").playbook.tasks

    assert task.push is not None
    assert task.push.dest == places


def test_a_play_may_be_the_only_item_of_a_list_as_ansible_writes_it() -> None:
    assert loaded("- {name: p, hosts: all, tasks: [collect: {collector: f}]}\n").playbook.name == "p"


def test_paths_begin_at_the_playbook() -> None:
    Path("books").mkdir()
    Path("books/p.yml").write_text(
        HEAD.replace("iocs", "../iocs") + "  - check_iocs: {collector: f}\n", encoding="utf-8"
    )

    assert playbooks.load(Path("books/p.yml")).playbook.lists == ("iocs.txt",)


def test_the_place_of_the_pattern_and_of_each_argument_is_kept() -> None:
    file = loaded(HEAD + "  - name: x\n    check_iocs:\n      collector: f\n")

    assert file.hosts == Where("p.yml", 2, 8)
    assert file.place(0) == file.place(0, "roots") == Where("p.yml", 6, 5)
    assert file.place(0, "collector") == Where("p.yml", 7, 18)


def test_a_tool_is_read_whole() -> None:
    text = (
        TOOL
        + "detect: [-n, '']\nlog: 'C:\\x.log'\nencoding: utf-16\ncomplete: DONE\nseconds: 7\n"
        + "found: '(?P<threat>a) (?P<object>b)'\nskipped: ^Skipped\nexit: {0: done, 3010: reboot, -1: failed}\n"
    )

    assert loaded_tool(text) == Tool(
        name="t",
        path="tool.yaml",
        digest=hashlib.sha256(text.encode()).hexdigest(),
        platforms=(Platform.LINUX,),
        file="t.sh",
        sha256=SUM,
        clean=("--all",),
        detect=("-n", ""),
        log="C:\\x.log",
        encoding="utf-16",
        complete="DONE",
        found="(?P<threat>a) (?P<object>b)",
        skipped="^Skipped",
        exits={0: "done", 3010: "reboot", -1: "failed"},
        seconds=7,
    )


def test_a_tool_without_a_detect_only_mode_has_none() -> None:
    assert loaded_tool(TOOL).detect is None


def test_a_file_with_another_sum_is_refused_with_both() -> None:
    Path("t.sh").write_bytes(b"changed")
    real = hashlib.sha256(b"changed").hexdigest()

    with pytest.raises(PlaybookError) as caught:
        loaded_tool(TOOL)

    expected = f"'sha256': expected that of the file, '{real}'; got '{SUM}': take the right file, or mend this"
    assert str(caught.value) == f"tool.yaml:4:9: {expected}"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("t.sh", "no.sh", "3:7: 'file': expected a file; there is none at 'no.sh'"),
        (SUM, "abc", "4:9: 'sha256': expected 64 hexadecimal digits; got the text 'abc'"),
        ("[linux]", "[mac]", "2:13: 'platforms': expected 'linux' or 'windows'; got the text 'mac'"),
        ("[linux]", "[]", "2:12: 'platforms': expected each platform once, and at least one; got something else"),
        ("clean: [--all]\n", "", "1:1: 'tool': expected the key 'clean' with a value; got 'name', 'platforms', 'file', 'sha256'"),
    ],
)  # fmt: skip
def test_what_a_tool_must_have_is_checked(old: str, new: str, sentence: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        loaded_tool(TOOL.replace(old, new))

    assert str(caught.value) == f"tool.yaml:{sentence}"
