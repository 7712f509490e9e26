"""Whatever an operator got wrong is told with its place and a remedy, before any host is touched."""

# ruff: noqa: E501  # a table of mistakes reads best with one a line

import socket
from typing import Any, NoReturn

import pytest

from controller import plugins
from controller.app.secrets import secret_of
from controller.errors import (
    InventoryError,
    ListError,
    OperatorError,
    PatternError,
    PlaybookError,
    SecretError,
)
from controller.model.playbook import LookArguments
from controller.model.sweep import Blindness
from tests.builders import BAD
from tests.office import CLEAN, HEAD, LOOK, VARS, Office

PROCESSES = "'autostart', 'connections', 'dns_cache', 'files', 'host', 'processes'"
MISTAKES = [
    ("  - check_iocs: {collector: proceses}\n", "playbook.yml:5:29", f"there is no collector 'proceses'; use one of {PROCESSES}."),
    ("  - collect: {collector: ../files}\n", "playbook.yml:5:26", f"there is no collector '../files'; use one of {PROCESSES}."),
    (LOOK + "  - clean: {cleaner: chui, tool: tool.yaml}\n", "playbook.yml:6:22", "there is no cleaner 'chui'; use one of 'clamav', 'generic'."),
    ("  - check_iocs: {collector: files}\n", "playbook.yml:5:5", "the collector 'files' needs 'roots'; name folders for each platform."),
    ("  - collect: {collector: processes, roots: {linux: [/a]}}\n", "playbook.yml:5:44", "the collector 'processes' takes no 'roots'; leave it out."),
    ("  - collect: {collector: processes, max_files: 3}\n", "playbook.yml:5:48", "the collector 'processes' takes no 'max_files'; leave it out."),
    (LOOK + "  - clean: {cleaner: generic, tool: tool.yaml, roots: {linux: [/a]}}\n", "tool.yaml:1:1", "the task gives roots, but its arguments do not take them; add '{roots}'"),
    (LOOK + "  - clean: {cleaner: clamav, tool: tool.yaml}\n", "tool.yaml:1:1", "the task gives it no whole paths to scan; add 'roots' to the task"),
]  # fmt: skip


FILES = "  - check_iocs: {collector: files, roots: {linux: [/a]}}\n"


@pytest.fixture(autouse=True)
def no_host_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here may open a socket or load a transport."""

    def touched(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a host was touched")

    load = plugins.load
    monkeypatch.setattr(socket, "socket", touched)
    monkeypatch.setattr(socket, "getaddrinfo", touched)
    monkeypatch.setattr(
        plugins, "load", lambda family, name: touched() if family == "transports" else load(family, name)
    )


def refusal(office: Office, kind: type[OperatorError], **but: Any) -> str:
    """Prepare in vain, and return the message without the folder."""
    with pytest.raises(kind) as caught:
        office.prepare(**but)
    assert caught.value.exit_status == 2
    return str(caught.value).replace(f"{office.folder}/", "")


@pytest.mark.parametrize(("tasks", "where", "sentence"), MISTAKES)
def test_a_mistake_in_the_playbook_is_told_with_its_place(
    office: Office, tasks: str, where: str, sentence: str
) -> None:
    office.write("playbook.yml", HEAD + tasks)

    assert refusal(office, PlaybookError) == f"{where}: {sentence}"


def test_a_look_with_nothing_to_look_for_is_refused(office: Office) -> None:
    office.write("playbook.yml", HEAD.replace("ioc_lists: [bad.txt]\n", "") + LOOK)

    assert refusal(office, PlaybookError).startswith("playbook.yml:4:")


@pytest.mark.parametrize("values", ["xau.example\n192.0.2.66\n", "C:\\Users\\Public\\svch0st.exe\n"])
def test_lists_that_no_look_can_see_are_refused(office: Office, values: str) -> None:
    office.write("bad.txt", values)
    office.write("playbook.yml", HEAD + FILES)

    expected = (
        "no look of this playbook can see any indicator of its lists on these computers; add a look, or other lists."
    )
    assert refusal(office, ListError) == expected


def test_indicators_that_no_look_can_see_are_counted(office: Office) -> None:
    office.write("bad.txt", f"{BAD}\nxau.example\nte.example\n192.0.2.66\n")
    office.write("playbook.yml", HEAD + FILES)

    prepared = office.prepare()

    assert set(prepared.blind) == {
        Blindness(kind="domain", unseen=2, total=4, platform="linux"),
        Blindness(kind="address", unseen=1, total=4, platform="linux"),
    }


def mixed(office: Office) -> None:
    """One Linux computer and one that runs Windows."""
    windows = "win-01: {ansible_connection: psrp, ansible_psrp_protocol: http}"
    office.write("inventory.yml", f"all:\n{VARS}  hosts:\n    pc-01: {{}}\n    {windows}\n")


def test_each_platform_is_weighed_by_its_own_looks(office: Office) -> None:
    """A look at Windows alone must not hide that Linux computers see nothing, nor the other way round."""
    mixed(office)
    office.write("bad.txt", f"xau.example\n/tmp/x\n{BAD}\n")
    office.write("playbook.yml", HEAD + FILES + "  - check_iocs: {collector: dns_cache, platforms: [windows]}\n")

    blind = {(each.platform, each.kind): each.unseen for each in office.prepare().blind}

    assert blind == {("linux", "domain"): 1, ("windows", "path"): 1, ("windows", "sha256"): 1}


def test_a_sweep_in_which_one_platform_sees_something_begins(office: Office) -> None:
    mixed(office)
    office.write("bad.txt", "xau.example\n")
    office.write("playbook.yml", HEAD + FILES + "  - check_iocs: {collector: dns_cache, platforms: [windows]}\n")

    assert [(each.platform, each.unseen, each.total) for each in office.prepare().blind] == [("linux", 1, 1)]


PROCESSES_ALONE = (
    "On Linux this playbook asks processes without autostart and files: such a match can then be closed only by a visit "
    "that asks them."
)


@pytest.mark.parametrize(
    ("tasks", "sentences"),
    [
        ([], [PROCESSES_ALONE]),
        (["autostart"], [PROCESSES_ALONE.replace("autostart and files", "files")]),
        (["connections"], [PROCESSES_ALONE.replace("processes", "processes and connections")]),
        (["autostart", "files, roots: {linux: [/a]}"], []),
        (
            ["autostart", "files, roots: {windows: ['C:\\x']}"],
            [PROCESSES_ALONE.replace("autostart and files", "files")],
        ),
    ],
)
def test_a_playbook_that_sees_moments_and_not_what_brings_them_back_is_told(
    office: Office, tasks: list[str], sentences: list[str]
) -> None:
    office.write("playbook.yml", HEAD + LOOK + "".join(f"  - check_iocs: {{collector: {each}}}\n" for each in tasks))

    assert [sentence for _, sentence in office.prepare().cautions] == sentences


def test_what_is_looked_for_in_texts_alone_is_told(office: Office) -> None:
    office.write("bad.txt", f"{BAD}\nhttp://xau.example/a\nte.example\n192.0.2.66\n192.0.2.0/24\n")
    office.write("playbook.yml", HEAD + LOOK)

    assert [sentence for _, sentence in office.prepare().cautions][1:] == [
        "On Linux these are looked for in texts alone, without a look at connections and dns_cache: address 1, "
        "network 1, domain 1"
    ]


@pytest.mark.parametrize(
    ("task", "unseen"),
    [
        ("check_iocs: {collector: dns_cache, platforms: [linux]}", []),
        ("check_iocs: {collector: dns_cache, platforms: [windows]}", ["domain"]),
        ("check_iocs: {collector: files, roots: {windows: ['C:\\x']}}", ["domain"]),
        ("check_iocs: {collector: dns_cache, ioc_lists: [other.txt]}", ["domain"]),
        ("collect: {collector: dns_cache}", ["domain"]),
    ],
)
def test_what_no_computer_of_the_sweep_is_asked_cannot_be_seen(office: Office, task: str, unseen: list[str]) -> None:
    office.write("bad.txt", f"{BAD}\nxau.example\n")
    office.write("other.txt", f"{BAD}\n")
    office.write("playbook.yml", HEAD.replace("[bad.txt]", "[bad.txt, other.txt]") + f"{FILES}  - {task}\n")

    assert [each.kind for each in office.prepare().blind] == unseen


def test_a_playbook_that_only_collects_needs_no_list(office: Office) -> None:
    office.write("playbook.yml", "name: p\nhosts: all\ntasks: [collect: {collector: processes}]\n")

    assert (office.prepare().lists, office.prepare().blind) == ((), ())


@pytest.mark.parametrize(
    ("rejected", "allowed", "taken"), [(1, 0.05, True), (2, 0.05, False), (2, 0.1, True), (1, 0.0, False)]
)
def test_a_list_with_too_many_bad_lines_is_refused(office: Office, rejected: int, allowed: float, taken: bool) -> None:
    good = [f"{number:064x}" for number in range(0x1A2B3C, 0x1A2B3C + 20 - rejected)]
    office.write("bad.txt", "\n".join([*good, *["not an indicator at all"] * rejected]))

    if taken:
        assert office.prepare(max_rejected=allowed).rejected == rejected
    else:
        assert refusal(office, ListError, max_rejected=allowed) == (
            f"bad.txt:{21 - rejected}:1: {rejected} of 20 lines are rejected, the first is 'not an indicator at all'; "
            "see why with: lamsach iocs check bad.txt; correct them, or allow more with --max-rejected."
        )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"# only a note\n\n", "the list 'bad.txt' holds no indicator that can be used; mend it, or take it out of the playbook."),
        (b"not an indicator\n", "the list 'bad.txt' holds no indicator that can be used; mend it, or take it out of the playbook."),
        (b"\xff\xfea", "bad.txt:1:1: the byte 0x61 is not UTF-16; save the list as UTF-8."),
        (b"MZ\0\0", "bad.txt:1:3: a NUL stands here, so this is no text; save the list as UTF-8."),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_used_is_refused(office: Office, text: bytes, sentence: str) -> None:
    office.write("bad.txt", text)

    assert refusal(office, ListError, max_rejected=1.0) == sentence


def test_a_limit_narrows_the_hosts_of_the_playbook(office: Office) -> None:
    assert [host.name for host in office.prepare(limit="mot:!pc-01").given] == ["pc-02"]


def test_a_limit_that_leaves_no_host_is_refused(office: Office) -> None:
    office.write("playbook.yml", HEAD.replace("all", "mot") + LOOK)

    expected = "--limit 'pc-03' leaves none of the playbook's hosts 'mot'; widen one of them."
    assert refusal(office, PatternError, limit="pc-03") == expected


@pytest.mark.parametrize("limit", ["pc-99", "pc-01:!pc-01"])
def test_a_limit_that_matches_nothing_is_never_all(office: Office, limit: str) -> None:
    assert limit in refusal(office, PatternError, limit=limit)


def test_a_variable_that_is_not_honoured_is_refused_at_its_place(office: Office) -> None:
    office.write("inventory.yml", f"all:\n{VARS}  hosts:\n    pc-01: {{ansible_ssh_common_args: -J x}}\n")

    assert refusal(office, InventoryError).startswith("inventory.yml:4:")


def secret_at(office: Office, place: str) -> None:
    office.write("inventory.yml", f"all:\n  hosts:\n    pc-01: {{ansible_user: an, lamsach_secret: '{place}'}}\n")


@pytest.mark.parametrize("value", [None, ""])
def test_a_secret_that_is_not_in_the_environment_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    secret_at(office, "env:LAMSACH_TEST_SECRET")
    monkeypatch.delenv("LAMSACH_TEST_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("LAMSACH_TEST_SECRET", value)

    expected = (
        "the environment variable 'LAMSACH_TEST_SECRET', with the secret of host 'pc-01', is not set or is empty; "
        "export it with the password, then run this again."
    )
    assert refusal(office, SecretError) == expected


@pytest.mark.parametrize("text", [b"", b"\n", b"\r\nmat-khau\n", b"\xef\xbb\xbf\n"])
def test_an_empty_secret_file_is_refused(office: Office, text: bytes) -> None:
    secret_at(office, "file:mat-khau")
    office.write("mat-khau", text)

    expected = "the secret file 'mat-khau' of host 'pc-01' is empty; put the password on its first line."
    assert refusal(office, SecretError) == expected


def test_a_secret_file_that_cannot_be_read_is_refused(office: Office) -> None:
    secret_at(office, "file:mat-khau")
    (office.folder / "mat-khau").unlink()
    expected = "the secret file 'mat-khau' of host 'pc-01' cannot be read ({}); mend it."
    assert refusal(office, SecretError) == expected.format("No such file or directory")

    office.write("mat-khau", b"\xff\xfe")
    assert refusal(office, SecretError) == expected.format("it is not UTF-8")

    (office.folder / "mat-khau").unlink()
    (office.folder / "mat-khau").mkdir()
    assert refusal(office, SecretError) == expected.format("Is a directory")


@pytest.mark.parametrize("text", [b"m\xe1\xba\xadt kh\xe1\xba\xa9u ", b"m\xe1\xba\xadt kh\xe1\xba\xa9u \r\nmore"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_secret_is_the_first_line_of_its_file_without_a_byte_order_mark(
    office: Office, text: bytes, mark: bytes
) -> None:
    office.write("mat-khau", mark + text)

    secrets = [secret_of(host) for host in office.prepare().given]

    assert [each.reveal() for each in secrets if each] == ["mật khẩu "] * 3


def test_a_host_without_key_and_secret_is_refused(office: Office) -> None:
    office.write("inventory.yml", "all:\n  hosts:\n    pc-01: {ansible_user: an}\n")

    assert refusal(office, SecretError) == (
        "host 'pc-01' has neither a key file nor a secret; set ansible_ssh_private_key_file or lamsach_secret."
    )


@pytest.mark.parametrize("way", ["", "ansible_connection: psrp, ", "ansible_ssh_private_key_file: mat-khau, "])
@pytest.mark.parametrize("user", ["", "ansible_user: null, "])
def test_a_secret_without_a_user_is_refused_with_host_and_place(office: Office, way: str, user: str) -> None:
    office.write("inventory.yml", f"all:\n  hosts:\n    pc-01: {{{way}{user}lamsach_secret: 'file:mat-khau'}}\n")

    message = refusal(office, SecretError)
    assert message.startswith("inventory.yml:3:")
    assert message.endswith(
        "host 'pc-01' has a secret and no user; set ansible_user to the account that this password is of."
    )


def test_one_host_without_a_user_stops_a_sweep_of_others_that_have_one(office: Office) -> None:
    with_user = "{ansible_user: an, lamsach_secret: 'file:mat-khau'}"
    office.write(
        "inventory.yml",
        f"all:\n  hosts:\n    pc-01: {with_user}\n    pc-02: {{lamsach_secret: 'file:mat-khau'}}\n",
    )

    assert "host 'pc-02' has a secret and no user" in refusal(office, SecretError)


def test_a_key_that_cannot_be_read_is_refused(office: Office) -> None:
    office.write("inventory.yml", "all:\n  hosts:\n    pc-01: {ansible_ssh_private_key_file: khoa}\n")

    assert "khoa" in refusal(office, SecretError)


def test_secrets_of_hosts_that_are_not_given_are_not_asked_for(office: Office) -> None:
    secret = "{ansible_user: an, lamsach_secret: 'env:LAMSACH_NO_SUCH'}"
    office.write("inventory.yml", f"all:\n{VARS}  hosts:\n    pc-01: {{}}\n    pc-02: {secret}\n")

    assert [host.name for host in office.prepare(limit="pc-01").given] == ["pc-01"]


def test_any_look_may_be_given_its_seconds(office: Office) -> None:
    office.write("playbook.yml", HEAD + LOOK + "  - collect: {collector: host, seconds: 5}\n")

    assert office.prepare().playbook.tasks[1].look == LookArguments(collector="host", seconds=5)


def test_everything_that_a_sweep_must_keep_is_at_hand(office: Office) -> None:
    office.write("playbook.yml", HEAD + LOOK + CLEAN + CLEAN)

    prepared = office.prepare()

    assert [(file.role, file.name) for file in prepared.files] == [
        ("playbook", "playbook.yml"),
        ("tool", "tool.yaml"),
        ("list", "bad.txt"),
    ]
    assert all((office.folder / file.name).read_bytes() == file.data for file in prepared.files)
    assert set(prepared.collectors) == {"host", "files", "autostart", "processes"}
    assert prepared.playbook.path == str(office.folder.resolve() / "playbook.yml")
    assert prepared.inventory.path == str(office.folder.resolve() / "inventory.yml")
