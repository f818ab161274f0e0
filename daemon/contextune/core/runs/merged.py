"""Who merged a Task with the others where git could not: what a review must know."""

from __future__ import annotations

from contextune.core.runs.task_run import TaskRun


def merged_text(task: TaskRun) -> str:
    """Who merged what, a sentence; empty if git did, or nothing is merged yet."""
    if task.joined is None:
        return ""
    if task.merged_by:
        return f"{task.merged_by} merged {', '.join(task.merged)}, which git could not."
    if task.bounced is None or not task.bounced.conflicts:
        return ""
    last = task.attempts[-1] if task.attempts else None
    files = ", ".join(task.bounced.conflicts)
    if last is not None and last.outcome == "green":
        return f"conflict-resolver merged {files}, which git could not."
    return f"You merged {files}, which git could not."
