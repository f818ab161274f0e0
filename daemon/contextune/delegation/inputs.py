"""What each tool is called with."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from contextune.protocol.wire import Params

LONGEST_WAIT = 600
"""Seconds that one call may wait at most."""

LONGEST_TEXT = 20_000
"""Characters of words for an agent, and of a goal."""

Id = Annotated[str, Meta(max_length=200)]
RunId = Annotated[str, Meta(min_length=1, max_length=80, description="The Run, such as r_1a2b3c4d.")]
AnyRunId = Annotated[str, Meta(max_length=80, description="The Run, such as r_1a2b3c4d.")]
TaskId = Annotated[str, Meta(min_length=1, max_length=200, description="The id of a Task of that Run.")]
AnyTaskId = Annotated[str, Meta(max_length=200, description="Only this Task of it.")]
Words = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
Wait = Annotated[
    int,
    Meta(
        ge=0,
        le=LONGEST_WAIT,
        description="Seconds to wait at most until the Run needs somebody or has ended; 0 answers at once.",
    ),
]
Day = Annotated[str, Meta(max_length=10, description="A local date, such as 2026-11-01.")]


class TodosInput(Params, frozen=True, kw_only=True):
    """Where to look for Todos."""

    path: Annotated[str, Meta(max_length=4096, description="A folder or file below the folder served.")] = ""


class QuoteInput(Params, frozen=True, kw_only=True):
    """What to quote: Todo ids, all of them, or a Goal; one of the three."""

    todo_ids: Annotated[
        tuple[Id, ...], Meta(max_length=60, description="Todos by the ids that `todos` tells.")
    ] = ()
    all: Annotated[bool, Meta(description="Every Todo.")] = False
    goal: Annotated[str, Meta(max_length=LONGEST_TEXT, description="A goal in plain words.")] = ""


class RunInput(Params, frozen=True, kw_only=True):
    """Which Quote to start, and what it may cost."""

    quote_id: Annotated[str, Meta(min_length=1, max_length=80, description="The id that `quote` told.")]
    limit: Annotated[
        Decimal,
        Meta(
            description="The most that the Run may cost in all, in dollars, planning included, such as 0.50. "
            "Never more than the Quote's budget is spent."
        ),
    ]
    wait_seconds: Wait = 0


class StatusInput(Params, frozen=True, kw_only=True):
    """Which Run; the newest ones if none is named."""

    run_id: AnyRunId = ""
    wait_seconds: Wait = 0


class WordsInput(Params, frozen=True, kw_only=True):
    """Words for one Task's agent."""

    run_id: RunId
    task_id: TaskId
    text: Words


class CancelInput(Params, frozen=True, kw_only=True):
    """Which Run, or which of its Tasks."""

    run_id: RunId
    task_id: AnyTaskId = ""


class ReviewInput(Params, frozen=True, kw_only=True):
    """Which Run to look at, and whether with its diff."""

    run_id: RunId
    task_id: AnyTaskId = ""
    diff: Annotated[bool, Meta(description="With the unified diff.")] = False


class AcceptInput(Params, frozen=True, kw_only=True):
    """Which Run, and how its commits reach the user's branch."""

    run_id: RunId
    mode: Annotated[
        Literal["merge", "squash"],
        Meta(description="merge: a commit for each Task; squash: one commit."),
    ] = "merge"
    without: Annotated[
        tuple[Id, ...], Meta(max_length=60, description="Ids of Tasks that are left out.")
    ] = ()


class CostInput(Params, frozen=True, kw_only=True):
    """From which day to which, both included."""

    since: Day = ""
    until: Day = ""
