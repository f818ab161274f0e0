"""The states of a Run, a Task and an attempt."""

from __future__ import annotations

from typing import Literal

RunState = Literal[
    "running",
    "paused",
    "parked",
    "review",
    "accepted",
    "undone",
    "discarded",
    "cancelled",
    "failed",
]
"""parked: a budget is reached; review: waits for the user's Accept; failed: ended with nothing to accept."""

TaskState = Literal[
    "waiting",
    "working",
    "asking",
    "testing",
    "joining",
    "paused",
    "accepted",
    "failed",
    "cancelled",
    "skipped",
]
"""joining: green by itself, not yet tested with the others; paused: no agent takes a turn on it until
its user resumes it; skipped: what it depends on did not end well."""

AttemptOutcome = Literal[
    "working", "green", "red", "limit", "refused", "cancelled", "failed", "handed_over", "outdone", "stuck"
]
"""refused: the model declined; failed: a problem outside the attempt, such as
a request that the server refuses;
handed_over: its conversation grew too long, a fresh one goes on; outdone: another try was better;
stuck: it went round in circles."""

Driver = Literal["here", "elsewhere", "nobody"]
"""Which process drives a Run: this one, another one, or none."""

ENDED_TASK: frozenset[TaskState] = frozenset({"accepted", "failed", "cancelled", "skipped"})
MOVING_TASK: frozenset[TaskState] = frozenset({"working", "testing", "joining"})
CLOSED_RUN: frozenset[RunState] = frozenset({"accepted", "undone", "discarded"})
"""States in which no Task of a Run is done again."""

LIVE_RUN: frozenset[RunState] = frozenset({"running", "paused", "parked"})
