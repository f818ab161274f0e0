"""With whom a Task overlaps while both are at work. Pure."""

from __future__ import annotations

from contextune.core.runs.run import Run
from contextune.core.states import ENDED_TASK


def overlapping(run: Run, task_id: str) -> tuple[str, ...]:
    """The other Tasks at work that a Task overlaps with, each once."""
    found = [
        other
        for one in run.live_overlaps
        if one.other == "task" and one.concerns(task_id)
        for other in (one.task_id, one.other_id)
        if other != task_id and run.task(other).state not in ENDED_TASK
    ]
    return tuple(dict.fromkeys(found))
