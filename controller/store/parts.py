"""What a result is heavy with, kept beside it: the data of evidence, and observations."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from controller.model.result import Attempt, Evidence, Look, TaskResult, ToolRun
from controller.store import blobs, observations
from controller.store.observations import Known, LookPlace


def keep(
    connection: Connection, attempt: int, tasks: Sequence[TaskResult], known: Known, number: int
) -> Mapping[LookPlace, int]:
    """Keep what `lightened` takes out, under the row number of the attempt and the `number` of this commit.

    Returns the commit number of each look of the attempt.
    """
    blobs.keep(connection, (piece for task in tasks for piece in task.evidence))
    return observations.keep(connection, attempt, tasks, known, number)


def keep_refused(connection: Connection, attempt: Attempt) -> None:
    """Keep the answer to the first question that could not be read, if there is one."""
    blobs.keep(connection, (attempt.refused,) if attempt.refused else ())


def lightened_attempt(attempt: Attempt, committed: Mapping[LookPlace, int]) -> Attempt:
    """Return `attempt` without what `keep` and `keep_refused` keep beside it, its looks with their commit numbers."""
    return replace(attempt, tasks=lightened(attempt.tasks, committed), refused=_bare(attempt.refused))


def lightened(tasks: Sequence[TaskResult], committed: Mapping[LookPlace, int]) -> tuple[TaskResult, ...]:
    """Return `tasks` without observations and without the data of evidence, their looks with their commit numbers."""
    return tuple(
        replace(
            task,
            runs=tuple(map(lightened_run, task.runs)),
            looks=tuple(_lightened_look(look, committed[task.index, place]) for place, look in enumerate(task.looks)),
            refused=_bare(task.refused),
        )
        for task in tasks
    )


def lightened_run(run: ToolRun) -> ToolRun:
    """Return `run` without the data of its log."""
    return replace(run, log=_bare(run.log))


def _lightened_look(look: Look, committed: int) -> Look:
    return replace(look, observations=(), answer=_bare(look.answer), committed=committed)


def _bare(piece: Evidence | None) -> Evidence | None:
    return replace(piece, data=b"") if piece else None
