"""A Task that stands still until its user resumes it, while the others of its Run go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contextune.core.errors import UsageProblem
from contextune.core.runs import events as ev
from contextune.core.runs.rest import is_at_rest
from contextune.core.runs.run import Run
from contextune.core.states import ENDED_TASK

if TYPE_CHECKING:
    from contextune.engine.drive.run import RunDriver


def paused(run: Run, task_id: str, at: int) -> list[ev.AnyEvent]:
    """The events that pause a Task; none if it is. Raises UsageProblem if it has ended."""
    task = run.task(task_id)
    if task.state in ENDED_TASK:
        raise UsageProblem(f"Task {task_id} is {task.state} already.")
    return [] if task.paused else [ev.TaskPaused(run_id=run.id, at=at, task_id=task_id)]


def resumed(run: Run, task_id: str, at: int) -> list[ev.AnyEvent]:
    """The events that resume it. Raises UsageProblem if it is not paused."""
    if not run.task(task_id).paused:
        raise UsageProblem(f"Task {task_id} is not paused: it is {run.task(task_id).state}.")
    return [ev.TaskResumed(run_id=run.id, at=at, task_id=task_id)]


def all_resumed(run: Run, at: int) -> list[ev.AnyEvent]:
    """The events by which a Run goes on that could go on with nothing else: its paused Tasks are resumed."""
    if not is_at_rest(run.tasks):
        return []
    return [ev.TaskResumed(run_id=run.id, at=at, task_id=task.id) for task in run.tasks if task.paused]


async def until_resumed(driver: RunDriver, task_id: str) -> None:
    """Wait while a Task is paused."""
    while driver.run.task(task_id).paused:
        driver.happened.clear()
        await driver.happened.wait()
