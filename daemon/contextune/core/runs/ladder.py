"""The Ladder: where a Task begins on it, and where it stands after some attempts."""

from __future__ import annotations

from collections.abc import Sequence

from contextune.core.model.conversation import Rung
from contextune.core.planning.plan import Task
from contextune.core.planning.quote import Quote, TaskQuote
from contextune.core.runs.task_run import Attempt, TaskRun
from contextune.core.states import AttemptOutcome

MAX_HAND_OVERS = 3
"""How often the conversation of a Task may grow too long for its model before the Task climbs."""

LOST: frozenset[AttemptOutcome] = frozenset({"red", "limit", "refused", "stuck"})
"""Outcomes after which the same rung is not tried once more. The others are no fault of the rung."""


PINNED = "Pinned by the user."
"""Why a Task begins where its user has it begin."""


def beginning(quote: Quote, task: Task, ladder: Sequence[Rung], pinned: int | None = None) -> tuple[int, str]:
    """The step that a Task begins on, and why; `pinned` is where the user has it begin again."""
    if pinned is not None:
        return min(pinned, len(ladder) - 1), PINNED
    quoted = quote.priced(task.id)
    if quoted is None:
        return _by_complexity(task, ladder), ""
    start = quoted.start or _unrouted(quoted, task, ladder)
    return min(start, len(ladder) - 1), quoted.reason


def is_to_begin(task: TaskRun) -> bool:
    """Whether a Task waits for its first agent, so that it may begin on another rung of the Ladder.

    One that git could not merge with others goes to a role that has rungs of its own.
    """
    is_conflict = task.bounced is not None and bool(task.bounced.conflicts)
    return task.state in ("waiting", "paused") and len(task.attempts) == task.lap and not is_conflict


def reached(rungs: Sequence[Rung], start: int, attempts: Sequence[Attempt]) -> int:
    """The step that a Task goes on at after these attempts; len(rungs) if it has climbed past the last."""
    if not attempts:
        return start
    step = step_of(attempts[-1], rungs, start)
    newest = newest_tries(attempts, rungs, start, step)
    if any(attempt.outcome == "green" for attempt in newest.values()):
        return step
    hand_overs = sum(attempt.outcome == "handed_over" for attempt in attempts)
    lost = [
        attempt
        for attempt in newest.values()
        if attempt.outcome in LOST or (attempt.outcome == "handed_over" and hand_overs > MAX_HAND_OVERS)
    ]
    tries = rungs[step].tries if step < len(rungs) else 1
    return step + 1 if len(lost) >= tries else step


def newest_tries(
    attempts: Sequence[Attempt], rungs: Sequence[Rung], start: int, step: int
) -> dict[int, Attempt]:
    """The newest attempt of each try on a step."""
    return {one.trial: one for one in attempts if step_of(one, rungs, start) == step}


def step_of(attempt: Attempt, rungs: Sequence[Rung], start: int) -> int:
    """The step of an attempt; from its rung where a journal of an older version does not tell."""
    if attempt.step is not None:
        return attempt.step
    return next((i for i in range(start, len(rungs)) if rungs[i] == attempt.rung), start)


def _unrouted(quoted: TaskQuote, task: Task, ladder: Sequence[Rung]) -> int:
    """The start of a Task whose Quote was made before there was a router: it names no kind."""
    return 0 if quoted.kind else _by_complexity(task, ladder)


def _by_complexity(task: Task, ladder: Sequence[Rung]) -> int:
    return 1 if task.complexity == "hard" and len(ladder) > 1 else 0
