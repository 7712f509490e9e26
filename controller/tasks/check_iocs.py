"""Look for known indicators with one collector."""

from controller.model.playbook import Effect, Task
from controller.model.result import TaskResult, TaskState
from controller.tasks.base import TaskContext
from controller.tasks.look import applies, look


class CheckIocs:
    """Ask one question, and compare the answer with the IOC lists."""

    def effect(self, task: Task, *, apply: bool) -> Effect:  # noqa: ARG002 - the protocol's shape
        """A look alters nothing."""
        return Effect.READ

    def run(self, index: int, task: Task, context: TaskContext) -> TaskResult:
        """Collect, then match. An empty answer is a look that found nothing; no answer is an error."""
        return asked(index, task, context, judged=True)


class Collect:
    """Ask one question and keep the answer; nothing is judged."""

    def effect(self, task: Task, *, apply: bool) -> Effect:  # noqa: ARG002 - the protocol's shape
        """A look alters nothing."""
        return Effect.READ

    def run(self, index: int, task: Task, context: TaskContext) -> TaskResult:
        """Collect only."""
        return asked(index, task, context, judged=False)


def asked(index: int, task: Task, context: TaskContext, *, judged: bool) -> TaskResult:
    """Run a looking task; one that has nothing to ask on the platform is skipped."""
    arguments = task.look
    if arguments is None:
        raise ValueError(f"task '{task.name}' has no arguments of a look")
    if not applies(arguments, context.collector(arguments.collector), context.host.platform):
        return TaskResult(index=index, name=task.name, state=TaskState.SKIPPED)
    done = look(arguments, context, context.judging(arguments.lists) if judged else None)
    return TaskResult(index=index, name=task.name, state=TaskState.DONE, looks=(done,))
