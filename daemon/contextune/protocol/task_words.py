"""How a Task stands, in the words of every surface: as its Run does, while it waits for that."""

from __future__ import annotations

from contextune.core.runs.halted import halted, state_seen
from contextune.core.runs.run import Run
from contextune.core.runs.state_words import AWAITING, RUN_STATES, TASK_STATES
from contextune.core.runs.task_run import TaskRun
from contextune.protocol.words import meaning_text, state_text


def task_state_text(run: Run, task: TaskRun) -> str:
    """In a word or three, such as `working` or `budget reached`."""
    return state_text(state_seen(run, task))


def task_meaning_text(run: Run, task: TaskRun) -> str:
    """What that means and what to do about it, two sentences."""
    halt = halted(run, task)
    if halt is not None:
        return meaning_text(RUN_STATES[halt])
    return meaning_text(AWAITING if task.awaiting and task.state != "paused" else TASK_STATES[task.state])
