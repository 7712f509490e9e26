"""A file is placed by its SHA-256 at any time, and where it belongs only with `--apply`."""

from dataclasses import replace
from typing import Any

import pytest

from controller.errors import HostError, Reason
from controller.model.fleet import Connection, Platform
from controller.model.playbook import Effect, Module, PushArguments, Task
from controller.model.result import TaskResult, TaskState
from controller.tasks.push import Push
from controller.transports.base import Reply
from controller.transports.canned import CannedHost
from tests.builders import a_host, a_job
from tests.visits import ELEVATED, Stage

SUM = "ab" * 32
PLACED = f"/var/lib/lamsach/tools/{SUM}/tệp.txt"
ON_WINDOWS = rf"C:\ProgramData\lamsach\tools\{SUM}\tệp.txt"


def a_push(dest: str = "", *, windows: str = "") -> Task:
    places = {platform: path for platform, path in ((Platform.LINUX, dest), (Platform.WINDOWS, windows)) if path}
    return Task(name="push", module=Module.PUSH, push=PushArguments(file="f/tệp.txt", sha256=SUM, dest=places))


def staged(*, exit_code: int = 0, said: str = "#lamsach placed", new: bool = True) -> Stage:
    """A host that has something to say to the script that copies."""
    stdout, stderr = (b"", said) if exit_code else (f"a banner\n{said}\n".encode(), "")
    return Stage(
        CannedHost(puts=[new], replies=[Reply(exit_code=exit_code, stdout=stdout, stderr=f"{stderr}\n".encode())])
    )


def push(stage: Stage, dest: str = "", *, apply: bool = True, sysroot: str = "", **but: Any) -> TaskResult:
    task = a_push(dest)
    return stage.do(task, replace(a_job(task, apply=apply), host=a_host(sysroot=sysroot)), **but)


@pytest.mark.parametrize(
    ("dest", "apply", "effect"),
    [("", False, Effect.READ), ("", True, Effect.READ), ("/x", False, Effect.READ), ("/x", True, Effect.CHANGE)],
)
def test_only_a_dest_with_apply_is_a_change(dest: str, apply: bool, effect: Effect) -> None:
    assert Push().effect(a_push(dest), apply=apply) is effect


@pytest.mark.parametrize(("new", "notes"), [(True, ()), (False, ("'tệp.txt' was there already",))])
def test_without_dest_it_is_placed_in_a_dry_run_too(new: bool, notes: tuple[str, ...]) -> None:
    stage = staged(new=new)

    result = push(stage, apply=False)

    assert (result.state, result.notes, result.plan) == (TaskState.DONE, notes, ())
    assert [(each.script, each.arguments) for each in stage.transport.sent if each.verb == "put"] == [
        ("f/tệp.txt", (SUM, "tệp.txt"))
    ]
    assert stage.verbs == ["open", "put"]


@pytest.mark.parametrize(("dest", "whole"), [("/opt/x.txt", "/opt/x.txt"), ("mẫu/x.txt", "/var/lib/lamsach/mẫu/x.txt")])
def test_a_dest_is_only_planned_without_apply(dest: str, whole: str) -> None:
    stage = staged()

    result = push(stage, dest, apply=False)

    assert (result.state, result.plan) == (TaskState.PLANNED, (f"put 'tệp.txt' at '{whole}'",))
    assert stage.verbs == ["open"]


@pytest.mark.parametrize(
    ("dest", "sysroot", "words"),
    [
        ("/opt/x.txt", "", (PLACED, SUM, "-", "/opt/x.txt")),
        ("mẫu/x.txt", "", (PLACED, SUM, "-", "/var/lib/lamsach/mẫu/x.txt")),
        ("/opt/x.txt", "/mnt/đĩa", (f"/mnt/đĩa{PLACED}", SUM, "/mnt/đĩa", "/opt/x.txt")),
    ],
)
def test_with_apply_it_is_placed_and_copied_from_there(dest: str, sysroot: str, words: tuple[str, ...]) -> None:
    stage = staged(new=False)

    result = push(stage, dest, sysroot=sysroot)

    assert (result.state, result.notes) == (TaskState.DONE, ())
    assert stage.verbs == ["open", "put", "run"]
    script = stage.transport.sent[-1].script
    assert stage.asked == [(*words, script)]
    assert "linux_walk.sh" in script


def test_a_dest_that_holds_the_very_file_is_noted() -> None:
    assert push(staged(said="#lamsach same"), "/x").notes == ("'tệp.txt' was there already",)


@pytest.mark.parametrize(
    ("exit_code", "reason"), [(62, Reason.HOST_DISK_FULL), (63, Reason.PUSH_FAILED), (2, Reason.ANSWER_GARBLED)]
)
def test_a_refusal_says_why_in_the_hosts_words(exit_code: int, reason: Reason) -> None:
    with pytest.raises(HostError) as caught:
        push(staged(exit_code=exit_code, said="no room"), "/x")

    assert (caught.value.reason, caught.value.detail) == (reason, "no room")


@pytest.mark.parametrize(
    ("code", "reason"), [(62, Reason.HOST_DISK_FULL), (63, Reason.PUSH_FAILED), (65, Reason.TOOL_BLOCKED)]
)
def test_a_refusal_of_windows_is_one_too_though_it_has_no_exit_codes(code: int, reason: Reason) -> None:
    with pytest.raises(HostError) as caught:
        push(staged(said=f"#lamsach refused {code}\nanother program uses it"), "/x")

    assert (caught.value.reason, caught.value.detail) == (reason, "another program uses it")


@pytest.mark.parametrize("said", ["placed", "#lamsach done"])
def test_what_does_not_say_that_it_is_there_is_no_answer(said: str) -> None:
    with pytest.raises(HostError) as caught:
        push(staged(said=said), "/x")

    assert caught.value.reason is Reason.ANSWER_GARBLED


@pytest.mark.parametrize("dest", ["", "/x"])
def test_without_an_administrators_rights_nothing_is_sent(dest: str) -> None:
    stage = staged()

    with pytest.raises(HostError) as caught:
        push(stage, dest, greeting=replace(ELEVATED, elevated=False))

    assert caught.value.reason is Reason.RIGHTS_MISSING
    assert stage.verbs == ["open"]


@pytest.mark.parametrize(
    ("windows", "whole"),
    [(r"C:\Mẫu\x.txt", r"C:\Mẫu\x.txt"), ("C:/x.txt", r"C:\x.txt"), ("mẫu/x.txt", r"C:\ProgramData\lamsach\mẫu\x.txt")],
)
def test_on_windows_it_is_copied_to_where_it_belongs_there(windows: str, whole: str) -> None:
    stage, task = staged(new=False), a_push("/x", windows=windows)

    result = stage.do(task, replace(a_job(task, apply=True), host=a_host(connection=Connection.PSRP)))

    assert (result.state, result.notes) == (TaskState.DONE, ())
    assert stage.asked == [(ON_WINDOWS, SUM, "-", whole)]
    assert "For Windows PowerShell 5.1" in stage.transport.sent[-1].script


@pytest.mark.parametrize("apply", [True, False])
@pytest.mark.parametrize(
    ("connection", "dests", "why"),
    [
        (Connection.SSH, {"windows": r"C:\x"}, "'tệp.txt' has no 'dest' for linux"),
        (Connection.PSRP, {"dest": "/x"}, "'tệp.txt' has no 'dest' for windows"),
    ],
)
def test_a_host_whose_platform_has_no_dest_is_skipped_and_says_so(
    connection: Connection, dests: dict[str, str], why: str, apply: bool
) -> None:
    stage, task = staged(), a_push(**dests)

    result = stage.do(task, replace(a_job(task, apply=apply), host=a_host(connection=connection)))

    assert (result.state, result.notes) == (TaskState.SKIPPED, (why,))
    assert stage.verbs == ["open"]
