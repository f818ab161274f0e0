"""Whether a Run can go on with anything while some of its Tasks are paused."""

from __future__ import annotations

from collections.abc import Sequence

from contextune.core.runs.task_run import TaskRun
from contextune.core.states import ENDED_TASK


def is_at_rest(tasks: Sequence[TaskRun]) -> bool:
    """Whether every Task that is left is paused, or waits for one that is."""
    left = [task for task in tasks if task.state not in ENDED_TASK]
    if not any(task.paused for task in left):
        return False
    resting = {task.id for task in left if task.state == "paused"}
    moving = [task for task in left if task.id not in resting]
    while moving:
        found = {task.id for task in moving if not resting.isdisjoint(_others(task))}
        if not found:
            return False
        resting |= found
        moving = [task for task in moving if task.id not in found]
    return True


def rest_text(tasks: Sequence[TaskRun]) -> str:
    """What a Run at rest waits for, a sentence."""
    return f"It waits for you to resume {paused_titles(tasks)}."


def paused_titles(tasks: Sequence[TaskRun]) -> str:
    """The Tasks that are paused, by their titles."""
    return ", ".join(f"“{task.task.title}”" for task in tasks if task.state == "paused")


def _others(task: TaskRun) -> Sequence[str]:
    """The Tasks that a Task waits for."""
    if task.state == "waiting":
        return (*task.task.depends_on, *task.waits_for)
    # One that overlaps with others may wait for them in the midst of its work.
    return task.waits_for if task.state == "working" else ()
