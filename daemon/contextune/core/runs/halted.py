"""Whether a Task stands still because its Run does. Pure."""

from __future__ import annotations

from typing import Literal

from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.states import MOVING_TASK, TaskState

Halt = Literal["paused", "parked"]
"""How a Run stands of which no agent takes a further turn."""

_STOPPABLE: frozenset[TaskState] = MOVING_TASK | {"waiting"}
"""States of a Task that stand still while its Run does."""


def is_answering(run: Run, task: TaskRun) -> bool:
    """Whether a request of the Task is under way."""
    return any(request.task_id == task.id for request in run.in_flight)


def state_seen(run: Run, task: TaskRun) -> TaskState | Halt:
    """The state of a Task, or of its Run where it stands still with that."""
    return halted(run, task) or task.state


def halted(run: Run, task: TaskRun) -> Halt | None:
    """How the Run stands, where a Task goes on only with it; None where the Task's own state says all.

    A Task whose request is under way is at work until that is answered.
    """
    if run.state not in ("paused", "parked") or task.state not in _STOPPABLE or is_answering(run, task):
        return None
    return run.state
