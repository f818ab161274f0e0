"""What requests about Tasks take and give."""

from __future__ import annotations

from contextune.core.runs.line_origin import Source
from contextune.protocol.wire import Params, View


class TaskOriginParams(Params, frozen=True, kw_only=True):
    """A line, counted from 1, of a file as the Task's commit has it."""

    run_id: str
    task_id: str
    path: str
    line: int


class TaskOriginResult(View, frozen=True, kw_only=True):
    """Who wrote the line; attempt and turn where an agent did."""

    source: Source
    attempt: int | None
    turn: int | None
    text: str
    """A sentence for people."""
