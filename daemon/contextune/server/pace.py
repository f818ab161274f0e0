"""How often an editor is told what changes: at once what one has to know, else as often as it is drawn."""

from __future__ import annotations

from collections.abc import Hashable

from contextune.core.runs.halted import halted
from contextune.core.runs.run import Run
from contextune.core.states import MOVING_TASK

INTERVAL = 0.03
"""Seconds between two messages about the same thing: a person should see within 50 ms what happened."""

INTERVAL_A_TASK = 0.005
LONGEST_INTERVAL = 0.1
"""Seconds: the view of a Run is as long as it has Tasks, and large ones are sent less often."""

FOLLOWED = 5
"""Tasks at work whose every step a person can follow."""
PROGRESS_A_TASK = 0.05
LONGEST_PROGRESS = 1.0
"""Seconds between two views of a Run in which nothing but turns, dollars and files have moved, for each Task
at work where there are more, and at most: what draws them does so no more often (`extension/src/views`)."""

METER_INTERVAL = 0.4
"""Seconds between two amounts of the meter: figures that move faster are not read, nor drawn."""

LEDGER_INTERVAL = 1.0
"""Seconds between two looks at the Ledger for what the day has cost."""

LENS_INTERVAL = 0.5
"""Seconds between two requests to ask for code lenses anew; each makes the editor ask for every open file."""


def standing(run: Run) -> Hashable:
    """How a Run stands, without what only moves on: whoever looks at it is told at once when this changes."""
    tasks = (
        (task.state, halted(run, task), task.paused, task.question, len(task.attempts)) for task in run.tasks
    )
    return run.state, run.reason, run.budget, run.agents, run.limits, run.accepting, run.amending, *tasks


def run_interval(run: Run, *, is_news: bool) -> float:
    """Seconds from one view of a Run to the next; `is_news` if it stands otherwise than was told."""
    if is_news:
        return min(max(INTERVAL, INTERVAL_A_TASK * len(run.tasks)), LONGEST_INTERVAL)
    moving = sum(task.state in MOVING_TASK for task in run.tasks)
    return INTERVAL if moving <= FOLLOWED else min(PROGRESS_A_TASK * moving, LONGEST_PROGRESS)
