"""What requests about Tasks take and give."""

from __future__ import annotations

from contextune.core.runs.line_origin import Source
from contextune.protocol.views import PriceView, RungView
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


class TaskRetryParams(Params, frozen=True, kw_only=True):
    """Which ended Task is done again, and where it begins."""

    run_id: str
    task_id: str
    start: int | None = None
    """The place on the Run's ladder, from 0; None for where it began before."""


class RetryRungView(View, frozen=True, kw_only=True):
    """A rung on which a Task can begin again."""

    start: int
    """Its place on the Run's ladder, from 0."""
    rung: RungView
    price: PriceView
    tried: bool
    """Whether an agent of this Task worked on it already."""


class TaskRungsResult(View, frozen=True, kw_only=True):
    """The rungs of the Run's ladder, in order."""

    rungs: tuple[RetryRungView, ...]
    room_text: str
    """What is left of the Run's budget."""
