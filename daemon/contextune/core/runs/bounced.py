"""With whom a green Task did not fit."""

from __future__ import annotations

from collections.abc import Sequence

from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun


def unfit_text(run: Run, against: Sequence[str], conflicts: Sequence[str]) -> str:
    """Why a Task does not fit the Tasks `against`, a sentence."""
    others = _named(run, against)
    if conflicts:
        return f"git cannot merge {', '.join(conflicts)} with {others}."
    return f"Green by itself, but the Gate is red together with {others}."


def bounced_text(run: Run, task: TaskRun) -> str:
    """Why a Task went back to an agent when it met the others, short enough for a row, or nothing."""
    bounced = task.bounced
    if bounced is None:
        return ""
    if bounced.conflicts or not bounced.against:
        return bounced.reason.rstrip(".")
    return f"Green alone, red together with {_named(run, bounced.against)}"


def _named(run: Run, task_ids: Sequence[str]) -> str:
    *first, last = [f"“{run.task(task_id).task.title}”" for task_id in task_ids]
    return f"{', '.join(first)} and {last}" if first else last
