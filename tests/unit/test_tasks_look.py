"""A look asks one question, and takes only a whole answer to that very question."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from controller.errors import HostError, LineError, Reason
from controller.model.collector import Root, RootState, StoppedBy, Unread, UnreadKind
from controller.model.fleet import Connection, Platform
from controller.model.indicator import Kind
from controller.model.playbook import LookArguments, Module, Task
from controller.model.result import Look, TaskState
from controller.tasks.look import GREETING, greet, kept
from controller.transports.base import Reply
from controller.transports.canned import CannedHost, CannedSession
from tests.builders import BAD, a_host, a_job, a_task
from tests.visits import (
    BY_BAD_HASH,
    ELEVATED,
    NONCE,
    Stage,
    a_collector,
    a_file,
    a_files_task,
    a_list,
    a_process,
    an_entered_root,
    cut,
    framed,
    greeted,
    judging_by,
    processes,
)

HASHES = ("hashes=md5", "hashes=sha1")
OURS = "/var/lib/lamsach/tools/quet.sh"


def ask(reply: Reply, task: Task | None = None, **but: Any) -> tuple[Look, tuple[str, ...]]:
    """Make one look, and return it with the arguments that were sent."""
    stage = Stage(CannedHost(replies=[reply]), **but)
    (look,) = stage.do(task or a_task()).looks
    return look, stage.asked[0]


def refused(reply: Reply) -> HostError:
    with pytest.raises(HostError) as caught:
        Stage(CannedHost(replies=[reply])).do(a_task())
    return caught.value


pytestmark = pytest.mark.usefixtures("known_nonce")


def test_the_script_is_sent_with_nonce_and_sysroot() -> None:
    stage = Stage(CannedHost(replies=[processes(sysroot="/mnt/o-cung")]))

    stage.do(a_task(), a_job(host=a_host(sysroot="/mnt/o-cung")))

    (sent,) = (each for each in stage.transport.sent if each.verb == "run")
    assert sent.script == next(iter(a_collector("processes").scripts.values()))
    assert sent.arguments == (NONCE, "/mnt/o-cung", "seconds=120", *HASHES)


@pytest.mark.parametrize(("sysroot", "key"), [("", "SHA256:abc"), ("/mnt/o-cung", "")])
def test_a_disk_is_not_known_by_the_key_of_the_computer_that_it_is_mounted_on(sysroot: str, key: str) -> None:
    reply = greeted()
    reply = replace(reply, stdout=reply.stdout.replace(b" -\n", f" {sysroot or '-'}\n".encode()))
    stage = Stage(CannedHost(replies=[reply], host_key="SHA256:abc"))
    host = a_host(sysroot=sysroot)

    with stage.transport.open(host, None) as session:
        assert greet(session, host, a_collector(GREETING)).identity.host_key == key


def test_an_answer_about_another_disk_is_refused() -> None:
    assert refused(processes(sysroot="/mnt/khac")).reason is Reason.ANSWER_GARBLED


def test_an_answer_with_another_nonce_is_refused_and_kept() -> None:
    reply = processes(nonce="cd" * 8)

    error = refused(reply)

    assert (error.reason, error.raw) == (Reason.ANSWER_GARBLED, reply.stdout)


@pytest.mark.usefixtures("monkeypatch")
def test_each_question_has_a_nonce_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the real nonce
    stage = Stage(CannedHost(replies=[processes(), processes()]))

    for _ in range(2):
        with pytest.raises(HostError, match=r"answer\.garbled"):
            stage.do(a_task())

    first, second = (arguments[0] for arguments in stage.asked)
    assert first != second
    assert len(first) == 16


def test_the_end_of_stderr_and_the_exit_code_stand_in_the_detail() -> None:
    error = refused(cut(processes(), exit_code=137, stderr=b"x" * 1000 + b"\xff: Killed\n"))

    assert error.reason is Reason.ANSWER_CUT
    assert error.detail.startswith("'processes' has no end line after 2 lines; exit 137: xxx")
    assert error.detail.endswith("\ufffd: Killed")
    assert len(error.detail) < 500


def test_a_whole_answer_with_a_failed_script_is_refused() -> None:
    error = refused(replace(processes(), exit_code=1))

    assert (error.reason, error.detail) == (Reason.ANSWER_GARBLED, "a whole answer, but exit 1")


def test_a_whole_answer_is_kept_under_its_hash() -> None:
    reply = processes()

    look, _ = ask(reply)

    assert look.answer == kept(reply.stdout)
    assert kept(reply.stdout).sha256 == sha256(reply.stdout).hexdigest()


def test_all_hashes_are_asked_for_whatever_the_lists_hold() -> None:
    look, arguments = ask(processes(), judging=lambda _: judging_by(a_list((Kind.DOMAIN, "bad.example"))))

    assert arguments == (NONCE, "-", "seconds=120", *HASHES)
    assert look.key.arguments == ("seconds=120",)  # the same question as that of an older lamsach


def test_a_look_that_reads_no_file_asks_for_no_hash() -> None:
    task = Task(name="ask", module=Module.CHECK_IOCS, look=LookArguments(collector="connections"))

    _, arguments = ask(framed("connections"), task)

    assert arguments == (NONCE, "-", "seconds=60")


def test_a_collection_is_not_judged() -> None:
    task = Task(name="collect", module=Module.COLLECT, look=LookArguments(collector="processes"))

    look, arguments = ask(processes(a_process(sha256=BAD)), task)

    assert (look.judged, look.matches, look.key.lists) == (False, (), ())
    assert Kind.SHA256 in {each.kind for each in look.observations}
    assert arguments == (NONCE, "-", "seconds=120", *HASHES)


def test_a_text_that_a_host_shows_meets_the_lists() -> None:
    listed = judging_by(a_list((Kind.URL, "http://bad.example/a.hta")))

    look, _ = ask(processes(a_process(command_line="mshta http://bad.example/a.hta")), judging=lambda _: listed)

    assert [(match.seen, match.where) for match in look.matches] == [
        ("http://bad.example/a.hta", "pid 812 /usr/bin/dung")
    ]


def test_what_was_seen_is_judged_and_counted() -> None:
    rows = (a_process("/tmp/x", BAD), a_process("/usr/bin/dung"))

    unread = [Unread(kind=UnreadKind.FILE, path=f"/{number}", error=13) for number in range(3)]
    look, _ = ask(processes(*rows, unread=unread, stopped="time"))

    assert [(match.value, match.where) for match in look.matches] == [(BAD, "pid 812 /tmp/x")]
    assert (look.rows, look.unread, look.stopped, look.judged) == (3, 3, StoppedBy.TIME, True)
    assert look.unread_items == tuple(unread)


def test_the_lists_of_the_task_judge_it() -> None:
    by_name = {("b.txt",): BY_BAD_HASH}
    task = Task(name="t", module=Module.CHECK_IOCS, look=LookArguments(collector="processes", lists=("b.txt",)))

    look, _ = ask(processes(a_process(sha256=BAD)), task, judging=by_name.__getitem__)

    assert (len(look.matches), look.key.lists) == (1, ("bad.txt",))


def test_the_same_question_has_the_same_key_and_another_has_another() -> None:
    reply = framed("files", a_file("/a", "folder"), a_file("/b", "folder"))
    key = ask(reply, a_files_task("/a", "/b", max_files=5))[0].key

    assert key == ask(reply, a_files_task("/b", "/a", max_files=5))[0].key
    others = [
        ask(reply, a_files_task("/a", max_files=5))[0].key,
        ask(reply, a_files_task("/a", "/b"))[0].key,
        ask(reply, a_files_task("/a", "/b", max_files=5, seconds=9))[0].key,
        ask(reply, a_files_task("/a", "/b", max_files=5), judging=lambda _: judging_by())[0].key,
    ]
    assert key not in others
    assert key.arguments == ("max_files=5", "root=/a", "root=/b", "seconds=300")
    assert key.lists == ("bad.txt",)


def test_a_look_carries_the_commit_before_its_script_the_boot_and_the_revision() -> None:
    stage = Stage(CannedHost(replies=[processes()]))
    stage.latest_commit = lambda: len(stage.transport.sent)  # after the logon, before the script

    (look,) = stage.do(a_task()).looks

    assert (look.began, look.boot_id, look.revision) == (1, "boot 7", a_collector("processes").spec.revision)


def test_observations_carry_the_number_of_their_row_also_behind_a_file_of_ours() -> None:
    rows = a_process(path=OURS, sha256="cd" * 32), a_process(path="/usr/bin/dung"), a_process(path="/usr/bin/dung")
    look, _ = ask(processes(*rows), pushed=frozenset({"cd" * 32}))

    assert {each.row for each in look.observations if "dung" in each.value} == {2}
    assert {each.row for each in look.observations} == {2}


def test_the_limits_of_the_task_are_sent() -> None:
    _, arguments = ask(framed("files", a_file("/a", "folder")), a_files_task("/a", max_files=7, seconds=9))

    assert arguments == (NONCE, "-", "max_files=7", "root=/a", "seconds=9", *HASHES)


@pytest.mark.parametrize(
    ("path", "pushed", "excused"),
    [
        (OURS, BAD, True),
        (OURS, "22" * 32, False),
        ("/tmp/quet.sh", BAD, False),
        ("/var/lib/lamsach-khac/quet.sh", BAD, False),
        ("/mnt/var/lib/lamsach/quet.sh", BAD, False),
    ],
)
def test_our_own_file_is_excused_only_by_place_and_hash_together(path: str, pushed: str, excused: bool) -> None:
    look, _ = ask(
        framed("files", a_file(path, sha256=BAD), roots=[an_entered_root("/var")]),
        a_files_task("/var"),
        pushed=frozenset({pushed, "33" * 32}),
    )

    assert (look.matches == ()) is excused
    assert look.rows == 1


def test_a_file_without_a_hash_is_never_ours() -> None:
    look, _ = ask(
        framed("files", a_file(OURS), roots=[an_entered_root("/var")]), a_files_task("/var"), pushed=frozenset({BAD})
    )

    assert OURS in {each.value for each in look.observations}


def test_a_script_gets_more_time_than_it_gives_itself() -> None:
    class Timed(CannedSession):
        greeting = ELEVATED

        def __init__(self) -> None:
            self.seconds: list[float] = []

        def run(self, script: str, arguments: Sequence[str] = (), *, seconds: float) -> Reply:
            self.seconds.append(seconds)
            return framed("files", a_file("/a", "folder"))

    session = Timed()
    Stage(CannedHost()).do(a_files_task("/a", seconds=600), session=session)

    (seconds,) = session.seconds
    assert 600 < seconds <= 630


@pytest.mark.parametrize("kind", [HostError, LineError])
def test_a_question_without_an_answer_is_named_with_its_seconds(kind: type[HostError]) -> None:
    with pytest.raises(kind) as caught:
        Stage(CannedHost(replies=[kind(Reason.HOST_TIMEOUT, "its time is up")])).do(a_files_task("/a", seconds=7))

    assert (caught.value.reason, caught.value.detail) == (Reason.HOST_TIMEOUT, "'files' had no answer after 7 s")


def test_a_task_without_a_script_for_the_platform_is_skipped() -> None:
    stage = Stage(CannedHost())
    linux_only = replace(a_collector("processes"), scripts={Platform.LINUX: "main"})

    result = stage.do(a_task(), a_job(host=a_host(connection=Connection.PSRP)), collector=lambda _: linux_only)

    assert (result.state, result.looks, stage.verbs) == (TaskState.SKIPPED, (), ["open"])


@pytest.mark.parametrize(
    ("path", "sha256", "excused"),
    [
        ("C:\\ProgramData\\lamsach\\tools\\quet.exe", BAD, True),
        ("c:\\programdata\\LAMSACH\\tools\\quet.exe", BAD, True),
        ("C:\\ProgramData\\lamsach2\\quet.exe", BAD, False),
        ("C:\\ProgramData\\lamsach\\tools\\quet.exe", "11" * 32, False),
    ],
)
def test_our_own_folder_is_known_on_windows_too(path: str, sha256: str, excused: bool) -> None:
    stage = Stage(CannedHost(replies=[processes(a_process(path, sha256))]), pushed=frozenset({BAD}))

    result = stage.do(a_task(), a_job(host=a_host(connection=Connection.PSRP)))

    assert (path not in {seen.value for seen in result.looks[0].observations}) is excused


@pytest.mark.parametrize(
    ("platforms", "state"), [((Platform.LINUX,), TaskState.DONE), ((Platform.WINDOWS,), TaskState.SKIPPED)]
)
def test_a_task_for_another_platform_is_skipped(platforms: tuple[Platform, ...], state: TaskState) -> None:
    arguments = LookArguments(collector="processes", platforms=platforms)
    stage = Stage(CannedHost(replies=[processes(a_process())]))

    assert stage.do(Task(name="t", module=Module.CHECK_IOCS, look=arguments)).state is state


def test_a_task_without_roots_for_the_platform_is_skipped() -> None:
    stage = Stage(CannedHost())

    result = stage.do(a_files_task())

    assert (result.state, stage.verbs) == (TaskState.SKIPPED, ["open"])


GONE = Root(asked="/hom", state=RootState.MISSING)


def test_a_look_keeps_what_became_of_each_root() -> None:
    roots = [an_entered_root("/home"), GONE]

    look, _ = ask(framed("files", a_file("/home", "folder"), roots=roots), a_files_task("/home", "/hom"))

    assert (look.roots, look.stopped) == (tuple(roots), None)


def test_a_look_none_of_whose_roots_exists_is_stopped() -> None:
    look, _ = ask(framed("files", a_file("/hom", "missing"), roots=[GONE]), a_files_task("/hom"))

    assert look.stopped is StoppedBy.MISSING


def test_an_answer_that_is_silent_about_a_root_is_refused() -> None:
    with pytest.raises(HostError, match=r"what became of root '/home'") as caught:
        ask(framed("files", a_file("/opt", "folder")), a_files_task("/home", "/opt"))

    assert caught.value.reason is Reason.ANSWER_GARBLED


def test_a_look_whose_time_was_up_before_a_root_had_its_turn_is_no_error() -> None:
    look, _ = ask(framed("files", a_file("/opt", "folder"), stopped="time"), a_files_task("/home", "/opt"))

    assert look.stopped is StoppedBy.TIME


def test_a_disk_that_holds_no_system_is_an_error_of_its_own() -> None:
    refusal = Reply(exit_code=65, stdout=b"", stderr=b"processes: no system lies at /mnt/x: no etc, no usr\n")
    stage = Stage(CannedHost(replies=[refusal]))

    with pytest.raises(HostError, match="no system lies at /mnt/x") as caught:
        stage.do(a_task(), a_job(host=a_host(sysroot="/mnt/x")))

    assert caught.value.reason is Reason.SYSROOT_MISSING
