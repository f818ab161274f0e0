"""Whether a Run can go on with anything while some of its Tasks are paused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contextune.core.runs.task_run import TaskRun
from contextune.core.states import ENDED_TASK


def is_at_rest(tasks: Sequence[TaskRun]) -> bool:
    """Whether every Task that is left is paused, or waits for one that is."""
    left = {task.id: task for task in tasks if task.state not in ENDED_TASK}
    if not any(task.paused for task in left.values()):
        return False
    return all(_rests(task, left, frozenset()) for task in left.values())


def rest_text(tasks: Sequence[TaskRun]) -> str:
    """What a Run at rest waits for, a sentence."""
    return f"It waits for you to resume {paused_titles(tasks)}."


def paused_titles(tasks: Sequence[TaskRun]) -> str:
    """The Tasks that are paused, by their titles."""
    return ", ".join(f"“{task.task.title}”" for task in tasks if task.state == "paused")


def _rests(task: TaskRun, left: Mapping[str, TaskRun], asked: frozenset[str]) -> bool:
    if task.state not in ("waiting", "working"):
        return task.state == "paused"
    # One that overlaps with others may wait for them in the midst of its work.
    for_others = task.waits_for if task.state == "working" else (*task.task.depends_on, *task.waits_for)
    others = [left[one] for one in for_others if one in left and one not in asked]
    return any(_rests(other, left, asked | {task.id}) for other in others)
