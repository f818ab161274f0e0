"""What a user changes of a Run that goes on, as it changes its Tasks and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from contextune.core.errors import BudgetScope
from contextune.core.model.budget import Limits
from contextune.core.runs.task_run import TaskRun

if TYPE_CHECKING:
    from contextune.core.runs.events import RunAdjusted


def adjusted_task(task: TaskRun, event: RunAdjusted) -> TaskRun:
    """A Task on the new terms of its Run: the user's newest word about its budget and its rung holds."""
    limits, change = event.limits, msgspec.structs.replace
    if event.start is not None and task.id in event.task_ids:
        task = change(task, begins=event.start)
    if limits.task is not None and task.budget is not None:
        task = change(task, budget=None)
    if limits.request is not None and task.request_budget is not None:
        task = change(task, request_budget=None)
    return task


def limits_going_on(limits: Limits, parked_by: BudgetScope | None, sent: int) -> Limits:
    """What bounds a Run that its user has go on, given the requests without a price sent or under way.

    A number of requests that it waited at holds no longer: what the settings say does.
    """
    if parked_by != "requests" or limits.requests is None or sent < limits.requests:
        return limits
    return msgspec.structs.replace(limits, requests=None)
