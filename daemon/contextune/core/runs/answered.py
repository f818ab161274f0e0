"""A Run that answers a pull request: what people said of its lines, or its red checks."""

from __future__ import annotations

import re

from contextune.core.runs.run import Run

_OF_PULL = re.compile(r"(?:review|check)-([1-9]\d{0,9})-(\d{1,20})")


def answered_pull(run: Run) -> int | None:
    """The number of the pull request that all of its Tasks are about, by their ids; None if there is none."""
    found = {match[1] if (match := _OF_PULL.fullmatch(task.id)) else None for task in run.tasks}
    number = found.pop() if len(found) == 1 else None
    return int(number) if number else None


def answered_comment(task_id: str) -> int | None:
    """The id of the comment that a Task answers; None if it answers none."""
    found = _OF_PULL.fullmatch(task_id)
    return int(found[2]) if found and task_id.startswith("review-") else None
