"""What a result is heavy with, kept beside it: the data of evidence, and observations."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from controller.model.result import Attempt, Evidence, Look, TaskResult, ToolRun
from controller.store import blobs, observations
from controller.store.observations import Known


def keep(connection: Connection, attempt: int, tasks: Sequence[TaskResult], known: Known) -> None:
    """Keep what `lightened` takes out, under the row number of the attempt."""
    blobs.keep(connection, (piece for task in tasks for piece in task.evidence))
    observations.keep(connection, attempt, tasks, known)


def keep_refused(connection: Connection, attempt: Attempt) -> None:
    """Keep the answer to the first question that could not be read, if there is one."""
    blobs.keep(connection, (attempt.refused,) if attempt.refused else ())


def lightened_attempt(attempt: Attempt) -> Attempt:
    """Return `attempt` without what `keep` and `keep_refused` keep beside it."""
    return replace(attempt, tasks=lightened(attempt.tasks), refused=_bare(attempt.refused))


def lightened(tasks: Sequence[TaskResult]) -> tuple[TaskResult, ...]:
    """Return `tasks` without observations and without the data of evidence."""
    return tuple(
        replace(
            task,
            runs=tuple(map(lightened_run, task.runs)),
            looks=tuple(map(_lightened_look, task.looks)),
            refused=_bare(task.refused),
        )
        for task in tasks
    )


def lightened_run(run: ToolRun) -> ToolRun:
    """Return `run` without the data of its log."""
    return replace(run, log=_bare(run.log))


def _lightened_look(look: Look) -> Look:
    return replace(look, observations=(), answer=_bare(look.answer))


def _bare(piece: Evidence | None) -> Evidence | None:
    return replace(piece, data=b"") if piece else None
