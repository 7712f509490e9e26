"""What a script of ours says is heard behind whatever else a host says, and nothing else is taken for it."""

from pathlib import Path

import pytest

from controller.errors import HostError, Reason
from controller.transports.base import Reply, RunPhase, RunState
from controller.transports.placed import Push, refusal, run_state, said


def reply(stdout: bytes, exit_code: int = 0, stderr: bytes = b"") -> Reply:
    return Reply(exit_code=exit_code, stdout=stdout, stderr=stderr)


SAID = {
    "a word": (b"#lamsach absent\n", ("absent", None, b"")),
    "a number": (b"#lamsach need 12\n", ("need", 12, b"")),
    "an exit code of Windows": (b"#lamsach finished -1073741819\nlog", ("finished", -1073741819, b"log")),
    "what a login shell prints before it": (b"Welcome\n#lamsach done\n", ("done", None, b"")),
}


@pytest.mark.parametrize(("stdout", "heard"), SAID.values(), ids=SAID)
def test_a_word_a_number_and_the_rest_are_heard(stdout: bytes, heard: tuple[str, int | None, bytes]) -> None:
    assert said(reply(stdout)) == heard


@pytest.mark.parametrize("stdout", [b"", b"#lamsach", b"# lamsach done\n", b"#lamsach done", b"#lamsach need x\n"])
def test_anything_else_is_garbled(stdout: bytes) -> None:
    with pytest.raises(HostError) as caught:
        said(reply(stdout))

    assert caught.value.reason is Reason.ANSWER_GARBLED


def test_an_exit_code_of_ours_is_a_refusal_with_its_sentence() -> None:
    with pytest.raises(HostError) as caught:
        said(reply(b"#lamsach done\n", exit_code=64, stderr=b"'run-2' \x1bstill runs\n"))

    assert caught.value.reason is Reason.HOST_BUSY
    assert caught.value.detail == refusal(64, b"'run-2' \x1bstill runs\n").detail
    assert "\x1b" not in caught.value.detail


def test_a_file_is_read_in_blocks_from_an_offset_on_and_no_further_than_asked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        push = Push(file, 10, ("folder", "name", "sha256"))

        assert list(push.blocks(2, block=3)) == [b"234", b"567", b"89"]
        assert list(push.blocks(2, block=3, most=4)) == [b"234", b"5"]
        assert list(push.blocks(10)) == []
    assert push.arguments == ("folder", "name", "sha256", "10")


STATES = {
    "it is over": (b"#log\n\n#log\n#cut\n", RunState(phase=RunPhase.FINISHED, exit_code=7, log=b"\n#log\n#cut\n")),
    "it left something": (
        b"#left 71 updater\n#left 72 a b\n#cut\n#log\nx",
        RunState(phase=RunPhase.FINISHED, exit_code=7, log=b"x", cut=True, overdue=("71 updater", "72 a b")),
    ),
    "the name of a process is hostile": (
        b"#left 71 \x1b[2J\n#log\n",
        RunState(phase=RunPhase.FINISHED, exit_code=7, overdue=("71 \\x1b[2J",)),
    ),
    "nothing follows": (b"", RunState(phase=RunPhase.FINISHED, exit_code=7)),
}


@pytest.mark.parametrize(("rest", "state"), STATES.values(), ids=STATES)
def test_a_state_of_a_run_is_read_with_what_stands_before_its_log(rest: bytes, state: RunState) -> None:
    assert run_state("finished", 7, rest) == state


def test_only_some_of_many_processes_are_named() -> None:
    assert len(run_state("running", None, b"#left 7 x\n" * 10_000).overdue) == 8


def test_a_word_that_is_no_state_is_garbled() -> None:
    with pytest.raises(HostError) as caught:
        run_state("done", None, b"")

    assert caught.value.reason is Reason.ANSWER_GARBLED
